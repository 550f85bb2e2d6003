//! Places with numbers, in chunks that never move.
//!
//! A chunk is asked for when its first place is taken and given back with its last one, so memory
//! follows the number of values, and no growth copies more than a list of chunks.

use allocator_api2::{
    alloc::{AllocError, Allocator},
    vec::Vec,
};
use core::fmt;
use shm_table::TryGrow;

/// Places in a chunk.
const CHUNK: usize = 256;
const CHUNK_U32: u32 = 256;
/// No place, no chunk.
const NONE: u32 = u32::MAX;
/// Indexes stay below, so that their users have a bit of their own.
const LIMIT: u32 = 1 << 31;

/// The name of a value in a slab; it is never used again for another value (but after four
/// thousand million insertions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Id {
    /// The place, below 2 to the power of 31.
    pub index: u32,
    /// Tells the values apart that had the same place one after the other.
    pub generation: u32,
}

impl Id {
    /// Both numbers in one.
    pub fn to_u64(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.index)
    }

    /// The name that [`Id::to_u64`] wrote.
    pub fn from_u64(number: u64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the two halves are what is wanted")]
        Self { index: number as u32, generation: (number >> 32) as u32 }
    }
}

enum Place<T> {
    Full { generation: u32, value: T },
    Free { next: u32 },
}

struct Chunk<T, A: Allocator> {
    places: Vec<Place<T>, A>,
    /// First free place that was taken before.
    free: u32,
    live: u32,
    /// Next chunk with room.
    next_open: u32,
}

impl<T, A: Allocator> Chunk<T, A> {
    fn is_full(&self) -> bool {
        self.live == CHUNK_U32
    }
}

/// Values of type `T` by [`Id`], in memory from `A`.
pub struct Slab<T, A: Allocator> {
    chunks: Vec<Chunk<T, A>, A>,
    /// First chunk with room; a chunk is in this list unless it is full.
    open: u32,
    generation: u32,
    len: usize,
    /// The first chunk keeps its memory.
    keeps: bool,
}

impl<T, A: Allocator + Clone> Slab<T, A> {
    /// An empty slab; it asks for no memory yet.
    pub fn new_in(alloc: A) -> Self {
        Self { chunks: Vec::new_in(alloc), open: NONE, generation: 0, len: 0, keeps: false }
    }

    /// As [`Slab::new_in`], for values that come and go all the time: the last one leaves the memory of
    /// one chunk behind.
    pub fn keeping_in(alloc: A) -> Self {
        Self { keeps: true, ..Self::new_in(alloc) }
    }

    /// Puts `value` into a free place.
    ///
    /// # Errors
    ///
    /// `value` itself if there is no memory for it, or there are 2 to the power of 31 values.
    pub fn try_insert(&mut self, value: T) -> Result<Id, T> {
        let Ok(at) = self.open_chunk() else {
            self.shrink();
            return Err(value);
        };
        let generation = self.generation.wrapping_add(1);
        let Some(chunk) = chunk_mut(&mut self.chunks, at) else { return Err(value) };
        let full = Place::Full { generation, value };
        let within = if let Some((within, next)) = chunk.first_free() {
            if let Some(place) = place_mut(&mut chunk.places, within) {
                *place = full;
            }
            chunk.free = next;
            within
        } else {
            let within = u32::try_from(chunk.places.len()).unwrap_or(NONE);
            if let Err(Place::Full { value, .. }) = chunk.places.try_push(full) {
                return Err(value);
            }
            within
        };
        chunk.live += 1;
        if chunk.is_full() {
            self.open = chunk.next_open;
        }
        self.generation = generation;
        self.len += 1;
        Ok(Id { index: at * CHUNK_U32 + within, generation })
    }

