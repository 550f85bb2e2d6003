//! The C API of `ims_usrloc_pcscf`, for the module that implements [`Store`].
//!
//! What C gives is checked here: null pointers, domains that are none of ours, texts with negative
//! lengths are refused with a line of log. A contact that C names is only a [`Handle`]: the store
//! looks up whether it is still there.

mod calls;

use super::{BadInfo, Domain, Domains, Handle, Info};
use crate::{boundary, script::Function, shared::SharedRef, shm::ShmSafe};
use calls as c;
use core::{
    ffi::{CStr, c_char, c_int, c_void},
    mem::transmute,
    ptr::NonNull,
};
use kamailio_sys::{self as core_sys, pcscf as sys};

/// Why a call did not do what it was asked; the client gets the code of the API for that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A pointer that must be there is null.
    #[error("{0} is null")]
    Null(&'static str),
    /// The domain is none of this server's.
    #[error("there is no such domain")]
    NoDomain,
    /// The contact is not in the domain any more.
    #[error("there is no such contact any more")]
    Gone,
    /// What the client gives cannot be read.
    #[error(transparent)]
    Info(#[from] BadInfo),
    /// The contact URI is none.
    #[error("contact {0} is no URI")]
    Uri(bstr::BString),
    /// The core refused.
    #[error(transparent)]
    Core(#[from] crate::Error),
}

/// What keeps the contacts. Every function but [`Store::unlocked`] may be called with the lock of
/// the domain held by this process, or without.
pub trait Store: 'static {
    /// What a domain keeps.
    type State: ShmSafe + Send;

    /// The domains; nothing before the module is set up.
    fn domains() -> Option<SharedRef<'static, Domains<Self::State>>>;

    /// The parameter `db_mode`.
    fn db_mode() -> i32;

    /// Makes the domain of that name, if there is none yet.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn open(domains: &Domains<Self::State>, name: &[u8]) -> Result<(), Refusal>;

    /// A client gives the lock of `domain` back, which it still has.
    fn leaving(domain: &Domain<Self::State>);

    /// The lock of `domain` is free after a client had it.
    fn unlocked(domain: &Domain<Self::State>);

    /// The contact that `wanted` describes.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn find(
        domain: &Domain<Self::State>,
        wanted: &Info<'_>,
        reverse: bool,
    ) -> Result<Option<Handle>, Refusal>;

    /// As [`Store::find`], for a client that only reads what is found, and has the domain locked for
    /// that: it is not looked through for changes when the lock comes back.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn look_up(domain: &Domain<Self::State>, wanted: &Info<'_>) -> Result<Option<Handle>, Refusal>;

    /// A new contact with the URI `aor`.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn insert(domain: &Domain<Self::State>, aor: &[u8], info: &Info<'_>)
    -> Result<Handle, Refusal>;

    /// Changes a contact.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn update(
        domain: &Domain<Self::State>,
        contact: Handle,
        info: &Info<'_>,
    ) -> Result<(), Refusal>;

    /// Removes a contact.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn delete(domain: &Domain<Self::State>, contact: Handle) -> Result<(), Refusal>;

    /// Sets the identifier of the session for Rx; empty: none.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn set_rx_session(
        domain: &Domain<Self::State>,
        contact: Handle,
        session: &[u8],
    ) -> Result<(), Refusal>;

    /// Whether somebody is registered from there with that identity.
    fn has_identity(
        domain: &Domain<Self::State>,
        host: &[u8],
        port: u16,
        proto: u16,
        identity: &[u8],
    ) -> bool;

    /// Runs `work` on the contact, if it is still there, and notes that it changed.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn change<R>(
        domain: &Domain<Self::State>,
        contact: Handle,
        noted: Noted,
        work: impl FnOnce(&mut super::Records, &mut super::Contact, i64) -> Result<R, Refusal>,
    ) -> Result<R, Refusal>;

    /// The contacts that registered without security before `contact` did with it: their handles,
    /// for [`Store::change`].
    fn pending_like(domain: &Domain<Self::State>, contact: Handle) -> Vec<Handle>;

    /// Replaces the public identities of a contact, the first being the default.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn replace_ids(
        domain: &Domain<Self::State>,
        contact: Handle,
        ids: &[&[u8]],
    ) -> Result<(), Refusal>;

    /// Says which device registered `contact` ([`Contact::device`](super::Contact::device)), and
    /// removes what the same device registered before for the same user.
    ///
    /// # Errors
    ///
    /// [`Refusal`]
    fn supersede(domain: &Domain<Self::State>, contact: Handle, device: u64)
    -> Result<(), Refusal>;

    /// The contacts with a public identity, however it is spelled, `most` at the most: registered ones
    /// first, each kind newest first.
    fn of_identity(domain: &Domain<Self::State>, identity: &[u8], most: usize) -> Vec<Handle>;

    /// Shows contacts that were read from the tables at the start and that nobody has registered since,
    /// `most` at the most, each with its domain locked. `from` says where to begin, 0 first; what comes
    /// back says where to go on, nothing that no more will come.
    fn restored(from: u64, most: usize, show: &mut dyn FnMut(&super::Contact)) -> Option<u64>;

    /// How many contacts there are.
    fn contacts() -> u64;

    /// Packs the associations of all contacts into `out`; how many bytes it lacks.
    fn associations(out: &mut [u8], part: u32, parts: u32) -> i32;
}

