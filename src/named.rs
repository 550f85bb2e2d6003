//! Domains that no function of the native script names: scripts in other languages have nothing
//! that is read before the server forks, and later no domain can be made.

use crate::error::Report;
use std::{
    cell::RefCell,
    ffi::{CString, NulError},
};

thread_local! {
    /// The names so far; the configuration is read in one process.
    static NAMES: RefCell<Vec<CString>> = const { RefCell::new(Vec::new()) };
}

/// A name that cannot be one.
#[derive(Debug, thiserror::Error)]
pub enum BadName {
    /// It has a zero byte in it.
    #[error("modparam domain: {0}")]
    Zero(#[from] NulError),
}

impl Report for BadName {}

/// Notes a name: `modparam("…", "domain", "location")`.
///
/// # Errors
///
/// [`BadName`]
pub fn add(name: &[u8]) -> Result<(), BadName> {
    let name = CString::new(name)?;
    NAMES.with_borrow_mut(|names| names.push(name));
    Ok(())
}

/// The names that were noted. For `mod_init`.
pub fn take() -> Vec<CString> {
    NAMES.take()
}
