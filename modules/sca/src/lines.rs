//! The lines that all processes share.

use crate::{
    notify::{Outgoing, Tells},
    outbox::{Outbox, Turn},
    settings, stats,
};
use allocator_api2::vec::Vec as SharedVec;
use core::marker::PhantomData;
use kamailio::{
    Error,
    shared::Shared,
    shm::{self, Shm},
    sync::HostLock,
    timer,
};
use sca_core::{Context, Dialog, Instant, Line, counts::Counts, record};
use shm_table::{Keyed, Place, Table};

kamailio::shm_struct! {
    /// One line, packed: see [`record`].
    #[derive(Debug)]
    pub(crate) struct Block {
        bytes: SharedVec<u8, Shm>,
        outbox: Outbox,
    }
}

impl Keyed for Block {
    fn key(&self) -> &[u8] {
        record::key(&self.bytes)
    }
}

type Lines = Table<Block, HostLock, Shm>;

static LINES: Shared<Lines> = Shared::empty();

/// Why a line could not be changed; it is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LineError {
    #[error("out of shared memory")]
    Full,
    #[error("the record of the line is damaged")]
    Damaged,
    #[error("the table of lines is not set up")]
    Missing,
}

/// Sets the table up, with `1 << bits` shards. To be called before the host forks.
pub(crate) fn set_up(bits: u8) -> Result<(), Error> {
    LINES.set(Table::try_new_in(bits, shm::seed("lines"), Shm)?)
}

/// Gives all lines back to the host. To be called when no other process is left.
pub(crate) fn tear_down() {
    drop(LINES.take());
}

/// What an operation is told about the world, now.
pub(crate) fn context() -> Context<'static> {
    let settings = settings::get();
    Context {
        now: Instant(timer::now()),
        server_address: settings.map_or(b"", |settings| settings.server_address),
        keeps_states: settings.is_some_and(|settings| settings.keeps_states),
    }
}

/// Says to the compiler that what a message lends (`'m`) outlives the line (`'l`).
pub(crate) type Within<'l, 'm> = PhantomData<&'l &'m ()>;

/// Runs `change` on the line of `aor` while no other process has it, and stores the outcome. What
/// `change` wants to be sent is in the second half of the result.
///
/// A line that is not known is an empty one; one that is left empty is forgotten. Nothing that
/// comes back to this table, sends or waits may be called inside `change`.
///
/// # Errors
///
/// The line is as it was, whatever `change` did.
pub(crate) fn with<'m, R: Tells>(
    aor: &'m [u8],
    change: impl for<'l> FnOnce(&mut Line<'l>, Within<'l, 'm>) -> R,
) -> Result<(R, Outgoing), LineError> {
    let lines = LINES.get().ok_or(LineError::Missing)?;
    let mut place = lines.lock(aor);
    let stored = place.get();
    let mut line = match stored {
        Some(block) => Line::decode(&block.bytes).map_err(|_| LineError::Damaged)?,
        None => Line::new(aor),
    };
    let before = Counts::of(&line);
    let mut result = change(&mut line, PhantomData);
    let after = Counts::of(&line);
    let notifies = result.take_notifies();
    let mut turn = None;
    if line.is_empty() && stored.is_none_or(|block| block.outbox.is_idle()) {
        drop(line);
        place.remove();
        // Nobody can leave anything with a line that is not there.
        if !notifies.is_empty() {
            turn = Some(Turn::Loose(notifies));
        }
    } else {
        let known = stored.is_some();
        let mut bytes = Vec::with_capacity(stored.map_or(256, |block| block.bytes.len() + 128));
        line.encode(&mut bytes);
        drop(line);
        let block = put(&mut place, known, &bytes)?;
        if !notifies.is_empty() {
            turn = Some(block.outbox.enter(notifies));
        }
    }
    drop(place);
    stats::count(&before, &after);
    Ok((result, Outgoing::new(aor, turn)))
}

