//! CANCEL and BYE.

use super::Outcome;
use crate::{Context, Dialog, Line};

/// CANCEL of an INVITE of a phone of the line: a call that was not answered gives its appearance
/// back. The line-seize subscription ends with the 487; a pending re-INVITE or retrieval is
/// brought back then, too, since the 200 may have been faster.
pub fn cancel(line: &mut Line<'_>, ctx: &Context<'_>, dialog: &Dialog<'_>) -> Outcome {
    let unanswered = line.at_dialog(dialog).filter(|at| {
        line.appearances.get(*at).is_some_and(|appearance| {
            !appearance.dialog.is_confirmed() && appearance.previous.is_none()
        })
    });
    give_back(line, ctx, unanswered)
}

/// BYE from or to a phone of the line: the call gives its appearance back. `index` is that of
/// the Call-Info header, 0 without one.
pub fn bye(line: &mut Line<'_>, ctx: &Context<'_>, dialog: &Dialog<'_>, index: u32) -> Outcome {
    if let Some(at) = line.at_dialog(dialog).or_else(|| at_index(line, dialog, index)) {
        return give_back(line, ctx, Some(at));
    }
    // The held call that is being taken over has ended: there is nothing to come back to.
    for appearance in &mut line.appearances {
        let replaced =
            |previous: &mut crate::appearance::Previous<'_>| previous.dialog.matches(dialog);
        appearance.previous.take_if(replaced);
    }
    Outcome::default()
}

/// The appearance with this index, if it has the same call and a tag of it is not known.
fn at_index(line: &Line<'_>, dialog: &Dialog<'_>, index: u32) -> Option<usize> {
    let at = line.at_index(index)?;
    let known = &line.appearances.get(at)?.dialog;
    let tags = [&known.from_tag, &known.to_tag, &dialog.from_tag, &dialog.to_tag];
    let same = !known.is_none() && known.call_id == dialog.call_id;
    (same && tags.iter().any(|tag| tag.is_empty())).then_some(at)
}

fn give_back(line: &mut Line<'_>, ctx: &Context<'_>, at: Option<usize>) -> Outcome {
    match at.and_then(|at| line.free(ctx, at)) {
        Some(gone) => Outcome::found(gone.index, line.notify_group(ctx)),
        None => Outcome::default(),
    }
}
