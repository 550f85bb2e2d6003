//! Reading documents.

use crate::{Document, Extent};
use libxml::parser::{Parser, ParserOptions, XmlParseFailure};
use libxml::readonly::RoNode;
use std::fmt;

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

/// The most bytes between two `<`, which is a tag and the text behind it. The time that libxml2
/// takes for a tag grows with the square of its attributes.
const MAX_TAG: usize = 8192;

/// Reads a document. Names of elements and attributes count without case and prefix, `reginfo` may
/// stand at any depth. What cannot be used of it is in [`Document::skipped`].
///
/// # Errors
///
/// The text is no such document, or beyond the limits. An empty body is not one, either.
pub fn parse(body: &[u8], kind: Kind, limits: &Limits) -> Result<Document, BadDocument> {
    check(body, limits)?;
    let options = ParserOptions {
        recover: false,
        no_net: true,
        no_def_dtd: true,
        // What `check` looked at is what is read, whatever the document says of its encoding.
        encoding: Some("UTF-8"),
        ignore_enc: true,
        // Errors are collected; these two would not print, but hide them from later versions.
        no_error: false,
        no_warning: false,
        ..ParserOptions::default()
    };
    // The nodes below point into `tree`, which lives until the end of this function.
    let (tree, _) = Parser::default()
        .parse_string_with_diagnostics(body, options)
        .map_err(|failure| bad(&failure))?;
    let root = tree.get_root_readonly().ok_or(BadDocument::NoReginfo)?;
    let reginfo = find(root, limits.depth)?.ok_or(BadDocument::NoReginfo)?;
    Ok(read(reginfo, kind))
}

/// What is cheaper and safer to see before a parser does.
fn check(body: &[u8], limits: &Limits) -> Result<(), BadDocument> {
    if body.len() > limits.bytes {
        return Err(BadDocument::Long(body.len(), limits.bytes));
    }
    if let Err(error) = std::str::from_utf8(body) {
        return Err(BadDocument::NotUtf8(error.valid_up_to()));
    }
    for piece in body.split(|byte| *byte == b'<') {
        if piece.starts_with(b"!DOCTYPE") {
            return Err(BadDocument::Doctype);
        }
        if piece.len() > MAX_TAG {
            return Err(BadDocument::LongTag);
        }
    }
    Ok(())
}

fn bad(failure: &XmlParseFailure) -> BadDocument {
    let first = match failure {
        XmlParseFailure::ParseFailed(errors) => errors.first(),
        _ => None,
    };
    let line = first.and_then(|error| error.line).unwrap_or(0);
    BadDocument::Xml { line, message: node::shown(failure.to_string().trim()) }
}

/// The first `reginfo` in the order of the document. Looks at all elements, so that none is deeper
/// than allowed.
fn find(root: RoNode, limit: usize) -> Result<Option<RoNode>, BadDocument> {
    let mut found = None;
    let (mut at, mut depth) = (root, 1_usize);
    loop {
        if depth > limit {
            return Err(BadDocument::Deep(limit));
        }
        if found.is_none() && node::is(at, "reginfo") {
            found = Some(at);
        }
        if let Some(child) = at.get_first_element_child() {
            (at, depth) = (child, depth.saturating_add(1));
            continue;
        }
        // The next element behind this one, or behind the nearest one around it that has a next.
        loop {
            if let Some(next) = at.get_next_element_sibling() {
                at = next;
                break;
            }
            depth = depth.saturating_sub(1);
            match at.get_parent() {
                Some(parent) if depth > 0 => at = parent,
                _ => return Ok(found),
            }
        }
    }
}

fn read(reginfo: RoNode, kind: Kind) -> Document {
    let attributes = node::Attributes::of(reginfo);
    let mut document = Document {
        version: attributes.number("version"),
        extent: attributes.get("state").and_then(Extent::read),
        ..Document::default()
    };
    for node in node::children(reginfo, "registration") {
        match registration::read(node, kind, &mut document.skipped) {
            Ok(registration) => document.registrations.push(registration),
            Err(skipped) => document.skipped.push(skipped),
        }
    }
    document
}

#[cfg(test)]
mod tests;
