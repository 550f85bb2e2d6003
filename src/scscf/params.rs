//! The parameters of a Contact header: a list of C structs in a block of the record.

use super::texts;
use crate::location::block::Block;
use core::ptr::{self, NonNull};
use kamailio_sys as sys;

/// The most parameters of a contact: no Contact header has more.
pub(super) const PARAMS_MAX: usize = 256;

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param<'a> {
    /// What the parser of the core knows it as.
    pub kind: u32,
    /// Its name.
    pub name: &'a [u8],
    /// Its value, without quotes; empty: none.
    pub body: &'a [u8],
}

/// The bytes that the texts of `params` take.
pub(super) fn length(params: &[Param<'_>]) -> crate::Result<usize> {
    texts::length(params.iter().flat_map(|param| [param.name, param.body]))
}

/// Writes the list to `place`, which has room for as many structs in `block`, and its texts.
///
/// # Safety
///
/// `place` lies in `block` and has room for `params.len()` structs.
pub(super) unsafe fn write(
    block: &mut Block,
    place: NonNull<sys::param_t>,
    params: &[Param<'_>],
) -> *mut sys::param_t {
    let mut next: *mut sys::param_t = ptr::null_mut();
    for (index, param) in params.iter().enumerate().rev() {
        let (name, body) = (texts::put(block, param.name), texts::put(block, param.body));
        let len = name.len.saturating_add(body.len).saturating_add((body.len > 0).into());
        // SAFETY: by the contract of this function.
        let node = unsafe { place.add(index) };
        let value = sys::param_t { type_: param.kind, name, body, len, next };
        // SAFETY: as above.
        unsafe { node.write(value) };
        next = node.as_ptr();
    }
    next
}

/// The parameters of a list.
#[derive(Debug, Clone)]
pub struct Params<'a> {
    next: Option<&'a sys::param_t>,
    left: usize,
}

impl Params<'_> {
    /// # Safety
    ///
    /// `first` is null or a list that stays as it is for the lifetime.
    pub(super) unsafe fn new(first: *mut sys::param_t) -> Self {
        // SAFETY: by the contract of this function.
        let next = NonNull::new(first).map(|first| unsafe { first.as_ref() });
        Self { next, left: PARAMS_MAX }
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Param<'a>> {
        let node = self.next.filter(|_| self.left > 0)?;
        self.left -= 1;
        // SAFETY: by the contract of `new`.
        self.next = NonNull::new(node.next).map(|next| unsafe { next.as_ref() });
        // SAFETY: as above.
        let name = unsafe { texts::get(node.name) };
        // SAFETY: as above.
        let body = unsafe { texts::get(node.body) };
        Some(Param { kind: node.type_, name, body })
    }
}
