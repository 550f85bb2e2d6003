//! RPC commands.

mod args;
mod reply;

pub use args::Args;
pub use reply::{Array, Reply, Structure};

use crate::{
    boundary,
    module::{Row, item},
};
use core::{
    ffi::{CStr, c_char, c_int, c_void},
    ptr,
};
use kamailio_sys as sys;
use std::ffi::CString;

/// Most bytes of a fault's text: of a longer one, module `ctl` sends nothing at all, and the caller
/// would take the failure for a success.
const MAX_REASON: usize = 254;

/// Why a command failed, as its caller sees it; a long text is cut.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code} {reason}")]
pub struct Fault {
    code: c_int,
    reason: String,
}

impl Fault {
    /// A fault with the code of the SIP reply that says the same.
    pub fn new(code: c_int, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// A running command of the host.
#[derive(Debug, Clone, Copy)]
struct Call {
    rpc: *mut sys::rpc_t,
    ctx: *mut c_void,
}

impl Call {
    /// The functions of the transport that the command came over.
    fn api(self) -> sys::rpc_t {
        // SAFETY: the pointer is that of the running command.
        unsafe { *self.rpc }
    }

    fn fault(self, fault: &Fault) {
        let reason = fault.reason.bytes().filter(|&byte| byte != 0);
        let reason: Vec<u8> = reason.take(MAX_REASON).collect();
        let reason = CString::new(reason).unwrap_or_default();
        if let Some(send) = self.api().fault {
            // SAFETY: the context is that of the running command; the reason is no format, and
            // the host copies it.
            unsafe {
                send(self.ctx, fault.code, c"%s".as_ptr().cast_mut(), reason.as_ptr());
            }
        }
    }
}

/// The line of help of a command.
#[repr(transparent)]
#[derive(Debug)]
pub struct Help([*const c_char; 2]);

// SAFETY: points to a constant.
unsafe impl Sync for Help {}

impl Help {
    /// Help that says `line`.
    pub const fn new(line: &'static CStr) -> Self {
        Self([line.as_ptr(), ptr::null()])
    }
}

/// A row of the table of commands.
#[repr(transparent)]
#[derive(Debug)]
pub struct Command(sys::rpc_export_t);

impl Command {
    /// Exports `body` as `name`.
    ///
    /// What it returns as an error is what the caller gets instead of the reply.
    pub const fn new<F>(name: &'static CStr, help: &'static Help, _: F) -> Self
    where
        F: Fn(&mut Args<'_>, &mut Reply<'_>) -> Result<(), Fault> + Copy,
    {
        Self(sys::rpc_export_t {
            name: name.as_ptr(),
            function: Some(call::<F>),
            doc_str: ptr::from_ref(help).cast_mut().cast(),
            flags: 0,
        })
    }

    /// Makes the reply a list, of as many items as the command adds.
    ///
    /// JSON-RPC otherwise gives the last item only.
    pub const fn list(mut self) -> Self {
        self.0.flags = sys::KS_RPC_RET_ARRAY;
        self
    }
}

impl Row for Command {
    fn name(&self) -> &'static CStr {
        // SAFETY: every constructor takes the name as a `&'static CStr`.
        unsafe { CStr::from_ptr(self.0.name) }
    }
}

/// # Safety
///
/// For the core only: `rpc` and `ctx` are those of the running command.
unsafe extern "C" fn call<F>(rpc: *mut sys::rpc_t, ctx: *mut c_void)
where
    F: Fn(&mut Args<'_>, &mut Reply<'_>) -> Result<(), Fault> + Copy,
{
    let call = Call { rpc, ctx };
    let done = boundary::contain::<F, _>(Err(Fault::new(500, "internal error")), || {
        item::<F>()(&mut Args::new(call), &mut Reply::new(call))
    });
    if let Err(fault) = done {
        call.fault(&fault);
    }
}
