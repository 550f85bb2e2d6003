//! What the tables had at the start, for clients that do something about it in their own time.

use crate::{
    db,
    domains::{self, LOADED, RENEWED},
};
use kamailio::pcscf::Contact;
use pcscf_core::directory::Cursor;

/// Contacts that are looked at under one lock.
const CHUNK: usize = 256;

/// Bits of a number for the place within a domain; those above say which domain, the oldest first.
const BITS: u32 = u32::BITS;

/// What [`Store::restored`](kamailio::pcscf::server::Store::restored) promises. What the database reads
/// later, in mode 3, is of another server or was asked for.
pub(crate) fn some(from: u64, most: usize, show: &mut dyn FnMut(&Contact)) -> Option<u64> {
    if !db::restores() {
        return None;
    }
    let (number, place) = (from >> BITS, from & u64::from(u32::MAX));
    let domains = domains::all()?;
    let domain = domains.iter().nth(usize::try_from(number).ok()?)?;
    let place = Cursor::of_number(u32::try_from(place).ok()?);
    let next = domain.with(|_, state| {
        let (mut at, mut shown) = (place, 0);
        for _ in 0..CHUNK {
            if shown == most {
                break;
            }
            let (id, next) = state.directory.next(at)?;
            let contact = state.directory.get(id);
            if let Some(contact) = contact.filter(|it| it.flags() & (LOADED | RENEWED) == LOADED) {
                show(contact);
                shown += 1;
            }
            at = next;
        }
        Some(at)
    })?;
    Some(match next {
        Some(next) => number << BITS | u64::from(next.number()),
        None => number.saturating_add(1) << BITS,
    })
}
