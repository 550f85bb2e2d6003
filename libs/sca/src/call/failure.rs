//! Final failures of an INVITE.

use crate::call_info::CallInfo;
use crate::notify::{Notify, Standing};
use crate::{Context, Dialog, Event, Line, State, aor};

/// A final reply of 300 to 699 to an INVITE of a phone of the line, about to be sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// Status code.
    pub status: u16,
    /// Call-ID and tags of the request.
    pub dialog: Dialog<'a>,
    /// CSeq number of the request.
    pub cseq: u32,
    /// Contact URI of the request; empty when it has none.
    pub contact: &'a [u8],
    /// The Call-Info header of the request, when there is one.
    pub call_info: Option<CallInfo>,
    /// The reply is sent without a transaction.
    pub stateless: bool,
}

/// What a failure led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "the notifications have to be sent"]
pub struct Failed {
    /// The appearance that was given back or brought back.
    pub index: Option<u32>,
    /// A retrieval has failed, and this is the line of the far party: if it is another shared
    /// line, the same failure has to be told to it.
    pub far_aor: Option<Vec<u8>>,
    /// To be sent before the reply, in this order.
    pub notifies: Vec<Notify>,
}

/// Carries out a failure: a re-INVITE or a retrieval that failed leaves the call as it was before,
/// a new call gives its appearance and its line-seize subscription back.
///
/// A re-INVITE whose call the far side does not know any more (481) ends it (RFC 3261 12.2.1.2).
/// A redirection (3xx) brings back, but gives nothing back. A challenge without a transaction (401,
/// 407) changes nothing: the phone is going to repeat the call.
pub fn failure(line: &mut Line<'_>, ctx: &Context<'_>, failure: &Failure<'_>) -> Failed {
    let challenge = failure.stateless && matches!(failure.status, 401 | 407);
    if failure.status < 300 || challenge {
        return Failed::default();
    }
    let Some(at) = line.at_dialog(&failure.dialog) else {
        return unknown_call(line, ctx, failure);
    };
    let Some(found) = line.appearances.get(at) else { return Failed::default() };
    let previous = found.previous.as_ref();
    let was_up = previous.is_none_or(|previous| previous.dialog.is_confirmed());
    if failure.status == 481 && failure.dialog.is_confirmed() && was_up {
        let index = line.free(ctx, at).map(|gone| gone.index);
        return Failed { index, far_aor: None, notifies: line.notify_group(ctx) };
    }
    let pending = previous.filter(|previous| previous.cseq == failure.cseq);
    // A phone may send an INVITE with a To-tag where its appearance has no call yet: there is no
    // call to come back to.
    let first = failure.status >= 400 && pending.is_some_and(|previous| previous.dialog.is_none());
    if pending.is_some() && !first {
        return bring_back(line, ctx, failure, at);
    }
    // The To-tag of an INVITE that is pending on top of this one is not that of an answer.
    let early = !failure.dialog.is_confirmed()
        && previous.is_some_and(|previous| {
            !previous.dialog.is_confirmed() && previous.dialog.matches(&failure.dialog)
        });
    let answered = found.dialog.is_confirmed() && !early;
    if !first && (answered || failure.dialog.is_confirmed() || failure.status < 400) {
        return Failed::default();
    }
    let Some(gone) = line.free(ctx, at) else { return Failed::default() };
    let mut notifies = Vec::new();
    let seize = line.seize_of(&gone);
    notifies.extend(seize.and_then(|at| line.end(ctx, at, Standing::NoResource)));
    notifies.extend(line.notify_group(ctx));
    Failed { index: Some(gone.index), far_aor: None, notifies }
}

fn bring_back(line: &mut Line<'_>, ctx: &Context<'_>, failure: &Failure<'_>, at: usize) -> Failed {
    let mut failed = Failed::default();
    let aor = line.aor().to_vec();
    let Some(appearance) = line.edit(ctx, at) else { return failed };
    let (before, called) = (appearance.state, appearance.callee_leg);
    appearance.restore(failure.cseq, ctx.now);
    failed.index = Some(appearance.index);
    let retrieval = !appearance.dialog.matches(&failure.dialog);
    if retrieval && !called {
        failed.far_aor = aor::of_contact_at(appearance.target(), &aor);
    }
    if appearance.state != before {
        failed.notifies = line.notify_group(ctx);
    }
    failed
}

/// The call has no appearance any more, or never had one.
fn unknown_call(line: &mut Line<'_>, ctx: &Context<'_>, failure: &Failure<'_>) -> Failed {
    if failure.status < 400 || failure.dialog.is_confirmed() {
        return Failed::default();
    }
    let Some(at) = line.subscription_of(Event::LineSeize, failure.contact) else {
        return Failed::default();
    };
    let Some(subscription) = line.subscriptions.get(at) else { return Failed::default() };
    let index = subscription.index;
    let asked = failure.call_info.map_or(0, |info| info.index);
    if asked != 0 && asked != index {
        return Failed::default();
    }
    let held = line.at_index(index).and_then(|at| line.appearances.get(at));
    let held = held.filter(|appearance| appearance.owner == subscription.contact);
    let unused = held
        .is_some_and(|appearance| appearance.state == State::Seized && appearance.dialog.is_none());
    // With a call on it the subscription is that of a newer call. Without one it may be, too, when
    // this reply is late: a call that named its index was tied to the appearance, which must be
    // gone by now.
    let newer = held.is_some() && !(unused && (failure.stateless || asked == 0));
    if newer {
        return Failed::default();
    }
    let mut notifies = Vec::new();
    notifies.extend(line.end(ctx, at, Standing::NoResource));
    if !unused {
        return Failed { notifies, ..Failed::default() };
    }
    let gone = line.at_index(index).and_then(|at| line.free(ctx, at));
    notifies.extend(line.notify_group(ctx));
    Failed { index: gone.map(|gone| gone.index), far_aor: None, notifies }
}
