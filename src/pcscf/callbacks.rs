//! Callbacks of a contact: lists of C structs, newest first, that contacts share.
//!
//! Clients register the same few functions for every contact, without a parameter or with the
//! address of a field of the contact. Such a list is the same for all contacts, the field being
//! kept as its place; it costs a contact nothing but the pointer in its record.

use super::{
    block,
    event::Event,
    record::{Contact, Handle},
};
use crate::{Result, shm};
use core::{
    ffi::{c_int, c_void},
    ptr::{self, NonNull},
};
use kamailio_sys::pcscf as sys;

/// What C modules register.
pub(super) type Function = unsafe extern "C" fn(*mut sys::pcontact, c_int, *mut c_void);

/// One callback, and those behind it.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Node {
    c: sys::ul_callback,
    /// The next node that is shared; of a node that is not, null.
    known: *mut Node,
    /// The parameter of the node is a place in the record of the contact.
    inside: bool,
    shared: bool,
}

/// So many nodes are shared at the most: a client that registers ever new functions gets nodes for
/// each contact.
const SHARED: u32 = 256;

/// The shared nodes of a domain; they stay until its end.
#[derive(Debug)]
pub(super) struct Callbacks {
    first: *mut Node,
    count: u32,
}

// SAFETY: blocks of shared memory, at the same addresses in all processes; the domain is locked.
unsafe impl Send for Callbacks {}
// SAFETY: nothing is changed through `&self`.
unsafe impl Sync for Callbacks {}

/// What is to be called when something happens to a contact, copied from its list so that the lock
/// can be given back.
#[derive(Debug)]
#[must_use = "clients wait for these calls"]
pub struct Calls {
    contact: Handle,
    kind: c_int,
    list: Vec<(Function, *mut c_void)>,
}

impl Callbacks {
    pub(super) const fn new() -> Self {
        Self { first: ptr::null_mut(), count: 0 }
    }

    /// Registers `function` for the events `types` of `contact`, before the others. One that is
    /// registered already, for the same events and with the same parameter, stays as it is.
    pub(super) fn add(
        &mut self,
        contact: &mut Contact,
        types: c_int,
        function: Function,
        param: *mut c_void,
    ) -> Result {
        let place = contact.place_of(param.addr());
        let (param, inside) = match place {
            Some(place) => (ptr::without_provenance_mut(place), true),
            None => (param, false),
        };
        let old = contact.callbacks();
        let wanted = |node: &Node| {
            let same = node.c.callback.is_some_and(|known| ptr::fn_addr_eq(known, function));
            same && node.c.types == types && node.c.param == param && node.inside == inside
        };
        if List(old).any(wanted) {
            return Ok(());
        }
        let next: *mut sys::ul_callback = old.cast();
        let shareable = inside || param.is_null();
        let mut known = self.first;
        while let Some(node) = NonNull::new(known).filter(|_| shareable) {
            // SAFETY: shared nodes stay until the domain ends.
            let node = unsafe { node.as_ref() };
            if node.c.next == next && wanted(node) {
                contact.set_callbacks(known);
                return Ok(());
            }
            known = node.known;
        }
        let end_is_shared = NonNull::new(old).is_none_or(|old| {
            // SAFETY: the list of the contact.
            unsafe { old.as_ref() }.shared
        });
        let shared = shareable && end_is_shared && self.count < SHARED;
        let node: NonNull<Node> = shm::malloc(size_of::<Node>())?.cast();
        let c = sys::ul_callback { types, callback: Some(function), param, next };
        let known = if shared { self.first } else { ptr::null_mut() };
        // SAFETY: a new block of that size.
        unsafe { node.write(Node { c, known, inside, shared }) };
        if shared {
            self.first = node.as_ptr();
            self.count += 1;
        }
        contact.set_callbacks(node.as_ptr());
        Ok(())
    }

