//! The statistics.

use crate::domains::{self, Domain};
use core::sync::atomic::Ordering;
use kamailio::stats::{register_counter, register_value};
use std::ffi::CString;

fn sum(value: impl Fn(&domains::State) -> usize) -> i64 {
    let mut sum = 0;
    domains::each(|domain| {
        sum += domain.with(|_, state| value(state)).unwrap_or(0);
    });
    i64::try_from(sum).unwrap_or(i64::MAX)
}

/// Contacts in memory, in any state.
pub(crate) fn registered_contacts() -> i64 {
    sum(|state| state.directory.len())
}

/// Public identities of all contacts.
pub(crate) fn registered_impus() -> i64 {
    sum(|state| state.directory.counts().all().public_ids)
}

/// Contacts that the timer has removed.
pub(crate) fn expired_contacts() -> i64 {
    let mut sum = 0;
    domains::each(|domain| {
        sum += domain.with(|_, state| state.expired.load(Ordering::Relaxed)).unwrap_or(0);
    });
    sum
}

/// Rows that differ from memory.
pub(crate) fn db_rows_pending() -> i64 {
    sum(|state| state.journal.len())
}

/// Registers the two statistics of each domain, in the group `usrloc`. Once all modules have named
/// their domains, so that another one that has the same names is there first and keeps them.
pub(crate) fn register_domains() {
    let mut number = 0;
    domains::each(|domain| {
        if let Err(error) = register(domain, number) {
            kamailio::warn!(
                "domain {domain:?}: {error}, so its own are not shown; those of the group \
                 ims_usrloc_pcscf are"
            );
        }
        number += 1;
    });
}

fn register(domain: &Domain, number: usize) -> Result<(), kamailio::stats::NotRegistered> {
    let name = |end: &str| {
        let mut name = domain.name().to_vec();
        name.extend_from_slice(kamailio::stats::separator());
        name.extend_from_slice(end.as_bytes());
        CString::new(name).unwrap_or_default()
    };
    register_value(c"usrloc", &name("contacts"), number, contacts)?;
    let counter = register_counter(c"usrloc", &name("expires"))?;
    domain.with(|_, state| state.expired_counter = Some(counter));
    Ok(())
}

/// Contacts of the domain with that number.
fn contacts(number: usize) -> i64 {
    let Some(domains) = domains::all() else { return 0 };
    let domain = domains.iter().nth(number);
    let len = domain.and_then(|domain| domain.with(|_, state| state.directory.len()));
    i64::try_from(len.unwrap_or(0)).unwrap_or(i64::MAX)
}
