//! The contacts.

use super::State;
use crate::settings;
use kamailio::{
    Error,
    scscf::{Contact, ContactHandle},
    timer,
};
use scscf_core::{
    keys::{Key, Meaning, core_hash},
    life::{self, Step},
    limits::Counts,
    matching::{Fit, Mode, Wanted},
};
use shm_store::{
    Id, shards,
    wheel::{Timed, Wheel},
};

/// What this module keeps in the flags of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flags(u32);

impl Flags {
    /// The state that was seen last, plus one.
    const SEEN: u32 = 7;
    /// The timer has a reference.
    pub(crate) const TIMED: u32 = 8;
    /// Its identities were told at an earlier tick that its time is over.
    pub(crate) const TOLD: u32 = 16;
    /// It can be found.
    const FOUND: u32 = 32;

    /// Whether `flag` is set.
    pub(crate) fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }

    fn seen(self) -> Option<life::State> {
        life::State::of((self.0 & Self::SEEN).checked_sub(1)?)
    }
}

/// The state of a contact; none: a client has set a number that is none.
pub(crate) fn state_of(contact: &Contact) -> Option<life::State> {
    life::State::of(contact.state_number())
}

/// Whether a contact is stored: it is not about to go.
pub(crate) fn has_row(contact: &Contact) -> bool {
    !is_going(state_of(contact))
}

/// Whether a contact in this state is about to go.
fn is_going(state: Option<life::State>) -> bool {
    matches!(state, Some(life::State::Deleted | life::State::DelayedDelete))
}

pub(crate) fn flags_of(contact: &Contact) -> Flags {
    Flags(contact.own_flags())
}

/// Sets or clears a flag.
pub(crate) fn set_flag(contact: &mut Contact, flag: u32, on: bool) {
    let flags = contact.own_flags();
    contact.set_own_flags(if on { flags | flag } else { flags & !flag });
}

fn set_seen(contact: &mut Contact, state: Option<life::State>) {
    let number = state.map_or(0, |state| state.number().saturating_add(1));
    contact.set_own_flags(contact.own_flags() & !Flags::SEEN | number);
}

/// What has become of a contact since it was seen last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is what it was.
    Same,
    /// It goes: its row goes, too.
    Goes,
    /// It has come back.
    Returns,
    /// Another step on its way.
    Moves,
}

impl State {
    fn contact_keys(&self, uri: &[u8]) -> [Option<shards::Key>; 2] {
        let exact = self.by_contact.key(Key::Contact(uri));
        let wide = match settings::get().matching {
            Mode::Place => Key::place(uri),
            _ => match Meaning::of(uri) {
                Meaning::Text(_) => None,
                meaning => Some(Key::SameContact(meaning)),
            },
        };
        [Some(exact), wide.map(|key| self.by_contact.key(key))]
    }

    /// The contact that is `wanted`, by the parameter `matching_mode`: one that lives before one that is
    /// about to go, the one of exactly these bytes before one that is the same by the rules; of several
    /// the newest.
    pub(crate) fn find_contact(&self, wanted: &Wanted<'_>) -> Option<Id> {
        /// Contacts that differ in parameters only; whoever has more of them is found by all bytes.
        const LOOKED_AT: usize = 64;
        let mode = settings::get().matching;
        let now = timer::now();
        let mut best = None;
        // Whether it lives, how it fits, how new it is.
        let mut rank = (false, Fit::Equal, 0);
        for key in self.contact_keys(wanted.uri).into_iter().flatten() {
            let mut seen = 0;
            self.by_contact.find(key, |index| {
                seen += 1;
                let Some((id, contact)) = self.contacts.at(index) else { return false };
                let fit = mode.fit(wanted, contact.uri(), contact.callid(), contact.path());
                let lives = Self::is_live(contact, now);
                if let Some(its) = fit.map(|fit| (lives, fit, id.generation))
                    && (best.is_none() || rank < its)
                {
                    (best, rank) = (Some(id), its);
                }
                seen >= LOOKED_AT
            });
            if matches!(rank, (true, Fit::Exact, _)) {
                break;
            }
        }
        best
    }

    /// The newest contact with exactly this URI that is not about to go, for its row.
    pub(crate) fn contact_of_row(&self, uri: &[u8]) -> Option<Id> {
        let mut newest: Option<Id> = None;
        self.each_of_row(uri, |id| {
            if newest.is_none_or(|other| other.generation < id.generation) {
                newest = Some(id);
            }
        });
        newest
    }

