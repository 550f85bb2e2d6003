//! Registration state documents of the event package `reg` (RFC 3680): what a registrar tells in a
//! NOTIFY, and what a proxy publishes.
//!
//! They are read by libxml2, strictly, through the crate `xml-read`; what it built is copied into
//! values of ours ([`parse`]). They are written by a small writer of our own
//! ([`Writer`], [`publish`]), which escapes everything and reports a lack of memory.
#![forbid(unsafe_code)]

mod document;
mod escape;
mod id;
mod parse;
mod publish;
mod write;

pub use document::{Contact, Document, Event, Extent, Registration, State};
pub use id::id;
pub use parse::{BadDocument, Kind, Limits, Skipped, parse};
pub use publish::publish;
pub use write::{Open, Told, Writer};

/// MIME type of the documents.
pub const CONTENT_TYPE: &str = "application/reginfo+xml";
