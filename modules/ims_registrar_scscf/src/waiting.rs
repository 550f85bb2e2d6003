//! Requests that wait for the HSS.

use allocator_api2::boxed::Box;
use kamailio::{
    Error, Result,
    script::Block,
    scscf::client::Domain,
    shared::Shared,
    shm::{Shm, try_boxed_slice},
    shm_struct,
    socket::Socket,
    sync::Mutex,
    tm::Suspended,
};
use scscf_core::register::Plan;
use shm_store::{Id, slab::Slab};

shm_struct! {
    /// What is kept of a request meanwhile. Its texts are in one block: see [`Texts`].
    pub(crate) struct Waiting {
        pub(crate) transaction: Suspended,
        /// Where the script goes on; none: a function of a script in another language.
        pub(crate) block: Option<Block>,
        pub(crate) domain: Domain,
        pub(crate) socket: Option<Socket>,
        /// Whether it is a REGISTER that is to be answered.
        pub(crate) is_save: bool,
        /// Whether the HSS must send user data.
        pub(crate) required: bool,
        /// Whether the user was registered before.
        pub(crate) again: bool,
        pub(crate) branch_flags: u32,
        pub(crate) texts: Box<[u8], Shm>
    }
}

static WAITING: Shared<Mutex<Slab<Waiting, Shm>>> = Shared::empty();

/// For `mod_init`.
pub(crate) fn set_up() -> Result<()> {
    WAITING.set(Mutex::new(Slab::keeping_in(Shm)))
}

/// For `mod_destroy`.
pub(crate) fn tear_down() {
    drop(WAITING.take());
}

/// Keeps `waiting`; the number is good for one [`take`].
pub(crate) fn put(waiting: Waiting) -> Result<usize> {
    let table = WAITING.get().ok_or(Error::OutOfShm)?;
    let id = table.lock().try_insert(waiting).map_err(|_| Error::OutOfShm)?;
    usize::try_from(id.to_u64()).map_err(|_| Error::OutOfShm)
}

/// What [`put`] kept; nothing if somebody took it before.
pub(crate) fn take(token: usize) -> Option<Waiting> {
    let id = Id::from_u64(u64::try_from(token).ok()?);
    WAITING.get()?.lock().remove(id)
}

/// Whether a REGISTER of that identity waits.
pub(crate) fn others(identity: &[u8]) -> bool {
    let Some(table) = WAITING.get() else { return false };
    let table = table.lock();
    let mut next = table.at_or_after(0);
    while let Some(id) = next {
        let is_its = table.get(id).filter(|waiting| waiting.is_save).is_some_and(|waiting| {
            let plan = Texts::of(&waiting.texts).and_then(|texts| Plan::unpack(texts.plan));
            plan.is_some_and(|plan| *plan.identity == *identity && plan.registers())
        });
        if is_its {
            return true;
        }
        next = id.index.checked_add(1).and_then(|index| table.at_or_after(index));
    }
    false
}

/// The texts of a request: the plan, what is said of removed contacts, where a script in another
/// language goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texts<'t> {
    pub(crate) plan: &'t [u8],
    pub(crate) removed: &'t [u8],
    pub(crate) function: &'t [u8],
}

impl<'t> Texts<'t> {
    /// One block with all of them.
    pub(crate) fn to_shared(self) -> Result<Box<[u8], Shm>> {
        let lengths = [self.plan.len(), self.removed.len()].map(usize::to_ne_bytes);
        try_boxed_slice(&[lengths.as_flattened(), self.plan, self.removed, self.function].concat())
    }

    /// Those of a block that [`Texts::to_shared`] made.
    pub(crate) fn of(block: &'t [u8]) -> Option<Self> {
        let (plan, rest) = block.split_first_chunk()?;
        let (removed, rest) = rest.split_first_chunk()?;
        let (plan, rest) = rest.split_at_checked(usize::from_ne_bytes(*plan))?;
        let (removed, function) = rest.split_at_checked(usize::from_ne_bytes(*removed))?;
        Some(Self { plan, removed, function })
    }
}
