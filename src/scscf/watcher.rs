//! A watcher of an identity: a subscription to its registration, one block of shared memory.

use super::{
    identity::{Identity, IdentityHandle, IdentityRecord},
    texts,
};
use crate::{
    Result,
    location::block::{self, Block, publish},
    shm::ShmSafe,
};
use core::{
    fmt,
    mem::{ManuallyDrop, offset_of},
    ptr::{self, NonNull},
};
use kamailio_sys::{self as core_sys, scscf as sys};

/// The C part, and behind it what only this module knows; then come the texts.
#[repr(C)]
pub(super) struct WatcherRecord {
    c: sys::reg_subscriber,
    id: u64,
    mark: u64,
    /// The identity that is watched; the link of the graveyard once it is not any more.
    identity: *mut IdentityRecord,
    flags: u32,
}

crate::record!(WatcherRecord { c: sys::reg_subscriber });

/// What a watcher starts from.
#[derive(Debug, Clone, Copy)]
pub struct NewWatcher<'a> {
    /// The event, by the number of the API.
    pub event: i32,
    /// The end of the subscription, in seconds since 1970.
    pub expires: i64,
    /// The version of the last document.
    pub version: i32,
    /// The CSeq of the last NOTIFY.
    pub local_cseq: u32,
    /// Who watches.
    pub watcher_uri: &'a [u8],
    /// Where NOTIFYs go.
    pub watcher_contact: &'a [u8],
    /// Who is watched.
    pub presentity_uri: &'a [u8],
    /// The Call-ID of the dialog.
    pub call_id: &'a [u8],
    /// The tag of the watcher.
    pub from_tag: &'a [u8],
    /// Our tag.
    pub to_tag: &'a [u8],
    /// The route set of the dialog.
    pub record_route: &'a [u8],
    /// The socket that the SUBSCRIBE came in at, by its name.
    pub sockinfo: &'a [u8],
}

/// A watcher; whoever has it owns the block. Dropping it frees it, so it is for watchers that no
/// client has seen: all others are buried.
#[repr(transparent)]
pub struct Watcher(NonNull<WatcherRecord>);

// SAFETY: a block of shared memory.
unsafe impl ShmSafe for Watcher {}
// SAFETY: as above; the lock of the store guards it.
unsafe impl Send for Watcher {}
// SAFETY: nothing is changed through `&self`.
unsafe impl Sync for Watcher {}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watcher").field(&bstr::BStr::new(self.watcher_uri())).finish()
    }
}

impl Watcher {
    pub(super) fn try_new(new: &NewWatcher<'_>) -> Result<Self> {
        let all = [
            new.watcher_uri,
            new.watcher_contact,
            new.presentity_uri,
            new.call_id,
            new.from_tag,
            new.to_tag,
            new.record_route,
            new.sockinfo,
        ];
        let room = texts::length(all)?;
        let mut block = Block::try_new(size_of::<WatcherRecord>(), room)?;
        let mut start: NonNull<WatcherRecord> = block.start();
        let placed = all.map(|text| texts::put(&mut block, text));
        // SAFETY: the block starts with room for the record, all zero, which is a valid one.
        let record = unsafe { start.as_mut() };
        let c = &mut record.c;
        (c.event, c.expires, c.version) = (new.event, new.expires, new.version);
        c.local_cseq = new.local_cseq;
        let [watcher_uri, watcher_contact, presentity_uri, call_id, from_tag, to_tag, route, sock] =
            placed;
        (c.watcher_uri, c.watcher_contact) = (watcher_uri, watcher_contact);
        c.presentity_uri = presentity_uri;
        (c.call_id, c.from_tag, c.to_tag) = (call_id, from_tag, to_tag);
        (c.record_route, c.sockinfo_str) = (route, sock);
        Ok(Self(block.finish()))
    }

    /// The address that C knows the watcher by.
    pub fn handle(&self) -> WatcherHandle {
        WatcherHandle(self.0.cast())
    }

    /// The number that [`Watcher::set_id`] left.
    pub fn id(&self) -> u64 {
        self.record().id
    }

    /// Gives the watcher the number that [`WatcherHandle::id`] reads.
    pub fn set_id(&mut self, id: u64) {
        self.record_mut().id = id;
    }

