//! NOTIFYs as bytes, for the time that they wait for their turn in memory that processes share.

use super::{read::Reader, write};
use crate::{Event, Notify};
use bytes::Bytes;

/// The bytes of `notifies`, in their order.
pub fn pack(notifies: &[Notify]) -> Vec<u8> {
    let mut out = Vec::new();
    for notify in notifies {
        out.push(notify.event.number());
        out.push(u8::from(notify.is_last));
        out.extend_from_slice(&notify.cseq.to_le_bytes());
        for text in [
            &notify.aor,
            &notify.contact,
            &notify.call_id,
            &notify.local_tag,
            &notify.remote_tag,
            &notify.routes,
            &notify.headers,
        ] {
            write::text(text, &mut out);
        }
    }
    out
}

/// The NOTIFYs that [`pack`] made `bytes` of; nothing if they are not whole.
pub fn unpack(bytes: &[u8]) -> Option<Vec<Notify>> {
    let mut reader = Reader::new(bytes);
    let mut notifies = Vec::new();
    while !reader.is_empty() {
        let event = Event::from_number(reader.u8()?)?;
        let is_last = match reader.u8()? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let cseq = reader.u32()?;
        let mut text = || reader.text().map(Bytes::copy_from_slice);
        notifies.push(Notify {
            aor: text()?,
            contact: text()?,
            call_id: text()?,
            local_tag: text()?,
            remote_tag: text()?,
            routes: text()?,
            cseq,
            event,
            is_last,
            headers: text()?,
        });
    }
    Some(notifies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn notify(seed: u8, cseq: u32, text: Vec<u8>) -> Notify {
        Notify {
            aor: text.clone().into(),
            contact: vec![seed].into(),
            call_id: vec![seed; usize::from(seed)].into(),
            local_tag: Bytes::new(),
            remote_tag: text.clone().into(),
            routes: Bytes::from_static(b"rrr"),
            cseq,
            event: if seed.is_multiple_of(2) { Event::CallInfo } else { Event::LineSeize },
            is_last: seed.is_multiple_of(3),
            headers: text.into(),
        }
    }

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(
            parts in prop::collection::vec(
                (any::<u8>(), any::<u32>(), prop::collection::vec(any::<u8>(), 0..300)),
                0..5,
            )
        ) {
            let all: Vec<_> = parts.into_iter().map(|(a, b, c)| notify(a, b, c)).collect();
            let bytes = pack(&all);
            prop_assert_eq!(unpack(&bytes), Some(all));
            if let Some(short) = bytes.len().checked_sub(1) {
                prop_assert_eq!(unpack(&bytes[..short]), None);
            }
        }

        #[test]
        fn other_bytes_are_refused_or_read_without_harm(
            bytes in prop::collection::vec(any::<u8>(), 0..200)
        ) {
            if let Some(all) = unpack(&bytes) {
                prop_assert!(all.len() * 13 <= bytes.len());
            }
        }
    }
}
