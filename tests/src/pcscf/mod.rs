//! A P-CSCF of one test: the host with both modules, a core that answers it, clients that register.

pub mod core;
pub mod hand;
pub mod lab;
pub mod records;
pub mod reginfo;
pub mod tables;
pub mod ue;

pub use core::Core;
pub use hand::Hand;
pub use lab::{Lab, Plan};
pub use records::Record;
pub use ue::{Ue, rc, saved};

use crate::{
    install::{Flavor, Version, install},
    suite::Variant,
};

/// The home domain of all users.
pub const HOME: &str = "ims.test";

/// The domain, which is also the table, in which the route keeps contacts.
pub const LOCATION: &str = "location";

/// Whose location store and whose registrar are tested together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// The C pair.
    C,
    /// Both of ours.
    Ours,
    /// The C registrar on our location store.
    COnOurs,
    /// Our registrar on the C location store.
    OursOnC,
}

impl Mix {
    /// All mixes.
    pub const ALL: &'static [Self] = &[Self::C, Self::Ours, Self::COnOurs, Self::OursOnC];
    /// Those with our registrar.
    pub const OUR_REGISTRAR: &'static [Self] = &[Self::Ours, Self::OursOnC];
    /// Those with our location store.
    pub const OUR_USRLOC: &'static [Self] = &[Self::Ours, Self::COnOurs];
    /// All but the C pair.
    pub const SOME_OURS: &'static [Self] = &[Self::Ours, Self::COnOurs, Self::OursOnC];

    /// Whose location store it has.
    pub fn usrloc(self) -> Flavor {
        match self {
            Self::C | Self::OursOnC => Flavor::C,
            Self::Ours | Self::COnOurs => Flavor::Ours,
        }
    }

    /// Whose registrar it has.
    pub fn registrar(self) -> Flavor {
        match self {
            Self::C | Self::COnOurs => Flavor::C,
            Self::Ours | Self::OursOnC => Flavor::Ours,
        }
    }
}

impl Variant for Mix {
    fn word(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Ours => "ours",
            Self::COnOurs => "c_on_ours",
            Self::OursOnC => "ours_on_c",
        }
    }

    fn is_c(self) -> bool {
        self != Self::Ours
    }

    fn unfit_for(self, case: &str) -> Option<&'static str> {
        /// Cases whose result rests on `pcscf_unregister`.
        const ENDING: [&str; 5] = ["ur1_", "ur2_", "sp21_", "sp22_", "u_19_"];
        let release = install().version();
        let unset =
            self.registrar() == Flavor::C && (Version(6, 0)..Version(6, 1)).contains(&release);
        let ends = ENDING.iter().any(|start| case.starts_with(start));
        (unset && ends).then_some("pcscf_unregister of the C registrar 6.0 searches by chance")
    }
}

/// Makes the list of a file's cases from their functions.
///
/// `all` cases run against every mix, `ours` only where both modules are ours, `registrar` where the
/// registrar is, `usrloc` where the location store is, `some` everywhere but on the C pair,
/// `since(5, 7)` against mixes with C code only from that release on, `host(6, 0)` against every mix
/// on that release and later ones.
#[macro_export]
macro_rules! mixed {
    ($(all: $($all:ident),+ ;)? $(some: $($some:ident),+ ;)? $(registrar: $($registrar:ident),+ ;)?
     $(usrloc: $($usrloc:ident),+ ;)? $(ours: $($ours:ident),+ ;)?
     $(since($major:literal, $minor:literal): $($since:ident),+ ;)*
     $(host($first:literal, $second:literal): $($host:ident),+ ;)*) => {
        /// The cases of this file.
        pub(crate) const CASES: &[$crate::suite::Case<$crate::pcscf::Mix>] = {
            use $crate::{pcscf::Mix, suite::Case};
            &[
                $($(Case::on(stringify!($all), $all, Mix::ALL),)+)?
                $($(Case::on(stringify!($some), $some, Mix::SOME_OURS),)+)?
                $($(Case::on(stringify!($registrar), $registrar, Mix::OUR_REGISTRAR),)+)?
                $($(Case::on(stringify!($usrloc), $usrloc, Mix::OUR_USRLOC),)+)?
                $($(Case::on(stringify!($ours), $ours, &[Mix::Ours]),)+)?
                $($(Case::on(stringify!($since), $since, Mix::ALL).from($major, $minor),)+)*
                $($(Case::on(stringify!($host), $host, Mix::ALL).host($first, $second),)+)*
            ]
        };
    };
}
