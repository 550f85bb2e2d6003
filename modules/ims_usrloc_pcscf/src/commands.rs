//! The RPC commands. None holds a lock while it writes its reply.

use crate::{
    domains::{self, STORED},
    explain, start,
    store::Locations,
};
use bstr::BString;
use kamailio::{
    pcscf::{Contact, Handle, server::Store},
    rpc::{Args, Fault, Reply, Structure},
    timer,
};
use pcscf_core::State;

/// One contact, copied for a reply.
pub(crate) struct Entry {
    pub(crate) aor: BString,
    pub(crate) state: State,
    pub(crate) expires: i64,
    received: BString,
    via: BString,
    contact: BString,
    public_ids: Vec<BString>,
    routes: Vec<BString>,
    rx_session_id: BString,
    security: (u32, u32),
    ports: Option<[u16; 4]>,
    rinstance: BString,
    stored: bool,
    waits: bool,
    due: Option<i64>,
}

/// Hosts are copied as they are, IPv6 in brackets or not.
fn address(host: &[u8], port: u16) -> BString {
    BString::from(format!("{}:{port}", bstr::BStr::new(host)))
}

impl Entry {
    pub(crate) fn of(contact: &Contact, waits: bool) -> Self {
        let routes = (0..contact.service_routes()).filter_map(|at| contact.service_route(at));
        let ipsec = contact.security_temp().or(contact.security());
        Self {
            aor: contact.aor().into(),
            state: State(contact.state()),
            expires: contact.expires(),
            received: address(contact.received_host(), contact.received_port()),
            via: address(contact.via_host(), contact.via_port()),
            contact: address(contact.contact_host(), contact.contact_port()),
            public_ids: contact.public_ids().map(BString::from).collect(),
            routes: routes.map(BString::from).collect(),
            rx_session_id: contact.rx_session_id().into(),
            security: contact.security_kinds(),
            ports: ipsec.map(|ipsec| ipsec.ports),
            rinstance: contact.rinstance().into(),
            stored: contact.flags() & STORED != 0,
            waits,
            due: domains::due(contact),
        }
    }

    /// Where it came from, and how much is known of it.
    pub(crate) fn add_summary(&self, out: &mut Structure<'_>) -> Result<(), Fault> {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        out.text(c"Received", &self.received)?;
        out.int(c"Public-Ids", number(self.public_ids.len()))?;
        out.int(c"Service-Routes", number(self.routes.len()))
    }

    /// `Expires` of the C module: seconds left, or a word.
    pub(crate) fn add_expires(&self, out: &mut Structure<'_>) -> Result<(), Fault> {
        let left = self.expires.saturating_sub(timer::now());
        match self.expires {
            0 => out.text(c"Expires", b"permanent"),
            -1 => out.text(c"Expires", b"deleted"),
            _ if left < 0 => out.text(c"Expires", b"expired"),
            _ => out.int(c"Expires", left),
        }
    }

    /// What is known of the contact in a line each.
    fn add_details(&self, out: &mut Structure<'_>) -> Result<(), Fault> {
        out.text(c"AoR", &self.aor)?;
        out.text(c"State", self.state.name().to_bytes())?;
        self.add_expires(out)?;
        out.text(c"Removed", self.removal().as_bytes())?;
        out.text(c"Contact", &self.contact)?;
        out.text(c"Received", &self.received)?;
        out.text(c"Via", &self.via)?;
        if !self.rinstance.is_empty() {
            out.text(c"Rinstance", &self.rinstance)?;
        }
        out.array(c"Public-Ids", |list| self.public_ids.iter().try_for_each(|id| list.text(id)))?;
        out.array(c"Service-Routes", |list| self.routes.iter().try_for_each(|uri| list.text(uri)))?;
        if !self.rx_session_id.is_empty() {
            out.text(c"Rx-Session", &self.rx_session_id)?;
        }
        out.text(c"Security", kind(self.security.0))?;
        out.text(c"Security-Pending", kind(self.security.1))?;
        if let Some([uc, us, pc, ps]) = self.ports {
            let ports = format!("uc {uc}, us {us}, pc {pc}, ps {ps}");
            out.text(c"Security-Ports", ports.as_bytes())?;
        }
        out.text(c"Database", self.database())
    }

