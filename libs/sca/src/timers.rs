//! What time does to a line.

use crate::notify::{Notify, Standing};
use crate::{Context, Event, Instant, Line, State};

/// Seconds that an answered incoming call may wait for its ACK.
pub const PENDING_SECONDS: u32 = 35;

/// Seconds that an appearance may be taken without a call and without a line-seize subscription.
pub const SEIZED_SECONDS: u32 = 120;

/// Seconds that a call may go unanswered after a restart: no INVITE waits for longer (timer C of RFC
/// 3261 section 16.6), and its end may be told to nobody.
pub const UNANSWERED_SECONDS: u32 = 180;

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "the notifications have to be sent"]
pub struct Passed {
    /// Subscriptions that ended.
    pub expired: usize,
    /// Appearances that were given back.
    pub freed: usize,
    /// To be sent, in this order.
    pub notifies: Vec<Notify>,
}

/// The earliest moment at which [`run`] would do something.
pub fn due(line: &Line<'_>) -> Option<Instant> {
    let subscriptions = line.subscriptions().map(|subscription| {
        let expires = subscription.expires;
        subscription.quiet_until.map_or(expires, |until| until.min(expires))
    });
    let stale = |line: &Line<'_>, at: usize| stale_at(line, at);
    let appearances = (0..line.appearances.len()).filter_map(|at| stale(line, at));
    subscriptions.chain(appearances).min()
}

/// Ends what is over at `ctx.now`: subscriptions that were not refreshed, and with a line-seize
/// what it held, unless a call has begun on it; appearances that were taken and not used; answered
/// calls without ACK. Members that asked to be left alone for a while
/// hear how the line stands when that is over.
pub fn run(line: &mut Line<'_>, ctx: &Context<'_>) -> Passed {
    let mut passed = Passed::default();
    let over = |line: &Line<'_>| {
        line.subscriptions.iter().position(|other| other.is_active() && other.expires <= ctx.now)
    };
    while let Some(at) = over(line) {
        let held = line
            .subscriptions
            .get(at)
            .filter(|subscription| subscription.event == Event::LineSeize)
            .and_then(|subscription| line.unused_of(subscription));
        passed.notifies.extend(line.end(ctx, at, Standing::Timeout));
        passed.expired = passed.expired.saturating_add(1);
        if let Some(at) = held {
            line.free(ctx, at);
            passed.freed = passed.freed.saturating_add(1);
        }
    }
    while let Some(at) = (0..line.appearances.len())
        .find(|at| stale_at(line, *at).is_some_and(|moment| moment <= ctx.now))
    {
        line.free(ctx, at);
        passed.freed = passed.freed.saturating_add(1);
    }
    if passed.freed > 0 {
        passed.notifies.extend(line.notify_group(ctx));
    }
    let waited = |line: &Line<'_>| {
        line.subscriptions.iter().position(|other| {
            other.is_active() && other.quiet_until.is_some_and(|until| until <= ctx.now)
        })
    };
    while let Some(at) = waited(line) {
        passed.notifies.extend(line.notify_one(ctx, at, Standing::Active));
    }
    passed
}

/// When the appearance at `at` grows stale; never while its member keeps a line-seize subscription
/// or while its call is up.
fn stale_at(line: &Line<'_>, at: usize) -> Option<Instant> {
    let appearance = line.appearances.get(at)?;
    match appearance.state {
        State::Seized if line.seize_of(appearance).is_none() => {
            Some(appearance.changed_at.plus(SEIZED_SECONDS))
        }
        State::ActivePending => Some(appearance.changed_at.plus(PENDING_SECONDS)),
        // Without a call it is what an operator made of it.
        _ if appearance.dialog.is_none() || appearance.dialog.is_confirmed() => None,
        _ if appearance.orphaned => Some(appearance.changed_at.plus(UNANSWERED_SECONDS)),
        _ => None,
    }
}
