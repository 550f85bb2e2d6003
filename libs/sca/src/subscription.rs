//! One subscription of a member of a line.

use crate::{Dialog, Event, Instant, Text};

/// How a subscription stands to its row in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stored {
    /// There is no row.
    #[default]
    New,
    /// The row says what is true; its NOTIFY CSeq may lag behind.
    Clean,
    /// There is a row and it is out of date.
    Changed,
}

/// A subscription. Its identity is (address of record, event, Contact URI byte for byte).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription<'a> {
    /// The event package.
    pub event: Event,
    /// The member: Contact URI with all its parameters. R-URI of the NOTIFYs.
    pub contact: Text<'a>,
    /// Call-ID, the subscriber's tag (`from_tag`) and ours (`to_tag`).
    pub dialog: Dialog<'a>,
    /// Record-Route bodies of the SUBSCRIBE in the order received, comma separated; may be empty.
    pub record_route: Text<'a>,
    /// When it ends.
    pub expires: Instant,
    /// CSeq of the last NOTIFY; 0: none was sent.
    pub notify_cseq: u32,
    /// CSeq of the last SUBSCRIBE as the caller counts it.
    pub subscribe_cseq: u32,
    /// line-seize: the appearance that it holds. 0 for call-info.
    pub index: u32,
    /// It has ended and only waits until its row is deleted: a tombstone. Never notified, listed
    /// or counted.
    pub ended: bool,
    /// State of its row.
    pub stored: Stored,
    /// The NOTIFY CSeq that the row carries; 0 without a row.
    pub written_cseq: u32,
    /// The member asked by Retry-After not to be notified before this moment.
    pub quiet_until: Option<Instant>,
}

impl Subscription<'_> {
    /// Whether it lives: not ended, though its time may be over.
    pub fn is_active(&self) -> bool {
        !self.ended
    }

    /// Seconds left at `now`; 0 when its time is over.
    pub fn seconds_left(&self, now: Instant) -> u32 {
        u32::try_from(self.expires.since(now).max(0)).unwrap_or(u32::MAX)
    }
}
