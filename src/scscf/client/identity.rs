//! A public identity, as the module keeps it.

use super::Contact;
use crate::text;
use core::{ffi::c_int, iter, marker::PhantomData, ptr::NonNull};
use kamailio_sys::{self as sys, scscf as raw};

/// A record of the module, readable while it is locked or during a callback.
#[derive(Debug)]
pub struct Identity<'g> {
    raw: NonNull<raw::impurecord>,
    _guard: PhantomData<&'g raw::impurecord>,
}

/// What an identity is registered as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// It is not; the module never keeps such a record for long.
    NotRegistered,
    /// By a contact.
    Registered,
    /// This server serves it, and nobody is registered.
    Unregistered,
}

impl Registration {
    pub(super) const fn as_raw(self) -> c_int {
        match self {
            Self::NotRegistered => 0,
            Self::Registered => 1,
            Self::Unregistered => -1,
        }
    }
}

impl<'g> Identity<'g> {
    /// # Safety
    ///
    /// `raw` is a record of the module, which nobody else changes for `'g`.
    pub(super) unsafe fn from_raw(raw: NonNull<raw::impurecord>) -> Self {
        Self { raw, _guard: PhantomData }
    }

    pub(super) fn as_raw(&self) -> *mut raw::impurecord {
        self.raw.as_ptr()
    }

    pub(super) fn c(&self) -> &'g raw::impurecord {
        // SAFETY: by the contract of `from_raw`.
        unsafe { &*self.raw.as_ptr() }
    }

    /// The name of its domain.
    pub fn domain(&self) -> &'g [u8] {
        // SAFETY: the name of a domain stays as long as the server; a plain value.
        let name = NonNull::new(self.c().domain).map(|name| unsafe { name.read() });
        name.map_or(&[], |name| self.text(name))
    }

    /// The public identity.
    pub fn public(&self) -> &'g [u8] {
        self.text(self.c().public_identity)
    }

    /// The private identity; the module of C leaves it empty in some records.
    pub fn private(&self) -> &'g [u8] {
        match self.text(self.c().private_identity) {
            [] => self
                .subscription()
                .map_or(&[], |subscription| self.text(subscription.private_identity)),
            private => private,
        }
    }

    /// The private identity that its profile is of; empty without a profile.
    pub fn private_of_profile(&self) -> &'g [u8] {
        self.subscription().map_or(&[], |subscription| self.text(subscription.private_identity))
    }

    /// Whether and how it is registered.
    pub fn state(&self) -> Registration {
        match self.c().reg_state {
            1 => Registration::Registered,
            0 => Registration::NotRegistered,
            _ => Registration::Unregistered,
        }
    }

    /// Whether nobody may use it.
    pub fn is_barred(&self) -> bool {
        self.c().barring != 0
    }

    /// Whether it is the first of its set that is not barred.
    pub fn is_primary(&self) -> bool {
        self.c().is_primary != 0
    }

    /// Whether the HSS is to be told when the record goes.
    pub fn tells_hss(&self) -> bool {
        self.c().send_sar_on_delete != 0
    }

    /// The contacts that are linked to it, in the order of their linking; also those that are not
    /// valid any more.
    pub fn contacts(&self) -> impl Iterator<Item = Contact<'g>> + use<'g> {
        let mut next = self.c().linked_contacts.head;
        iter::from_fn(move || {
            // SAFETY: an element of the list of a record that stays; plain values.
            let link = unsafe { NonNull::new(next)?.read() };
            next = link.next;
            // SAFETY: a contact that is linked to a locked identity stays.
            NonNull::new(link.contact).map(|contact| unsafe { Contact::from_raw(contact) })
        })
    }

    /// The names of its charging functions: primary and secondary of collection, primary and
    /// secondary of events; empty: none.
    pub fn charging(&self) -> [&'g [u8]; 4] {
        let c = self.c();
        [c.ccf1, c.ccf2, c.ecf1, c.ecf2].map(|name| self.text(name))
    }

    /// The subscription in the shape of C, which stays as long as the record.
    pub(super) fn subscription(&self) -> Option<&'g raw::ims_subscription> {
        // SAFETY: the record holds a reference to it and is locked.
        NonNull::new(self.c().s).map(|subscription| unsafe { &*subscription.as_ptr() })
    }

    pub(super) fn text(&self, shown: sys::str_) -> &'g [u8] {
        // SAFETY: by the contract of `from_raw` the texts of the record stay.
        unsafe { text::bytes(shown) }.unwrap_or_default()
    }
}
