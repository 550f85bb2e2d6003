//! What happened, as a note that waits for the process that tells the watchers.

use super::codec::{In, Out};
use super::{Cause, Dialog, Watcher};

/// Something that happened to a registration. All events of one set of identities are told by one
/// process, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'n> {
    /// What.
    pub cause: Cause,
    /// The domain of the location store.
    pub domain: &'n [u8],
    /// The identity that the request named.
    pub identity: &'n [u8],
    /// All identities of the set as far as they are known; the store is asked for the others.
    pub identities: Vec<&'n [u8]>,
    /// The contacts that it happened to.
    pub contacts: Vec<Contact<'n>>,
    /// Who is told.
    pub only: Only<'n>,
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Only<'n> {
    /// All watchers of the set in the store.
    Everyone,
    /// The watchers of the identity itself: it happens to each identity of the set in turn.
    Identity,
    /// The watcher with this dialog.
    Dialog(Dialog<'n>),
    /// Watchers that are not in the store any more, with the numbers of their last NOTIFY.
    Gone(Vec<Watcher>),
}

/// A contact that something happened to, with all that is told of it: it may be gone when the note
/// is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact<'n> {
    /// Its URI.
    pub uri: &'n [u8],
    /// Preference in thousandths; negative: none.
    pub q: i32,
    /// Call-ID of its REGISTER; empty: not known.
    pub call_id: &'n [u8],
    /// `CSeq` of its REGISTER.
    pub cseq: u32,
    /// The parameters of its Contact header.
    pub params: Vec<(&'n [u8], &'n [u8])>,
}

impl<'n> Note<'n> {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Out::default();
        out.byte(self.cause.number());
        out.number(self.cause.retry_after());
        out.text(self.domain);
        out.text(self.identity);
        out.count(self.identities.len());
        for identity in &self.identities {
            out.text(identity);
        }
        out.count(self.contacts.len());
        for contact in &self.contacts {
            contact.encode(&mut out);
        }
        match &self.only {
            Only::Everyone => out.byte(0),
            Only::Identity => out.byte(3),
            Only::Dialog(dialog) => {
                out.byte(1);
                for text in [dialog.call_id, dialog.local_tag, dialog.remote_tag] {
                    out.text(text);
                }
            }
            Only::Gone(watchers) => {
                out.byte(2);
                out.count(watchers.len());
                for watcher in watchers {
                    watcher.encode(&mut out);
                }
            }
        }
        out.0
    }

    /// The note that `bytes` are; nothing if they are none.
    pub fn decode(bytes: &'n [u8]) -> Option<Self> {
        let mut input = In(bytes);
        let (cause, retry_after) = (input.byte()?, input.number()?);
        let cause = Cause::from_number(cause, retry_after)?;
        let (domain, identity) = (input.text()?, input.text()?);
        let identities = input.list(In::text)?;
        let contacts = input.list(Contact::decode)?;
        let only = match input.byte()? {
            0 => Only::Everyone,
            1 => Only::Dialog(Dialog {
                call_id: input.text()?,
                local_tag: input.text()?,
                remote_tag: input.text()?,
            }),
            3 => Only::Identity,
            2 => Only::Gone(input.list(Watcher::decode)?),
            _ => return None,
        };
        input.0.is_empty().then_some(Self { cause, domain, identity, identities, contacts, only })
    }

    /// One note for `older` and this one, if it tells everybody what both do: a document says
    /// everything that is registered, so only what ended must not be forgotten, and who is told.
    /// Nothing if both are needed, or if one for both is longer than `most` bytes.
    pub fn with_older(&self, older: &Note<'_>, most: usize) -> Option<Vec<u8>> {
        if self.domain != older.domain {
            return None;
        }
        let contacts: &[Contact<'_>] = match (&self.only, &older.only) {
            (Only::Everyone, Only::Everyone) | (Only::Identity, Only::Identity)
                if self.identity == older.identity && self.cause.tells_with(older.cause) =>
            {
                &older.contacts
            }
            (Only::Dialog(one), Only::Dialog(other)) if one == other => &[],
            // Who is gone is found no more by what waits.
            (Only::Gone(watchers), Only::Dialog(other)) => {
                watchers.iter().find(|watcher| watcher.dialog() == *other)?;
                &[]
            }
            _ => return None,
        };
        let known = |uri: &[u8]| self.contacts.iter().any(|contact| contact.uri == uri);
        let more = contacts.iter().filter(|contact| !known(contact.uri));
        let contacts = more.chain(&self.contacts).cloned().collect();
        let both = Note { contacts, ..self.clone() }.encode();
        (both.len() <= most).then_some(both)
    }
}

impl<'n> Contact<'n> {
    fn encode(&self, out: &mut Out) {
        out.text(self.uri);
        out.number(self.q.cast_unsigned());
        out.text(self.call_id);
        out.number(self.cseq);
        out.count(self.params.len());
        for (name, body) in &self.params {
            out.text(name);
            out.text(body);
        }
    }

    fn decode(input: &mut In<'n>) -> Option<Self> {
        Some(Self {
            uri: input.text()?,
            q: input.number()?.cast_signed(),
            call_id: input.text()?,
            cseq: input.number()?,
            params: input.list(|input| Some((input.text()?, input.text()?)))?,
        })
    }
}

impl Watcher {
    fn encode(&self, out: &mut Out) {
        for text in self.texts() {
            out.text(text);
        }
        out.long(self.expires);
        out.number(self.cseq);
        out.number(self.version.cast_unsigned());
    }

