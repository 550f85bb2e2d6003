//! Laws: what is written is read back, and nothing that is read does harm.

#[cfg(test)]
mod laws {
    use proptest::prelude::*;
    use reginfo::{
        BadDocument, Contact, Document, Event, Extent, Kind, Limits, Registration, State, Writer,
        parse, publish,
    };

    /// Characters that XML can hold, those with a meaning of their own more often than others.
    fn legal() -> impl Strategy<Value = char> {
        prop_oneof![
            4 => prop::sample::select(&['<', '>', '&', '"', '\'', ';', ']', '%', '\n', '\r', '\t'][..]),
            8 => prop::char::range(' ', '~'),
            2 => prop::char::range('\u{A0}', '\u{D7FF}'),
            1 => prop::char::range('\u{10000}', '\u{10FFFF}'),
        ]
    }

    fn text() -> impl Strategy<Value = String> {
        prop::collection::vec(legal(), 0..40).prop_map(|chars| chars.into_iter().collect())
    }

    /// As [`text`], without blanks around it: those do not belong to a URI.
    fn trimmed() -> impl Strategy<Value = String> {
        text().prop_map(|text| text.trim().to_owned())
    }

    fn named() -> impl Strategy<Value = String> {
        trimmed().prop_filter("an address is not empty", |text| !text.is_empty())
    }

    fn event() -> impl Strategy<Value = Event> {
        prop::sample::select(&[Event::Registered, Event::Shortened, Event::Rejected][..])
    }

    fn contact() -> impl Strategy<Value = Contact> {
        let state = prop::sample::select(&[State::Active, State::Terminated][..]);
        let numbers = (any::<u64>(), any::<Option<u64>>(), any::<Option<u64>>());
        let texts = (text(), prop::option::of(text()), prop::option::of(text()), named());
        let unknown = prop::collection::vec((text(), trimmed()), 0..3);
        let rest = (any::<Option<u32>>(), prop::option::of(trimmed()), unknown);
        (state, event(), numbers, texts, rest).prop_map(|(state, event, numbers, texts, rest)| {
            let (expires, retry_after, duration_registered) = numbers;
            let (id, q, callid, uri) = texts;
            let (cseq, display_name, unknown) = rest;
            let uris = vec![uri];
            Contact {
                id,
                state,
                event,
                expires,
                retry_after,
                duration_registered,
                q,
                callid,
                cseq,
                uris,
                display_name,
                unknown,
            }
        })
    }

    fn registration() -> impl Strategy<Value = Registration> {
        let states = [Some(State::Init), Some(State::Active), Some(State::Terminated), None];
        let state = prop::sample::select(states.to_vec());
        let contacts = prop::collection::vec(contact(), 0..4);
        (named(), text(), state, contacts).prop_map(|(aor, id, state, contacts)| Registration {
            aor,
            id,
            state,
            contacts,
        })
    }

    fn document() -> impl Strategy<Value = Document> {
        let extent = prop::sample::select(&[Extent::Full, Extent::Partial][..]);
        let registrations = prop::collection::vec(registration(), 0..4);
        (any::<u32>(), extent, registrations).prop_map(|(version, extent, registrations)| {
            Document {
                version: Some(version),
                extent: Some(extent),
                registrations,
                skipped: Vec::new(),
            }
        })
    }

    fn write(document: &Document) -> Vec<u8> {
        let mut writer = Writer::new(document.version.unwrap(), document.extent.unwrap()).unwrap();
        for registration in &document.registrations {
            let (aor, id) = (registration.aor.as_bytes(), registration.id.as_bytes());
            let mut open = writer.registration(aor, id, registration.state).unwrap();
            for contact in &registration.contacts {
                open.contact(&contact.told(), contact.parameters()).unwrap();
            }
        }
        writer.finish().unwrap()
    }

    fn read(body: &[u8]) -> Result<Document, BadDocument> {
        parse(body, Kind::Publish, &Limits::default())
    }

    fn config(cases: u32) -> ProptestConfig {
        ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
    }

    proptest! {
        #![proptest_config(config(300))]

        #[test]
        fn what_is_written_is_read_back(document in document()) {
            prop_assert_eq!(read(&write(&document)), Ok(document));
        }

        #[test]
        fn any_bytes_are_published_as_one_contact(
            aor in prop::collection::vec(any::<u8>(), 1..200),
            contact in prop::collection::vec(any::<u8>(), 1..3000),
        ) {
            let body = publish(&aor, &contact).unwrap();
            // No text of theirs can begin or end an element.
            prop_assert_eq!(body.iter().filter(|byte| **byte == b'<').count(), 9);
            match read(&body) {
                Ok(document) => prop_assert!(document.registrations.len() <= 1),
                // Escaping makes it longer, up to six times.
                Err(reason) => prop_assert_eq!(reason, BadDocument::LongTag),
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&body);
        }

        #[test]
        fn any_damage_is_read_or_refused(
            document in document(),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        ) {
            let mut body = write(&document);
            for (at, byte) in damage {
                let at = at.index(body.len());
                body[at] = byte;
            }
            let _ = read(&body);
        }
    }

    #[test]
    fn a_document_of_many_contacts_is_written_and_read() {
        let mut writer = Writer::new(1, Extent::Full).unwrap();
        let mut open =
            writer.registration(b"sip:alice@ims.test", b"a", Some(State::Active)).unwrap();
        let contact = Contact {
            id: "c".into(),
            state: State::Active,
            event: Event::Registered,
            expires: 600,
            retry_after: None,
            duration_registered: None,
            q: None,
            callid: None,
            cseq: None,
            uris: vec!["sip:alice@192.0.2.1:5060;transport=tcp".into()],
            display_name: None,
            unknown: Vec::new(),
        };
        for _ in 0..1000 {
            open.contact(&contact.told(), contact.parameters()).unwrap();
        }
        let body = writer.finish().unwrap();
        let document = parse(&body, Kind::Notify, &Limits::default()).unwrap();
        assert_eq!(document.registrations[0].contacts.len(), 1000);
        assert_eq!(document.registrations[0].contacts[999], contact);
    }
}
