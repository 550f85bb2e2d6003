//! Where in a document something is, for errors; and the elements of an element.

use super::BadUserData;
use xml_read::{Node, node::shown};

/// An element and those around it.
pub(super) struct Place<'p> {
    around: Option<&'p Place<'p>>,
    node: Node<'p>,
    /// Its number among those of its name, from 0; `None` when there is but one.
    number: Option<usize>,
}

impl<'p> Place<'p> {
    /// That of the outermost element.
    pub(super) fn root(node: Node<'p>) -> Self {
        Place { around: None, node, number: None }
    }

    /// That of an element in this one.
    pub(super) fn of<'c>(&'c self, node: Node<'c>) -> Place<'c> {
        Place { around: Some(self), node, number: None }
    }

    /// That of the next one of its name in this one, after `before` others.
    pub(super) fn at<'c>(&'c self, node: Node<'c>, before: usize) -> Place<'c> {
        Place { around: Some(self), node, number: Some(before) }
    }

    /// An error about it.
    pub(super) fn bad(&self, what: &str) -> BadUserData {
        BadUserData::Element(self.path(), what.to_owned())
    }

    /// An error about its text.
    pub(super) fn value(&self, text: &str, allowed: &str) -> BadUserData {
        self.bad(&format!("is {:?}, must be {allowed}", shown(text)))
    }

    fn path(&self) -> String {
        let mut parts = Vec::new();
        let mut at = Some(self);
        while let Some(place) = at {
            let number = place
                .number
                .map_or_else(String::new, |number| format!("[{}]", number.saturating_add(1)));
            parts.push(format!("{}{number}", shown(&place.node.name())));
            at = place.around;
        }
        parts.reverse();
        parts.join("/")
    }
}

/// The elements in an element, and those of its extensions as if they stood there, with their names
/// in lower case.
pub(super) fn members<'t>(node: Node<'t>) -> impl Iterator<Item = (Node<'t>, String)> + use<'t> {
    // How many extensions are open around `next`.
    let (mut next, mut depth) = (node.first(), 0_usize);
    std::iter::from_fn(move || {
        loop {
            let child = next?;
            let mut name = child.name();
            name.make_ascii_lowercase();
            let inner = if name == "extension" { child.first() } else { None };
            if inner.is_some() {
                depth = depth.saturating_add(1);
                next = inner;
                continue;
            }
            next = behind(child, &mut depth);
            if name != "extension" {
                return Some((child, name));
            }
        }
    })
}

/// The element behind `node`, or behind the nearest extension around it that has one.
fn behind<'t>(node: Node<'t>, depth: &mut usize) -> Option<Node<'t>> {
    let mut at = node;
    loop {
        if let Some(next) = at.next() {
            return Some(next);
        }
        *depth = depth.checked_sub(1)?;
        at = at.parent()?;
    }
}
