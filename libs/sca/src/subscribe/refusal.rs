//! Why a SUBSCRIBE is refused, and with which reply.

use crate::Event;
use crate::call_info::BadCallInfo;
use bstr::BString;

/// The reply to a SUBSCRIBE that is not served. Its `Display` says which values did not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The headers cannot be parsed.
    #[error("the headers of the subscribe cannot be parsed")]
    Headers,
    /// The function was called for another method.
    #[error("method is {0:?}, must be SUBSCRIBE")]
    Method(BString),
    /// There is no Event header or it is empty.
    #[error("the subscribe has no event")]
    MissingEvent,
    /// The event package is another one.
    #[error("event is {0:?}, must be call-info or line-seize")]
    BadEvent(BString),
    /// A header that every SUBSCRIBE needs is missing or wrong.
    #[error("{0} of the subscribe is missing or wrong")]
    BadHeader(&'static str),
    /// line-seize without Call-Info.
    #[error("the line-seize subscribe has no call-info")]
    MissingCallInfo,
    /// line-seize with a Call-Info that is not one of a shared line.
    #[error(transparent)]
    BadCallInfo(BadCallInfo),
    /// A To-tag, and no such subscription.
    #[error("{contact:?} has no {event} subscription to {aor:?}")]
    UnknownDialog {
        /// The line.
        aor: BString,
        /// The event package.
        event: Event,
        /// The member.
        contact: BString,
    },
    /// The appearance is taken.
    #[error(
        "appearance-index {index} of {aor:?} is in use by {owner:?}, {contact:?} cannot seize it"
    )]
    Busy {
        /// The line.
        aor: BString,
        /// The index asked for.
        index: u32,
        /// Who asked.
        contact: BString,
        /// Who has it.
        owner: BString,
    },
    /// One appearance more would make the NOTIFYs of the line too long.
    #[error("{appearances} appearances of {aor:?} are all that fit into a notify")]
    Crowded {
        /// The line.
        aor: BString,
        /// Appearances in use.
        appearances: usize,
    },
    /// Nobody has ever subscribed to the line.
    #[error("{aor:?} is not a shared line, nobody has subscribed to its call-info")]
    NotShared {
        /// The address of record.
        aor: BString,
    },
    /// line-seize Expires 0 for an appearance that is not in use.
    #[error("appearance-index {index} of {aor:?} is not in use, {contact:?} cannot release it")]
    NotInUse {
        /// The line.
        aor: BString,
        /// The index given.
        index: u32,
        /// Who asked.
        contact: BString,
    },
    /// line-seize Expires 0 for the appearance of another member.
    #[error(
        "appearance-index {index} of {aor:?} belongs to {owner:?}, {contact:?} cannot release it"
    )]
    NotOwner {
        /// The line.
        aor: BString,
        /// The index given.
        index: u32,
        /// Who asked.
        contact: BString,
        /// Whose it is.
        owner: BString,
    },
    /// There is no memory to store the subscription.
    #[error("the subscription cannot be stored")]
    Storage,
    /// The 2xx cannot be built or sent.
    #[error("the reply to the subscribe cannot be sent")]
    Reply,
}

impl Refusal {
    /// Status code of the reply.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Headers
            | Self::MissingEvent
            | Self::BadEvent(_)
            | Self::BadHeader(_)
            | Self::MissingCallInfo
            | Self::BadCallInfo(_) => 400,
            Self::UnknownDialog { .. } => 481,
            Self::Busy { .. } | Self::Crowded { .. } => 480,
            Self::Method(_)
            | Self::NotShared { .. }
            | Self::NotInUse { .. }
            | Self::NotOwner { .. }
            | Self::Storage
            | Self::Reply => 500,
        }
    }

    /// Reason phrase of the reply.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Headers => "Bad Request",
            Self::Method(_) => "Internal server error - config",
            Self::MissingEvent => "Missing Event",
            Self::BadEvent(_) => "Bad Event",
            Self::BadHeader(_) => "Bad Shared Call Appearance Request",
            Self::MissingCallInfo => "Bad Request - missing Call-Info header",
            Self::BadCallInfo(_) => "Bad Request - Invalid Call-Info header",
            Self::UnknownDialog { .. } => "Call Leg/Transaction Does Not Exist",
            Self::Busy { .. } | Self::Crowded { .. } => "Temporarily Unavailable",
            Self::NotShared { .. } => "Internal Server Error - seize appearance index",
            Self::NotInUse { .. } | Self::NotOwner { .. } => {
                "Internal Server Error - release seized line"
            }
            Self::Storage => "Internal Server Error - save subscription",
            Self::Reply => "Internal server error",
        }
    }

    /// Seconds for a Retry-After header of the reply.
    pub const fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Busy { .. } | Self::Crowded { .. } => Some(1),
            _ => None,
        }
    }
}
