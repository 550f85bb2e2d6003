//! The body of a message.

use super::Msg;
use crate::text;
use core::{iter, ptr::NonNull};
use kamailio_sys as sys;

/// What the audio or video of a session description is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// The message carries no session description that the core can read.
    Absent,
    /// Streams flow.
    Flowing,
    /// At least one stream is on hold: `a=sendonly`, `a=inactive` or the address `0.0.0.0`.
    Held,
}

impl Msg<'_> {
    /// The bytes behind the empty line; empty if there is none or the headers are broken.
    pub fn body(&self) -> &[u8] {
        if self.parse().is_err() {
            return &[];
        }
        // SAFETY: all headers are parsed, so this only looks up where they end.
        let start = unsafe { sys::get_body(self.as_raw()) };
        // SAFETY: `raw` is a message for as long as `self` lives.
        let buffer = unsafe { (*self.as_raw()).buf };
        // SAFETY: as above.
        let len = unsafe { (*self.as_raw()).len };
        let skipped = start.addr().checked_sub(buffer.addr());
        let skipped = skipped.and_then(|skipped| i32::try_from(skipped).ok());
        let len = i32::try_from(len).ok().zip(skipped).and_then(|(len, at)| len.checked_sub(at));
        // SAFETY: from `start` on the rest of the buffer, which stays for as long as `self` lives.
        let body = len.and_then(|len| unsafe { text::bytes(sys::str_ { s: start, len }) });
        body.unwrap_or_default()
    }

    /// Whether the session description puts a stream on hold, also one in a multipart body.
    ///
    /// A message in shared memory counts as one without: the core keeps what it finds with the
    /// message, and only this process could read it there.
    pub fn media(&self) -> Media {
        if self.shared || self.body().is_empty() || self.header(b"Content-Type").is_none() {
            return Media::Absent;
        }
        // SAFETY: a message of this process; the core frees with it what it attaches now.
        let code = unsafe { sys::parse_sdp(self.as_raw()) };
        // SAFETY: as above.
        let sessions = unsafe { sys::get_sdp_session_num(self.as_raw()) };
        if code != 0 || sessions <= 0 {
            return Media::Absent;
        }
        let held = (0..sessions).any(|session| self.on_hold(session));
        if held { Media::Held } else { Media::Flowing }
    }

    /// Whether a stream of session `number` is on hold.
    fn on_hold(&self, number: i32) -> bool {
        // SAFETY: looks the session up in what `parse_sdp` attached to the message.
        let session = NonNull::new(unsafe { sys::get_sdp_session(self.as_raw(), number) });
        // SAFETY: a session of that description, which stays for as long as the message.
        let first = session.and_then(|session| NonNull::new(unsafe { session.as_ref() }.streams));
        let mut streams = iter::successors(first, |stream| {
            // SAFETY: as above, for its streams.
            NonNull::new(unsafe { stream.as_ref() }.next)
        });
        // SAFETY: as above.
        let whole = session.is_some_and(|session| unsafe { session.as_ref() }.is_on_hold != 0);
        streams.any(|stream| {
            // SAFETY: as above.
            let stream = unsafe { stream.as_ref() };
            // The direction of the session is that of the streams that name none
            // (RFC 8866, 6.7); the core leaves it to us to say so.
            stream.is_on_hold != 0 || (whole && stream.sendrecv_mode.len == 0)
        })
    }
}
