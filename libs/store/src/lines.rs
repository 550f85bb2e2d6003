//! Numbers by tags, in a table whose lines are those of the processor's cache.
//!
//! A search reads one line of memory, and so one page: entries and what tells them apart lie
//! together. An entry that finds no room in its own line lies in one of the next ones, and each line
//! counts who passed it so: where nobody did the search is over.

use allocator_api2::{
    alloc::{AllocError, Allocator},
    vec::Vec,
};

/// Entries of a line: with the count they fill it.
const WIDTH: usize = 7;
/// Entries that two lines are to hold at the most, for the others to find room near their own line.
const PAIR: usize = 13;
/// No number.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Entry {
    tag: u32,
    /// [`NONE`]: the place is free.
    to: u32,
}

const FREE: Entry = Entry { tag: 0, to: NONE };

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line {
    entries: [Entry; WIDTH],
    /// How many entries lie further on that would have been here, or that passed by.
    passed: u32,
}

const EMPTY: Line = Line { entries: [FREE; WIDTH], passed: 0 };

const _: () = assert!(size_of::<Line>() == 64);

/// Numbers below [`u32::MAX`] by tags, several for one tag if the caller puts them in.
pub(crate) struct Lines<A: Allocator> {
    /// A power of 2, or none.
    lines: Vec<Line, A>,
    used: usize,
}

/// Where an entry lies: so many lines behind its own, and the place within.
#[derive(Clone, Copy)]
struct At {
    behind: usize,
    within: usize,
}

impl<A: Allocator + Clone> Lines<A> {
    /// An empty table; it asks for no memory yet.
    pub(crate) fn new_in(alloc: A) -> Self {
        Self { lines: Vec::new_in(alloc), used: 0 }
    }

    /// Whether there is no number.
    pub(crate) fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// How many numbers it may hold before it grows.
    pub(crate) fn room(&self) -> usize {
        self.lines.len().saturating_mul(PAIR) / 2
    }

    /// Adds a number.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory, or `to` is [`u32::MAX`]; all is as before.
    pub(crate) fn try_insert(&mut self, tag: u32, to: u32) -> Result<(), AllocError> {
        if to == NONE {
            return Err(AllocError);
        }
        if self.used >= self.room() {
            self.grow()?;
        }
        self.put(Entry { tag, to });
        self.used += 1;
        Ok(())
    }

    fn grow(&mut self) -> Result<(), AllocError> {
        let count = self.lines.len().checked_mul(2).ok_or(AllocError)?.max(1);
        let mut lines = Vec::new_in(self.lines.allocator().clone());
        lines.try_reserve_exact(count).map_err(|_| AllocError)?;
        lines.resize(count, EMPTY);
        let old = core::mem::replace(&mut self.lines, lines);
        for entry in old.iter().flat_map(|line| line.entries).filter(|entry| entry.to != NONE) {
            self.put(entry);
        }
        Ok(())
    }

    /// Puts `entry` into the first free place from its own line on; there is one.
    fn put(&mut self, entry: Entry) {
        for behind in 0..self.lines.len() {
            let Some(line) = self.line_mut(entry.tag, behind) else { return };
            if let Some(place) = line.entries.iter_mut().find(|place| place.to == NONE) {
                *place = entry;
                return;
            }
            line.passed = line.passed.saturating_add(1);
        }
    }

    /// A number of `tag` that `is` says yes to.
    #[inline]
    pub(crate) fn find(&self, tag: u32, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        self.search(tag, &mut is).map(|(_, to)| to)
    }

    /// Puts `new` in the place of the number `old` of `tag`.
    pub(crate) fn replace(&mut self, tag: u32, old: u32, new: u32) {
        if let Some((At { behind, within }, _)) = self.search(tag, &mut |to| to == old)
            && let Some(line) = self.line_mut(tag, behind)
            && let Some(entry) = line.entries.get_mut(within)
            && new != NONE
        {
            entry.to = new;
        }
    }

    /// Takes the number `to` of `tag` out.
    pub(crate) fn remove(&mut self, tag: u32, to: u32) {
        let Some((At { behind, within }, _)) = self.search(tag, &mut |known| known == to) else {
            return;
        };
        for before in 0..behind {
            if let Some(line) = self.line_mut(tag, before) {
                line.passed = line.passed.saturating_sub(1);
            }
        }
        let line = self.line_mut(tag, behind);
        if let Some(entry) = line.and_then(|line| line.entries.get_mut(within)) {
            *entry = FREE;
            self.used -= 1;
        }
    }

