//! Plays messages, commands, time and the database on one line in an order that bytes decide, and
//! looks after each step whether the laws hold. The fuzz target plays with it, too.

mod bytes;
mod laws;
mod steps;
mod storage;

use bytes::Bytes;
use laws::{answered, elements, whole};
use sca_core::row::Row;
use sca_core::{Context, Event, Instant, Line, Notify, record, timers};
use std::collections::{BTreeMap, BTreeSet};

const LINE: &[u8] = b"sip:215@voice.example.com";

/// The dialog of a subscription: Call-ID, subscriber's tag, our tag.
type Ids = (Vec<u8>, Vec<u8>, Vec<u8>);

/// What may end an answered call in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Nothing,
    This(usize),
    /// It gives way to another one of the phone with this Contact.
    Own(&'static [u8]),
    Any,
}

struct Play {
    record: Vec<u8>,
    now: i64,
    keeps_states: bool,
    /// Numbers the dialogs of the subscriptions, so that none comes twice.
    dialogs: u32,
    /// The last CSeq sent in each dialog.
    sent: BTreeMap<Ids, u32>,
    /// Dialogs that have had their last NOTIFY.
    ended: BTreeSet<Ids>,
    /// The subscription table, by Contact.
    rows: BTreeMap<Vec<u8>, Row>,
    /// What happened on the way.
    seen: BTreeSet<&'static str>,
}

/// Plays `bytes`; returns names of what happened.
///
/// # Panics
///
/// A law is broken.
pub(crate) fn play(bytes: &[u8]) -> BTreeSet<&'static str> {
    let mut bytes = Bytes(bytes.iter());
    let mut record = Vec::new();
    Line::new(LINE).encode(&mut record);
    let mut play = Play {
        record,
        now: 1_000_000,
        keeps_states: bytes.flag(),
        dialogs: 0,
        sent: BTreeMap::new(),
        ended: BTreeSet::new(),
        rows: BTreeMap::new(),
        seen: BTreeSet::new(),
    };
    while !bytes.is_over() {
        play.step(&mut bytes);
    }
    play.write_rows(false);
    play.seen
}

impl Play {
    fn step(&mut self, bytes: &mut Bytes<'_>) {
        match bytes.below(24) {
            0..=2 => self.subscribe(bytes, Event::CallInfo),
            3..=6 => self.subscribe(bytes, Event::LineSeize),
            7..=9 => self.invite(bytes),
            10..=16 => self.call(bytes),
            17 => self.time(bytes),
            18 => self.operator(bytes),
            19 => self.undelivered(bytes),
            20 => self.write_rows(bytes.flag()),
            21 => self.write_rows_around_a_step(bytes),
            22 => self.write_states(),
            _ => self.restart(),
        }
    }

    /// Carries out one operation and looks at all that must hold afterwards. The operation gives
    /// its NOTIFYs, or `None` when it refused.
    fn carry_out(
        &mut self,
        ends: Ends,
        operation: impl for<'l> FnOnce(&mut Line<'l>, &Context<'_>) -> Option<Vec<Notify>>,
    ) {
        self.carry_out_with(ends, &(), |line, ctx, ()| operation(line, ctx));
    }

    /// The same with data that the line may keep a part of.
    fn carry_out_with<D>(
        &mut self,
        ends: Ends,
        data: &D,
        operation: impl for<'l> FnOnce(&mut Line<'l>, &Context<'_>, &'l D) -> Option<Vec<Notify>>,
    ) {
        let before = self.record.clone();
        let ctx = Context {
            now: Instant(self.now),
            server_address: b"",
            keeps_states: self.keeps_states,
        };
        let mut line = Line::decode(&before).unwrap();
        let answered = answered(&line);
        let notifies = operation(&mut line, &ctx, data);
        let mut after = Vec::new();
        line.encode(&mut after);
        if notifies.is_none() {
            assert_eq!(after, before, "a refused operation changes nothing");
            self.seen.insert("refused");
        }
        assert_eq!(Line::decode(&after).as_ref(), Ok(&line), "a record is read as it was written");
        assert_eq!(record::due(&after), timers::due(&line));
        assert_eq!(record::is_empty(&after), line.is_empty());
        whole(&line);
        for (dialog, number, owner) in answered {
            let kept = line.appearances().iter().any(|each| each.dialog.matches(&dialog));
            let may_end = match ends {
                Ends::Nothing => false,
                Ends::This(ended) => ended == number,
                Ends::Own(contact) => *owner == *contact,
                Ends::Any => true,
            };
            assert!(kept || may_end, "answered call {number} is gone");
        }
        self.seen.extend(line.appearances().iter().map(|each| each.state.name()));
        self.judge(&line, notifies.unwrap_or_default());
        self.record = after;
    }

    fn judge(&mut self, line: &Line<'_>, notifies: Vec<Notify>) {
        for notify in notifies {
            let ids =
                [&notify.call_id, &notify.remote_tag, &notify.local_tag].map(|id| id.to_vec());
            let ids: (_, _, _) = ids.into();
            assert!(!self.ended.contains(&ids), "nothing is sent after the last notify");
            let last = self.sent.insert(ids.clone(), notify.cseq);
            assert!(last.is_none_or(|last| last < notify.cseq), "cseq goes up");
            let elements = elements(&notify.headers);
            if notify.is_last {
                self.ended.insert(ids);
                continue;
            }
            let member = line.subscriptions().find(|each| {
                each.event == notify.event
                    && *each.contact == *notify.contact
                    && *each.dialog.call_id == *notify.call_id
            });
            assert!(member.is_some(), "only who is subscribed is told");
            if notify.event == Event::CallInfo {
                let told: Vec<u32> = elements.into_iter().flatten().collect();
                let real: Vec<u32> = line.appearances().iter().map(|each| each.index).collect();
                assert_eq!(told, real, "members are told all appearances");
            }
        }
    }
}
