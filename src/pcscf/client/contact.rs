//! A contact, as the module keeps it.

use super::{Peer, callback};
use crate::text;
use core::{iter, marker::PhantomData, ptr::NonNull};
use kamailio_sys::pcscf as raw;

/// A record of the module, readable while its domain is locked or during a callback.
#[derive(Debug)]
pub struct Contact<'g> {
    raw: NonNull<raw::pcontact_t>,
    _guard: PhantomData<&'g raw::pcontact_t>,
}

impl Contact<'_> {
    /// # Safety
    ///
    /// `raw` is a contact of the module, which nobody else changes for `'g`.
    pub(super) unsafe fn from_raw(raw: NonNull<raw::pcontact_t>) -> Self {
        Self { raw, _guard: PhantomData }
    }

    pub(super) fn as_raw(&self) -> *mut raw::pcontact_t {
        self.raw.as_ptr()
    }

    fn c(&self) -> &raw::pcontact_t {
        // SAFETY: by the contract of `from_raw`.
        unsafe { self.raw.as_ref() }
    }

    /// The contact URI as it was registered.
    pub fn aor(&self) -> &[u8] {
        self.text(self.c().aor)
    }

    /// The user part of the contact URI.
    pub fn user(&self) -> &[u8] {
        self.text(self.c().contact_user)
    }

    /// The host of the contact URI.
    pub fn host(&self) -> &[u8] {
        self.text(self.c().contact_host)
    }

    /// The port of the contact URI.
    pub fn port(&self) -> u16 {
        self.c().contact_port
    }

    /// Where the REGISTER came from.
    pub fn received(&self) -> Peer<'_> {
        let c = self.c();
        Peer { host: self.text(c.received_host), port: c.received_port, proto: c.received_proto }
    }

    /// How the phone called itself in the `Via` of that REGISTER.
    pub fn via(&self) -> Peer<'_> {
        let c = self.c();
        Peer { host: self.text(c.via_host), port: c.via_port, proto: c.via_proto }
    }

    /// The routes to the phone; see [`Info::path`](super::Info::path).
    pub fn path(&self) -> &[u8] {
        self.text(self.c().path)
    }

    /// The state, as a bit.
    pub fn state(&self) -> u32 {
        self.c().reg_state
    }

    /// When the registration ends, in seconds since 1970; 0: never.
    pub fn expires(&self) -> i64 {
        self.c().expires
    }

    /// Sets when the registration ends. No callback runs, and no database hears of it.
    pub fn set_expires(&self, expires: i64) {
        // SAFETY: by the contract of `from_raw`; no reference to the record is alive.
        unsafe { (*self.raw.as_ptr()).expires = expires };
    }

    /// The public identities in their order.
    pub fn public_ids(&self) -> impl Iterator<Item = &[u8]> {
        self.ids().map(|id| self.text(id.public_identity))
    }

    /// The default public identity.
    pub fn default_id(&self) -> Option<&[u8]> {
        self.ids().find(|id| id.is_default == 1).map(|id| self.text(id.public_identity))
    }

    fn ids(&self) -> impl Iterator<Item = raw::ppublic_t> {
        let mut next = self.c().head;
        iter::from_fn(move || {
            // SAFETY: an element of the list of a contact that stays; plain values.
            let id = unsafe { NonNull::new(next)?.read() };
            next = id.next;
            Some(id)
        })
    }

    /// The Service-Routes in their order, without angle brackets.
    pub fn service_routes(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let (first, count) = (self.c().service_routes, self.c().num_service_routes);
        let count = if first.is_null() { 0 } else { usize::from(count) };
        (0..count).map(move |index| {
            // SAFETY: the module has `count` of them there.
            let place = unsafe { first.add(index) };
            // SAFETY: as above.
            self.text(unsafe { place.read() })
        })
    }

    /// The port that the phone sends from once its IPsec stands (TS 33.203: `port_uc`).
    pub fn protected_port(&self) -> Option<u16> {
        let c = self.c();
        let security = NonNull::new(c.security).or(NonNull::new(c.security_temp))?;
        // SAFETY: the security of a contact that stays; plain values.
        let security = unsafe { security.read() };
        if security.type_ != raw::sec_type::SECURITY_IPSEC {
            return None;
        }
        // SAFETY: this is the part of the union that IPsec has.
        let ipsec = NonNull::new(unsafe { security.data.ipsec })?;
        // SAFETY: as above.
        Some(unsafe { ipsec.read() }.port_uc)
    }

    /// Whether the phone has asked for security that is not agreed yet.
    pub(super) fn has_asked(&self) -> bool {
        !self.c().security_temp.is_null()
    }

    /// Whether the phone has asked for exactly what `security` says of its side, and, where that
    /// says what the proxy answered, was answered that.
    pub fn has_asked_for(&self, security: &pcscf_core::sec_agree::Security<'_>) -> bool {
        // SAFETY: the security of a contact that stays; plain values.
        let Some(asked) = NonNull::new(self.c().security_temp).map(|asked| unsafe { asked.read() })
        else {
            return false;
        };
        // SAFETY: both parts of the union are addresses; this one is used for IPsec only.
        let ipsec = unsafe { asked.data.ipsec };
        let is_ipsec = asked.type_ == raw::sec_type::SECURITY_IPSEC;
        // SAFETY: the security of a contact that stays; plain values.
        let ipsec = NonNull::new(ipsec).filter(|_| is_ipsec).map(|ipsec| unsafe { ipsec.read() });
        ipsec.is_some_and(|ipsec| {
            let answered = [security.spi_pc, security.spi_ps];
            let ports = [security.port_pc, security.port_ps];
            (ipsec.spi_uc, ipsec.spi_us) == (security.spi_uc, security.spi_us)
                && (ipsec.port_uc, ipsec.port_us) == (security.port_uc, security.port_us)
                && (answered == [0; 2] || answered == [ipsec.spi_pc, ipsec.spi_ps])
                && (ports == [0; 2] || ports == [ipsec.port_pc, ipsec.port_ps])
        })
    }

    /// Whether the module calls `function` for something that happens to this contact.
    pub(crate) fn has_callback(&self, function: callback::Raw) -> bool {
        let mut next = self.c().cbs.first;
        let mut all = iter::from_fn(move || {
            // SAFETY: an element of the list of a contact that stays; plain values.
            let known = unsafe { NonNull::new(next)?.read() };
            next = known.next;
            Some(known)
        });
        all.any(|known| known.callback.is_some_and(|known| core::ptr::fn_addr_eq(known, function)))
    }

    fn text(&self, shown: kamailio_sys::str_) -> &[u8] {
        // SAFETY: by the contract of `from_raw` the texts of the record stay.
        unsafe { text::bytes(shown) }.unwrap_or_default()
    }
}
