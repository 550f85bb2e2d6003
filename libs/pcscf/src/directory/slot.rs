//! What the directory keeps beside a binding: 32 bytes.

use super::index::{NONE, Owners};
use crate::search::Binding;
use crate::state::State;
use allocator_api2::alloc::Allocator;
use shm_store::slab::Slab;
use shm_store::wheel::{Timed, Timer};

/// What a search reads comes first, so that it mostly lies in one line of the processor's cache.
#[repr(C)]
pub(super) struct Slot<R> {
    pub(super) record: R,
    state: Counted,
    /// What of it is in the counts.
    pub(super) public_ids: u16,
    /// Its links in crowds.
    links: u32,
    timer: Timer,
    /// When the binding came or was refreshed, in the counting of the directory.
    pub(super) stamp: u64,
}

/// A state as it was counted: all numbers of the contract are below 255.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Counted(u8);

const UNNAMED: u8 = u8::MAX;

impl<R: Binding> Slot<R> {
    pub(super) fn new(record: R, stamp: u64) -> Self {
        let mut slot = Self {
            record,
            stamp,
            links: NONE,
            timer: Timer::IDLE,
            public_ids: 0,
            state: Counted(UNNAMED),
        };
        slot.read();
        slot
    }

    /// Reads from the record what is counted.
    pub(super) fn read(&mut self) {
        self.public_ids = u16::try_from(self.record.public_ids()).unwrap_or(u16::MAX);
        let state = self.record.state();
        let number = u8::try_from(state.0).ok().filter(|_| State::NAMED.contains(&state));
        self.state = Counted(number.unwrap_or(UNNAMED));
    }
}

impl<R> Slot<R> {
    /// The state as it was counted; one without a name is some other number without a name.
    pub(super) fn state(&self) -> State {
        State(u32::from(self.state.0))
    }

    pub(super) fn timer(&self) -> &Timer {
        &self.timer
    }
}

impl<R, A: Allocator + Clone> Owners for Slab<Slot<R>, A> {
    fn is_registered(&self, slot: u32) -> bool {
        self.at(slot).is_some_and(|(_, slot)| slot.state() == State::REGISTERED)
    }

    fn links(&mut self, slot: u32) -> Option<&mut u32> {
        self.at_mut(slot).map(|slot| &mut slot.links)
    }
}

impl<R> Timed for Slot<R> {
    fn timer(&mut self) -> &mut Timer {
        &mut self.timer
    }
}
