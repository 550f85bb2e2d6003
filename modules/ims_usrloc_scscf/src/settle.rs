//! What clients wrote into records while they had the lock: read back before it is free.

use crate::{
    db::Cause,
    engine::Engine,
    state::{State, Turn},
    subscribers,
    touched::{self, Touched},
};
use kamailio::{
    scscf::{Identity, Subscriber},
    timer,
};
use shm_store::Id;

/// Looks at everything that this process handed out.
pub(crate) fn all(engine: &Engine) {
    touched::review(|touched| {
        let now = timer::now();
        // If a call came back in, what was touched is seen when it is due.
        engine.with(|records, state| {
            for record in touched {
                match *record {
                    Touched::Identity(number) => identity(state, Id::from_u64(number), now),
                    Touched::Contact(number) => contact(state, Id::from_u64(number), now),
                    Touched::Subscriber(number) => {
                        let subscriber = state.subscriber(Id::from_u64(number));
                        if let Some(handle) = subscriber.map(Subscriber::handle) {
                            subscribers::unused(records, state, handle, now);
                        }
                    }
                }
            }
        });
    });
}

/// An identity and its contacts.
fn identity(state: &mut State, id: Id, now: i64) {
    let contacts = state.identity(id).map(Identity::contacts);
    for handle in contacts.into_iter().flatten() {
        if let Some(of) = state.contact_of(handle) {
            contact(state, of, now);
        }
    }
    state.schedule_identity(id, now);
}

/// A contact: its state decides over its row and over when it is looked at again.
pub(crate) fn contact(state: &mut State, id: Id, now: i64) {
    let cause = match state.turn(id) {
        Turn::Goes => Some(Cause::Gone),
        Turn::Returns => Some(Cause::Changed),
        Turn::Same | Turn::Moves => None,
    };
    if let Some(cause) = cause {
        state.note_turn(id, cause);
    }
    state.reschedule_contact(id, now);
}
