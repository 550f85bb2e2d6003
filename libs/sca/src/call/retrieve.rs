//! Taking over a held call: another phone of the line calls the line and names the appearance.

use super::{Invite, Invited, Outcome};
use crate::notify::Notify;
use crate::{Context, Dialog, Line, State, aor};
use std::borrow::Cow;

/// How the INVITE has to be changed so that it takes over the held call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the request has to be changed and the notifications have to be sent"]
pub struct Retrieval {
    /// The appearance.
    pub index: u32,
    /// The new Request-URI: the Contact of the far party.
    pub target: Vec<u8>,
    /// Value of the Replaces header to be appended (RFC 3891).
    pub replaces: Vec<u8>,
    /// The line that the far party would have in the same domain; if it is a shared line,
    /// [`retarget`] tells it of its new call.
    pub far_aor: Option<Vec<u8>>,
    /// The held call.
    pub replaced: Dialog<'static>,
    /// To be sent before the INVITE is relayed, in this order.
    pub notifies: Vec<Notify>,
}

/// Gives the held call at `at` to the phone that sent the INVITE.
pub(super) fn retrieve<'a>(
    line: &mut Line<'a>,
    ctx: &Context<'_>,
    invite: &Invite<'a>,
    at: usize,
) -> Invited {
    let Some(held) = line.appearances.get(at) else {
        return Invited::Relayed { index: None, notifies: Vec::new() };
    };
    let target = held.target().to_vec();
    if target.is_empty() || !held.dialog.is_confirmed() {
        return Invited::Unreachable { index: held.index };
    }
    let replaced = held.dialog.to_owned();
    // Replaces is read by the far party, to which its own tag is the to-tag.
    let seen_from_here = if held.callee_leg { replaced.reversed() } else { replaced.clone() };
    let replaces = seen_from_here.replaces();
    let far_aor = aor::of_contact_at(&target, line.aor());
    let index = held.index;
    if let Some(appearance) = line.edit(ctx, at) {
        appearance.keep(invite.cseq);
        appearance.owner = Cow::Borrowed(invite.contact);
        appearance.dialog = invite.dialog.clone();
        appearance.callee_leg = false;
        appearance.set_state(State::Active, ctx.now);
    }
    let notifies = line.notify_group(ctx);
    Invited::Retrieved(Retrieval { index, target, replaces, far_aor, replaced, notifies })
}

/// Tells the shared line of the far party that its call goes on with another phone: the appearance
/// with the dialog `replaced` gets the dialog and the Contact of `invite`. It stays as it is when
/// the line has no such call.
pub fn retarget<'a>(
    line: &mut Line<'a>,
    ctx: &Context<'_>,
    replaced: &Dialog<'_>,
    invite: &Invite<'a>,
) -> Outcome {
    let Some(appearance) = line.at_dialog(replaced).and_then(|at| line.edit(ctx, at)) else {
        return Outcome::default();
    };
    appearance.keep(invite.cseq);
    appearance.dialog = invite.dialog.clone();
    appearance.callee_leg = true;
    appearance.callee = Cow::Borrowed(invite.contact);
    appearance.remote_target = Cow::Borrowed(invite.contact);
    Outcome::found(appearance.index, Vec::new())
}
