//! Requests of the peers.

use super::{Avp, Avps, Cdp, Part, lacks, request::Message};
use crate::{
    boundary,
    error::{Error, Result},
    module::item,
    process,
};
use core::{
    ffi::c_void,
    ptr::{self, NonNull},
};
use kamailio_sys::cdp as raw;

/// A request of a peer.
#[derive(Debug)]
pub struct Incoming<'r> {
    /// The application, such as 16777216 for Cx.
    pub application: u32,
    /// The command, such as 304 for Registration-Termination.
    pub code: u32,
    /// Its parts.
    pub avps: Avps<'r>,
}

/// What becomes of a request of a peer.
#[derive(Debug)]
pub enum Outcome<A> {
    /// It is for somebody else.
    NotOurs,
    /// It is answered with these parts, behind those of the session and the origin.
    Answer(A),
}

impl Cdp {
    /// Calls `F` with each request that a peer sends, in a process of `cdp`. What is to be done once
    /// the answer is on its way cannot be known here.
    ///
    /// For one process of the server, once: all processes of `cdp` look at the same list.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]
    pub fn on_request<F, A>(&self, _: F) -> Result<()>
    where
        F: Fn(&Incoming<'_>) -> Outcome<A> + Copy,
        A: AsRef<[OwnedAvp]>,
    {
        let add = self.api.AAAAddRequestHandler.ok_or(lacks("AAAAddRequestHandler"))?;
        // SAFETY: the callback is code of a module that is never unloaded, and has no parameter.
        let code = unsafe { add(Some(incoming::<F, A>), ptr::null_mut()) };
        if code == 1 { Ok(()) } else { Err(Error::OutOfShm) }
    }
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedAvp {
    /// As in [`Avp`].
    pub code: u32,
    /// As in [`Avp`].
    pub vendor: u32,
    /// As in [`Avp`].
    pub flags: u8,
    /// As in [`Avp`].
    pub data: Vec<u8>,
}

impl OwnedAvp {
    fn lend(&self) -> Avp<'_> {
        Avp { code: self.code, vendor: self.vendor, flags: self.flags, data: &self.data }
    }
}

/// # Safety
///
/// For `cdp` only: `request` stays during the call.
unsafe extern "C" fn incoming<F, A>(
    request: *mut raw::AAAMessage,
    _: *mut c_void,
) -> *mut raw::AAAMessage
where
    F: Fn(&Incoming<'_>) -> Outcome<A> + Copy,
    A: AsRef<[OwnedAvp]>,
{
    boundary::contain::<F, _>(ptr::null_mut(), || {
        process::renew_settings();
        let Some(request) = NonNull::new(request) else { return ptr::null_mut() };
        // SAFETY: by the contract of this function; plain values.
        let head = unsafe { request.read() };
        // SAFETY: by the contract of this function.
        let avps = unsafe { Avps::of(request) };
        let given = Incoming { application: head.applicationId, code: head.commandCode, avps };
        let Outcome::Answer(avps) = item::<F>()(&given) else { return ptr::null_mut() };
        let answer = super::bound().ok_or(lacks("AAACreateResponse")).and_then(|cdp| {
            let create = cdp.api.AAACreateResponse.ok_or(lacks("AAACreateResponse"))?;
            // SAFETY: copies from the request what an answer repeats.
            let made = NonNull::new(unsafe { create(request.as_ptr()) }).ok_or(Error::OutOfShm)?;
            // SAFETY: made above.
            let message = unsafe { Message::from_raw(cdp, made) };
            for avp in avps.as_ref() {
                message.add(&Part::Copied(avp.lend()))?;
            }
            Ok(message.give_away())
        });
        answer.unwrap_or_else(|error| {
            boundary::refuse::<F>(&error);
            ptr::null_mut()
        })
    })
}
