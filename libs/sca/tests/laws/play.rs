//! Plays messages, commands, time and the database on one line in an order that bytes decide, and
//! looks after each step whether the laws hold. The fuzz target plays with it, too.

use sca_core::call::{self, CalleeAnswer, CallerAnswer, Failure, Invite, Invited};
use sca_core::call_info::{CallInfo, read_elements};
use sca_core::delivery::{self, Fate};
use sca_core::row::{self, Change, Row};
use sca_core::subscribe::{Request, subscribe};
use sca_core::{
    Context, Dialog, Event, Instant, Line, Notify, State, admin, record, state_row, timers,
};
use std::collections::{BTreeMap, BTreeSet};

const LINE: &[u8] = b"sip:215@voice.example.com";
const CONTACTS: [&[u8]; 4] = [
    b"sip:215@10.0.0.1:5060",
    b"sip:215@10.0.0.2:5060;transport=tcp",
    b"sip:10.0.0.3",
    b"sip:216@10.0.0.1:5060",
];
const INDEXES: [u32; 8] = [0, 1, 2, 3, 1, 2, 7, 0x8000_0000];
const STATUSES: [u16; 8] = [302, 401, 404, 407, 408, 486, 487, 603];

/// The dialog of a subscription: Call-ID, subscriber's tag, our tag.
type Ids = (Vec<u8>, Vec<u8>, Vec<u8>);

/// What may end an answered call in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Nothing,
    This(usize),
    Any,
}

struct Bytes<'b>(std::slice::Iter<'b, u8>);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.next()) % limit
    }

    fn flag(&mut self) -> bool {
        self.next() & 1 == 1
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
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
    while bytes.0.len() > 0 {
        play.step(&mut bytes);
    }
    play.write_rows(false);
    play.seen
}

