//! Runs cases against both modules and says which do not apply.

use crate::install::{Flavor, Version, install};
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;

/// Tests at a time unless `--test-threads` says otherwise: most of them sleep most of the time.
const THREADS: usize = 10;

/// The same in a long run, whose tests do not sleep.
const LONG_THREADS: usize = 4;

/// What a case is run against: one of several modules, or one of several sets of them.
pub trait Variant: Copy + Send + 'static {
    /// How reports call it.
    fn word(self) -> &'static str;

    /// Whether C code is part of it.
    fn is_c(self) -> bool;
}

impl Variant for Flavor {
    fn word(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Ours => "ours",
        }
    }

    fn is_c(self) -> bool {
        self == Self::C
    }
}

/// Why the case of this name says nothing about a variant, if so.
pub type Unfit<V> = fn(V, &str) -> Option<&'static str>;

/// One case: a name, which is a fact, and what shows it.
#[derive(Clone, Copy, Debug)]
pub struct Case<V: 'static = Flavor> {
    name: &'static str,
    run: fn(V),
    flavors: &'static [V],
    since: Version,
    host: Version,
    program: &'static str,
}

impl<V: Variant> Case<V> {
    /// A case that is run against each of `flavors`.
    pub const fn on(name: &'static str, run: fn(V), flavors: &'static [V]) -> Self {
        let since = Version(0, 0);
        Self { name, run, flavors, since, host: since, program: "kamailio" }
    }

    /// The same, where C code is part of it only from release `major.minor` on.
    #[must_use]
    pub const fn from(self, major: u32, minor: u32) -> Self {
        Self { since: Version(major, minor), ..self }
    }

    /// The same, only on the release `major.minor` and later ones.
    #[must_use]
    pub const fn host(self, major: u32, minor: u32) -> Self {
        Self { host: Version(major, minor), ..self }
    }

    /// The same, where another `program` is installed where Kamailio lives.
    #[must_use]
    pub const fn with(self, program: &'static str) -> Self {
        Self { program, ..self }
    }

    /// Why it cannot be run against `flavor`, if so.
    fn obstacle(&self, flavor: V, unfit: Unfit<V>) -> Option<String> {
        if flavor.is_c() && install().version() < self.since {
            return Some(format!("the C module can do this from {}", self.since));
        }
        if let Some(why) = unfit(flavor, self.name) {
            return Some(why.to_owned());
        }
        if install().version() < self.host {
            return Some(format!("scripts know this from {} on", self.host));
        }
        let found = self.program == "kamailio" || install().has(self.program);
        (!found).then(|| {
            format!(
                "{} is not installed where Kamailio lives, or /proc is missing there",
                self.program
            )
        })
    }

    /// Its name without the path of the functions.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl Case {
    /// A case in which both modules must agree.
    pub const fn both(name: &'static str, run: fn(Flavor)) -> Self {
        Self::on(name, run, &[Flavor::C, Flavor::Ours])
    }

    /// A case in which the C module fails, or which it does not have.
    pub const fn ours(name: &'static str, run: fn(Flavor)) -> Self {
        Self::on(name, run, &[Flavor::Ours])
    }

    /// A case that the C module can do from release `major.minor` on.
    pub const fn since(name: &'static str, run: fn(Flavor), major: u32, minor: u32) -> Self {
        Self::both(name, run).from(major, minor)
    }

    /// A case of ours that needs another `program` where Kamailio lives.
    pub const fn needs(name: &'static str, run: fn(Flavor), program: &'static str) -> Self {
        Self::ours(name, run).with(program)
    }
}

/// Makes the list of a file's cases from their functions.
///
/// `both` cases run against both modules, `ours` only against ours, `since(6, 0)` against the C
/// module only from that release on, `needs("valgrind")` where that program is.
#[macro_export]
macro_rules! cases {
    ($(both: $($both:ident),+ ;)? $(ours: $($ours:ident),+ ;)?
     $(since($major:literal, $minor:literal): $($since:ident),+ ;)*
     $(needs($program:literal): $($needs:ident),+ ;)*) => {
        /// The cases of this file.
        pub(crate) const CASES: &[$crate::suite::Case] = &[
            $($($crate::suite::Case::both(stringify!($both), $both),)+)?
            $($($crate::suite::Case::ours(stringify!($ours), $ours),)+)?
            $($($crate::suite::Case::since(stringify!($since), $since, $major, $minor),)+)*
            $($($crate::suite::Case::needs(stringify!($needs), $needs, $program),)+)*
        ];
    };
}

/// Runs the cases of all `topics` as the command line asks, and lists those that do not apply.
pub fn run<V: Variant>(topics: &[(&str, &[Case<V>])], others: Vec<Trial>) -> ExitCode {
    run_fit(topics, |_, _| None, others)
}

/// As [`run`], without the cases that are `unfit` for a variant.
#[expect(clippy::print_stdout, reason = "the report of the test runner")]
pub fn run_fit<V: Variant>(
    topics: &[(&str, &[Case<V>])],
    unfit: Unfit<V>,
    others: Vec<Trial>,
) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(if soak() { LONG_THREADS } else { THREADS });
    let mut trials = others;
    let mut absent = Vec::new();
    for (topic, cases) in topics {
        for case in *cases {
            for flavor in case.flavors {
                let name = format!("{topic}::{}::{}", case.name, flavor.word());
                let asked = |filter: &String| name.contains(filter.as_str());
                if let Some(why) = case.obstacle(*flavor, unfit) {
                    if arguments.filter.as_ref().is_none_or(asked) {
                        absent.push(format!("{name}: {why}"));
                    }
                    continue;
                }
                let (run, flavor) = (case.run, *flavor);
                trials.push(Trial::test(name, move || {
                    run(flavor);
                    Ok::<(), Failed>(())
                }));
            }
        }
    }
    // Before the run, so that the runner has the last word.
    if !arguments.list {
        println!("Kamailio {}", install().version());
        for line in absent {
            println!("does not apply: {line}");
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Whether the long forms of tests are asked for, by `SOAK`.
pub fn soak() -> bool {
    std::env::var_os("SOAK").is_some()
}
