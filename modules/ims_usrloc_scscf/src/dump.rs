//! Everything as text, for a file: what `ulscscf.snapshot` and the debug file show.

use crate::{
    engine::{self, Engine},
    state::{State, state_of},
};
use bstr::BStr;
use kamailio::{
    scscf::{Contact, Domain, Identity},
    timer,
};
use scscf_core::{
    keys::core_hash,
    life::{self, Registration},
    quality,
};
use shm_store::Id;
use std::io::{self, Write};

/// Identities that are copied under one lock.
const CHUNK: usize = 64;

/// Writes all domains to `out`, in the form of the C module.
pub(crate) fn write(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "===Domain list===")?;
    if let Some(engine) = engine::get() {
        let mut domains: Vec<Domain> = engine.domains().collect();
        domains.reverse();
        for domain in domains {
            write_domain(out, &engine, domain)?;
        }
    }
    writeln!(out, "===/Domain list===")?;
    out.flush()
}

fn write_domain(out: &mut impl Write, engine: &Engine, domain: Domain) -> io::Result<()> {
    let name = BStr::new(domain.name());
    let number = domain.index();
    write!(out, "---Domain---\nname : '{name}'\nsize : {}\ntable: {number}\n\n", domain.size())?;
    let (mut next, mut count) = (Some(0), 0_usize);
    while let Some(from) = next {
        let walked = engine.with(|_, state| {
            let (mut text, mut next) = (Vec::new(), from);
            for _ in 0..CHUNK {
                let Some(id) = state.identity_from(next) else { return Ok((text, None)) };
                next = id.index.saturating_add(1);
                let identity = state.identity(id).filter(|it| it.domain_index() == number);
                if let Some(identity) = identity {
                    count += 1;
                    write_identity(&mut text, state, domain, id, identity)?;
                }
            }
            Ok::<_, io::Error>((text, Some(next)))
        });
        let Some(walked) = walked else { break };
        let (text, after) = walked?;
        out.write_all(&text)?;
        next = after;
    }
    let most = engine.with(|_, state| state.groups(number).map_or(0, |groups| groups.most()));
    let most = most.unwrap_or(0);
    write!(out, "\nMax slot: {most} ({number}/{count})\n\n---/Domain---\n")
}

fn write_identity(
    out: &mut impl Write,
    state: &State,
    domain: Domain,
    id: Id,
    identity: &Identity,
) -> io::Result<()> {
    let public = BStr::new(identity.public());
    let hash = core_hash(identity.public());
    let slot = hash & u32::try_from(domain.size()).unwrap_or(1).saturating_sub(1);
    let words = Registration::of(identity.state()).map_or("unknown", Registration::words);
    writeln!(out, "...IMPU Record({:#x})...", id.to_u64())?;
    writeln!(out, "\tdomain : '{}'", BStr::new(domain.name()))?;
    writeln!(out, "\tpublic_identity    : '{public}'")?;
    writeln!(out, "\taorhash: '{hash}'\n\tslot:    '{slot}'")?;
    writeln!(out, "\tstate:  '{words} ({})'", identity.state())?;
    writeln!(out, "\tbarring: '{}'", identity.barring())?;
    for (name, address) in ["ccf1", "ccf2", "ecf1", "ecf2"].into_iter().zip(identity.charging()) {
        writeln!(out, "\t{name}:    '{}'", BStr::new(address))?;
    }
    let subscriber = identity.subscriber().and_then(|it| state.subscriber_of(it));
    if let Some((id, subscriber)) = subscriber.and_then(|id| Some((id, state.subscriber(id)?))) {
        let (count, number) = (subscriber.profile_count(), id.to_u64());
        let users = subscriber.ref_count();
        writeln!(
            out,
            "\tIMS service profiles count ({count}):   '{number:#x}' (refcount: {users})"
        )?;
        let private = BStr::new(subscriber.private());
        writeln!(out, "\tIMPI for subscription: [{private}]")?;
    }
    let watchers = state.watchers_of(id);
    if !watchers.is_empty() {
        writeln!(out, "\t...Subscriptions...")?;
    }
    for watcher in watchers.into_iter().filter_map(|id| state.watcher(id)) {
        let (who, whom) = (BStr::new(watcher.watcher_uri()), BStr::new(watcher.presentity_uri()));
        writeln!(out, "\t\twatcher uri: <{who}> and presentity uri: <{whom}>")?;
        writeln!(out, "\t\tExpires: {}", watcher.expires())?;
    }
    for id in state.contacts_of(id) {
        if let Some(contact) = state.contact(id) {
            write_contact(out, domain, id, contact)?;
        }
    }
    write!(out, ".../Record...\n\n\n\n")
}

fn write_contact(
    out: &mut impl Write,
    domain: Domain,
    id: Id,
    contact: &Contact,
) -> io::Result<()> {
    let left = contact.expires().saturating_sub(timer::now());
    let expires = match contact.expires() {
        0 => "Permanent".to_owned(),
        -1 => "Deleted".to_owned(),
        _ if left < 0 => "Expired".to_owned(),
        _ => left.to_string(),
    };
    writeln!(out, "\t~~~Contact({:#x}) (refcount: {})~~~", id.to_u64(), contact.ref_count())?;
    writeln!(out, "\t\tdomain    : '{}'", BStr::new(domain.name()))?;
    writeln!(out, "\t\taor       : '{}'", BStr::new(contact.aor()))?;
    writeln!(out, "\t\tContact   : '{}'\n\t\tParams   :", BStr::new(contact.uri()))?;
    for param in contact.params() {
        let (name, body) = (BStr::new(param.name), BStr::new(param.body));
        writeln!(out, "\t\t\tParam Name: '{name}' Param Body '{body}'")?;
    }
    let preference = quality::text(contact.q());
    writeln!(out, "\t\tExpires   : \t\t{expires}\n\t\tq         : {preference}")?;
    writeln!(out, "\t\tCall-ID   : '{}'", BStr::new(contact.callid()))?;
    writeln!(out, "\t\tCSeq      : {}", contact.cseq())?;
    writeln!(out, "\t\tUser-Agent: '{}'", BStr::new(contact.user_agent()))?;
    writeln!(out, "\t\treceived  : '{}'", BStr::new(contact.received()))?;
    writeln!(out, "\t\tPath      : '{}'", BStr::new(contact.path()))?;
    let state = state_of(contact).map_or("unknown", life::State::words);
    writeln!(out, "\t\tState     : {state}\n\t\tFlags     : {}", contact.flags())?;
    let socket = contact.sock();
    let socket = BStr::new(socket.name().unwrap_or(b"none (null)"));
    writeln!(out, "\t\tSock      : {socket}")?;
    writeln!(out, "\t\tMethods   : {}\n\t~~~/Contact~~~~", contact.methods())
}
