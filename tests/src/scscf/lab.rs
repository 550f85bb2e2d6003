//! A running S-CSCF with its HSS.

use crate::{
    diameter::{Assignment, Hss, Message as Request},
    draft::Draft,
    host::Host,
    message::Message,
    scscf::{Mix, Ue, set},
    wait::{PATIENCE, SILENCE, until},
};
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

/// A running S-CSCF with its HSS.
#[derive(Debug)]
pub struct Lab {
    /// The host.
    pub host: Host,
    /// What knows its subscribers.
    pub hss: Hss,
    /// Whose modules it runs.
    pub mix: Mix,
}

impl Lab {
    /// An S-CSCF as most cases want it.
    pub fn start(mix: Mix) -> Self {
        super::Plan::new(mix).exact().start()
    }

    /// Its address as a URI.
    pub fn uri(&self) -> String {
        format!("sip:{}", self.host.address())
    }

    /// The route that it teaches registered clients.
    pub fn service_route(&self) -> String {
        format!("<sip:orig@{};lr>", self.host.address())
    }

    /// A client on UDP.
    pub fn ue(&self, user: &str) -> Ue {
        Ue::new(self.host.address(), user)
    }

    /// Registers `ue` for so many seconds and gives the answer, which must be a 200.
    pub fn register(&self, ue: &Ue, seconds: u32) -> Message {
        let reply = ue.ask(&ue.register(seconds));
        assert_eq!(reply.status(), 200, "{reply:?}");
        reply
    }

    /// Ends the registration of `ue` from its own contact.
    pub fn leave(&self, ue: &Ue) -> Message {
        self.register(ue, 0)
    }

    /// Sends `register` and gives the answer with what the HSS was asked for it.
    pub fn assigned(&self, ue: &Ue, register: &Draft) -> (Message, Assignment, Request) {
        let reply = ue.ask(register);
        let (kind, request) = self.hss.assigned();
        (reply, kind, request)
    }

    /// What the route was resumed with for the REGISTER of this Call-ID; `None` when it was not in
    /// the next moments.
    pub fn resumed(&self, register: &Draft) -> Option<i32> {
        let what = format!("RESUMED {} with ", register.find("Call-ID").unwrap_or_default());
        let end = Instant::now() + SILENCE * 2;
        while Instant::now() < end {
            let log = self.host.journal().text();
            let found = log.lines().find_map(|line| line.split_once(&what));
            if let Some((_, code)) = found {
                return Some(code.trim().parse().unwrap());
            }
            sleep(Duration::from_millis(20));
        }
        None
    }

    /// Whether somebody called `user` can be reached, seen by `ue`.
    pub fn finds(&self, ue: &Ue, user: &str) -> bool {
        self.looked_up(ue, &set(user)[0]).is_some()
    }

    /// Where `lookup` leads a request to `identity`; `None` when it leads nowhere.
    pub fn looked_up(&self, ue: &Ue, identity: &str) -> Option<Message> {
        let answer = ue.ask(&ue.calling("lookup").uri(identity));
        match super::rc(&answer) {
            1 => Some(answer),
            -1 => None,
            other => panic!("lookup returned {other}"),
        }
    }

    /// Waits until the store counts `wanted` contacts.
    pub fn wait_contacts(&self, wanted: u64) {
        self.wait_contacts_within(wanted, PATIENCE * 2);
    }

    /// As [`Lab::wait_contacts`], for what may take as long as `limit`.
    pub fn wait_contacts_within(&self, wanted: u64, limit: Duration) {
        until(&format!("{wanted} contacts"), limit, || {
            (self.stored("active_contacts") == wanted).then_some(())
        });
    }

    /// Waits until the store knows nobody.
    pub fn wait_empty(&self) {
        for name in ["active_contacts", "active_impus", "active_subscriptions"] {
            until(&format!("no {name}"), PATIENCE * 2, || (self.stored(name) == 0).then_some(()));
        }
    }
}
