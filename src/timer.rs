//! Jobs that the timer of the core runs.

use crate::{
    boundary,
    error::{Error, Result},
    module::item,
};
use core::{
    ffi::{c_uint, c_void},
    num::NonZeroU32,
    ptr,
};
use kamailio_sys as sys;
use std::time::Duration;

/// Seconds since 1970, by the clock that the core and the modules of C read: several times faster
/// than one that knows parts of a second, and asked for often.
pub fn now() -> i64 {
    // SAFETY: reads a clock.
    unsafe { sys::ks_now() }
}

/// A moment, in seconds since 1970, as people at the place of the server write it:
/// `2026-11-22 16:15:49`. The number itself if there is no such date with a year of four digits.
pub fn local(moment: i64) -> String {
    match date(moment) {
        Some(date) => String::from_utf8_lossy(&date).into_owned(),
        None => moment.to_string(),
    }
}

/// The text of [`local`], if there is such a date.
pub(crate) fn date(moment: i64) -> Option<[u8; 19]> {
    // SAFETY: a struct of numbers and the address of a text, for which zeroes are none.
    let mut date: libc::tm = unsafe { core::mem::zeroed() };
    // SAFETY: both are valid; the date is only written.
    if unsafe { libc::localtime_r(&raw const moment, &raw mut date) }.is_null() {
        return None;
    }
    let year = date.tm_year.checked_add(1900).filter(|year| (0..10_000).contains(year))?;
    let mut text = *b"0000-00-00 00:00:00";
    let parts = [
        (0..4, year),
        (5..7, date.tm_mon + 1),
        (8..10, date.tm_mday),
        (11..13, date.tm_hour),
        (14..16, date.tm_min),
        (17..19, date.tm_sec),
    ];
    for (place, mut number) in parts {
        for digit in text.get_mut(place)?.iter_mut().rev() {
            *digit += u8::try_from(number % 10).ok()?;
            number /= 10;
        }
    }
    Some(text)
}

/// Lets others have a lock that this process takes again and again: who waits for it looks more often
/// than this lasts. For jobs that go over many records, between two turns of the lock.
pub fn give_way() {
    std::thread::sleep(Duration::from_micros(250));
}

/// Has the process of the slow timer call `F` every `seconds`. For `mod_init` only.
///
/// Jobs of all modules run one after the other in that process, so a long one delays the rest.
///
/// # Errors
///
/// [`Error::Core`] if the core refuses, which it does when memory is short.
pub fn every<F>(seconds: NonZeroU32, _: F) -> Result<()>
where
    F: Fn() + Copy,
{
    // SAFETY: the callback is code of a module that is never unloaded, and uses no parameter.
    let code = unsafe { sys::register_timer(Some(tick::<F>), ptr::null_mut(), seconds.get()) };
    if code < 0 { Err(Error::Core { call: "register_timer", code }) } else { Ok(()) }
}

/// # Safety
///
/// For the timer of the core only.
pub(crate) unsafe extern "C" fn tick<F>(_: c_uint, _: *mut c_void)
where
    F: Fn() + Copy,
{
    boundary::contain::<F, _>((), || item::<F>()());
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn a_moment_is_a_date_or_its_number() {
        let noon = local(1_700_000_000);
        assert!(
            noon.starts_with("2023-11-1") && noon.ends_with(":20") && noon.len() == 19,
            "{noon}"
        );
        assert_eq!(local(253_370_764_799).get(..6), Some("9998-1"));
        for far in [i64::MAX, i64::MIN, 300_000_000_000, -63_000_000_000] {
            assert_eq!(local(far), far.to_string());
        }
    }
}
