//! What runs when a script has ended.

use crate::{
    boundary,
    error::{Error, Result},
    module::item,
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

/// # Safety
///
/// For the core only.
unsafe extern "C" fn ended<F>(_: *mut sys::sip_msg, _: u32, _: *mut c_void) -> c_int
where
    F: Fn() + Copy,
{
    /// The core goes on with what else is to be done.
    const GO_ON: c_int = 1;
    boundary::contain::<F, _>((), item::<F>());
    GO_ON
}