    /// Bits that mean something to the owner of the store only.
    pub fn flags(&self) -> u32 {
        self.record().flags
    }

    /// Sets what [`Watcher::flags`] reads.
    pub fn set_flags(&mut self, flags: u32) {
        self.record_mut().flags = flags;
    }

    /// A number that means something to the owner of the store only.
    pub fn mark(&self) -> u64 {
        self.record().mark
    }

    /// Sets what [`Watcher::mark`] reads.
    pub fn set_mark(&mut self, mark: u64) {
        self.record_mut().mark = mark;
    }

    /// The event, by the number of the API.
    pub fn event(&self) -> i32 {
        self.record().c.event
    }

    /// The end of the subscription, in seconds since 1970.
    pub fn expires(&self) -> i64 {
        self.record().c.expires
    }

    /// Sets the end of the subscription.
    pub fn set_expires(&mut self, expires: i64) {
        publish(&mut self.record_mut().c.expires, expires);
    }

    /// The version of the last document.
    pub fn version(&self) -> i32 {
        self.record().c.version
    }

    /// Sets the version of the last document.
    pub fn set_version(&mut self, version: i32) {
        publish(&mut self.record_mut().c.version, version);
    }

    /// The CSeq of the last NOTIFY.
    pub fn local_cseq(&self) -> u32 {
        self.record().c.local_cseq
    }

    /// Sets the CSeq of the last NOTIFY.
    pub fn set_local_cseq(&mut self, cseq: u32) {
        publish(&mut self.record_mut().c.local_cseq, cseq);
    }

    /// Who watches.
    pub fn watcher_uri(&self) -> &[u8] {
        self.str(self.record().c.watcher_uri)
    }

    /// Where NOTIFYs go.
    pub fn watcher_contact(&self) -> &[u8] {
        self.str(self.record().c.watcher_contact)
    }

    /// Who is watched.
    pub fn presentity_uri(&self) -> &[u8] {
        self.str(self.record().c.presentity_uri)
    }

    /// The Call-ID of the dialog.
    pub fn call_id(&self) -> &[u8] {
        self.str(self.record().c.call_id)
    }

    /// The tag of the watcher.
    pub fn from_tag(&self) -> &[u8] {
        self.str(self.record().c.from_tag)
    }

    /// Our tag.
    pub fn to_tag(&self) -> &[u8] {
        self.str(self.record().c.to_tag)
    }

    /// The route set of the dialog.
    pub fn record_route(&self) -> &[u8] {
        self.str(self.record().c.record_route)
    }

    /// The socket that the SUBSCRIBE came in at, by its name.
    pub fn sockinfo(&self) -> &[u8] {
        self.str(self.record().c.sockinfo_str)
    }

    /// The identity that is watched.
    pub fn identity(&self) -> Option<IdentityHandle> {
        IdentityHandle::new(self.record().identity.cast())
    }

    /// Puts it behind the other watchers of `identity`; nothing happens if it watches one already.
    pub(super) fn watch(&mut self, identity: &mut Identity) {
        if !self.record().identity.is_null() {
            return;
        }
        let mut raw = identity.raw_record();
        let own: *mut sys::reg_subscriber = self.0.as_ptr().cast();
        // SAFETY: the caller has the identity in hand.
        let (head, tail) = unsafe { raw.as_mut() }.watchers_mut();
        let record = self.record_mut();
        record.identity = raw.as_ptr();
        (record.c.prev, record.c.next) = (*tail, ptr::null_mut());
        match NonNull::new(*tail) {
            // SAFETY: watchers in a list are alive.
            Some(mut last) => publish(&mut unsafe { last.as_mut() }.next, own),
            None => publish(head, own),
        }
        publish(tail, own);
    }

