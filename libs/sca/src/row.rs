//! Subscriptions as rows of the subscription table, and which of them have to be written.
//!
//! Only call-info subscriptions are stored. A row belongs to one (address of record, Contact);
//! the writer finds it by these and by its own server id, whatever Call-ID and tags it carries.

use crate::state_row::{TAG_LIMIT, TEXT_LIMIT};
use crate::subscription::Stored;
use crate::{Dialog, Event, Instant, Line, Subscription};
use std::borrow::Cow;

/// How far the NOTIFY CSeq may run ahead of the row before the row is written again.
pub const CSEQ_SLACK: u32 = 500;

/// How far the NOTIFY CSeq jumps when a row is read: past all that may have been sent since it was
/// written, so that a number is not used twice after a kill.
pub const CSEQ_JUMP: u32 = 1000;

const CSEQ_LIMIT: u32 = 0x7fff_ffff;

/// What has to be done to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// There is none yet.
    Insert,
    /// It is out of date.
    Update,
    /// Its subscription has ended.
    Delete,
}

/// A row of the subscription table; `state` is always 0 (active) and `app_idx` 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What has to be done; of no meaning for a row that was read.
    pub change: Change,
    /// Column `aor`.
    pub aor: Vec<u8>,
    /// Column `subscriber`: the Contact URI.
    pub contact: Vec<u8>,
    /// Column `event`.
    pub event: Event,
    /// Column `expires`, seconds since 1970.
    pub expires: Instant,
    /// Column `call_id`.
    pub call_id: Vec<u8>,
    /// Column `from_tag`: the subscriber's.
    pub from_tag: Vec<u8>,
    /// Column `to_tag`: ours.
    pub to_tag: Vec<u8>,
    /// Column `record_route`; empty for NULL.
    pub record_route: Vec<u8>,
    /// Column `notify_cseq`: one more than the last that was sent.
    pub notify_cseq: u32,
    /// Column `subscribe_cseq`: one more than the stored one.
    pub subscribe_cseq: u32,
}

impl Row {
    /// Whether every database takes it, in the tables that Kamailio ships.
    pub fn is_storable(&self) -> bool {
        let fits = |text: &[u8], limit: usize| text.len() <= limit && text.is_ascii();
        [&self.aor, &self.contact, &self.call_id].iter().all(|text| fits(text, TEXT_LIMIT))
            && [&self.from_tag, &self.to_tag].iter().all(|text| fits(text, TAG_LIMIT))
            && self.record_route.is_ascii()
    }
}

/// The change that the row of a subscription needs. `all` asks for every difference, as before a
/// stop; else a CSeq that is a little ahead is let be.
fn change(subscription: &Subscription<'_>, all: bool) -> Option<Change> {
    let written = subscription.written_cseq;
    let next = next(subscription.notify_cseq);
    match (subscription.event, subscription.ended, subscription.stored) {
        (Event::LineSeize, _, _) => None,
        (Event::CallInfo, true, _) => Some(Change::Delete),
        (Event::CallInfo, false, Stored::New) => Some(Change::Insert),
        (Event::CallInfo, false, Stored::Changed) => Some(Change::Update),
        (Event::CallInfo, false, Stored::Clean) => {
            let ahead = next.abs_diff(written);
            (ahead >= if all { 1 } else { CSEQ_SLACK }).then_some(Change::Update)
        }
    }
}

fn next(cseq: u32) -> u32 {
    cseq.saturating_add(1).min(CSEQ_LIMIT)
}

/// Whether the line has rows to be written, a CSeq that is a little ahead left aside.
pub fn has_unwritten(line: &Line<'_>) -> bool {
    line.subscriptions.iter().any(|subscription| change(subscription, false).is_some())
}

/// The rows of the line that have to be written, oldest subscription first, so that inserting
/// them in this order keeps the order. With `all` also those of which only the CSeq differs.
pub fn take_unwritten(line: &Line<'_>, all: bool) -> Vec<Row> {
    let changed = line.subscriptions.iter().rev();
    changed
        .filter_map(|subscription| Some(row(line, subscription, change(subscription, all)?)))
        .collect()
}

