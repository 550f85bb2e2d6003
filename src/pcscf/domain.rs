//! A domain of contacts, and the few that a server has.

use super::{Calls, Handle, methods::Methods, records::Records};
use crate::{
    Error, Result,
    location::{Entered, OwnedLock},
    shm::{self, Shm, ShmSafe},
    sync::Mutex,
};
use allocator_api2::boxed::Box;
use core::{
    cell::UnsafeCell,
    ffi::c_int,
    fmt,
    ptr::{self, NonNull},
    sync::atomic::{AtomicPtr, Ordering},
};
use kamailio_sys::{self as core_sys, pcscf as sys};

/// What the lock of a domain is taken for, by number; the first one is the store itself.
const CALLS: [&str; 4] =
    ["ims_usrloc_pcscf", "lock_udomain", "a change of its contacts", "ul_look"];
const CLIENT: u32 = 1;
const INSIDE: u32 = 2;
const LOOK: u32 = 3;

/// The most domains of a server.
pub const DOMAINS_MAX: usize = 256;

/// What the server keeps of one domain: `T` is what the module adds.
struct State<T> {
    // The contacts go before what they use.
    own: T,
    records: Records,
}

/// A domain: the struct that C reads comes first.
#[repr(C)]
pub struct Domain<T> {
    c: sys::udomain,
    name: core_sys::str_,
    lock: OwnedLock,
    /// The text of the name, with a zero byte behind it: C prints it.
    text: Box<[u8], Shm>,
    state: UnsafeCell<Option<State<T>>>,
}

// SAFETY: the lock guards the state, and nothing else changes once the domain is made.
unsafe impl<T: Send> Sync for Domain<T> {}
// SAFETY: it lies in shared memory, and so does all it points to.
unsafe impl<T: Send> Send for Domain<T> {}

impl<T> fmt::Debug for Domain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Domain").field(&bstr::BStr::new(self.name())).finish()
    }
}

impl<T> Domain<T> {
    /// The name; for a domain with a database also that of the table.
    pub fn name(&self) -> &[u8] {
        let len = usize::try_from(self.name.len).unwrap_or(0);
        self.text.get(..len).unwrap_or_default()
    }

    /// Takes the lock, for a client that will give it back; it may be taken more than once.
    pub fn lock(&self) {
        self.lock.enter(CLIENT);
    }

    /// As [`Domain::lock`], for a client that only reads; false if the lock is lost.
    pub(super) fn lock_to_look(&self) -> bool {
        self.lock.enter(LOOK)
    }

    /// Gives the lock back; whether it is free now.
    pub fn unlock(&self) -> bool {
        self.lock.leave()
    }

    /// Whether this process holds the lock.
    pub fn is_locked_here(&self) -> bool {
        self.lock.is_mine()
    }

    /// Gives the lock back that a client forgot to give back; how often it had taken it.
    pub fn unlock_all(&self) -> u32 {
        self.lock.leave_all()
    }

    /// Runs `work` on the state, under the lock. Nothing in it may come back here, wait or call a
    /// client; if it does come back, that call gets nothing, and a line of log.
    pub fn with<R>(&self, work: impl FnOnce(&mut Records, &mut T) -> R) -> Option<R> {
        let session = Session::start(self)?;
        // SAFETY: the lock is held, and nobody else in this process has the state in hand.
        let state = unsafe { &mut *self.state.get() };
        let result = state.as_mut().map(|state| work(&mut state.records, &mut state.own));
        drop(session);
        result
    }

    /// Runs `work` without the lock, which this process takes up again afterwards as often as it
    /// had it. Whatever contacts the client holds stay in memory meanwhile.
    pub fn released<R>(&self, work: impl FnOnce() -> R) -> R {
        let turn = self.with(|records, _| records.visit());
        let absent = Absent { domain: self, depth: self.lock.leave_all(), turn };
        let result = work();
        drop(absent);
        result
    }

    /// Makes the calls, without the lock. The contact they are for was in this domain when they
    /// were collected, and this process has held the lock since or took the contact out.
    pub fn call(&self, calls: Calls) {
        if !calls.is_empty() {
            // SAFETY: nothing that was reachable within this visit is freed before its end.
            self.released(|| unsafe { calls.run() });
        }
    }

    /// The domain as C names it.
    pub(super) fn raw(&self) -> *mut sys::udomain {
        ptr::from_ref(self).cast_mut().cast()
    }

    fn owns(&self, handle: Handle) -> bool {
        ptr::eq(handle.domain(), &raw const self.name)
    }
}

/// The state in hand.
struct Session<'d, T>(&'d Domain<T>);

impl<'d, T> Session<'d, T> {
    fn start(domain: &'d Domain<T>) -> Option<Self> {
        match domain.lock.enter_in_hand(INSIDE) {
            Entered::First | Entered::Again => Some(Self(domain)),
            Entered::Busy => {
                crate::critical!("domain {domain:?}: a call came back while its contacts change");
                None
            }
            Entered::Lost => None,
        }
    }
}