    /// The first chunk with room, which has its memory.
    fn open_chunk(&mut self) -> Result<u32, AllocError> {
        let alloc = self.chunks.allocator().clone();
        if self.open == NONE {
            let at = u32::try_from(self.chunks.len()).map_err(|_| AllocError)?;
            if at >= LIMIT / CHUNK_U32 {
                return Err(AllocError);
            }
            let places = Vec::new_in(alloc.clone());
            let chunk = Chunk { places, free: NONE, live: 0, next_open: NONE };
            self.chunks.try_push(chunk).map_err(|_| AllocError)?;
            self.open = at;
        }
        let at = self.open;
        let chunk = chunk_mut(&mut self.chunks, at).ok_or(AllocError)?;
        if chunk.places.capacity() == 0 {
            chunk.places.try_reserve_exact(CHUNK).map_err(|_| AllocError)?;
        }
        Ok(at)
    }

    /// Takes the value of `id` out.
    pub fn remove(&mut self, id: Id) -> Option<T> {
        self.get(id)?;
        let (at, within) = (id.index / CHUNK_U32, id.index % CHUNK_U32);
        let alloc = self.chunks.allocator().clone();
        let chunk = chunk_mut(&mut self.chunks, at)?;
        let was_full = chunk.is_full();
        let next = chunk.free;
        let place = place_mut(&mut chunk.places, within)?;
        let Place::Full { value, .. } = core::mem::replace(place, Place::Free { next }) else {
            return None;
        };
        chunk.free = within;
        chunk.live -= 1;
        if chunk.live == 0 && !(self.keeps && at == 0) {
            chunk.places = Vec::new_in(alloc);
            chunk.free = NONE;
        }
        if was_full {
            chunk.next_open = self.open;
            self.open = at;
        }
        self.len -= 1;
        self.shrink();
        Some(value)
    }

    /// The last value takes all memory with it, unless some is to be kept.
    fn shrink(&mut self) {
        if self.len == 0 && !self.keeps {
            self.chunks = Vec::new_in(self.chunks.allocator().clone());
            self.open = NONE;
        }
    }
}

impl<T, A: Allocator> Slab<T, A> {
    /// The value of `id`.
    pub fn get(&self, id: Id) -> Option<&T> {
        match self.place(id.index)? {
            Place::Full { generation, value } if *generation == id.generation => Some(value),
            _ => None,
        }
    }

    /// The value of `id`, to change it.
    pub fn get_mut(&mut self, id: Id) -> Option<&mut T> {
        match self.place_mut(id.index)? {
            Place::Full { generation, value } if *generation == id.generation => Some(value),
            _ => None,
        }
    }

    /// The value at `index`, whichever it is, and its name.
    pub fn at(&self, index: u32) -> Option<(Id, &T)> {
        match self.place(index)? {
            Place::Full { generation, value } => {
                Some((Id { index, generation: *generation }, value))
            }
            Place::Free { .. } => None,
        }
    }

    /// The value at `index`, whichever it is, to change it.
    pub fn at_mut(&mut self, index: u32) -> Option<&mut T> {
        match self.place_mut(index)? {
            Place::Full { value, .. } => Some(value),
            Place::Free { .. } => None,
        }
    }