fn row(line: &Line<'_>, subscription: &Subscription<'_>, change: Change) -> Row {
    Row {
        change,
        aor: line.aor().to_vec(),
        contact: subscription.contact.to_vec(),
        event: subscription.event,
        expires: subscription.expires,
        call_id: subscription.dialog.call_id.to_vec(),
        from_tag: subscription.dialog.from_tag.to_vec(),
        to_tag: subscription.dialog.to_tag.to_vec(),
        record_route: subscription.record_route.to_vec(),
        notify_cseq: next(subscription.notify_cseq),
        subscribe_cseq: subscription.subscribe_cseq.saturating_add(1),
    }
}

/// Notes that `row`, from [`take_unwritten`], is now in the database as it says.
///
/// What happened to the subscription in the meantime stays unwritten: changed, it is to be updated
/// again; gone, its row is to be deleted; come back after the deletion, it is to be inserted.
pub fn mark_written<'a>(line: &mut Line<'a>, row: &'a Row) {
    let same = |subscription: &Subscription<'_>| {
        subscription.event == row.event && *subscription.contact == *row.contact
    };
    let at = line.subscriptions.iter().position(same);
    let Some(subscription) = at.and_then(|at| line.subscriptions.get_mut(at)) else {
        if row.change != Change::Delete {
            let mut ended = from_row(row);
            ended.ended = true;
            line.subscriptions.push(ended);
        }
        return;
    };
    match row.change {
        Change::Delete if subscription.ended => {
            line.subscriptions.retain(|other| !same(other));
        }
        Change::Delete => {
            subscription.stored = Stored::New;
            subscription.written_cseq = 0;
        }
        Change::Insert | Change::Update => {
            let current = is_current(subscription, row);
            subscription.stored = if current { Stored::Clean } else { Stored::Changed };
            subscription.written_cseq = row.notify_cseq;
        }
    }
}

/// Whether the row says what the subscription is, its CSeq left aside.
fn is_current(subscription: &Subscription<'_>, row: &Row) -> bool {
    subscription.expires == row.expires
        && *subscription.dialog.call_id == *row.call_id
        && *subscription.dialog.from_tag == *row.from_tag
        && *subscription.dialog.to_tag == *row.to_tag
        && *subscription.record_route == *row.record_route
        && subscription.subscribe_cseq.saturating_add(1) == row.subscribe_cseq
}

fn from_row(row: &Row) -> Subscription<'_> {
    Subscription {
        event: row.event,
        contact: Cow::Borrowed(&row.contact),
        dialog: Dialog::new(&row.call_id, &row.from_tag, &row.to_tag),
        record_route: Cow::Borrowed(&row.record_route),
        expires: row.expires,
        notify_cseq: row.notify_cseq.min(CSEQ_LIMIT),
        subscribe_cseq: row.subscribe_cseq,
        index: 0,
        ended: false,
        stored: Stored::Clean,
        written_cseq: row.notify_cseq,
        quiet_until: None,
    }
}

impl<'a> Line<'a> {
    /// Takes a subscription back from its row and makes the line a shared one. False when the
    /// member already has one, which gives way: the C module leaves a row of an earlier dialog
    /// behind, and only the newest is one that the phone still knows.
    ///
    /// The rows of a line are to be given oldest first. The CSeq goes on [`CSEQ_JUMP`] after the
    /// one in the row and is to be written soon, so that the next kill finds it.
    pub fn restore(&mut self, row: &'a Row) -> bool {
        let mut subscription = from_row(row);
        subscription.notify_cseq = row.notify_cseq.saturating_add(CSEQ_JUMP).min(CSEQ_LIMIT);
        subscription.stored = Stored::Changed;
        self.take_back(subscription)
    }

    /// As [`restore`](Self::restore), for rows in which the CSeq has been moved on by
    /// [`CSEQ_JUMP`] before they were read: memory and row agree, nothing is to be written.
    pub fn restore_moved_on(&mut self, row: &'a Row) -> bool {
        self.take_back(from_row(row))
    }

    fn take_back(&mut self, subscription: Subscription<'a>) -> bool {
        self.registered = true;
        let older = self.subscription_of(subscription.event, &subscription.contact);
        if let Some(at) = older {
            self.subscriptions.remove(at);
        }
        self.subscriptions.insert(0, subscription);
        older.is_none()
    }
}
