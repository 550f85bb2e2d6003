//! Subscriptions and publications of this server: the module `pua`.

use crate::{
    error::{Error, Report, Result},
    log::Level,
    sync, text,
};
use core::{
    ffi::{CStr, c_int},
    fmt, mem, ptr,
};
use kamailio_sys::{self as sys, pcscf as raw};

/// The functions of `pua`, bound in `mod_init` and good in every process whose `child_init` it ran.
#[derive(Clone)]
pub struct Pua {
    api: raw::pua_api_t,
}

// SAFETY: addresses of functions, the same in every process; nothing writes to them.
unsafe impl Send for Pua {}
// SAFETY: as for `Send`.
unsafe impl Sync for Pua {}

impl fmt::Debug for Pua {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pua").finish_non_exhaustive()
    }
}

/// A subscription to the event `reg` (RFC 3680) of `presentity`: a new one, or more time for the
/// one there is.
#[derive(Debug, Clone, Copy)]
pub struct Subscription<'t> {
    /// Whose state it is about: Request-URI and `To`.
    pub presentity: &'t [u8],
    /// Who asks: `From`, and the URI of `Contact`.
    pub watcher: &'t [u8],
    /// Where the request goes, if not where the Request-URI leads.
    pub outbound_proxy: Option<&'t [u8]>,
    /// More header fields, each ending with CR LF.
    pub headers: &'t [u8],
    /// Seconds; `pua` adds 10 to what is not 0, which ends the subscription.
    pub expires: u32,
}

/// A publication about the registration of `presentity`.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'t> {
    /// Whose state it is about: Request-URI, `From` and `To`.
    pub presentity: &'t [u8],
    /// By which `pua` knows the publication again.
    pub id: &'t [u8],
    /// The document.
    pub body: &'t [u8],
    /// Its type.
    pub content_type: &'t [u8],
    /// More header fields, each ending with CR LF.
    pub headers: &'t [u8],
    /// Seconds; `pua` adds 1.
    pub expires: u32,
}

/// A dialog as a NOTIFY names it.
#[derive(Debug, Clone, Copy)]
pub struct Dialog<'t> {
    /// The URI of its `From`: whose state it is about.
    pub presentity: &'t [u8],
    /// The URI of its `To`: who asked.
    pub watcher: &'t [u8],
    /// Its `Call-ID`.
    pub call_id: &'t [u8],
    /// The tag of its `To`: ours.
    pub local_tag: &'t [u8],
    /// The tag of its `From`: the notifier's.
    pub remote_tag: &'t [u8],
}

/// Why nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PuaError {
    /// `pua` builds headers in a buffer of fixed size and would write beyond it.
    #[error(
        "the header fields of {method} for {presentity} take {bytes} bytes, at most {HEADERS_MAX} are possible"
    )]
    TooLong {
        /// The method.
        method: &'static str,
        /// Whose state it is about.
        presentity: String,
        /// The length of what is too long.
        bytes: usize,
    },
    /// A text would break the message.
    #[error("{0} has a line end or another control character in its URI")]
    Control(String),
    /// `pua` refused; it has said in the log why.
    #[error("pua refused to send {method} for {presentity} with {code}")]
    Refused {
        /// The method.
        method: &'static str,
        /// Whose state it is about.
        presentity: String,
        /// The code of `pua`.
        code: c_int,
    },
}

impl Report for PuaError {
    fn level(&self) -> Level {
        match self {
            Self::TooLong { .. } | Self::Control(_) => Level::Warning,
            Self::Refused { .. } => Level::Error,
        }
    }
}

/// The buffer of `pua` has 3000 bytes; the fields of its own take less than 200 of them.
pub const HEADERS_MAX: usize = 2800;

