//! One operation under way on one line.

use super::{
    message::{Kind, Message},
    party::{CallId, Party, Purpose},
    request::Request,
    script::{Signal, Step},
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// The first pause before a message is sent again, as RFC 3261 timer T1.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// A step that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// The state of a script that a phone plays.
#[derive(Debug)]
pub(crate) struct Operation {
    /// The phone.
    pub(crate) party: Party,
    /// How many phones share its line.
    members: usize,
    script: &'static [Step],
    serial: u32,
    /// The tag of the call-info dialog, empty before the first SUBSCRIBE.
    watch_tag: String,
    /// The last CSeq of the call-info dialog.
    watch_sequence: u32,
    /// The far tag of the line-seize dialog or call in progress.
    far_tag: String,
    route: String,
    /// The INVITE as the outside party received it.
    invite: Vec<u8>,
    /// The last line-seize NOTIFY, to know one that is repeated.
    seize_notify: u32,
    signalled: bool,
    notifies: usize,
    /// The message that is sent again until the signal is there.
    last: String,
    began: Instant,
    resend: Instant,
    pause: Duration,
}

/// What a phone knows of its subscription before an operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    /// The server's tag.
    pub(crate) tag: String,
    /// The last CSeq sent.
    pub(crate) sequence: u32,
}

/// What an operation wants after an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Go on waiting.
    Wait,
    /// Send this now.
    Send(String),
    /// The step is over.
    StepDone,
    /// The script cannot go on, for this reason.
    Failed(String),
}

impl Operation {
    /// Prepares `script`; `serial` names the dialogs it will open.
    pub(crate) fn new(
        party: Party,
        members: usize,
        script: &'static [Step],
        serial: u32,
        watch: Watch,
        now: Instant,
    ) -> Self {
        Self {
            party,
            members,
            script,
            serial,
            watch_tag: watch.tag,
            watch_sequence: watch.sequence,
            far_tag: String::new(),
            route: String::new(),
            invite: Vec::new(),
            seize_notify: 0,
            signalled: false,
            notifies: 0,
            last: String::new(),
            began: now,
            resend: now,
            pause: FIRST_PAUSE,
        }
    }

    /// What the phone knows of its subscription now.
    pub(crate) fn watch(&self) -> Watch {
        Watch { tag: self.watch_tag.clone(), sequence: self.watch_sequence }
    }

    /// The message that begins the next step; `None` at the end of the script.
    pub(crate) fn begin(&mut self, local: SocketAddr, now: Instant) -> Option<String> {
        let step = *self.script.first()?;
        self.signalled = false;
        self.notifies = step.notifies(self.members);
        (self.began, self.pause) = (now, FIRST_PAUSE);
        self.resend = now + FIRST_PAUSE;
        self.last = match step {
            Step::Subscribe | Step::Refresh => {
                self.watch_sequence = self.watch_sequence.saturating_add(1);
                let tag = if step == Step::Refresh { self.watch_tag.as_str() } else { "" };
                // The subscription keeps its first Call-ID, so its serial is always the same.
                let id = CallId { purpose: Purpose::CallInfo, party: self.party, serial: 0 };
                Request { id, sequence: self.watch_sequence, to_tag: tag, local }.subscribe(true)
            }
            Step::Seize => {
                self.far_tag.clear();
                self.request(Purpose::LineSeize, 1, local).subscribe(true)
            }
            Step::Release => self.request(Purpose::LineSeize, 2, local).subscribe(false),
            Step::Invite => {
                self.far_tag.clear();
                self.request(Purpose::Call, 1, local).invite()
            }
            Step::Ring => self.far_reply("180 Ringing", local),
            Step::Answer => self.far_reply("200 OK", local),
            Step::HangUp => self.request(Purpose::Call, 2, local).within_call("BYE", &self.route),
        };
        Some(self.last.clone())
    }

