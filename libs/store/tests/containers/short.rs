//! Memory that can end, and knows how much of it is out.

use allocator_api2::alloc::{AllocError, Allocator, Global};
use core::{alloc::Layout, cell::Cell, ptr::NonNull};
use std::rc::Rc;

/// The heap, with a counter and an end that a test sets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Short {
    left: Rc<Cell<Option<usize>>>,
    blocks: Rc<Cell<usize>>,
    bytes: Rc<Cell<usize>>,
}

impl Short {
    /// After `blocks` more there is no more memory.
    pub(crate) fn end_after(&self, blocks: usize) {
        self.left.set(Some(blocks));
    }

    /// There is memory again.
    pub(crate) fn end_never(&self) {
        self.left.set(None);
    }

    /// Blocks and bytes that are out.
    pub(crate) fn held(&self) -> (usize, usize) {
        (self.blocks.get(), self.bytes.get())
    }
}

// SAFETY: all blocks come from and go to `Global`; clones share only the counters.
#[expect(unsafe_code, reason = "an allocator for a test")]
unsafe impl Allocator for Short {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if let Some(left) = self.left.get() {
            self.left.set(Some(left.checked_sub(1).ok_or(AllocError)?));
        }
        self.blocks.set(self.blocks.get() + 1);
        self.bytes.set(self.bytes.get() + layout.size());
        Global.allocate(layout)
    }

    unsafe fn deallocate(&self, start: NonNull<u8>, layout: Layout) {
        self.blocks.set(self.blocks.get() - 1);
        self.bytes.set(self.bytes.get() - layout.size());
        // SAFETY: the block came from `allocate` above, with this layout.
        unsafe { Global.deallocate(start, layout) };
    }
}
