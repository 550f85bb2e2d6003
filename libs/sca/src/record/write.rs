//! Writing a record.

use crate::appearance::Previous;
use crate::subscription::Stored;
use crate::{Appearance, Dialog, Event, Line, Subscription};

/// Bits of the first byte of a subscription.
pub(super) const LINE_SEIZE: u8 = 1;
pub(super) const ENDED: u8 = 2;
pub(super) const CLEAN: u8 = 4;
pub(super) const CHANGED: u8 = 8;
pub(super) const QUIET: u8 = 16;

/// Bits of the first byte of an appearance; the lower ones are its state.
pub(super) const STATE: u8 = 7;
pub(super) const CALLEE_LEG: u8 = 8;
pub(super) const PREVIOUS: u8 = 16;
pub(super) const ORPHANED: u8 = 32;

pub(super) fn line(line: &Line<'_>, out: &mut Vec<u8>) {
    text(&line.aor, out);
    length(line.subscriptions.len(), out);
    length(line.appearances.len(), out);
    for each in &line.subscriptions {
        subscription(each, out);
    }
    for each in &line.appearances {
        appearance(each, out);
    }
}

fn subscription(subscription: &Subscription<'_>, out: &mut Vec<u8>) {
    let mut bits = match subscription.stored {
        Stored::New => 0,
        Stored::Clean => CLEAN,
        Stored::Changed => CHANGED,
    };
    for (bit, set) in [
        (LINE_SEIZE, subscription.event == Event::LineSeize),
        (ENDED, subscription.ended),
        (QUIET, subscription.quiet_until.is_some()),
    ] {
        bits |= if set { bit } else { 0 };
    }
    out.push(bits);
    out.extend_from_slice(&subscription.expires.0.to_le_bytes());
    for number in [
        subscription.notify_cseq,
        subscription.subscribe_cseq,
        subscription.index,
        subscription.written_cseq,
    ] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    if let Some(until) = subscription.quiet_until {
        out.extend_from_slice(&until.0.to_le_bytes());
    }
    text(&subscription.contact, out);
    dialog(&subscription.dialog, out);
    text(&subscription.record_route, out);
}

fn appearance(appearance: &Appearance<'_>, out: &mut Vec<u8>) {
    let previous = if appearance.previous.is_some() { PREVIOUS } else { 0 };
    let orphaned = if appearance.orphaned { ORPHANED } else { 0 };
    out.push(appearance.state.number() | leg(appearance.callee_leg) | previous | orphaned);
    out.extend_from_slice(&appearance.index.to_le_bytes());
    out.extend_from_slice(&appearance.changed_at.0.to_le_bytes());
    out.extend_from_slice(&appearance.created_at.0.to_le_bytes());
    text(&appearance.uri, out);
    text(&appearance.owner, out);
    text(&appearance.callee, out);
    text(&appearance.remote_target, out);
    dialog(&appearance.dialog, out);
    if let Some(Previous {
        cseq,
        state,
        owner,
        dialog: before,
        callee_leg,
        callee,
        remote_target,
    }) = &appearance.previous
    {
        out.push(state.number() | leg(*callee_leg));
        out.extend_from_slice(&cseq.to_le_bytes());
        text(owner, out);
        text(callee, out);
        text(remote_target, out);
        dialog(before, out);
    }
}

fn leg(callee: bool) -> u8 {
    if callee { CALLEE_LEG } else { 0 }
}

fn dialog(dialog: &Dialog<'_>, out: &mut Vec<u8>) {
    text(&dialog.call_id, out);
    text(&dialog.from_tag, out);
    text(&dialog.to_tag, out);
}

pub(super) fn text(text: &[u8], out: &mut Vec<u8>) {
    length(text.len(), out);
    out.extend_from_slice(text);
}

/// Seven bits to the byte, lowest first; the eighth says that more follow.
fn length(length: usize, out: &mut Vec<u8>) {
    let mut left = length;
    // Nearly all lengths are one byte.
    if let Ok(byte @ ..0x80) = u8::try_from(length) {
        return out.push(byte);
    }
    loop {
        let low = u8::try_from(left & 0x7f).unwrap_or(0x7f);
        left >>= 7;
        if left == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}