    /// The signal of the current step, an answer, or a message of the far side came in.
    pub(crate) fn receive(&mut self, message: Message<'_>, id: CallId, local: SocketAddr) -> Next {
        let Some(&step) = self.script.first() else { return Next::Wait };
        let signal = match message.kind {
            Kind::Reply(100..=179, _) => return Next::Wait,
            Kind::Reply(200..=299, "SUBSCRIBE") => {
                let tag = message.to_tag().unwrap_or_default().to_owned();
                match id.purpose {
                    Purpose::CallInfo => self.watch_tag = tag,
                    Purpose::LineSeize | Purpose::Call => self.far_tag = tag,
                }
                Signal::Subscribed
            }
            Kind::Reply(180, "INVITE") => Signal::Ringing,
            Kind::Reply(200..=299, "INVITE") => {
                message.to_tag().unwrap_or_default().clone_into(&mut self.far_tag);
                self.route = message.headers("Record-Route").collect::<Vec<_>>().join(", ");
                return Next::Send(
                    self.request(Purpose::Call, 1, local).within_call("ACK", &self.route),
                );
            }
            Kind::Reply(200..=299, "BYE") => Signal::Ended,
            Kind::Reply(status, method) => {
                return Next::Failed(format!("{status} to {method} in step {step:?}"));
            }
            Kind::Request("ACK") => Signal::Confirmed,
            Kind::Request(_) => return Next::Wait,
        };
        self.signalled |= signal == step.signal();
        self.proceed()
    }

    /// The INVITE reached the outside party.
    pub(crate) fn arrive(&mut self, invite: &[u8]) -> Next {
        invite.clone_into(&mut self.invite);
        self.signalled |= self.script.first().map(|step| step.signal()) == Some(Signal::Arrived);
        self.proceed()
    }

    /// A NOTIFY of the line came in that is not a repetition.
    pub(crate) fn notified(&mut self, message: Message<'_>, id: CallId) -> Next {
        let Some(&step) = self.script.first() else { return Next::Wait };
        if id.purpose == Purpose::CallInfo {
            let says = message.header("Call-Info").unwrap_or_default();
            let right = match step.state() {
                Some(state) => says.contains(state),
                None => !says.contains("appearance-index=1;"),
            };
            if !right {
                return Next::Failed(format!("NOTIFY says {says:?} in step {step:?}"));
            }
        }
        self.notifies = self.notifies.saturating_sub(1);
        self.proceed()
    }

    /// Whether a line-seize NOTIFY with this `CSeq` is new, and remembers it.
    pub(crate) fn is_new_seize_notify(&mut self, serial: u32, sequence: u32) -> bool {
        let new = serial == self.serial && sequence > self.seize_notify;
        if new {
            self.seize_notify = sequence;
        }
        new
    }

    /// What is due at `now`: a repetition, the end of patience, or nothing.
    pub(crate) fn tick(&mut self, now: Instant) -> Next {
        if now.duration_since(self.began) > PATIENCE {
            let step = self.script.first();
            let (seen, missing) = (self.signalled, self.notifies);
            return Next::Failed(format!(
                "{step:?} stalls, signal {seen}, {missing} NOTIFYs short"
            ));
        }
        if self.signalled || now < self.resend {
            return Next::Wait;
        }
        self.pause = self.pause.saturating_mul(2);
        self.resend = now + self.pause;
        Next::Send(self.last.clone())
    }

    fn proceed(&mut self) -> Next {
        if !self.signalled || self.notifies > 0 {
            return Next::Wait;
        }
        self.script = self.script.get(1..).unwrap_or_default();
        Next::StepDone
    }

