//! Callbacks of identities and contacts: lists of C structs, newest first, that records share.
//!
//! Clients register the same few functions for every record, without a parameter. Such a list is
//! the same for all records; it costs a record nothing but the pointer in it.

use super::{contact::ContactHandle, event::Event, identity::IdentityHandle};
use crate::{Result, location::block, shm};
use core::{
    ffi::{c_int, c_void},
    ptr::{self, NonNull},
};
use kamailio_sys::scscf as sys;

/// What clients register.
pub(super) type Function =
    unsafe extern "C" fn(*mut sys::impurecord, *mut sys::ucontact, c_int, *mut c_void);

/// A function of a client with what it is called for.
#[derive(Debug, Clone, Copy)]
pub struct Callback {
    pub(super) function: Function,
    pub(super) types: u32,
    pub(super) param: *mut c_void,
}

/// One callback, and those behind it.
#[repr(C)]
#[derive(Debug)]
struct Node {
    c: sys::ul_callback,
    /// What a record points to: this node first.
    head: sys::ulcb_head_list,
    /// The next node that is shared; of a node that is not, null.
    known: *mut Node,
    shared: bool,
}

/// So many nodes are shared at the most: a client that registers ever new functions gets nodes for
/// each record.
const SHARED: u32 = 256;

/// The shared nodes of the store, which stay until its end, and the list for all records.
#[derive(Debug)]
pub(super) struct Callbacks {
    first: *mut Node,
    count: u32,
    global: *mut sys::ulcb_head_list,
}

// SAFETY: blocks of shared memory, at the same addresses in all processes; the store is locked.
unsafe impl Send for Callbacks {}
// SAFETY: nothing is changed through `&self`.
unsafe impl Sync for Callbacks {}

impl Callbacks {
    pub(super) const fn new() -> Self {
        Self { first: ptr::null_mut(), count: 0, global: ptr::null_mut() }
    }

    /// The list for all records.
    pub(super) fn global(&self) -> *mut sys::ulcb_head_list {
        self.global
    }

    /// Registers for all records.
    pub(super) fn add_global(&mut self, callback: Callback) -> Result {
        self.global = self.with(self.global, callback)?;
        Ok(())
    }

    /// The list `old` with `callback` before the others; it takes the place of `old`. One that is
    /// registered already, for the same events and with the same parameter, stays as it is.
    pub(super) fn with(
        &mut self,
        old: *mut sys::ulcb_head_list,
        callback: Callback,
    ) -> Result<*mut sys::ulcb_head_list> {
        let Callback { function, types, param } = callback;
        let types = c_int::try_from(types).unwrap_or(0);
        let wanted = |node: &Node| {
            let same = node.c.callback.is_some_and(|known| ptr::fn_addr_eq(known, function));
            same && node.c.types == types && node.c.param == param
        };
        if List::of(old).any(wanted) {
            return Ok(old);
        }
        let before = first_of(old);
        let next = before.map_or(ptr::null_mut(), |node| node.as_ptr().cast::<sys::ul_callback>());
        let mut known = NonNull::new(self.first).filter(|_| param.is_null());
        while let Some(node) = known {
            // SAFETY: shared nodes stay until the store ends.
            let it = unsafe { node.as_ref() };
            if it.c.next == next && wanted(it) {
                return Ok(head_of(node));
            }
            known = NonNull::new(it.known);
        }
        let end_is_shared = before.is_none_or(|before| {
            // SAFETY: the list of the record.
            unsafe { before.as_ref() }.shared
        });
        let shared = param.is_null() && end_is_shared && self.count < SHARED;
        let node: NonNull<Node> = shm::malloc(size_of::<Node>())?.cast();
        let reg_types = types
            | NonNull::new(old).map_or(0, |old| {
                // SAFETY: as above.
                unsafe { old.as_ref() }.reg_types
            });
        let value = Node {
            c: sys::ul_callback { id: 0, types, callback: Some(function), param, next },
            head: sys::ulcb_head_list { first: node.as_ptr().cast(), reg_types },
            known: if shared { self.first } else { ptr::null_mut() },
            shared,
        };
        // SAFETY: a new block of that size.
        unsafe { node.write(value) };
        if shared {
            self.first = node.as_ptr();
            self.count += 1;
        }
        Ok(head_of(node))
    }

