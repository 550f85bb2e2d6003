//! What the records of the store have in common.

mod bury;
mod register;

use super::{
    Contact, ContactChanges, Domain, Identity, IdentityChanges, NewContact, NewIdentity,
    NewWatcher, Subscriber, SubscriberHandle, Watcher,
    callbacks::Callbacks,
    criteria::Criteria,
    graveyard::{Grave, Graveyard},
    link::{self, Link},
    texts,
};
use crate::{
    Error, Result,
    location::{SHORT_REST, pool::Pool},
    shm,
};
use core::ptr::{self, NonNull};
use kamailio_sys::scscf as sys;
use scscf_core::Subscription;

/// What records share: criteria, lists of callbacks, and the graveyard.
#[derive(Debug)]
pub struct Records {
    // What is buried goes before what it uses.
    graves: Graveyard,
    criteria: Criteria,
    callbacks: Callbacks,
    /// What the contacts of the store are in.
    slot: NonNull<sys::contact_hslot>,
    /// Where identities, contacts and subscribers lie; it goes last.
    pool: Pool,
}

// SAFETY: blocks of shared memory only; the lock of the store guards them.
unsafe impl Send for Records {}

impl Records {
    pub(super) fn try_new() -> Result<Self> {
        let criteria = Criteria::try_new()?;
        let pool = Pool::try_new()?;
        let slot: NonNull<sys::contact_hslot> =
            shm::malloc(size_of::<sys::contact_hslot>())?.cast();
        // SAFETY: a new block; the struct is numbers and addresses, for which zeroes are none.
        unsafe { slot.write_bytes(0, 1) };
        Ok(Self { criteria, callbacks: Callbacks::new(), graves: Graveyard::new(), slot, pool })
    }

    /// A process comes in that may read what is buried meanwhile.
    pub(super) fn visit(&mut self) -> u32 {
        self.graves.visitors().enter()
    }

    /// A process leaves that came with this number.
    pub(super) fn end_visit(&mut self, turn: u32) {
        self.graves.visitors().leave(turn);
    }

    /// A new identity, which nobody knows yet.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`], after what has rested a second was freed; so in all functions here.
    pub fn try_identity(
        &mut self,
        domain: Domain,
        new: &NewIdentity<'_>,
        now: i64,
    ) -> Result<Identity> {
        self.try_again(now, |records| Identity::try_new(&records.pool, domain, new))
    }

    /// Changes texts of `identity`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]; the identity is as it was.
    pub fn change_identity(
        &mut self,
        identity: &mut Identity,
        changes: &IdentityChanges<'_>,
        now: i64,
    ) -> Result {
        let old = self.try_again(now, |_| identity.change(changes))?;
        self.bury_plain(old, now);
        Ok(())
    }

    /// A new contact, which nobody knows yet.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]
    pub fn try_contact(
        &mut self,
        domain: Domain,
        new: &NewContact<'_>,
        now: i64,
    ) -> Result<Contact> {
        self.try_again(now, |records| {
            Contact::try_new(&records.pool, domain, records.slot.as_ptr(), new)
        })
    }

    /// Changes texts and parameters of `contact`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]; the contact is as it was.
    pub fn change_contact(
        &mut self,
        contact: &mut Contact,
        changes: &ContactChanges<'_>,
        now: i64,
    ) -> Result {
        let old = self.try_again(now, |_| contact.change(changes))?;
        self.bury_plain(old, now);
        Ok(())
    }

    /// A new subscriber, which nobody knows yet and nobody holds; `wildcarded`: its identities are
    /// wildcarded ones.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`], or [`Error::Core`] for more than 65,535 of anything.
    pub fn try_subscriber(
        &mut self,
        value: &Subscription,
        wildcarded: bool,
        now: i64,
    ) -> Result<Subscriber> {
        self.try_again(now, |records| {
            Subscriber::try_new(&records.pool, value, wildcarded, &mut records.criteria)
        })
    }

    /// A new watcher, which nobody knows yet.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]
    pub fn try_watcher(&mut self, new: &NewWatcher<'_>, now: i64) -> Result<Watcher> {
        self.try_again(now, |_| Watcher::try_new(new))
    }

