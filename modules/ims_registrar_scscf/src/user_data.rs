//! The user data of the HSS.

use crate::params;
use scscf_core::{
    profile::Subscription,
    user_data::{self, BadSchema, BadUserData, Schemas},
};
use std::{cell::OnceCell, ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

thread_local! {
    /// What documents must follow; each process reads it when it needs it first.
    static SCHEMAS: OnceCell<Schemas> = const { OnceCell::new() };
}

fn load() -> Result<Schemas, BadSchema> {
    let path = |text: &'static [u8]| Path::new(OsStr::from_bytes(text));
    Schemas::load(
        params::USER_DATA_DTD.non_empty().map(path),
        params::USER_DATA_XSD.non_empty().map(path),
    )
}

/// Reads the files, so that a bad one stops the start. For `mod_init`.
pub(crate) fn set_up() -> Result<(), BadSchema> {
    let schemas = load()?;
    // Processes that are forked have a copy.
    SCHEMAS.with(|place| {
        let _first = place.set(schemas);
    });
    Ok(())
}

/// The profile in `document`.
pub(crate) fn read(document: &[u8]) -> Result<Subscription, BadUserData> {
    SCHEMAS.with(|schemas| match schemas.get() {
        Some(schemas) => user_data::read(document, schemas),
        None => user_data::read(document, &Schemas::default()),
    })
}
