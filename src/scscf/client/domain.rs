//! Domains: tables of identities, by the name that the script gives.

use super::Usrloc;
use crate::{error::Result, location};
use core::ffi::CStr;
use kamailio_sys::{self as sys, scscf as raw};

/// A table of identities.
pub type Domain = location::Domain<Usrloc>;

impl location::Named for Usrloc {
    type Raw = raw::udomain;

    fn name(raw: &Self::Raw) -> *mut sys::str_ {
        raw.name
    }

    fn open(name: &CStr) -> Result<Domain> {
        Self::get().ok_or(super::lacks("register_udomain"))?.register_domain(name)
    }

    fn find(name: &CStr) -> Option<Domain> {
        Self::get()?.find_domain(name)
    }
}
