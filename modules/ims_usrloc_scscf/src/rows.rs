//! Records as rows of the database.

use crate::{
    db::{self, Access, JOURNAL, Job, Owner, Reason, Row, RowError, STORAGE, What, Who},
    engine,
    state::{State, has_row},
};
use bstr::{BStr, BString};
use kamailio::{
    db::{
        Connection, DbError,
        storage::{Rows, Storage, Which, review},
    },
    scscf::{self, Domain},
    stats::Counter,
    timer,
};
use scscf_core::row::{Contact, Identity, Own, Watcher, WatcherKey, join_params};
use shm_store::{
    Id,
    journal::{Outcome, Work},
};

use std::hash::{DefaultHasher, Hash, Hasher};

pub(crate) use kamailio::scscf::header_type;

/// The rows that are to be written.
#[derive(Debug)]
pub(crate) struct Writer;

impl Rows for Writer {
    type Job = Job;
    type Access<'a> = Access;
    type Unfit = Reason;

    fn storage(&self) -> &Storage {
        &STORAGE
    }

    fn counters(&self) -> (&Counter, &Counter) {
        (&db::stats::ROWS_WRITTEN, &db::stats::WRITE_ERRORS)
    }

    fn place(&self) -> String {
        "the database".to_owned()
    }

    fn take(&self, which: Which, limit: usize) -> Vec<Job> {
        let jobs = with(|state| {
            let now = timer::now();
            let (mut jobs, mut cursor) = (Vec::new(), 0);
            while jobs.len() < limit {
                let work = match which {
                    Which::Own => state.journal.take(now),
                    Which::Due(now) => state.journal.take(now),
                    Which::All => state.journal.take_any(cursor, now).map(|(work, next)| {
                        cursor = next;
                        work
                    }),
                };
                let Some(work) = work else { break };
                jobs.extend(job(state, work));
            }
            jobs
        });
        let mut jobs = jobs.unwrap_or_default();
        jobs.sort_by_key(Job::rank);
        jobs
    }

    fn written(&self, job: &Job) -> Option<Job> {
        let again = with(|state| {
            let outcome = state.journal.finish(&job.ticket, timer::now());
            if outcome != Outcome::Lost {
                db::set_new(&mut state.journal, job.ticket.ticket, !job.stores());
            }
            match outcome {
                Outcome::Again(work) => self::job(state, work),
                Outcome::Done => {
                    remember(state, job);
                    None
                }
                Outcome::Lost => None,
            }
        });
        again.flatten()
    }

    fn failed(&self, job: &Job, retry_at: i64) {
        with(|state| state.journal.failed(&job.ticket, retry_at));
    }

    fn unanswered(&self, job: &Job, retry_at: i64) {
        with(|state| state.journal.unanswered(&job.ticket, retry_at));
    }

    fn forsake(&self) {
        with(|state| state.journal.forsake());
    }

    fn awaits(&self) -> bool {
        let awaits = with(|state| {
            let (journal, now) = (&state.journal, timer::now());
            review(JOURNAL, |ticket| journal.is_open(ticket, now))
        });
        awaits.unwrap_or(false)
    }

    fn attempts(job: &Job) -> u32 {
        job.ticket.attempts
    }

    fn name(&self, job: &Job) -> String {
        job.name()
    }

    fn access(&self) -> Option<Access> {
        Access::open()
    }

    fn connection<'a>(access: &'a Access) -> &'a Connection<'a> {
        &access.connection
    }

    fn answers(access: &Access) -> Result<(), DbError> {
        access.answers()
    }

    fn begin(access: &Access) {
        access.begin();
    }

    fn write(&self, access: &Access, job: &Job) -> Result<(), RowError> {
        access.write(job)
    }
}

fn with<R>(work: impl FnOnce(&mut State) -> R) -> Option<R> {
    engine::get()?.with(|_, state| work(state))
}