    /// The first value at `index` or behind it.
    pub fn at_or_after(&self, index: u32) -> Option<Id> {
        let first = usize::try_from(index / CHUNK_U32).ok()?;
        let mut from = index;
        for (at, chunk) in self.chunks.iter().enumerate().skip(first) {
            let base = u32::try_from(at).ok()?.checked_mul(CHUNK_U32)?;
            let end = base.checked_add(u32::try_from(chunk.places.len()).ok()?)?;
            let start = from.max(base);
            if chunk.live > 0
                && let Some((id, _)) = (start..end).find_map(|index| self.at(index))
            {
                return Some(id);
            }
            from = base.checked_add(CHUNK_U32)?;
        }
        None
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn place(&self, index: u32) -> Option<&Place<T>> {
        let chunk = self.chunks.get(usize::try_from(index / CHUNK_U32).ok()?)?;
        chunk.places.get(usize::try_from(index % CHUNK_U32).ok()?)
    }

    fn place_mut(&mut self, index: u32) -> Option<&mut Place<T>> {
        let chunk = chunk_mut(&mut self.chunks, index / CHUNK_U32)?;
        place_mut(&mut chunk.places, index % CHUNK_U32)
    }
}

impl<T, A: Allocator> Chunk<T, A> {
    /// The first free place that was taken before, and the one behind it.
    fn first_free(&self) -> Option<(u32, u32)> {
        match self.places.get(usize::try_from(self.free).ok()?)? {
            Place::Free { next } => Some((self.free, *next)),
            Place::Full { .. } => None,
        }
    }
}

fn chunk_mut<T, A: Allocator>(
    chunks: &mut Vec<Chunk<T, A>, A>,
    at: u32,
) -> Option<&mut Chunk<T, A>> {
    chunks.get_mut(usize::try_from(at).ok()?)
}

fn place_mut<T, A: Allocator>(places: &mut Vec<Place<T>, A>, at: u32) -> Option<&mut Place<T>> {
    places.get_mut(usize::try_from(at).ok()?)
}

impl<T, A: Allocator> fmt::Debug for Slab<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slab").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_U32, Id, Slab};
    use allocator_api2::alloc::Global;

    #[test]
    fn a_place_is_used_again_under_another_name() {
        let mut slab = Slab::new_in(Global);
        let ids: Vec<Id> = (0..2 * CHUNK_U32).map(|n| slab.try_insert(n).unwrap()).collect();
        for (id, n) in ids.iter().zip(0..) {
            assert_eq!((id.index, slab.get(*id)), (n, Some(&n)));
        }
        for at in [3, 300, 301] {
            assert_eq!(slab.remove(ids[at]), u32::try_from(at).ok());
        }
        let mut places: Vec<u32> = (0..3).map(|_| slab.try_insert(7).unwrap().index).collect();
        places.sort_unstable();
        assert_eq!(places, [3, 300, 301], "before a new chunk");
        assert_eq!(slab.get(ids[3]), None);
        assert_eq!((slab.remove(ids[3]), slab.len()), (None, 512));
        assert_eq!(slab.try_insert(8).unwrap().index, 512);
    }

    #[test]
    fn a_slab_that_keeps_memory_keeps_one_chunk() {
        let mut slab = Slab::keeping_in(Global);
        let ids: Vec<Id> = (0..2 * CHUNK_U32).map(|n| slab.try_insert(n).unwrap()).collect();
        for id in ids {
            slab.remove(id);
        }
        let room = |slab: &Slab<u32, Global>| -> Vec<bool> {
            slab.chunks.iter().map(|chunk| chunk.places.capacity() > 0).collect()
        };
        assert!(slab.is_empty());
        assert_eq!(room(&slab), [true, false]);
        let id = slab.try_insert(7).unwrap();
        assert_eq!(slab.get(id), Some(&7));
        slab.remove(id);
        assert_eq!(slab.get(id), None);
        assert!(room(&slab)[0]);
    }

    #[test]
    fn a_listing_skips_what_is_empty() {
        let mut slab = Slab::new_in(Global);
        let ids: Vec<Id> = (0..1000).map(|n| slab.try_insert(n).unwrap()).collect();
        for id in &ids[1..999] {
            slab.remove(*id);
        }
        assert_eq!(slab.at_or_after(0), Some(ids[0]));
        assert_eq!(slab.at_or_after(1), Some(ids[999]));
        assert_eq!(slab.at_or_after(1000), None);
        assert_eq!(slab.at_or_after(u32::MAX), None);
    }

    #[test]
    fn a_name_is_one_number() {
        let id = Id { index: 5, generation: u32::MAX };
        assert_eq!(Id::from_u64(id.to_u64()), id);
    }
}
