//! What a proxy publishes when it ends a registration.

use crate::{Event, Extent, State, Told, Writer, id};
use std::collections::TryReserveError;

/// The document that tells that `contact` of `aor` was unregistered. Its number is 0: whoever sends
/// it counts.
///
/// # Errors
///
/// Out of memory.
pub fn publish(aor: &[u8], contact: &[u8]) -> Result<Vec<u8>, TryReserveError> {
    let mut writer = Writer::new(0, Extent::Partial)?;
    let mut registration = writer.registration(aor, id(aor).as_bytes(), None)?;
    let name = id(contact);
    let ended = Told {
        id: name.as_bytes(),
        state: State::Terminated,
        event: Event::Unregistered,
        expires: Some(0),
        retry_after: None,
        duration_registered: None,
        q: None,
        callid: None,
        cseq: None,
        uri: contact,
        display_name: None,
    };
    registration.contact(&ended, [])?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::publish;
    use crate::{Kind, Limits, id, parse};

    #[test]
    fn ur1_the_document_is_as_captured_but_for_its_ids() {
        let (aor, contact) = ("sip:alice@ims.test", "sip:alice@127.0.0.1:22100");
        let text = String::from_utf8(publish(aor.as_bytes(), contact.as_bytes()).unwrap()).unwrap();
        assert_eq!(
            text.replace(&id(aor.as_bytes()), "0x1").replace(&id(contact.as_bytes()), "0x2"),
            r#"<?xml version="1.0"?>
<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="partial">
  <registration aor="sip:alice@ims.test" id="0x1">
    <contact id="0x2" state="terminated" event="unregistered" expires="0">
      <uri>sip:alice@127.0.0.1:22100</uri>
    </contact>
  </registration>
</reginfo>
"#
        );
    }

    #[test]
    fn a_uri_of_any_length_and_with_any_character_arrives() {
        let contact = format!("sip:a&b@h;x=\"<>\";y={}", "z".repeat(3000));
        let text = publish(b"sip:alice@ims.test", contact.as_bytes()).unwrap();
        let document = parse(&text, Kind::Publish, &Limits::default()).unwrap();
        assert_eq!(document.registrations[0].contacts[0].uris, [contact]);
    }
}
