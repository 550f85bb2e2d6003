//! All contacts in one buffer, for clients that keep connections alive (`get_all_ucontacts`).

use crate::{engine::Engine, state::State};
use kamailio::{scscf::Contact, timer};

/// Contacts that are looked at under one lock.
const CHUNK: usize = 256;

/// Bytes of the length that ends the list.
const END: usize = size_of::<i32>();

/// Packs the contacts of part `part` of `parts` that have all `flags` into `out`: length and text of
/// the address to send to, socket, flags, length and text of the path, and a zero length at the end.
/// Gives how many bytes were missing, 0 if none.
pub(crate) fn pack(engine: &Engine, out: &mut [u8], flags: u32, part: u32, parts: u32) -> i32 {
    let (mut used, mut missing, mut next) = (0_usize, 0_usize, Some(0));
    // Without room for the end nothing is packed at all.
    let room = out.len().saturating_sub(END);
    while let Some(from) = next {
        let walked = engine.with(|_, state| {
            let (packed, after) = chunk(state, from, flags, part, parts);
            for entry in packed {
                let end = used.saturating_add(entry.len());
                match out.get_mut(used..end).filter(|_| end <= room) {
                    Some(place) => {
                        place.copy_from_slice(&entry);
                        used = end;
                    }
                    None => missing = missing.saturating_add(entry.len()),
                }
            }
            after
        });
        next = walked.flatten();
    }
    match out.get_mut(used..used.saturating_add(END)) {
        Some(place) => place.fill(0),
        None => missing = missing.saturating_add(END),
    }
    let left = room.saturating_sub(used);
    i32::try_from(missing.saturating_sub(left)).unwrap_or(i32::MAX)
}

/// Some contacts from place `from` on, and the place after them.
fn chunk(
    state: &State,
    from: u32,
    flags: u32,
    part: u32,
    parts: u32,
) -> (Vec<Vec<u8>>, Option<u32>) {
    let (mut packed, mut next) = (Vec::new(), from);
    let now = timer::now();
    for _ in 0..CHUNK {
        let Some(id) = state.contact_from(next) else { return (packed, None) };
        next = id.index.saturating_add(1);
        let wanted = |contact: &&Contact| {
            id.index % parts.max(1) == part
                && contact.cflags() & flags == flags
                && State::is_live(contact, now)
        };
        packed.extend(state.contact(id).filter(wanted).map(entry));
    }
    (packed, Some(next))
}

fn entry(contact: &Contact) -> Vec<u8> {
    let address = match contact.received() {
        [] => contact.uri(),
        received => received,
    };
    let length = |text: &[u8]| i32::try_from(text.len()).unwrap_or(0).to_ne_bytes();
    [
        &length(address)[..],
        address,
        &contact.sock().to_ne_bytes(),
        &contact.cflags().to_ne_bytes(),
        &length(contact.path()),
        contact.path(),
    ]
    .concat()
}
