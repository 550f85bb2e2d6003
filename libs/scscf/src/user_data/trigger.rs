//! `SPT`, a part of a condition.

use super::{BadUserData, Place, boolean, choice, members, number};
use crate::profile::{ServicePoint, Trigger};
use bstr::BString;
use xml_read::Node;

/// The most groups that one part may be in: each makes one of it.
const MOST_GROUPS: usize = 64;

/// Reads one of them and adds it once for each of its groups.
pub(super) fn read(
    node: Node<'_>,
    place: &Place<'_>,
    points: &mut Vec<ServicePoint>,
) -> Result<(), BadUserData> {
    let (mut negated, mut groups, mut what, mut registration) = (None, Vec::new(), None, 0);
    for (child, name) in members(node) {
        let at = place.of(child);
        match &*name {
            "conditionnegated" if negated.is_none() => negated = Some(boolean(child, &at)?),
            "group" if groups.len() == MOST_GROUPS => {
                return Err(place.bad(&format!("is in more than {MOST_GROUPS} groups")));
            }
            "group" => {
                let group = number(child, &at)?;
                if !groups.contains(&group) {
                    groups.push(group);
                }
            }
            "registrationtype" => {
                let words = ["INITIAL_REGISTRATION", "RE-REGISTRATION", "DE-REGISTRATION"];
                registration |= 1 << choice(child, &at, &words)?;
            }
            other if what.is_none() => what = condition(other, child, &at)?,
            _ => {}
        }
    }
    let what = what.ok_or_else(|| place.bad("has no condition"))?;
    if groups.is_empty() {
        groups.push(0);
    }
    points.extend(groups.into_iter().map(|group| ServicePoint {
        negated: negated.unwrap_or(false),
        group,
        what: what.clone(),
        registration,
    }));
    Ok(())
}

/// What is looked at; `None` for an element that is no condition.
fn condition(
    name: &str,
    node: Node<'_>,
    place: &Place<'_>,
) -> Result<Option<Trigger>, BadUserData> {
    Ok(Some(match name {
        "requesturi" => Trigger::RequestUri(filled(node, place)?),
        "method" => Trigger::Method(filled(node, place)?),
        "sipheader" => {
            let (name, content) = pair(node, place, "header")?;
            Trigger::Header { name, content }
        }
        "sessioncase" => {
            let words = [
                "ORIGINATING_SESSION|ORIGINATING_REGISTERED",
                "TERMINATING_REGISTERED",
                "TERMINATING_UNREGISTERED",
                "ORIGINATING_UNREGISTERED",
                "ORIGINATING_CDIV",
            ];
            Trigger::SessionCase(choice(node, place, &words)?)
        }
        "sessiondescription" => {
            let (line, content) = pair(node, place, "line")?;
            Trigger::SessionDescription { line, content }
        }
        _ => return Ok(None),
    }))
}

fn filled(node: Node<'_>, place: &Place<'_>) -> Result<BString, BadUserData> {
    let text = node.text();
    if text.is_empty() { Err(place.bad("must not be empty")) } else { Ok(text.into()) }
}

/// The text of the element `key`, and that of `Content`, which may be missing.
fn pair(node: Node<'_>, place: &Place<'_>, key: &str) -> Result<(BString, BString), BadUserData> {
    let (mut named, mut content) = (None, BString::default());
    for (child, name) in members(node) {
        if name == key && named.is_none() {
            named = Some(filled(child, &place.of(child))?);
        } else if name == "content" && content.is_empty() {
            content = unquoted(&child.text()).into();
        }
    }
    let named = named.ok_or_else(|| place.bad(&format!("has no {key}")))?;
    Ok((named, content))
}

/// A text without the quotes around it.
fn unquoted(text: &str) -> &str {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.map_or(text, str::trim)
}
