//! The store as a whole: one lock, its domains, and what the module keeps.

use super::{
    Calls,
    domain::{self, DOMAINS_MAX, Domain},
    records::Records,
};
use crate::{
    Error, Result,
    location::{Entered, Holder, OwnedLock},
    shm::ShmSafe,
    sync::Mutex,
};
use core::{
    cell::UnsafeCell,
    fmt, ptr,
    sync::atomic::{AtomicPtr, AtomicU32, Ordering},
};

/// What the lock was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Call {
    /// `lock_udomain`
    Domain = 1,
    /// `lock_contact_slot`
    Contact = 2,
    /// `lock_contact_slot_i`
    ContactSlot = 3,
    /// `lock_subscription`
    Subscriber = 4,
    /// A function of the store.
    Inside = 5,
    /// `ul_scscf_look`: a client reads an identity and changes nothing.
    Look = 6,
}

/// The names of [`Call`], behind that of the store.
const CALLS: [&str; 7] = [
    "ims_usrloc_scscf",
    "lock_udomain",
    "lock_contact_slot",
    "lock_contact_slot_i",
    "lock_subscription",
    "a change of its records",
    "ul_scscf_look",
];

/// What the server keeps: `T` is what the module adds.
struct State<T> {
    // The records go before what they use.
    own: T,
    records: Records,
}

/// The store. All processes share one; the lock guards all of it.
pub struct Engine<T> {
    lock: OwnedLock,
    /// How often the holder has taken the lock for a domain and not given it back.
    domain_depth: AtomicU32,
    adding: Mutex<()>,
    domains: [AtomicPtr<domain::Block>; DOMAINS_MAX],
    state: UnsafeCell<State<T>>,
}

// SAFETY: the lock guards the state; domains are not changed once they are made.
unsafe impl<T: Send> Sync for Engine<T> {}
// SAFETY: it lies in shared memory, and so does all it points to.
unsafe impl<T: Send> Send for Engine<T> {}
// SAFETY: as above.
unsafe impl<T: ShmSafe> ShmSafe for Engine<T> {}

impl<T> fmt::Debug for Engine<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("lock", &self.lock).finish_non_exhaustive()
    }
}

