//! A transaction as callbacks see it.

use crate::{
    msg::{self, Msg, NameAddr},
    text,
};
use core::{marker::PhantomData, ptr, ptr::NonNull};
use kamailio_sys as sys;

/// A borrowed transaction: never outlives the call that got it. It can only be read.
#[derive(Debug)]
pub struct Transaction<'a> {
    cell: NonNull<sys::cell>,
    _call: PhantomData<&'a sys::cell>,
}

impl Transaction<'_> {
    /// The transaction that `tm` handed out; nothing for null and for the mark of `tm` that there
    /// is none yet.
    ///
    /// # Safety
    ///
    /// Any other `cell` is a transaction that stays for `'a`.
    pub(super) unsafe fn from_raw(cell: *mut sys::cell) -> Option<Self> {
        let undefined = cell.addr() == usize::MAX;
        NonNull::new(cell).filter(|_| !undefined).map(|cell| Self { cell, _call: PhantomData })
    }

    pub(super) fn as_raw(&self) -> *mut sys::cell {
        self.cell.as_ptr()
    }

    /// The request that made the transaction, to be read only; nothing if this server made it,
    /// unless failover of DNS needs it.
    pub fn request(&self) -> Option<Msg<'_>> {
        // SAFETY: the transaction stays for as long as `self` lives.
        let request = unsafe { (*self.as_raw()).uas.request };
        // SAFETY: the copy belongs to the transaction.
        (!request.is_null()).then(|| unsafe { Msg::from_shared(request) })
    }

    /// The request that this server sent on branch 0, as it is on the wire; for a transaction
    /// that this server made. See [`msg::header_of`].
    pub fn sent_request(&self) -> Option<&[u8]> {
        let mut sent = sys::str_ { s: ptr::null_mut(), len: 0 };
        // SAFETY: the transaction stays for as long as `self` lives, and its buffer with it.
        unsafe { sys::ks_tm_sent_request(self.as_raw(), &raw mut sent) };
        // SAFETY: as above.
        unsafe { text::bytes(sent) }.filter(|sent| !sent.is_empty())
    }

    /// The `From` of its request; of one that this server sent: our side.
    pub fn from(&self) -> Option<NameAddr<'_>> {
        self.identity(b"From", |ids| ids.from).and_then(NameAddr::parse)
    }

    /// The `To` of its request; of one that this server sent: the peer's side.
    pub fn to(&self) -> Option<NameAddr<'_>> {
        self.identity(b"To", |ids| ids.to).and_then(NameAddr::parse)
    }

    /// The `Call-ID` of its request.
    pub fn call_id(&self) -> Option<&[u8]> {
        self.identity(b"Call-ID", |ids| ids.call_id)
    }

    /// Whether it is that of an INVITE.
    pub fn is_invite(&self) -> bool {
        // SAFETY: the transaction stays for as long as `self` lives.
        unsafe { sys::ks_tm_is_invite(self.as_raw()) != 0 }
    }

    /// Whether this server made its request.
    pub fn is_local(&self) -> bool {
        // SAFETY: as in `is_invite`.
        unsafe { sys::ks_tm_is_local(self.as_raw()) != 0 }
    }

    /// Whether a CANCEL came for it.
    pub fn is_canceled(&self) -> bool {
        // SAFETY: as in `is_invite`.
        unsafe { sys::ks_tm_is_canceled(self.as_raw()) != 0 }
    }

    /// The value of one of the header fields that `tm` keeps whole, names and line ends included.
    fn identity(&self, name: &[u8], of: impl Fn(sys::ks_tm_ids) -> sys::str_) -> Option<&[u8]> {
        // SAFETY: as in `is_invite`.
        let ids = unsafe { sys::ks_tm_ids(self.as_raw()) };
        // SAFETY: the fields lie in a buffer of the transaction.
        let field = unsafe { text::bytes(of(ids)) }?;
        msg::value_of(field, name)
    }
}