    fn decode(input: &mut In<'_>) -> Option<Self> {
        let mut text = || input.text().map(Into::into);
        Some(Self {
            presentity: text()?,
            uri: text()?,
            contact: text()?,
            call_id: text()?,
            local_tag: text()?,
            remote_tag: text()?,
            routes: text()?,
            socket: text()?,
            expires: input.long()?,
            cseq: input.number()?,
            version: input.number()?.cast_signed(),
        })
    }

    fn texts(&self) -> [&[u8]; 8] {
        [
            &self.presentity,
            &self.uri,
            &self.contact,
            &self.call_id,
            &self.local_tag,
            &self.remote_tag,
            &self.routes,
            &self.socket,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::{Contact, Note, Only};
    use crate::event::{Cause, Dialog, Watcher};
    use proptest::prelude::{any, proptest};

    fn note(only: Only<'_>) -> Note<'_> {
        Note {
            cause: Cause::Probation(30),
            domain: b"location",
            identity: b"sip:bob@ims.test",
            identities: vec![b"sip:bob@ims.test", b"tel:+1001", b""],
            contacts: vec![
                Contact {
                    uri: b"sip:bob@h",
                    q: -1,
                    call_id: b"c",
                    cseq: u32::MAX,
                    params: vec![(b"+sip.instance", b"<urn:x>"), (b"ob", b"")],
                },
                Contact::default(),
            ],
            only,
        }
    }

    #[test]
    fn a_note_is_read_as_it_was_written() {
        let watcher = Watcher {
            presentity: "sip:bob@ims.test".into(),
            socket: "udp:127.0.0.1:5060".into(),
            expires: i64::MIN,
            cseq: 7,
            version: -1,
            ..Watcher::default()
        };
        let dialog = Dialog { call_id: b"a", local_tag: b"b", remote_tag: b"" };
        for only in [
            Only::Everyone,
            Only::Identity,
            Only::Dialog(dialog),
            Only::Gone(vec![]),
            Only::Gone(vec![watcher, Watcher::default()]),
        ] {
            let note = note(only);
            let bytes = note.encode();
            assert_eq!(Note::decode(&bytes), Some(note));
            for end in 0..bytes.len() {
                assert_eq!(Note::decode(&bytes[..end]), None, "{end}");
            }
        }
    }

    /// What is left of `older` when `newer` comes behind it.
    fn one_for(older: &Note<'_>, newer: &Note<'_>) -> Option<Vec<u8>> {
        newer.with_older(older, 4096)
    }

    #[test]
    fn r_76_one_note_tells_what_two_did() {
        let of = |cause, uri| Note {
            cause,
            contacts: vec![Contact { uri, ..Contact::default() }],
            ..note(Only::Everyone)
        };
        let (one, two) = (of(Cause::Expired, b"sip:1"), of(Cause::Expired, b"sip:2"));
        let both = one_for(&one, &two).unwrap();
        let uris: Vec<_> = Note::decode(&both).unwrap().contacts.iter().map(|it| it.uri).collect();
        assert_eq!(uris, [b"sip:1", b"sip:2"]);
        assert_eq!(one_for(&one, &one).as_deref(), Some(&*one.encode()));
        let registered = of(Cause::Registered, b"sip:1");
        assert!(one_for(&registered, &of(Cause::Refreshed, b"sip:1")).is_some());
        // What ended is told as what it was, and nobody but the same people hear it.
        assert_eq!(one_for(&one, &registered), None);
        assert_eq!(one_for(&registered, &one), None);
        assert_eq!(one_for(&of(Cause::Rejected, b"sip:1"), &one), None);
        assert_eq!(one_for(&one, &Note { identity: b"sip:eve@h", ..two.clone() }), None);
        assert_eq!(one_for(&one, &Note { domain: b"other", ..two.clone() }), None);
        assert_eq!(one_for(&one, &Note { only: Only::Identity, ..two.clone() }), None);
        assert_eq!(two.with_older(&one, both.len() - 1), None);
    }

    #[test]
    fn r_76_a_watcher_needs_one_note() {
        let dialog = Dialog { call_id: b"c", local_tag: b"l", remote_tag: b"r" };
        let hers = |call_id| Dialog { call_id, ..dialog };
        let subscribed = |dialog| Note {
            cause: Cause::Subscribed,
            contacts: Vec::new(),
            ..note(Only::Dialog(dialog))
        };
        let again = subscribed(dialog);
        assert_eq!(one_for(&again, &again), Some(again.encode()));
        assert_eq!(one_for(&subscribed(hers(b"d")), &again), None);
        let watcher = Watcher {
            call_id: "c".into(),
            local_tag: "l".into(),
            remote_tag: "r".into(),
            ..Watcher::default()
        };
        let gone = note(Only::Gone(vec![watcher]));
        assert_eq!(one_for(&again, &gone), Some(gone.encode()));
        assert_eq!(one_for(&subscribed(hers(b"d")), &gone), None);
        assert_eq!(one_for(&gone, &again), None);
    }

    proptest! {
        #[test]
        fn bytes_that_are_no_note_are_nothing(bytes: Vec<u8>, cause in 0_u8..10, count in any::<u32>()) {
            let _nothing_happens = Note::decode(&bytes);
            let mut long = vec![cause];
            long.extend_from_slice(&[0; 12]);
            long.extend_from_slice(&count.to_ne_bytes());
            long.extend_from_slice(&bytes);
            let _nothing_happens = Note::decode(&long);
        }
    }
}
