//! A line, its phones A, B and C, and the outside party X.

use bstr::{BStr, ByteSlice};
use sca_core::admin;
use sca_core::call::{self, CalleeAnswer, CallerAnswer, Failed, Failure, Invite, Invited, Outcome};
use sca_core::call_info::{CallInfo, read_elements};
use sca_core::subscribe::{self, Accepted, Refusal, Request};
use sca_core::timers::{self, Passed};
use sca_core::{Context, Dialog, Event, Instant, Line, Notify, State};

pub(crate) const G: &str = "sip:215@voice.example.com";
pub(crate) const A: &str = "sip:215@127.0.0.1:21101";
pub(crate) const B: &str = "sip:215@127.0.0.1:21102";
pub(crate) const C: &str = "sip:215@127.0.0.1:21104";
pub(crate) const X: &str = "sip:300@127.0.0.1:21103";

/// Shown for the phones instead of their URIs.
const NAMES: [(&str, &str); 4] = [(A, "A"), (B, "B"), (C, "C"), (X, "X")];

/// A line as the module has it: a record between any two operations.
pub(crate) struct Group {
    record: Vec<u8>,
    pub(crate) now: Instant,
    pub(crate) server_address: &'static str,
    keeps_states: bool,
}

impl Group {
    /// The line G, of which nothing is known.
    pub(crate) fn empty() -> Self {
        Self::named(G)
    }

    pub(crate) fn named(aor: &str) -> Self {
        let mut record = Vec::new();
        Line::new(aor.as_bytes()).encode(&mut record);
        Self { record, now: Instant(1_000), server_address: "", keeps_states: false }
    }

    /// G with the members A and B, B the newer one.
    pub(crate) fn of_two() -> Self {
        let mut group = Self::empty();
        for contact in [A, B] {
            group.served(&ci(contact));
        }
        group
    }

    /// From now on there is a state table.
    pub(crate) fn with_state_table(self) -> Self {
        Self { keeps_states: true, ..self }
    }

    /// Carries out an operation on the decoded line and stores the record of it.
    pub(crate) fn with<R>(
        &mut self,
        operation: impl for<'l> FnOnce(&mut Line<'l>, &Context<'_>) -> R,
    ) -> R {
        let ctx = Context {
            now: self.now,
            server_address: self.server_address.as_bytes(),
            keeps_states: self.keeps_states,
        };
        let mut line = Line::decode(&self.record).unwrap();
        let result = operation(&mut line, &ctx);
        let mut record = Vec::new();
        line.encode(&mut record);
        self.record = record;
        result
    }

    pub(crate) fn record(&self) -> &[u8] {
        &self.record
    }