/// What of a contact changed, for the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// Nothing that is stored.
    Nothing,
    /// The security.
    Security,
}

/// The row by which clients find the API: `ul_bind_ims_usrloc_pcscf`.
pub const fn bind<S: Store>() -> Function {
    // SAFETY: the core casts to nothing: clients know the true type of a function of this name.
    let call = unsafe {
        transmute::<unsafe extern "C" fn(*mut sys::usrloc_api) -> c_int, Cmd>(bind_api::<S>)
    };
    Function::api(c"ul_bind_ims_usrloc_pcscf", Some(call), 1)
}

type Cmd = unsafe extern "C" fn(*mut core_sys::sip_msg, *mut c_char, *mut c_char) -> c_int;

/// # Safety
///
/// For clients of the API: `api` is null or their struct.
unsafe extern "C" fn bind_api<S: Store>(api: *mut sys::usrloc_api) -> c_int {
    boundary::contain::<S, _>(-1, || {
        let Some(mut api) = NonNull::new(api) else {
            crate::error!("ul_bind_ims_usrloc_pcscf: the struct to fill is null");
            return -1;
        };
        if S::domains().is_none() {
            crate::error!(
                "ul_bind_ims_usrloc_pcscf: ims_usrloc_pcscf is not set up: load it before the \
                 modules that use it"
            );
            return -1;
        }
        // SAFETY: by the contract of this function; it may be uninitialised, and its fields are
        // numbers and addresses, which are only written.
        fill::<S>(unsafe { api.as_mut() });
        0
    })
}

/// Puts the functions of the store into `api`, as a client gets them.
pub fn fill<S: Store>(api: &mut sys::usrloc_api) {
    api.register_udomain = Some(c::register_udomain::<S>);
    api.get_udomain = Some(c::get_udomain::<S>);
    api.lock_udomain = Some(c::lock_udomain::<S>);
    api.unlock_udomain = Some(c::unlock_udomain::<S>);
    api.insert_pcontact = Some(c::insert_pcontact::<S>);
    api.delete_pcontact = Some(c::delete_pcontact::<S>);
    api.unreg_pending_contacts_cb = Some(c::unreg_pending_contacts_cb::<S>);
    api.get_pcontact = Some(c::get_pcontact::<S>);
    api.assert_identity = Some(c::assert_identity::<S>);
    api.update_pcontact = Some(c::update_pcontact::<S>);
    api.update_rx_regsession = Some(c::update_rx_regsession::<S>);
    api.get_all_ucontacts = Some(c::get_all_ucontacts::<S>);
    api.update_security = Some(c::update_security::<S>);
    api.update_temp_security = Some(c::update_temp_security::<S>);
    api.register_ulcb = Some(c::register_ulcb::<S>);
    api.get_number_of_contacts = Some(c::get_number_of_contacts::<S>);
    #[cfg(kamailio_5_7)]
    {
        api.db_mode = S::db_mode();
        api.is_ulcb_registered = Some(c::is_ulcb_registered::<S>);
        api.register_ulcb_method = Some(c::register_ulcb_method::<S>);
    }
}

/// The row by which our own registrar finds what the API has no function for:
/// `ul_replace_public_ids`, which replaces the public identities of a contact. It takes the domain,
/// the contact, the identities and their number; the first one is the default.
pub const fn replace_ids<S: Store>() -> Function {
    // SAFETY: as in `bind`.
    let call = unsafe { transmute::<ReplaceIds, Cmd>(c::replace_ids::<S>) };
    Function::api(c"ul_replace_public_ids", Some(call), 3)
}

type ReplaceIds = unsafe extern "C" fn(
    *mut sys::udomain,
    *mut sys::pcontact,
    *mut core_sys::str_,
    c_int,
) -> c_int;

