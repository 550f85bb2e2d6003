//! Document types, turned into XML schemas: libxml2 compiles those once, and holds documents against
//! them without a document type in the document.

use std::fmt::Write as _;

/// Why a text is no document type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadDtd {
    /// No element is declared.
    #[error("it declares no element")]
    NoElement,
    /// A declaration is never closed.
    #[error("a declaration has no end: {0:?}")]
    Open(String),
    /// Parameter entities are not followed.
    #[error("parameter entities are not supported: {0:?}")]
    Entity(String),
    /// The content of an element cannot be read.
    #[error("content of element {0:?}: {1}")]
    Content(String, &'static str),
}

const HEAD: &str =
    "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" elementFormDefault=\"unqualified\">";
const ANY_ATTRIBUTE: &str =
    "<xs:anyAttribute processContents=\"skip\"/></xs:complexType></xs:element>";

/// The schema that wants the elements of a document type.
///
/// # Errors
///
/// The text is no document type, or one with parameter entities.
pub(crate) fn to_xsd(text: &str) -> Result<String, BadDtd> {
    let mut out = HEAD.to_owned();
    let (mut rest, mut any) = (text, false);
    while let Some((_, declared)) = rest.split_once('<') {
        let end = if declared.starts_with("!--") { "-->" } else { ">" };
        let open = || BadDtd::Open(crate::node::shown(declared));
        let (declaration, after) = declared.split_once(end).ok_or_else(open)?;
        rest = after;
        if let Some(element) = declaration.strip_prefix("!ELEMENT") {
            any = true;
            element_of(element.trim(), &mut out)?;
        } else if declaration.starts_with("!ENTITY") && declaration.contains('%') {
            return Err(BadDtd::Entity(crate::node::shown(declaration)));
        }
    }
    out.push_str("</xs:schema>");
    if any { Ok(out) } else { Err(BadDtd::NoElement) }
}

/// One `name content`.
fn element_of(declaration: &str, out: &mut String) -> Result<(), BadDtd> {
    let bad = |why| BadDtd::Content(crate::node::shown(declaration), why);
    let at = declaration.find(|c: char| c.is_whitespace() || c == '(').unwrap_or(declaration.len());
    let (name, content) = declaration.split_at_checked(at).ok_or_else(|| bad("no name"))?;
    let content = content.trim();
    if !is_name(name) {
        return Err(bad("no name"));
    }
    if content.contains('%') {
        return Err(BadDtd::Entity(crate::node::shown(declaration)));
    }
    _ = write!(out, "<xs:element name=\"{name}\">");
    let mixed = content.contains("#PCDATA");
    match content {
        "EMPTY" => out.push_str("<xs:complexType>"),
        "ANY" => out.push_str(
            "<xs:complexType mixed=\"true\"><xs:sequence><xs:any processContents=\"lax\" \
             minOccurs=\"0\" maxOccurs=\"unbounded\"/></xs:sequence>",
        ),
        _ if mixed => {
            out.push_str("<xs:complexType mixed=\"true\"><xs:choice minOccurs=\"0\" maxOccurs=\"unbounded\">");
            let inner = content.trim_end_matches('*').trim_matches(['(', ')']);
            for name in inner.split('|').map(str::trim).filter(|name| *name != "#PCDATA") {
                if !is_name(name) {
                    return Err(bad("mixed content must be (#PCDATA|name|...)*"));
                }
                _ = write!(out, "<xs:element ref=\"{name}\"/>");
            }
            out.push_str("</xs:choice>");
        }
        _ => {
            out.push_str("<xs:complexType>");
            children(content, out).map_err(bad)?;
        }
    }
    out.push_str(ANY_ATTRIBUTE);
    Ok(())
}

/// A group that is being read: where its text starts, and what stands between its parts.
struct Group {
    start: usize,
    between: Option<char>,
}

