//! What a phone does step by step, and what it waits for before it goes on.

/// One step: a message is sent, then a signal and a number of NOTIFYs are awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A first SUBSCRIBE to `call-info`.
    Subscribe,
    /// A SUBSCRIBE to `call-info` in its dialog.
    Refresh,
    /// A first SUBSCRIBE to `line-seize`.
    Seize,
    /// The SUBSCRIBE that ends the `line-seize` subscription.
    Release,
    /// The INVITE, until it reaches the outside party.
    Invite,
    /// The 180 of the outside party, until it reaches the caller.
    Ring,
    /// The 200 of the outside party, until the caller's ACK reaches it.
    Answer,
    /// The BYE of the caller, until its 200.
    HangUp,
}

/// What ends a step, next to its NOTIFYs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// A 2xx to a SUBSCRIBE.
    Subscribed,
    /// The INVITE at the outside party.
    Arrived,
    /// The 180 at the caller.
    Ringing,
    /// The ACK at the outside party.
    Confirmed,
    /// The 200 to the BYE.
    Ended,
}

impl Step {
    /// The signal that this step waits for.
    pub(crate) const fn signal(self) -> Signal {
        match self {
            Self::Subscribe | Self::Refresh | Self::Seize | Self::Release => Signal::Subscribed,
            Self::Invite => Signal::Arrived,
            Self::Ring => Signal::Ringing,
            Self::Answer => Signal::Confirmed,
            Self::HangUp => Signal::Ended,
        }
    }

    /// How many NOTIFYs the step causes on a line with this many members.
    pub(crate) const fn notifies(self, members: usize) -> usize {
        match self {
            Self::Subscribe | Self::Refresh => 1,
            // One for the line-seize subscription itself: its start, its end.
            Self::Seize | Self::Release | Self::Ring => members.saturating_add(1),
            Self::Invite | Self::Answer | Self::HangUp => members,
        }
    }

    /// What those NOTIFYs to the group say of the first appearance; `None` if it is idle.
    pub(crate) const fn state(self) -> Option<&'static str> {
        match self {
            Self::Subscribe | Self::Refresh | Self::Release | Self::HangUp => None,
            Self::Seize | Self::Invite => Some("appearance-index=1;appearance-state=seized"),
            Self::Ring => Some("appearance-index=1;appearance-state=progressing"),
            Self::Answer => Some("appearance-index=1;appearance-state=active"),
        }
    }
}

/// A phone that starts to watch its line.
pub(crate) const SUBSCRIBE: &[Step] = &[Step::Subscribe];
/// A phone that goes on watching its line.
pub(crate) const REFRESH: &[Step] = &[Step::Refresh];
/// A phone that goes off hook and on hook again.
pub(crate) const SEIZE_CYCLE: &[Step] = &[Step::Seize, Step::Release];
/// A call that is answered and stays.
pub(crate) const CALL_SET_UP: &[Step] = &[Step::Seize, Step::Invite, Step::Ring, Step::Answer];
/// A whole call, from off hook to idle.
pub(crate) const CALL: &[Step] =
    &[Step::Seize, Step::Invite, Step::Ring, Step::Answer, Step::HangUp];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_in_a_group_of_three_causes_seventeen_notifies() {
        assert_eq!(CALL.iter().map(|step| step.notifies(3)).sum::<usize>(), 17);
    }
}
