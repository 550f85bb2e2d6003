//! A location store with the registrar that uses it: whose either of them is.

use crate::{install::Flavor, suite::Variant};

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
    /// All with the C registrar.
    pub const C_REGISTRAR: &'static [Self] = &[Self::C, Self::COnOurs];

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
}

/// Makes the list of a file's cases from their functions.
///
/// `all` cases run against every mix, `ours` only where both modules are ours, `registrar` where the
/// registrar is, `usrloc` where the location store is, `some` everywhere but on the C pair,
/// `c_registrar` where the registrar is the C module, `since(5, 7)` against mixes with C code only
/// from that release on, `host(6, 0)` against every mix on that release and later ones.
#[macro_export]
macro_rules! mixed {
    ($(all: $($all:ident),+ ;)? $(some: $($some:ident),+ ;)? $(registrar: $($registrar:ident),+ ;)?
     $(usrloc: $($usrloc:ident),+ ;)? $(ours: $($ours:ident),+ ;)?
     $(c_registrar: $($c_registrar:ident),+ ;)?
     $(since($major:literal, $minor:literal): $($since:ident),+ ;)*
     $(host($first:literal, $second:literal): $($host:ident),+ ;)*) => {
        /// The cases of this file.
        pub(crate) const CASES: &[$crate::suite::Case<$crate::mix::Mix>] = {
            use $crate::{mix::Mix, suite::Case};
            &[
                $($(Case::on(stringify!($all), $all, Mix::ALL),)+)?
                $($(Case::on(stringify!($some), $some, Mix::SOME_OURS),)+)?
                $($(Case::on(stringify!($registrar), $registrar, Mix::OUR_REGISTRAR),)+)?
                $($(Case::on(stringify!($usrloc), $usrloc, Mix::OUR_USRLOC),)+)?
                $($(Case::on(stringify!($ours), $ours, &[Mix::Ours]),)+)?
                $($(Case::on(stringify!($c_registrar), $c_registrar, Mix::C_REGISTRAR),)+)?
                $($(Case::on(stringify!($since), $since, Mix::ALL).from($major, $minor),)+)*
                $($(Case::on(stringify!($host), $host, Mix::ALL).host($first, $second),)+)*
            ]
        };
    };
}