/// The tags of call `number`: even ones are made by the line, odd ones come in.
fn call(number: usize, bytes: &mut Bytes<'_>) -> Dialog<'static> {
    let (from, to) = if number.is_multiple_of(2) { ("a", "x") } else { ("x", "a") };
    let owned = |text: String| std::borrow::Cow::Owned(text.into_bytes());
    let whole = Dialog {
        call_id: owned(format!("{number}@call")),
        from_tag: owned(format!("{from}{number}")),
        to_tag: owned(format!("{to}{number}")),
    };
    match bytes.below(4) {
        0 => Dialog { to_tag: owned(String::new()), ..whole },
        1 => whole.reversed(),
        _ => whole,
    }
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
        let answered: Vec<(Dialog<'_>, usize)> = answered(&line);
        let notifies = operation(&mut line, &ctx, data);
        let mut after = Vec::new();
        line.encode(&mut after);
        if notifies.is_none() {
            assert_eq!(after, before, "a refused operation changes nothing");
            self.seen.insert("refused");
        }
        assert_eq!(Line::decode(&after).as_ref(), Ok(&line), "a record is read as it was written");
        assert_eq!(record::due(&after), timers::due(&line));
        whole(&line);
        for (dialog, number) in answered {
            let kept = line.appearances().iter().any(|each| each.dialog.matches(&dialog));
            let may_end = ends == Ends::Any || ends == Ends::This(number);
            assert!(kept || may_end, "answered call {number} is gone");
        }
        self.seen.extend(line.appearances().iter().map(|each| each.state.name()));
        self.judge(&line, notifies.unwrap_or_default());
        self.record = after;
    }

    fn judge(&mut self, line: &Line<'_>, notifies: Vec<Notify>) {
        for notify in notifies {
            let ids = (notify.call_id.clone(), notify.remote_tag, notify.local_tag);
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

    fn subscribe(&mut self, bytes: &mut Bytes<'_>, event: Event) {
        let contact = bytes.one_of(&CONTACTS);
        let in_dialog = bytes.flag();
        let expires = bytes.one_of(&[0, 3, 60, 3600]);
        let index = bytes.one_of(&INDEXES);
        let line = Line::decode(&self.record).unwrap();
        let known = line
            .subscriptions()
            .find(|each| each.event == event && *each.contact == *contact)
            .map(|each| each.dialog.to_owned());
        self.dialogs += 1;
        let fresh = format!("{}@sub", self.dialogs).into_bytes();
        let (restarts, known) = (known.is_some() && !in_dialog, known.filter(|_| in_dialog));
        let dialog = known.unwrap_or_else(|| Dialog::new(&fresh, b"phone", b"server").to_owned());
        let ends = if event == Event::CallInfo && restarts { Ends::Any } else { Ends::Nothing };
        let mut busy = false;
        self.carry_out_with(ends, &dialog, |line, ctx, dialog| {
            let request = Request {
                event,
                contact,
                call_id: &dialog.call_id,
                from_tag: b"phone",
                to_tag: b"server",
                in_dialog,
                record_route: b"",
                cseq: 0,
                expires,
                index,
            };
            match subscribe(line, ctx, &request) {
                Ok(accepted) => Some(accepted.notifies),
                Err(refusal) => {
                    busy = refusal.status() == 480;
                    None
                }
            }
        });
        self.seen.extend(busy.then_some("busy"));
    }

    fn invite(&mut self, bytes: &mut Bytes<'_>) {
        let number = bytes.below(4);
        let mut invite = Invite {
            contact: bytes.one_of(&CONTACTS),
            dialog: call(number, bytes),
            cseq: u32::from(bytes.next() % 4),
            call_info: call_info(bytes),
            hold: bytes.flag(),
            same_line: bytes.flag(),
        };
        let line = Line::decode(&self.record).unwrap();
        if let Some(held) = line.appearances().iter().find(|each| each.state.is_held())
            && bytes.flag()
        {
            invite.call_info = Some(CallInfo { index: held.index, state: None });
            invite.dialog = Dialog::new(bytes.one_of(&[b"8@call", b"9@call"]), b"new", b"");
            invite.same_line = true;
        }
        let retargets = bytes.below(16) == 0;
        let mut seen = None;
        let ends = if invite.same_line || retargets { Ends::Any } else { Ends::Nothing };
        self.carry_out(ends, |line, ctx| {
            if retargets {
                let replaced = line.appearances().first().map(|each| each.dialog.to_owned());
                return Some(call::retarget(line, ctx, &replaced?, &invite).notifies);
            }
            match call::invite(line, ctx, &invite) {
                Invited::Relayed { notifies, .. } => Some(notifies),
                Invited::Retrieved(retrieval) => {
                    seen = Some("retrieved");
                    Some(retrieval.notifies)
                }
                Invited::Forbidden { .. } => {
                    seen = Some("forbidden");
                    None
                }
                Invited::Unreachable { .. } => None,
            }
        });
        self.seen.extend(seen);
    }

    fn call(&mut self, bytes: &mut Bytes<'_>) {
        let kind = bytes.below(10);
        let number = bytes.below(4);
        let dialog = call(number, bytes);
        let contact = bytes.one_of(&CONTACTS);
        let call_info = call_info(bytes);
        let choice = bytes.next();
        let ends = if kind == 9 { Ends::This(number) } else { Ends::Nothing };
        self.carry_out(ends, |line, ctx| {
            let outcome = match kind {
                0 => call::progress(line, ctx, &dialog),
                1 | 2 => {
                    let answer = CallerAnswer {
                        dialog,
                        contact: b"sip:300@10.0.0.9",
                        to_display: b"\"Ext \\\"q\\\"\"",
                        to_aor: b"sip:300@voice.example.com",
                        same_line: choice & 1 == 1,
                    };
                    call::answer_to_caller(line, ctx, &answer)
                }
                3 | 4 => {
                    let answer = CalleeAnswer {
                        dialog,
                        contact,
                        call_info,
                        in_dialog: [None, Some(true), Some(false)][usize::from(choice % 3)],
                        from_display: b"",
                        from_uri: b"sip:300@voice.example.com",
                        remote_target: b"sip:300@10.0.0.9",
                    };
                    call::answer_by_callee(line, ctx, &answer)
                }
                5 => call::ack_by_sender(line, ctx, &dialog, choice & 1 == 1),
                6 => call::ack_to_answerer(line, ctx, &dialog),
                7 => {
                    let failure = Failure {
                        status: STATUSES[usize::from(choice % 8)],
                        dialog,
                        cseq: u32::from(choice % 4),
                        contact,
                        call_info,
                        stateless: choice & 16 == 16,
                    };
                    return Some(call::failure(line, ctx, &failure).notifies);
                }
                8 => call::cancel(line, ctx, &dialog),
                _ => {
                    let index = call_info.map_or(0, |info| info.index);
                    call::bye(line, ctx, &dialog, index)
                }
            };
            Some(outcome.notifies)
        });
    }

    fn time(&mut self, bytes: &mut Bytes<'_>) {
        if let Some(due) = record::due(&self.record) {
            let mut line = Line::decode(&self.record).unwrap();
            let early = Context {
                now: Instant(due.0 - 1),
                server_address: b"",
                keeps_states: self.keeps_states,
            };
            let before = line.clone();
            assert_eq!(timers::run(&mut line, &early), timers::Passed::default());
            assert_eq!(line, before, "nothing happens before it is due");
        }
        self.now += i64::from(bytes.one_of(&[1, 10, 40, 130, 4000]));
        let now = Instant(self.now);
        let mut expired = false;
        self.carry_out(Ends::Nothing, |line, ctx| {
            let was_due = timers::due(line).is_some_and(|due| due <= now);
            let before = line.clone();
            let passed = timers::run(line, ctx);
            assert_eq!(was_due, *line != before, "something happens when it is due");
            assert!(timers::due(line).is_none_or(|due| due > now));
            expired = passed.expired > 0;
            Some(passed.notifies)
        });
        self.seen.extend(expired.then_some("expired"));
    }

    fn operator(&mut self, bytes: &mut Bytes<'_>) {
        let kind = bytes.below(8);
        let contact = bytes.one_of(&CONTACTS);
        let index = i64::from(bytes.one_of(&INDEXES));
        let state = bytes.one_of(&State::ALL);
        self.carry_out(Ends::Any, |line, ctx| match kind {
            0..=2 => admin::seize(line, ctx, contact).ok().map(|seized| seized.notifies),
            3..=4 => {
                admin::update(line, ctx, index, state.name().as_bytes(), Some(b"sip:1@h")).ok()
            }
            5 => admin::release(line, ctx, index).ok(),
            6 => {
                let ended = admin::deactivate_all(line, ctx);
                Some(ended.into_iter().map(|(_, notify)| notify).collect())
            }
            _ => {
                line.unregister(ctx);
                Some(Vec::new())
            }
        });
    }

    fn undelivered(&mut self, bytes: &mut Bytes<'_>) {
        let number = bytes.below(8);
        let fate = bytes.one_of(&[Fate::Delivered, Fate::Later(20), Fate::Gone]);
        self.carry_out(Ends::Nothing, |line, ctx| {
            let meant = line.subscriptions().nth(number);
            let (event, dialog) = meant.map(|each| (each.event, each.dialog.to_owned()))?;
            Some(delivery::notify_failed(line, ctx, event, &dialog, fate).notifies)
        });
    }

    /// Writes all rows; nothing is left to be written then.
    fn write_rows(&mut self, all: bool) {
        let rows = row::take_unwritten(&Line::decode(&self.record).unwrap(), all);
        self.store(rows);
        let line = Line::decode(&self.record).unwrap();
        assert_eq!(row::take_unwritten(&line, all), []);
        assert!(!record::flags(&self.record).unwritten_rows);
        let stored: BTreeSet<_> = self.rows.keys().cloned().collect();
        let members = line.subscriptions().filter(|each| each.event == Event::CallInfo);
        let members: BTreeSet<_> = members.map(|each| each.contact.to_vec()).collect();
        assert_eq!(stored, members, "the table holds the members");
    }

    fn write_rows_around_a_step(&mut self, bytes: &mut Bytes<'_>) {
        let rows = row::take_unwritten(&Line::decode(&self.record).unwrap(), bytes.flag());
        match bytes.below(3) {
            0 => self.subscribe(bytes, Event::CallInfo),
            1 => self.subscribe(bytes, Event::LineSeize),
            _ => self.time(bytes),
        }
        self.store(rows);
        self.write_rows(true);
    }

    fn store(&mut self, rows: Vec<Row>) {
        for row in rows {
            let before = match row.change {
                Change::Delete => self.rows.remove(&row.contact),
                Change::Insert | Change::Update => {
                    self.rows.insert(row.contact.clone(), row.clone())
                }
            };
            assert_eq!(before.is_none(), row.change == Change::Insert, "{:?}", row.change);
            self.carry_out_with(Ends::Nothing, &row, |line, _, row| {
                row::mark_written(line, row);
                Some(Vec::new())
            });
        }
    }

    fn write_states(&mut self) {
        let line = Line::decode(&self.record).unwrap();
        let Some(rows) = state_row::take_unwritten(&line) else { return };
        assert!(self.keeps_states);
        let mut restored = Line::new(LINE);
        for row in &rows.rows {
            assert!(restored.restore_appearance(row));
        }
        let told = |line: &Line<'_>| -> Vec<_> {
            line.appearances().iter().map(|each| (each.index, each.state)).collect()
        };
        assert_eq!(told(&restored), told(&line));
        self.carry_out(Ends::Nothing, |line, _| {
            state_row::mark_written(line, &rows);
            assert_eq!(state_row::take_unwritten(line), None);
            Some(Vec::new())
        });
    }

    /// The server is killed and comes back with what the table holds.
    fn restart(&mut self) {
        let rows: Vec<Row> = self.rows.values().cloned().collect();
        let mut line = Line::new(LINE);
        for row in &rows {
            assert!(line.restore(row));
            self.seen.insert("restored");
        }
        self.record.clear();
        line.encode(&mut self.record);
        // Who left after the last writing is there again.
        self.ended.clear();
        self.write_rows(false);
    }
}

fn call_info(bytes: &mut Bytes<'_>) -> Option<CallInfo> {
    let index = bytes.one_of(&INDEXES);
    let state =
        bytes.one_of(&[None, Some(State::Held), Some(State::HeldPrivate), Some(State::Idle)]);
    bytes.flag().then_some(CallInfo { index, state })
}

/// The calls that are up, with their numbers; not those that are just being taken over.
fn answered(line: &Line<'_>) -> Vec<(Dialog<'static>, usize)> {
    let up = line.appearances().iter().filter(|each| {
        let taken = each.previous.as_ref().is_some_and(|old| !old.dialog.matches(&each.dialog));
        each.dialog.is_confirmed()
            && !taken
            && matches!(each.state, State::Active | State::Held | State::HeldPrivate)
    });
    up.map(|each| {
        let number = usize::from(each.dialog.call_id[0] - b'0');
        (each.dialog.to_owned(), number)
    })
    .collect()
}

/// What is always true of a line.
fn whole(line: &Line<'_>) {
    let indexes: Vec<u32> = line.appearances().iter().map(|each| each.index).collect();
    assert!(indexes.is_sorted_by(|one, next| one < next), "{indexes:?}");
    assert!(indexes.iter().all(|index| (1..=0x7fff_ffff).contains(index)), "{indexes:?}");
    let mut members = BTreeSet::new();
    for each in line.subscriptions() {
        assert!(members.insert((each.event, each.contact.clone())), "{each:?} is there twice");
    }
}

/// The indexes in a NOTIFY; fails when its headers are not those of the contract.
fn elements(headers: &[u8]) -> Vec<Option<u32>> {
    let text = std::str::from_utf8(headers).unwrap().strip_suffix("\r\n").unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    let [contact, call_info, event, state] = lines.try_into().unwrap();
    assert!(contact.starts_with("Contact: ") && state.starts_with("Subscription-State: "));
    assert!(Event::parse(event.strip_prefix("Event: ").unwrap().as_bytes()).is_some());
    let body = call_info.strip_prefix("Call-Info:").unwrap().trim_start();
    read_elements(body.as_bytes()).unwrap().iter().map(|element| element.index).collect()
}
