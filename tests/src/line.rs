//! The scene of most cases: a group of two phones and one outside party.

use crate::{
    call::{Call, Side},
    host::Host,
    install::Flavor,
    lamps::call_info,
    message::Message,
    phone::Phone,
    rpc::Appearance,
    setup::Setup,
    subscription::Subscription,
};

/// Seconds that the phones of a line subscribe for.
pub const EXPIRES: u32 = 3600;

/// The line `sip:215@voice.example.com` with its members, and somebody who is not one.
#[derive(Debug)]
pub struct Line {
    /// The host that serves it.
    pub host: Host,
    /// First member.
    pub a: Phone,
    /// Second member, the newest subscriber.
    pub b: Phone,
    /// Outside party, `sip:300@voice.example.com`.
    pub x: Phone,
    /// Subscription of the first member.
    pub a_sub: Subscription,
    /// Subscription of the second member.
    pub b_sub: Subscription,
}

impl Line {
    /// Two subscribed phones on a host with `flavor`.
    pub fn new(flavor: Flavor) -> Self {
        Self::with(Setup::new(flavor))
    }

    /// Two subscribed phones on a host with `setup`.
    pub fn with(setup: Setup) -> Self {
        Self::on(Host::start(setup))
    }

    /// Two subscribed phones on `host`.
    pub fn on(host: Host) -> Self {
        let phone = |user| Phone::new(host.address(), user);
        let (a, b, x) = (phone("215"), phone("215"), phone("300"));
        let join = |phone: &Phone| {
            let subscription = phone.subscribe("call-info", EXPIRES);
            assert_eq!(subscription.reply.status_line(), "202 Accepted");
            phone.notified("call-info");
            subscription
        };
        let (a_sub, b_sub) = (join(&a), join(&b));
        Self { host, a, b, x, a_sub, b_sub }
    }

    /// The next NOTIFY of both members must show exactly `appearances` (see [`call_info`]).
    pub fn both_see(&self, appearances: &[&str]) {
        for phone in [&self.b, &self.a] {
            sees(phone, appearances);
        }
    }

    /// Within their next few NOTIFYs both members must come to see exactly `appearances`: for
    /// events that a host may tell in more than one step.
    pub fn both_come_to_see(&self, appearances: &[&str]) {
        let wanted = call_info(appearances);
        for phone in [&self.b, &self.a] {
            let mut shown = Vec::new();
            while shown.last() != Some(&wanted) {
                assert!(shown.len() < 5, "wanted {wanted}, got {shown:#?}");
                shown.push(phone.notified("call-info").header("Call-Info").to_owned());
            }
        }
    }

    /// No member may hear anything more.
    pub fn quiet(&self) {
        self.a.quiet();
        self.b.quiet();
    }

    /// All appearances that the host knows, of whatever line.
    pub fn appearances(&self) -> Vec<Appearance> {
        self.host.appearances()
    }

    /// Index and state of all appearances, such as `1 active`.
    pub fn states(&self) -> Vec<String> {
        self.appearances().iter().map(|one| format!("{} {}", one.index, one.state)).collect()
    }

    /// `phone` seizes appearance `index`, the only one in use; the NOTIFYs of it are taken.
    pub fn seized(&self, phone: &Phone, index: u32) -> Subscription {
        let seize = phone.seize(index);
        assert_eq!(seize.reply.status_line(), "200 OK");
        phone.notified("line-seize");
        self.both_see(&[&format!("{index} seized")]);
        seize
    }

    /// An event that every member hears of: the lowest free appearance is seized for nobody.
    pub fn event(&self) {
        let words = ["sca.seize_appearance", &self.a.aor(), "sip:nobody@192.0.2.1"];
        self.host.rpc(&words).unwrap();
    }

    /// The first member seized appearance 1 and its INVITE arrived at the outside party.
    pub fn dialed(&self) -> Call {
        self.seized(&self.a, 1);
        let call = Call::dial(&self.a, &self.x, |invite| invite.index(1));
        self.both_see(&["1 seized"]);
        call
    }

    /// As [`Line::dialed`], and the outside party rings.
    pub fn ringing(&self) -> Call {
        let mut call = self.dialed();
        call.ring();
        self.a.notified("line-seize");
        self.both_see(&["1 progressing"]);
        call
    }

    /// As [`Line::ringing`], and the outside party answered.
    pub fn talking(&self) -> Call {
        let mut call = self.ringing();
        call.answer();
        self.both_see(&[TALKING]);
        call
    }

    /// As [`Line::talking`], and the first member put the call on hold.
    pub fn held(&self) -> Call {
        self.held_as("held")
    }

    /// As [`Line::held`] with the state that the phone names.
    pub fn held_as(&self, state: &str) -> Call {
        let mut call = self.talking();
        call.change(Side::Caller, |invite| invite.state(1, state).sdp("sendonly"));
        let seen = TALKING.replace("active", state);
        self.both_see(&[&seen]);
        self.both_see(&[&seen]);
        call
    }

    /// `phone` sends an INVITE from the line to itself that names appearance 1.
    pub fn take(&self, phone: &Phone) -> Call {
        Call::place(phone, &self.x, |invite| {
            let to = format!("<{}>", phone.aor());
            invite.without("X-Dst").uri(&phone.aor()).set("To", &to).index(1)
        })
    }

    /// The outside party's INVITE arrived at the first member.
    pub fn called(&self) -> Call {
        Call::dial(&self.x, &self.a, |invite| invite)
    }

    /// The first member answered a call of the outside party and got the ACK.
    pub fn received(&self) -> Call {
        let mut call = self.called();
        call.answer();
        self.both_see(&[RECEIVED]);
        call
    }
}

/// What the group sees while its first member talks to the outside party that it called.
pub const TALKING: &str = "1 active \"Ext\" <sip:300@voice.example.com>";

/// What the group sees while its first member talks to the outside party that called it.
pub const RECEIVED: &str = TALKING;

/// The next NOTIFY of call-info that `phone` gets must show exactly `appearances`, in a live
/// subscription of at most [`EXPIRES`] seconds.
pub fn sees(phone: &Phone, appearances: &[&str]) -> Message {
    let notify = phone.notified("call-info");
    assert_eq!(notify.header("Call-Info"), call_info(appearances), "{notify:?}");
    let left = expires(&notify);
    assert!((1..=EXPIRES).contains(&left), "{notify:?}");
    notify
}

/// Seconds left as Subscription-State tells them.
pub fn expires(notify: &Message) -> u32 {
    let state = notify.header("Subscription-State");
    let left = state.strip_prefix("active;expires=").and_then(|left| left.parse().ok());
    left.unwrap_or_else(|| panic!("no seconds left in\n{notify:?}"))
}
