//! Elements and attributes by their names, without case and prefix.

use crate::Tree;
use libxml::readonly::RoNode;
use std::{iter::successors, marker::PhantomData, str::FromStr};

/// An element of a document.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    node: RoNode,
    tree: PhantomData<&'t Tree>,
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}>", self.name())
    }
}

impl<'t> Node<'t> {
    /// An element of `tree`, which outlives it.
    pub(crate) fn of(_: &'t Tree, node: RoNode) -> Self {
        Self { node, tree: PhantomData }
    }

    fn beside(self, node: RoNode) -> Self {
        Self { node, ..self }
    }

    /// Its name without prefix. A prefix that stands for nothing is left out, too.
    pub fn name(self) -> String {
        let mut full = self.node.get_name();
        if let Some(colon) = full.rfind(':') {
            full.drain(..=colon);
        }
        full
    }

    /// Whether it is called that, in any case.
    pub fn is(self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// The first element directly in it.
    pub fn first(self) -> Option<Self> {
        self.node.get_first_element_child().map(|node| self.beside(node))
    }

    /// The next element beside it.
    pub fn next(self) -> Option<Self> {
        self.node.get_next_element_sibling().map(|node| self.beside(node))
    }

    /// The element around it.
    pub fn parent(self) -> Option<Self> {
        let parent = self.node.get_parent().filter(|node| node.is_element_node());
        parent.map(|node| self.beside(node))
    }

    /// The elements directly in it.
    pub fn elements(self) -> impl Iterator<Item = Node<'t>> {
        successors(self.first(), |node| node.next())
    }

    /// The elements of a name directly in it.
    pub fn children(self, name: &str) -> impl Iterator<Item = Node<'t>> {
        self.elements().filter(move |node| node.is(name))
    }

    /// The text in it, without blanks around it.
    pub fn text(self) -> String {
        let text = self.node.get_content();
        match text.trim() {
            trimmed if trimmed.len() == text.len() => text,
            trimmed => trimmed.to_owned(),
        }
    }

    /// All elements from this one on in the order of the document, with their depth: 1 is this one.
    pub fn walk(self) -> impl Iterator<Item = (Node<'t>, usize)> {
        let step = |(at, depth): &(Self, usize)| at.follow(*depth);
        successors(Some((self, 1)), step)
    }

    /// The element behind this one, which is the first in it, the next beside it, or the next beside
    /// the nearest one around it that has one.
    fn follow(self, depth: usize) -> Option<(Self, usize)> {
        if let Some(child) = self.node.get_first_element_child() {
            return Some((self.beside(child), depth.saturating_add(1)));
        }
        let (mut at, mut depth) = (self.node, depth);
        while depth > 1 {
            if let Some(next) = at.get_next_element_sibling() {
                return Some((self.beside(next), depth));
            }
            at = at.get_parent()?;
            depth = depth.saturating_sub(1);
        }
        None
    }

    /// Its attributes.
    pub fn attributes(self) -> Attributes {
        let mut all: Vec<_> = self.node.get_properties().into_iter().collect();
        all.sort();
        Attributes(all)
    }
}

/// The attributes of an element, read once: each reading takes the time of all of them.
#[derive(Clone, Debug)]
pub struct Attributes(Vec<(String, String)>);

impl Attributes {
    /// The attribute `name`: as it is written here if there is one, else the first in the order of
    /// names that only differs in case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let exact = self.0.iter().find(|(other, _)| other == name);
        let found =
            exact.or_else(|| self.0.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)));
        found.map(|(_, value)| value.as_str())
    }

    /// As [`Attributes::get`], as a text of its own.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// The attribute `name`, if it is there and a number.
    pub fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.trim().parse().ok()
    }
}

/// Up to 80 characters of foreign text for a log line.
pub fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut shown: String = chars.by_ref().take(MOST).collect();
    if chars.next().is_some() {
        shown.push_str("...");
    }
    shown
}