    pub(crate) fn line(&self) -> Line<'_> {
        Line::decode(&self.record).unwrap()
    }

    pub(crate) fn subscribe(&mut self, request: &Request<'static>) -> Result<Accepted, Refusal> {
        self.with(|line, ctx| subscribe::subscribe(line, ctx, request))
    }

    /// A SUBSCRIBE that has to be accepted and whose NOTIFYs do not matter.
    pub(crate) fn served(&mut self, request: &Request<'static>) {
        assert!(self.subscribe(request).unwrap().status < 300);
    }

    /// An operator takes the lowest free appearance for a phone.
    pub(crate) fn seized_by_operator(&mut self, contact: &'static str) -> u32 {
        let seized = self.with(|line, ctx| admin::seize(line, ctx, contact.as_bytes()));
        seized.unwrap().index
    }

    /// The phone takes an appearance; the index that it got.
    pub(crate) fn seize(&mut self, contact: &'static str, index: u32) -> u32 {
        self.subscribe(&ls(contact, index)).unwrap().seized.unwrap()
    }

    pub(crate) fn invite(&mut self, invite: &Invite<'static>) -> Invited {
        self.with(|line, ctx| call::invite(line, ctx, invite))
    }

    pub(crate) fn rings(&mut self, dialog: &Dialog<'static>) -> Outcome {
        self.with(|line, ctx| call::progress(line, ctx, dialog))
    }

    /// X answers a call of the line.
    pub(crate) fn answered(&mut self, dialog: &Dialog<'static>) -> Outcome {
        let answer = CallerAnswer {
            dialog: dialog.clone(),
            contact: X.as_bytes(),
            to_display: b"\"Ext\"",
            to_aor: b"sip:300@voice.example.com",
            same_line: false,
        };
        self.with(|line, ctx| call::answer_to_caller(line, ctx, &answer))
    }

    pub(crate) fn answers(&mut self, answer: &CalleeAnswer<'static>) -> Outcome {
        self.with(|line, ctx| call::answer_by_callee(line, ctx, answer))
    }

    pub(crate) fn ack_from(&mut self, dialog: &Dialog<'static>, hold: bool) -> Outcome {
        self.with(|line, ctx| call::ack_by_sender(line, ctx, dialog, hold))
    }

    pub(crate) fn ack_to(&mut self, dialog: &Dialog<'static>) -> Outcome {
        self.with(|line, ctx| call::ack_to_answerer(line, ctx, dialog))
    }

    pub(crate) fn fails(&mut self, failure: &Failure<'static>) -> Failed {
        self.with(|line, ctx| call::failure(line, ctx, failure))
    }

    pub(crate) fn cancel(&mut self, dialog: &Dialog<'static>) -> Outcome {
        self.with(|line, ctx| call::cancel(line, ctx, dialog))
    }

    pub(crate) fn bye(&mut self, dialog: &Dialog<'static>, index: u32) -> Outcome {
        self.with(|line, ctx| call::bye(line, ctx, dialog, index))
    }

    /// Lets time go by and the periodic job run.
    pub(crate) fn wait(&mut self, seconds: u32) -> Passed {
        self.now = self.now.plus(seconds);
        self.with(timers::run)
    }

    /// A calls X on appearance 1 and X answers.
    pub(crate) fn call_of_a(&mut self) -> Dialog<'static> {
        self.seize(A, 1);
        let early = dialog("1@call", "a", "");
        let _ = self.invite(&new_call(A, &early, 1));
        let _ = self.rings(&early);
        let call = dialog("1@call", "a", "x");
        assert_eq!(self.answered(&call).index, Some(1));
        call
    }

    /// The same, and A puts X on hold.
    pub(crate) fn held_call_of_a(&mut self, state: State) -> Dialog<'static> {
        let call = self.call_of_a();
        let _ = self.invite(&Invite { hold: true, ..again(A, &call, Some((1, Some(state)))) });
        let _ = self.answered(&call);
        assert_eq!(self.states(), [(1, state)]);
        call
    }

    /// X calls the line, A answers and X acknowledges.
    pub(crate) fn call_to_a(&mut self) -> Dialog<'static> {
        let call = dialog("1@in", "x", "a");
        assert_eq!(self.answers(&answer(A, &call, None)).index, Some(1));
        let _ = self.ack_to(&call);
        call
    }

    pub(crate) fn states(&self) -> Vec<(u32, State)> {
        self.line().appearances().iter().map(|each| (each.index, each.state)).collect()
    }

    pub(crate) fn owners(&self) -> Vec<String> {
        self.line().appearances().iter().map(|each| name(&each.owner)).collect()
    }

    /// The subscriptions, newest first: phone and event.
    pub(crate) fn members(&self) -> Vec<String> {
        let show = |event: Event, contact: &[u8]| format!("{} {event}", name(contact));
        self.line().subscriptions().map(|each| show(each.event, &each.contact)).collect()
    }
}

