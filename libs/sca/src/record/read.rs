//! Reading a record.

use super::write::{
    CALLEE_LEG, CHANGED, CLEAN, ENDED, LINE_SEIZE, ORPHANED, PREVIOUS, QUIET, STATE,
};
use super::{REGISTERED, UNWRITTEN_ROWS, UNWRITTEN_STATES};
use crate::appearance::Previous;
use crate::line::INDEX_LIMIT;
use crate::subscription::Stored;
use crate::{Appearance, Dialog, Event, Instant, Line, State, Subscription, Text};
use std::borrow::Cow;

/// The fewest bytes of a subscription or an appearance, so that a wrong count asks for no more
/// memory than the record could fill.
const LEAST: usize = 28;

/// What is left of a record. Each method is `None` when the record ends too early.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.0.split_at_checked(count)?;
        self.0 = left;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    fn instant(&mut self) -> Option<Instant> {
        self.i64().map(Instant)
    }

    fn length(&mut self) -> Option<usize> {
        // Nearly all lengths are one byte.
        if let [byte @ ..0x80, rest @ ..] = self.0 {
            self.0 = rest;
            return Some(usize::from(*byte));
        }
        self.long_length()
    }

    fn long_length(&mut self) -> Option<usize> {
        let mut length = 0_usize;
        let mut shift = 0_u32;
        loop {
            let byte = self.u8()?;
            let bits = usize::from(byte & 0x7f);
            let moved = bits.checked_shl(shift).filter(|moved| moved >> shift == bits)?;
            length |= moved;
            if byte & 0x80 == 0 {
                // A last byte of nothing would be a second way to write the same length.
                return (byte != 0 || shift == 0).then_some(length);
            }
            shift = shift.checked_add(7)?;
        }
    }

    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        self.bytes(length)
    }

    /// Whether an address of record follows, and that of a line that has nothing.
    pub(super) fn has_nothing(mut self) -> bool {
        self.text().is_some() && self.length() == Some(0) && self.length() == Some(0)
    }

    fn cow(&mut self) -> Option<Text<'a>> {
        self.text().map(Cow::Borrowed)
    }

    fn dialog(&mut self) -> Option<Dialog<'a>> {
        Some(Dialog { call_id: self.cow()?, from_tag: self.cow()?, to_tag: self.cow()? })
    }

    fn subscription(&mut self) -> Option<Subscription<'a>> {
        let bits = self.u8()?;
        if bits & !(LINE_SEIZE | ENDED | CLEAN | CHANGED | QUIET) != 0 {
            return None;
        }
        let stored = match (bits & CLEAN != 0, bits & CHANGED != 0) {
            (false, false) => Stored::New,
            (true, false) => Stored::Clean,
            (false, true) => Stored::Changed,
            (true, true) => return None,
        };
        let expires = self.instant()?;
        let [notify_cseq, subscribe_cseq, index, written_cseq] =
            [self.u32()?, self.u32()?, self.u32()?, self.u32()?];
        let quiet_until = if bits & QUIET == 0 { None } else { Some(self.instant()?) };
        Some(Subscription {
            event: if bits & LINE_SEIZE == 0 { Event::CallInfo } else { Event::LineSeize },
            contact: self.cow()?,
            dialog: self.dialog()?,
            record_route: self.cow()?,
            expires,
            notify_cseq,
            subscribe_cseq,
            index,
            ended: bits & ENDED != 0,
            stored,
            written_cseq,
            quiet_until,
        })
    }

    fn appearance(&mut self) -> Option<Appearance<'a>> {
        let bits = self.u8()?;
        if bits & !(STATE | CALLEE_LEG | PREVIOUS | ORPHANED) != 0 {
            return None;
        }
        Some(Appearance {
            state: State::from_number(bits & STATE)?,
            callee_leg: bits & CALLEE_LEG != 0,
            orphaned: bits & ORPHANED != 0,
            index: self.u32().filter(|index| (1..=INDEX_LIMIT).contains(index))?,
            changed_at: self.instant()?,
            created_at: self.instant()?,
            uri: self.cow()?,
            owner: self.cow()?,
            callee: self.cow()?,
            remote_target: self.cow()?,
            dialog: self.dialog()?,
            previous: if bits & PREVIOUS == 0 { None } else { Some(self.previous()?) },
        })
    }

    fn previous(&mut self) -> Option<Previous<'a>> {
        let bits = self.u8().filter(|bits| bits & !(STATE | CALLEE_LEG) == 0)?;
        Some(Previous {
            state: State::from_number(bits & STATE)?,
            callee_leg: bits & CALLEE_LEG != 0,
            cseq: self.u32()?,
            owner: self.cow()?,
            callee: self.cow()?,
            remote_target: self.cow()?,
            dialog: self.dialog()?,
        })
    }

    /// `count` times what `read` reads.
    fn list<T>(&mut self, count: usize, read: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut list = Vec::with_capacity(count.min(self.0.len() / LEAST));
        for _ in 0..count {
            list.push(read(self)?);
        }
        Some(list)
    }
}

pub(super) fn line(record: &[u8]) -> Option<Line<'_>> {
    let mut reader = Reader::new(record);
    let flags = reader.u8()?;
    reader.i64()?;
    let aor = reader.cow()?;
    let (subscriptions, appearances) = (reader.length()?, reader.length()?);
    let line = Line {
        aor,
        registered: flags & REGISTERED != 0,
        states_changed: flags & UNWRITTEN_STATES != 0,
        subscriptions: reader.list(subscriptions, Reader::subscription)?,
        appearances: reader.list(appearances, Reader::appearance)?,
    };
    let known = flags & !(REGISTERED | UNWRITTEN_ROWS | UNWRITTEN_STATES) == 0;
    let ascending = line.appearances.is_sorted_by(|one, next| one.index < next.index);
    (known && ascending && reader.0.is_empty()).then_some(line)
}