    /// Takes it out of the list of its identity; whether it was in one. Where it led to stays for
    /// who stands on it.
    pub(super) fn unwatch(&mut self) -> bool {
        let record = self.record_mut();
        let Some(mut identity) = NonNull::new(record.identity) else { return false };
        record.identity = ptr::null_mut();
        let (prev, next) = (record.c.prev, record.c.next);
        // SAFETY: an identity has no watchers any more when it goes.
        let (head, tail) = unsafe { identity.as_mut() }.watchers_mut();
        match NonNull::new(prev) {
            // SAFETY: watchers in a list are alive.
            Some(mut prev) => publish(&mut unsafe { prev.as_mut() }.next, next),
            None => publish(head, next),
        }
        match NonNull::new(next) {
            // SAFETY: as above.
            Some(mut next) => unsafe { next.as_mut() }.prev = prev,
            None => publish(tail, prev),
        }
        true
    }

    fn record(&self) -> &WatcherRecord {
        // SAFETY: the block is owned; clients write numbers only, under the lock.
        unsafe { self.0.as_ref() }
    }

    fn record_mut(&mut self) -> &mut WatcherRecord {
        // SAFETY: the block is owned, and the store locked.
        unsafe { self.0.as_mut() }
    }

    fn str(&self, text: core_sys::str_) -> &[u8] {
        // SAFETY: texts of the block.
        unsafe { texts::get(text) }
    }

    /// Gives up the block: it goes to a graveyard.
    pub(super) fn into_record(self) -> NonNull<WatcherRecord> {
        ManuallyDrop::new(self).0
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // SAFETY: nobody uses the block any more.
        unsafe { block::free(self.0) };
    }
}

/// Takes all watchers out of the list of an identity that goes; how many there were.
pub(super) fn forget_all(identity: &mut Identity) -> u32 {
    let mut raw = identity.raw_record();
    let mut count = 0;
    loop {
        // SAFETY: the caller has the identity in hand.
        let (head, _) = unsafe { raw.as_mut() }.watchers_mut();
        let Some(first) = NonNull::new(head.cast::<WatcherRecord>()) else { return count };
        // The block stays the owner's.
        let mut watcher = ManuallyDrop::new(Watcher(first));
        if !watcher.unwatch() {
            return count;
        }
        count += 1;
    }
}

/// A watcher as C names it; it may be one that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WatcherHandle(NonNull<sys::reg_subscriber>);

// SAFETY: an address, the same in all processes; it is never used without a look at what is there.
unsafe impl ShmSafe for WatcherHandle {}
// SAFETY: as above.
unsafe impl Send for WatcherHandle {}
// SAFETY: as above.
unsafe impl Sync for WatcherHandle {}

impl WatcherHandle {
    pub(super) fn new(raw: *mut sys::reg_subscriber) -> Option<Self> {
        NonNull::new(raw).filter(|raw| raw.is_aligned()).map(Self)
    }

    pub(super) fn raw(self) -> *mut sys::reg_subscriber {
        self.0.as_ptr()
    }

    /// The number of the watcher: what [`Watcher::set_id`] said last. Of one that is gone it is any
    /// number, so compare the handle of what has that number with this one.
    pub fn id(self) -> u64 {
        // SAFETY: C names watchers that were given to it; a place inside the record.
        let place = unsafe { self.0.byte_add(offset_of!(WatcherRecord, id)) };
        // SAFETY: the block of one that is gone is still memory of the pool, in which every value
        // is a number.
        unsafe { place.cast().read_volatile() }
    }
}

/// The watchers of an identity.
pub(super) struct Watchers(*mut sys::reg_subscriber);

impl Watchers {
    /// # Safety
    ///
    /// `first` is the head of an identity that stays as it is meanwhile.
    pub(super) unsafe fn new(first: *mut sys::reg_subscriber) -> Self {
        Self(first)
    }
}

impl Iterator for Watchers {
    type Item = WatcherHandle;

    fn next(&mut self) -> Option<WatcherHandle> {
        let watcher = WatcherHandle::new(self.0)?;
        // SAFETY: by the contract of `new`.
        self.0 = unsafe { watcher.0.as_ref() }.next;
        Some(watcher)
    }
}

/// Where the graveyard keeps its link in a record: it watches nobody by then.
pub(super) fn grave_link(record: NonNull<WatcherRecord>) -> NonNull<usize> {
    // SAFETY: a place inside the record.
    unsafe { record.byte_add(offset_of!(WatcherRecord, identity)) }.cast()
}