/// What is to be written for an entry of the journal; nothing, and no entry any more, for a row that
/// was never stored and is not to be, or that says it already.
fn job(state: &mut State, work: Work) -> Option<Job> {
    let row = state.journal.key(work.ticket).and_then(db::row_of)?;
    let what = match row {
        Row::Identity(of) => What::Identity { of: of.into(), row: identity_of(state, of) },
        Row::Contact(uri) => What::Contact { contact: uri.into(), row: contact_of(state, uri) },
        Row::Link { of, contact } => What::Link {
            of: of.into(),
            contact: contact.into(),
            there: is_linked(state, of, contact),
        },
        Row::Watcher { of, event, contact, presentity } => {
            let key = WatcherKey {
                event,
                watcher_contact: contact.into(),
                presentity_uri: presentity.into(),
            };
            What::Watcher { of: of.into(), row: watcher_of(state, of, &key), key }
        }
    };
    let job = Job { ticket: work, new: db::is_new(&state.journal, work.ticket), what };
    let idle = if job.new { !job.stores() } else { is_stored(state, &job) };
    if idle && work.attempts == 0 {
        state.journal.forget(work.ticket);
        return None;
    }
    Some(job)
}

/// Whether the row of a contact is known to say what it is to say: a REGISTER changes it once for each
/// identity.
fn is_stored(state: &State, job: &Job) -> bool {
    let What::Contact { contact, row: Some(row) } = &job.what else { return false };
    if db::has_gone(&state.journal, job.ticket.ticket) {
        return false;
    }
    let known = state.contact_of_row(contact).and_then(|id| state.contact(id));
    known.is_some_and(|contact| contact.mark() == mark(row))
}

/// Remembers what the row of a contact says.
fn remember(state: &mut State, job: &Job) {
    let What::Contact { contact, row: Some(row) } = &job.what else { return };
    let known = state.contact_of_row(contact);
    if let Some(contact) = known.and_then(|id| state.contact_mut(id)) {
        contact.set_mark(mark(row));
    }
}

/// A number that rows with other contents do not have; never 0.
fn mark(row: &Contact) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.hash(&mut hasher);
    hasher.finish() | 1
}

/// The row of an identity.
pub(crate) fn identity(who: Who<'_>) -> Option<Identity> {
    with(|state| identity_of(state, who)).flatten()
}

/// The row of a contact.
pub(crate) fn contact(uri: &[u8]) -> Option<Contact> {
    with(|state| contact_of(state, uri)).flatten()
}

/// The identities that have a contact with this URI and are stored.
pub(crate) fn owners(uri: &[u8]) -> Vec<Owner> {
    let owners = with(|state| {
        let contacts = state.contacts_of_row(uri).into_iter();
        let owners = contacts.flat_map(|id| stored_owners(state, id));
        owners.map(|identity| Owner::from(Who::of(identity))).collect()
    });
    owners.unwrap_or_default()
}

/// The identities that have contact `id` and are stored.
fn stored_owners(state: &State, id: Id) -> impl Iterator<Item = &scscf::Identity> {
    let owners = state.contact(id).map(|contact| contact.identities());
    let owners = owners.into_iter().flatten().filter_map(|handle| state.identity_of(handle));
    let owners = owners.filter_map(|id| state.identity(id));
    owners.filter(|identity| stores(identity.domain_index()))
}

/// The row of a watcher.
pub(crate) fn watcher(who: Who<'_>, key: &WatcherKey) -> Option<Watcher> {
    with(|state| watcher_of(state, who, key)).flatten()
}

/// How many rows are to be written.
pub(crate) fn pending() -> u64 {
    let pending = with(|state| state.journal.len()).unwrap_or(0);
    u64::try_from(pending).unwrap_or(u64::MAX)
}

/// The identity of exactly this name, if it is in a domain that is stored.
fn find<'s>(state: &'s State, who: Who<'_>) -> Option<(Id, &'s scscf::Identity)> {
    if !stores(who.domain) {
        return None;
    }
    let id = state.find_identity(who.domain, who.impu)?;
    let identity = state.identity(id)?;
    (identity.public() == who.impu).then_some((id, identity))
}

/// The domain of rows that name none: those of the C module, and all in tables that cannot tell
/// several.
fn first_domain() -> Option<Domain> {
    let engine = engine::get()?;
    engine.find(b"location").or_else(|| engine.domains().next())
}

/// Whether identities of the domain of this number are stored.
pub(crate) fn stores(domain: usize) -> bool {
    db::tells_domains() || first_domain().is_some_and(|first| first.index() == domain)
}

