//! The statistics.

use core::sync::atomic::{AtomicI64, Ordering};
use kamailio::{Error, shared::Shared, stats::Counter};
use sca_core::{State, counts::Counts};

pub(crate) static NOTIFIES_SENT: Counter = Counter::new();
pub(crate) static NOTIFIES_FAILED: Counter = Counter::new();
pub(crate) static SEIZES_GRANTED: Counter = Counter::new();
pub(crate) static SEIZES_REFUSED: Counter = Counter::new();

kamailio::shm_struct! {
    /// What there is now, of all lines together.
    #[derive(Debug)]
    pub(crate) struct Gauges {
        call_info: AtomicI64,
        line_seize: AtomicI64,
        states: [AtomicI64; State::ALL.len()],
    }
}

static GAUGES: Shared<Gauges> = Shared::empty();

/// To be called before the host forks.
pub(crate) fn set_up() -> Result<(), Error> {
    GAUGES.set(Gauges {
        call_info: AtomicI64::new(0),
        line_seize: AtomicI64::new(0),
        states: Default::default(),
    })
}

/// To be called when no other process is left.
pub(crate) fn tear_down() {
    drop(GAUGES.take());
}

/// Takes over what changed on one line.
pub(crate) fn count(before: &Counts, after: &Counts) {
    if before == after {
        return;
    }
    let Some(gauges) = GAUGES.get() else { return };
    let add = |gauge: &AtomicI64, before: u32, after: u32| {
        if before != after {
            gauge.fetch_add(i64::from(after) - i64::from(before), Ordering::Relaxed);
        }
    };
    add(&gauges.call_info, before.call_info, after.call_info);
    add(&gauges.line_seize, before.line_seize, after.line_seize);
    for ((gauge, before), after) in gauges.states.iter().zip(before.states).zip(after.states) {
        add(gauge, before, after);
    }
}

/// Live subscriptions to call-info.
pub(crate) fn call_info() -> i64 {
    GAUGES.get().map_or(0, |gauges| gauges.call_info.load(Ordering::Relaxed))
}

/// Live subscriptions to line-seize.
pub(crate) fn line_seize() -> i64 {
    GAUGES.get().map_or(0, |gauges| gauges.line_seize.load(Ordering::Relaxed))
}

fn in_state(state: State) -> i64 {
    let Some(gauges) = GAUGES.get() else { return 0 };
    let gauge = gauges.states.get(usize::from(state.number()));
    gauge.map_or(0, |gauge| gauge.load(Ordering::Relaxed))
}

pub(crate) fn idle() -> i64 {
    in_state(State::Idle)
}

pub(crate) fn seized() -> i64 {
    in_state(State::Seized)
}

pub(crate) fn progressing() -> i64 {
    in_state(State::Progressing)
}

pub(crate) fn alerting() -> i64 {
    in_state(State::Alerting)
}

/// Answered calls, those that wait for their ACK included: both print as `active`.
pub(crate) fn active() -> i64 {
    in_state(State::Active) + in_state(State::ActivePending)
}

pub(crate) fn held() -> i64 {
    in_state(State::Held)
}

pub(crate) fn held_private() -> i64 {
    in_state(State::HeldPrivate)
}
