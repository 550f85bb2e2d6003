//! Messages, time, commands.

use super::bytes::{Bytes, CONTACTS, INDEXES, STATUSES, call, call_info};
use super::{Ends, Play};
use sca_core::call::{self as calls, CalleeAnswer, CallerAnswer, Failure, Invite, Invited};
use sca_core::call_info::CallInfo;
use sca_core::delivery::{self, Fate};
use sca_core::subscribe::{Request, subscribe};
use sca_core::{Context, Dialog, Event, Instant, Line, State, admin, record, timers};

impl Play {
    pub(super) fn subscribe(&mut self, bytes: &mut Bytes<'_>, event: Event) {
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

    pub(super) fn invite(&mut self, bytes: &mut Bytes<'_>) {
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
        let own = Ends::Own(invite.contact);
        let ends = if invite.same_line || retargets { Ends::Any } else { own };
        self.carry_out(ends, |line, ctx| {
            if retargets {
                let replaced = line.appearances().first().map(|each| each.dialog.to_owned());
                return Some(calls::retarget(line, ctx, &replaced?, &invite).notifies);
            }
            match calls::invite(line, ctx, &invite) {
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

    pub(super) fn call(&mut self, bytes: &mut Bytes<'_>) {
        let kind = bytes.below(10);
        let number = bytes.below(4);
        let dialog = call(number, bytes);
        let contact = bytes.one_of(&CONTACTS);
        let call_info = call_info(bytes);
        let choice = bytes.next();
        let ends = match kind {
            3 | 4 => Ends::Own(contact),
            7 if STATUSES[usize::from(choice % 8)] == 481 => Ends::This(number),
            9 => Ends::This(number),
            _ => Ends::Nothing,
        };
        self.carry_out(ends, |line, ctx| {
            let outcome = match kind {
                0 => calls::progress(line, ctx, &dialog),
                1 | 2 => {
                    let answer = CallerAnswer {
                        dialog,
                        contact: b"sip:300@10.0.0.9",
                        to_display: b"\"Ext \\\"q\\\"\"",
                        to_aor: b"sip:300@voice.example.com",
                        same_line: choice & 1 == 1,
                    };
                    calls::answer_to_caller(line, ctx, &answer)
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
                    calls::answer_by_callee(line, ctx, &answer)
                }
                5 => calls::ack_by_sender(line, ctx, &dialog, choice & 1 == 1),
                6 => calls::ack_to_answerer(line, ctx, &dialog),
                7 => {
                    let failure = Failure {
                        status: STATUSES[usize::from(choice % 8)],
                        dialog,
                        cseq: u32::from(choice % 4),
                        contact,
                        call_info,
                        stateless: choice & 16 == 16,
                    };
                    return Some(calls::failure(line, ctx, &failure).notifies);
                }
                8 => calls::cancel(line, ctx, &dialog),
                _ => {
                    let index = call_info.map_or(0, |info| info.index);
                    calls::bye(line, ctx, &dialog, index)
                }
            };
            Some(outcome.notifies)
        });
    }

    pub(super) fn time(&mut self, bytes: &mut Bytes<'_>) {
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

    pub(super) fn operator(&mut self, bytes: &mut Bytes<'_>) {
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

    pub(super) fn undelivered(&mut self, bytes: &mut Bytes<'_>) {
        let number = bytes.below(8);
        let fate = bytes.one_of(&[Fate::Delivered, Fate::Later(20), Fate::Gone]);
        self.carry_out(Ends::Nothing, |line, ctx| {
            let meant = line.subscriptions().nth(number);
            let (event, dialog) = meant.map(|each| (each.event, each.dialog.to_owned()))?;
            Some(delivery::notify_failed(line, ctx, event, &dialog, fate).notifies)
        });
    }
}
