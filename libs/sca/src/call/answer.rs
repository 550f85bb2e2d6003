//! Replies to INVITE: ringing and answers.

use super::Outcome;
use crate::call_info::{CallInfo, appearance_uri};
use crate::line::SeizeError;
use crate::notify::Standing;
use crate::{Context, Dialog, Line, State};
use std::borrow::Cow;

/// A 200 to an INVITE, for the line of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerAnswer<'a> {
    /// Call-ID and tags.
    pub dialog: Dialog<'a>,
    /// Contact URI of who answered.
    pub contact: &'a [u8],
    /// Display name of To as it stands there, quotes included; may be empty.
    pub to_display: &'a [u8],
    /// Address of record of who answered ([`crate::aor::canonical`]).
    pub to_aor: &'a [u8],
    /// The answer comes from the same address of record: the far party stays who it is.
    pub same_line: bool,
}

/// A 200 to an INVITE, for the line of the phone that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalleeAnswer<'a> {
    /// Call-ID and tags.
    pub dialog: Dialog<'a>,
    /// Contact URI of the phone that answered.
    pub contact: &'a [u8],
    /// The Call-Info header, when there is one.
    pub call_info: Option<CallInfo>,
    /// Whether the INVITE had a To-tag; `None` when the caller cannot tell.
    pub in_dialog: Option<bool>,
    /// Display name of From as it stands there, quotes included; may be empty.
    pub from_display: &'a [u8],
    /// URI of From.
    pub from_uri: &'a [u8],
    /// Contact URI of the INVITE; empty when the caller cannot tell.
    pub remote_target: &'a [u8],
}

/// 180 or 183 to an INVITE of a phone of the line: the far party rings, the line-seize has done
/// its work. Once told, nothing happens; a ringing within an answered call is none.
pub fn progress(line: &mut Line<'_>, ctx: &Context<'_>, dialog: &Dialog<'_>) -> Outcome {
    let Some(at) = line.at_dialog(dialog) else { return Outcome::default() };
    let Some(appearance) = line.appearances.get(at) else { return Outcome::default() };
    let index = appearance.index;
    if appearance.state == State::Progressing || appearance.dialog.is_confirmed() {
        return Outcome::found(index, Vec::new());
    }
    let seize = line.seize_of(appearance);
    if let Some(appearance) = line.edit(ctx, at) {
        appearance.set_state(State::Progressing, ctx.now);
    }
    let mut notifies = Vec::new();
    notifies.extend(seize.and_then(|at| line.end(ctx, at, Standing::NoResource)));
    notifies.extend(line.notify_group(ctx));
    Outcome::found(index, notifies)
}

/// 200 to an INVITE of a phone of the line. The members hear of it in any case.
pub fn answer_to_caller<'a>(
    line: &mut Line<'a>,
    ctx: &Context<'_>,
    answer: &CallerAnswer<'a>,
) -> Outcome {
    let mut index = None;
    let at = line.at_dialog(&answer.dialog);
    if let Some(appearance) = at.and_then(|at| line.edit(ctx, at)) {
        index = Some(appearance.index);
        appearance.previous = None;
        if !appearance.state.is_held() {
            appearance.set_state(State::Active, ctx.now);
        }
        appearance.dialog.complete(&answer.dialog);
        if !answer.same_line {
            appearance.uri = Cow::Owned(appearance_uri(answer.to_display, answer.to_aor));
        }
        appearance.callee = Cow::Borrowed(answer.contact);
        appearance.remote_target = Cow::Borrowed(answer.contact);
    }
    Outcome { index, refused: None, notifies: line.notify_group(ctx) }
}

/// 200 from a phone of the line. The members hear of it when the ACK comes; handsets forget the
/// state again at the CANCEL of the other branches if they are told before.
///
/// A call that has an appearance keeps it and its state, unless Call-Info says another one. An
/// initial INVITE gets the appearance of its Call-Info, or the lowest free one. A re-INVITE of an
/// unknown call gets none.
pub fn answer_by_callee<'a>(
    line: &mut Line<'a>,
    ctx: &Context<'_>,
    answer: &CalleeAnswer<'a>,
) -> Outcome {
    if let Some(at) = line.at_dialog(&answer.dialog) {
        return answer_again(line, ctx, answer, at);
    }
    if answer.in_dialog == Some(true) {
        return Outcome::default();
    }
    match place(line, ctx, answer) {
        Ok(at) => answer_new(line, ctx, answer, at),
        Err(error) => Outcome { refused: Some(error), ..Outcome::default() },
    }
}

fn answer_again<'a>(
    line: &mut Line<'a>,
    ctx: &Context<'_>,
    answer: &CalleeAnswer<'a>,
    at: usize,
) -> Outcome {
    let Some(appearance) = line.edit(ctx, at) else { return Outcome::default() };
    appearance.previous = None;
    // A phone that answers cannot bring its call back to a state before the answer.
    if let Some(state) = answer.call_info.and_then(|info| info.state).filter(|s| s.is_answered()) {
        appearance.set_state(state, ctx.now);
    }
    appearance.dialog.complete(&answer.dialog);
    appearance.owner = Cow::Borrowed(answer.contact);
    if !answer.remote_target.is_empty() {
        appearance.remote_target = Cow::Borrowed(answer.remote_target);
    }
    Outcome::found(appearance.index, Vec::new())
}

/// Position of the appearance for a new incoming call: the index asked for if it is free or the
/// phone's own, which it took for this call or whose call this one replaces (RFC 3891); else the
/// lowest free one.
fn place<'a>(
    line: &mut Line<'a>,
    ctx: &Context<'_>,
    answer: &CalleeAnswer<'a>,
) -> Result<usize, SeizeError> {
    let asked = answer.call_info.map_or(0, |info| info.index);
    let own = line.at_index(asked).filter(|at| {
        line.appearances.get(*at).is_some_and(|appearance| appearance.belongs_to(answer.contact))
    });
    if let Some(at) = own {
        return Ok(at);
    }
    let index = match line.seize(ctx, asked, answer.contact, State::ActivePending) {
        Err(SeizeError::Busy(_)) => line.seize(ctx, 0, answer.contact, State::ActivePending),
        other => other,
    }?;
    line.at_index(index).ok_or(SeizeError::Busy(index))
}

fn answer_new<'a>(
    line: &mut Line<'a>,
    ctx: &Context<'_>,
    answer: &CalleeAnswer<'a>,
    at: usize,
) -> Outcome {
    let Some(appearance) = line.edit(ctx, at) else { return Outcome::default() };
    appearance.set_state(State::ActivePending, ctx.now);
    appearance.uri = Cow::Owned(appearance_uri(answer.from_display, answer.from_uri));
    appearance.owner = Cow::Borrowed(answer.contact);
    appearance.callee = Cow::Borrowed(answer.from_uri);
    appearance.remote_target = Cow::Borrowed(answer.remote_target);
    appearance.dialog = answer.dialog.clone();
    appearance.callee_leg = true;
    appearance.previous = None;
    Outcome::found(appearance.index, Vec::new())
}
