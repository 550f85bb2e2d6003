//! One appearance of a line.

use crate::uri::Uri;
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
/// other parameters into the Contact of an INVITE than into that of a SUBSCRIBE.
fn same_place(one: &[u8], other: &[u8]) -> bool {
    let place = |text| {
        let uri = Uri::parse(text).ok()?;
        Some((uri.user, uri.host.to_ascii_lowercase(), uri.port))
    };
    place(one).is_some_and(|one| place(other) == Some(one))
}
