//! How many bindings there are, by state.

use crate::State;

/// Numbers that follow every change, so that nobody counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    by_state: [Tally; State::NAMED.len() + 1],
}

/// Bindings of one state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many there are.
    pub contacts: usize,
    /// How many public identities they have together.
    pub public_ids: usize,
}

impl Counts {
    /// Those in `state`. All states without a name are counted as one.
    pub fn in_state(&self, state: State) -> Tally {
        self.by_state.get(place(state)).copied().unwrap_or_default()
    }

    /// All of them.
    pub fn all(&self) -> Tally {
        self.by_state.iter().fold(Tally::default(), |sum, tally| Tally {
            contacts: sum.contacts + tally.contacts,
            public_ids: sum.public_ids + tally.public_ids,
        })
    }

    pub(super) fn add(&mut self, state: State, public_ids: usize) {
        if let Some(tally) = self.by_state.get_mut(place(state)) {
            tally.contacts += 1;
            tally.public_ids += public_ids;
        }
    }

    pub(super) fn subtract(&mut self, state: State, public_ids: usize) {
        if let Some(tally) = self.by_state.get_mut(place(state)) {
            tally.contacts = tally.contacts.saturating_sub(1);
            tally.public_ids = tally.public_ids.saturating_sub(public_ids);
        }
    }

    /// Whether no binding in a state without a name is there: such a state may have the bit of
    /// another one.
    pub(super) fn all_named(&self) -> bool {
        self.in_state(State(u32::MAX)).contacts == 0
    }
}

fn place(state: State) -> usize {
    State::NAMED.iter().position(|named| *named == state).unwrap_or(State::NAMED.len())
}
