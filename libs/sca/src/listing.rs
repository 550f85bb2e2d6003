//! What RPC shows of a line.

use crate::uri::Uri;
use crate::{Appearance, Event, Instant, Line, State, Subscription};

/// A subscription as RPC shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionEntry {
    /// The line.
    pub aor: Vec<u8>,
    /// The event package.
    pub event: Event,
    /// The member: Contact URI.
    pub contact: Vec<u8>,
    /// When it ends.
    pub expires: Instant,
    /// Seconds until then; negative when its time is over.
    pub left: i64,
}

impl SubscriptionEntry {
    /// State of the subscription; those that ended are not listed.
    pub const STATE: &'static str = "active";

    fn new(line: &Line<'_>, subscription: &Subscription<'_>, now: Instant) -> Self {
        Self {
            aor: line.aor().to_vec(),
            event: subscription.event,
            contact: subscription.contact.to_vec(),
            expires: subscription.expires,
            left: subscription.expires.since(now),
        }
    }

    /// The line of `sca.all_subscriptions`: `<AoR user> <contact host>[:port] <event> <secs left>
    /// <state>`, or the full texts and the moment of expiry when one of the two is no URI.
    pub fn summary(&self) -> Vec<u8> {
        let event = self.event.name().as_bytes();
        let state = Self::STATE.as_bytes();
        let (Ok(aor), Ok(contact)) = (Uri::parse(&self.aor), Uri::parse(&self.contact)) else {
            let expires = self.expires.0.to_string();
            return words(&[&self.aor, &self.contact, event, expires.as_bytes(), state]);
        };
        let colon: &[u8] = if contact.port.is_empty() { b"" } else { b":" };
        let place = [contact.host, colon, contact.port].concat();
        words(&[aor.user, &place, event, self.left.to_string().as_bytes(), state])
    }

    /// The line of `sca.show_subscription`: `<AoR> <event> <contact> <moment of expiry>`.
    pub fn details(&self) -> Vec<u8> {
        let expires = self.expires.0.to_string();
        words(&[&self.aor, self.event.name().as_bytes(), &self.contact, expires.as_bytes()])
    }

    /// The line of `sca.deactivate_all_subscriptions`.
    pub fn deactivation(&self) -> Vec<u8> {
        let event = self.event.name().as_bytes();
        words(&[b"Deactivating", event, b"subscription from", &self.contact])
    }
}

/// An appearance as RPC shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppearanceEntry {
    /// The line.
    pub aor: Vec<u8>,
    /// The index.
    pub index: u32,
    /// What it is doing.
    pub state: State,
    /// Last change of the state.
    pub changed_at: Instant,
    /// When it was taken.
    pub created_at: Instant,
    /// Text of `appearance-uri`, escaped; may be empty.
    pub uri: Vec<u8>,
    /// Contact URI of the member whose call it is.
    pub owner: Vec<u8>,
    /// The far party; may be empty.
    pub callee: Vec<u8>,
    /// Call-ID; may be empty.
    pub call_id: Vec<u8>,
    /// Tag of the side that sent the INVITE; may be empty.
    pub from_tag: Vec<u8>,
    /// Tag of the other side; may be empty.
    pub to_tag: Vec<u8>,
}

impl AppearanceEntry {
    fn new(line: &Line<'_>, appearance: &Appearance<'_>) -> Self {
        Self {
            aor: line.aor().to_vec(),
            index: appearance.index,
            state: appearance.state,
            changed_at: appearance.changed_at,
            created_at: appearance.created_at,
            uri: appearance.uri.to_vec(),
            owner: appearance.owner.to_vec(),
            callee: appearance.callee.to_vec(),
            call_id: appearance.dialog.call_id.to_vec(),
            from_tag: appearance.dialog.from_tag.to_vec(),
            to_tag: appearance.dialog.to_tag.to_vec(),
        }
    }

    /// The line of `sca.all_appearances`: `<AoR> <index> <state> <moment of the last change>
    /// <owner> <callee> <call-id> <from-tag> <to-tag>`; an empty field leaves its blank.
    pub fn summary(&self) -> Vec<u8> {
        words(&[
            &self.aor,
            self.index.to_string().as_bytes(),
            self.state.name().as_bytes(),
            self.changed_at.0.to_string().as_bytes(),
            &self.owner,
            &self.callee,
            &self.call_id,
            &self.from_tag,
            &self.to_tag,
        ])
    }
}

fn words(words: &[&[u8]]) -> Vec<u8> {
    words.join(&b' ')
}

/// The subscriptions of a line, newest first; only those to `event` and of `contact` where given.
pub fn subscriptions(
    line: &Line<'_>,
    now: Instant,
    event: Option<Event>,
    contact: Option<&[u8]>,
) -> Vec<SubscriptionEntry> {
    line.subscriptions()
        .filter(|subscription| event.is_none_or(|event| subscription.event == event))
        .filter(|subscription| contact.is_none_or(|contact| *subscription.contact == *contact))
        .map(|subscription| SubscriptionEntry::new(line, subscription, now))
        .collect()
}

/// The appearances of a line, in the order of their indexes.
pub fn appearances(line: &Line<'_>) -> Vec<AppearanceEntry> {
    line.appearances().iter().map(|appearance| AppearanceEntry::new(line, appearance)).collect()
}
