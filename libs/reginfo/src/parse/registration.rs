//! The element `registration`.

use super::node::Element;
use super::{Kind, Skipped, Why, contact};
use crate::{Registration, State};
use xml_read::Node;

/// Reads a registration; what cannot be used of its contacts goes to `skipped`.
///
/// # Errors
///
/// It has no address of record or no state, and is of no use.
pub(super) fn read(
    node: Node<'_>,
    kind: Kind,
    skipped: &mut Vec<Skipped>,
) -> Result<Registration, Skipped> {
    let attributes = node.attributes();
    let aor = attributes.get("aor").unwrap_or_default().trim().to_owned();
    let element = Element { attributes: &attributes, what: "registration", of: &aor };
    if aor.is_empty() {
        return Err(element.skipped(Why::Missing("aor")));
    }
    let state = match kind {
        Kind::Publish if attributes.get("state").is_none() => None,
        _ => Some(element.value("state", "init, active or terminated", State::read)?),
    };
    let id = attributes.text("id").unwrap_or_default();
    let mut contacts = Vec::new();
    for node in node.children("contact") {
        match contact::read(node, &aor) {
            Ok(contact) => contacts.push(contact),
            Err(reason) => skipped.push(reason),
        }
    }
    Ok(Registration { aor, id, state, contacts })
}
