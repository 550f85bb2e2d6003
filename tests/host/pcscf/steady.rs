//! Memory that is the same after many rounds.

use host_tests::{pcscf::Lab, steady};

pub(crate) use host_tests::steady::short;

/// As [`steady::flat`], for the host of `lab`.
pub(crate) fn flat(lab: &Lab, rounds: u32, round: impl FnMut(u32)) {
    steady::flat(&lab.host, rounds, round);
}
