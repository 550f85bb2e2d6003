//! Transactions that wait for something else, such as the answer of a database or of an HSS.

use super::Tm;
use crate::{
    error::{Error, Report, Result},
    log::Level,
    msg::Msg,
    script::{Block, Verdict},
    shm::ShmSafe,
    sync, text,
};
use core::{mem, ptr};
use kamailio_sys as sys;

/// A transaction that waits: by this any process finds it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspended {
    index: u32,
    label: u32,
}

// SAFETY: plain numbers, which mean the same in every process.
unsafe impl ShmSafe for Suspended {}

/// Why a request does not wait.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSuspended {
    /// It came before; `tm` has repeated the reply if there was one.
    #[error("the request is a retransmission")]
    Retransmission,
    /// It was cancelled.
    #[error("the request was cancelled")]
    Cancelled,
    /// It has its final reply: the script has given one before.
    #[error("the request was answered before")]
    Answered,
    /// `tm` refused.
    #[error(transparent)]
    Core(#[from] Error),
}

impl Report for NotSuspended {
    fn level(&self) -> Level {
        match self {
            Self::Retransmission | Self::Cancelled => Level::Debug,
            Self::Answered | Self::Core(_) => Level::Error,
        }
    }

    fn verdict(&self) -> Verdict {
        Verdict::DROP
    }
}

/// Where a request goes on that has waited.
#[derive(Debug, Clone, Copy)]
pub enum Resume<'n> {
    /// A block of the native script.
    Block(Block),
    /// A function of a script in another language.
    Function(&'n [u8]),
}

/// A function that this version of `tm` does not have.
const fn lacks(export: &'static str) -> Error {
    Error::NotLoaded { module: "tm", export }
}

impl Tm {
    /// Makes a transaction of the request `msg` unless it has one, and lets it wait: the script
    /// should end now. The headers of `msg` should have been parsed before.
    ///
    /// The timer of `tm` for a final response goes on: it ends what is never resumed.
    ///
    /// # Errors
    ///
    /// [`NotSuspended`]
    pub fn suspend(&self, msg: &Msg<'_>) -> Result<Suspended, NotSuspended> {
        if self.current().is_none() {
            let make = self.api.t_newtran.ok_or(lacks("t_newtran"))?;
            // SAFETY: `msg` is the message that this process works on.
            let code = unsafe { make(msg.as_raw()) };
            if code == 0 {
                return Err(NotSuspended::Retransmission);
            }
            if code < 0 || self.current().is_none() {
                return Err(Error::Core { call: "t_newtran", code }.into());
            }
        }
        let suspend = self.api.t_suspend.ok_or(lacks("t_suspend"))?;
        let mut waiting = Suspended { index: 0, label: 0 };
        let (index, label) = (&raw mut waiting.index, &raw mut waiting.label);
        // SAFETY: as above; `tm` writes the two numbers.
        match unsafe { suspend(msg.as_raw(), index, label) } {
            0 => Ok(waiting),
            1 => Err(NotSuspended::Cancelled),
            -3 => Err(NotSuspended::Answered),
            code => Err(Error::Core { call: "t_suspend", code }.into()),
        }
    }

    /// Takes [`Tm::suspend`] back, in the call that made it: the script goes on.
    ///
    /// # Errors
    ///
    /// [`Error::Core`]
    pub fn cancel_suspension(&self, waiting: Suspended) -> Result<()> {
        let cancel = self.api.t_cancel_suspend.ok_or(lacks("t_cancel_suspend"))?;
        // SAFETY: compares the numbers with those of the current transaction.
        let code = unsafe { cancel(waiting.index, waiting.label) };
        if code < 0 { Err(Error::Core { call: "t_cancel_suspend", code }) } else { Ok(()) }
    }

    /// Goes on with a request that waited, in this process and before this returns: whatever the
    /// script does then happens here. Also after a final reply was sent.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if there is no such transaction any more.
    pub fn resume(&self, waiting: Suspended, resume: Resume<'_>) -> Result<()> {
        sync::assert_unlocked();
        let code = match resume {
            Resume::Block(block) => {
                let go_on = self.api.t_continue_skip_timer.ok_or(lacks("t_continue_skip_timer"))?;
                // SAFETY: a block of the script, and numbers.
                unsafe { go_on(waiting.index, waiting.label, block.as_raw()) }
            }
            Resume::Function(name) => {
                let go_on = self.api.t_continue_cb.ok_or(lacks("t_continue_cb"))?;
                // The script may read it to its zero byte.
                let name = [name, b"\0"].concat();
                let mut name = text::lend(name.get(..name.len() - 1).unwrap_or_default());
                let mut none = sys::str_ { s: ptr::null_mut(), len: 0 };
                // SAFETY: the name lives during the call.
                unsafe { go_on(waiting.index, waiting.label, &raw mut name, &raw mut none) }
            }
        };
        if code < 0 { Err(Error::Core { call: "t_continue", code }) } else { Ok(()) }
    }