    /// All that [`State::contact_of_row`] chooses from, the newest first: users may have the same one,
    /// which are several contacts with one row.
    pub(crate) fn contacts_of_row(&self, uri: &[u8]) -> Vec<Id> {
        let mut all = Vec::new();
        self.each_of_row(uri, |id| all.push(id));
        all.sort_unstable_by_key(|id| core::cmp::Reverse(id.generation));
        all
    }

    /// Whether another contact than `id` has the same row.
    pub(crate) fn shares_row(&self, id: Id) -> bool {
        let mut shares = false;
        if let Some(contact) = self.contacts.get(id) {
            self.each_of_row(contact.uri(), |other| shares |= other != id);
        }
        shares
    }

    fn each_of_row(&self, uri: &[u8], mut work: impl FnMut(Id)) {
        self.by_contact.find(self.by_contact.key(Key::Contact(uri)), |index| {
            if let Some((id, contact)) = self.contacts.at(index)
                && contact.uri() == uri
                && has_row(contact)
            {
                work(id);
            }
            false
        });
    }

    /// Takes a new contact in.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]; the contact is freed.
    pub(crate) fn add_contact(&mut self, contact: Contact) -> Result<Id, Error> {
        let (keys, hash) = (self.contact_keys(contact.uri()), core_hash(contact.uri()));
        let id = self.contacts.try_insert(contact).map_err(|_| Error::OutOfShm)?;
        if let Err(error) = self.try_index(keys, id) {
            drop(self.contacts.remove(id));
            return Err(error);
        }
        self.contact_groups.add(hash);
        if let Some(contact) = self.contacts.get_mut(id) {
            contact.set_id(id.to_u64());
            contact.set_slot(id.index);
            set_flag(contact, Flags::FOUND, true);
            set_seen(contact, state_of(contact));
        }
        Ok(id)
    }

    /// Has contact `id` found again, if it was hidden.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]; it stays hidden.
    pub(crate) fn show_contact(&mut self, id: Id) -> Result<(), Error> {
        let hidden = self.contacts.get(id).filter(|it| !flags_of(it).has(Flags::FOUND));
        let Some(keys) = hidden.map(|contact| self.contact_keys(contact.uri())) else {
            return Ok(());
        };
        self.try_index(keys, id)?;
        if let Some(contact) = self.contacts.get_mut(id) {
            set_flag(contact, Flags::FOUND, true);
        }
        Ok(())
    }

    /// Enters all keys, or none.
    fn try_index(&mut self, keys: [Option<shards::Key>; 2], id: Id) -> Result<(), Error> {
        for (at, key) in keys.into_iter().enumerate() {
            let Some(key) = key else { continue };
            if self.by_contact.try_insert(key, id.index).is_err() {
                for key in keys.into_iter().take(at).flatten() {
                    self.by_contact.remove(key, id.index);
                }
                return Err(Error::OutOfShm);
            }
        }
        Ok(())
    }

    /// Has contact `id` found by nobody any more.
    pub(crate) fn hide_contact(&mut self, id: Id) {
        let Some(contact) = self.contacts.get(id).filter(|it| flags_of(it).has(Flags::FOUND))
        else {
            return;
        };
        for key in self.contact_keys(contact.uri()).into_iter().flatten() {
            self.by_contact.remove(key, id.index);
        }
        if let Some(contact) = self.contacts.get_mut(id) {
            set_flag(contact, Flags::FOUND, false);
        }
    }

    /// Takes a contact out.
    pub(crate) fn remove_contact(&mut self, id: Id) -> Option<Contact> {
        self.hide_contact(id);
        self.contact_wheel.cancel(&mut self.contacts, id.index);
        let contact = self.contacts.remove(id)?;
        self.contact_groups.remove(core_hash(contact.uri()));
        Some(contact)
    }

    /// The contact that C names, if it is still there.
    pub(crate) fn contact_of(&self, handle: ContactHandle) -> Option<Id> {
        let id = Id::from_u64(handle.id());
        self.contacts.get(id).filter(|contact| contact.handle() == handle).map(|_| id)
    }

    /// The contact in slot `slot`, the number that C names it by.
    pub(crate) fn contact_at(&self, slot: u32) -> Option<Id> {
        self.contacts.at(slot).map(|(id, _)| id)
    }

    /// Contact `id`.
    pub(crate) fn contact(&self, id: Id) -> Option<&Contact> {
        self.contacts.get(id)
    }

    /// Contact `id`, to be changed.
    pub(crate) fn contact_mut(&mut self, id: Id) -> Option<&mut Contact> {
        self.contacts.get_mut(id)
    }

    /// The first contact at or after place `index`.
    pub(crate) fn contact_from(&self, index: u32) -> Option<Id> {
        self.contacts.at_or_after(index)
    }

