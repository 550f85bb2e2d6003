//! The log of the host.

use core::{
    ffi::c_int,
    fmt::{self, Write},
};
use kamailio_sys as sys;

/// The levels of the host, by its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// The server cannot go on as configured. The number below, -2, shows without its name.
    Critical = -3,
    /// A request failed for a reason on our side.
    Error = -1,
    /// Something that an operator may want to change.
    Warning = 0,
    /// What an operator wants to see once, such as why a request was refused.
    Notice = 1,
    /// What happens in normal service.
    Info = 2,
    /// The steps of a decision.
    Debug = 3,
}

/// Whether a line at `level` would be written; cheap enough to ask before building the line.
pub fn enabled(level: Level) -> bool {
    // SAFETY: reads the level of the core and the name of the module, which the shim owns.
    unsafe { sys::ks_log_printable(level as c_int) != 0 }
}

/// Writes one line; the host adds process, level and line end, the shim the name of the module.
///
/// A line ends after [`LINE_MAX`] bytes. Control characters come from peers more often than from
/// us and must not end a line of the log early: they show as spaces.
pub fn write(level: Level, text: fmt::Arguments<'_>) {
    if !enabled(level) {
        return;
    }
    let mut line = Line::new();
    // A line that is full ends early, which is what its limit is for.
    let _ = line.write_fmt(text);
    let text = line.text();
    let len = c_int::try_from(text.len()).unwrap_or(0);
    // SAFETY: `text` is valid for `len` bytes and the host copies it.
    unsafe { sys::ks_log(level as c_int, text.as_ptr().cast(), len) };
}

/// The longest line, in bytes.
pub const LINE_MAX: usize = 2048;

/// A line under construction, on the stack: logging must work when memory is short.
struct Line {
    bytes: [u8; LINE_MAX],
    len: usize,
}

impl Line {
    const fn new() -> Self {
        Self { bytes: [0; LINE_MAX], len: 0 }
    }

    fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let free = self.bytes.get_mut(self.len..).unwrap_or_default();
        let taken = text.floor_char_boundary(free.len());
        for (place, byte) in free.iter_mut().zip(text.bytes().take(taken)) {
            *place = if byte.is_ascii_control() { b' ' } else { byte };
        }
        self.len += taken;
        if taken < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

/// Logs at a [`Level`], with the arguments of `format!`, which are not evaluated below that level.
#[macro_export]
macro_rules! log_at {
    ($level:expr, $($arg:tt)+) => {
        if $crate::log::enabled($level) {
            $crate::log::write($level, format_args!($($arg)+));
        }
    };
}

/// Logs at [`Level::Critical`](crate::log::Level::Critical), with the arguments of `format!`.
#[macro_export]
macro_rules! critical {
    ($($arg:tt)+) => { $crate::log_at!($crate::log::Level::Critical, $($arg)+) };
}

/// Logs at [`Level::Error`](crate::log::Level::Error), with the arguments of `format!`.
#[macro_export]
macro_rules! error {
    ($($arg:tt)+) => { $crate::log_at!($crate::log::Level::Error, $($arg)+) };
}

/// Logs at [`Level::Warning`](crate::log::Level::Warning), with the arguments of `format!`.
#[macro_export]
macro_rules! warn {
    ($($arg:tt)+) => { $crate::log_at!($crate::log::Level::Warning, $($arg)+) };
}

/// Logs at [`Level::Notice`](crate::log::Level::Notice), with the arguments of `format!`.
#[macro_export]
macro_rules! notice {
    ($($arg:tt)+) => { $crate::log_at!($crate::log::Level::Notice, $($arg)+) };
}

/// Logs at [`Level::Info`](crate::log::Level::Info), with the arguments of `format!`.
#[macro_export]
macro_rules! info {
    ($($arg:tt)+) => { $crate::log_at!($crate::log::Level::Info, $($arg)+) };
}

/// Logs at [`Level::Debug`](crate::log::Level::Debug), with the arguments of `format!`.
#[macro_export]
macro_rules! debug {
    ($($arg:tt)+) => { $crate::log_at!($crate::log::Level::Debug, $($arg)+) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_in_a_text_does_not_break_the_line() {
        let mut line = Line::new();
        line.write_str("call-id a\r\nb\0c").unwrap();
        assert_eq!(line.text(), b"call-id a  b c");
    }

    #[test]
    fn a_long_line_ends_at_the_limit_and_at_a_whole_character() {
        let mut line = Line::new();
        let text = "ä".repeat(LINE_MAX);
        assert!(write!(line, "x{text}").is_err());
        assert_eq!(line.text().len(), LINE_MAX - 1);
        assert!(core::str::from_utf8(line.text()).is_ok());
    }
}
