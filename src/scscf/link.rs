//! Links between identities and contacts: what C reads as `impu_contact_t`, and the way back.

use super::{
    contact::{ContactHandle, ContactRecord},
    identity::{IdentityHandle, IdentityRecord},
};
use crate::location::block::publish;
use core::{
    mem::offset_of,
    ptr::{self, NonNull},
};
use kamailio_sys::scscf as sys;

/// One link. That of the first contact of an identity lies in the record of the identity.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Link {
    /// The contact, and the neighbours in the list of the identity.
    c: sys::impu_contact,
    identity: *mut IdentityRecord,
    /// The next one in the ring of the contact.
    next: *mut Self,
}

/// The links of a contact, and how many: a ring, whose last one leads to the first. So one more costs
/// the same however many there are, and so does the first one that goes, as in which order most go.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Back {
    last: *mut Link,
    count: u32,
}

/// Where the graveyard keeps its link in a block of its own: the way back is cut by then.
pub(super) fn grave_link(link: NonNull<Link>) -> NonNull<usize> {
    // SAFETY: a place inside the block.
    unsafe { link.byte_add(offset_of!(Link, identity)) }.cast()
}

impl Link {
    /// Whether the link is in use.
    pub(super) fn is_used(&self) -> bool {
        !self.c.contact.is_null()
    }
}

impl Back {
    pub(super) const fn new() -> Self {
        Self { last: ptr::null_mut(), count: 0 }
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// All links, for a moment in which none comes or goes.
    ///
    /// # Safety
    ///
    /// The store is locked.
    pub(super) unsafe fn links(&self) -> impl Iterator<Item = NonNull<Link>> {
        // SAFETY: links of a ring are alive.
        let next = |link: NonNull<Link>| NonNull::new(unsafe { link.as_ref() }.next);
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        core::iter::successors(NonNull::new(self.last).and_then(next), move |link| next(*link))
            .take(count)
    }
}

impl Back {
    /// Takes `link` out of the ring; `next` follows it there.
    ///
    /// # Safety
    ///
    /// The store is locked.
    unsafe fn remove(&mut self, link: NonNull<Link>, next: *mut Link) {
        let Some(last) = NonNull::new(self.last) else { return };
        // SAFETY: by the contract of this function.
        let links = unsafe { self.links() };
        // Before the first one stands the last.
        let before = core::iter::once(last).chain(links).find(|before| {
            // SAFETY: links of a ring are alive.
            ptr::eq(unsafe { before.as_ref() }.next, link.as_ptr())
        });
        let Some(mut before) = before else { return };
        self.count = self.count.saturating_sub(1);
        // SAFETY: as above.
        unsafe { before.as_mut() }.next = next;
        if before == link {
            self.last = ptr::null_mut();
        } else if last == link {
            self.last = before.as_ptr();
        }
    }
}

/// The link between both, if there is one; looks along the shorter of the two lists.
///
/// # Safety
///
/// The records are alive and the store is locked.
pub(super) unsafe fn find(
    identity: NonNull<IdentityRecord>,
    contact: NonNull<ContactRecord>,
) -> Option<NonNull<Link>> {
    // SAFETY: by the contract of this function.
    let holder = unsafe { identity.as_ref() }.holder();
    // SAFETY: as above.
    let back = unsafe { contact.as_ref() }.back();
    if holder.numcontacts < back.count {
        let mut next = NonNull::new(holder.head.cast::<Link>());
        while let Some(link) = next {
            // SAFETY: links of a list are alive.
            let it = unsafe { link.as_ref() };
            if ptr::eq(it.c.contact.cast(), contact.as_ptr()) {
                return Some(link);
            }
            next = NonNull::new(it.c.next.cast());
        }
        return None;
    }
    // SAFETY: by the contract of this function.
    let mut links = unsafe { back.links() };
    // SAFETY: links of a ring are alive.
    links.find(|link| ptr::eq(unsafe { link.as_ref() }.identity, identity.as_ptr()))
}

/// Links both with `link`, which is in no list: at the end of either.
///
/// # Safety
///
/// The records and the link are alive, the store is locked, and they are not linked.
pub(super) unsafe fn attach(
    mut link: NonNull<Link>,
    mut identity: NonNull<IdentityRecord>,
    mut contact: NonNull<ContactRecord>,
) {
    let raw = link.as_ptr();
    // SAFETY: by the contract of this function.
    let back = unsafe { contact.as_mut() }.back_mut();
    back.count = back.count.saturating_add(1);
    let first = match NonNull::new(back.last) {
        // SAFETY: links of a ring are alive.
        Some(mut last) => core::mem::replace(&mut unsafe { last.as_mut() }.next, raw),
        None => raw,
    };
    back.last = raw;
    // SAFETY: by the contract of this function.
    let is_3gpp = unsafe { contact.as_ref() }.is_3gpp();
    // SAFETY: as above.
    let holder = unsafe { identity.as_mut() }.holder_mut();
    let tail = holder.tail;
    let c =
        sys::impu_contact { contact: contact.as_ptr().cast(), next: ptr::null_mut(), prev: tail };
    // SAFETY: as above.
    let own = unsafe { link.as_mut() };
    own.identity = identity.as_ptr();
    own.next = first;
    own.c = c;
    match NonNull::new(tail) {
        // SAFETY: as above.
        Some(mut tail) => publish(&mut unsafe { tail.as_mut() }.next, raw.cast()),
        None => publish(&mut holder.head, raw.cast()),
    }
    publish(&mut holder.tail, raw.cast());
    count(&mut holder.numcontacts, true);
    if is_3gpp {
        count(&mut holder.num3gppcontacts, true);
    }
}

/// Moves `link` to the beginning of the list of its identity.
///
/// # Safety
///
/// The link and the identity are alive, the link is in its list, and the store is locked.
pub(super) unsafe fn move_first(mut link: NonNull<Link>, mut identity: NonNull<IdentityRecord>) {
    // SAFETY: by the contract of this function.
    let holder = unsafe { identity.as_mut() }.holder_mut();
    let first = holder.head;
    // SAFETY: as above.
    let sys::impu_contact { next, prev, .. } = unsafe { link.as_ref() }.c;
    let Some(mut before) = NonNull::new(prev) else { return };
    // SAFETY: links of a list are alive.
    publish(&mut unsafe { before.as_mut() }.next, next);
    match NonNull::new(next) {
        // SAFETY: as above.
        Some(mut next) => publish(&mut unsafe { next.as_mut() }.prev, prev),
        None => publish(&mut holder.tail, prev),
    }
    // SAFETY: as above.
    let own = unsafe { link.as_mut() };
    publish(&mut own.c.prev, ptr::null_mut());
    publish(&mut own.c.next, first);
    if let Some(mut first) = NonNull::new(first) {
        // SAFETY: as above.
        publish(&mut unsafe { first.as_mut() }.prev, link.as_ptr().cast());
    }
    publish(&mut holder.head, link.as_ptr().cast());
}

/// Takes `link` out of both lists; gives it back if it is a block of its own, to be buried. What it
/// says of its neighbours in the list of the identity stays, for who stands on it.
///
/// # Safety
///
/// The link is alive and in its lists, and the store is locked.
pub(super) unsafe fn detach(mut link: NonNull<Link>) -> Option<NonNull<Link>> {
    // SAFETY: by the contract of this function.
    let Link { c, identity, next } = unsafe { link.read() };
    if let Some(mut contact) = NonNull::new(c.contact.cast::<ContactRecord>()) {
        // SAFETY: what a link names is alive.
        let back = unsafe { contact.as_mut() }.back_mut();
        // SAFETY: by the contract of this function.
        unsafe { back.remove(link, next) };
    }
    let mut identity = NonNull::new(identity)?;
    // SAFETY: what a link names is alive.
    let inline = unsafe { identity.as_mut() }.own_link() == link;
    let contact = NonNull::new(c.contact.cast::<ContactRecord>());
    // SAFETY: as above.
    let is_3gpp = contact.is_some_and(|contact| unsafe { contact.as_ref() }.is_3gpp());
    // SAFETY: as above.
    let holder = unsafe { identity.as_mut() }.holder_mut();
    count(&mut holder.numcontacts, false);
    if is_3gpp {
        count(&mut holder.num3gppcontacts, false);
    }
    match NonNull::new(c.prev) {
        // SAFETY: links of a list are alive.
        Some(mut prev) => publish(&mut unsafe { prev.as_mut() }.next, c.next),
        None => publish(&mut holder.head, c.next),
    }
    match NonNull::new(c.next) {
        // SAFETY: as above.
        Some(mut next) => publish(&mut unsafe { next.as_mut() }.prev, c.prev),
        None => publish(&mut holder.tail, c.prev),
    }
    if inline {
        // SAFETY: by the contract of this function.
        let own = unsafe { link.as_mut() };
        own.c.contact = ptr::null_mut();
        return None;
    }
    Some(link)
}

/// Counts one more, or one less.
fn count(place: &mut u32, more: bool) {
    let count = if more { place.saturating_add(1) } else { place.saturating_sub(1) };
    publish(place, count);
}

/// The contacts of an identity, in the order in which they were linked.
#[derive(Debug, Clone)]
pub struct Contacts {
    next: *mut sys::impu_contact,
}

impl Contacts {
    /// # Safety
    ///
    /// `first` is the head of an identity that stays as it is meanwhile.
    pub(super) unsafe fn new(first: *mut sys::impu_contact) -> Self {
        Self { next: first }
    }
}

impl Iterator for Contacts {
    type Item = ContactHandle;

