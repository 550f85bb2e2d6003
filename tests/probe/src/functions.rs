//! The script functions.

use crate::state;
use allocator_api2::{boxed::Box, vec::Vec};
use bstr::BString;
use kamailio::{
    Error,
    error::Report,
    log::Level,
    msg::Msg,
    script::{Args, Verdict},
    shm::{self, Shm},
    stats::Counter,
};

pub(crate) static SUMS: Counter = Counter::new();

type Answer = Result<Verdict, Error>;

/// What an argument adds to a sum: a number itself, a text its length.
struct Part(i32);

impl From<i32> for Part {
    fn from(number: i32) -> Self {
        Self(number)
    }
}

impl From<BString> for Part {
    fn from(text: BString) -> Self {
        Self(i32::try_from(text.len()).unwrap_or(i32::MAX))
    }
}

/// The sum and one more, because a verdict of 0 ends the script.
fn sum<const N: usize>(parts: [Part; N]) -> Answer {
    SUMS.increment();
    let sum: i32 = parts.into_iter().map(|part| part.0).sum();
    Ok(Verdict::other(sum.saturating_add(1)))
}

pub(crate) fn sum0(_: &Msg<'_>) -> Answer {
    sum([])
}

pub(crate) fn sum1(_: &Msg<'_>, a: i32) -> Answer {
    sum([a.into()])
}

pub(crate) fn sum2(_: &Msg<'_>, a: i32, b: BString) -> Answer {
    sum([a.into(), b.into()])
}

pub(crate) fn sum3(_: &Msg<'_>, a: BString, b: i32, c: BString) -> Answer {
    sum([a.into(), b.into(), c.into()])
}

pub(crate) fn sum4(_: &Msg<'_>, a: BString, b: BString, c: i32, d: i32) -> Answer {
    sum([a.into(), b.into(), c.into(), d.into()])
}

pub(crate) fn sum5(_: &Msg<'_>, a: i32, b: i32, c: i32, d: i32, e: i32) -> Answer {
    sum([a.into(), b.into(), c.into(), d.into(), e.into()])
}

pub(crate) fn sum6(
    _: &Msg<'_>,
    a: i32,
    b: BString,
    c: i32,
    d: BString,
    e: i32,
    f: BString,
) -> Answer {
    sum([a.into(), b.into(), c.into(), d.into(), e.into(), f.into()])
}

/// `probe_join(…)`: the length of all arguments together, a comma behind each.
pub(crate) fn join(_: &Msg<'_>, args: &Args<'_>) -> Answer {
    let mut all = BString::default();
    for index in 0..args.len() {
        all.extend_from_slice(&args.text(index)?);
        all.push(b',');
    }
    sum([all.into()])
}

#[expect(clippy::panic, reason = "what this module is for")]
pub(crate) fn panic(_: &Msg<'_>) -> Answer {
    panic!("on purpose in a function")
}

#[expect(clippy::panic, reason = "what this module is for")]
pub(crate) fn panic_locked(_: &Msg<'_>) -> Answer {
    state::count(|| panic!("on purpose under the lock"));
    Ok(Verdict::TRUE)
}

/// An error with a level and a code of its own.
#[derive(Debug, thiserror::Error)]
#[error("refused on purpose, %s%n")]
pub(crate) struct Refused;

impl Report for Refused {
    fn level(&self) -> Level {
        Level::Warning
    }

    fn verdict(&self) -> Verdict {
        Verdict::other(-7)
    }
}

pub(crate) fn refuse(_: &Msg<'_>) -> Result<Verdict, Refused> {
    Err(Refused)
}

/// `probe_fill(size)`: takes blocks of `size` bytes until shared memory is full, then gives all of
/// them back; false if it could not tell the end.
pub(crate) fn fill(_: &Msg<'_>, size: i32) -> Answer {
    /// Each block holds the one before it, so that keeping them takes no other memory.
    struct Link {
        bytes: Vec<u8, Shm>,
        before: Option<Box<Link, Shm>>,
    }
    let size = usize::try_from(size).unwrap_or(1).max(1);
    let (mut last, mut blocks) = (None, 0_u32);
    let error = loop {
        let mut bytes = Vec::new_in(Shm);
        if bytes.try_reserve_exact(size).is_err() {
            break Error::OutOfShm;
        }
        match shm::try_box(Link { bytes, before: None }) {
            Ok(mut link) => {
                link.before = last.take();
                last = Some(link);
                blocks += 1;
            }
            Err(error) => break error,
        }
    };
    let mut given_back = 0_u32;
    while let Some(mut link) = last {
        assert!(link.bytes.capacity() >= size, "a block shrank");
        last = link.before.take();
        given_back += 1;
    }
    kamailio::notice!("{error} after {blocks} blocks, {given_back} given back");
    Ok(Verdict::from(error == Error::OutOfShm && blocks == given_back && blocks > 0))
}
