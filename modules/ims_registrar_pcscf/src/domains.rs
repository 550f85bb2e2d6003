//! Domains that no function of the native script names: scripts in other languages have nothing
//! that is read before the server forks, and later no domain can be made.

use kamailio::{Result, error::Report, pcscf::client::Usrloc};
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
pub(crate) enum BadName {
    #[error("modparam domain is empty, must be the name of a table")]
    Empty,
    #[error("modparam domain: {0}")]
    Zero(#[from] NulError),
}

impl Report for BadName {}

/// `modparam("ims_registrar_pcscf", "domain", "location")`
pub(crate) fn add(name: &[u8]) -> core::result::Result<(), BadName> {
    if name.is_empty() {
        return Err(BadName::Empty);
    }
    let name = CString::new(name)?;
    NAMES.with_borrow_mut(|names| names.push(name));
    Ok(())
}

/// Makes them. For `mod_init`.
pub(crate) fn register(usrloc: &Usrloc) -> Result<()> {
    for name in NAMES.take() {
        usrloc.register_domain(&name)?;
    }
    Ok(())
}