    /// When the contact will be removed, and by what.
    pub(crate) fn removal(&self) -> String {
        match self.due {
            None => "by de-registration only: it has no end".to_owned(),
            Some(due) => {
                let (left, grace) = (due.saturating_sub(timer::now()), start::settings().grace);
                let interval = start::settings().interval;
                format!(
                    "in {} to {} s by the timer (expires_grace {grace}, timer_interval {interval}), \
                     sooner by de-registration",
                    left.max(0),
                    left.max(0).saturating_add(interval.get().into())
                )
            }
        }
    }

    fn database(&self) -> &'static [u8] {
        match (self.stored, self.waits) {
            (true, false) => b"stored",
            (true, true) => b"stored, a change is to be written",
            (false, true) => b"to be written",
            (false, false) => b"not stored",
        }
    }
}

fn kind(number: u32) -> &'static [u8] {
    match number {
        0 => b"none",
        1 => b"ipsec",
        2 => b"tls",
        _ => b"unknown",
    }
}

/// `ulpcscf.show AOR`
pub(crate) fn show(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let aor = args.text()?;
    let mut shown = 0;
    let Some(domains) = domains::all() else { return Err(none(&aor)) };
    for domain in domains.iter() {
        let entries = domain.with(|_, state| {
            let all = state.directory.with_aor(&aor);
            let entry = |contact| {
                let waits = state.journal.pending(domains::key(contact)).is_some();
                Entry::of(contact, waits)
            };
            all.map(|(_, contact)| entry(contact)).collect::<Vec<_>>()
        });
        for entry in entries.unwrap_or_default() {
            shown += 1;
            reply.structure(|out| {
                out.text(c"Domain", domain.name())?;
                entry.add_details(out)
            })?;
        }
    }
    if shown == 0 { Err(none(&aor)) } else { Ok(()) }
}

fn none(aor: &BString) -> Fault {
    Fault::new(404, format!("there is no contact {aor}"))
}

/// `ulpcscf.delete AOR`
pub(crate) fn delete(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let aor = args.text()?;
    let mut deleted = 0;
    domains::each(|domain| {
        let handles = domain.with(|_, state| {
            let all = state.directory.with_aor(&aor);
            all.map(|(_, contact)| contact.handle()).collect::<Vec<Handle>>()
        });
        for handle in handles.unwrap_or_default() {
            match Locations::delete(domain, handle) {
                Ok(()) => deleted += 1,
                Err(error) => kamailio::error!("ulpcscf.delete {aor}: {error}"),
            }
        }
        Locations::unlocked(domain);
    });
    if deleted == 0 {
        return Err(none(&aor));
    }
    kamailio::notice!("ulpcscf.delete: {deleted} contacts {aor} removed");
    reply.structure(|out| out.int(c"Deleted", deleted))
}

/// `ulpcscf.explain HOST PORT`
pub(crate) fn explain(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let host = args.text()?;
    let port = args.int()?;
    let allowed = || Fault::new(400, format!("port {port}, must be 1 to 65535"));
    let port = u16::try_from(port).ok().filter(|port| *port > 0).ok_or_else(allowed)?;
    let explained = explain::explain(&host, port);
    if explained.is_empty() {
        let none = format!("no contact has host {host}, as its own, by its Via or as its source");
        return Err(Fault::new(404, none));
    }
    for one in &explained {
        reply.structure(|out| {
            out.text(c"Domain", &one.domain)?;
            out.text(c"AoR", &one.entry.aor)?;
            out.text(c"State", one.entry.state.name().to_bytes())?;
            out.text(c"Found", one.found.as_bytes())?;
            out.array(c"By-Contact", |list| {
                one.by_contact.iter().try_for_each(|rule| list.text(rule.as_bytes()))
            })?;
            out.array(c"By-Source", |list| {
                one.by_source.iter().try_for_each(|rule| list.text(rule.as_bytes()))
            })?;
            out.text(c"Removed", one.entry.removal().as_bytes())
        })?;
    }
    Ok(())
}
