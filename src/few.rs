//! Short lists that need no memory.

use core::ops::{Deref, DerefMut};

/// A list that takes memory only if it has more than `NEAR` items.
#[derive(Debug, Clone)]
pub struct Few<T, const NEAR: usize = 4>(Room<T, NEAR>);

#[derive(Debug, Clone)]
enum Room<T, const NEAR: usize> {
    /// As many of these as the number says.
    Near([T; NEAR], usize),
    /// All of them.
    Far(Vec<T>),
}

impl<T: Copy, const NEAR: usize> Few<T, NEAR> {
    /// Nothing yet; `blank` is what stands where nothing does.
    pub const fn new(blank: T) -> Self {
        Self(Room::Near([blank; NEAR], 0))
    }

    /// A list of one.
    pub const fn one(item: T) -> Self {
        const { assert!(NEAR > 0, "one item stands in place") };
        Self(Room::Near([item; NEAR], 1))
    }

    /// What `show` makes of each item, in the same order.
    pub fn map<U: Copy>(&self, show: impl Fn(T) -> U) -> Few<U, NEAR> {
        Few(match &self.0 {
            Room::Near(near, count) => Room::Near(near.map(show), *count),
            Room::Far(all) => Room::Far(all.iter().copied().map(show).collect()),
        })
    }

    /// Appends `item`.
    pub fn push(&mut self, item: T) {
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

impl<T: PartialEq, const NEAR: usize> PartialEq for Few<T, NEAR> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq, const NEAR: usize> Eq for Few<T, NEAR> {}

impl<T, const NEAR: usize> Deref for Few<T, NEAR> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Room::Near(near, count) => near.get(..*count).unwrap_or_default(),
            Room::Far(all) => all,
        }
    }
}

impl<T, const NEAR: usize> DerefMut for Few<T, NEAR> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.0 {
            Room::Near(near, count) => near.get_mut(..*count).unwrap_or_default(),
            Room::Far(all) => all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Few, Room};

    #[test]
    fn a_list_is_the_same_wherever_it_stands() {
        fn check<const NEAR: usize>() {
            for len in 0..4 * NEAR {
                let items: Vec<usize> = (1..=len).collect();
                let mut few = Few::<_, NEAR>::new(0);
                items.iter().for_each(|item| few.push(*item));
                assert_eq!(*few, *items);
                assert_eq!(matches!(few.0, Room::Near(..)), len <= NEAR);
                assert_eq!(few.as_mut_ptr().cast_const(), few.as_ptr());
                let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
                assert_eq!(*few.map(|item| item * 2), *doubled);
                few.reverse();
                assert!(few.iter().rev().eq(&items));
                let mut longer = few.clone();
                assert_eq!(longer, few);
                longer.push(0);
                assert_ne!(longer, few);
            }
        }
        check::<1>();
        check::<4>();
        assert_eq!(*Few::<_, 4>::one(7), [7]);
    }
}