/// Works on the outbox of the line of `aor`; nothing if the line is not known.
///
/// A line that was only kept for what waited in its outbox is forgotten.
pub(crate) fn outbox<R>(aor: &[u8], work: impl FnOnce(&mut Outbox) -> R) -> Option<R> {
    let lines = LINES.get()?;
    let mut place = lines.lock(aor);
    let block = place.get_mut()?;
    let result = work(&mut block.outbox);
    let idle = block.outbox.is_idle();
    if idle && record::is_empty(&block.bytes) {
        place.remove();
    }
    Some(result)
}

/// Whether `aor` is a shared line. Cheaper than a look at it: the record says so in its first byte.
pub(crate) fn is_shared(aor: &[u8]) -> bool {
    let Some(lines) = LINES.get() else { return false };
    lines.lock(aor).get().is_some_and(|block| record::flags(&block.bytes).registered)
}

/// Whether the line of `aor` has the call.
pub(crate) fn has_call(aor: &[u8], dialog: &Dialog<'_>) -> bool {
    let of_call = |line: &Line<'_>| {
        line.appearances().iter().any(|appearance| appearance.dialog.matches(dialog))
    };
    look(aor, of_call) == Some(true)
}

/// Looks at the line of `aor`, if it is known.
pub(crate) fn look<R>(aor: &[u8], look: impl FnOnce(&Line<'_>) -> R) -> Option<R> {
    let lines = LINES.get()?;
    let place = lines.lock(aor);
    let line = Line::decode(&place.get()?.bytes).ok()?;
    Some(look(&line))
}

/// Stores `bytes` as the line at `place`, where one is if it is `known`: in its block if they fit
/// there and leave little of it unused, or if there is no other, else anew.
fn put<'s>(
    place: &'s mut Place<'_, '_, Block, HostLock, Shm>,
    known: bool,
    bytes: &[u8],
) -> Result<&'s mut Block, LineError> {
    if !known {
        let block = Block { bytes: room(bytes)?, outbox: Outbox::default() };
        place.try_insert(block).map_err(|_| LineError::Full)?;
        return place.get_mut().ok_or(LineError::Missing);
    }
    let block = place.get_mut().ok_or(LineError::Missing)?;
    let spare = block.bytes.capacity().checked_sub(bytes.len());
    let moved = match spare {
        Some(spare) if spare <= SPARE_LIMIT => None,
        // What gives something back must not fail because there is no memory.
        Some(_) => room(bytes).ok(),
        None => Some(room(bytes)?),
    };
    if let Some(moved) = moved {
        block.bytes = moved;
    } else {
        block.bytes.clear();
        shm::try_extend(&mut block.bytes, bytes).map_err(|_| LineError::Full)?;
    }
    Ok(block)
}

/// A line may hold this many bytes more than its record before it moves to a smaller block, so that
/// a call that comes and goes does not ask the host for memory each time.
const SPARE_LIMIT: usize = 256;

/// A copy of `bytes` in shared memory, with a little room to grow.
pub(crate) fn room(bytes: &[u8]) -> Result<SharedVec<u8, Shm>, LineError> {
    let mut copy = SharedVec::new_in(Shm);
    let size = bytes.len().checked_next_multiple_of(32).ok_or(LineError::Full)?;
    copy.try_reserve_exact(size).map_err(|_| LineError::Full)?;
    shm::try_extend(&mut copy, bytes).map_err(|_| LineError::Full)?;
    Ok(copy)
}

/// Gives each line to `look`, one shard of the table after the other.
pub(crate) fn for_each(mut look: impl FnMut(&Line<'_>)) {
    let Some(lines) = LINES.get() else { return };
    for shard in lines.shards() {
        for block in shard.iter() {
            if let Ok(line) = Line::decode(&block.bytes) {
                look(&line);
            }
        }
    }
}

/// The addresses of the lines whose record `wanted` points out, collected shard by shard and given
/// to `then` when the lock of the shard is released.
pub(crate) fn select(wanted: impl Fn(&[u8]) -> bool, mut then: impl FnMut(&[u8])) {
    let Some(lines) = LINES.get() else { return };
    for shard in lines.shards() {
        let found: Vec<Vec<u8>> = shard
            .iter()
            .filter(|block| wanted(&block.bytes))
            .map(|block| block.key().to_vec())
            .collect();
        drop(shard);
        found.iter().for_each(|aor| then(aor));
    }
}
