//! The subscriber's side of RFC 6665.

use crate::{draft::Draft, leg::Leg, message::Message, phone::Phone};

/// A subscription that a phone asked for.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Its dialog.
    pub leg: Leg,
    /// Its event package.
    pub event: String,
    /// The reply to the first SUBSCRIBE.
    pub reply: Message,
}

impl Phone {
    /// A SUBSCRIBE to the phone's own address.
    pub fn subscribe_draft(&self, event: &str, expires: u32) -> Draft {
        self.request("SUBSCRIBE", &self.aor())
            .add("Event", event)
            .add("Expires", &expires.to_string())
    }

    /// Subscribes to `event` for `expires` seconds.
    pub fn subscribe(&self, event: &str, expires: u32) -> Subscription {
        self.subscribe_with(&self.subscribe_draft(event, expires))
    }

    /// Subscribes with a request of the test's making; any final reply will do.
    pub fn subscribe_with(&self, draft: &Draft) -> Subscription {
        let reply = self.ask(draft);
        let mut leg = Leg::caller(self, draft);
        leg.confirm(&reply);
        if leg.target.is_empty() {
            leg.target = self.aor();
        }
        Subscription { leg, event: draft.find("Event").unwrap_or_default().to_owned(), reply }
    }

    /// Asks for appearance `index` by a line-seize subscription of 15 seconds.
    pub fn seize(&self, index: u32) -> Subscription {
        self.subscribe_with(&self.subscribe_draft("line-seize", 15).index(index))
    }
}

impl Subscription {
    /// The next SUBSCRIBE of the same dialog.
    pub fn draft(&mut self, expires: u32) -> Draft {
        self.leg.request("SUBSCRIBE").add("Event", &self.event).add("Expires", &expires.to_string())
    }

    /// Refreshes, or ends it with 0 seconds; gives the final reply.
    pub fn refresh(&mut self, expires: u32) -> Message {
        let draft = self.draft(expires);
        self.leg.phone.ask(&draft)
    }

    /// As [`Subscription::refresh`], naming an appearance.
    pub fn refresh_index(&mut self, expires: u32, index: u32) -> Message {
        let draft = self.draft(expires).index(index);
        self.leg.phone.ask(&draft)
    }
}
