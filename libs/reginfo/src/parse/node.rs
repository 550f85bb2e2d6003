//! Elements and attributes by their names, without case and prefix.

use super::{Skipped, Why};
use libxml::readonly::RoNode;
use std::iter::successors;
use std::str::FromStr;

/// Whether `node` is the element `name`. A prefix that stands for nothing stays in the name.
pub(super) fn is(node: RoNode, name: &str) -> bool {
    let full = node.get_name();
    full.rsplit(':').next().is_some_and(|local| local.eq_ignore_ascii_case(name))
}

/// The elements `name` directly in `parent`.
pub(super) fn children(parent: RoNode, name: &str) -> impl Iterator<Item = RoNode> {
    successors(parent.get_first_element_child(), RoNode::get_next_element_sibling)
        .filter(move |node| is(*node, name))
}

/// The attributes of an element, read once: each reading takes the time of all of them.
pub(super) struct Attributes(Vec<(String, String)>);

impl Attributes {
    pub(super) fn of(node: RoNode) -> Self {
        let mut all: Vec<_> = node.get_properties().into_iter().collect();
        all.sort();
        Self(all)
    }

    /// The attribute `name`: as it is written here if there is one, else the first in the order of
    /// names that only differs in case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let exact = self.0.iter().find(|(other, _)| other == name);
        let found =
            exact.or_else(|| self.0.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)));
        found.map(|(_, value)| value.as_str())
    }

    /// As [`Attributes::get`], as a text of its own.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// The attribute `name`, if it is there and a number.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.trim().parse().ok()
    }
}

/// The text in `node`, without blanks around it.
pub(super) fn text(node: RoNode) -> String {
    node.get_content().trim().to_owned()
}

/// Up to 80 characters of foreign text for a log line.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut shown: String = chars.by_ref().take(MOST).collect();
    if chars.next().is_some() {
        shown.push_str("...");
    }
    shown
}

/// An element that is read, for the reasons that it cannot be used.
pub(super) struct Element<'t> {
    pub(super) attributes: &'t Attributes,
    pub(super) what: &'static str,
    pub(super) of: &'t str,
}

impl Element<'_> {
    /// What `read` makes of the attribute `name`, which must be there and be one of `allowed`.
    pub(super) fn value<T>(
        &self,
        name: &'static str,
        allowed: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Skipped> {
        let text = self.attributes.get(name).ok_or_else(|| self.skipped(Why::Missing(name)))?;
        read(text).ok_or_else(|| self.skipped(Why::Value(name, shown(text), allowed)))
    }

    pub(super) fn skipped(&self, why: Why) -> Skipped {
        Skipped { what: self.what, of: shown(self.of), why }
    }
}
