//! What the HSS says of an identity, given to the module.

use super::{Guard, Identity, Registration, Subscription, guard::done, lacks};
use crate::{error::Result, text};
use core::{
    ffi::c_int,
    ptr::{self, NonNull},
};
use kamailio_sys::{self as sys, scscf as raw};

/// Names of charging functions; what is none stays as it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Charging<'t> {
    /// The primary function of collection.
    pub ccf1: Option<&'t [u8]>,
    /// The secondary function of collection.
    pub ccf2: Option<&'t [u8]>,
    /// The primary function of events.
    pub ecf1: Option<&'t [u8]>,
    /// The secondary function of events.
    pub ecf2: Option<&'t [u8]>,
}

/// What an identity is to be.
#[derive(Debug, Clone, Copy)]
pub struct Assigned<'t> {
    /// How it is registered.
    pub state: Registration,
    /// Whether nobody may use it; none: as before.
    pub barred: Option<bool>,
    /// Whether it is the first of its set that is not barred; counts for a new record only.
    pub primary: bool,
    /// Its subscription; none: as before.
    pub subscription: Option<&'t Subscription>,
    /// Its charging functions.
    pub charging: Charging<'t>,
}

impl Guard<'_> {
    /// Makes the identity what `assigned` says; a record is made if there is none and the
    /// subscription is given. Nothing if there is none afterwards.
    ///
    /// # Errors
    ///
    /// [`Error::Core`](crate::Error::Core) if the module refuses.
    pub fn assign(&self, assigned: &Assigned<'_>) -> Result<Option<Identity<'_>>> {
        let update = self.api.update_impurecord.ok_or(lacks("update_impurecord"))?;
        let mut key = text::lend(self.key);
        let mut subscription = assigned.subscription.map_or(ptr::null_mut(), Subscription::as_raw);
        let given = if subscription.is_null() { ptr::null_mut() } else { &raw mut subscription };
        let charging = &assigned.charging;
        let names = [charging.ccf1, charging.ccf2, charging.ecf1, charging.ecf2];
        let mut lent = names.map(|name| name.map(text::lend));
        let [ccf1, ccf2, ecf1, ecf2] = lent.each_mut().map(address);
        let mut out: *mut raw::impurecord = ptr::null_mut();
        // SAFETY: the identity is locked and the texts live during the call; the module copies what
        // it keeps of them, counts its references to the subscription, and writes the address of the
        // record.
        let code = unsafe {
            update(
                self.domain.as_raw(),
                &raw mut key,
                ptr::null_mut(),
                assigned.state.as_raw(),
                // The HSS is told again of the next end.
                1,
                assigned.barred.map_or(-1, c_int::from),
                c_int::from(assigned.primary),
                given,
                ccf1,
                ccf2,
                ecf1,
                ecf2,
                &raw mut out,
            )
        };
        done("update_impurecord", code)?;
        // SAFETY: a record of the module stays while it is locked.
        Ok(NonNull::new(out).map(|raw| unsafe { Identity::from_raw(raw) }))
    }
}

/// Where the text is; none: nowhere.
fn address(text: &mut Option<sys::str_>) -> *mut sys::str_ {
    text.as_mut().map_or(ptr::null_mut(), ptr::from_mut)
}