impl<T> Drop for Session<'_, T> {
    fn drop(&mut self) {
        self.0.lock.leave_hand();
    }
}

/// The time for which this process gave the lock away.
struct Absent<'d, T> {
    domain: &'d Domain<T>,
    depth: u32,
    turn: Option<u32>,
}

impl<T> Drop for Absent<'_, T> {
    fn drop(&mut self) {
        if self.depth > 0 {
            self.domain.lock.enter_at(self.depth, CLIENT);
        }
        if let Some(turn) = self.turn {
            self.domain.with(|records, _| records.end_visit(turn));
        }
    }
}

/// All domains of the server, also those that a process adds later.
pub struct Domains<T> {
    adding: Mutex<()>,
    list: [AtomicPtr<Domain<T>>; DOMAINS_MAX],
    methods: Mutex<Methods>,
}

// SAFETY: domains lie in shared memory and stay until the server ends.
unsafe impl<T: ShmSafe> ShmSafe for Domains<T> {}

impl<T> fmt::Debug for Domains<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Domains").finish_non_exhaustive()
    }
}

impl<T: ShmSafe> Domains<T> {
    /// No domain yet.
    pub fn new() -> Self {
        Self {
            adding: Mutex::new(()),
            list: [const { AtomicPtr::new(ptr::null_mut()) }; DOMAINS_MAX],
            methods: Mutex::new(Methods::new()),
        }
    }

    /// All domains, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Domain<T>> {
        // They are taken from the front, and none is taken out.
        self.list.iter().map_while(|place| {
            let domain = NonNull::new(place.load(Ordering::Acquire))?;
            // SAFETY: domains stay until this table is dropped.
            Some(unsafe { domain.as_ref() })
        })
    }

    /// The domain of that name.
    pub fn find(&self, name: &[u8]) -> Option<&Domain<T>> {
        self.iter().find(|domain| domain.name() == name)
    }

    /// The domain of that name, made with `make` if there is none; `size` is what C reads of it.
    /// The second half says whether it was made.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`], or [`Error::Core`] for a name with a zero byte in it and for one domain
    /// too many.
    pub fn open(
        &self,
        name: &[u8],
        size: i32,
        make: impl FnOnce() -> Result<T>,
    ) -> Result<(&Domain<T>, bool)> {
        let adding = self.adding.lock();
        if let Some(known) = self.find(name) {
            return Ok((known, false));
        }
        let refused = Error::Core { call: "register_udomain", code: -1 };
        if name.contains(&0) {
            return Err(refused);
        }
        let free = |place: &&AtomicPtr<Domain<T>>| place.load(Ordering::Acquire).is_null();
        let place = self.list.iter().find(free).ok_or(refused)?;
        let made = Domain::try_new(name, size, make()?)?;
        place.store(made.as_ptr(), Ordering::Release);
        drop(adding);
        // SAFETY: as in `iter`.
        Ok((unsafe { made.as_ref() }, true))
    }

    /// The domain that C names.
    pub(super) fn by_raw(&self, raw: *mut sys::udomain) -> Option<&Domain<T>> {
        self.iter().find(|domain| ptr::eq(domain.raw(), raw))
    }

    /// The domain of a contact.
    pub(super) fn of(&self, handle: Handle) -> Option<&Domain<T>> {
        self.iter().find(|domain| domain.owns(handle))
    }

    /// What clients register for every contact.
    pub fn methods(&self) -> Methods {
        *self.methods.lock()
    }

    pub(super) fn register(&self, change: impl FnOnce(&mut Methods) -> c_int) -> c_int {
        change(&mut self.methods.lock())
    }
}

impl<T: ShmSafe> Default for Domains<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for Domains<T> {
    fn drop(&mut self) {
        for place in &mut self.list {
            if let Some(domain) = NonNull::new(*place.get_mut()) {
                // SAFETY: made by `Domain::try_new`, and no process is left that uses it.
                drop(unsafe { Box::from_raw_in(domain.as_ptr(), Shm) });
            }
        }
    }
}

impl<T> Domain<T> {
    fn try_new(name: &[u8], size: i32, own: T) -> Result<NonNull<Self>> {
        let len = c_int::try_from(name.len()).map_err(|_| Error::OutOfShm)?;
        let text = shm::try_boxed_slice(&[name, &[0]].concat())?;
        let none = core_sys::str_ { s: ptr::null_mut(), len: 0 };
        let mut domain = shm::try_box(Self {
            c: sys::udomain {
                name: ptr::null_mut(),
                size,
                table: ptr::null_mut(),
                contacts: ptr::null_mut(),
                expired: ptr::null_mut(),
            },
            name: none,
            lock: OwnedLock::new(&CALLS),
            text,
            state: UnsafeCell::new(None),
        })?;
        domain.name = core_sys::str_ { s: domain.text.as_mut_ptr().cast(), len };
        domain.c.name = &raw mut domain.name;
        let records = Records::try_new(NonNull::from(&mut domain.name))?;
        *domain.state.get_mut() = Some(State { own, records });
        Ok(NonNull::from(Box::leak(domain)))
    }
}