    /// The contacts of identity `id`, in their order.
    pub(crate) fn contacts_of(&self, id: Id) -> Vec<Id> {
        let Some(identity) = self.identities.get(id) else { return Vec::new() };
        identity.contacts().filter_map(|contact| self.contact_of(contact)).collect()
    }

    /// The identities that have contact `id`.
    pub(crate) fn identities_with(&self, id: Id) -> Vec<Id> {
        let Some(contact) = self.contacts.get(id) else { return Vec::new() };
        contact.identities().filter_map(|identity| self.identity_of(identity)).collect()
    }

    /// How many contacts identity `id` has that are not about to go.
    pub(crate) fn live_contacts(&self, id: Id, now: i64) -> Counts {
        let mut counts = Counts::default();
        for contact in self.contacts_of(id) {
            let Some(contact) = self.contacts.get(contact).filter(|it| Self::is_live(it, now))
            else {
                continue;
            };
            counts.all = counts.all.saturating_add(1);
            counts.of_3gpp = counts.of_3gpp.saturating_add(contact.is_3gpp().into());
        }
        counts
    }

    /// What is to be done with contact `id` at `now`.
    pub(crate) fn step(&self, id: Id, now: i64, told: bool) -> Option<Step> {
        let contact = self.contacts.get(id)?;
        let view = life::Contact {
            state: state_of(contact),
            expires: contact.expires(),
            references: contact.ref_count(),
            linked: contact.link_count() > 0,
        };
        Some(life::contact(view, now, told))
    }

    /// Has contact `id` looked at when something has to be done with it.
    pub(crate) fn schedule_contact(&mut self, id: Id, now: i64) {
        let at = match self.step(id, now, false) {
            Some(Step::Wait(at)) => at,
            Some(_) => Some(now),
            None => return,
        };
        if self.contact_due(id) == at {
            return;
        }
        match at {
            Some(at) => self.contact_wheel.schedule(&mut self.contacts, id.index, at),
            None => self.contact_wheel.cancel(&mut self.contacts, id.index),
        }
    }

    /// As [`State::schedule_contact`], for a client that has looked at it: one whose watchers are being
    /// told, which is looked at again a moment later, is not put off by that.
    pub(crate) fn reschedule_contact(&mut self, id: Id, now: i64) {
        let state = self.contacts.get(id).and_then(state_of);
        let is_pending = state == Some(life::State::ExpirePendingNotify);
        if !is_pending || self.contact_due(id).is_none() {
            self.schedule_contact(id, now);
        }
    }

    /// When somebody will look at contact `id`.
    pub(crate) fn contact_due(&mut self, id: Id) -> Option<i64> {
        self.contacts.get_mut(id).and_then(|contact| Wheel::due(contact.timer()))
    }

    /// A contact with which something has to be done.
    pub(crate) fn pop_contact(&mut self, now: i64, budget: &mut u32) -> Option<Id> {
        let index = self.contact_wheel.pop(&mut self.contacts, now, budget)?;
        self.contacts.at(index).map(|(id, _)| id)
    }

    /// Sets the state of a contact.
    pub(crate) fn set_contact_state(&mut self, id: Id, state: life::State) {
        if let Some(contact) = self.contacts.get_mut(id) {
            contact.set_state_number(state.number());
            set_seen(contact, Some(state));
        }
    }

    /// Compares contact `id` with what was seen of it last: clients write its state themselves.
    pub(crate) fn turn(&mut self, id: Id) -> Turn {
        let Some(contact) = self.contacts.get_mut(id) else { return Turn::Same };
        let (before, after) = (flags_of(contact).seen(), state_of(contact));
        if before == after {
            return Turn::Same;
        }
        set_seen(contact, after);
        let pending = after == Some(life::State::ExpirePendingNotify);
        set_flag(contact, Flags::TOLD, pending);
        if after == Some(life::State::Valid) && flags_of(contact).has(Flags::TIMED) {
            // The timer took it for dead; it has no use for its reference any more.
            set_flag(contact, Flags::TIMED, false);
            contact.set_ref_count(contact.ref_count().saturating_sub(1));
        }
        match (is_going(before), is_going(after)) {
            (false, true) => Turn::Goes,
            (true, false) => Turn::Returns,
            _ => Turn::Moves,
        }
    }

    /// Whether a contact counts against the limits of its identity.
    pub(crate) fn is_live(contact: &Contact, now: i64) -> bool {
        let state = state_of(contact);
        life::is_valid(state, contact.expires(), now) || state == Some(life::State::DeletePending)
    }
}
