//! How much of what a line has, for the statistics.

use crate::{Event, Line, State};

/// Numbers of subscriptions and appearances of one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Living call-info subscriptions.
    pub call_info: u32,
    /// Living line-seize subscriptions.
    pub line_seize: u32,
    /// Appearances by [`State::number`].
    pub states: [u32; State::ALL.len()],
}

impl Counts {
    /// Counts a line.
    pub fn of(line: &Line<'_>) -> Self {
        let mut counts = Self::default();
        for subscription in line.subscriptions() {
            let count = match subscription.event {
                Event::CallInfo => &mut counts.call_info,
                Event::LineSeize => &mut counts.line_seize,
            };
            *count = count.saturating_add(1);
        }
        for appearance in line.appearances() {
            if let Some(count) = counts.states.get_mut(usize::from(appearance.state.number())) {
                *count = count.saturating_add(1);
            }
        }
        counts
    }

    /// Appearances in this state.
    pub fn in_state(&self, state: State) -> u32 {
        self.states.get(usize::from(state.number())).copied().unwrap_or(0)
    }
}
