//! NOTIFYs of one line in the order of their CSeq, though any process may send them and none does
//! so under a lock.
//!
//! Whoever changes a line while nobody sends for it becomes its sender: it gives the lock of the
//! line back, sends, and then sends what others have left with the line meanwhile. The others go
//! on at once. What waits for a reply that must go first is marked, and its process takes over
//! when that is out.

use allocator_api2::{boxed::Box, vec::Vec};
use kamailio::shm::{self, Shm};
use sca_core::{Notify, record};
use shm_table::TryGrow;

kamailio::shm_struct! {
    /// The NOTIFYs of one change of the line, packed.
    #[derive(Debug)]
    struct Batch {
        ticket: u32,
        ready: bool,
        bytes: Box<[u8], Shm>,
    }
}

kamailio::shm_struct! {
    /// Batches that wait, first come first.
    #[derive(Debug)]
    struct Queue {
        last_ticket: u32,
        batches: Vec<Batch, Shm>,
    }
}

kamailio::shm_struct! {
    /// Who sends for a line, and what waits.
    #[derive(Debug, Default)]
    pub(crate) struct Outbox {
        busy: bool,
        queue: Option<Box<Queue, Shm>>,
    }
}

/// What a process does with the NOTIFYs of its change.
#[derive(Debug)]
pub(crate) enum Turn {
    /// It is the sender.
    Sender(std::vec::Vec<Notify>),
    /// They wait in the outbox under this number.
    Waiting(u32),
    /// There is no memory to let them wait: they are sent at once, perhaps out of order.
    Loose(std::vec::Vec<Notify>),
}

impl Outbox {
    /// Whether nobody sends and nothing waits.
    pub(crate) fn is_idle(&self) -> bool {
        !self.busy && self.queue.is_none()
    }

    /// Finds out whose turn it is. Called under the lock that the change was made under.
    pub(crate) fn enter(&mut self, notifies: std::vec::Vec<Notify>) -> Turn {
        if self.is_idle() {
            self.busy = true;
            return Turn::Sender(notifies);
        }
        match self.leave_waiting(&notifies) {
            Some(ticket) => Turn::Waiting(ticket),
            None => Turn::Loose(notifies),
        }
    }

    fn leave_waiting(&mut self, notifies: &[Notify]) -> Option<u32> {
        let bytes = shm::try_boxed_slice(&record::pack(notifies)).ok()?;
        if self.queue.is_none() {
            let queue = Queue { last_ticket: 0, batches: Vec::new_in(Shm) };
            self.queue = Some(shm::try_box(queue).ok()?);
        }
        let queue = self.queue.as_mut()?;
        let ticket = queue.last_ticket.wrapping_add(1);
        queue.batches.try_push(Batch { ticket, ready: false, bytes }).ok()?;
        queue.last_ticket = ticket;
        Some(ticket)
    }

    /// Says that what waits under `ticket` may go. True if the caller is the sender now.
    pub(crate) fn ready(&mut self, ticket: u32) -> bool {
        let batches = self.queue.iter_mut().flat_map(|queue| queue.batches.iter_mut());
        for batch in batches.filter(|batch| batch.ticket == ticket) {
            batch.ready = true;
        }
        let first = !self.busy;
        self.busy = true;
        first
    }

    /// For a sender that cannot go on: its turn is over, whatever waits.
    pub(crate) fn release(&mut self) {
        self.busy = false;
    }

    /// For the sender: what it sends next; nothing if its turn is over.
    pub(crate) fn next(&mut self) -> Option<Box<[u8], Shm>> {
        let queue = self.queue.as_mut().map(|queue| &mut queue.batches);
        let next = queue.and_then(|batches| {
            let ready = batches.first().is_some_and(|batch| batch.ready);
            ready.then(|| batches.remove(0).bytes)
        });
        if next.is_none() {
            self.busy = false;
        }
        if self.queue.as_ref().is_some_and(|queue| queue.batches.is_empty()) {
            self.queue = None;
        }
        next
    }
}