/// What the column for the domain of this number says.
pub(crate) fn domain_column(domain: usize) -> &'static [u8] {
    if first_domain().is_some_and(|first| first.index() == domain) {
        return b"";
    }
    let known = engine::get();
    let known = known.and_then(|engine| engine.domains().find(|known| known.index() == domain));
    known.map(|known| known.name()).unwrap_or_default()
}

/// The domain that the column names; nothing if this server has none such.
pub(crate) fn domain_of_column(name: &[u8]) -> Option<Domain> {
    if name.is_empty() { first_domain() } else { engine::get()?.find(name) }
}

/// Says which domains are not stored.
pub(crate) fn warn_of_domains() {
    let Some(engine) = engine::get() else { return };
    for domain in engine.domains().filter(|domain| !stores(domain.index())) {
        kamailio::warn!(
            "domain {} is not stored, as table impu has no column for it: \
             db/*/ims_usrloc_scscf-more.sql adds one",
            BStr::new(domain.name())
        );
    }
}

fn identity_of(state: &State, who: Who<'_>) -> Option<Identity> {
    let (_, identity) = find(state, who)?;
    let subscriber = identity.subscriber().and_then(|handle| state.subscriber_of(handle));
    let subscriber = subscriber.and_then(|id| state.subscriber(id))?;
    let [ccf1, ccf2, ecf1, ecf2] = identity.charging();
    Some(Identity {
        domain: domain_column(who.domain).into(),
        impu: who.impu.into(),
        barring: i32::from(identity.barring() != 0),
        reg_state: identity.state(),
        ccf1: ccf1.into(),
        ccf2: ccf2.into(),
        ecf1: ecf1.into(),
        ecf2: ecf2.into(),
        subscription: subscriber.to_value(),
    })
}

/// A text that only people read, in characters that every table takes, whatever its character set: for
/// the name of a telephone the whole contact would not be stored.
fn plain(text: &[u8]) -> BString {
    text.iter().map(|byte| if byte.is_ascii() { *byte } else { b'?' }).collect::<Vec<u8>>().into()
}

fn contact_of(state: &State, uri: &[u8]) -> Option<Contact> {
    // One is enough: a contact may have hundreds.
    let is_stored = |id: &Id| stored_owners(state, *id).next().is_some();
    let id = state.contacts_of_row(uri).into_iter().find(is_stored)?;
    let contact = state.contact(id)?;
    Some(Contact {
        contact: uri.into(),
        params: join_params(contact.params().map(|param| (param.name, param.body))),
        path: contact.path().into(),
        received: contact.received().into(),
        user_agent: plain(contact.user_agent()),
        callid: contact.callid().into(),
        expires: contact.expires(),
        own: Own {
            q: Some(contact.q()),
            cseq: Some(contact.cseq()),
            flags: Some(contact.flags()),
            cflags: Some(contact.cflags()),
            methods: Some(contact.methods()),
            socket: contact.sock().name().unwrap_or_default().into(),
            last_modified: Some(contact.last_modified()),
        },
    })
}

fn is_linked(state: &State, who: Who<'_>, uri: &[u8]) -> bool {
    let contacts = find(state, who).map(|(id, _)| state.contacts_of(id)).unwrap_or_default();
    let is_it = |contact: &scscf::Contact| contact.uri() == uri && has_row(contact);
    contacts.iter().any(|id| state.contact(*id).is_some_and(is_it))
}

fn watcher_of(state: &State, who: Who<'_>, key: &WatcherKey) -> Option<Watcher> {
    let (id, _) = find(state, who)?;
    let watchers = state.watchers_of(id).into_iter().filter_map(|id| state.watcher(id));
    // Of several the newest.
    let mut same = watchers.filter(|watcher| {
        watcher.event() == key.event
            && watcher.watcher_contact() == key.watcher_contact
            && watcher.presentity_uri() == key.presentity_uri
    });
    let found = same.next_back()?;
    Some(Watcher {
        key: key.clone(),
        watcher_uri: found.watcher_uri().into(),
        expires: found.expires(),
        version: found.version(),
        local_cseq: found.local_cseq(),
        call_id: found.call_id().into(),
        from_tag: found.from_tag().into(),
        to_tag: found.to_tag().into(),
        record_route: found.record_route().into(),
        sockinfo_str: found.sockinfo().into(),
    })
}
