//! Short lists that need no memory.

use core::ops::Deref;

/// How many items stand in place.
const NEAR: usize = 4;

/// A list that takes memory only if it is longer than most.
#[derive(Debug, Clone)]
pub struct Few<T>(Room<T>);

#[derive(Debug, Clone)]
enum Room<T> {
    /// As many of these as the number says.
    Near([T; NEAR], usize),
    /// All of them.
    Far(Vec<T>),
}

impl<T: Copy> Few<T> {
    /// Nothing yet; `blank` is what stands where nothing does.
    pub(crate) const fn new(blank: T) -> Self {
        Self(Room::Near([blank; NEAR], 0))
    }

    /// Appends `item`.
    pub(crate) fn push(&mut self, item: T) {
        match &mut self.0 {
            Room::Far(all) => all.push(item),
            Room::Near(near, count) => match near.get_mut(*count) {
                Some(place) => {
                    *place = item;
                    *count += 1;
                }
                None => {
                    let mut all = Vec::with_capacity(NEAR * 2);
                    all.extend_from_slice(near);
                    all.push(item);
                    self.0 = Room::Far(all);
                }
            },
        }
    }

    /// The list, for calls that may write to it; good until it is moved or grows.
    pub(crate) fn as_mut_ptr(&mut self) -> *mut T {
        match &mut self.0 {
            Room::Near(near, _) => near.as_mut_ptr(),
            Room::Far(all) => all.as_mut_ptr(),
        }
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Room::Near(near, count) => near.get(..*count).unwrap_or_default(),
            Room::Far(all) => all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Few, NEAR, Room};

    #[test]
    fn a_list_is_the_same_wherever_it_stands() {
        for len in 0..4 * NEAR {
            let items: Vec<usize> = (1..=len).collect();
            let mut few = Few::new(0);
            items.iter().for_each(|item| few.push(*item));
            assert_eq!(*few, *items);
            assert_eq!(matches!(few.0, Room::Near(..)), len <= NEAR);
            assert_eq!(few.as_mut_ptr().cast_const(), few.as_ptr());
        }
    }
}
