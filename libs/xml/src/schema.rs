//! Schemas that documents are held against.

use crate::{Tree, dtd, first, node::shown, parse};
use libxml::schemas::{SchemaParserContext, SchemaValidationContext};
use std::{cell::RefCell, fs, path::Path};

/// Why a file is no schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSchema {
    /// It cannot be read.
    #[error("schema {0:?}: {1}")]
    Unreadable(String, String),
    /// It is no XML schema.
    #[error("schema {0:?} is no xml schema: {1}")]
    NoSchema(String, String),
    /// It is no document type.
    #[error("schema {0:?} is no document type: {1}")]
    NoDocumentType(String, String),
}

/// A schema, compiled once.
pub struct Schema {
    file: String,
    compiled: RefCell<SchemaValidationContext>,
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Schema({:?})", self.file)
    }
}

impl Schema {
    /// The XML schema (XSD) in `file`, with the files that it includes.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is none.
    pub fn xsd(file: &Path) -> Result<Self, BadSchema> {
        let name = named(file)?;
        // Read once before: of what is no document at all libxml2 would tell the terminal.
        let readable = fs::read(file).map_err(|why| why.to_string());
        let whole = readable.and_then(|text| parse(&text).map_err(|why| why.to_string()));
        let compiled = whole.and_then(|_| compile(SchemaParserContext::from_file(&name)));
        let compiled = compiled.map_err(|why| BadSchema::NoSchema(name.clone(), why))?;
        Ok(Self { file: name, compiled: RefCell::new(compiled) })
    }

    /// The document type (DTD) in `file`: its elements. What it says of attributes and entities does
    /// not count, and neither does a document's own name space.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is none.
    pub fn dtd(file: &Path) -> Result<Self, BadSchema> {
        let name = named(file)?;
        let no_type = |why: String| BadSchema::NoDocumentType(name.clone(), why);
        let text = fs::read_to_string(file).map_err(|why| no_type(why.to_string()))?;
        let xsd = dtd::to_xsd(&text).map_err(|why| no_type(why.to_string()))?;
        let compiled = compile(SchemaParserContext::from_buffer(&xsd)).map_err(no_type)?;
        Ok(Self { file: name, compiled: RefCell::new(compiled) })
    }

    /// Whether a document is as the schema wants it.
    ///
    /// # Errors
    ///
    /// The first thing that is not.
    pub fn validate(&self, tree: &Tree) -> Result<(), String> {
        let mut compiled = self.compiled.borrow_mut();
        let held = compiled.validate_document(&tree.0).map_err(|errors| first(&errors));
        // What a failure leaves behind is not told of the next document.
        drop(compiled.drain_errors());
        held
    }
}

fn compile(mut parser: SchemaParserContext) -> Result<SchemaValidationContext, String> {
    SchemaValidationContext::from_parser(&mut parser).map_err(|errors| first(&errors))
}

/// The name of a file that can be read, as libxml2 takes it.
fn named(file: &Path) -> Result<String, BadSchema> {
    let unreadable =
        |why: &str| BadSchema::Unreadable(shown(&file.to_string_lossy()), why.to_owned());
    let name = file.to_str().filter(|name| !name.contains('\0'));
    let name = name.ok_or_else(|| unreadable("the name is no utf-8 text"))?;
    match fs::read(file) {
        Ok(text) if text.len() > 1 << 20 => Err(unreadable("more than 1 MiB")),
        Ok(_) => Ok(name.to_owned()),
        Err(why) => Err(unreadable(&why.to_string())),
    }
}