    #[inline]
    fn search(&self, tag: u32, is: &mut impl FnMut(u32) -> bool) -> Option<(At, u32)> {
        for behind in 0..self.lines.len() {
            let line = self.lines.get(self.number(tag, behind))?;
            for (within, entry) in line.entries.iter().enumerate() {
                if entry.tag == tag && entry.to != NONE && is(entry.to) {
                    return Some((At { behind, within }, entry.to));
                }
            }
            if line.passed == 0 {
                return None;
            }
        }
        None
    }

    /// The number of the line that is `behind` lines behind the one of `tag`, the first one coming
    /// after the last.
    #[inline]
    fn number(&self, tag: u32, behind: usize) -> usize {
        let own = usize::try_from(tag).unwrap_or(0);
        own.wrapping_add(behind) & self.lines.len().wrapping_sub(1)
    }

    fn line_mut(&mut self, tag: u32, behind: usize) -> Option<&mut Line> {
        let number = self.number(tag, behind);
        self.lines.get_mut(number)
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, NONE, WIDTH};
    use allocator_api2::alloc::Global;
    use proptest::prelude::*;

    fn all(lines: &Lines<Global>, tag: u32) -> Vec<u32> {
        let mut all = Vec::new();
        lines.find(tag, |to| {
            all.push(to);
            false
        });
        all.sort_unstable();
        all
    }

    proptest! {
        #[test]
        fn it_holds_what_a_list_holds(
            // Few tags, many of them with the same line.
            steps in prop::collection::vec((0..4_u8, 0..6_u32, 0..5_u32, 0..20_u32), 0..600),
        ) {
            let (mut lines, mut list) = (Lines::new_in(Global), Vec::<(u32, u32)>::new());
            for (kind, low, high, to) in steps {
                let tag = high << 16 | low;
                let known = list.iter().position(|known| *known == (tag, to));
                match (kind, known) {
                    (0, Some(at)) => {
                        lines.remove(tag, to);
                        list.swap_remove(at);
                    }
                    (0, None) => lines.remove(tag, to),
                    (1, Some(at)) if !list.contains(&(tag, to + 100)) => {
                        lines.replace(tag, to, to + 100);
                        list[at].1 = to + 100;
                    }
                    (_, None) => {
                        lines.try_insert(tag, to).unwrap();
                        list.push((tag, to));
                    }
                    _ => {}
                }
                prop_assert_eq!(lines.is_empty(), list.is_empty());
                let mut wanted: Vec<u32> =
                    list.iter().filter(|known| known.0 == tag).map(|known| known.1).collect();
                wanted.sort_unstable();
                prop_assert_eq!(all(&lines, tag), wanted);
            }
            for (tag, to) in list {
                prop_assert_eq!(lines.find(tag, |known| known == to), Some(to));
                lines.remove(tag, to);
            }
            let passed = |line: &super::Line| line.passed == 0;
            prop_assert!(lines.is_empty() && lines.lines.iter().all(passed));
        }
    }

    #[test]
    fn a_line_that_is_full_is_passed_and_the_last_one_by_the_first() {
        let mut lines = Lines::new_in(Global);
        let many = u32::try_from(WIDTH + 2).unwrap();
        for to in 0..many {
            lines.try_insert(1, to).unwrap();
        }
        assert_eq!((lines.lines.len(), lines.lines[1].passed, lines.lines[0].passed), (2, 2, 0));
        assert_eq!(all(&lines, 1), (0..many).collect::<Vec<_>>());
        // Who lies further on is found after those before are gone.
        (0..many - 1).for_each(|to| lines.remove(1, to));
        assert_eq!(all(&lines, 1), [many - 1]);
        assert_eq!(lines.lines[1].passed, 1);
    }

    #[test]
    fn what_stands_for_no_number_is_refused() {
        let mut lines = Lines::new_in(Global);
        assert!(lines.try_insert(3, NONE).is_err());
        lines.try_insert(3, 5).unwrap();
        lines.replace(3, 5, NONE);
        assert_eq!(all(&lines, 3), [5]);
        assert_eq!(all(&lines, 0), Vec::<u32>::new());
    }
}
