//! What can be read in an identity, and set in place.

use super::{Identity, IdentityHandle};
use crate::{
    location::block::publish,
    scscf::{
        domain::Domain,
        link::Contacts,
        subscriber::SubscriberHandle,
        texts,
        watcher::{WatcherHandle, Watchers},
    },
};
use core::ptr;
use kamailio_sys::{self as core_sys, scscf as sys};

impl Identity {
    /// The address that C knows the identity by.
    pub fn handle(&self) -> IdentityHandle {
        IdentityHandle(self.0.cast())
    }

    /// The number that [`Identity::set_id`] left.
    pub fn id(&self) -> u64 {
        texts::number(self.record().c.next)
    }

    /// Gives the identity the number that [`IdentityHandle::id`] reads.
    pub fn set_id(&mut self, id: u64) {
        self.record_mut().c.next = texts::field(id);
    }

    /// Bits that mean something to the owner of the store only.
    pub fn flags(&self) -> u32 {
        self.record().flags
    }

    /// Sets what [`Identity::flags`] reads.
    pub fn set_flags(&mut self, flags: u32) {
        self.record_mut().flags = flags;
    }

    /// A number that means something to the owner of the store only.
    pub fn mark(&self) -> u64 {
        texts::number(self.record().c.prev)
    }

    /// Sets what [`Identity::mark`] reads.
    pub fn set_mark(&mut self, mark: u64) {
        self.record_mut().c.prev = texts::field(mark);
    }

    /// The domain it is in.
    pub fn domain(&self) -> Option<Domain> {
        Domain::of_name(self.record().c.domain)
    }

    /// The number of its domain.
    pub fn domain_index(&self) -> usize {
        self.domain().map_or(0, |domain| domain.index())
    }

    /// The public identity.
    pub fn public(&self) -> &[u8] {
        self.str(self.record().c.public_identity)
    }

    /// The private identity; empty: none is known.
    pub fn private(&self) -> &[u8] {
        self.str(self.record().c.private_identity)
    }

    /// The hash of the public identity.
    pub fn hash(&self) -> u32 {
        self.record().c.aorhash
    }

    /// 1 registered, 0 not, −1 unregistered.
    pub fn state(&self) -> i32 {
        self.record().c.reg_state
    }

    /// Sets the state.
    pub fn set_state(&mut self, state: i32) {
        publish(&mut self.record_mut().c.reg_state, state);
    }

    /// 1 barred.
    pub fn barring(&self) -> i32 {
        self.record().c.barring
    }

    /// Sets whether it is barred.
    pub fn set_barring(&mut self, barring: i32) {
        publish(&mut self.record_mut().c.barring, barring);
    }

    /// Whether it is the first one of its set.
    pub fn primary(&self) -> bool {
        self.record().c.is_primary != 0
    }

    /// Sets whether it is the first one of its set.
    pub fn set_primary(&mut self, primary: bool) {
        publish(&mut self.record_mut().c.is_primary, texts::flag(primary));
    }

    /// The end of the unregistered state, in seconds since 1970; 0: none.
    pub fn expires(&self) -> i64 {
        self.record().c.expires
    }

    /// Sets the end of the unregistered state.
    pub fn set_expires(&mut self, expires: i64) {
        publish(&mut self.record_mut().c.expires, expires);
    }

    /// Whether the HSS is to be told when it goes.
    pub fn send_sar(&self) -> bool {
        self.record().c.send_sar_on_delete != 0
    }

    /// Sets whether the HSS is to be told when it goes.
    pub fn set_send_sar(&mut self, send: bool) {
        publish(&mut self.record_mut().c.send_sar_on_delete, texts::flag(send));
    }

    /// `ccf1`, `ccf2`, `ecf1`, `ecf2`; empty: none.
    pub fn charging(&self) -> [&[u8]; 4] {
        let c = &self.record().c;
        [c.ccf1, c.ccf2, c.ecf1, c.ecf2].map(|text| self.str(text))
    }

    /// The subscriber whose identity it is.
    pub fn subscriber(&self) -> Option<SubscriberHandle> {
        SubscriberHandle::new(self.record().c.s)
    }

    /// Sets the subscriber, whose private identity is `private`; `old` is that of the one before. An
    /// identity that has no private identity of its own shows that of its subscriber.
    pub(in crate::scscf) fn set_subscriber(
        &mut self,
        subscriber: *mut sys::ims_subscription,
        private: core_sys::str_,
        old: core_sys::str_,
    ) {
        let c = &mut self.record_mut().c;
        publish(&mut c.s, subscriber);
        if c.private_identity.s.is_null() || c.private_identity.s == old.s {
            texts::publish(&mut c.private_identity, private);
        }
    }

    /// The contacts, in the order in which they were linked.
    pub fn contacts(&self) -> Contacts {
        // SAFETY: the list of this identity; what is taken out of it stays for a while.
        unsafe { Contacts::new(self.record().c.linked_contacts.head) }
    }

    /// How many contacts there are.
    pub fn contact_count(&self) -> u32 {
        self.record().c.linked_contacts.numcontacts
    }

    /// How many of them are of 3GPP phones.
    pub fn contacts_3gpp(&self) -> u32 {
        self.record().c.linked_contacts.num3gppcontacts
    }

    /// The watchers, the oldest first.
    pub fn watchers(&self) -> impl Iterator<Item = WatcherHandle> + use<> {
        // SAFETY: as in `contacts`.
        unsafe { Watchers::new(self.record().c.shead) }
    }

    /// Whether somebody watches it.
    pub fn has_watchers(&self) -> bool {
        !ptr::eq(self.record().c.shead, ptr::null_mut())
    }

    pub(in crate::scscf) fn callbacks(&self) -> *mut sys::ulcb_head_list {
        self.record().c.cbs
    }

    pub(in crate::scscf) fn set_callbacks(&mut self, list: *mut sys::ulcb_head_list) {
        publish(&mut self.record_mut().c.cbs, list);
    }
}