    /// The transaction that waits, kept alive until this is dropped; nothing if it is over.
    pub fn waiting(&self, waiting: Suspended) -> Option<Waiting<'_>> {
        let find = self.api.t_lookup_ident?;
        let now = self.api.t_gett?;
        let branch = self.api.t_gett_branch?;
        // SAFETY: looks at the state of this process only.
        let before = unsafe { now() };
        // SAFETY: as above.
        let before_branch = unsafe { branch() };
        let mut cell = ptr::null_mut();
        // SAFETY: `tm` looks the numbers up and writes the address; it counts a reference for us.
        let code = unsafe { find(&raw mut cell, waiting.index, waiting.label) };
        let found = ptr::NonNull::new(cell).filter(|_| code >= 0);
        if found.is_none() {
            // SAFETY: what was there before.
            unsafe { self.put_back(before, before_branch) };
        }
        found.map(|cell| Waiting { tm: self, cell, before, before_branch, counted: true })
    }

    /// # Safety
    ///
    /// `cell` and `branch` were the current ones of this process.
    unsafe fn put_back(&self, cell: *mut sys::cell, branch: i32) {
        if let Some(set) = self.api.t_sett {
            // SAFETY: by the contract of this function.
            unsafe { set(cell, branch) };
        }
    }
}

/// A transaction that was found again; it is the current one of this process meanwhile.
#[derive(Debug)]
pub struct Waiting<'t> {
    tm: &'t Tm,
    cell: ptr::NonNull<sys::cell>,
    before: *mut sys::cell,
    before_branch: i32,
    /// Whether a reference is counted for this.
    counted: bool,
}

impl Waiting<'_> {
    /// Runs `work` with the AVPs of the transaction in the place of those of this process.
    pub fn with_avps<R>(&self, work: impl FnOnce() -> R) -> R {
        // SAFETY: an array of addresses, for which zeroes are none.
        let mut before: sys::ks_avp_lists = unsafe { mem::zeroed() };
        // SAFETY: the transaction stays until `self` is dropped.
        unsafe { sys::ks_tm_take_avps(self.cell.as_ptr(), &raw mut before) };
        let back = GiveBack(before);
        let result = work();
        drop(back);
        result
    }

    /// Whether it has its final reply: its time was over, or somebody else has replied.
    pub fn is_answered(&self) -> bool {
        // SAFETY: the transaction stays until `self` is dropped.
        let status = unsafe { (*self.cell.as_ptr()).uas.status };
        status >= 200
    }

    /// The request, to be read only.
    pub fn request(&self) -> Option<Msg<'_>> {
        // SAFETY: the transaction stays until `self` is dropped.
        let request = unsafe { (*self.cell.as_ptr()).uas.request };
        // SAFETY: the copy belongs to the transaction.
        (!request.is_null()).then(|| unsafe { Msg::from_shared(request) })
    }

    /// The tag that `To` is to get: none if the request has one already.
    fn to_tag(&self) -> Result<sys::str_> {
        let request = self.request().ok_or(Error::Core { call: "t_reply_with_body", code: -1 })?;
        let mut tag = sys::str_ { s: ptr::null_mut(), len: 0 };
        if request.to().is_ok_and(|to| to.tag.is_some()) {
            return Ok(tag);
        }
        let make = self.tm.api.t_get_reply_totag.ok_or(lacks("t_get_reply_totag"))?;
        // SAFETY: reads the request; the text lies in a buffer of `tm` until the next call.
        match unsafe { make(request.as_raw(), &raw mut tag) } {
            code if code < 0 => Err(Error::Core { call: "t_get_reply_totag", code }),
            _ => Ok(tag),
        }
    }

    /// Gives the final reply `status` with `headers`, each ending with CR LF.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if `tm` cannot build or send it: it has replied already, or memory is short.
    pub fn reply(mut self, status: u16, reason: &[u8], headers: &[u8]) -> Result<()> {
        sync::assert_unlocked();
        let reply = self.tm.api.t_reply_with_body.ok_or(lacks("t_reply_with_body"))?;
        let mut tag = self.to_tag()?;
        let (mut reason, mut headers) = (text::lend(reason), text::lend(headers));
        let mut none = sys::str_ { s: ptr::null_mut(), len: 0 };
        // It gives the reference back, whatever becomes of the reply.
        self.counted = false;
        // SAFETY: the transaction is ours to reply to; the texts live during the call.
        let code = unsafe {
            reply(
                self.cell.as_ptr(),
                status.into(),
                &raw mut reason,
                &raw mut none,
                &raw mut headers,
                &raw mut tag,
            )
        };
        if code < 0 { Err(Error::Core { call: "t_reply_with_body", code }) } else { Ok(()) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.counted
            && let Some(unref) = self.tm.api.unref_cell
        {
            // SAFETY: counted in `Tm::waiting`.
            unsafe { unref(self.cell.as_ptr()) };
        }
        // SAFETY: what was there before.
        unsafe { self.tm.put_back(self.before, self.before_branch) };
    }
}

/// Puts the lists of AVPs back, also when what runs inside panics.
struct GiveBack(sys::ks_avp_lists);

impl Drop for GiveBack {
    fn drop(&mut self) {
        // SAFETY: the lists that this process had before.
        unsafe { sys::ks_tm_give_back_avps(&raw const self.0) };
    }
}
