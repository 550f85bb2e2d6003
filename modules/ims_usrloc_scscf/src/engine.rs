//! The store itself, one for the whole server.

use crate::state::State;
use kamailio::{
    Error, scscf,
    shared::{Shared, SharedRef},
};
use std::sync::OnceLock;

/// All domains with their locks and what they keep.
pub(crate) type Engine = scscf::Engine<State>;

static ENGINE: Shared<Engine> = Shared::empty();

/// The secret of the tables; drawn before the fork, so that all processes have the same.
static SEED: OnceLock<[u8; 16]> = OnceLock::new();

/// To be called before the host forks.
pub(crate) fn set_up() -> Result<(), Error> {
    let seed = SEED.get_or_init(|| {
        let mut seed = [0; 16];
        // Without randomness the tables work as well; only their places could be guessed.
        if getrandom::fill(&mut seed).is_err() {
            kamailio::warn!("no random numbers: the places of identities can be guessed");
        }
        seed
    });
    ENGINE.set(Engine::try_new(State::try_new(*seed)?)?)
}

/// Gives everything back to the host. To be called when no other process is left.
pub(crate) fn tear_down() {
    drop(ENGINE.take());
}

/// The store; nothing before `mod_init`.
pub(crate) fn get() -> Option<SharedRef<'static, Engine>> {
    ENGINE.get()
}
