//! What can be read in a record, and set in place.

use super::{Contact, Handle, Record};
use crate::{
    fetch,
    pcscf::{
        block::publish,
        ids,
        security::{self, Ipsec},
    },
};
use core::ffi::c_uint;
use pcscf_core::search::spis;

/// Bytes that the texts of most contacts take.
const TEXTS: usize = 64;
/// Bytes up to the end of the first of three identities.
const IDS: usize = 128;

impl Contact {
    /// The address that C knows the contact by.
    pub fn handle(&self) -> Handle {
        Handle(self.record.cast())
    }

    /// Has the processor fetch at once what a search and who reads what it found are about to read:
    /// the record with its texts, and the first identities. Otherwise it waits for one piece after
    /// the other, since each leads to the next.
    pub fn fetch(&self) {
        fetch::ahead(self.record.as_ptr(), size_of::<Record>() + TEXTS);
        if !self.ids.is_null() {
            fetch::ahead(self.ids, IDS);
        }
    }

    /// The contact URI.
    pub fn aor(&self) -> &[u8] {
        self.str(self.c().aor)
    }

    /// The host of the contact URI.
    pub fn contact_host(&self) -> &[u8] {
        self.str(self.c().contact_host)
    }

    /// The port of the contact URI.
    pub fn contact_port(&self) -> u16 {
        self.c().contact_port
    }

    /// The user of the contact URI.
    pub fn contact_user(&self) -> &[u8] {
        self.str(self.c().contact_user)
    }

    /// The value of the parameter `rinstance` of the contact URI.
    pub fn rinstance(&self) -> &[u8] {
        self.str(self.c().rinstance)
    }

    /// The address that the REGISTER came from.
    pub fn received_host(&self) -> &[u8] {
        self.str(self.c().received_host)
    }

    /// The port that the REGISTER came from.
    pub fn received_port(&self) -> u16 {
        self.c().received_port
    }

    /// The transport that the REGISTER came over, by the number of the core.
    pub fn received_proto(&self) -> u16 {
        self.c().received_proto
    }

    /// The host of the Via of the REGISTER.
    pub fn via_host(&self) -> &[u8] {
        self.str(self.c().via_host)
    }

    /// The port of the Via of the REGISTER.
    pub fn via_port(&self) -> u16 {
        self.c().via_port
    }

    /// The transport of the Via of the REGISTER.
    pub fn via_proto(&self) -> u16 {
        self.c().via_proto
    }

    /// The Path of the REGISTER; empty: none.
    pub fn path(&self) -> &[u8] {
        self.str(self.c().path)
    }

    /// The state, by the number of the API.
    pub fn state(&self) -> u32 {
        self.c().reg_state
    }

    /// Sets the state.
    pub fn set_state(&mut self, state: u32) {
        publish(&mut self.c_mut().reg_state, state);
    }

    /// The end of the registration, in seconds since 1970; 0: none.
    pub fn expires(&self) -> i64 {
        self.c().expires
    }

    /// Sets the end of the registration.
    pub fn set_expires(&mut self, expires: i64) {
        publish(&mut self.c_mut().expires, expires);
    }

    /// The identifier of the session for Rx; empty: none.
    pub fn rx_session_id(&self) -> &[u8] {
        self.str(self.c().rx_session_id)
    }

    /// The public identities, the default one first.
    pub fn public_ids(&self) -> impl Iterator<Item = &[u8]> {
        // SAFETY: the list of this contact; what is replaced stays for a while.
        unsafe { ids::Iter::new(self.c().head) }
    }

    /// How many service routes there are.
    pub fn service_routes(&self) -> usize {
        self.c().num_service_routes.into()
    }

    /// Service route `at`, counted from 0.
    pub fn service_route(&self, at: usize) -> Option<&[u8]> {
        let c = self.c();
        if at >= usize::from(c.num_service_routes) || c.service_routes.is_null() {
            return None;
        }
        // SAFETY: the array has as many texts as the record says.
        let item = unsafe { c.service_routes.add(at) };
        // SAFETY: as above.
        Some(self.str(unsafe { item.read() }))
    }

    /// The kind of security in use and of the one that is being agreed on: 0 none, 1 IPsec, 2 TLS.
    pub fn security_kinds(&self) -> (u32, u32) {
        let c = self.c();
        let kind = |raw| -> c_uint {
            // SAFETY: clients put a `security_t` there or nothing.
            unsafe { security::kind(raw) }
        };
        (kind(c.security), kind(c.security_temp))
    }

    /// The security associations in use.
    pub fn security(&self) -> Option<Ipsec<'_>> {
        // SAFETY: clients put a `security_t` there or nothing, and change it under the lock.
        unsafe { security::ipsec(self.c().security) }
    }

    /// The security associations that are being agreed on.
    pub fn security_temp(&self) -> Option<Ipsec<'_>> {
        // SAFETY: as above.
        unsafe { security::ipsec(self.c().security_temp) }
    }

    /// The number that [`Contact::set_id`] left.
    pub fn id(&self) -> u64 {
        self.handle().id()
    }

    /// Gives the contact the number that [`Handle::id`] reads.
    pub fn set_id(&mut self, id: u64) {
        let [low, high] = split(id);
        let c = self.c_mut();
        (c.sl, c.aorhash) = (low, high);
    }

    /// Bits that mean something to the owner of the domain only.
    pub fn flags(&self) -> u32 {
        self.record().flags
    }

    /// Sets what [`Contact::flags`] reads.
    pub fn set_flags(&mut self, flags: u32) {
        self.record_mut().flags = flags;
    }

    /// The number of the device that registered the contact; 0: none is known.
    pub fn device(&self) -> u64 {
        self.record().device
    }

    /// Sets what [`Contact::device`] reads. For
    /// [`Directory::try_set_device`](pcscf_core::Directory::try_set_device).
    pub fn set_device(&mut self, device: u64) {
        self.record_mut().device = device;
    }

    /// The number of the security associations that the contact is found by, as
    /// [`Contact::set_spis`] said; 0: by none.
    pub fn spis(&self) -> u64 {
        self.record().spis
    }

    /// Sets what [`Contact::spis`] reads. For
    /// [`Directory::try_set_spis`](pcscf_core::Directory::try_set_spis).
    pub fn set_spis(&mut self, spis: u64) {
        self.record_mut().spis = spis;
    }

    /// The number of the security associations that the telephone asked for last; 0: for none.
    /// Clients may change them in place.
    pub fn asked_spis(&self) -> u64 {
        self.security_temp().map_or(0, |asked| {
            let [client, server, ..] = asked.spis;
            spis(client, server)
        })
    }

    /// When the contact was last compared with the database, as [`Contact::set_checked`] says.
    pub fn checked(&self) -> u32 {
        self.record().checked
    }

    /// Says that the contact was compared with the database, at a second of the owner's clock.
    pub fn set_checked(&mut self, second: u32) {
        self.record_mut().checked = second;
    }
}

fn split(id: u64) -> [u32; 2] {
    let low = u32::try_from(id & u64::from(u32::MAX)).unwrap_or(0);
    [low, u32::try_from(id >> 32).unwrap_or(0)]
}
