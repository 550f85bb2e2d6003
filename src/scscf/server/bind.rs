//! How clients find the API, and what keeps the lock free.

use super::{Store, calls as c};
use crate::{boundary, script::Function};
use core::{
    ffi::{c_char, c_int, c_void},
    mem::transmute,
    ptr::NonNull,
};
use kamailio_sys::{self as core_sys, scscf as sys};

type Cmd = unsafe extern "C" fn(*mut core_sys::sip_msg, *mut c_char, *mut c_char) -> c_int;

/// The row by which clients find the API: `ul_bind_usrloc`.
pub const fn bind<S: Store>() -> Function {
    // SAFETY: the core casts to nothing: clients know the true type of a function of this name.
    let call = unsafe {
        transmute::<unsafe extern "C" fn(*mut sys::usrloc_api) -> c_int, Cmd>(bind_api::<S>)
    };
    Function::api(c"ul_bind_usrloc", Some(call), 1)
}

/// The row by which a client asks for the events that the C module never raises:
/// `ul_scscf_life_events`, without a parameter.
pub const fn life_events<S: Store>() -> Function {
    // SAFETY: as in `bind`.
    let call = unsafe { transmute::<unsafe extern "C" fn() -> c_int, Cmd>(want_events::<S>) };
    Function::api(c"ul_scscf_life_events", Some(call), 0)
}

/// What a client wants to be called with: its own data, a domain, a public identity.
type Each = unsafe extern "C" fn(*mut c_void, *mut sys::udomain, *mut core_sys::str_);
type IdentitiesOf = unsafe extern "C" fn(*mut core_sys::str_, Option<Each>, *mut c_void) -> c_int;

/// The row by which our own registrar finds the identities of a private identity:
/// `ul_scscf_identities_of`. It takes the private identity, a function that is called for each of
/// its identities, and data for that; it gives their number, or −1.
pub const fn identities_of<S: Store>() -> Function {
    // SAFETY: as in `bind`.
    let call = unsafe { transmute::<IdentitiesOf, Cmd>(c::identities_of::<S>) };
    Function::api(c"ul_scscf_identities_of", Some(call), 3)
}

type Look = unsafe extern "C" fn(
    *mut sys::udomain,
    *mut core_sys::str_,
    *mut *mut sys::impurecord,
) -> c_int;

/// The row by which our own registrar reads an identity: `ul_scscf_look`. It takes the domain, the
/// public identity and the place for the record. It gives 0, and the store is locked until
/// `ul_scscf_end_look`; 1 if there is no such identity, or −1, and nothing is locked. What was only
/// read is not looked through for changes when the lock comes back.
pub const fn look<S: Store>() -> Function {
    // SAFETY: as in `bind`.
    let call = unsafe { transmute::<Look, Cmd>(c::look::<S>) };
    Function::api(c"ul_scscf_look", Some(call), 3)
}

/// The row by which it ends that: `ul_scscf_end_look`, without a parameter.
pub const fn end_look<S: Store>() -> Function {
    // SAFETY: as in `bind`.
    let call = unsafe { transmute::<unsafe extern "C" fn() -> c_int, Cmd>(c::end_look::<S>) };
    Function::api(c"ul_scscf_end_look", Some(call), 0)
}

type Take =
    unsafe extern "C" fn(*mut sys::ims_subscription, *mut *mut sys::ims_subscription) -> c_int;

/// The row by which our own registrar gives a subscription: `ul_scscf_take_subscription`. It takes
/// one that stays the client's, and the place for that of the store, to which it counts a reference;
/// `unref_subscription` gives that back.
pub const fn take_subscription<S: Store>() -> Function {
    // SAFETY: as in `bind`.
    let call = unsafe { transmute::<Take, Cmd>(c::take_subscription::<S>) };
    Function::api(c"ul_scscf_take_subscription", Some(call), 2)
}

/// The row by which our own registrar begins changes that belong together: `ul_scscf_hold_rows`,
/// without a parameter. Their rows are written together at [`write_rows`].
pub const fn hold_rows<S: Store>() -> Function {
    // SAFETY: as in `bind`.
    let call = unsafe { transmute::<unsafe extern "C" fn() -> c_int, Cmd>(hold::<S>) };
    Function::api(c"ul_scscf_hold_rows", Some(call), 0)
}

/// The row by which it ends that: `ul_scscf_write_rows`, without a parameter. Nothing may be locked.
pub const fn write_rows<S: Store>() -> Function {
    // SAFETY: as in `bind`.
    let call = unsafe { transmute::<unsafe extern "C" fn() -> c_int, Cmd>(write::<S>) };
    Function::api(c"ul_scscf_write_rows", Some(call), 0)
}

