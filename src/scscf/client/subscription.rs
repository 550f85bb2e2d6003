//! What the HSS says of a user, given to the module and read in its records.

use super::{
    Identity, Usrloc, export,
    guard::done,
    shape::{Lent, Shape, Shared},
};
use crate::{
    error::{Error, Result},
    text,
};
use core::{
    ffi::{c_int, c_ushort},
    mem,
    ptr::{self, NonNull},
    slice,
};
use kamailio_sys::scscf as raw;
use scscf_core::profile;

/// The function by which our own store takes a subscription that is only lent, and gives its own.
pub(super) type Take =
    unsafe extern "C" fn(*mut raw::ims_subscription, *mut *mut raw::ims_subscription) -> c_int;

/// That function; nothing if the store is the one of C.
pub(super) fn take() -> Option<Take> {
    export(c"ul_scscf_take_subscription", 2).map(|found| {
        // SAFETY: the function of this name has this type; the table of the core has another.
        unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Take>(found) }
    })
}

/// A subscription that the module may keep; this holds one reference to it.
#[derive(Debug)]
pub struct Subscription {
    raw: NonNull<raw::ims_subscription>,
    usrloc: &'static Usrloc,
}

impl Subscription {
    /// A copy of `value` for the module. Our own store copies what it is shown; that of C takes over
    /// what is built for it in shared memory.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`], or [`Error::Core`] if our store refuses.
    pub fn new(usrloc: &'static Usrloc, value: &profile::Subscription) -> Result<Self> {
        let Some(take) = usrloc.take else {
            let mut room = Shared::default();
            let raw = Shape(&mut room).subscription(value)?;
            room.give_away();
            return Ok(Self { raw, usrloc });
        };
        let mut room = Lent::default();
        let (lent, mut taken) = (Shape(&mut room).subscription(value)?, ptr::null_mut());
        // SAFETY: the structs and their texts live during the call, which copies them; the module
        // writes the address of a subscription of its own and counts a reference to it.
        let code = unsafe { take(lent.as_ptr(), &raw mut taken) };
        done("ul_scscf_take_subscription", code)?;
        let raw = NonNull::new(taken).ok_or(Error::OutOfShm)?;
        Ok(Self { raw, usrloc })
    }

    /// That of `identity`, which is locked, for another one; nothing if it has none.
    pub fn of(usrloc: &'static Usrloc, identity: &Identity<'_>) -> Option<Self> {
        let count = usrloc.api.ref_subscription?;
        let raw = identity.subscription().map(NonNull::from)?;
        // SAFETY: the record holds a reference while it is locked; this counts one more.
        unsafe { count(raw.as_ptr()) };
        Some(Self { raw, usrloc })
    }

    pub(super) fn as_raw(&self) -> *mut raw::ims_subscription {
        self.raw.as_ptr()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(unref) = self.usrloc.api.unref_subscription {
            // SAFETY: counted for this when it was made; the module frees it with the last one.
            unsafe { unref(self.raw.as_ptr()) };
        }
    }
}

impl<'g> Identity<'g> {
    fn profiles(&self) -> &'g [raw::ims_service_profile] {
        let Some(subscription) = self.subscription() else { return &[] };
        // SAFETY: an array of that many, which stays as long as the record is locked.
        unsafe { array(subscription.service_profiles, subscription.service_profiles_cnt) }
    }

    /// The public identities of its subscription, in their order: their URIs, and whether they are
    /// barred.
    pub fn identities(&self) -> impl Iterator<Item = (&'g [u8], bool)> + use<'g> {
        let all = self.profiles().iter().flat_map(|profile| {
            // SAFETY: as in `profiles`.
            unsafe { array(profile.public_identities, profile.public_identities_cnt) }
        });
        all.map(|identity| {
            // SAFETY: as in `profiles`.
            let uri = unsafe { text::bytes(identity.public_identity) };
            (uri.unwrap_or_default(), identity.barring != 0)
        })
    }

    /// How many public identities its subscription has.
    pub fn set_size(&self) -> usize {
        let counts = self.profiles().iter().map(|profile| profile.public_identities_cnt);
        counts.map(usize::from).sum()
    }

    /// The application servers that the filter criteria of its subscription name.
    pub fn servers(&self) -> impl Iterator<Item = &'g [u8]> + use<'g> {
        let all = self.profiles().iter().flat_map(|profile| {
            // SAFETY: as in `profiles`.
            unsafe { array(profile.filter_criteria, profile.filter_criteria_cnt) }
        });
        all.map(|criteria| {
            // SAFETY: as in `profiles`.
            unsafe { text::bytes(criteria.application_server.server_name) }.unwrap_or_default()
        })
    }
}

/// The array at `first`; empty if there is none.
///
/// # Safety
///
/// Unless it is null, `first` starts `count` values that stay as they are for `'a`.
unsafe fn array<'a, T>(first: *mut T, count: c_ushort) -> &'a [T] {
    if first.is_null() {
        return &[];
    }
    // SAFETY: by the contract of this function.
    unsafe { slice::from_raw_parts(first, usize::from(count)) }
}