    fn next(&mut self) -> Option<ContactHandle> {
        let link = NonNull::new(self.next)?;
        // SAFETY: by the contract of `new`.
        let link = unsafe { link.read() };
        self.next = link.next;
        ContactHandle::new(link.contact)
    }
}

/// The identities of a contact, in the order in which they were linked.
#[derive(Debug, Clone)]
pub struct Identities {
    next: *mut Link,
    left: u32,
}

impl Identities {
    /// # Safety
    ///
    /// `back` is that of a contact that stays as it is meanwhile.
    pub(super) unsafe fn new(back: &Back) -> Self {
        // SAFETY: by the contract of this function.
        let first = unsafe { back.links() }.next();
        Self { next: first.map_or(ptr::null_mut(), NonNull::as_ptr), left: back.count }
    }
}

impl Iterator for Identities {
    type Item = IdentityHandle;

    fn next(&mut self) -> Option<IdentityHandle> {
        self.left = self.left.checked_sub(1)?;
        let link = NonNull::new(self.next)?;
        // SAFETY: by the contract of `new`.
        let link = unsafe { link.read() };
        self.next = link.next;
        IdentityHandle::new(link.identity.cast())
    }
}

/// Counts a contact anew with all its identities, those of `back`, when it turns out to be of a
/// 3GPP phone, or not to be.
///
/// # Safety
///
/// The links and what they name are alive, and the store is locked.
pub(super) unsafe fn count_3gpp(back: &Back, is_3gpp: bool) {
    // SAFETY: by the contract of this function.
    for link in unsafe { back.links() } {
        // SAFETY: as above.
        let link = unsafe { link.as_ref() };
        let Some(mut identity) = NonNull::new(link.identity) else { continue };
        // SAFETY: as above.
        count(&mut unsafe { identity.as_mut() }.holder_mut().num3gppcontacts, is_3gpp);
    }
}
