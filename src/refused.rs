//! Why a function said no: one line of the log that names the message and what was compared.

use crate::{error::Report, log::Level, msg::Msg, script::Verdict};
use bstr::BStr;
use core::fmt;

/// A refusal: its line and its code.
#[derive(Debug)]
pub struct Refused {
    message: String,
    why: String,
    level: Level,
    verdict: Verdict,
}

/// The most bytes of a text of the peer in the log.
const SHOWN: usize = 200;

impl Refused {
    /// The script gets -1; `why` is about what the peer sent.
    pub fn new(msg: &Msg<'_>, why: impl fmt::Display) -> Self {
        let verdict = Verdict::FALSE;
        Self { message: identity(msg), why: why.to_string(), level: Level::Notice, verdict }
    }

    /// The script gets -1 for a usual answer, such as that nobody is registered: it shows in the log
    /// at the level of debugging only, and costs nothing below.
    pub fn debug(msg: &Msg<'_>, why: impl fmt::Display) -> Self {
        let (level, verdict) = (Level::Debug, Verdict::FALSE);
        if !crate::log::enabled(level) {
            return Self { message: String::new(), why: String::new(), level, verdict };
        }
        Self { message: identity(msg), why: why.to_string(), level, verdict }
    }

    /// The script gets `code`.
    #[must_use]
    pub fn with_code(mut self, code: i32) -> Self {
        self.verdict = Verdict::other(code);
        self
    }

    /// Says first what it is about.
    #[must_use]
    pub fn about(mut self, what: impl fmt::Display) -> Self {
        self.why = format!("{what}: {}", self.why);
        self
    }

    /// What failed is ours.
    #[must_use]
    pub fn failure(mut self) -> Self {
        self.level = Level::Error;
        self
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.why)
    }
}

impl Report for Refused {
    fn level(&self) -> Level {
        self.level
    }

    fn verdict(&self) -> Verdict {
        self.verdict
    }
}

/// Refuses a reply: scripts in other languages may call every function in every route.
///
/// # Errors
///
/// [`Refused`] for a reply.
pub fn request_only(msg: &Msg<'_>) -> Result<(), Refused> {
    if msg.is_request() {
        Ok(())
    } else {
        Err(Refused::new(msg, "only a request can be asked about"))
    }
}

/// Refuses a request, as [`request_only`] a reply.
///
/// # Errors
///
/// [`Refused`] for a request.
pub fn reply_only(msg: &Msg<'_>) -> Result<(), Refused> {
    if msg.is_request() {
        Err(Refused::new(msg, "only a reply can be asked about"))
    } else {
        Ok(())
    }
}

/// Which message it is about: its method, its sender and where it came from.
pub fn identity(msg: &Msg<'_>) -> String {
    let kind = match (msg.method_name(), msg.status()) {
        (Some(method), _) => BStr::new(shown(method)).to_string(),
        (None, Some(status)) => format!("reply {status}"),
        (None, None) => "message".to_owned(),
    };
    let from = msg.from().map_or(&b"?"[..], |from| from.uri);
    let call_id = msg.call_id().unwrap_or(b"?");
    let source =
        msg.source().map_or_else(String::new, |(ip, port)| format!(" at {ip} port {port}"));
    let (from, call_id) = (BStr::new(shown(from)), BStr::new(shown(call_id)));
    format!("{kind} of {from}{source}, call-id {call_id}")
}

/// The beginning of `text`.
pub fn shown(text: &[u8]) -> &[u8] {
    text.get(..SHOWN).unwrap_or(text)
}
