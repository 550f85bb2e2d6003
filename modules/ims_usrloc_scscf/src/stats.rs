//! The statistics.

use crate::{db, engine, state::State};

fn ask(value: impl FnOnce(&State) -> i64) -> i64 {
    let asked = engine::get().and_then(|engine| engine.with(|_, state| value(state)));
    asked.unwrap_or(0)
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Identities in memory.
pub(crate) fn active_impus() -> i64 {
    ask(|state| count(state.counts().identities))
}

/// Contacts in memory, in any state.
pub(crate) fn active_contacts() -> i64 {
    ask(|state| count(state.counts().contacts))
}

/// Subscriptions in memory.
pub(crate) fn active_subscriptions() -> i64 {
    ask(|state| count(state.counts().subscribers))
}

/// Watchers in memory.
pub(crate) fn active_watchers() -> i64 {
    ask(|state| count(state.counts().watchers))
}

/// The most identities of the domain `location` that one group has ever had; -1 without that domain.
pub(crate) fn impu_collisions() -> i64 {
    let Some(engine) = engine::get() else { return -1 };
    let Some(domain) = engine.find(b"location") else { return -1 };
    let most = engine.with(|_, state| {
        state.groups(domain.index()).map_or(0, |groups| i64::from(groups.most_ever()))
    });
    most.unwrap_or(0)
}

/// The most contacts that one group has ever had.
pub(crate) fn contact_collisions() -> i64 {
    ask(|state| i64::from(state.contact_collisions()))
}

/// The most subscriptions that one group has ever had.
pub(crate) fn subscription_collisions() -> i64 {
    ask(|state| i64::from(state.subscriber_collisions()))
}

/// How often the lock was taken over from a client that had forgotten it.
pub(crate) fn lock_takeovers() -> i64 {
    engine::get().map_or(0, |engine| engine.takeovers().into())
}

/// How often a process waited for the lock for a second or more.
pub(crate) fn lock_waits() -> i64 {
    engine::get().map_or(0, |engine| engine.waits().into())
}

/// Rows that differ from memory.
pub(crate) fn db_rows_pending() -> i64 {
    i64::try_from(db::rows_pending()).unwrap_or(i64::MAX)
}
