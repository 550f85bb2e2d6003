//! Phones that have a call under another address than that of their line: a BYE of theirs may name
//! no line, since few BYEs have the Contact that named it before.

use crate::lines::{self, LineError};
use allocator_api2::vec::Vec as SharedVec;
use bstr::BStr;
use kamailio::{
    Error,
    shared::Shared,
    shm::{self, Shm},
    sync::HostLock,
};
use sca_core::Line;
use shm_table::{Keyed, Table};

/// There are few such calls, compared with the lines.
const SHARD_BITS: u8 = 8;

kamailio::shm_struct! {
    /// Whose call it is.
    #[derive(Debug)]
    struct Leg {
        key: SharedVec<u8, Shm>,
        aor: SharedVec<u8, Shm>,
    }
}

impl Keyed for Leg {
    fn key(&self) -> &[u8] {
        &self.key
    }
}

static LEGS: Shared<Table<Leg, HostLock, Shm>> = Shared::empty();

/// Sets the table up. To be called before the host forks.
pub(crate) fn set_up() -> Result<(), Error> {
    LEGS.set(Table::try_new_in(SHARD_BITS, shm::seed("names"), Shm)?)
}

/// Gives the table back to the host. To be called when no other process is left.
pub(crate) fn tear_down() {
    drop(LEGS.take());
}

/// No Call-ID and no tag has a line end in it.
const END: u8 = b'\n';

fn key(call_id: &[u8], tag: &[u8]) -> Vec<u8> {
    [call_id, &[END], tag].concat()
}

/// Notes that the phone with this tag has the call `call_id` of the line of `aor`.
pub(crate) fn note(call_id: &[u8], tag: &[u8], aor: &[u8]) {
    let Some(legs) = LEGS.get() else { return };
    let key = key(call_id, tag);
    let noted = lines::room(&key).and_then(|shared| {
        let leg = Leg { key: shared, aor: lines::room(aor)? };
        legs.lock(&key).try_insert(leg).map_err(|_| LineError::Full)
    });
    if let Err(error) = noted {
        let (call, aor) = (BStr::new(call_id), BStr::new(aor));
        kamailio::error!(
            "a BYE without Contact for Call-ID {call} will not find line {aor}: {error}"
        );
    }
}

/// The line of which the phone with this tag has the call `call_id`; it is noted no more.
pub(crate) fn take(call_id: &[u8], tag: &[u8]) -> Option<Vec<u8>> {
    let leg = LEGS.get()?.lock(&key(call_id, tag)).remove()?;
    Some(leg.aor.to_vec())
}

/// Forgets the calls that are over: most end with a message that names their line.
pub(crate) fn purge() {
    let Some(legs) = LEGS.get() else { return };
    for shard in legs.shards() {
        let noted: Vec<_> = shard.iter().map(|leg| (leg.key.to_vec(), leg.aor.to_vec())).collect();
        drop(shard);
        for (key, aor) in noted {
            if !is_there(&key, &aor) {
                legs.lock(&key).remove();
            }
        }
    }
}

/// Whether the line still has the call.
fn is_there(key: &[u8], aor: &[u8]) -> bool {
    let call_id = key.split(|byte| *byte == END).next().unwrap_or_default();
    let has_it = |line: &Line<'_>| {
        line.appearances().iter().any(|appearance| *appearance.dialog.call_id == *call_id)
    };
    lines::look(aor, has_it).unwrap_or(false)
}
