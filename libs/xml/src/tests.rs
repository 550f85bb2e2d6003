use super::{BadSchema, BadXml, Limits, Schema, Tree};
use std::{io::Write as _, path::Path};

const LIMITS: Limits = Limits { bytes: 65536, depth: 4, tag: 4096 };

fn read(text: &str) -> Result<Tree, BadXml> {
    Tree::read(text.as_bytes(), &LIMITS)
}

#[test]
fn elements_are_found_without_case_and_prefix() {
    let tree =
        read("<x:A xmlns:x='u'><!-- c --><b N='1' n='2'> t </b><q:B/>t<C><b/></C></x:A>").unwrap();
    let root = tree.root().unwrap();
    assert_eq!((root.name().as_str(), root.is("a")), ("A", true));
    assert_eq!(root.children("B").count(), 2);
    let first = root.children("b").next().unwrap();
    assert_eq!(first.text(), "t");
    assert_eq!(first.attributes().number::<u8>("N"), Some(1));
    assert_eq!(root.walk().map(|(_, depth)| depth).collect::<Vec<_>>(), [1, 2, 2, 2, 3]);
}

#[test]
fn what_is_no_document_is_refused_with_a_reason() {
    for text in ["", "x", "<a>", "<a></b>", "<a><a/>", "<a b='1' b='2'/>", "<a>&x;</a>"] {
        let why = read(text).unwrap_err();
        assert!(matches!(why, BadXml::Xml { .. } | BadXml::Empty), "{text}: {why:?}");
        assert!(why.to_string().len() < 200);
    }
    // What is read behind a document closes nothing that is open at its end.
    for open in [
        "<!--",
        "<!-",
        "<!",
        "<",
        "<!-- x",
        "<!-- x -",
        "<!-- x --",
        "<?x",
        "<?x y ?",
        "<![CDATA[",
        "x",
    ] {
        assert!(matches!(read(&format!("<a/>{open}")), Err(BadXml::Xml { .. })), "{open}");
    }
    for closed in ["<!---->", "<!-- x -->", "<?x?>", " \r\n\t"] {
        assert!(read(&format!("<a/>{closed}")).is_ok(), "{closed}");
    }
    assert_eq!(read("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>").unwrap_err(), BadXml::Doctype);
    assert_eq!(read("<a><a><a><a><a/></a></a></a></a>").unwrap_err(), BadXml::Deep(4));
    assert_eq!(Tree::read(b"<a>\xff</a>", &LIMITS).unwrap_err(), BadXml::NotUtf8(3));
    // What says of itself that it is something else is read as what it is, too.
    let utf16: Vec<u8> = "<a/>".bytes().flat_map(|byte| [byte, 0]).collect();
    assert_eq!(Tree::read(&utf16, &LIMITS).unwrap_err(), BadXml::NotUtf8(1));
    let latin = read("<?xml version='1.0' encoding='ISO-8859-1'?><a>\u{e9}</a>").unwrap();
    assert_eq!(latin.root().unwrap().text(), "\u{e9}");
    let long = format!("<a b='{}'/>", "x".repeat(5000));
    assert_eq!(read(&long).unwrap_err(), BadXml::LongTag(4096));
    let many: String = (0..1100).map(|n| format!("a{n}=''")).collect();
    assert!(matches!(read(&format!("<a {many}/>")), Err(BadXml::LongTag(_))));
    assert!(matches!(read(&"<a/>".repeat(20_000)), Err(BadXml::Long(..))));
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

const XSD: &str = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='a'>\
    <xs:complexType><xs:sequence><xs:element name='b' type='xs:int' maxOccurs='2'/></xs:sequence>\
    </xs:complexType></xs:element></xs:schema>";

#[test]
fn documents_are_held_against_a_schema() {
    let held = |schema: &Schema, text: &str| schema.validate(&read(text).unwrap());
    let xsd = file(XSD);
    let schema = Schema::xsd(xsd.path()).unwrap();
    assert_eq!(held(&schema, "<a><b>1</b></a>"), Ok(()));
    let why = held(&schema, "<a><b>x</b></a>").unwrap_err();
    assert!(why.starts_with("line 1, ") && why.contains("xs:int"), "{why}");
    assert_eq!(held(&schema, "<a><b>1</b><b>2</b></a>"), Ok(()), "after a bad one");
    let dtd = file("<!ELEMENT a (b+)><!ELEMENT b (#PCDATA)>");
    let schema = Schema::dtd(dtd.path()).unwrap();
    assert_eq!(held(&schema, "<a x='1'><b>x</b><b/></a>"), Ok(()));
    for text in ["<a/>", "<a><c/></a>", "<a>x<b/></a>", "<c/>"] {
        assert!(held(&schema, text).is_err(), "{text}");
    }
}

#[test]
fn what_is_no_schema_is_refused_at_the_start() {
    assert!(matches!(Schema::xsd(Path::new("/nowhere/x.xsd")), Err(BadSchema::Unreadable(..))));
    assert!(matches!(Schema::dtd(Path::new("/nowhere/x.dtd")), Err(BadSchema::Unreadable(..))));
    for text in ["", "<a/>", "no xml"] {
        let file = file(text);
        assert!(matches!(Schema::xsd(file.path()), Err(BadSchema::NoSchema(..))), "{text}");
        assert!(matches!(Schema::dtd(file.path()), Err(BadSchema::NoDocumentType(..))), "{text}");
    }
}