/// A content of elements, `(a,(b|c)*,d?)`.
fn children(content: &str, out: &mut String) -> Result<(), &'static str> {
    let mut open: Vec<Group> = Vec::new();
    let mut rest = content;
    let mut wants_part = true;
    loop {
        rest = rest.trim_start();
        let Some(next) = rest.chars().next() else { break };
        match next {
            '(' if wants_part => {
                open.push(Group { start: out.len(), between: None });
                rest = rest.get(1..).unwrap_or("");
            }
            ')' if !wants_part => {
                let group = open.pop().ok_or("')' without '('")?;
                let (occurs, after) = occurs(rest.get(1..).unwrap_or(""));
                rest = after;
                let kind = if group.between == Some('|') { "choice" } else { "sequence" };
                out.insert_str(group.start, &format!("<xs:{kind}{occurs}>"));
                _ = write!(out, "</xs:{kind}>");
                if open.is_empty() {
                    break;
                }
            }
            ',' | '|' if !wants_part => {
                let group = open.last_mut().ok_or("a separator outside of '(...)'")?;
                if *group.between.get_or_insert(next) != next {
                    return Err("',' and '|' in one group");
                }
                wants_part = true;
                rest = rest.get(1..).unwrap_or("");
            }
            _ if wants_part && !open.is_empty() => {
                let end = rest.find(|c: char| !is_name_char(c)).unwrap_or(rest.len());
                let (name, after) = rest.split_at_checked(end).unwrap_or(("", rest));
                if !is_name(name) {
                    return Err("must be made of names");
                }
                let (occurs, after) = occurs(after);
                _ = write!(out, "<xs:element ref=\"{name}\"{occurs}/>");
                (rest, wants_part) = (after, false);
            }
            _ => return Err("must be EMPTY, ANY or (...)"),
        }
    }
    if open.is_empty() && rest.trim().is_empty() && !wants_part {
        Ok(())
    } else {
        Err("'(' without ')'")
    }
}

/// How often a part may be there.
fn occurs(rest: &str) -> (&'static str, &str) {
    let after = rest.get(1..).unwrap_or("");
    match rest.chars().next() {
        Some('?') => (" minOccurs=\"0\"", after),
        Some('*') => (" minOccurs=\"0\" maxOccurs=\"unbounded\"", after),
        Some('+') => (" maxOccurs=\"unbounded\"", after),
        _ => ("", rest),
    }
}

fn is_name(text: &str) -> bool {
    text.chars().all(is_name_char)
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

#[cfg(test)]
mod tests {
    use super::{BadDtd, to_xsd};

    #[test]
    fn a_declaration_becomes_an_element() {
        let xsd = to_xsd("<!-- <x> --><!ELEMENT a (b, (c|d)*, e?)>\n<!ATTLIST a x CDATA #IMPLIED>")
            .unwrap();
        let inner = "<xs:element name=\"a\"><xs:complexType><xs:sequence><xs:element ref=\"b\"/>\
                     <xs:choice minOccurs=\"0\" maxOccurs=\"unbounded\"><xs:element ref=\"c\"/>\
                     <xs:element ref=\"d\"/></xs:choice><xs:element ref=\"e\" minOccurs=\"0\"/></xs:sequence>";
        assert!(xsd.contains(inner), "{xsd}");
        assert!(to_xsd("<!ELEMENT a (#PCDATA)><!ELEMENT b EMPTY><!ELEMENT c ANY>").is_ok());
    }

    #[test]
    fn what_is_no_document_type_is_refused() {
        assert_eq!(to_xsd(""), Err(BadDtd::NoElement));
        for text in [
            "<!ELEMENT a",
            "<!ELEMENT a (b",
            "<!ELEMENT a (b,c|d)>",
            "<!ELEMENT a b>",
            "<!ELEMENT (b)>",
            "<!ELEMENT a (b,)>",
            "<!ELEMENT a ()>",
            "<!ELEMENT a (b))>",
            "<!ELEMENT a (b)(c)>",
            "<!ELEMENT a>",
            "<!ELEMENT a (%b;)>",
            "<!ENTITY % b \"c\"><!ELEMENT a (b)>",
        ] {
            assert!(to_xsd(text).is_err(), "{text}");
        }
        let deep = format!("<!ELEMENT a {}b{}>", "(".repeat(1000), ")".repeat(1000));
        assert!(to_xsd(&deep).is_ok(), "groups are counted, not called");
    }
}
