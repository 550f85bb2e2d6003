//! One appearance of a line.

use crate::uri::{Uri, cut, until};
use crate::{Dialog, Instant, State, Text};

/// What an appearance was before a pending re-INVITE or retrieval; restored when that fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Previous<'a> {
    /// CSeq number of the pending INVITE.
    pub cseq: u32,
    /// State before it.
    pub state: State,
    /// Owner before it.
    pub owner: Text<'a>,
    /// Dialog before it.
    pub dialog: Dialog<'a>,
    /// Leg before it.
    pub callee_leg: bool,
    /// The far party as RPC showed it.
    pub callee: Text<'a>,
    /// Where the far party was reached.
    pub remote_target: Text<'a>,
}

/// An appearance: one call, or the intention to make one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Appearance<'a> {
    /// 1 to 2^31-1, unique on its line.
    pub index: u32,
    /// What it is doing.
    pub state: State,
    /// The text of `appearance-uri` before escaping, `<uri>` or `DISPLAY <uri>`; may be empty.
    pub uri: Text<'a>,
    /// Contact URI of the member whose call it is.
    pub owner: Text<'a>,
    /// The far party as RPC shows it; may be empty.
    pub callee: Text<'a>,
    /// Contact URI of the far party, where a retrieving INVITE goes; when empty `callee` is used.
    pub remote_target: Text<'a>,
    /// The call, tags in the order of its first INVITE; none before the INVITE.
    pub dialog: Dialog<'a>,
    /// The line is the called side of `dialog`: our tag is `to_tag`.
    pub callee_leg: bool,
    /// Restored before its call was answered: the INVITE, or before that the line-seize subscription,
    /// went with the server that knew it, and nobody may tell how it ends.
    pub orphaned: bool,
    /// Last change of the state.
    pub changed_at: Instant,
    /// When it was taken.
    pub created_at: Instant,
    /// Set while a re-INVITE or a retrieval is pending.
    pub previous: Option<Previous<'a>>,
}

impl<'a> Appearance<'a> {
    /// Changes the state; the age counts anew only when it is another one.
    pub(crate) fn set_state(&mut self, state: State, now: Instant) {
        if self.state != state {
            self.state = state;
            self.changed_at = now;
        }
    }

    /// Where the far party is reached: its Contact, else what RPC shows of it.
    pub fn target(&self) -> &[u8] {
        if self.remote_target.is_empty() { &self.callee } else { &self.remote_target }
    }

    /// What a failure of the INVITE with this CSeq brings back.
    pub(crate) fn keep(&mut self, cseq: u32) {
        self.previous = Some(Previous {
            cseq,
            state: self.state,
            owner: self.owner.clone(),
            dialog: self.dialog.clone(),
            callee_leg: self.callee_leg,
            callee: self.callee.clone(),
            remote_target: self.remote_target.clone(),
        });
    }

    /// Brings back what was before the INVITE with this CSeq; false when none is pending.
    pub(crate) fn restore(&mut self, cseq: u32, now: Instant) -> bool {
        let Some(previous) = self.previous.take_if(|previous| previous.cseq == cseq) else {
            return false;
        };
        self.owner = previous.owner;
        self.dialog = previous.dialog;
        self.callee_leg = previous.callee_leg;
        self.callee = previous.callee;
        self.remote_target = previous.remote_target;
        self.set_state(previous.state, now);
        true
    }

    /// Whether the phone with this Contact is its owner.
    pub(crate) fn belongs_to(&self, contact: &[u8]) -> bool {
        *self.owner == *contact || same_place(&self.owner, contact)
    }
}

/// Whether two Contact URIs lead to the same user at the same host and port. A phone may put
/// other parameters into the Contact of an INVITE than into that of a SUBSCRIBE; but what both have
/// must be equal: phones with one private address are told apart by the parameter of a proxy.
fn same_place(one: &[u8], other: &[u8]) -> bool {
    let place = |text| {
        let uri = Uri::parse(text).ok()?;
        Some((uri.user, uri.host.to_ascii_lowercase(), uri.port))
    };
    place(one).is_some_and(|one| place(other) == Some(one)) && {
        let differs = |(name, value): (&[u8], &[u8])| {
            let mut others =
                parameters(other).filter(|(known, _)| known.eq_ignore_ascii_case(name));
            others.any(|(_, theirs)| !theirs.eq_ignore_ascii_case(value))
        };
        !parameters(one).any(differs)
    }
}

/// How many parameters of a Contact are looked at; each is compared with each of the other's, and a
/// datagram has room for ten thousands.
const COMPARED: usize = 32;

/// Names and values of the parameters of a URI.
fn parameters(uri: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let place = cut(uri, b'@').map_or(uri, |(_, place)| place);
    let parameters = until(place, b"?").split(|byte| *byte == b';').skip(1).take(COMPARED);
    parameters.map(|text| cut(text, b'=').unwrap_or((text, b"")))
}

#[cfg(test)]
mod tests {
    use super::{COMPARED, same_place};

    #[test]
    fn no_contact_is_looked_through_to_its_end() {
        for (same, before) in [(false, COMPARED - 1), (true, COMPARED)] {
            let contact = |value| format!("sip:215@h{};x={value}", ";a".repeat(before));
            assert_eq!(same_place(contact(1).as_bytes(), contact(2).as_bytes()), same, "{before}");
        }
    }

    #[test]
    fn a_contact_with_other_parameters_is_the_same_phone_unless_one_contradicts() {
        for (same, one, other) in [
            (true, "sip:215@10.0.0.1:5060", "sip:215@10.0.0.1:5060;ob"),
            (true, "sip:215@Host;transport=udp;ob", "sip:215@host;x=1;Transport=UDP"),
            (true, "sip:a;x=1@h", "sip:a;x=1@h?x=2"),
            (
                false,
                "sip:215@10.0.0.1;alias=192.0.2.1~5060~1",
                "sip:215@10.0.0.1;alias=192.0.2.2~5060~1",
            ),
            (false, "sip:215@10.0.0.1;transport=udp", "sip:215@10.0.0.1;transport=tcp"),
            (false, "sip:215@10.0.0.1", "sip:215@10.0.0.1:5062"),
            (false, "sip:215@10.0.0.1", "sip:216@10.0.0.1"),
        ] {
            assert_eq!(same_place(one.as_bytes(), other.as_bytes()), same, "{one} {other}");
            assert_eq!(same_place(other.as_bytes(), one.as_bytes()), same, "{other} {one}");
        }
    }
}
