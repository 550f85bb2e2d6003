//! Any bytes are a registration document or are refused with a short reason; what is read can be
//! written, and is read again, alike. What is published of any bytes is one contact.
#![no_main]

use reginfo::{BadDocument, Document, Extent, Kind, Limits, Writer, parse, publish};

fn read(body: &[u8]) -> Result<Document, BadDocument> {
    parse(body, Kind::Publish, &Limits::default())
}

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    match read(body) {
        Ok(document) => {
            assert!(document.skipped.iter().all(|reason| reason.to_string().len() < 1000));
            again(document);
        }
        Err(reason) => assert!(reason.to_string().len() < 500),
    }
    let (aor, contact) = body.split_at(body.len() / 2);
    let published = publish(aor, contact).expect("memory is there");
    assert_eq!(published.iter().filter(|byte| **byte == b'<').count(), 9);
    if let Ok(document) = read(&published) {
        assert!(document.registrations.iter().all(|registration| registration.contacts.len() <= 1));
    }
});

fn again(mut document: Document) {
    let mut writer = Writer::new(7, Extent::Full).expect("memory is there");
    for registration in &mut document.registrations {
        let (aor, id) = (registration.aor.as_bytes(), registration.id.as_bytes());
        let mut open = writer.registration(aor, id, registration.state).expect("memory is there");
        for contact in &mut registration.contacts {
            // By the schema there is one, and only one is written.
            contact.uris.truncate(1);
            open.contact(&contact.told(), contact.parameters()).expect("memory is there");
        }
    }
    let written = writer.finish().expect("memory is there");
    match read(&written) {
        Ok(read) => assert_eq!(read.registrations, document.registrations),
        // Escaped it may be longer than allowed.
        Err(reason) => assert!(matches!(reason, BadDocument::LongTag | BadDocument::Long(..))),
    }
}