/// A call-info SUBSCRIBE outside of a dialog.
pub(crate) fn ci(contact: &'static str) -> Request<'static> {
    Request {
        event: Event::CallInfo,
        contact: contact.as_bytes(),
        call_id: b"1@sub",
        from_tag: b"phone",
        to_tag: b"server",
        in_dialog: false,
        record_route: b"",
        cseq: 0,
        expires: 3600,
        index: 0,
    }
}

/// A line-seize SUBSCRIBE outside of a dialog.
pub(crate) fn ls(contact: &'static str, index: u32) -> Request<'static> {
    Request { event: Event::LineSeize, call_id: b"1@seize", expires: 15, index, ..ci(contact) }
}

/// The same SUBSCRIBE within the dialog.
pub(crate) fn in_dialog(request: Request<'static>) -> Request<'static> {
    Request { in_dialog: true, ..request }
}

pub(crate) fn dialog(
    call_id: &'static str,
    from: &'static str,
    to: &'static str,
) -> Dialog<'static> {
    Dialog::new(call_id.as_bytes(), from.as_bytes(), to.as_bytes())
}

/// An INVITE to an outside party, with Call-Info unless `index` is 0.
pub(crate) fn new_call(
    contact: &'static str,
    dialog: &Dialog<'static>,
    index: u32,
) -> Invite<'static> {
    Invite {
        contact: contact.as_bytes(),
        dialog: dialog.clone(),
        cseq: 1,
        call_info: (index != 0).then_some(CallInfo { index, state: None }),
        hold: false,
        same_line: false,
    }
}

/// A re-INVITE.
pub(crate) fn again(
    contact: &'static str,
    dialog: &Dialog<'static>,
    call_info: Option<(u32, Option<State>)>,
) -> Invite<'static> {
    Invite {
        cseq: 2,
        call_info: call_info.map(|(index, state)| CallInfo { index, state }),
        ..new_call(contact, dialog, 0)
    }
}

/// A 200 of a phone of the line to X.
pub(crate) fn answer(
    contact: &'static str,
    dialog: &Dialog<'static>,
    call_info: Option<(u32, Option<State>)>,
) -> CalleeAnswer<'static> {
    CalleeAnswer {
        dialog: dialog.clone(),
        contact: contact.as_bytes(),
        call_info: call_info.map(|(index, state)| CallInfo { index, state }),
        in_dialog: Some(false),
        from_display: b"\"Ext\"",
        from_uri: b"sip:300@voice.example.com",
        remote_target: X.as_bytes(),
    }
}

/// The failure of an INVITE.
pub(crate) fn failure(status: u16, invite: &Invite<'static>) -> Failure<'static> {
    Failure {
        status,
        dialog: invite.dialog.clone(),
        cseq: invite.cseq,
        contact: invite.contact,
        call_info: invite.call_info,
        stateless: false,
    }
}

/// Of an INVITE that is relayed: its appearance and the NOTIFYs.
pub(crate) fn relayed(invited: Invited) -> (Option<u32>, Vec<Notify>) {
    match invited {
        Invited::Relayed { index, notifies } => (index, notifies),
        other => panic!("not relayed: {other:?}"),
    }
}

/// Name of a phone, else the URI.
pub(crate) fn name(contact: &[u8]) -> String {
    let known = NAMES.iter().find(|(uri, _)| uri.as_bytes() == contact);
    known.map_or_else(|| contact.to_str_lossy().into_owned(), |(_, name)| (*name).into())
}

/// NOTIFYs in short: phone, event, CSeq, appearances, Subscription-State.
pub(crate) fn show(notifies: &[Notify]) -> Vec<String> {
    notifies.iter().map(show_one).collect()
}

fn show_one(notify: &Notify) -> String {
    let text = notify.headers.to_str().unwrap();
    let lines: Vec<&str> = text.strip_suffix("\r\n").unwrap().split("\r\n").collect();
    let [contact, call_info, event, state] = lines.try_into().unwrap();
    assert!(contact.starts_with("Contact: "), "{contact}");
    assert_eq!(event, format!("Event: {}", notify.event));
    let state = state.strip_prefix("Subscription-State: ").unwrap();
    assert_eq!(notify.is_last, state.starts_with("terminated"));
    let body = call_info.strip_prefix("Call-Info:").unwrap();
    let elements = read_elements(body.trim_start().as_bytes()).unwrap();
    let elements: Vec<String> = elements
        .iter()
        .map(|element| {
            let index = element.index.map_or("*".into(), |index| index.to_string());
            element.state.map_or(index.clone(), |state| format!("{index}={state}"))
        })
        .collect();
    let (phone, cseq) = (name(&notify.contact), notify.cseq);
    let package = if notify.event == Event::CallInfo { "ci" } else { "ls" };
    format!("{phone} {package} {cseq} {} {state}", elements.join(","))
}

/// The header `name` of a NOTIFY.
pub(crate) fn header<'n>(notify: &'n Notify, name: &str) -> &'n BStr {
    let mut lines = notify.headers.lines();
    lines.find_map(|line| line.strip_prefix(format!("{name}:").as_bytes())).unwrap().as_bstr()
}
