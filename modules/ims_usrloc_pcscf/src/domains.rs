//! The domains, and what each keeps.

use crate::{db, recent::Recent, start};
use core::sync::atomic::{AtomicI64, Ordering};
use kamailio::{
    Error,
    db::storage,
    pcscf::{self, Contact, Domains},
    shared::{Shared, SharedRef},
    shm::{self, Shm},
    stats::Registered,
    timer,
};
use pcscf_core::{
    Directory, Id,
    directory::Config,
    journal::{Journal, Key},
};
use shm_table::Seed;
use std::sync::OnceLock;

kamailio::shm_struct! {
    /// The contacts of a domain, and which of their rows are to be written.
    #[derive(Debug)]
    pub(crate) struct State {
        pub(crate) directory: Directory<Contact, Shm>,
        pub(crate) journal: Journal<Shm>,
        /// What was written last.
        pub(crate) recent: Recent,
        /// How many contacts have expired so far.
        pub(crate) expired: AtomicI64,
        /// The statistic that counts them, too, and that an operator may set back.
        pub(crate) expired_counter: Option<Registered>,
    }
}

/// A domain with its contacts.
pub(crate) type Domain = pcscf::Domain<State>;

static DOMAINS: Shared<Domains<State>> = Shared::empty();

/// The secret of the tables; drawn before the fork, so that all processes have the same.
static SEED: OnceLock<Seed> = OnceLock::new();

/// The row of a contact is in the table.
pub(crate) const STORED: u32 = 1;

/// The contact has or had security associations.
pub(crate) const SECURED: u32 = 2;

/// The contact has or had a session for Rx.
pub(crate) const RX: u32 = 16;

/// A device has registered the contact, which its row says, too.
pub(crate) const DEVICE: u32 = 8;

/// The telephone registers the contact again, which was not compared with its row for that.
pub(crate) const ASKED: u32 = 32;

/// The contact came from the table: clients have not registered their callbacks for it themselves.
pub(crate) const LOADED: u32 = 4;

/// A client has registered the contact since this server runs.
pub(crate) const RENEWED: u32 = 64;

/// To be called before the host forks.
pub(crate) fn set_up() -> Result<(), Error> {
    SEED.get_or_init(|| shm::seed("contacts"));
    DOMAINS.set(Domains::new())
}

/// Gives everything back to the host. To be called when no other process is left.
pub(crate) fn tear_down() {
    drop(DOMAINS.take());
}

/// The domains; nothing before `mod_init`.
pub(crate) fn all() -> Option<SharedRef<'static, Domains<State>>> {
    DOMAINS.get()
}

/// Gives each domain to `work`, the oldest first.
pub(crate) fn each(work: impl FnMut(&Domain)) {
    if let Some(domains) = all() {
        domains.iter().for_each(work);
    }
}

/// Makes the domain of that name, if there is none yet.
pub(crate) fn open(domains: &Domains<State>, name: &[u8]) -> Result<(), Error> {
    let bits = start::settings().bits;
    domains.open(name, 1 << bits, || State::try_new(bits)).map(drop)
}

impl State {
    fn try_new(bits: u8) -> Result<Self, Error> {
        /// Tables of the journal, as a power of two: it holds what waits to be written.
        const JOURNAL_BITS: u8 = 6;
        let seed = *SEED.get_or_init(|| shm::seed("contacts"));
        let now = timer::now();
        let config = Config { bits, by_user: start::settings().by_user, now };
        Ok(Self {
            directory: Directory::try_new_in(config, seed, Shm)?,
            journal: Journal::try_new_in(JOURNAL_BITS, now, seed, Shm)?,
            recent: Recent::new(),
            expired: AtomicI64::new(0),
            expired_counter: None,
        })
    }

    /// Has contact `id` handed out when its time is over; one without an end never is.
    pub(crate) fn schedule(&mut self, id: Id) {
        let Some(contact) = self.directory.get(id) else { return };
        match due(contact) {
            Some(due) if self.directory.due(id) == Some(due) => {}
            Some(due) => self.directory.schedule(id, due),
            None => self.directory.cancel(id),
        }
    }

    /// Takes note that the row of contact `id` is to be written, if there is a database.
    pub(crate) fn note(&mut self, id: Id) -> Result<(), Error> {
        if !db::writes() {
            return Ok(());
        }
        let Some(contact) = self.directory.get(id) else { return Ok(()) };
        let flags = u8::try_from(contact.flags() & (STORED | SECURED | RX)).unwrap_or(0);
        let ticket = self.journal.note(key(contact), flags)?;
        storage::remember(self.number(), ticket);
        Ok(())
    }

    /// Has contact `id` found by the security associations that its telephone asks for now.
    pub(crate) fn ask(&mut self, id: Id) {
        let Some(contact) = self.directory.get(id) else { return };
        let spis = contact.asked_spis();
        if contact.spis() == spis {
            return;
        }
        if self.directory.try_set_spis(id, spis, |contact| contact.set_spis(spis)).is_err()
            && let Some(contact) = self.directory.get(id)
        {
            kamailio::error!(
                "contact {contact:?} is not found by its security associations: out of shared \
                 memory (-m)"
            );
        }
    }

    /// A number that no other domain has, for as long as the server runs.
    pub(crate) fn number(&self) -> usize {
        core::ptr::from_ref(self).addr()
    }

    /// Counts contacts that expired.
    pub(crate) fn count_expired(&self, contacts: usize) {
        self.expired.fetch_add(i64::try_from(contacts).unwrap_or(0), Ordering::Relaxed);
        if let Some(counter) = self.expired_counter {
            counter.add(i32::try_from(contacts).unwrap_or(i32::MAX));
        }
    }
}

/// When `contact` is to be removed; one without an end never is.
pub(crate) fn due(contact: &Contact) -> Option<i64> {
    let expires = contact.expires();
    (expires != 0).then(|| expires.saturating_add(start::settings().grace))
}

/// What tells the row of `contact` apart.
pub(crate) fn key(contact: &Contact) -> Key<'_> {
    Key { name: contact.aor(), detail: contact.received_host(), number: contact.received_port() }
}