    fn request(&self, purpose: Purpose, sequence: u32, local: SocketAddr) -> Request<'_> {
        let id = CallId { purpose, party: self.party, serial: self.serial };
        Request { id, sequence, to_tag: &self.far_tag, local }
    }

    fn far_reply(&self, status: &str, local: SocketAddr) -> String {
        let contact = format!("Contact: <sip:outside@{local}>\r\n");
        Message::parse(&self.invite)
            .map(|invite| invite.reply(status, &format!("far{:08}", self.serial), &contact))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phones::script;

    const LOCAL: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4000);
    const PARTY: Party = Party { line: 1, member: 0 };
    const ID: CallId = CallId { purpose: Purpose::CallInfo, party: PARTY, serial: 0 };

    fn operation(script: &'static [Step]) -> (Operation, Instant) {
        let now = Instant::now();
        let mut operation = Operation::new(PARTY, 2, script, 5, Watch::default(), now);
        assert!(operation.begin(LOCAL, now).unwrap().starts_with("SUBSCRIBE "));
        (operation, now)
    }

    fn accepted(operation: &mut Operation) -> Next {
        let reply = b"SIP/2.0 200 OK\r\nTo: <sip:x>;tag=t\r\nCSeq: 1 SUBSCRIBE\r\n\r\n";
        let id = CallId { purpose: Purpose::LineSeize, serial: 5, ..ID };
        operation.receive(Message::parse(reply).unwrap(), id, LOCAL)
    }

    fn notified(operation: &mut Operation, purpose: Purpose, state: &str) -> Next {
        let text = format!(
            "NOTIFY sip:x SIP/2.0\r\nCall-Info: <sip:x>;appearance-index=1;\
             appearance-state={state}\r\n\r\n"
        );
        let id = CallId { purpose, ..ID };
        operation.notified(Message::parse(text.as_bytes()).unwrap(), id)
    }

    #[test]
    fn a_step_ends_with_its_signal_and_all_its_notifies_in_any_order() {
        let (mut operation, now) = operation(script::SEIZE_CYCLE);
        assert_eq!(notified(&mut operation, Purpose::CallInfo, "seized"), Next::Wait);
        assert_eq!(accepted(&mut operation), Next::Wait);
        assert_eq!(notified(&mut operation, Purpose::LineSeize, "seized"), Next::Wait);
        assert_eq!(notified(&mut operation, Purpose::CallInfo, "seized"), Next::StepDone);
        let release = operation.begin(LOCAL, now).unwrap();
        assert!(release.contains(";tag=t\r\n") && release.contains("Expires: 0\r\n"), "{release}");
    }

    #[test]
    fn a_notify_with_another_state_fails_the_operation() {
        let (mut operation, _) = operation(script::SEIZE_CYCLE);
        let next = notified(&mut operation, Purpose::CallInfo, "active");
        assert!(matches!(next, Next::Failed(_)), "{next:?}");
    }

    #[test]
    fn a_refusal_fails_the_operation() {
        let (mut operation, _) = operation(script::SEIZE_CYCLE);
        let reply = b"SIP/2.0 480 Busy\r\nCSeq: 1 SUBSCRIBE\r\n\r\n";
        let next = operation.receive(Message::parse(reply).unwrap(), ID, LOCAL);
        assert!(matches!(next, Next::Failed(_)), "{next:?}");
    }

    #[test]
    fn a_request_is_repeated_until_its_signal_and_given_up_in_the_end() {
        let (mut operation, now) = operation(script::SEIZE_CYCLE);
        assert_eq!(operation.tick(now), Next::Wait);
        assert!(matches!(operation.tick(now + FIRST_PAUSE), Next::Send(_)));
        assert_eq!(accepted(&mut operation), Next::Wait);
        assert_eq!(operation.tick(now + FIRST_PAUSE * 8), Next::Wait);
        assert!(matches!(operation.tick(now + PATIENCE * 2), Next::Failed(_)));
    }

    #[test]
    fn a_repeated_line_seize_notify_is_known() {
        let (mut operation, _) = operation(script::SEIZE_CYCLE);
        let seen = [(5, 1), (5, 1), (5, 2), (4, 3)];
        let new = seen.map(|(serial, cseq)| operation.is_new_seize_notify(serial, cseq));
        assert_eq!(new, [true, false, true, false]);
    }
}
