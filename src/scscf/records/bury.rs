//! Records that go.

use super::Records;
use crate::{
    location::REST,
    scscf::{
        Contact, Identity, Subscriber, Watcher,
        graveyard::Grave,
        link::{self, Link},
        watcher,
    },
};
use core::ptr::NonNull;

impl Records {
    /// Buries `identity`, which clients may still read. Its contacts, watchers and subscriber were
    /// taken out before: what is left of them is taken out with a line of log.
    pub fn bury_identity(&mut self, mut identity: Identity, now: i64) {
        let links = self.unlink_all(&mut identity, now);
        let watchers = watcher::forget_all(&mut identity);
        let subscriber = self.set_subscriber(&mut identity, None);
        if links > 0 || watchers > 0 || subscriber.is_some() {
            crate::error!(
                "identity {identity:?} went with {links} contacts and {watchers} watchers, and a \
                 subscriber: {}",
                subscriber.is_some()
            );
        }
        self.graves.bury(Grave::identity(identity), now);
    }

    fn unlink_all(&mut self, identity: &mut Identity, now: i64) -> u32 {
        let mut count = 0;
        loop {
            let own = identity.raw_record();
            // SAFETY: the caller has the identity in hand.
            let head = unsafe { own.as_ref() }.holder().head;
            let Some(head) = NonNull::new(head.cast::<Link>()) else { return count };
            self.detach(head, now);
            count += 1;
        }
    }

    fn detach(&mut self, link: NonNull<Link>, now: i64) {
        // SAFETY: a link of a record that the caller has in hand.
        if let Some(own) = unsafe { link::detach(link) } {
            self.graves.bury(Grave::link(own), now);
        }
    }

    /// Buries `contact`, which clients may still read. It was unlinked before: what is left is
    /// unlinked with a line of log.
    pub fn bury_contact(&mut self, contact: Contact, now: i64) {
        let mut links = 0;
        while let Some(link) = {
            let record = contact.raw_record();
            // SAFETY: the caller has the contact in hand.
            let back = unsafe { record.as_ref() }.back();
            // SAFETY: as above.
            unsafe { back.links() }.next()
        } {
            self.detach(link, now);
            links += 1;
        }
        if links > 0 {
            crate::error!("contact {contact:?} went while linked to {links} identities");
        }
        self.graves.bury(Grave::contact(contact), now);
    }

    /// Buries `subscriber`, which clients may still read.
    pub fn bury_subscriber(&mut self, mut subscriber: Subscriber, now: i64) {
        for array in subscriber.take_criteria() {
            // SAFETY: a subscriber uses arrays of this table.
            if let Some(block) = unsafe { self.criteria.leave(array) } {
                self.graves.bury(Grave::criteria(block), now);
            }
        }
        self.graves.bury(Grave::subscriber(subscriber), now);
    }

    /// Frees `subscriber`, which no client has seen, and what it alone has used.
    pub fn discard_subscriber(&mut self, mut subscriber: Subscriber) {
        for array in subscriber.take_criteria() {
            // SAFETY: a subscriber uses arrays of this table.
            if let Some(block) = unsafe { self.criteria.leave(array) } {
                // SAFETY: nobody has seen it.
                unsafe { crate::location::block::free(block) };
            }
        }
    }

    /// Buries `watcher`, which clients may still read.
    pub fn bury_watcher(&mut self, mut watcher: Watcher, now: i64) {
        watcher.unwatch();
        self.graves.bury(Grave::watcher(watcher), now);
    }

    pub(super) fn bury_plain(&mut self, block: *mut u8, now: i64) {
        if let Some(grave) = Grave::plain(block) {
            self.graves.bury(grave, now);
        }
    }

    /// Frees what has rested long enough, `budget` blocks at the most; what is left of the budget.
    pub fn clear(&mut self, now: i64, budget: u32) -> u32 {
        self.graves.visitors().next_turn();
        self.graves.clear(now, REST, budget)
    }

    /// How many blocks wait to be freed.
    pub fn resting(&self) -> u32 {
        self.graves.len()
    }

    /// How many different lists of filter criteria there are.
    pub fn interned(&self) -> usize {
        self.criteria.len()
    }
}
