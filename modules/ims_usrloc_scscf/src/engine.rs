//! The store itself, one for the whole server.

use crate::state::State;
use kamailio::{
    Error, scscf,
    shared::{Shared, SharedRef},
    shm,
};

/// All domains with their locks and what they keep.
pub(crate) type Engine = scscf::Engine<State>;

static ENGINE: Shared<Engine> = Shared::empty();

/// To be called before the host forks.
pub(crate) fn set_up() -> Result<(), Error> {
    ENGINE.set(Engine::try_new(State::try_new(shm::seed("identities"))?)?)
}

/// Gives everything back to the host. To be called when no other process is left.
pub(crate) fn tear_down() {
    drop(ENGINE.take());
}

/// The store; nothing before `mod_init`.
pub(crate) fn get() -> Option<SharedRef<'static, Engine>> {
    ENGINE.get()
}
