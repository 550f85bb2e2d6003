//! Replies: the module `sl`.

use crate::{
    boundary,
    error::{Error, Result},
    module::item,
    msg::Msg,
    sync, text,
};
use core::{fmt, mem, ptr};
use kamailio_sys as sys;

/// The functions of `sl`, bound in `mod_init` and good in every process.
#[derive(Clone)]
pub struct Sl {
    api: sys::sl_api_t,
}

// SAFETY: addresses of functions, the same in every process; nothing writes to them.
unsafe impl Send for Sl {}
// SAFETY: as for `Send`.
unsafe impl Sync for Sl {}

impl fmt::Debug for Sl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sl").finish_non_exhaustive()
    }
}

/// A function that this version of `sl` does not have.
const fn lacks(export: &'static str) -> Error {
    Error::NotLoaded { module: "sl", export }
}

impl Sl {
    /// Binds to the module `sl`, which must be loaded before this one.
    ///
    /// # Errors
    ///
    /// [`Error::NotLoaded`] if it is not.
    pub fn bind() -> Result<Self> {
        // SAFETY: a struct of optional functions, for which zeroes are none.
        let mut api: sys::sl_api_t = unsafe { mem::zeroed() };
        // SAFETY: `api` is the struct that `sl` fills.
        let code = unsafe { sys::sl_load_api(&raw mut api) };
        if code < 0 { Err(lacks("bind_sl")) } else { Ok(Self { api }) }
    }

    /// Replies to the request `msg`: through its transaction if it has one, statelessly otherwise.
    ///
    /// Headers of [`Msg::add_reply_header`] go with it. Callbacks of other modules may run: no
    /// lock may be held.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if the reply could not be made or sent.
    pub fn reply(&self, msg: &Msg<'_>, status: u16, reason: &str) -> Result<()> {
        sync::assert_unlocked();
        let reply = self.api.freply.ok_or(lacks("freply"))?;
        let mut reason = text::lend(reason.as_bytes());
        // SAFETY: `msg` is the message that this process works on, and `sl` copies the reason.
        let code = unsafe { reply(msg.as_raw(), status.into(), &raw mut reason) };
        if code < 0 { Err(Error::Core { call: "freply", code }) } else { Ok(()) }
    }

    /// The tag that `To` will have in the replies of this server to the request `msg`.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if `sl` makes none.
    pub fn reply_to_tag(&self, msg: &Msg<'_>) -> Result<Vec<u8>> {
        let get = self.api.get_reply_totag.ok_or(lacks("get_reply_totag"))?;
        let mut tag = sys::str_ { s: ptr::null_mut(), len: 0 };
        // SAFETY: `msg` is the message that this process works on.
        let code = unsafe { get(msg.as_raw(), &raw mut tag) };
        // SAFETY: `sl` shows a buffer of its own that stays until the next call.
        let tag = unsafe { text::bytes(tag) }.filter(|tag| code >= 0 && !tag.is_empty());
        tag.map(<[u8]>::to_vec).ok_or(Error::Core { call: "get_reply_totag", code })
    }

    /// Calls `F` with the request and the status of every stateless reply before it is sent. For
    /// `mod_init` only.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`].
    pub fn on_reply_ready<F>(&self, _: F) -> Result<()>
    where
        F: Fn(&Msg<'_>, u16) + Copy,
    {
        let register = self.api.register_cb.ok_or(lacks("register_cb"))?;
        let mut element = sys::sl_cbelem_t {
            type_: sys::SLCB_REPLY_READY,
            cbf: Some(reply_ready::<F>),
            cbp: ptr::null_mut(),
            next: ptr::null_mut(),
        };
        // SAFETY: `sl` copies the element; the callback is code of a module that is never unloaded.
        let code = unsafe { register(&raw mut element) };
        if code < 0 { Err(Error::OutOfShm) } else { Ok(()) }
    }
}

/// # Safety
///
/// For `sl` only.
unsafe extern "C" fn reply_ready<F>(params: *mut sys::sl_cbp_t)
where
    F: Fn(&Msg<'_>, u16) + Copy,
{
    boundary::contain::<F, _>((), || {
        let Some(params) = ptr::NonNull::new(params) else { return };
        // SAFETY: `sl` lends the parameters for this call; a struct of plain values.
        let params = unsafe { params.read() };
        let Ok(status) = u16::try_from(params.code) else { return };
        if params.req.is_null() {
            return;
        }
        // SAFETY: the request is the message that this process works on.
        let msg = unsafe { Msg::from_any(params.req) };
        item::<F>()(&msg, status);
    });
}
