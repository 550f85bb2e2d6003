//! Which bindings have a key.
//!
//! Most keys belong to one binding: then the number of its slot is all there is. A key of several
//! bindings leads to a *crowd*, a ring of links: the registered ones first, the newest in front,
//! then the others, the newest at the very end. So the best one of each kind is at one of the two
//! ends, however large the crowd is, and everyone leaves it in constant time.

use allocator_api2::alloc::{AllocError, Allocator};
use shm_store::shards::{Key, Shards};
use shm_store::slab::Slab;
use shm_table::Seed;

/// The highest bit of a number says that it is the first link of a crowd, not a slot.
const CROWD: u32 = 1 << 31;
/// No link.
pub(super) const NONE: u32 = u32::MAX;

/// Tables at the least, as a power of 2. Where contacts are few, a table costs more memory than what
/// is in it; one of 80,000 entries, as with a million contacts of five keys, grows in a millisecond.
const LEAST: u8 = 6;
/// Groups that share a table where groups are many, as a power of 2.
const GROUPS: u8 = 3;

/// What a crowd asks about its members.
pub(super) trait Owners {
    /// Whether the binding of `slot` goes in front.
    fn is_registered(&self, slot: u32) -> bool;
    /// Where the binding of `slot` keeps the first of its links, [`NONE`] if it has none.
    fn links(&mut self, slot: u32) -> Option<&mut u32>;
}

/// The place of one binding in one crowd.
#[derive(Clone, Copy, Debug)]
struct Link {
    key: Key,
    owner: u32,
    /// Next link of the same owner.
    sibling: u32,
    prev: u32,
    next: u32,
}

pub(super) struct Index<A: Allocator> {
    shards: Shards<A>,
    links: Slab<Link, A>,
}

impl<A: Allocator + Clone> Index<A> {
    /// An empty index for a directory with `1 << groups` groups.
    pub(super) fn try_new_in(groups: u8, seed: Seed, alloc: A) -> Result<Self, AllocError> {
        let bits = groups.saturating_sub(GROUPS).max(LEAST);
        let shards = Shards::try_new_in(bits, seed, alloc.clone())?;
        Ok(Self { shards, links: Slab::new_in(alloc) })
    }

    pub(super) fn key(&self, parts: impl core::hash::Hash) -> Key {
        self.shards.key(parts)
    }

    /// Adds the binding of `slot` under `key`, as the newest of its kind.
    pub(super) fn try_insert(
        &mut self,
        owners: &mut impl Owners,
        key: Key,
        slot: u32,
    ) -> Result<(), AllocError> {
        let Some(to) = self.shards.find(key, |_| true) else {
            return self.shards.try_insert(key, slot);
        };
        if to & CROWD != 0 {
            let link = self.try_link(owners, key, slot)?;
            self.join(owners, to, link);
            return Ok(());
        }
        let first = self.try_link(owners, key, to)?;
        let Ok(second) = self.try_link(owners, key, slot) else {
            self.unlink_owner(owners, first);
            return Err(AllocError);
        };
        self.shards.replace(key, to, first | CROWD);
        self.join(owners, first | CROWD, second);
        Ok(())
    }

    /// Takes the binding of `slot` out from under `key`.
    pub(super) fn remove(&mut self, owners: &mut impl Owners, key: Key, slot: u32) {
        let Some(to) = self.shards.find(key, |_| true) else { return };
        if to & CROWD == 0 {
            if to == slot {
                self.shards.remove(key, slot);
            }
            return;
        }
        let Some(link) = self.link_of(owners, key, slot) else { return };
        let first = self.leave(to, link);
        self.unlink_owner(owners, link);
        // One who is alone needs no crowd.
        match self.at(first & !CROWD) {
            Some(last) if last.next == first & !CROWD => {
                self.unlink_owner(owners, first & !CROWD);
                self.shards.replace(key, first, last.owner);
            }
            _ => {}
        }
    }

    /// Makes the binding of `slot` the newest of its kind in all crowds that it is in.
    pub(super) fn renew(&mut self, owners: &mut impl Owners, slot: u32) {
        let mut next = owners.links(slot).map_or(NONE, |head| *head);
        while let Some(Link { key, sibling, .. }) = self.at(next) {
            if let Some(to) = self.shards.find(key, |_| true).filter(|to| to & CROWD != 0) {
                let first = self.leave(to, next);
                self.join(owners, first, next);
            }
            next = sibling;
        }
    }

