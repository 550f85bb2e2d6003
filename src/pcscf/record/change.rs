//! What is replaced in a record while others may read it.

use super::Contact;
use crate::{
    Result,
    pcscf::{
        block::{self, Block, publish},
        graveyard::{Grave, Graveyard},
        ids::Ids,
        routes::RouteSets,
        security::{self, Security},
    },
};
use core::{mem::ManuallyDrop, ptr::NonNull};
use kamailio_sys::{self as core_sys, pcscf as sys};

/// What the update of a contact changes besides its state; nothing of it is done if memory is short.
#[derive(Debug, Default)]
pub struct Changes<'a> {
    /// New identities, the first of which is the default.
    pub ids: Option<&'a [&'a [u8]]>,
    /// New service routes.
    pub routes: Option<&'a [&'a [u8]]>,
    /// New identifier of the session for Rx.
    pub rx_session_id: Option<&'a [u8]>,
}

impl Contact {
    /// Changes several things at once. What is replaced goes to the graveyard.
    pub(in crate::pcscf) fn change(
        &mut self,
        changes: &Changes<'_>,
        sets: &mut RouteSets,
        graves: &mut Graveyard,
        now: i64,
    ) -> Result {
        let ids = changes.ids.map(Ids::try_new).transpose()?.flatten();
        let rx = changes.rx_session_id.map(rx_block).transpose()?;
        let rx = rx.map(|(start, text)| (Rx(start), text));
        let known = |routes: &&[&[u8]]| {
            let count = self.service_routes();
            count == routes.len()
                && (0..count).all(|at| self.service_route(at) == routes.get(at).copied())
        };
        let shared = match changes.routes.filter(|routes| !known(routes)) {
            Some(routes) => Some((sets.share(routes, self.service_routes())?, routes.len())),
            None => None,
        };
        // From here on nothing fails.
        if let Some(ids) = ids {
            let (first, last) = ids.into_raw();
            let c = self.c_mut();
            let old = c.head;
            publish(&mut c.head, first);
            publish(&mut c.tail, last);
            self.ids = first;
            graves.bury(Grave::ids(old), now);
        }
        if let Some((array, count)) = shared {
            let c = self.c_mut();
            let (old, count) = (c.service_routes, u16::try_from(count).unwrap_or(0));
            publish(&mut c.service_routes, array);
            publish(&mut c.num_service_routes, count);
            // SAFETY: the array that this contact used.
            if let Some(left) = unsafe { sets.leave(old) } {
                graves.bury(Grave::routes(left), now);
            }
        }
        if let Some((start, text)) = rx {
            let _kept = ManuallyDrop::new(start);
            let c = self.c_mut();
            let old = c.rx_session_id.s;
            publish(&mut c.rx_session_id.len, 0);
            publish(&mut c.rx_session_id.s, text.s);
            publish(&mut c.rx_session_id.len, text.len);
            graves.bury(Grave::rx(old), now);
        }
        Ok(())
    }

    /// Takes `new` as the security in use, or as the one that is being agreed on. One that was there
    /// before goes to the graveyard.
    pub(in crate::pcscf) fn set_security(
        &mut self,
        new: *mut sys::security,
        temporary: bool,
        graves: &mut Graveyard,
        now: i64,
    ) -> Result {
        if temporary {
            self.bury_forgotten(graves, now)?;
        }
        let c = self.c_mut();
        let (place, other) = match temporary {
            true => (&mut c.security_temp, c.security),
            false => (&mut c.security, c.security_temp),
        };
        let old = *place;
        if old == new {
            return Ok(());
        }
        let grave = match old.is_null() || old == other {
            true => Grave::NONE,
            false => Grave::security(old)?,
        };
        publish(place, new);
        if temporary {
            self.hold();
        }
        if grave != Grave::NONE {
            for kept in [new, other] {
                // SAFETY: both are a `security_t` of a client or nothing.
                unsafe { security::part(old, kept) };
            }
        }
        graves.bury(grave, now);
        Ok(())
    }

    /// Buries the parameters that a client has put others in the place of.
    fn bury_forgotten(&mut self, graves: &mut Graveyard, now: i64) -> Result {
        if let Some(forgotten) = self.forgotten() {
            // SAFETY: they were those of `security_temp`.
            let around = unsafe { security::around(forgotten) }?.into_raw();
            let grave = Grave::security(around).inspect_err(|_| {
                // SAFETY: made above.
                unsafe { security::give_up(around) };
            })?;
            for kept in [self.c().security_temp, self.c().security] {
                // SAFETY: each is a `security_t` of a client or nothing.
                unsafe { security::part(around, kept) };
            }
            graves.bury(grave, now);
        }
        self.hold();
        Ok(())
    }

    /// Takes note of the parameters that `security_temp` has now.
    fn hold(&mut self) {
        // SAFETY: a `security_t` of a client or nothing.
        let parameters = unsafe { security::parameters(self.c().security_temp) };
        self.record_mut().held = parameters;
    }

    /// The parameters that this contact was given and that nothing leads to any more.
    pub(super) fn forgotten(&self) -> Option<*mut sys::ipsec> {
        let (held, c) = (self.record().held, self.c());
        let used = [c.security_temp, c.security].into_iter().any(|security| {
            // SAFETY: a `security_t` of a client or nothing.
            unsafe { security::parameters(security) == held }
        });
        (security::FORGETS && !held.is_null() && !used).then_some(held)
    }

    /// As [`Contact::set_security`], with one of our own, for a contact that has none.
    pub(in crate::pcscf) fn take_security(&mut self, new: Security, temporary: bool) {
        let c = self.c_mut();
        let place = if temporary { &mut c.security_temp } else { &mut c.security };
        if place.is_null() {
            publish(place, new.into_raw());
            if temporary {
                self.hold();
            }
        }
    }

    /// Takes the routes out, for the table to know that this contact does not use them any more.
    pub(in crate::pcscf) fn leave_routes(&mut self, sets: &mut RouteSets) -> Grave {
        let c = self.c_mut();
        let old = c.service_routes;
        let empty = sets.empty();
        publish(&mut c.num_service_routes, 0);
        publish(&mut c.service_routes, empty);
        // SAFETY: the array that this contact used.
        unsafe { sets.leave(old) }.map_or(Grave::NONE, Grave::routes)
    }
}

/// The block of an identifier for Rx: a word that the graveyard uses, then the text.
struct Rx(NonNull<u8>);

impl Drop for Rx {
    fn drop(&mut self) {
        // SAFETY: no contact has taken it.
        unsafe { block::free(self.0) };
    }
}

fn rx_block(text: &[u8]) -> Result<(NonNull<u8>, core_sys::str_)> {
    block::check_length(text)?;
    let mut block = Block::try_new(size_of::<usize>(), text.len())?;
    let text = block.text(text);
    Ok((block.finish(), text))
}

/// Where the block of the identifier at `text` starts.
pub(in crate::pcscf) fn rx_start(text: *mut u8) -> Option<NonNull<u8>> {
    let text = NonNull::new(text)?;
    // SAFETY: `rx_block` put a word before the text.
    Some(unsafe { text.sub(size_of::<usize>()) })
}
