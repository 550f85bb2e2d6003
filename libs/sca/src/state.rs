//! The states of an appearance.

use std::fmt;

/// What an appearance is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Nothing, though it is listed; only RPC leaves an appearance so.
    #[default]
    Idle,
    /// A member took it and has not called yet.
    Seized,
    /// The far side of an outgoing call rings.
    Progressing,
    /// An incoming call rings; only RPC sets this.
    Alerting,
    /// A member answered an incoming call, the ACK has not come yet; printed as `active`.
    ActivePending,
    /// A call is up.
    Active,
    /// A call is on hold; every member may take it over.
    Held,
    /// A call is on hold; only its owner may take it back.
    HeldPrivate,
}

impl State {
    /// All states, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Idle,
        Self::Seized,
        Self::Progressing,
        Self::Alerting,
        Self::ActivePending,
        Self::Active,
        Self::Held,
        Self::HeldPrivate,
    ];

    /// The state that `appearance-state=` names; `active` is [`Active`](Self::Active).
    pub fn parse(text: &[u8]) -> Option<Self> {
        match text {
            b"idle" => Some(Self::Idle),
            b"seized" => Some(Self::Seized),
            b"progressing" => Some(Self::Progressing),
            b"alerting" => Some(Self::Alerting),
            b"active" => Some(Self::Active),
            b"held" => Some(Self::Held),
            b"held-private" => Some(Self::HeldPrivate),
            _ => None,
        }
    }

    /// As after `appearance-state=`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Seized => "seized",
            Self::Progressing => "progressing",
            Self::Alerting => "alerting",
            Self::ActivePending | Self::Active => "active",
            Self::Held => "held",
            Self::HeldPrivate => "held-private",
        }
    }

    /// 0 to 7, as stored.
    pub const fn number(self) -> u8 {
        match self {
            Self::Idle => 0,
            Self::Seized => 1,
            Self::Progressing => 2,
            Self::Alerting => 3,
            Self::ActivePending => 4,
            Self::Active => 5,
            Self::Held => 6,
            Self::HeldPrivate => 7,
        }
    }

    /// The state with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Whether the call is on hold, privately or not.
    pub const fn is_held(self) -> bool {
        matches!(self, Self::Held | Self::HeldPrivate)
    }

    /// Whether a call was answered; such an appearance lasts until BYE.
    pub const fn is_answered(self) -> bool {
        matches!(self, Self::ActivePending | Self::Active | Self::Held | Self::HeldPrivate)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn every_state_is_found_by_its_number_and_its_name() {
        for state in State::ALL {
            assert_eq!(State::from_number(state.number()), Some(state));
            let parsed = State::parse(state.name().as_bytes());
            let printed_alike = (state, parsed) == (State::ActivePending, Some(State::Active));
            assert!(parsed == Some(state) || printed_alike, "{state:?}");
        }
        assert_eq!(State::from_number(8), None);
    }

    #[test]
    fn other_words_are_no_states() {
        for other in ["", "ringing", "Active", "held-", "active ", "unknown"] {
            assert_eq!(State::parse(other.as_bytes()), None, "{other:?}");
        }
    }
}
