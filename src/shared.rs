//! What all processes share, set up once before the host forks.

use crate::{
    Result,
    shm::{Shm, ShmSafe, try_box},
};
use allocator_api2::boxed::Box;
use core::{
    fmt,
    ops::Deref,
    ptr,
    sync::atomic::{AtomicPtr, AtomicU32, Ordering},
};

/// A static that holds a value in shared memory, from `mod_init` until `mod_destroy`.
///
/// The pointer is private to each process and inherited over the fork; the value is one and the
/// same for all.
pub struct Shared<T> {
    value: AtomicPtr<T>,
    /// The [`SharedRef`]s of this process that are alive.
    users: AtomicU32,
}

// SAFETY: hands out `&T` to every process that asks, so `T` must be `Sync`; `take` moves `T`.
unsafe impl<T: ShmSafe + Send + Sync> Sync for Shared<T> {}

impl<T: ShmSafe + Send + Sync> Shared<T> {
    /// A static without a value.
    pub const fn empty() -> Self {
        Self { value: AtomicPtr::new(ptr::null_mut()), users: AtomicU32::new(0) }
    }

    /// Moves `value` to shared memory. To be called in `mod_init`: after the fork only this
    /// process would see it. A value that is there already stays, and `value` is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`](crate::Error::OutOfShm)
    pub fn set(&self, value: T) -> Result {
        let value = Box::into_raw(try_box(value)?);
        let (empty, order) = (ptr::null_mut(), Ordering::AcqRel);
        if self.value.compare_exchange(empty, value, order, Ordering::Acquire).is_err() {
            // SAFETY: made by `into_raw` above and seen by nobody else.
            drop(unsafe { Box::from_raw_in(value, Shm) });
        }
        Ok(())
    }

    /// The value, if `mod_init` got as far as setting it.
    pub fn get(&self) -> Option<SharedRef<'_, T>> {
        // A process has one thread, so nobody else counts meanwhile.
        self.users.store(self.users.load(Ordering::Relaxed).saturating_add(1), Ordering::Relaxed);
        let value = ptr::NonNull::new(self.value.load(Ordering::Acquire));
        // Made before the check, so that its drop takes the count back either way.
        let user = SharedRef { value: value.unwrap_or(ptr::NonNull::dangling()), shared: self };
        value.map(|_| user)
    }

    /// Takes the value out, for `mod_destroy`: all other processes have ended by then.
    ///
    /// Nothing if there is none, or if a [`SharedRef`] of this process is still alive.
    pub fn take(&self) -> Option<Box<T, Shm>> {
        if self.users.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let value = self.value.swap(ptr::null_mut(), Ordering::AcqRel);
        if value.is_null() {
            return None;
        }
        // SAFETY: made by `into_raw` in `set`, given out once, and no reference to it is alive.
        Some(unsafe { Box::from_raw_in(value, Shm) })
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("value", &self.value).finish_non_exhaustive()
    }
}

/// A look at the value of a [`Shared`], which stays where it is meanwhile.
pub struct SharedRef<'a, T> {
    value: ptr::NonNull<T>,
    shared: &'a Shared<T>,
}

impl<T> Deref for SharedRef<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: only handed out for a value that was set, and `take` leaves it alone until this
        // has been dropped.
        unsafe { self.value.as_ref() }
    }
}

impl<T> Drop for SharedRef<'_, T> {
    fn drop(&mut self) {
        let users = &self.shared.users;
        users.store(users.load(Ordering::Relaxed).saturating_sub(1), Ordering::Relaxed);
    }
}

impl<T> fmt::Debug for SharedRef<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedRef").field("value", &self.value).finish_non_exhaustive()
    }
}