    /// Links `contact` to `identity`, behind its other contacts, and counts one more that holds the
    /// contact; false if they are linked already.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]
    pub fn link(
        &mut self,
        identity: &mut Identity,
        contact: &mut Contact,
        now: i64,
    ) -> Result<bool> {
        let (mut own, other) = (identity.raw_record(), contact.raw_record());
        // SAFETY: the caller has both in hand.
        if unsafe { link::find(own, other) }.is_some() {
            return Ok(false);
        }
        // SAFETY: as above.
        let record = unsafe { own.as_mut() };
        let link: NonNull<Link> = match record.has_free_link() {
            true => record.own_link(),
            false => self.try_again(now, |_| Ok(shm::malloc(size_of::<Link>())?))?.cast(),
        };
        // SAFETY: as above; the link is in no list.
        unsafe { link::attach(link, own, other) };
        contact.set_ref_count(contact.ref_count().saturating_add(1));
        Ok(true)
    }

    /// Unlinks both; whether they were linked. One less holds the contact then.
    pub fn unlink(&mut self, identity: &mut Identity, contact: &mut Contact, now: i64) -> bool {
        // SAFETY: the caller has both in hand.
        let found = unsafe { link::find(identity.raw_record(), contact.raw_record()) };
        let Some(found) = found else { return false };
        // SAFETY: as above.
        let own = unsafe { link::detach(found) };
        if let Some(link) = own {
            self.graves.bury(Grave::link(link), now);
        }
        contact.set_ref_count(contact.ref_count().saturating_sub(1));
        true
    }

    /// Moves `contact` before the other contacts of `identity`; false if they are not linked.
    pub fn move_first(&mut self, identity: &mut Identity, contact: &Contact) -> bool {
        // SAFETY: the caller has both in hand.
        let found = unsafe { link::find(identity.raw_record(), contact.raw_record()) };
        if let Some(link) = found {
            // SAFETY: as above.
            unsafe { link::move_first(link, identity.raw_record()) };
        }
        found.is_some()
    }

    /// Makes `identity` one of the subscriber `new`, who has one reference more from then on. Gives
    /// the one before, who has one less, if it is another one: it goes when nobody holds it.
    pub fn set_subscriber(
        &mut self,
        identity: &mut Identity,
        new: Option<&mut Subscriber>,
    ) -> Option<SubscriberHandle> {
        let old = identity.subscriber();
        let raw = new.as_ref().map_or(ptr::null_mut(), |new| new.handle().raw());
        if old.map_or(ptr::null_mut(), SubscriberHandle::raw) == raw {
            return None;
        }
        let private = new.as_ref().map_or(texts::NONE, |new| new.private_text());
        if let Some(new) = new {
            new.add_ref();
        }
        let mut before = texts::NONE;
        if let Some(mut old) = old.and_then(|old| NonNull::new(old.raw())) {
            // SAFETY: an identity holds its subscriber, so it is alive.
            let c = unsafe { old.as_mut() };
            c.ref_count = c.ref_count.saturating_sub(1);
            before = c.private_identity;
        }
        identity.set_subscriber(raw, private, before);
        old
    }

    /// Puts `watcher` behind the other watchers of `identity`.
    pub fn watch(&mut self, identity: &mut Identity, watcher: &mut Watcher) {
        watcher.watch(identity);
    }

    /// Takes `watcher` out of the list of its identity; whether it was in one.
    pub fn unwatch(&mut self, watcher: &mut Watcher) -> bool {
        watcher.unwatch()
    }

    /// Adds a dialog to `contact`, as `ims_dialog` names it; false if it is there.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]
    pub fn add_dialog(
        &mut self,
        contact: &mut Contact,
        entry: u32,
        id: u32,
        now: i64,
    ) -> Result<bool> {
        self.try_again(now, |_| contact.add_dialog(entry, id))
    }

    /// Takes a dialog out of `contact`; whether it was there.
    pub fn remove_dialog(&mut self, contact: &mut Contact, entry: u32, id: u32, now: i64) -> bool {
        let node = contact.remove_dialog(entry, id);
        if let Some(node) = node {
            self.graves.bury(Grave::dialog(node), now);
        }
        node.is_some()
    }

    fn try_again<R>(&mut self, now: i64, mut run: impl FnMut(&mut Self) -> Result<R>) -> Result<R> {
        let first = run(self);
        if !matches!(first, Err(Error::OutOfShm)) || self.graves.len() == 0 {
            return first;
        }
        self.graves.clear(now, SHORT_REST, u32::MAX);
        run(self)
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        // SAFETY: the contacts have gone before it.
        unsafe { crate::location::block::free(self.slot) };
    }
}
