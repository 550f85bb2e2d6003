//! Memory that will be read soon.

/// Bytes of memory that a processor fetches together.
const LINE: usize = 64;

/// Has the processor fetch `size` bytes from `start` on while it goes on with its work. Whatever lies
/// there, nothing is read of it: only how long a later read waits is another.
///
/// On processors other than those of x86-64 this does nothing.
#[inline]
pub(crate) fn ahead<T>(start: *const T, size: usize) {
    // One more than fit in, for a start in the middle of a line.
    for at in (0..size.saturating_add(LINE)).step_by(LINE) {
        line(start.wrapping_byte_add(at));
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn line<T>(place: *const T) {
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a hint, which every processor of this kind knows; an address without memory does no
    // harm.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn line<T>(_: *const T) {}

#[cfg(test)]
mod tests {
    use core::ptr;

    #[test]
    fn what_is_fetched_stays_and_what_is_not_there_does_no_harm() {
        let texts = [7_u8; 200];
        super::ahead(texts.as_ptr(), texts.len());
        assert_eq!(texts, [7; 200]);
        super::ahead(ptr::null::<u64>(), 200);
        super::ahead(ptr::dangling::<u64>(), 1);
    }
}
