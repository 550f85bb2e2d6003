//! Messages as the parser of the host leaves them to a script function.

use core::{ffi::c_uint, ptr};
use kamailio::{
    Error,
    msg::Msg,
    script::{Script, Verdict},
};
use kamailio_sys as sys;
use std::cell::Cell;

type Check<'c> = dyn FnMut(&Msg<'_>) + 'c;

thread_local! {
    /// What [`look`] runs: a script function captures nothing.
    static CHECK: Cell<Option<*mut Check<'static>>> = const { Cell::new(None) };
}

/// Parses `bytes` as the host does for a message from the network, and runs `check` on it through
/// the C function that a script function is called by. False if the host would drop the message.
///
/// # Panics
///
/// If `check` does: the panic that the boundary contains goes on here.
pub fn with_message(bytes: &[u8], check: impl FnOnce(&Msg<'_>)) -> bool {
    // The parser sees a zero behind the text, as it does for what comes from a socket.
    let mut buffer = bytes.to_vec();
    buffer.push(0);
    // SAFETY: zeroes are what the host starts from for a new message.
    let mut raw: Box<sys::sip_msg> = Box::new(unsafe { core::mem::zeroed() });
    raw.buf = buffer.as_mut_ptr().cast();
    raw.len = c_uint::try_from(bytes.len()).unwrap();
    // SAFETY: the buffer has that length and outlives the message.
    let code = unsafe { sys::parse_msg(raw.buf, raw.len, &raw mut *raw) };
    if code == 0 {
        run(&raw mut *raw, check);
    }
    // SAFETY: frees what the parser attached; the buffer is ours.
    unsafe { sys::free_sip_msg(&raw mut *raw) };
    code == 0
}

fn run(raw: *mut sys::sip_msg, check: impl FnOnce(&Msg<'_>)) {
    let mut check = Some(check);
    let mut done = false;
    let mut once = |msg: &Msg<'_>| {
        if let Some(check) = check.take() {
            check(msg);
        }
        done = true;
    };
    let once: *mut Check<'_> = &raw mut once;
    // SAFETY: only forgets how long the borrow lasts; it is taken back below before it ends.
    let once = unsafe { core::mem::transmute::<*mut Check<'_>, *mut Check<'static>>(once) };
    CHECK.set(Some(once));
    call(raw, look);
    CHECK.set(None);
    assert!(done, "a check panicked: see above");
}

/// Calls a script function as the host does.
fn call<F: Script<Sig>, Sig>(raw: *mut sys::sip_msg, _: F) {
    let function = F::CALL.expect("every script function has a C function");
    // SAFETY: a parsed message of this process, and a function without arguments.
    unsafe { function(raw, ptr::null_mut(), ptr::null_mut()) };
}

/// The script function.
#[expect(clippy::unnecessary_wraps, reason = "the shape of a script function")]
fn look(msg: &Msg<'_>) -> Result<Verdict, Error> {
    if let Some(check) = CHECK.get() {
        // SAFETY: `run` waits for this call, and what it lent lives until then.
        let check = unsafe { &mut *check };
        check(msg);
    }
    Ok(Verdict::TRUE)
}
