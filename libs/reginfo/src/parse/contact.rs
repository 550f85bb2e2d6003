//! The element `contact`.

use super::node::Element;
use super::{Skipped, Why};
use crate::{Contact, Event, State};
use xml_read::Node;

/// Reads a contact of the registration of `aor`.
///
/// # Errors
///
/// It does not say what became of which URI, or until when.
pub(super) fn read(node: Node<'_>, aor: &str) -> Result<Contact, Skipped> {
    let attributes = node.attributes();
    let element = Element { attributes: &attributes, what: "contact", of: aor };
    let event = element.value("event", "an event of rfc 3680", Event::read)?;
    let seconds = |text: &str| text.trim().parse::<u64>().ok();
    let expires = element.value("expires", "a number of seconds", seconds)?;
    let named = |name: &str| State::read(name).filter(|state| *state != State::Init);
    let state = element.value("state", "active or terminated", named)?;
    let uris: Vec<String> =
        node.children("uri").map(Node::text).filter(|uri| !uri.is_empty()).collect();
    if uris.is_empty() {
        return Err(element.skipped(Why::Missing("uri")));
    }
    let unknown = node
        .children("unknown-param")
        .map(|param| (param.attributes().text("name").unwrap_or_default(), param.text()));
    Ok(Contact {
        id: attributes.text("id").unwrap_or_default(),
        state,
        event,
        expires,
        retry_after: attributes.number("retry-after"),
        duration_registered: attributes.number("duration-registered"),
        q: attributes.text("q"),
        callid: attributes.text("callid"),
        cseq: attributes.number("cseq"),
        uris,
        display_name: node.children("display-name").next().map(Node::text),
        unknown: unknown.collect(),
    })
}