    /// The slots under `key`, as `walk` says.
    pub(super) fn slots<'i, O: Owners>(
        &'i self,
        owners: &'i O,
        key: Key,
        walk: Walk,
    ) -> Slots<'i, O, A> {
        let at = match self.shards.find(key, |_| true) {
            None => At::End,
            Some(to) if to & CROWD == 0 => At::Alone(to),
            Some(to) if walk.registered => At::Registered { link: to & !CROWD, met: None },
            Some(to) => At::others(self, to & !CROWD, walk),
        };
        Slots { index: self, owners, walk, at }
    }

    /// Takes `link` out of its ring and says where the crowd begins now.
    fn leave(&mut self, to: u32, link: u32) -> u32 {
        let Some(Link { key, prev, next, .. }) = self.at(link) else { return to };
        self.connect(prev, next);
        if to & !CROWD != link {
            return to;
        }
        self.shards.replace(key, to, next | CROWD);
        next | CROWD
    }

    /// Puts `link`, which is in no ring, into the ring that begins at `to`.
    fn join(&mut self, owners: &impl Owners, to: u32, link: u32) {
        let first = to & !CROWD;
        let Some(Link { key, owner, .. }) = self.at(link) else { return };
        let Some(last) = self.at(first).map(|first| first.prev) else { return };
        self.connect(last, link);
        self.connect(link, first);
        if owners.is_registered(owner) {
            self.shards.replace(key, to, link | CROWD);
        }
    }

    fn connect(&mut self, before: u32, after: u32) {
        if let Some(link) = self.links.at_mut(before) {
            link.next = after;
        }
        if let Some(link) = self.links.at_mut(after) {
            link.prev = before;
        }
    }

    /// A new link of `slot`, a ring of its own.
    fn try_link(
        &mut self,
        owners: &mut impl Owners,
        key: Key,
        slot: u32,
    ) -> Result<u32, AllocError> {
        let head = owners.links(slot).ok_or(AllocError)?;
        let link = Link { key, owner: slot, sibling: *head, prev: NONE, next: NONE };
        let index = self.links.try_insert(link).map_err(|_| AllocError)?.index;
        *head = index;
        self.connect(index, index);
        Ok(index)
    }

    /// Ends the link `index`, which is in no ring with others.
    fn unlink_owner(&mut self, owners: &mut impl Owners, index: u32) {
        let Some((id, link)) = self.links.at(index).map(|(id, link)| (id, *link)) else { return };
        let Some(head) = owners.links(link.owner) else { return };
        if *head == index {
            *head = link.sibling;
        } else {
            let before = self.siblings(*head).find(|(_, other)| other.sibling == index);
            if let Some(before) = before.and_then(|(at, _)| self.links.at_mut(at)) {
                before.sibling = link.sibling;
            }
        }
        self.links.remove(id);
    }

    fn link_of(&self, owners: &mut impl Owners, key: Key, slot: u32) -> Option<u32> {
        let head = *owners.links(slot)?;
        self.siblings(head).find(|(_, link)| link.key == key).map(|(index, _)| index)
    }

    fn siblings(&self, head: u32) -> impl Iterator<Item = (u32, Link)> + use<'_, A> {
        let start = self.at(head).map(|link| (head, link));
        core::iter::successors(start, |(_, link)| {
            self.at(link.sibling).map(|next| (link.sibling, next))
        })
    }

    fn at(&self, index: u32) -> Option<Link> {
        self.links.at(index).map(|(_, link)| *link)
    }
}

/// Which members of a crowd are of interest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    pub(super) registered: bool,
    pub(super) others: bool,
}

enum At {
    Alone(u32),
    /// Forward through the registered ones; `met` is the first link, once it was handed out.
    Registered {
        link: u32,
        met: Option<u32>,
    },
    /// Backward through the others until `first`, which is included.
    Others {
        link: u32,
        first: u32,
    },
    End,
}

impl At {
    fn others<A: Allocator + Clone>(index: &Index<A>, first: u32, walk: Walk) -> Self {
        match index.at(first) {
            Some(link) if walk.others => At::Others { link: link.prev, first },
            _ => At::End,
        }
    }
}

/// Slots: registered ones, newest first, then the others, newest first.
pub(super) struct Slots<'i, O, A: Allocator> {
    index: &'i Index<A>,
    owners: &'i O,
    walk: Walk,
    at: At,
}

impl<O: Owners, A: Allocator + Clone> Iterator for Slots<'_, O, A> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            match self.at {
                At::End => return None,
                At::Alone(slot) => {
                    self.at = At::End;
                    let registered = self.owners.is_registered(slot);
                    let wanted = if registered { self.walk.registered } else { self.walk.others };
                    return wanted.then_some(slot);
                }
                At::Registered { link, met } => {
                    let first = met.unwrap_or(link);
                    let here = self.index.at(link);
                    match here.filter(|_| met != Some(link)) {
                        Some(here) if self.owners.is_registered(here.owner) => {
                            self.at = At::Registered { link: here.next, met: Some(first) };
                            return Some(here.owner);
                        }
                        Some(_) => self.at = At::others(self.index, first, self.walk),
                        None => self.at = At::End,
                    }
                }
                At::Others { link, first } => {
                    let here = self.index.at(link)?;
                    if self.owners.is_registered(here.owner) {
                        self.at = At::End;
                        return None;
                    }
                    self.at = match link == first {
                        true => At::End,
                        false => At::Others { link: here.prev, first },
                    };
                    return Some(here.owner);
                }
            }
        }
    }
}