impl<T> Engine<T> {
    /// A store without a domain, for [`Shared::set`](crate::shared::Shared::set).
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]
    pub fn try_new(own: T) -> Result<Self> {
        Ok(Self {
            lock: OwnedLock::new(&CALLS),
            domain_depth: AtomicU32::new(0),
            adding: Mutex::new(()),
            domains: [const { AtomicPtr::new(domain::NONE) }; DOMAINS_MAX],
            state: UnsafeCell::new(State { own, records: Records::try_new()? }),
        })
    }

    /// The domain of that name, made if there is none; `size` is the number of slots that it shows.
    /// The second half says whether it was made.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`], or [`Error::Core`] for a name with a zero byte in it and for one domain
    /// too many.
    pub fn open(&self, name: &[u8], size: i32) -> Result<(Domain, bool)> {
        let adding = self.adding.lock();
        if let Some(known) = self.find(name) {
            return Ok((known, false));
        }
        let free = |place: &&AtomicPtr<domain::Block>| place.load(Ordering::Acquire).is_null();
        let index = self.domains.iter().position(|place| free(&place));
        let refused = Error::Core { call: "register_udomain", code: -1 };
        let index = index.ok_or_else(|| refused.clone())?;
        let place = self.domains.get(index).ok_or(refused)?;
        let made = Domain::try_new(name, size, index)?;
        place.store(made.block_ptr(), Ordering::Release);
        drop(adding);
        Ok((made, true))
    }

    /// All domains, the oldest first.
    pub fn domains(&self) -> impl Iterator<Item = Domain> {
        self.domains.iter().filter_map(|place| Domain::from_block(place.load(Ordering::Acquire)))
    }

    /// The domain of that name.
    pub fn find(&self, name: &[u8]) -> Option<Domain> {
        self.domains().find(|domain| domain.name() == name)
    }

    /// The domain that C names.
    pub(super) fn by_raw(&self, raw: *mut kamailio_sys::scscf::udomain) -> Option<Domain> {
        self.domains().find(|domain| ptr::eq(domain.raw(), raw))
    }

    /// Takes the lock, for a client that will give it back; it may be taken more than once. Whether
    /// this process has it now: not if another one died at work in the store.
    pub fn lock(&self, call: Call) -> bool {
        let first = !self.lock.is_mine();
        let has = self.lock.enter(call as u32);
        if has && first {
            self.domain_depth.store(0, Ordering::Relaxed);
        }
        if has && call == Call::Domain {
            self.domain_depth.fetch_add(1, Ordering::Relaxed);
        }
        has
    }

    /// Whether giving the lock back for `call` makes it free. A client that gives back the last lock
    /// of a domain gives all back: some lock a contact twice within it and unlock it once.
    pub(super) fn frees(&self, call: Call) -> bool {
        if !self.lock.is_mine() {
            return false;
        }
        let last = call == Call::Domain && self.domain_depth.load(Ordering::Relaxed) == 1;
        last || self.lock.depth() == 1
    }

    /// Gives the lock back; whether it is free now.
    pub fn unlock(&self, call: Call) -> bool {
        if !self.lock.is_mine() {
            return false;
        }
        let all = self.frees(call);
        if call == Call::Domain {
            let depth = self.domain_depth.load(Ordering::Relaxed);
            self.domain_depth.store(depth.saturating_sub(1), Ordering::Relaxed);
        }
        if all { self.lock.leave_all() > 0 } else { self.lock.leave() }
    }

    /// Whether this process holds the lock.
    pub fn is_locked_here(&self) -> bool {
        self.lock.is_mine()
    }

    /// Gives the lock back that a client forgot to give back; how often it had taken it.
    pub fn unlock_all(&self) -> u32 {
        self.lock.leave_all()
    }

    /// Who holds the lock.
    pub fn holder(&self) -> Option<Holder> {
        self.lock.holder()
    }

    /// How often somebody waited for the lock for longer than a second.
    pub fn waits(&self) -> u32 {
        self.lock.waits()
    }

    /// How often the lock was taken from a client that had forgotten it.
    pub fn takeovers(&self) -> u32 {
        self.lock.takeovers()
    }

    /// Runs `work` on the state, under the lock. Nothing in it may come back here, wait or call a
    /// client; if it does come back, that call gets nothing, and a line of log. Nothing is done
    /// either if another process died at work in the store.
    pub fn with<R>(&self, work: impl FnOnce(&mut Records, &mut T) -> R) -> Option<R> {
        let session = Session::start(self, Call::Inside)?;
        // SAFETY: the lock is held, and nobody else in this process has the state in hand.
        let state = unsafe { &mut *self.state.get() };
        let result = work(&mut state.records, &mut state.own);
        drop(session);
        Some(result)
    }

    /// As [`Engine::with`], for a client that goes on reading what `work` finds: it has the lock
    /// afterwards, taken for `call`, and gives it back with [`Engine::unlock`].
    pub(super) fn with_kept<R>(&self, call: Call, work: impl FnOnce(&T) -> R) -> Option<R> {
        let session = Session::start(self, call)?;
        // SAFETY: as in `with`.
        let state = unsafe { &*self.state.get() };
        let result = work(&state.own);
        session.keep();
        Some(result)
    }

    /// Runs `work` without the lock, which this process takes up again afterwards as often as it
    /// had it. Whatever records the client holds stay in memory meanwhile.
    pub fn released<R>(&self, work: impl FnOnce() -> R) -> R {
        let turn = self.with(|records, _| records.visit());
        let domain_depth = self.domain_depth.load(Ordering::Relaxed);
        let absent = Absent { engine: self, depth: self.lock.leave_all(), domain_depth, turn };
        let result = work();
        drop(absent);
        result
    }

    /// Makes the calls, without the lock. The records they are for were in the store when they were
    /// collected, and this process has held the lock since or took the records out.
    pub fn call(&self, calls: Calls) {
        if !calls.is_empty() {
            // SAFETY: nothing that was reachable within this visit is freed before its end.
            self.released(|| unsafe { calls.run() });
        }
    }
}

impl<T> Drop for Engine<T> {
    fn drop(&mut self) {
        for place in &mut self.domains {
            if let Some(domain) = Domain::from_block(*place.get_mut()) {
                // SAFETY: no process is left that uses it, and records read no more of it.
                unsafe { domain.free() };
            }
        }
    }
}

/// The state in hand.
struct Session<'e, T> {
    engine: &'e Engine<T>,
    /// The process keeps the lock.
    kept: bool,
}

impl<'e, T> Session<'e, T> {
    fn start(engine: &'e Engine<T>, call: Call) -> Option<Self> {
        match engine.lock.enter_in_hand(call as u32) {
            Entered::First => engine.domain_depth.store(0, Ordering::Relaxed),
            Entered::Again => {}
            Entered::Busy => {
                crate::critical!("ims_usrloc_scscf: a call came back while records change");
                return None;
            }
            Entered::Lost => return None,
        }
        Some(Self { engine, kept: false })
    }

    /// Lays the state down and keeps the lock.
    fn keep(mut self) {
        self.kept = true;
    }
}

impl<T> Drop for Session<'_, T> {
    fn drop(&mut self) {
        if self.kept {
            self.engine.lock.lay_down();
        } else {
            self.engine.lock.leave_hand();
        }
    }
}

/// The time for which this process gave the lock away.
struct Absent<'e, T> {
    engine: &'e Engine<T>,
    depth: u32,
    domain_depth: u32,
    turn: Option<u32>,
}

impl<T> Drop for Absent<'_, T> {
    fn drop(&mut self) {
        if self.depth > 0 && self.engine.lock.enter_at(self.depth, Call::Domain as u32) {
            self.engine.domain_depth.store(self.domain_depth, Ordering::Relaxed);
        }
        if let Some(turn) = self.turn {
            self.engine.with(|records, _| records.end_visit(turn));
        }
    }
}
