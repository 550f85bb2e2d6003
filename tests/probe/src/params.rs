//! The parameters.

use kamailio::{
    error::Report,
    param::{Int, Text},
};
use std::sync::atomic::{AtomicI32, Ordering};

pub(crate) static NUMBER: Int = Int::new(5);
pub(crate) static TEXT: Text = Text::new(c"default");
/// The AVP that `probe_avp` changes.
pub(crate) static AVP: Text = Text::new(c"$avp(probe)");
pub(crate) static DB_URL: Text = Text::new(c"");
/// The hook or callback that panics: `init`, `child`, `destroy`, `timer`, `reply`, `response` or
/// `completed`.
pub(crate) static PANIC_IN: Text = Text::new(c"");
pub(crate) static WORDS: AtomicI32 = AtomicI32::new(0);
pub(crate) static TOTAL: AtomicI32 = AtomicI32::new(0);

/// A value that the module refuses.
#[derive(Debug, thiserror::Error)]
#[error("modparam word is {0}, must be a word")]
pub(crate) struct NoWord(bstr::BString);

impl Report for NoWord {}

pub(crate) fn add_word(word: &[u8]) -> Result<(), NoWord> {
    if !word.iter().all(u8::is_ascii_alphabetic) {
        return Err(NoWord(word.into()));
    }
    WORDS.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

pub(crate) fn add_number(number: i32) -> Result<(), NoWord> {
    TOTAL.fetch_add(number, Ordering::Relaxed);
    Ok(())
}

/// Panics if the configuration says that `hook` shall.
#[expect(clippy::panic, reason = "what this module is for")]
pub(crate) fn panic_in(hook: &str) {
    if PANIC_IN.get() == hook.as_bytes() {
        panic!("on purpose in {hook}");
    }
}
