//! Requests of our own.

use super::{Avps, Cdp, Part, lacks};
use crate::{
    boundary,
    error::{Error, Report},
    module::item,
    process, sync, text,
};
use core::{
    ffi::{c_int, c_long, c_void},
    mem,
    ptr::{self, NonNull},
};
use kamailio_sys::cdp as raw;

/// What a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// The application, such as 16777216 for Cx.
    pub application: u32,
    /// The command, such as 301 for Server-Assignment.
    pub code: u32,
    /// Whether it may be passed on by proxies.
    pub proxiable: bool,
}

/// The end of a request of ours.
#[derive(Debug)]
pub struct Answered<'a> {
    /// What the sender gave to recognise it.
    pub token: usize,
    /// What was answered; nothing if nothing was in time. Then `cdp` holds the list of its
    /// transactions: no request may be sent from there.
    pub answer: Option<Avps<'a>>,
    /// How long it took, in milliseconds.
    pub elapsed: u32,
}

/// Why a request was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSent {
    /// No peer for it is connected, or the one that was named is not; `cdp` has said in the log
    /// which. It may have noted the request nevertheless, so the callback can run later.
    #[error("no diameter peer took the request")]
    NoPeer,
    /// It could not be built.
    #[error(transparent)]
    Core(#[from] Error),
}

impl Report for NotSent {}

impl Cdp {
    /// Sends a request with `parts` in a session of its own, to `peer` or to whom the routes of `cdp`
    /// lead. `F` is called with the answer, or when none came in time, in a process of `cdp`;
    /// `token` tells it which request this is. It may run before this returns.
    ///
    /// # Errors
    ///
    /// [`NotSent`]
    pub fn request<'a, F>(
        &self,
        command: Command,
        parts: impl IntoIterator<Item = Part<'a>>,
        peer: Option<&[u8]>,
        token: usize,
        _: F,
    ) -> Result<(), NotSent>
    where
        F: Fn(&Answered<'_>) + Copy,
    {
        sync::assert_unlocked();
        let message = self.create(command)?;
        for part in parts {
            message.add(&part)?;
        }
        let token = ptr::without_provenance_mut::<c_void>(token);
        let message = message.give_away();
        let code = match peer {
            None => {
                let send = self.api.AAASendMessage.ok_or(lacks("AAASendMessage"))?;
                // SAFETY: `cdp` owns the message from here on, also if it fails; the callback is code
                // of a module that is never unloaded.
                unsafe { send(message, Some(answered::<F>), token) }
            }
            Some(peer) => {
                let send = self.api.AAASendMessageToPeer.ok_or(lacks("AAASendMessageToPeer"))?;
                let mut peer = text::lend(peer);
                // SAFETY: as above; the name is only compared.
                unsafe { send(message, &raw mut peer, Some(answered::<F>), token) }
            }
        };
        // It says 1 for success, whatever its type says.
        if code == 1 { Ok(()) } else { Err(NotSent::NoPeer) }
    }

    /// An empty request in a session of its own.
    fn create(&self, command: Command) -> Result<Message<'_>, Error> {
        const PROXIABLE: u8 = 0x40;
        let create = self.api.AAACreateRequest.ok_or(lacks("AAACreateRequest"))?;
        let begin = self.api.AAACreateSession.ok_or(lacks("AAACreateSession"))?;
        let end = self.api.AAADropSession.ok_or(lacks("AAADropSession"))?;
        // SAFETY: makes a name that is used once.
        let session = unsafe { begin(ptr::null_mut()) };
        if session.is_null() {
            return Err(Error::OutOfShm);
        }
        let flags = if command.proxiable { PROXIABLE } else { 0 };
        // SAFETY: the request takes a copy of the name.
        let made = unsafe { create(command.application, command.code, flags, session) };
        // SAFETY: made above; nobody else has it.
        unsafe { end(session) };
        let raw = NonNull::new(made).ok_or(Error::OutOfShm)?;
        Ok(Message { raw, cdp: self })
    }
}

/// A message under construction, freed when dropped.
pub(super) struct Message<'c> {
    raw: NonNull<raw::AAAMessage>,
    cdp: &'c Cdp,
}

impl<'c> Message<'c> {
    /// # Safety
    ///
    /// `raw` is a new message that nobody else has.
    pub(super) unsafe fn from_raw(cdp: &'c Cdp, raw: NonNull<raw::AAAMessage>) -> Self {
        Self { raw, cdp }
    }

    pub(super) fn add(&self, part: &Part<'_>) -> Result<(), Error> {
        // SAFETY: the message is under construction.
        unsafe { self.cdp.add(self.raw, part) }
    }

    /// The message, which the caller gives to `cdp`.
    pub(super) fn give_away(self) -> *mut raw::AAAMessage {
        mem::ManuallyDrop::new(self).raw.as_ptr()
    }
}

impl Drop for Message<'_> {
    fn drop(&mut self) {
        let mut message = self.raw.as_ptr();
        if let Some(free) = self.cdp.api.AAAFreeMessage {
            // SAFETY: nobody else has the message.
            unsafe { free(&raw mut message) };
        }
    }
}

/// # Safety
///
/// For `cdp` only: `answer` is null or an answer that this process is to free.
unsafe extern "C" fn answered<F>(
    timeout: c_int,
    token: *mut c_void,
    answer: *mut raw::AAAMessage,
    elapsed: c_long,
) where
    F: Fn(&Answered<'_>) + Copy,
{
    boundary::contain::<F, _>((), || {
        process::renew_settings();
        let answer = NonNull::new(answer);
        let cdp = super::bound();
        let owned = answer.zip(cdp).map(|(raw, cdp)| Message { raw, cdp });
        let given = owned.as_ref().filter(|_| timeout == 0);
        // SAFETY: the answer stays until `owned` is dropped.
        let answer = given.map(|owned| unsafe { Avps::of(owned.raw) });
        let elapsed = u32::try_from(elapsed).unwrap_or(0);
        item::<F>()(&Answered { token: token.addr(), answer, elapsed });
        drop(owned);
    });
}
