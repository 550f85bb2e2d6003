//! The element `contact`.

use super::node::{self, Attributes, Element};
use super::{Skipped, Why};
use crate::{Contact, Event, State};
use libxml::readonly::RoNode;

/// Reads a contact of the registration of `aor`.
///
/// # Errors
///
/// It does not say what became of which URI, or until when.
pub(super) fn read(node: RoNode, aor: &str) -> Result<Contact, Skipped> {
    let attributes = Attributes::of(node);
    let element = Element { attributes: &attributes, what: "contact", of: aor };
    let event = element.value("event", "an event of rfc 3680", Event::read)?;
    let seconds = |text: &str| text.trim().parse::<u64>().ok();
    let expires = element.value("expires", "a number of seconds", seconds)?;
    let named = |name: &str| State::read(name).filter(|state| *state != State::Init);
    let state = element.value("state", "active or terminated", named)?;
    let uris: Vec<String> =
        node::children(node, "uri").map(node::text).filter(|uri| !uri.is_empty()).collect();
    if uris.is_empty() {
        return Err(element.skipped(Why::Missing("uri")));
    }
    let unknown = node::children(node, "unknown-param")
        .map(|param| (Attributes::of(param).text("name").unwrap_or_default(), node::text(param)));
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
        display_name: node::children(node, "display-name").next().map(node::text),
        unknown: unknown.collect(),
    })
}