impl Pua {
    /// Binds to the module, which must be loaded before this one.
    ///
    /// # Errors
    ///
    /// [`Error::NotLoaded`] if it is not.
    pub fn bind() -> Result<Self> {
        const EXPORT: &CStr = c"bind_pua";
        let missing = Error::NotLoaded { module: "pua", export: "bind_pua" };
        // SAFETY: looks for a function of one parameter.
        let bind = unsafe { sys::find_export(EXPORT.as_ptr().cast_mut(), 1, 0) };
        let Some(bind) = bind else { return Err(missing) };
        type Bind = unsafe extern "C" fn(*mut raw::pua_api_t) -> c_int;
        // SAFETY: a function of this name has this type; the table of the core has another.
        let bind = unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Bind>(bind) };
        // SAFETY: a struct of addresses of functions, for which zeroes are none.
        let mut api: raw::pua_api_t = unsafe { mem::zeroed() };
        // SAFETY: `api` is the struct that the module fills.
        let code = unsafe { bind(&raw mut api) };
        let whole = api.send_subscribe.is_some() && api.send_publish.is_some();
        if code < 0 || !whole { Err(missing) } else { Ok(Self { api }) }
    }

    /// Sends SUBSCRIBE. May run `event_route[tm:local-request]` and wait for DNS and a database:
    /// no lock may be held.
    ///
    /// # Errors
    ///
    /// [`PuaError`]; nothing has been sent then.
    pub fn subscribe(&self, wanted: &Subscription<'_>) -> Result<(), PuaError> {
        sync::assert_unlocked();
        const METHOD: &str = "SUBSCRIBE";
        let bytes = wanted.watcher.len().saturating_add(wanted.headers.len());
        check(METHOD, wanted.presentity, wanted.watcher, bytes)?;
        let mut presentity = text::lend(wanted.presentity);
        let mut watcher = text::lend(wanted.watcher);
        let mut target = text::lend(wanted.presentity);
        let mut contact = text::lend(wanted.watcher);
        let mut headers = text::lend(wanted.headers);
        let mut proxy = text::lend(wanted.outbound_proxy.unwrap_or_default());
        // SAFETY: a struct of texts and numbers, for which zeroes are none.
        let mut subscription: raw::subs_info_t = unsafe { mem::zeroed() };
        subscription.pres_uri = &raw mut presentity;
        subscription.watcher_uri = &raw mut watcher;
        subscription.contact = &raw mut contact;
        subscription.remote_target = &raw mut target;
        subscription.outbound_proxy = if proxy.len > 0 { &raw mut proxy } else { ptr::null_mut() };
        subscription.extra_headers = &raw mut headers;
        subscription.event = raw::KS_PUA_REGINFO_EVENT;
        subscription.expires = c_int::try_from(wanted.expires).unwrap_or(c_int::MAX - 10);
        subscription.source_flag = raw::KS_PUA_REGINFO_SUBSCRIBE;
        subscription.flag = raw::KS_PUA_UPDATE;
        // SAFETY: checked in `bind`; all texts live during the call, and `pua` copies what it keeps.
        let code =
            self.api.send_subscribe.map_or(-1, |send| unsafe { send(&raw mut subscription) });
        done(METHOD, wanted.presentity, code)
    }

    /// Sends PUBLISH; see [`Pua::subscribe`].
    ///
    /// # Errors
    ///
    /// As [`Pua::subscribe`].
    pub fn publish(&self, wanted: &Publication<'_>) -> Result<(), PuaError> {
        sync::assert_unlocked();
        const METHOD: &str = "PUBLISH";
        let bytes = wanted.headers.len().saturating_add(wanted.content_type.len());
        check(METHOD, wanted.presentity, wanted.content_type, bytes)?;
        let mut presentity = text::lend(wanted.presentity);
        let mut headers = text::lend(wanted.headers);
        let mut body = text::lend(wanted.body);
        // SAFETY: a struct of texts and numbers, for which zeroes are none.
        let mut publication: raw::publ_info_t = unsafe { mem::zeroed() };
        publication.pres_uri = &raw mut presentity;
        publication.id = text::lend(wanted.id);
        publication.body = &raw mut body;
        publication.content_type = text::lend(wanted.content_type);
        publication.extra_headers = &raw mut headers;
        publication.event = raw::KS_PUA_REGINFO_EVENT;
        publication.expires = c_int::try_from(wanted.expires).unwrap_or(c_int::MAX - 1);
        publication.source_flag = raw::KS_PUA_REGINFO_PUBLISH;
        publication.flag = raw::KS_PUA_UPDATE;
        // SAFETY: as in `subscribe`.
        let code = self.api.send_publish.map_or(-1, |send| unsafe { send(&raw mut publication) });
        done(METHOD, wanted.presentity, code)
    }

    /// Whether `dialog` is one of a subscription to the event `reg` that this server has made: an
    /// established one, or one whose SUBSCRIBE has not been answered yet.
    pub fn has_dialog(&self, dialog: &Dialog<'_>) -> bool {
        sync::assert_unlocked();
        let Some(look) = self.api.is_dialog else { return false };
        // `pua` compares as many bytes as its own text has, so each of ours ends with a zero.
        let ended = [dialog.call_id, dialog.local_tag, dialog.remote_tag]
            .map(|text| [text, b"\0"].concat());
        let [call_id, local_tag, remote_tag] = &ended;
        let mut presentity = text::lend(dialog.presentity);
        let mut watcher = text::lend(dialog.watcher);
        // SAFETY: a struct of texts and numbers, for which zeroes are none.
        let mut wanted: raw::ua_pres_t = unsafe { mem::zeroed() };
        wanted.pres_uri = &raw mut presentity;
        wanted.watcher_uri = &raw mut watcher;
        wanted.call_id = without_end(call_id);
        wanted.from_tag = without_end(local_tag);
        wanted.to_tag = without_end(remote_tag);
        wanted.event = raw::KS_PUA_REGINFO_EVENT;
        wanted.flag = raw::KS_PUA_REGINFO_SUBSCRIBE;
        // SAFETY: all texts live during the call, which only compares them.
        if unsafe { look(&raw mut wanted) } >= 0 {
            return true;
        }
        // In the database of `pua` a dialog that is not established has no tag of the notifier.
        wanted.to_tag = sys::str_ { s: wanted.to_tag.s, len: 0 };
        // SAFETY: as above.
        unsafe { look(&raw mut wanted) >= 0 }
    }
}

/// A string of the core that shows `text` but for its last byte.
fn without_end(text: &[u8]) -> sys::str_ {
    let lent = text::lend(text);
    sys::str_ { len: lent.len.saturating_sub(1), ..lent }
}

fn check(
    method: &'static str,
    presentity: &[u8],
    other: &[u8],
    bytes: usize,
) -> Result<(), PuaError> {
    if let Some(bad) =
        [presentity, other].into_iter().find(|text| text.iter().any(u8::is_ascii_control))
    {
        return Err(PuaError::Control(show(bad)));
    }
    if bytes > HEADERS_MAX {
        return Err(PuaError::TooLong { method, presentity: show(presentity), bytes });
    }
    Ok(())
}

fn done(method: &'static str, presentity: &[u8], code: c_int) -> Result<(), PuaError> {
    if code >= 0 {
        return Ok(());
    }
    Err(PuaError::Refused { method, presentity: show(presentity), code })
}

/// The beginning of `text`, for the log.
fn show(text: &[u8]) -> String {
    String::from_utf8_lossy(text.get(..200).unwrap_or(text)).into_owned()
}
