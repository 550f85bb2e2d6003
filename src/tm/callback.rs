//! What becomes of a transaction: callbacks of `tm`.

use super::{Tm, Transaction};
use crate::{
    boundary,
    error::{Error, Result},
    module::item,
    msg::{self, Msg},
};
use core::{
    ffi::{c_int, c_void},
    ptr,
};
use kamailio_sys as sys;

/// A response that is about to leave for the peer that sent the request.
#[derive(Debug)]
pub struct ResponseReady<'c> {
    /// The status, 100 to 699; below 200 only of a relayed one.
    pub status: u16,
    /// What came from the next hop; nothing if this server made the response, such as a 408 after
    /// a timeout or one that the script gives.
    pub relayed: Option<Msg<'c>>,
}

/// The end of a transaction that this server started.
#[derive(Debug)]
pub struct Completed<'c> {
    /// The transaction; its request is [`Transaction::sent_request`].
    pub transaction: Transaction<'c>,
    /// The final status: that of the reply, or 408 and its like that `tm` put in its place.
    pub status: u16,
    /// The final reply; nothing if none came in time.
    pub reply: Option<Msg<'c>>,
    /// What the sender of the request gave to recognise it.
    pub token: usize,
}

impl Completed<'_> {
    /// The seconds that a `Retry-After` header of the reply asks to wait (RFC 3261 section
    /// 20.33).
    pub fn retry_after(&self) -> Option<u32> {
        let reply = self.reply.as_ref()?;
        // A reply may be handed out before anybody needed this header.
        reply.parse().ok()?;
        let value = reply.header(b"Retry-After")?;
        match msg::seconds(value.split(|byte| b"(;".contains(byte)).next()?) {
            msg::Expires::Seconds(seconds) => Some(seconds),
            _ => None,
        }
    }
}

impl Tm {
    /// Calls `F` with the ACK that the caller sends for a 2xx to the INVITE `msg`.
    ///
    /// Of a request that has no transaction yet, `tm` remembers the wish until it gets one, and
    /// forgets it with the message otherwise. Asking again for the same transaction changes
    /// nothing once it exists; before, `F` is called once for each time.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`].
    pub fn on_e2e_ack<F>(&self, msg: &Msg<'_>, _: F) -> Result<()>
    where
        F: Fn(&Transaction<'_>, &Msg<'_>) + Copy,
    {
        self.register(msg, sys::TMCB_E2EACK_IN, e2e_ack::<F>)
    }

    /// Calls `F` before a response to the request `msg` leaves this server: every relayed one, and
    /// a final one of our own.
    ///
    /// As [`Tm::on_e2e_ack`] for a request without a transaction.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`].
    pub fn on_response_ready<F>(&self, msg: &Msg<'_>, _: F) -> Result<()>
    where
        F: Fn(&Transaction<'_>, &ResponseReady<'_>) + Copy,
    {
        self.register(msg, sys::TMCB_RESPONSE_READY, response_ready::<F>)
    }

    fn register(&self, msg: &Msg<'_>, event: u32, callback: Callback) -> Result<()> {
        let event = event.cast_signed();
        if let Some(transaction) = self.current() {
            // SAFETY: looks through the callbacks of a transaction that stays for this call.
            let known =
                unsafe { sys::ks_tm_has_callback(transaction.as_raw(), event, Some(callback)) };
            if known != 0 {
                return Ok(());
            }
        }
        let missing = Error::NotLoaded { module: "tm", export: "register_tmcb" };
        let register = self.api.register_tmcb.ok_or(missing)?;
        let none = ptr::null_mut();
        // SAFETY: `tm` takes the transaction of the message, or remembers the message. The callback
        // is code of a module that is never unloaded and has no parameter to free.
        let code =
            unsafe { register(msg.as_raw(), none, event, Some(callback), none.cast(), None) };
        if code <= 0 { Err(Error::OutOfShm) } else { Ok(()) }
    }
}

/// What `tm` calls.
pub(super) type Callback =
    unsafe extern "C" fn(cell: *mut sys::cell, event: c_int, params: *mut sys::tmcb_params);

/// # Safety
///
/// For `tm` only.
unsafe extern "C" fn e2e_ack<F>(cell: *mut sys::cell, _: c_int, params: *mut sys::tmcb_params)
where
    F: Fn(&Transaction<'_>, &Msg<'_>) + Copy,
{
    boundary::contain::<F, _>((), || {
        // SAFETY: `tm` holds the transaction and its parameters during this call.
        let Some((transaction, params)) = (unsafe { given(cell, params) }) else { return };
        // SAFETY: the ACK is the message that this process works on.
        if let Some(ack) = unsafe { message(params.req) } {
            item::<F>()(&transaction, &ack);
        }
    });
}

/// # Safety
///
/// For `tm` only.
unsafe extern "C" fn response_ready<F>(
    cell: *mut sys::cell,
    _: c_int,
    params: *mut sys::tmcb_params,
) where
    F: Fn(&Transaction<'_>, &ResponseReady<'_>) + Copy,
{
    boundary::contain::<F, _>((), || {
        // SAFETY: `tm` holds the transaction and its parameters during this call.
        let Some((transaction, params)) = (unsafe { given(cell, params) }) else { return };
        // SAFETY: a reply is that of this process or one that the transaction keeps; either way it
        // stays during this call.
        let relayed = unsafe { message(params.rpl) };
        let Ok(status) = u16::try_from(params.code) else { return };
        item::<F>()(&transaction, &ResponseReady { status, relayed });
    });
}

/// # Safety
///
/// For `tm` only.
pub(super) unsafe extern "C" fn completed<F>(
    cell: *mut sys::cell,
    _: c_int,
    params: *mut sys::tmcb_params,
) where
    F: Fn(&Completed<'_>) + Copy,
{
    boundary::contain::<F, _>((), || {
        // SAFETY: `tm` holds the transaction and its parameters during this call.
        let Some((transaction, params)) = (unsafe { given(cell, params) }) else { return };
        // SAFETY: as in `response_ready`.
        let reply = unsafe { message(params.rpl) };
        let Ok(status) = u16::try_from(params.code) else { return };
        let param: Option<ptr::NonNull<*mut c_void>> = ptr::NonNull::new(params.param);
        // SAFETY: `tm` lends the place where it keeps what was given with the request.
        let token = param.map_or(0, |param| unsafe { param.read() }.addr());
        item::<F>()(&Completed { transaction, status, reply, token });
    });
}

/// # Safety
///
/// Both are null or stay for `'c`.
unsafe fn given<'c>(
    cell: *mut sys::cell,
    params: *mut sys::tmcb_params,
) -> Option<(Transaction<'c>, sys::tmcb_params)> {
    // SAFETY: by the contract of this function.
    let transaction = unsafe { Transaction::from_raw(cell) }?;
    let params = ptr::NonNull::new(params)?;
    // SAFETY: by the contract of this function; a struct of plain values.
    Some((transaction, unsafe { params.read() }))
}

/// The message at `raw`; nothing for null and for `FAKED_REPLY`, the mark of `tm` that a reply is
/// one of its own making.
///
/// # Safety
///
/// Any other `raw` is a message that stays for `'c`.
unsafe fn message<'c>(raw: *mut sys::sip_msg) -> Option<Msg<'c>> {
    let real = !raw.is_null() && raw.addr() != usize::MAX;
    // SAFETY: by the contract of this function. A reply that a transaction keeps is marked so by
    // the core, and must not be added to.
    real.then(|| unsafe { Msg::from_any(raw) })
}