    /// What is to be called for `event` by `list`.
    pub(super) fn calls(
        list: *mut sys::ulcb_head_list,
        event: Event,
        identity: Option<IdentityHandle>,
        contact: Option<ContactHandle>,
    ) -> Calls {
        let kind = c_int::try_from(event.bit()).unwrap_or(0);
        let wanted = List::of(list).filter(|node| node.c.types & kind != 0);
        let call = |node: &'static Node| {
            let (function, param) = (node.c.callback?, node.c.param);
            Some(One { function, param, kind, identity, contact })
        };
        Calls(wanted.filter_map(call).collect())
    }
}

impl Drop for Callbacks {
    fn drop(&mut self) {
        // SAFETY: the store ends, and its records have gone before it.
        unsafe { free(self.global) };
        while let Some(node) = NonNull::new(self.first) {
            // SAFETY: in the list of shared nodes, so alive.
            self.first = unsafe { node.as_ref() }.known;
            // SAFETY: as above.
            unsafe { block::free(node) };
        }
    }
}

fn first_of(list: *mut sys::ulcb_head_list) -> Option<NonNull<Node>> {
    // SAFETY: lists live as long as their record, and the store is locked.
    let head = NonNull::new(list).map(|head| unsafe { head.read() })?;
    NonNull::new(head.first.cast())
}

fn head_of(node: NonNull<Node>) -> *mut sys::ulcb_head_list {
    // SAFETY: a place inside the node.
    unsafe { node.byte_add(core::mem::offset_of!(Node, head)) }.as_ptr().cast()
}

/// The nodes of a list.
struct List(Option<NonNull<Node>>);

impl List {
    fn of(list: *mut sys::ulcb_head_list) -> Self {
        Self(first_of(list))
    }
}

impl Iterator for List {
    type Item = &'static Node;

    fn next(&mut self) -> Option<&'static Node> {
        // SAFETY: a list lives as long as its record, whose lock the callers hold; no node leaves
        // this module.
        let node = unsafe { self.0?.as_ref() };
        self.0 = NonNull::new(node.c.next.cast());
        Some(node)
    }
}

/// Gives the nodes back that belong to one record alone, with their parameters.
///
/// # Safety
///
/// `list` is that of a record, and nobody uses it any more.
pub(super) unsafe fn free(list: *mut sys::ulcb_head_list) {
    let mut next = first_of(list);
    while let Some(node) = next {
        // SAFETY: by the contract of this function.
        let head = unsafe { node.as_ref() };
        if head.shared {
            // Behind a shared node are shared nodes only.
            return;
        }
        next = NonNull::new(head.c.next.cast());
        if let Some(param) = NonNull::new(head.c.param) {
            // SAFETY: by the contract of the API it is a block of shared memory that goes with the
            // record.
            unsafe { block::free(param) };
        }
        // SAFETY: by the contract of this function.
        unsafe { block::free(node) };
    }
}

#[derive(Debug)]
struct One {
    function: Function,
    param: *mut c_void,
    kind: c_int,
    identity: Option<IdentityHandle>,
    contact: Option<ContactHandle>,
}

/// What is to be called, copied from the lists so that the lock can be given back:
/// [`Engine::call`](super::Engine::call) runs it.
#[derive(Debug, Default)]
#[must_use = "clients wait for these calls"]
pub struct Calls(Vec<One>);

impl Calls {
    /// Nothing to call.
    pub const NONE: Self = Self(Vec::new());

    /// Whether there is nothing to call.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds those of `later`, behind these.
    pub fn append(&mut self, mut later: Self) {
        if self.0.is_empty() {
            self.0 = later.0;
        } else {
            self.0.append(&mut later.0);
        }
    }

    /// Calls them, one after the other.
    ///
    /// # Safety
    ///
    /// The records stay in memory until this returns.
    pub(super) unsafe fn run(self) {
        for One { function, param, kind, identity, contact } in self.0 {
            let identity = identity.map_or(ptr::null_mut(), IdentityHandle::raw);
            let contact = contact.map_or(ptr::null_mut(), ContactHandle::raw);
            // SAFETY: a function that a client registered for this; the records by the contract.
            unsafe { function(identity, contact, kind, param) };
        }
    }
}
