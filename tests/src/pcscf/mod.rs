//! A P-CSCF of one test: the host with both modules, a core that answers it, clients that register.

pub mod core;
pub mod hand;
pub mod lab;
pub mod records;
pub mod reginfo;
pub mod tables;
pub mod ue;

pub use crate::{
    mix::Mix,
    ue::{Ue, rc},
};
pub use core::Core;
pub use hand::Hand;
pub use lab::{Lab, Plan};
pub use records::Record;
pub use ue::saved;

use crate::{
    example,
    install::{Flavor, Version, install},
};

/// The home domain of all users.
pub const HOME: &str = "ims.test";

/// The domain, which is also the table, in which the route keeps contacts.
pub const LOCATION: &str = "location";

/// Why the case of this name says nothing about `mix`, if so.
pub fn unfit(mix: Mix, case: &str) -> Option<&'static str> {
    /// Cases whose result rests on `pcscf_unregister`.
    const ENDING: [&str; 5] = ["ur1_", "ur2_", "sp21_", "sp22_", "u_19_"];
    let release = install().version();
    let unset = mix.registrar() == Flavor::C && (Version(6, 0)..Version(6, 1)).contains(&release);
    let ends = ENDING.iter().any(|start| case.starts_with(start));
    if case.starts_with("kamailios_example_") {
        return example::unfit();
    }
    (unset && ends).then_some("pcscf_unregister of the C registrar 6.0 searches by chance")
}
