//! What happens to contacts: callbacks of the module.

use super::{Contact, Identity, State, Usrloc, lacks};
use crate::{
    boundary,
    error::{Error, Result},
    module::item,
    script::Verdict,
};
use core::{
    ffi::{c_int, c_void},
    iter,
    ptr::{self, NonNull},
};
use kamailio_sys::scscf as raw;

/// What the module calls.
type Raw = unsafe extern "C" fn(*mut raw::impurecord, *mut raw::ucontact, c_int, *mut c_void);

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The time of a contact is over.
    Expired,
    /// The last contact of a registered identity is gone; only our own module says so.
    LastContactGone,
    /// The time of an identity that nobody was registered for is over; as above.
    UnregisteredExpired,
    /// The time of watchers of an identity is over, and they are about to be removed; as above.
    WatchersOver,
    /// An identity is stored, or read from the database; only the module of C says so. It is locked,
    /// until all that belongs to it is read.
    Stored,
}

/// The events that are asked for, by the bits of the module. That of C asks everybody for each of
/// them whatever was asked for, so they are looked at again.
const EVENTS: [(u32, Event); 4] = [
    (raw::UL_IMPU_EXPIRE_CONTACT, Event::Expired),
    (raw::UL_IMPU_REG_NC_DELETE, Event::LastContactGone),
    (raw::UL_IMPU_UNREG_EXPIRED, Event::UnregisteredExpired),
    (WATCHERS_OVER, Event::WatchersOver),
];

/// An event that the module of C does not know, and takes no callbacks for.
const WATCHERS_OVER: u32 = crate::scscf::Event::WatchersOver.bit();

/// An identity, and what happened to it.
///
/// The module of C has it locked during the call, ours has not.
#[derive(Debug)]
pub struct Told<'c> {
    /// What happened.
    pub event: Event,
    /// The identity, which stays during the call.
    pub identity: Identity<'c>,
    /// The contact that it is about, if it is about one.
    pub contact: Option<Contact<'c>>,
}

impl Told<'_> {
    /// Says that the HSS is told of the end, so that nobody tells it again.
    pub fn hss_knows(&self) {
        // SAFETY: the record stays during the call; no reference to this field is alive.
        unsafe { (*self.identity.as_raw()).send_sar_on_delete = 0 };
    }

    /// Says that who watches has been told that the contact's time is over, so that it can go.
    pub fn has_been_told(&self) {
        if let Some(contact) = &self.contact
            && contact.state() == State::ExpirePendingNotify
        {
            contact.write_state(State::NotifyReady);
        }
    }
}

impl Usrloc {
    /// Calls `F` when something happens to any identity that is stored or read from the database from
    /// now on. For `mod_init`.
    ///
    /// `F` runs in the process that makes the change and may only take notes.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if memory is short.
    pub fn watch_all<F>(&self, _: F) -> Result<()>
    where
        F: Fn(&Told<'_>) + Copy,
    {
        let register = self.api.register_ulcb.ok_or(lacks("register_ulcb"))?;
        let (nobody, none): (_, *mut c_void) = (ptr::null_mut(), ptr::null_mut());
        let kind = bits(raw::UL_IMPU_INSERT);
        // SAFETY: callbacks of this type belong to no identity; the function is made for this.
        let code = unsafe { register(nobody, ptr::null_mut(), kind, Some(inserted::<F>), none) };
        done(code)
    }
}

fn bits(bits: u32) -> c_int {
    bits.cast_signed()
}

fn done(code: c_int) -> Result<()> {
    if code == 1 { Ok(()) } else { Err(Error::Core { call: "register_ulcb", code }) }
}

/// Whether the module calls `function` for something that happens to the identity.
fn has_callback(identity: &Identity<'_>, function: Raw) -> bool {
    let Some(list) = NonNull::new(identity.c().cbs) else { return false };
    // SAFETY: the list of a record that stays; plain values.
    let mut next = unsafe { list.read() }.first;
    let mut all = iter::from_fn(move || {
        // SAFETY: an element of that list.
        let known = unsafe { NonNull::new(next)?.read() };
        next = known.next;
        Some(known)
    });
    all.any(|known| known.callback.is_some_and(|known| ptr::fn_addr_eq(known, function)))
}

/// Asks to be called for what becomes of a new identity.
///
/// # Safety
///
/// For the module only: `identity` is one of its records, which stays during the call.
unsafe extern "C" fn inserted<F>(
    identity: *mut raw::impurecord,
    _: *mut raw::ucontact,
    _: c_int,
    _: *mut c_void,
) where
    F: Fn(&Told<'_>) + Copy,
{
    boundary::script::<F, Error>(|| {
        let Some(record) = NonNull::new(identity) else { return Ok(Verdict::TRUE) };
        // SAFETY: by the contract of this function.
        let new = unsafe { Identity::from_raw(record) };
        if has_callback(&new, told::<F>) {
            return Ok(Verdict::TRUE);
        }
        let usrloc = Usrloc::get().ok_or(lacks("register_ulcb"))?;
        let register = usrloc.api.register_ulcb.ok_or(lacks("register_ulcb"))?;
        let known = EVENTS.iter().filter(|(bit, _)| usrloc.is_ours() || *bit != WATCHERS_OVER);
        let kinds = known.fold(0, |all, (bit, _)| all | bit);
        let (none, nothing) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: by the contract of this function; the callback is made for this.
        let code = unsafe { register(identity, none, bits(kinds), Some(told::<F>), nothing) };
        done(code)?;
        if !usrloc.is_ours() {
            item::<F>()(&Told { event: Event::Stored, identity: new, contact: None });
        }
        Ok(Verdict::TRUE)
    });
}

/// # Safety
///
/// As for `inserted`; `contact` is null or a contact of the module, which stays during the call.
unsafe extern "C" fn told<F>(
    identity: *mut raw::impurecord,
    contact: *mut raw::ucontact,
    event: c_int,
    _: *mut c_void,
) where
    F: Fn(&Told<'_>) + Copy,
{
    boundary::contain::<F, _>((), || {
        let event = EVENTS.iter().find(|(bit, _)| event == bits(*bit)).map(|(_, event)| *event);
        let (Some(event), Some(identity)) = (event, NonNull::new(identity)) else { return };
        // SAFETY: by the contract of this function.
        let identity = unsafe { Identity::from_raw(identity) };
        // SAFETY: as above.
        let contact = NonNull::new(contact).map(|contact| unsafe { Contact::from_raw(contact) });
        item::<F>()(&Told { event, identity, contact });
    });
}
