//! Tables that the loader of the host reads.

use core::{cell::UnsafeCell, ffi::CStr, fmt, mem::MaybeUninit};

/// A C array of `N` rows and the zero row that ends it.
#[repr(transparent)]
pub struct Table<T, const N: usize>(UnsafeCell<Rows<T, N>>);

#[repr(C)]
struct Rows<T, const N: usize> {
    rows: [T; N],
    end: MaybeUninit<T>,
}

// SAFETY: only the host touches the rows, in its one process before the first fork.
unsafe impl<T, const N: usize> Sync for Table<T, N> {}

impl<T, const N: usize> Table<T, N> {
    /// Closes `rows` for the loader.
    pub const fn new(rows: [T; N]) -> Self {
        Self(UnsafeCell::new(Rows { rows, end: MaybeUninit::zeroed() }))
    }

    /// The first row, as the C struct that each row is.
    pub(crate) const fn first<Raw>(&'static self) -> *mut Raw {
        const { assert!(size_of::<T>() == size_of::<Raw>()) };
        self.0.get().cast()
    }
}

/// A row that has a name for the users of the module.
pub trait Row {
    /// The name, as configurations and scripts write it.
    fn name(&self) -> &'static CStr;
}

impl<T: Row, const N: usize> Table<T, N> {
    /// The names of all rows, for the test that compares them with the manual.
    pub fn names(&'static self) -> impl Iterator<Item = &'static CStr> {
        // SAFETY: the host changes rows while it loads a module only, and tests have no host.
        let table = unsafe { &*self.0.get() };
        table.rows.iter().map(Row::name)
    }
}

impl<T, const N: usize> fmt::Debug for Table<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("rows", &N).finish()
    }
}
