//! What becomes of a subscription whose NOTIFY was not taken.

use crate::notify::Notify;
use crate::{Context, Dialog, Event, Line};

/// What the final reply to a NOTIFY means for its subscription (RFC 3265 3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was taken.
    Delivered,
    /// The member wants no NOTIFY for so many seconds.
    Later(u32),
    /// The member is not there any more.
    Gone,
}

impl Fate {
    /// The fate by status code (408 also when nobody answered) and Retry-After in seconds.
    pub const fn of(status: u16, retry_after: Option<u32>) -> Self {
        match (status, retry_after) {
            (..300, _) => Self::Delivered,
            // The dialog is unknown to the member, now and later.
            (481, _) => Self::Gone,
            (_, Some(seconds)) => Self::Later(seconds),
            (_, None) => Self::Gone,
        }
    }
}

/// What followed from a NOTIFY that was not taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "the notifications have to be sent"]
pub struct Undelivered {
    /// The subscription was dropped.
    pub dropped: bool,
    /// To be sent, in this order.
    pub notifies: Vec<Notify>,
}

/// Carries out the fate of the subscription with this dialog (`from_tag` the subscriber's). One
/// that has a new dialog by now is not meant.
///
/// A dropped line-seize subscription gives back what it held, as when its time is over.
pub fn notify_failed(
    line: &mut Line<'_>,
    ctx: &Context<'_>,
    event: Event,
    dialog: &Dialog<'_>,
    fate: Fate,
) -> Undelivered {
    let at = line
        .subscriptions
        .iter()
        .position(|other| other.is_active() && other.event == event && other.dialog == *dialog);
    match (fate, at) {
        (Fate::Later(seconds), Some(at)) => {
            if let Some(subscription) = line.subscriptions.get_mut(at) {
                subscription.quiet_until = Some(ctx.now.plus(seconds));
            }
            Undelivered::default()
        }
        (Fate::Gone, Some(at)) => drop_member(line, ctx, at),
        (Fate::Delivered, _) | (_, None) => Undelivered::default(),
    }
}

fn drop_member(line: &mut Line<'_>, ctx: &Context<'_>, at: usize) -> Undelivered {
    let Some(subscription) = line.subscriptions.get(at) else { return Undelivered::default() };
    let held = line.unused_of(subscription);
    line.drop_subscription(at);
    let mut notifies = Vec::new();
    if held.and_then(|at| line.free(ctx, at)).is_some() {
        notifies = line.notify_group(ctx);
    }
    Undelivered { dropped: true, notifies }
}
