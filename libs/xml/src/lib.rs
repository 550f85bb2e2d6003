//! XML documents of others, read with libxml2: no file and no network is touched, no document type
//! and so no entity is allowed, nothing is mended, and size and depth are bounded.
//!
//! The library libxml2 of a process is shared with other modules that use it: it is initialised
//! once, never cleaned up, and its error handler is put back after each document.
#![forbid(unsafe_code)]

mod dtd;
pub mod node;
pub mod schema;

pub use node::Node;
pub use schema::{BadSchema, Schema};

use libxml::{
    error::StructuredError,
    parser::{Parser, ParserOptions, XmlParseFailure},
    tree::Document,
};

/// How large a document may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of its text.
    pub bytes: usize,
    /// Elements in each other, at most 255.
    pub depth: usize,
    /// Bytes between two `<`: a tag and the text behind it.
    pub tag: usize,
}

/// The most `=` between two `<`. The time that libxml2 takes for a tag grows with the square of its
/// attributes.
const MOST_ATTRIBUTES: usize = 1024;

/// Blanks behind a document, which mean nothing there. When less than 250 bytes are left libxml2 looks
/// for more input at every tag, and that costs more than all else it does with a small document.
const PADDING: [u8; 256] = [b' '; 256];

/// Why a text is no document. Of the text itself it repeats nothing but what the parser names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadXml {
    /// Too long.
    #[error("document has {0} bytes, must have at most {1}")]
    Long(usize, usize),
    /// Not UTF-8, or a byte of 0, which is no text.
    #[error("document is not utf-8 at byte {0}")]
    NotUtf8(usize),
    /// It has a document type. Nobody needs one, and entities could make much out of little.
    #[error("document has a document type, must have none")]
    Doctype,
    /// Too much between two tags.
    #[error("document has more than {0} bytes, or {MOST_ATTRIBUTES} attributes, between two '<'")]
    LongTag(usize),
    /// Not well-formed.
    #[error("document is not well-formed xml: line {line}, {message}")]
    Xml {
        /// Line of the first error; 0 when it is not known.
        line: i32,
        /// What libxml2 says of it.
        message: String,
    },
    /// Too deep.
    #[error("document has more than {0} elements in each other")]
    Deep(usize),
    /// No element.
    #[error("document has no element")]
    Empty,
}

/// A document that was read.
pub struct Tree(Document);

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tree(..)")
    }
}

impl Tree {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// It is none, or beyond the limits.
    pub fn read(text: &[u8], limits: &Limits) -> Result<Self, BadXml> {
        check(text, limits)?;
        let tree = Self(parse(text)?);
        let root = tree.root().ok_or(BadXml::Empty)?;
        if root.walk().any(|(_, depth)| depth > limits.depth) {
            return Err(BadXml::Deep(limits.depth));
        }
        Ok(tree)
    }

    /// The outermost element.
    pub fn root(&self) -> Option<Node<'_>> {
        self.0.get_root_readonly().map(|root| Node::of(self, root))
    }
}

/// Reads a text that [`check`] let through, or that comes from a file of the operator.
fn parse(text: &[u8]) -> Result<Document, BadXml> {
    let options = ParserOptions {
        recover: false,
        no_net: true,
        no_def_dtd: true,
        // What `check` looked at is what is read, whatever the document says of its encoding; and
        // without bytes of 0, which it refused, nothing looks like UTF-16.
        ignore_enc: true,
        // Errors are collected; these two would not print, but hide them from later versions.
        no_error: false,
        no_warning: false,
        ..ParserOptions::default()
    };
    let mut padded = Vec::with_capacity(text.len().saturating_add(PADDING.len()));
    padded.extend_from_slice(text);
    padded.extend_from_slice(&PADDING);
    let read = Parser::default().parse_string_with_diagnostics(&padded, options);
    read.map(|(tree, _)| tree).map_err(|failure| bad(&failure))
}

/// What is cheaper and safer to see before a parser does.
fn check(text: &[u8], limits: &Limits) -> Result<(), BadXml> {
    if text.len() > limits.bytes {
        return Err(BadXml::Long(text.len(), limits.bytes));
    }
    if let Err(error) = std::str::from_utf8(text) {
        return Err(BadXml::NotUtf8(error.valid_up_to()));
    }
    if text.contains(&0) {
        let at = text.iter().position(|byte| *byte == 0).unwrap_or(0);
        return Err(BadXml::NotUtf8(at));
    }
    for piece in text.split(|byte| *byte == b'<') {
        if piece.starts_with(b"!DOCTYPE") {
            return Err(BadXml::Doctype);
        }
        let attributes = || piece.iter().filter(|byte| **byte == b'=').count();
        if piece.len() > limits.tag
            || (piece.len() > MOST_ATTRIBUTES && attributes() > MOST_ATTRIBUTES)
        {
            return Err(BadXml::LongTag(limits.tag));
        }
    }
    Ok(())
}

fn bad(failure: &XmlParseFailure) -> BadXml {
    let errors = match failure {
        XmlParseFailure::ParseFailed(errors) => errors.as_slice(),
        _ => &[],
    };
    let line = errors.first().and_then(|error| error.line).unwrap_or(0);
    BadXml::Xml { line, message: node::shown(failure.to_string().trim()) }
}

/// The first of several errors, as a short text.
fn first(errors: &[StructuredError]) -> String {
    let first = errors.first();
    let message = first.and_then(|error| error.message.as_deref()).unwrap_or("no reason given");
    let line = first.and_then(|error| error.line).unwrap_or(0);
    format!("line {line}, {}", node::shown(message.trim()))
}

#[cfg(test)]
mod tests;
