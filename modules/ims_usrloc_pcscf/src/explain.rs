//! Why a request from an address and port finds a contact, or does not.

use crate::{commands::Entry, domains, store};
use bstr::BString;
use kamailio::pcscf::Contact;
use pcscf_core::{
    Host, Search,
    search::{self, By, Finding},
};

/// So many contacts are explained at the most.
const MAX: usize = 16;

/// One contact, compared with an address and a port.
pub(crate) struct Explained {
    pub(crate) domain: BString,
    pub(crate) entry: Entry,
    /// Whether a request finds it, and how.
    pub(crate) found: String,
    pub(crate) by_contact: Vec<String>,
    pub(crate) by_source: Vec<String>,
}

/// Compares `host` and `port` with the contacts that have something to do with `host`: those that
/// are found first.
pub(crate) fn explain(host: &[u8], port: u16) -> Vec<Explained> {
    let mut explained = Vec::new();
    domains::each(|domain| {
        let name = BString::from(domain.name());
        store::walk(domain, |_, contact| {
            let is_near = near(contact, host);
            if is_near && (explained.len() < MAX || matches(contact, host, port)) {
                explained.push(one(name.clone(), contact, host, port));
            }
        });
    });
    explained.sort_by_key(|one: &Explained| one.found.starts_with("not"));
    explained.truncate(MAX);
    explained
}

fn near(contact: &Contact, host: &[u8]) -> bool {
    let host = Host::of(host);
    let hosts = [contact.contact_host(), contact.received_host(), contact.via_host()];
    hosts.into_iter().any(|known| Host::of(known) == host)
}

/// The search for a Via or a contact with this address, and the one for a request from there with
/// the Via that the contact had.
fn searches<'s>(contact: &'s Contact, host: &'s [u8], port: u16) -> [Search<'s>; 2] {
    let by = |by| Search {
        via_host: if by == By::Contact { Host::of(host) } else { Host::of(contact.via_host()) },
        via_port: port,
        received_host: Host::of(host),
        received_port: port,
        ..Search::of(by, None, false)
    };
    [by(By::Contact), by(By::Source)]
}

fn matches(contact: &Contact, host: &[u8], port: u16) -> bool {
    searches(contact, host, port).iter().any(|search| search.matches(contact))
}

fn one(domain: BString, contact: &Contact, host: &[u8], port: u16) -> Explained {
    let [by_contact, by_source] = searches(contact, host, port);
    let found = match (by_contact.matches(contact), by_source.matches(contact)) {
        (true, true) => "by contact and by source",
        (true, false) => "by contact only",
        (false, true) => "by source only",
        (false, false) => "not found",
    };
    let rules = |search: &Search<'_>| {
        let line = |finding: Finding| {
            let verdict = if finding.passed { "passed" } else { "failed" };
            format!("{verdict}: {}: {}", finding.rule, finding.text)
        };
        search::explain(search, contact).into_iter().map(line).collect()
    };
    Explained {
        domain,
        entry: Entry::of(contact, false),
        found: found.to_owned(),
        by_contact: rules(&by_contact),
        by_source: rules(&by_source),
    }
}
