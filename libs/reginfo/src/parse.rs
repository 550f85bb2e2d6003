//! Reading documents.

use crate::{Document, Extent};
use std::fmt;
use xml_read::{BadXml, Node, Tree};

mod contact;
mod node;
mod registration;

/// How large a document may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of its text.
    pub bytes: usize,
    /// Elements in each other, at most 255.
    pub depth: usize,
}

impl Default for Limits {
    /// A document of some hundred contacts.
    fn default() -> Self {
        Self { bytes: 256 * 1024, depth: 16 }
    }
}

/// What a document is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The body of a NOTIFY: a registration must have a state.
    Notify,
    /// The body of a PUBLISH: it may have none.
    Publish,
}

/// Why a text is no document. Of the text itself it repeats nothing but what the parser names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDocument {
    /// Too long.
    #[error("body has {0} bytes, must have at most {1}")]
    Long(usize, usize),
    /// Not UTF-8.
    #[error("body is not utf-8 at byte {0}")]
    NotUtf8(usize),
    /// It has a document type. Nobody needs one, and entities could make much out of little.
    #[error("body has a document type, must have none")]
    Doctype,
    /// Too much between two tags.
    #[error("body has more than {MAX_TAG} bytes between two '<'")]
    LongTag,
    /// Not well-formed.
    #[error("body is not well-formed xml: line {line}, {message}")]
    Xml {
        /// Line of the first error; 0 when it is not known.
        line: i32,
        /// What libxml2 says of it.
        message: String,
    },
    /// Too deep.
    #[error("body has more than {0} elements in each other")]
    Deep(usize),
    /// Nothing that could be used.
    #[error("body has no reginfo element")]
    NoReginfo,
}

/// Something in a document that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    what: &'static str,
    of: String,
    why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    Missing(&'static str),
    Value(&'static str, String, &'static str),
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, of, why } = self;
        match why {
            Why::Missing(name) => write!(f, "{what} of {of:?} has no {name}"),
            Why::Value(name, value, allowed) => {
                write!(f, "{name} of {what} of {of:?} is {value:?}, must be {allowed}")
            }
        }
    }
}

/// The most bytes between two `<`, which is a tag and the text behind it.
const MAX_TAG: usize = 8192;

impl From<BadXml> for BadDocument {
    fn from(bad: BadXml) -> Self {
        match bad {
            BadXml::Long(bytes, most) => Self::Long(bytes, most),
            BadXml::NotUtf8(at) => Self::NotUtf8(at),
            BadXml::Doctype => Self::Doctype,
            BadXml::LongTag(_) => Self::LongTag,
            BadXml::Xml { line, message } => Self::Xml { line, message },
            BadXml::Deep(most) => Self::Deep(most),
            BadXml::Empty => Self::NoReginfo,
        }
    }
}

/// Reads a document. Names of elements and attributes count without case and prefix, `reginfo` may
/// stand at any depth. What cannot be used of it is in [`Document::skipped`].
///
/// # Errors
///
/// The text is no such document, or beyond the limits. An empty body is not one, either.
pub fn parse(body: &[u8], kind: Kind, limits: &Limits) -> Result<Document, BadDocument> {
    let Limits { bytes, depth } = *limits;
    let tree = Tree::read(body, &xml_read::Limits { bytes, depth, tag: MAX_TAG })?;
    let mut nodes = tree.root().ok_or(BadDocument::NoReginfo)?.walk();
    let reginfo = nodes.find(|(node, _)| node.is("reginfo")).ok_or(BadDocument::NoReginfo)?.0;
    Ok(read(reginfo, kind))
}

fn read(reginfo: Node<'_>, kind: Kind) -> Document {
    let attributes = reginfo.attributes();
    let mut document = Document {
        version: attributes.number("version"),
        extent: attributes.get("state").and_then(Extent::read),
        ..Document::default()
    };
    for node in reginfo.children("registration") {
        match registration::read(node, kind, &mut document.skipped) {
            Ok(registration) => document.registrations.push(registration),
            Err(skipped) => document.skipped.push(skipped),
        }
    }
    document
}

#[cfg(test)]
mod tests;
