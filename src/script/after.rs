//! What runs when a script begins, and when it has ended.

use crate::{
    boundary,
    error::{Error, Result},
    module::item,
    msg::Msg,
};
use core::{
    ffi::{c_int, c_void},
    ptr,
};
use kamailio_sys as sys;

/// The scripts of messages: requests, replies, and what goes on with them later.
const SCRIPTS: u32 = sys::script_cb_flag::REQUEST_CB
    | sys::script_cb_flag::ONREPLY_CB
    | sys::script_cb_flag::FAILURE_CB
    | sys::script_cb_flag::LOCAL_CB
    | sys::script_cb_flag::EVENT_CB;

/// The core goes on with what else is to be done.
const GO_ON: c_int = 1;

/// Calls `F` whenever the script for a message has ended, in the process that ran it. For `mod_init`
/// only.
///
/// # Errors
///
/// [`Error::Core`] if the core refuses, which it does when memory is short.
pub fn after_script<F>(_: F) -> Result<()>
where
    F: Fn() + Copy,
{
    let flags = SCRIPTS | sys::POST_SCRIPT_CB;
    // SAFETY: the callback is code of a module that is never unloaded, and uses no parameter.
    let code = unsafe { sys::register_script_cb(Some(ended::<F>), flags, ptr::null_mut()) };
    if code < 0 { Err(Error::Core { call: "register_script_cb", code }) } else { Ok(()) }
}

/// Calls `F` with each request before its script begins or goes on, and with nothing when that has
/// ended, in the process that runs it. For `mod_init` only.
///
/// # Errors
///
/// As [`after_script`].
pub fn around_requests<F>(_: F) -> Result<()>
where
    F: Fn(Option<&Msg<'_>>) + Copy,
{
    // The core takes one of the two at a time.
    for when in [sys::PRE_SCRIPT_CB, sys::POST_SCRIPT_CB] {
        let flags = sys::script_cb_flag::REQUEST_CB | when;
        // SAFETY: as in `after_script`.
        let code = unsafe { sys::register_script_cb(Some(around::<F>), flags, ptr::null_mut()) };
        if code < 0 {
            return Err(Error::Core { call: "register_script_cb", code });
        }
    }
    Ok(())
}

/// # Safety
///
/// For the core only.
unsafe extern "C" fn around<F>(raw: *mut sys::sip_msg, flags: u32, _: *mut c_void) -> c_int
where
    F: Fn(Option<&Msg<'_>>) + Copy,
{
    boundary::contain::<F, _>((), || {
        let begins = flags & sys::PRE_SCRIPT_CB != 0;
        // SAFETY: the request of the script, which waits for this.
        let msg = begins.then(|| unsafe { Msg::from_any(raw) });
        item::<F>()(msg.as_ref());
    });
    GO_ON
}

/// # Safety
///
/// For the core only.
unsafe extern "C" fn ended<F>(_: *mut sys::sip_msg, _: u32, _: *mut c_void) -> c_int
where
    F: Fn() + Copy,
{
    boundary::contain::<F, _>((), item::<F>());
    GO_ON
}
