//! `InitialFilterCriteria`.

use super::{BadUserData, Place, boolean, choice, members, number, text, trigger};
use crate::profile::{
    ApplicationServer, DefaultHandling, FilterCriteria, ProfilePart, TriggerPoint,
};
use xml_read::Node;

/// Reads one of them.
pub(super) fn read(node: Node<'_>, place: &Place<'_>) -> Result<FilterCriteria, BadUserData> {
    let (mut priority, mut trigger, mut server, mut part) = (None, None, None, None);
    for (child, name) in members(node) {
        let at = place.of(child);
        match &*name {
            "priority" if priority.is_none() => priority = Some(number(child, &at)?),
            "triggerpoint" if trigger.is_none() => trigger = Some(trigger_point(child, &at)?),
            "applicationserver" if server.is_none() => server = Some(application(child, &at)?),
            "profilepartindicator" if part.is_none() => {
                part = Some(match choice(child, &at, &["REGISTERED", "UNREGISTERED"])? {
                    0 => ProfilePart::Registered,
                    _ => ProfilePart::Unregistered,
                });
            }
            _ => {}
        }
    }
    let server = server.ok_or_else(|| place.bad("has no ApplicationServer"))?;
    Ok(FilterCriteria { priority: priority.unwrap_or(0), trigger, server, part })
}

fn trigger_point(node: Node<'_>, place: &Place<'_>) -> Result<TriggerPoint, BadUserData> {
    let (mut cnf, mut points, mut count) = (None, Vec::new(), 0_usize);
    for (child, name) in members(node) {
        match &*name {
            "conditiontypecnf" if cnf.is_none() => cnf = Some(boolean(child, &place.of(child))?),
            "spt" => {
                trigger::read(child, &place.at(child, count), &mut points)?;
                count = count.saturating_add(1);
            }
            _ => {}
        }
    }
    if points.is_empty() {
        return Err(place.bad("has no SPT"));
    }
    // Stable: those of one group stay in the order of the document.
    points.sort_by_key(|point| point.group);
    Ok(TriggerPoint { cnf: cnf.unwrap_or(false), points })
}

fn application(node: Node<'_>, place: &Place<'_>) -> Result<ApplicationServer, BadUserData> {
    let (mut server, mut named) = (ApplicationServer::default(), None);
    for (child, name) in members(node) {
        match &*name {
            "servername" if named.is_none() => named = Some(text(child, &place.of(child))?),
            "defaulthandling" => {
                let words = ["SESSION_CONTINUED", "SESSION_TERMINATED"];
                server.handling = match choice(child, &place.of(child), &words)? {
                    0 => DefaultHandling::Continued,
                    _ => DefaultHandling::Terminated,
                };
            }
            "serviceinfo" => server.info = child.text().into(),
            "includeregisterrequest" => server.include_request = true,
            "includeregisterresponse" => server.include_response = true,
            _ => {}
        }
    }
    server.name = named.ok_or_else(|| place.bad("has no ServerName"))?;
    Ok(server)
}
