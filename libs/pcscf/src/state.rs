//! States of a registered contact.

use core::ffi::CStr;

/// The state of a contact, as the number that C modules read and write.
///
/// Other numbers than those named here come from other modules and from databases; they are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct State(pub u32);

impl State {
    /// Nothing is known: the state after `ipsec_create`.
    pub const NONE: Self = Self(0);
    /// Not registered; never set by the modules of the host.
    pub const NOT_REGISTERED: Self = Self(1);
    /// Registered: a 200 was seen.
    pub const REGISTERED: Self = Self(2);
    /// A REGISTER was seen.
    pub const PENDING: Self = Self(4);
    /// A REGISTER was seen and the policy server was asked.
    pub const PENDING_AAR: Self = Self(8);
    /// Unregistered; never set by the modules of the host.
    pub const UNREGISTERED: Self = Self(16);
    /// To be de-registered; the PUBLISH about it was sent.
    pub const DEREG_PENDING: Self = Self(32);

    /// The states with a name, in the order of their numbers.
    pub const NAMED: [Self; 7] = [
        Self::NONE,
        Self::NOT_REGISTERED,
        Self::REGISTERED,
        Self::PENDING,
        Self::PENDING_AAR,
        Self::UNREGISTERED,
        Self::DEREG_PENDING,
    ];

    /// What RPC commands and logs call it.
    pub const fn name(self) -> &'static CStr {
        match self.0 {
            1 => c"not registered",
            2 => c"registered",
            4 => c"registration pending",
            8 => c"registration pending, aar sent",
            16 => c"unregistered",
            32 => c"deregistration pending, publish sent",
            _ => c"unknown",
        }
    }

    /// [`State::name`] as text.
    pub fn name_str(self) -> &'static str {
        self.name().to_str().unwrap_or_default()
    }
}

/// A set of states that a search asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct States(pub u32);

impl States {
    /// Whatever the state.
    pub const ANY: Self = Self(0);
    /// Registered contacts.
    pub const REGISTERED: Self = Self(State::REGISTERED.0);
    /// Contacts whose registration is under way or done.
    pub const PENDING_OR_REGISTERED: Self =
        Self(State::REGISTERED.0 | State::PENDING.0 | State::PENDING_AAR.0);

    /// Whether a contact in `state` is asked for. State 0 is only in [`States::ANY`].
    pub const fn admits(self, state: State) -> bool {
        self.0 == 0 || self.0 & state.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::{State, States};

    #[test]
    fn states_have_the_names_of_the_contract() {
        let names: Vec<_> = [0, 1, 2, 4, 8, 14, 16, 32].map(|n| State(n).name_str()).into();
        let expected = [
            "unknown",
            "not registered",
            "registered",
            "registration pending",
            "registration pending, aar sent",
            "unknown",
            "unregistered",
            "deregistration pending, publish sent",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn state_0_is_found_with_mask_0_only() {
        assert!(States::ANY.admits(State::NONE));
        assert!(!States(u32::MAX).admits(State::NONE));
        assert!(States(6).admits(State::PENDING) && !States(6).admits(State::PENDING_AAR));
        assert!(States::REGISTERED.admits(State(14)), "as a bit, like the host");
    }
}
