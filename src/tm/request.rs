//! Requests of our own.

use super::{Completed, Tm, callback};
use crate::{error::Report, msg::Routes, socket::Socket, sync, text};
use core::{ffi::c_void, mem, ptr};
use kamailio_sys as sys;

/// A request within a dialog that a module keeps itself.
///
/// Texts go into the message as they are: whoever takes them from a peer checks them there.
#[derive(Debug, Clone, Copy)]
pub struct InDialog<'r> {
    /// The method, such as `NOTIFY`.
    pub method: &'r [u8],
    /// The URI of `From`.
    pub local_uri: &'r [u8],
    /// The URI of `To`.
    pub remote_uri: &'r [u8],
    /// The Request-URI: the Contact of the peer.
    pub target: &'r [u8],
    /// The `Call-ID`.
    pub call_id: &'r [u8],
    /// The tag of `From`.
    pub local_tag: &'r [u8],
    /// The tag of `To`.
    pub remote_tag: &'r [u8],
    /// The number of `CSeq`, at least 1.
    pub cseq: u32,
    /// The route set, as `Route` lists it; may be empty.
    pub routes: &'r [u8],
    /// More header fields, each ending with CR LF; may be empty.
    pub headers: &'r [u8],
    /// The body; may be empty.
    pub body: &'r [u8],
    /// The socket that it leaves by; nothing: the one that the core chooses.
    pub socket: Option<Socket>,
}

/// Why a request was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The route set is no list of addresses in angle brackets.
    #[error("route set {0:?} cannot be read")]
    Routes(String),
    /// `tm` lacks the function.
    #[error("module tm cannot send requests within a dialog")]
    Unsupported,
    /// `tm` refused; it has said in the log why.
    #[error("tm refused to send {method} to {target} with {code}")]
    Refused {
        /// The method of the request.
        method: String,
        /// The Request-URI.
        target: String,
        /// The code of `tm`: a negative error number of the core.
        code: i32,
    },
}

impl Report for RequestError {}

impl Tm {
    /// Sends `request` and leaves retransmissions and the reply to `tm`.
    ///
    /// May run `event_route[tm:local-request]` and wait for DNS: no lock may be held.
    ///
    /// # Errors
    ///
    /// [`RequestError`]; nothing has been sent then.
    pub fn request_within(&self, request: &InDialog<'_>) -> Result<(), RequestError> {
        self.send(request, 0, None, ptr::null_mut())
    }

    /// As [`Tm::request_within`]; `F` is called when the final reply comes or none came in time.
    ///
    /// It runs in whichever process gets the reply or runs the timer, so `token` tells it which
    /// request this is. It may run more than once if several replies come, and never after an
    /// error.
    ///
    /// # Errors
    ///
    /// As [`Tm::request_within`].
    pub fn request_within_then<F>(
        &self,
        request: &InDialog<'_>,
        token: usize,
        _: F,
    ) -> Result<(), RequestError>
    where
        F: Fn(&Completed<'_>) + Copy,
    {
        let token = ptr::without_provenance_mut(token);
        self.send(request, sys::TMCB_LOCAL_COMPLETED, Some(callback::completed::<F>), token)
    }

    fn send(
        &self,
        request: &InDialog<'_>,
        event: u32,
        callback: sys::transaction_cb,
        token: *mut c_void,
    ) -> Result<(), RequestError> {
        sync::assert_unlocked();
        let send = self.api.t_request_within.ok_or(RequestError::Unsupported)?;
        let routes = match request.routes {
            [] => None,
            given => Some(Routes::parse(given).ok_or_else(|| RequestError::Routes(show(given)))?),
        };
        let mut dialog = dialog(request, routes.as_ref());
        let mut method = text::lend(request.method);
        let mut headers = text::lend(request.headers);
        let mut body = text::lend(request.body);
        // SAFETY: a struct of addresses and numbers, for which zeroes are none; later versions of
        // `tm` have more of them.
        let mut uac: sys::uac_req_t = unsafe { mem::zeroed() };
        uac.method = &raw mut method;
        uac.headers = &raw mut headers;
        uac.body = if body.len > 0 { &raw mut body } else { ptr::null_mut() };
        uac.dialog = &raw mut dialog;
        // `int` up to 5.8, `unsigned int` after; an event is a small number.
        uac.cb_flags = event as _;
        uac.cb = callback;
        uac.cbp = token;
        // SAFETY: all that `uac` points to lives until the end of this function, and `tm` copies
        // what it keeps. The token is a number to `tm`.
        let code = unsafe { send(&raw mut uac) };
        if code >= 0 {
            return Ok(());
        }
        Err(RequestError::Refused {
            method: show(request.method),
            target: show(request.target),
            code,
        })
    }
}

/// The dialog of `request` as `tm` wants it; it borrows all its texts.
fn dialog(request: &InDialog<'_>, routes: Option<&Routes<'_>>) -> sys::dlg_t {
    // SAFETY: a struct of addresses and numbers, for which zeroes are none.
    let mut dialog: sys::dlg_t = unsafe { mem::zeroed() };
    dialog.id.call_id = text::lend(request.call_id);
    dialog.id.loc_tag = text::lend(request.local_tag);
    dialog.id.rem_tag = text::lend(request.remote_tag);
    // `tm` counts up before it sends.
    dialog.loc_seq.value = request.cseq.saturating_sub(1);
    dialog.loc_seq.is_set = 1;
    dialog.loc_uri = text::lend(request.local_uri);
    dialog.rem_uri = text::lend(request.remote_uri);
    dialog.rem_target = text::lend(request.target);
    dialog.state = sys::dlg_state::DLG_CONFIRMED;
    dialog.send_sock = request.socket.map_or(ptr::null_mut(), Socket::as_raw);
    dialog.route_set = routes.map_or(ptr::null_mut(), Routes::as_raw);
    dialog
}

fn show(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
