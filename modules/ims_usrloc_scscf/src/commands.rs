//! The RPC commands. None holds the lock while it writes its reply.

mod explain;
mod list;
mod show;

pub(crate) use explain::explain;
pub(crate) use list::list;
pub(crate) use show::showimpu;

use crate::{
    db::{self, Cause},
    dump,
    engine::{self, Engine},
    state::State,
};
use bstr::BString;
use kamailio::{
    rpc::{Args, Fault, Reply},
    scscf::{Contact, Domain},
    shared::SharedRef,
    timer,
};
use scscf_core::matching::Meant;
use std::{
    ffi::{CString, OsStr},
    fs::OpenOptions,
    io::{BufWriter, Write},
    os::unix::ffi::OsStrExt,
    path::Path,
};

/// The domain that commands are about which name none, as in C.
const DOMAIN: &[u8] = b"location";

fn engine() -> Result<SharedRef<'static, Engine>, Fault> {
    engine::get().ok_or_else(|| Fault::new(500, "the store is not set up"))
}

fn busy() -> Fault {
    Fault::new(500, "the store is busy, see the log")
}

/// All domains, the one that commands of C are about first.
fn domains(engine: &Engine) -> impl Iterator<Item = Domain> {
    let others = engine.domains().filter(|domain| domain.name() != DOMAIN);
    engine.find(DOMAIN).into_iter().chain(others)
}

/// A text as a key of a structure.
fn key(text: &[u8]) -> CString {
    let text: Vec<u8> = text.iter().copied().filter(|byte| *byte != 0).collect();
    CString::new(text).unwrap_or_default()
}

/// `ulscscf.status`
pub(crate) fn status(_: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let Some(engine) = engine::get() else { return Ok(()) };
    let mut domains: Vec<Domain> = engine.domains().collect();
    domains.reverse();
    for domain in domains {
        let counts = engine.with(|_, state| {
            state.groups(domain.index()).map(|groups| (groups.records(), groups.most()))
        });
        let (records, most) = counts.flatten().unwrap_or((0, 0));
        reply.structure(|out| {
            out.text(c"Domain", domain.name())?;
            out.int(c"Size", domain.size().into())?;
            out.structure(c"Stats", |stats| {
                stats.int(c"Records", i64::from(records))?;
                stats.int(c"Max-Slots", i64::from(most))
            })
        })?;
    }
    Ok(())
}

/// `ulscscf.snapshot`
pub(crate) fn snapshot(args: &mut Args<'_>, _: &mut Reply<'_>) -> Result<(), Fault> {
    let path = args
        .plain_text()
        .ok_or_else(|| Fault::new(400, "required filename to dump usrloc snapshot to"))?;
    let failed = |error: &dyn core::fmt::Display| {
        Fault::new(500, format!("cannot write the snapshot to {path}: {error}"))
    };
    let name = Path::new(OsStr::from_bytes(&path));
    let file = OpenOptions::new().create(true).append(true).open(name);
    let mut out = BufWriter::new(file.map_err(|error| failed(&error))?);
    let line = "########################################################";
    let written = write!(
        out,
        "{line}\nDumping USRLOC for S-CSCF: {}\n{line}\n\n",
        timer::local(timer::now())
    )
    .and_then(|()| dump::write(&mut out));
    written.map_err(|error| failed(&error))
}

/// `ulscscf.delete_contact`
pub(crate) fn delete_contact(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let (impu, uri): (BString, BString) = (args.text()?, args.text()?);
    let engine = engine()?;
    let deleted = engine.with(|_, state| end_contact(state, &engine, &impu, &uri));
    match deleted.ok_or_else(busy)? {
        None => Err(Fault::new(404, format!("there is no identity {impu}"))),
        Some(0) => Err(Fault::new(404, format!("identity {impu} has no contact {uri}"))),
        Some(count) => {
            db::flush();
            reply.structure(|out| out.int(c"Deleted", count))
        }
    }
}

/// The time of the contacts of an identity with that URI is over, in every domain: the next tick tells
/// the watchers. How many there were; nothing if there is no such identity.
fn end_contact(state: &mut State, engine: &Engine, impu: &[u8], uri: &[u8]) -> Option<i64> {
    let (now, mut ended) = (timer::now(), None);
    for domain in domains(engine) {
        let Some(of) = state.find_identity(domain.index(), impu) else { continue };
        let count = ended.get_or_insert(0);
        let all = state.contacts_of(of);
        let known = all.iter().filter_map(|id| state.contact(*id)).map(Contact::uri);
        let meant = Meant::of(uri, known);
        for id in all {
            let Some(contact) = state.contact_mut(id) else { continue };
            if meant.is(contact.uri()) && State::is_live(contact, now) {
                contact.set_expires(now);
                // Else it would come back with its time if the server ended before the next tick.
                state.note_contact(id, Cause::Changed);
                state.schedule_contact(id, now);
                *count += 1;
            }
        }
    }
    ended
}

/// `ulscscf.lock`
pub(crate) fn lock(_: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let engine = engine()?;
    let (holder, now) = (engine.holder(), timer::now());
    reply.structure(|out| {
        out.text(c"Held", if holder.is_some() { b"yes" } else { b"no" })?;
        if let Some(holder) = &holder {
            out.int(c"Process", holder.process.saturating_sub(1).into())?;
            out.int(c"Pid", holder.pid.into())?;
            out.text(c"Call", holder.call.as_bytes())?;
            out.text(c"By", if holder.inside { b"the store" } else { b"a client" })?;
            out.int(c"Age", now.saturating_sub(holder.since))?;
        }
        out.int(c"Waits", engine.waits().into())?;
        out.int(c"Takeovers", engine.takeovers().into())
    })
}

/// `ulscscf.db_audit`
pub(crate) fn db_audit(_: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    if !db::writes() {
        return Err(Fault::new(409, "modparam db_mode is such that nothing is written"));
    }
    let audit = db::audit().ok_or_else(|| Fault::new(500, "the database is down, see the log"))?;
    reply.structure(|out| {
        let number = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
        out.int(c"Links", number(audit.links))?;
        out.int(c"Contacts", number(audit.contacts))?;
        out.int(c"Watchers", number(audit.watchers))
    })
}
