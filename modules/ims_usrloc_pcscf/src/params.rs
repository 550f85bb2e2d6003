//! The parameters, with their defaults.

use crate::start::StartError;
use core::sync::atomic::{AtomicBool, Ordering};
use kamailio::param::{Int, Text};

/// Groups of contacts that `ulpcscf.status` shows, as a power of two; 1 and below: 512.
pub(crate) static HASH_SIZE: Int = Int::new(9);

/// Seconds between two looks for what has expired.
pub(crate) static TIMER_INTERVAL: Int = Int::new(60);

/// URL of the database.
pub(crate) static DB_URL: Text = Text::new(c"mysql://kamailio:kamailiorw@localhost/kamailio");

/// 0: nothing is stored. 1: changes are written at once. 2: in bulk. 3: shared with other servers.
pub(crate) static DB_MODE: Int = Int::new(0);

/// Seconds between two writes of mode 2; 0: `timer_interval`.
pub(crate) static DB_FLUSH_INTERVAL: Int = Int::new(0);

/// Seconds that a contact of mode 3 is believed without a look at the database.
pub(crate) static DB_REFRESH: Int = Int::new(10);

/// 0: the journal mode of an sqlite file stays as it is.
pub(crate) static DB_SQLITE_WAL: Int = Int::new(1);

/// Seconds that a contact stays after its end.
pub(crate) static EXPIRES_GRACE: Int = Int::new(3600);

/// 0: a search compares scheme and user of the contact, too.
pub(crate) static MATCH_CONTACT_HOST_PORT: Int = Int::new(1);

/// Seconds after its end and its grace that a row of mode 3 is taken over.
pub(crate) static AUDIT_EXPIRED_PCONTACTS_TIMEOUT: Int = Int::new(40);

/// Seconds between two looks for such rows.
pub(crate) static AUDIT_EXPIRED_PCONTACTS_INTERVAL: Int = Int::new(60);

/// 1: the counts go to a file, too.
pub(crate) static ENABLE_DEBUG_FILE: Int = Int::new(0);

/// That file.
pub(crate) static USRLOC_DEBUG_FILE: Text = Text::new(c"/var/log/usrloc_debug");

static RETIRED: AtomicBool = AtomicBool::new(false);

/// `hashing_type`: what the hash of a contact is made of. There is no such hash any more.
pub(crate) fn hashing_type(value: i32) -> Result<(), StartError> {
    retired("hashing_type", value, 2, "0 to 2")
}

/// `lookup_check_received`: whether the host of the contact URI must be the address that the
/// REGISTER came from. That would keep everybody behind a NAT from being found, and is nothing
/// that any server of the last releases did.
pub(crate) fn lookup_check_received(value: i32) -> Result<(), StartError> {
    retired("lookup_check_received", value, 1, "0 or 1")
}

fn retired(
    name: &'static str,
    value: i32,
    last: i32,
    allowed: &'static str,
) -> Result<(), StartError> {
    if !(0..=last).contains(&value) {
        return Err(StartError::Range { name, value, allowed });
    }
    if !RETIRED.swap(true, Ordering::Relaxed) {
        kamailio::warn!(
            "modparam {name} is taken for configurations of 4.x and does nothing, and so does \
             hashing_type or lookup_check_received beside it"
        );
    }
    Ok(())
}
