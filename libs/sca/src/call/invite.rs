//! INVITE from a phone of the line.

use super::retrieve::{self, Retrieval};
use crate::call_info::CallInfo;
use crate::notify::Notify;
use crate::{Context, Dialog, Line, State};
use bstr::BString;

/// An INVITE of the calling side of a shared line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite<'a> {
    /// Contact URI of the phone.
    pub contact: &'a [u8],
    /// Call-ID and tags; a To-tag makes it a re-INVITE.
    pub dialog: Dialog<'a>,
    /// CSeq number, by which a failure is told from that of another INVITE.
    pub cseq: u32,
    /// The Call-Info header, when there is one.
    pub call_info: Option<CallInfo>,
    /// Its SDP, or the branch flag, puts the call on hold.
    pub hold: bool,
    /// From and To are the same address of record: the phone calls its own line.
    pub same_line: bool,
}

/// What an INVITE led to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the notifications have to be sent"]
pub enum Invited {
    /// It goes on its way as it is.
    Relayed {
        /// Its appearance; none when it has no appearance.
        index: Option<u32>,
        /// To be sent before it is relayed, in this order.
        notifies: Vec<Notify>,
    },
    /// It takes over a held call: the request has to be changed.
    Retrieved(Retrieval),
    /// It tries to take over a call on private hold: 403 `Forbidden - private call`.
    Forbidden {
        /// The appearance.
        index: u32,
        /// Whose call it is.
        owner: BString,
    },
    /// It tries to take over a call whose far side is not known: nothing is changed.
    Unreachable {
        /// The appearance.
        index: u32,
    },
}

/// Carries out an INVITE.
///
/// The members hear of it in any case, whether something changed or not, except when the INVITE
/// is refused.
pub fn invite<'a>(line: &mut Line<'a>, ctx: &Context<'_>, invite: &Invite<'a>) -> Invited {
    let index = invite.call_info.map_or(0, |info| info.index);
    let Some(at) = line.at_dialog(&invite.dialog) else {
        return match line.at_index(index) {
            Some(at) => at_index(line, ctx, invite, at),
            None => Invited::Relayed { index: None, notifies: line.notify_group(ctx) },
        };
    };
    update(line, ctx, invite, at)
}

/// A call that no appearance has, naming one that is in use.
fn at_index<'a>(line: &mut Line<'a>, ctx: &Context<'_>, invite: &Invite<'a>, at: usize) -> Invited {
    if let Some(appearance) = line.appearances.get(at) {
        let own = appearance.belongs_to(invite.contact);
        let wants = invite.same_line && !invite.dialog.is_confirmed();
        match appearance.state {
            State::Held if wants => return retrieve::retrieve(line, ctx, invite, at),
            State::HeldPrivate if wants && own => {
                return retrieve::retrieve(line, ctx, invite, at);
            }
            State::HeldPrivate if wants => {
                let owner = BString::from(&*appearance.owner);
                return Invited::Forbidden { index: appearance.index, owner };
            }
            _ if appearance.dialog.is_none() && (own || !line.is_member(invite.contact)) => {
                return update(line, ctx, invite, at);
            }
            // Nobody has answered the phone's INVITE, so it tries with another one.
            State::Seized if own && !appearance.dialog.is_confirmed() => {
                return again(line, ctx, invite, at);
            }
            // The phone was redirected while it rang, or referred while it talked: its new call
            // takes the place of the old one. A call that it holds is one to come back to.
            state if own && !invite.dialog.is_confirmed() && !state.is_held() => {
                return again(line, ctx, invite, at);
            }
            _ => {}
        }
    }
    // The appearance belongs to another call or another member.
    Invited::Relayed { index: None, notifies: line.notify_group(ctx) }
}

fn update<'a>(line: &mut Line<'a>, ctx: &Context<'_>, invite: &Invite<'a>, at: usize) -> Invited {
    let mut index = None;
    if let Some(appearance) = line.edit(ctx, at) {
        let pending = appearance.previous.as_ref().map(|previous| previous.cseq);
        if invite.dialog.is_confirmed() && pending != Some(invite.cseq) {
            appearance.keep(invite.cseq);
        }
        if let Some(state) = asked_state(invite) {
            appearance.set_state(state, ctx.now);
        }
        appearance.orphaned &= !appearance.dialog.is_none();
        appearance.dialog.complete(&invite.dialog);
        index = Some(appearance.index);
    }
    Invited::Relayed { index, notifies: line.notify_group(ctx) }
}

/// The call of a taken appearance gives way to a new one of the same phone. One that was answered
/// comes back should the new one fail.
fn again<'a>(line: &mut Line<'a>, ctx: &Context<'_>, invite: &Invite<'a>, at: usize) -> Invited {
    if let Some(appearance) = line.edit(ctx, at) {
        if appearance.dialog.is_confirmed() {
            appearance.keep(invite.cseq);
        }
        appearance.dialog = Dialog::default();
        appearance.callee_leg = false;
        appearance.orphaned = false;
    }
    update(line, ctx, invite, at)
}

fn asked_state(invite: &Invite<'_>) -> Option<State> {
    let private = invite.call_info.and_then(|info| info.state) == Some(State::HeldPrivate);
    match (invite.hold, private) {
        (true, true) => Some(State::HeldPrivate),
        (true, false) => Some(State::Held),
        (false, _) => invite.dialog.is_confirmed().then_some(State::Active),
    }
}
