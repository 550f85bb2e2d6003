//! A contact: one block of shared memory that modules of C read in place.

mod dialog;
mod fields;
mod handle;
mod state;

pub(super) use dialog::{Dialog, dialog_link};
pub use handle::ContactHandle;
pub(super) use handle::grave_link;
pub use state::{ContactState, Socket};

use super::{
    callbacks,
    domain::Domain,
    link::Back,
    params::{self, PARAMS_MAX, Param},
    texts::{self, Second},
};
use crate::{
    Error, Result,
    location::{
        block::{self, Block, publish},
        pool::{self, Pool},
    },
    shm::ShmSafe,
};
use core::{
    fmt,
    mem::ManuallyDrop,
    ptr::{self, NonNull},
};
use kamailio_sys::{self as core_sys, scscf as sys};
use shm_store::wheel::{Timed, Timer};

/// The C part, and behind it what only this module knows; then come the parameters and the texts.
///
/// Two fields of the C part that no client reads hold numbers of the owner: `next` the number of the
/// contact, `prev` its mark; that of a buried one is the link of the graveyard.
#[repr(C)]
pub(super) struct ContactRecord {
    c: sys::ucontact,
    /// The second block of texts and parameters; null: none.
    second: *mut u8,
    back: Back,
    timer: Timer,
    flags: u32,
}

crate::record!(ContactRecord { c: sys::ucontact });

/// What a contact starts from.
#[derive(Debug, Clone, Copy)]
pub struct NewContact<'a> {
    /// The public identity that it was registered for first.
    pub aor: &'a [u8],
    /// The contact URI.
    pub uri: &'a [u8],
    /// Where the REGISTER came from; empty: where the URI says.
    pub received: &'a [u8],
    /// The Path of the REGISTER; empty: none.
    pub path: &'a [u8],
    /// The Call-ID of the REGISTER.
    pub callid: &'a [u8],
    /// The User-Agent of the REGISTER.
    pub user_agent: &'a [u8],
    /// The parameters of the Contact header.
    pub params: &'a [Param<'a>],
    /// The end of the registration, in seconds since 1970; 0: none.
    pub expires: i64,
    /// The priority in thousandths; −1: none was given.
    pub q: i32,
    /// The CSeq of the REGISTER.
    pub cseq: i32,
    /// Flags of the branch.
    pub flags: u32,
    /// Flags of the script.
    pub cflags: u32,
    /// The methods that the phone allows, as the core counts them.
    pub methods: u32,
    /// The socket that the REGISTER came in at.
    pub sock: Socket,
    /// When it was last registered, in seconds since 1970.
    pub last_modified: i64,
    /// Whether it is the contact of a 3GPP phone.
    pub is_3gpp: bool,
}

/// New texts of a contact; what is none stays.
#[derive(Debug, Default, Clone, Copy)]
pub struct ContactChanges<'a> {
    /// Where the REGISTER came from.
    pub received: Option<&'a [u8]>,
    /// The Path.
    pub path: Option<&'a [u8]>,
    /// The Call-ID.
    pub callid: Option<&'a [u8]>,
    /// The User-Agent.
    pub user_agent: Option<&'a [u8]>,
    /// The parameters of the Contact header.
    pub params: Option<&'a [Param<'a>]>,
}

/// A contact; whoever has it owns the block. Dropping it frees all at once, so it is for contacts
/// that no client has seen: all others are buried.
#[repr(transparent)]
pub struct Contact(NonNull<ContactRecord>);

// SAFETY: a block of shared memory, and what it points to lies there, too.
unsafe impl ShmSafe for Contact {}
// SAFETY: as above; the lock of the store guards it.
unsafe impl Send for Contact {}
// SAFETY: nothing is changed through `&self`.
unsafe impl Sync for Contact {}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Contact").field(&bstr::BStr::new(self.uri())).finish()
    }
}

impl Contact {
    pub(super) fn try_new(
        pool: &Pool,
        domain: Domain,
        slot: *mut sys::contact_hslot,
        new: &NewContact<'_>,
    ) -> Result<Self> {
        if new.params.len() > PARAMS_MAX {
            return Err(Error::OutOfShm);
        }
        let all = [new.aor, new.uri, new.received, new.path, new.callid, new.user_agent];
        let room = texts::length(all)? + params::length(new.params)?;
        let head = size_of::<ContactRecord>() + new.params.len() * size_of::<core_sys::param_t>();
        let mut block = Block::try_new_in(pool, head, room)?;
        let mut start: NonNull<ContactRecord> = block.start();
        // SAFETY: the list comes behind the record, which has the alignment of it.
        let list = unsafe { start.add(1) }.cast();
        let [aor, uri, received, path, callid, user_agent] =
            all.map(|text| texts::put(&mut block, text));
        // SAFETY: the block has room for the structs there.
        let params = unsafe { params::write(&mut block, list, new.params) };
        // SAFETY: the block starts with room for the record, all zero, which is a valid one.
        let record = unsafe { start.as_mut() };
        record.timer = Timer::IDLE;
        record.back = Back::new();
        let c = &mut record.c;
        // SAFETY: domains stay.
        c.domain = unsafe { domain.name_ptr().read() };
        c.slot = slot;
        (c.aor, c.c, c.received, c.path) = (aor, uri, received, path);
        (c.callid, c.user_agent, c.params) = (callid, user_agent, params);
        (c.expires, c.q, c.cseq) = (new.expires, new.q, new.cseq);
        (c.flags, c.cflags, c.methods) = (new.flags, new.cflags, new.methods);
        (c.sock, c.last_modified) = (new.sock.raw(), new.last_modified);
        c.is_3gpp = texts::flag(new.is_3gpp);
        Ok(Self(block.finish()))
    }

