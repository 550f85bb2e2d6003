//! One appearance of a line.

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
    pub fn target(&self) -> &Text<'a> {
        if self.remote_target.is_empty() { &self.callee } else { &self.remote_target }
    }
}
