//! What a SUBSCRIBE changes.

use super::Dialog;
use sip_text::identity;

/// A subscription that is there already.
#[derive(Clone, Copy, Debug)]
pub struct Known<'w> {
    /// Contact of its watcher.
    pub contact: &'w [u8],
    /// Its dialog.
    pub dialog: Dialog<'w>,
}

/// What to do; numbers are places among the subscriptions that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// A new subscription.
    Add,
    /// The subscription of this dialog goes on.
    Refresh(usize),
    /// The subscription of this dialog goes on at another Contact: its record is written anew, its
    /// numbers go on.
    Move(usize),
    /// The watcher began anew, in another dialog: the old subscription goes in silence.
    Replace(usize),
    /// The subscription ends.
    End(usize),
    /// It ends, and there is none.
    Unknown,
}

/// What to do with a SUBSCRIBE in `dialog` from a watcher at `contact`, which `ends` (Expires 0) or
/// not.
pub fn plan<'w>(
    known: impl IntoIterator<Item = Known<'w>>,
    contact: &[u8],
    dialog: &Dialog<'_>,
    ends: bool,
) -> Plan {
    let mut by_contact = None;
    for (at, one) in known.into_iter().enumerate() {
        let same_contact = identity::same(one.contact, contact);
        if one.dialog == *dialog {
            return match (ends, same_contact) {
                (true, _) => Plan::End(at),
                (false, true) => Plan::Refresh(at),
                (false, false) => Plan::Move(at),
            };
        }
        if same_contact && by_contact.is_none() {
            by_contact = Some(at);
        }
    }
    match (by_contact, ends) {
        (Some(at), true) => Plan::End(at),
        (Some(at), false) => Plan::Replace(at),
        (None, true) => Plan::Unknown,
        (None, false) => Plan::Add,
    }
}

/// The numbers that are stored with a new subscription: of its requests, for the CSeq of the
/// SUBSCRIBE, and of its documents, the first of which gets the number `first_version`.
///
/// The first NOTIFY has the CSeq of the SUBSCRIBE and three more, as the C module counts.
pub fn first_numbers(cseq: u32, first_version: i32) -> (u32, i32) {
    // Our numbers are ours: one that comes near the end of the range starts again.
    const MOST: u32 = 1 << 30;
    let cseq = if cseq < MOST { cseq } else { 0 };
    (cseq.saturating_add(1), first_version.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::{Known, Plan, first_numbers, plan};
    use crate::event::Dialog;

    const HERS: Dialog<'_> = Dialog { call_id: b"c", local_tag: b"l", remote_tag: b"r" };
    const OTHER: Dialog<'_> = Dialog { call_id: b"d", ..HERS };

    fn decided(contact: &str, dialog: &Dialog<'_>, ends: bool) -> Plan {
        let known = [
            Known { contact: b"sip:p@proxy", dialog: Dialog { call_id: b"p", ..HERS } },
            Known { contact: b"sip:a@h", dialog: HERS },
        ];
        plan(known, contact.as_bytes(), dialog, ends)
    }

    #[test]
    fn r59_r60_r61_a_subscription_goes_on_begins_anew_or_ends() {
        assert_eq!(decided("sip:a@h", &HERS, false), Plan::Refresh(1));
        assert_eq!(decided("SIP:A@h", &HERS, false), Plan::Refresh(1));
        assert_eq!(decided("sip:a@elsewhere", &HERS, false), Plan::Move(1));
        assert_eq!(decided("sip:a@h", &OTHER, false), Plan::Replace(1));
        assert_eq!(decided("sip:b@h", &OTHER, false), Plan::Add);
        assert_eq!(decided("sip:a@h", &HERS, true), Plan::End(1));
        assert_eq!(decided("sip:a@h", &OTHER, true), Plan::End(1));
        assert_eq!(decided("sip:b@h", &OTHER, true), Plan::Unknown);
        // The start of another contact is another contact.
        assert_eq!(decided("sip:a@", &OTHER, false), Plan::Add);
    }

    #[test]
    fn r58_the_first_notify_has_the_next_but_two_number() {
        let (cseq, version) = first_numbers(1, 0);
        // One for the event, one for the transaction.
        assert_eq!((cseq + 2, version + 1), (4, 0));
        assert_eq!(first_numbers(1, 2), (2, 1));
        assert_eq!(first_numbers(u32::MAX, 0), (1, -1));
        assert_eq!(first_numbers(0, i32::MIN).1, i32::MIN);
    }
}