/// # Safety
///
/// For clients of the API: `api` is null or their struct.
unsafe extern "C" fn bind_api<S: Store>(api: *mut sys::usrloc_api) -> c_int {
    boundary::contain::<S, _>(-1, || {
        let Some(mut api) = NonNull::new(api) else {
            crate::error!("ul_bind_usrloc: the struct to fill is null");
            return -1;
        };
        if S::engine().is_none() {
            crate::error!(
                "ul_bind_usrloc: ims_usrloc_scscf is not set up: load it before the modules that \
                 use it"
            );
            return -1;
        }
        // SAFETY: by the contract of this function; it may be uninitialised, and its fields are
        // numbers and addresses, which are only written.
        fill::<S>(unsafe { api.as_mut() });
        0
    })
}

/// # Safety
///
/// For clients that found it by its name.
unsafe extern "C" fn want_events<S: Store>() -> c_int {
    boundary::contain::<S, _>(-1, || {
        let Some(engine) = S::engine() else { return -1 };
        S::raise_life_events(&engine);
        0
    })
}

/// # Safety
///
/// For clients that found it by its name.
unsafe extern "C" fn hold<S: Store>() -> c_int {
    boundary::contain::<S, _>(-1, || {
        S::hold_rows();
        0
    })
}

/// # Safety
///
/// For clients that found it by its name.
unsafe extern "C" fn write<S: Store>() -> c_int {
    boundary::contain::<S, _>(-1, || {
        S::write_rows();
        0
    })
}

/// Puts the functions of the store into `api`, as a client gets them.
pub fn fill<S: Store>(api: &mut sys::usrloc_api) {
    api.use_domain = 0;
    api.db_mode = S::db_mode();
    api.nat_flag = S::nat_flag();
    api.register_udomain = Some(c::register_udomain::<S>);
    api.get_udomain = Some(c::get_udomain::<S>);
    api.lock_udomain = Some(c::lock_udomain::<S>);
    api.unlock_udomain = Some(c::unlock_udomain::<S>);
    api.insert_impurecord = Some(c::insert_impurecord::<S>);
    api.delete_impurecord = Some(c::delete_impurecord::<S>);
    api.get_impurecord = Some(c::get_impurecord::<S>);
    api.update_impurecord = Some(c::update_impurecord::<S>);
    api.lock_contact_slot = Some(c::lock_contact_slot::<S>);
    api.unlock_contact_slot = Some(c::unlock_contact_slot::<S>);
    api.lock_contact_slot_i = Some(c::lock_contact_slot_i::<S>);
    api.unlock_contact_slot_i = Some(c::unlock_contact_slot_i::<S>);
    api.lock_subscription = Some(c::lock_subscription::<S>);
    api.unlock_subscription = Some(c::unlock_subscription::<S>);
    api.unref_subscription = Some(c::unref_subscription::<S>);
    api.ref_subscription = Some(c::ref_subscription::<S>);
    api.insert_ucontact = Some(c::insert_ucontact::<S>);
    api.delete_ucontact = Some(c::delete_ucontact::<S>);
    api.get_ucontact = Some(c::get_ucontact::<S>);
    api.release_ucontact = Some(c::release_ucontact::<S>);
    api.get_all_ucontacts = Some(c::get_all_ucontacts::<S>);
    api.update_ucontact = Some(c::update_ucontact::<S>);
    api.expire_ucontact = Some(c::expire_ucontact::<S>);
    api.unlink_contact_from_impu = Some(c::unlink_contact_from_impu::<S>);
    api.link_contact_to_impu = Some(c::link_contact_to_impu::<S>);
    api.add_dialog_data_to_contact = Some(c::add_dialog_data_to_contact::<S>);
    api.remove_dialog_data_from_contact = Some(c::remove_dialog_data_from_contact::<S>);
    api.add_subscriber = Some(c::add_subscriber::<S>);
    api.update_subscriber = Some(c::update_subscriber::<S>);
    api.external_delete_subscriber = Some(c::external_delete_subscriber::<S>);
    api.get_subscriber = Some(c::get_subscriber::<S>);
    api.get_impus_from_subscription_as_string = Some(c::get_impus_from_subscription::<S>);
    api.register_ulcb = Some(c::register_ulcb::<S>);
    api.get_presentity_from_subscriber_dialog = Some(c::get_presentity::<S>);
}

/// Frees the lock if a client of C forgot to give it back: to be called when a script has ended.
pub fn heal<S: Store>() {
    let Some(engine) = S::engine() else { return };
    if !engine.is_locked_here() {
        return;
    }
    S::leaving(&engine);
    let call = engine.holder().map_or("?", |holder| holder.call);
    let times = engine.unlock_all();
    crate::error!("a module left the store locked ({times} times, first by {call}), unlocked");
    S::unlocked(&engine);
}
