//! Calls: what INVITE, its replies, ACK, CANCEL and BYE do to the appearances of a line.
//!
//! An appearance is found by its dialog, whichever side sent the message. Only a call that no
//! appearance has yet is tied to one by the index of its Call-Info header, and never to one that
//! another call is using.

mod ack;
mod answer;
mod ending;
mod failure;
mod invite;
mod retrieve;

pub use ack::{ack_by_sender, ack_to_answerer};
pub use answer::{CalleeAnswer, CallerAnswer, answer_by_callee, answer_to_caller, progress};
pub use ending::{bye, cancel};
pub use failure::{Failed, Failure, failure};
pub use invite::{Invite, Invited, invite};
pub use retrieve::{Retrieval, retarget};

use crate::line::SeizeError;
use crate::notify::Notify;

/// What a reply to INVITE means for shared lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// 180 and 183: [`progress`] for the line of the caller.
    Rings,
    /// 200: [`answer_by_callee`] for the line of To, [`answer_to_caller`] for that of From.
    Answers,
    /// 400 to 699: final failures are told by [`failure`] when they are about to be sent to the
    /// caller, so that those of single branches free nothing.
    Fails,
    /// All others: nothing happens. A call that is forwarded or queued (181, 182, 199), or
    /// redirected, keeps its appearance.
    SaysNothing,
}

impl Reply {
    /// The meaning of a status code.
    pub const fn of(status: u16) -> Self {
        match status {
            180 | 183 => Self::Rings,
            200 => Self::Answers,
            400.. => Self::Fails,
            _ => Self::SaysNothing,
        }
    }
}

/// What a message of a call did to a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "the notifications have to be sent"]
pub struct Outcome {
    /// The appearance of the call; none when the line has no such call.
    pub index: Option<u32>,
    /// Why an answered call got no appearance.
    pub refused: Option<SeizeError>,
    /// To be sent, in this order.
    pub notifies: Vec<Notify>,
}

impl Outcome {
    fn found(index: u32, notifies: Vec<Notify>) -> Self {
        Self { index: Some(index), refused: None, notifies }
    }
}