/// The row by which our own registrar says which device registered a contact:
/// `ul_supersede_contacts`. It takes the domain, the contact and the number of the device.
pub const fn supersede<S: Store>() -> Function {
    // SAFETY: as in `bind`.
    let call = unsafe { transmute::<Supersede, Cmd>(c::supersede::<S>) };
    Function::api(c"ul_supersede_contacts", Some(call), 3)
}

type Supersede = unsafe extern "C" fn(*mut sys::udomain, *mut sys::pcontact, u64) -> c_int;

/// The row by which our own registrar finds the contacts of a user: `ul_contacts_of_identity`. It
/// takes the domain, the identity, a place for contacts and how many have room there, and gives
/// their number, negative if it refuses.
pub const fn of_identity<S: Store>() -> Function {
    // SAFETY: as in `bind`.
    let call = unsafe { transmute::<OfIdentity, Cmd>(c::of_identity::<S>) };
    Function::api(c"ul_contacts_of_identity", Some(call), 4)
}

type OfIdentity = unsafe extern "C" fn(
    *mut sys::udomain,
    *mut core_sys::str_,
    *mut *mut sys::pcontact,
    c_int,
) -> c_int;

/// The row by which our own registrar searches for a contact whose URI it has taken apart:
/// `ul_find_parsed`. It takes the domain, the description, the parts and a place for the contact, and
/// gives what `get_pcontact` does.
pub const fn find_parsed<S: Store>() -> Function {
    // SAFETY: as in `bind`.
    let call = unsafe { transmute::<Parsed, Cmd>(c::find_parsed::<S>) };
    Function::api(c"ul_find_parsed", Some(call), 4)
}

/// The row by which it reads a contact: `ul_look` takes the same, and null for parts that are not
/// known. It gives 0 and keeps the domain locked until `ul_end_look`, or 1 if there is no such
/// contact, and nothing is locked. What was only read is not looked through for changes when the lock
/// comes back.
pub const fn look<S: Store>() -> Function {
    // SAFETY: as in `bind`.
    let call = unsafe { transmute::<Parsed, Cmd>(c::look::<S>) };
    Function::api(c"ul_look", Some(call), 4)
}

/// The row by which it ends that: `ul_end_look`, which takes the domain.
pub const fn end_look<S: Store>() -> Function {
    // SAFETY: as in `bind`.
    let call = unsafe {
        transmute::<unsafe extern "C" fn(*mut sys::udomain) -> c_int, Cmd>(c::end_look::<S>)
    };
    Function::api(c"ul_end_look", Some(call), 1)
}

/// The same for a new contact: `ul_insert_parsed` takes and gives the same as `insert_pcontact` with
/// the URI of the description.
pub const fn insert_parsed<S: Store>() -> Function {
    // SAFETY: as in `bind`.
    let call = unsafe { transmute::<Parsed, Cmd>(c::insert_parsed::<S>) };
    Function::api(c"ul_insert_parsed", Some(call), 4)
}

type Parsed = unsafe extern "C" fn(
    *mut sys::udomain,
    *mut sys::pcontact_info,
    *const super::parts::Raw,
    *mut *mut sys::pcontact,
) -> c_int;

/// The row by which our own registrar goes over the contacts that a restart has brought back:
/// `ul_restored_contacts`. It takes a place with a number, 0 first, how many contacts may be shown,
/// a function and what it gets beside each contact. It gives 1 and puts a number for the next call
/// into the place, or 0 at the end.
pub const fn restored<S: Store>() -> Function {
    // SAFETY: as in `bind`.
    let call = unsafe { transmute::<Restored, Cmd>(c::restored::<S>) };
    Function::api(c"ul_restored_contacts", Some(call), 4)
}

type Restored = unsafe extern "C" fn(*mut u64, c_int, Option<Show>, *mut c_void) -> c_int;

/// Takes a look at a contact whose domain is locked.
pub(in crate::pcscf) type Show = unsafe extern "C" fn(*mut sys::pcontact, *mut c_void);

/// Keeps a domain free that a client of C left locked: to be called when a script has ended.
pub fn heal<S: Store>() {
    let Some(domains) = S::domains() else { return };
    for domain in domains.iter() {
        if domain.is_locked_here() {
            S::leaving(domain);
            let times = domain.unlock_all();
            crate::error!("domain {domain:?}: a module left it locked ({times} times), unlocked");
            S::unlocked(domain);
        }
    }
}

/// The name of a domain as C gives it.
///
/// # Safety
///
/// `name` is null or a C string that stays for `'a`.
unsafe fn name<'a>(name: *const c_char) -> Result<&'a [u8], Refusal> {
    if name.is_null() {
        return Err(Refusal::Null("the name of the domain"));
    }
    // SAFETY: by the contract of this function.
    Ok(unsafe { CStr::from_ptr(name) }.to_bytes())
}
