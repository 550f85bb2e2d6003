//! What can be read in a contact, and set in place.

use super::{Contact, ContactHandle, ContactState, Socket};
use crate::{
    location::block::publish,
    scscf::{
        link::{self, Identities},
        params::Params,
        texts,
    },
};
use kamailio_sys::scscf as sys;

impl Contact {
    /// The address that C knows the contact by.
    pub fn handle(&self) -> ContactHandle {
        ContactHandle(self.0.cast())
    }

    /// The number that [`Contact::set_id`] left.
    pub fn id(&self) -> u64 {
        texts::number(self.record().c.next)
    }

    /// Gives the contact the number that [`ContactHandle::id`] reads.
    pub fn set_id(&mut self, id: u64) {
        self.record_mut().c.next = texts::field(id);
    }

    /// The slot that clients lock it by: they get any number that the store wants to hear again.
    pub fn slot(&self) -> u32 {
        self.record().c.sl
    }

    /// Sets what [`Contact::slot`] reads; below 2 to the power of 31.
    pub fn set_slot(&mut self, slot: u32) {
        publish(&mut self.record_mut().c.sl, slot);
    }

    /// Bits that mean something to the owner of the store only.
    pub fn own_flags(&self) -> u32 {
        self.record().flags
    }

    /// Sets what [`Contact::own_flags`] reads.
    pub fn set_own_flags(&mut self, flags: u32) {
        self.record_mut().flags = flags;
    }

    /// A number that means something to the owner of the store only.
    pub fn mark(&self) -> u64 {
        texts::number(self.record().c.prev)
    }

    /// Sets what [`Contact::mark`] reads.
    pub fn set_mark(&mut self, mark: u64) {
        self.record_mut().c.prev = texts::field(mark);
    }

    /// The contact URI.
    pub fn uri(&self) -> &[u8] {
        self.str(self.record().c.c)
    }

    /// The public identity that it was registered for first.
    pub fn aor(&self) -> &[u8] {
        self.str(self.record().c.aor)
    }

    /// Where the REGISTER came from; empty: where the URI says.
    pub fn received(&self) -> &[u8] {
        self.str(self.record().c.received)
    }

    /// The Path; empty: none.
    pub fn path(&self) -> &[u8] {
        self.str(self.record().c.path)
    }

    /// The Call-ID of the REGISTER.
    pub fn callid(&self) -> &[u8] {
        self.str(self.record().c.callid)
    }

    /// The User-Agent of the REGISTER.
    pub fn user_agent(&self) -> &[u8] {
        self.str(self.record().c.user_agent)
    }

    /// The parameters of the Contact header.
    pub fn params(&self) -> Params<'_> {
        // SAFETY: the list of this contact; what is replaced stays for a while.
        unsafe { Params::new(self.record().c.params) }
    }

    /// The end of the registration, in seconds since 1970; 0: none.
    pub fn expires(&self) -> i64 {
        self.record().c.expires
    }

    /// Sets the end of the registration.
    pub fn set_expires(&mut self, expires: i64) {
        publish(&mut self.record_mut().c.expires, expires);
    }

    /// The priority in thousandths; −1: none was given.
    pub fn q(&self) -> i32 {
        self.record().c.q
    }

    /// Sets the priority.
    pub fn set_q(&mut self, q: i32) {
        publish(&mut self.record_mut().c.q, q);
    }

    /// The CSeq of the REGISTER.
    pub fn cseq(&self) -> i32 {
        self.record().c.cseq
    }

    /// Sets the CSeq of the REGISTER.
    pub fn set_cseq(&mut self, cseq: i32) {
        publish(&mut self.record_mut().c.cseq, cseq);
    }

    /// Flags of the branch.
    pub fn flags(&self) -> u32 {
        self.record().c.flags
    }

    /// Sets the flags of the branch.
    pub fn set_flags(&mut self, flags: u32) {
        publish(&mut self.record_mut().c.flags, flags);
    }

    /// Flags of the script.
    pub fn cflags(&self) -> u32 {
        self.record().c.cflags
    }

    /// Sets the flags of the script.
    pub fn set_cflags(&mut self, cflags: u32) {
        publish(&mut self.record_mut().c.cflags, cflags);
    }

    /// The methods that the phone allows, as the core counts them.
    pub fn methods(&self) -> u32 {
        self.record().c.methods
    }

    /// Sets the methods.
    pub fn set_methods(&mut self, methods: u32) {
        publish(&mut self.record_mut().c.methods, methods);
    }

    /// The socket that the REGISTER came in at.
    pub fn sock(&self) -> Socket {
        Socket::new(self.record().c.sock)
    }

    /// Sets the socket.
    pub fn set_sock(&mut self, sock: Socket) {
        publish(&mut self.record_mut().c.sock, sock.raw());
    }

    /// When it was last registered, in seconds since 1970.
    pub fn last_modified(&self) -> i64 {
        self.record().c.last_modified
    }

    /// Sets when it was last registered.
    pub fn set_last_modified(&mut self, time: i64) {
        publish(&mut self.record_mut().c.last_modified, time);
    }

    /// Whether it is the contact of a 3GPP phone.
    pub fn is_3gpp(&self) -> bool {
        self.record().is_3gpp()
    }

    /// Sets whether it is the contact of a 3GPP phone; its identities count them.
    pub fn set_3gpp(&mut self, is_3gpp: bool) {
        if self.is_3gpp() == is_3gpp {
            return;
        }
        publish(&mut self.record_mut().c.is_3gpp, texts::flag(is_3gpp));
        // SAFETY: the record is alive, and the store locked.
        unsafe { link::count_3gpp(self.record().back(), is_3gpp) };
    }

    /// What becomes of it.
    pub fn state(&self) -> ContactState {
        ContactState::of_number(self.record().c.state)
    }

    /// Sets what becomes of it.
    pub fn set_state(&mut self, state: ContactState) {
        publish(&mut self.record_mut().c.state, state.number());
    }

    /// The number of the state, which a client may have made any number.
    pub fn state_number(&self) -> u32 {
        self.record().c.state
    }

    /// Sets the number of the state.
    pub fn set_state_number(&mut self, state: u32) {
        publish(&mut self.record_mut().c.state, state);
    }

    /// How many hold it: identities, and clients that found it.
    pub fn ref_count(&self) -> i32 {
        self.record().c.ref_count
    }

    /// Sets how many hold it.
    pub fn set_ref_count(&mut self, count: i32) {
        publish(&mut self.record_mut().c.ref_count, count);
    }

    /// The identities it is linked with, in the order in which they were linked.
    pub fn identities(&self) -> Identities {
        // SAFETY: the list of this contact.
        unsafe { Identities::new(self.record().back()) }
    }

    /// How many identities it is linked with.
    pub fn link_count(&self) -> u32 {
        self.record().back().count()
    }

    pub(in crate::scscf) fn callbacks(&self) -> *mut sys::ulcb_head_list {
        self.record().c.cbs
    }

    pub(in crate::scscf) fn set_callbacks(&mut self, list: *mut sys::ulcb_head_list) {
        publish(&mut self.record_mut().c.cbs, list);
    }
}
