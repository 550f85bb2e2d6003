//! Growth that fails instead of ending the process.

use allocator_api2::{alloc::Allocator, vec::Vec};

/// Growth of a vector that fails instead of ending the process.
pub trait TryGrow<T> {
    /// Appends `item`.
    ///
    /// # Errors
    ///
    /// `item` itself if there is no memory for it; the vector is as before.
    fn try_push(&mut self, item: T) -> Result<(), T>;
}

impl<T, A: Allocator> TryGrow<T> for Vec<T, A> {
    #[expect(clippy::disallowed_methods, reason = "room was reserved on the line above")]
    fn try_push(&mut self, item: T) -> Result<(), T> {
        let Ok(()) = self.try_reserve(1) else { return Err(item) };
        self.push(item);
        Ok(())
    }
}
