//! What a PUBLISH ends: a proxy tells that contacts are registered no more.

use reginfo::{Document, Event, State};

/// A contact that a PUBLISH ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End<'d> {
    /// Address of record of the registration.
    pub aor: &'d str,
    /// The contact.
    pub uri: &'d str,
}

/// Why a document says nothing that can be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No registration in it could be read; says why of the first.
    #[error("the document has no registration that can be used: {0}")]
    Nothing(String),
    /// Its registrations tell of no contact.
    #[error("the document has no contact that can be used")]
    NoContact,
    /// Whole registrations are not ended by PUBLISH.
    #[error("registration of {0:?} is terminated, must be active with terminated contacts")]
    Terminated(String),
}

/// The contacts that `document` ends; none if all it tells of are active. Registrations whose
/// address of record is not `known` are passed over.
///
/// # Errors
///
/// [`Refusal`]
pub fn ends<'d>(
    document: &'d Document,
    mut known: impl FnMut(&str) -> bool,
) -> Result<Vec<End<'d>>, Refusal> {
    let (mut ends, mut told, mut terminated) = (Vec::new(), false, None);
    for registration in &document.registrations {
        let aor = registration.aor.as_str();
        if registration.state == Some(State::Terminated) {
            terminated = terminated.or(Some(aor));
            continue;
        }
        if !known(aor) {
            continue;
        }
        for contact in registration.contacts.iter().filter(|contact| is_published(contact.event)) {
            told = true;
            if contact.state == State::Terminated {
                ends.extend(contact.uris.iter().map(|uri| End { aor, uri }));
            }
        }
    }
    match (told, terminated, document.skipped.first()) {
        (true, _, _) => Ok(ends),
        (_, Some(aor), _) => Err(Refusal::Terminated(aor.to_owned())),
        (_, _, Some(skipped)) => Err(Refusal::Nothing(skipped.to_string())),
        _ if document.registrations.is_empty() => Err(Refusal::Nothing("there is none".to_owned())),
        _ => Err(Refusal::NoContact),
    }
}

/// The events that a proxy publishes.
const fn is_published(event: Event) -> bool {
    matches!(
        event,
        Event::Created
            | Event::Registered
            | Event::Refreshed
            | Event::Expired
            | Event::Terminated
            | Event::Unregistered
    )
}

#[cfg(test)]
mod tests {
    use super::{End, Refusal, ends};
    use reginfo::{Kind, Limits, parse};

    fn read(inner: &str) -> reginfo::Document {
        let text = format!("<reginfo version=\"0\" state=\"partial\">{inner}</reginfo>");
        parse(text.as_bytes(), Kind::Publish, &Limits::default()).unwrap()
    }

    fn contact(attributes: &str) -> String {
        format!(
            "<registration aor=\"sip:bob@ims.test\" id=\"1\"><contact id=\"2\" {attributes}>\
             <uri>sip:bob@h</uri></contact></registration>"
        )
    }

    #[test]
    fn r67_terminated_contacts_end() {
        for event in ["created", "registered", "refreshed", "expired", "terminated", "unregistered"]
        {
            let document =
                read(&contact(&format!("state=\"terminated\" event=\"{event}\" expires=\"0\"")));
            assert_eq!(
                ends(&document, |_| true),
                Ok(vec![End { aor: "sip:bob@ims.test", uri: "sip:bob@h" }]),
                "{event}"
            );
        }
        let active = read(&contact("state=\"active\" event=\"registered\" expires=\"9\""));
        assert_eq!(ends(&active, |_| true), Ok(vec![]));
    }

    #[test]
    fn r68_what_cannot_be_followed_is_refused() {
        for attributes in [
            "state=\"terminated\" event=\"unregistered\"",
            "state=\"terminated\" event=\"unregistered\" expires=\"-1\"",
            "state=\"init\" event=\"unregistered\" expires=\"0\"",
            "state=\"terminated\" event=\"new\" expires=\"0\"",
            "event=\"unregistered\" expires=\"0\"",
        ] {
            let result = ends(&read(&contact(attributes)), |_| true).map(|ends| ends.len());
            assert!(matches!(result, Err(Refusal::Nothing(_))), "{attributes}");
        }
        let rejected = read(&contact("state=\"terminated\" event=\"rejected\" expires=\"0\""));
        assert_eq!(ends(&rejected, |_| true), Err(Refusal::NoContact));
        let good = contact("state=\"terminated\" event=\"unregistered\" expires=\"0\"");
        assert_eq!(ends(&read(&good), |_| false), Err(Refusal::NoContact));
        let whole = good.replace("id=\"1\"", "id=\"1\" state=\"terminated\"");
        assert_eq!(
            ends(&read(&whole), |_| true),
            Err(Refusal::Terminated("sip:bob@ims.test".to_owned()))
        );
        assert!(matches!(ends(&read(""), |_| true), Err(Refusal::Nothing(_))));
    }
}
