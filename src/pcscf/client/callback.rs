//! What happens to contacts: callbacks of the module.

use super::{Contact, Event, Guard, Usrloc, lacks};
use crate::{
    boundary,
    error::{Error, Result},
    module::item,
};
use core::{
    ffi::{c_int, c_void},
    ptr::{self, NonNull},
};
use kamailio_sys::pcscf as raw;

/// What the module calls.
pub(crate) type Raw = unsafe extern "C" fn(*mut raw::pcontact, c_int, *mut c_void);

/// A contact, and what happened to it.
#[derive(Debug)]
pub struct Told<'c> {
    /// What happened.
    pub event: Event,
    /// The contact, which stays as it is during the call.
    pub contact: Contact<'c>,
}

impl Guard<'_> {
    /// Calls `F` when `contact` changes or goes, until it is gone; asking again changes nothing.
    ///
    /// `F` runs in the process that makes the change, with the contact locked: it may only take
    /// notes.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if memory is short.
    pub fn watch<F>(&self, contact: &Contact<'_>, _: F) -> Result<()>
    where
        F: Fn(&Told<'_>) + Copy,
    {
        // SAFETY: the function is made for this.
        unsafe { self.call_back(contact, Event::OF_CONTACT, told::<F>) }
    }
}

impl Guard<'_> {
    /// As [`Guard::watch`], for removals only and with a function of C.
    ///
    /// # Safety
    ///
    /// The function may be called so, in any process.
    pub(crate) unsafe fn watch_for_removal(
        &self,
        contact: &Contact<'_>,
        function: Raw,
    ) -> Result<()> {
        let types = Event::Delete.bit() | Event::Expire.bit();
        // SAFETY: by the contract of this function.
        unsafe { self.call_back(contact, types, function) }
    }
}

impl Usrloc {
    /// Calls `F` when any contact changes or goes that is stored or read from the database from
    /// now on; see [`Guard::watch`]. For `mod_init`.
    ///
    /// The module of C forgets those that it reads from the database up to version 5.6, and later
    /// in all modes but that of the database alone.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if memory is short.
    pub fn watch_all<F>(&self, _: F) -> Result<()>
    where
        F: Fn(&Told<'_>) + Copy,
    {
        let none: *mut c_void = ptr::null_mut();
        #[cfg(kamailio_6)]
        if self.db_mode() == DB_ONLY
            && let Some(register) = self.api.register_ulcb_method
        {
            // SAFETY: kept for contacts to come; the function is made for this.
            let code =
                unsafe { register(ptr::null_mut(), Event::Update.bit(), Some(told::<F>), none) };
            return done("register_ulcb_method", code);
        }
        let register = self.api.register_ulcb.ok_or(lacks("register_ulcb"))?;
        // SAFETY: callbacks of this type belong to no contact; the function is made for this.
        let code =
            unsafe { register(ptr::null_mut(), Event::Insert.bit(), Some(inserted::<F>), none) };
        done("register_ulcb", code)
    }
}

/// The database is the only store: contacts in memory are copies of its rows.
#[cfg(kamailio_6)]
const DB_ONLY: i32 = 3;

fn done(call: &'static str, code: c_int) -> Result<()> {
    if code == 1 { Ok(()) } else { Err(Error::Core { call, code }) }
}

/// # Safety
///
/// For the module only: `contact` is one of its contacts, which stays during the call.
unsafe extern "C" fn told<F>(contact: *mut raw::pcontact, event: c_int, _: *mut c_void)
where
    F: Fn(&Told<'_>) + Copy,
{
    boundary::contain::<F, _>((), || {
        let event = Event::of_bit(event).filter(|event| *event != Event::Insert);
        let Some(event) = event else { return };
        let Some(contact) = NonNull::new(contact) else { return };
        // SAFETY: by the contract of this function.
        let contact = unsafe { Contact::from_raw(contact) };
        item::<F>()(&Told { event, contact });
    });
}

/// Asks to be called for what becomes of a new contact.
///
/// # Safety
///
/// As for `told`.
unsafe extern "C" fn inserted<F>(contact: *mut raw::pcontact, _: c_int, _: *mut c_void)
where
    F: Fn(&Told<'_>) + Copy,
{
    boundary::script::<F, Error>(|| {
        use crate::script::Verdict;
        let Some(raw) = NonNull::new(contact) else { return Ok(Verdict::TRUE) };
        // SAFETY: by the contract of this function.
        let new = unsafe { Contact::from_raw(raw) };
        let register = Usrloc::get().and_then(|usrloc| usrloc.api.register_ulcb);
        let register = register.ok_or(lacks("register_ulcb"))?;
        if new.has_callback(told::<F>) {
            return Ok(Verdict::TRUE);
        }
        // SAFETY: by the contract of this function; the callback is made for this.
        let code =
            unsafe { register(contact, Event::OF_CONTACT, Some(told::<F>), ptr::null_mut()) };
        done("register_ulcb", code).map(|()| Verdict::TRUE)
    });
}
