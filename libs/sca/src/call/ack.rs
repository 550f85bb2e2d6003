//! The ACK of a 200 to INVITE.

use super::Outcome;
use crate::{Context, Dialog, Line, State};

/// ACK from a phone of the line. Its body may put the call on hold: some phones send the offer of
/// their hold music there.
pub fn ack_by_sender(
    line: &mut Line<'_>,
    ctx: &Context<'_>,
    dialog: &Dialog<'_>,
    hold: bool,
) -> Outcome {
    let at = line.at_dialog(dialog);
    let Some(index) = at.and_then(|at| line.appearances.get(at)).map(|found| found.index) else {
        return Outcome::default();
    };
    if !hold {
        return Outcome::found(index, Vec::new());
    }
    if let Some(appearance) = at.and_then(|at| line.edit(ctx, at)) {
        appearance.set_state(State::Held, ctx.now);
    }
    Outcome::found(index, line.notify_group(ctx))
}

/// ACK to a phone of the line: the incoming call is up. The members hear of it in any case.
pub fn ack_to_answerer(line: &mut Line<'_>, ctx: &Context<'_>, dialog: &Dialog<'_>) -> Outcome {
    let at = line.at_dialog(dialog);
    let found = at.and_then(|at| line.appearances.get(at));
    let index = found.map(|appearance| appearance.index);
    if found.is_some_and(|appearance| appearance.state == State::ActivePending)
        && let Some(appearance) = at.and_then(|at| line.edit(ctx, at))
    {
        appearance.set_state(State::Active, ctx.now);
    }
    Outcome { index, refused: None, notifies: line.notify_group(ctx) }
}
