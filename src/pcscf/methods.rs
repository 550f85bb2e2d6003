//! What clients register for every contact, and not for one.

use super::{
    Event,
    callbacks::{Calls, Function},
    record::Contact,
};
use crate::shm::ShmSafe;
use core::{
    ffi::{c_int, c_void},
    ptr,
};

/// The most functions that are called for every new contact.
const INSERTED_MAX: usize = 16;

/// A function and its parameter.
type Call = (Function, *mut c_void);

/// The functions for every contact.
#[derive(Debug, Clone, Copy)]
pub struct Methods {
    inserted: [Option<Call>; INSERTED_MAX],
    /// Of the registrar: for all contacts that come from a database.
    registrar: Option<(c_int, Call)>,
    /// Of the module for Rx: for those of them that have a session.
    rx: Option<(c_int, Call)>,
}

// SAFETY: addresses of functions, the same in all processes, and what their owners gave for all.
unsafe impl ShmSafe for Methods {}
// SAFETY: as above.
unsafe impl Send for Methods {}
// SAFETY: as above.
unsafe impl Sync for Methods {}

impl Methods {
    pub(super) const fn new() -> Self {
        Self { inserted: [None; INSERTED_MAX], registrar: None, rx: None }
    }

    /// Has `function` called for every contact that is inserted; false if there is no room.
    pub(super) fn on_insert(&mut self, function: Function, param: *mut c_void) -> bool {
        let same = |call: &Option<Call>| {
            call.is_some_and(|(f, p)| ptr::fn_addr_eq(f, function) && ptr::eq(p, param))
        };
        if self.inserted.iter().any(same) {
            return true;
        }
        let free = self.inserted.iter_mut().find(|call| call.is_none());
        free.map(|place| *place = Some((function, param))).is_some()
    }

    /// Has `function` registered for every contact that comes from a database: the one for updates
    /// is the registrar's, any other is for contacts with a session for Rx.
    pub(super) fn on_load(&mut self, types: c_int, function: Function, param: *mut c_void) {
        let of_registrar = types & Event::Update.bit() != 0;
        let place = if of_registrar { &mut self.registrar } else { &mut self.rx };
        *place = Some((types, (function, param)));
    }

    /// The callbacks that `contact` gets when it comes from a database.
    pub(super) fn of(
        &self,
        contact: &Contact,
    ) -> impl Iterator<Item = (c_int, Function, *mut c_void)> + use<> {
        let rx = self.rx.filter(|_| !contact.rx_session_id().is_empty());
        let both = [rx, self.registrar].into_iter().flatten();
        both.map(|(types, (function, param))| (types, function, param))
    }

    /// Whether the registrar has said what it wants to be called for.
    pub(super) fn knows_registrar(&self) -> bool {
        self.registrar.is_some()
    }

    /// What is to be called for a new contact, before what it has registered itself.
    pub fn insert_calls(&self, contact: &Contact) -> Calls {
        let mut calls = contact.calls(Event::Insert);
        for (function, param) in self.inserted.iter().flatten() {
            calls.push(*function, *param);
        }
        calls
    }
}