    /// Replaces texts and parameters; the second block that it had is to be buried.
    pub(super) fn change(&mut self, new: &ContactChanges<'_>) -> Result<*mut u8> {
        let record = self.record();
        let c = &record.c;
        let now = [c.received, c.path, c.callid, c.user_agent];
        let wanted = [new.received, new.path, new.callid, new.user_agent];
        let old: Vec<Param<'_>>;
        let changed = new.params.filter(|new| !self.params().eq(new.iter().copied()));
        // Parameters in the second block move to the next one with the texts.
        let params = match changed {
            Some(params) => Some(params),
            None if self.has_second_params() => {
                old = self.params().collect();
                Some(old.as_slice())
            }
            None => None,
        };
        let same = |(new, now): (&Option<&[u8]>, &core_sys::str_)| {
            new.is_none_or(|new| new == self.str(*now))
        };
        if changed.is_none() && wanted.iter().zip(&now).all(same) {
            return Ok(ptr::null_mut());
        }
        let list = params.unwrap_or_default();
        if list.len() > PARAMS_MAX {
            return Err(Error::OutOfShm);
        }
        let head = list.len() * size_of::<core_sys::param_t>();
        let more = (head, params::length(list)?, params.is_some());
        // SAFETY: the texts of this record.
        let second = unsafe { Second::try_new(record.second, now, wanted, more) }?;
        let Some(mut second) = second else { return Ok(ptr::null_mut()) };
        let first = match (params, second.block()) {
            (Some([]), _) | (Some(_), None) => Some(ptr::null_mut()),
            (Some(params), Some(block)) => {
                // SAFETY: behind the word that the block starts with.
                let list = unsafe { block.start::<u8>().add(texts::WORD) }.cast();
                // SAFETY: the block has room for the structs there.
                Some(unsafe { params::write(block, list, params) })
            }
            (None, _) => None,
        };
        let record = self.record_mut();
        let c = &mut record.c;
        let places = [&mut c.received, &mut c.path, &mut c.callid, &mut c.user_agent];
        for (place, text) in places.into_iter().zip(second.texts) {
            texts::publish(place, text);
        }
        if let Some(first) = first {
            publish(&mut c.params, first);
        }
        Ok(core::mem::replace(&mut record.second, second.into_raw()))
    }

    /// Whether the parameters lie in the second block.
    fn has_second_params(&self) -> bool {
        let record = self.record();
        // SAFETY: the second block of this record.
        unsafe { texts::is_in(record.second, record.c.params) }
    }

    fn record(&self) -> &ContactRecord {
        // SAFETY: the block is owned; clients write numbers only, under the lock.
        unsafe { self.0.as_ref() }
    }

    fn record_mut(&mut self) -> &mut ContactRecord {
        // SAFETY: the block is owned, and the store locked.
        unsafe { self.0.as_mut() }
    }

    fn str(&self, text: core_sys::str_) -> &[u8] {
        // SAFETY: texts of the block, or of one that stays for a while when it is replaced.
        unsafe { texts::get(text) }
    }

    pub(super) fn raw_record(&self) -> NonNull<ContactRecord> {
        self.0
    }

    /// Gives up the block: it goes to a graveyard.
    pub(super) fn into_record(self) -> NonNull<ContactRecord> {
        ManuallyDrop::new(self).0
    }

    /// The contact of a block that [`Contact::into_record`] gave.
    ///
    /// # Safety
    ///
    /// Nobody else has it.
    pub(super) const unsafe fn from_record(record: NonNull<ContactRecord>) -> Self {
        Self(record)
    }
}

impl Drop for Contact {
    fn drop(&mut self) {
        // SAFETY: the list of this contact.
        unsafe { callbacks::free(self.record().c.cbs) };
        self.free_dialogs();
        if let Some(second) = NonNull::new(self.record().second) {
            // SAFETY: nobody reads the texts any more.
            unsafe { block::free(second) };
        }
        // SAFETY: nobody uses the block any more, and the pool goes after all records.
        unsafe { pool::free(self.0) };
    }
}

impl Timed for Contact {
    fn timer(&mut self) -> &mut Timer {
        &mut self.record_mut().timer
    }
}

impl ContactRecord {
    pub(super) fn back(&self) -> &Back {
        &self.back
    }

    pub(super) fn back_mut(&mut self) -> &mut Back {
        &mut self.back
    }

    pub(super) fn is_3gpp(&self) -> bool {
        self.c.is_3gpp != 0
    }
}