    /// Takes the first callback for one of `types` out whose parameter points to a port that is
    /// `port`; whether there was one.
    pub(super) fn remove_for_port(
        &mut self,
        contact: &mut Contact,
        types: c_int,
        port: u16,
    ) -> Result<bool> {
        let all = contact.calls_with_types();
        let is_it = |(known, _, param): &(c_int, Function, *mut c_void)| {
            let place: Option<NonNull<u16>> = NonNull::new(param.cast());
            // SAFETY: clients of this kind give the address of a port, by the contract of the API.
            known & types != 0 && place.is_some_and(|place| unsafe { place.read() } == port)
        };
        let Some(at) = all.iter().position(is_it) else { return Ok(false) };
        let old = contact.callbacks();
        contact.set_callbacks(ptr::null_mut());
        for (index, (types, function, param)) in all.iter().enumerate().rev() {
            if index == at {
                continue;
            }
            if let Err(error) = self.add(contact, *types, *function, *param) {
                let half = contact.callbacks();
                contact.set_callbacks(old);
                // SAFETY: the list under construction, which the record just gave up.
                unsafe { free(half) };
                return Err(error);
            }
        }
        // SAFETY: replaced by a list without its nodes; callbacks that run have copies.
        unsafe { free(old) };
        Ok(true)
    }
}

impl Drop for Callbacks {
    fn drop(&mut self) {
        while let Some(node) = NonNull::new(self.first) {
            // SAFETY: in the list of shared nodes, so alive.
            self.first = unsafe { node.as_ref() }.known;
            // SAFETY: the domain ends, and its contacts have gone before it.
            unsafe { block::free(node) };
        }
    }
}

/// The nodes of the list at a pointer.
pub(super) struct List(pub(super) *mut Node);

impl Iterator for List {
    type Item = &'static Node;

    fn next(&mut self) -> Option<&'static Node> {
        let node = NonNull::new(self.0)?;
        // SAFETY: a list lives as long as its contact, whose lock the callers hold; no node leaves
        // this module.
        let node = unsafe { node.as_ref() };
        self.0 = node.c.next.cast();
        Some(node)
    }
}

impl Contact {
    /// The callbacks with their events, in the order in which they run.
    fn calls_with_types(&self) -> Vec<(c_int, Function, *mut c_void)> {
        let param = |node: &Node| match node.inside {
            true => self.at_place(node.c.param.addr()),
            false => node.c.param,
        };
        let call = |node: &'static Node| Some((node.c.types, node.c.callback?, param(node)));
        List(self.callbacks()).filter_map(call).collect()
    }

    /// What is to be called when the event `kind` happens to this contact.
    pub fn calls(&self, kind: Event) -> Calls {
        let kind = kind.bit();
        let mut calls = self.calls_with_types();
        calls.retain(|(types, _, _)| types & kind != 0);
        let list = calls.into_iter().map(|(_, function, param)| (function, param)).collect();
        Calls { contact: self.handle(), kind, list }
    }

    /// Whether `function` is registered.
    #[cfg(kamailio_5_7)]
    pub(super) fn has_callback(&self, function: Function) -> bool {
        let is_it = |node: &Node| node.c.callback.is_some_and(|f| ptr::fn_addr_eq(f, function));
        List(self.callbacks()).any(is_it)
    }
}

impl Calls {
    /// Whether there is nothing to call.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds a call.
    pub(super) fn push(&mut self, function: Function, param: *mut c_void) {
        self.list.push((function, param));
    }

    /// Calls them, one after the other.
    ///
    /// # Safety
    ///
    /// The contact stays in memory until this returns.
    pub(super) unsafe fn run(self) {
        for (function, param) in self.list {
            // SAFETY: a function that a client registered for this; the contact by the contract.
            unsafe { function(self.contact.raw().as_ptr(), self.kind, param) };
        }
    }
}

/// Gives the nodes back that belong to one contact alone.
///
/// # Safety
///
/// `list` is that of a contact, and nobody uses it any more.
pub(super) unsafe fn free(list: *mut Node) {
    let mut next = NonNull::new(list);
    while let Some(node) = next {
        // SAFETY: by the contract of this function.
        let head = unsafe { node.as_ref() };
        if head.shared {
            // Behind a shared node are shared nodes only.
            return;
        }
        next = NonNull::new(head.c.next.cast());
        // SAFETY: by the contract of this function.
        unsafe { block::free(node) };
    }
}
