//! Writing documents: element by element, in the layout that libxml2 gives them.

use crate::escape::{Place, push, push_text};
use crate::{Event, Extent, State};
use std::collections::TryReserveError;

/// A document that is being written. All its functions fail only for lack of memory.
#[derive(Debug)]
pub struct Writer {
    text: Vec<u8>,
    tag: Tag,
    layout: &'static Layout,
}

/// What stands before the tags. Readers do not care; people who compare captures do.
#[derive(Debug)]
struct Layout {
    registration: &'static [u8],
    contact: &'static [u8],
    inner: &'static [u8],
    unknown: &'static [u8],
}

/// Two blanks a level.
static BLANKS: Layout =
    Layout { registration: b"  ", contact: b"    ", inner: b"      ", unknown: b"      " };

/// Tabs, and one less before `unknown-param`, as S-CSCFs in the field write it.
static TABS: Layout =
    Layout { registration: b"\t", contact: b"\t\t", inner: b"\t\t\t", unknown: b"\t\t" };

/// How far the innermost registration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag {
    /// `<reginfo` is not closed yet.
    Root,
    /// There is none.
    Outside,
    /// `<registration` is not closed yet.
    Start,
    /// It has contacts.
    Inside,
}

/// One contact of a registration. Texts may have any bytes; what XML cannot hold is written as in a
/// URI (`%01`).
#[derive(Clone, Copy, Debug)]
pub struct Told<'t> {
    /// Its name in the registration, see [`crate::id`].
    pub id: &'t [u8],
    /// Active or terminated.
    pub state: State,
    /// What brought it there.
    pub event: Event,
    /// Seconds that it has left.
    pub expires: Option<u64>,
    /// Seconds until it should try again.
    pub retry_after: Option<u64>,
    /// Seconds since it was registered.
    pub duration_registered: Option<u64>,
    /// Preference, 0 to 1 with up to three digits.
    pub q: Option<&'t [u8]>,
    /// Call-ID of the REGISTER that brought it there.
    pub callid: Option<&'t [u8]>,
    /// `CSeq` of that REGISTER.
    pub cseq: Option<u32>,
    /// Its URI.
    pub uri: &'t [u8],
    /// Display name of the Contact.
    pub display_name: Option<&'t [u8]>,
}

impl Writer {
    /// A document with a number.
    ///
    /// # Errors
    ///
    /// Out of memory.
    pub fn new(version: u32, extent: Extent) -> Result<Self, TryReserveError> {
        Self::start(version, extent, &BLANKS)
    }

    /// A document with a number, in the layout of NOTIFYs.
    ///
    /// # Errors
    ///
    /// Out of memory.
    pub fn tabbed(version: u32, extent: Extent) -> Result<Self, TryReserveError> {
        Self::start(version, extent, &TABS)
    }

    fn start(
        version: u32,
        extent: Extent,
        layout: &'static Layout,
    ) -> Result<Self, TryReserveError> {
        const START: &[u8] =
            b"<?xml version=\"1.0\"?>\n<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\"";
        let mut writer = Self { text: Vec::new(), tag: Tag::Root, layout };
        push(&mut writer.text, START)?;
        writer.attribute(" version=\"", version.to_string().as_bytes())?;
        writer.attribute(" state=\"", extent.name().as_bytes())?;
        Ok(writer)
    }

    /// The next registration; it lasts until the next one or the end of the document.
    ///
    /// # Errors
    ///
    /// Out of memory.
    pub fn registration(
        &mut self,
        aor: &[u8],
        id: &[u8],
        state: Option<State>,
    ) -> Result<Open<'_>, TryReserveError> {
        self.close()?;
        push(&mut self.text, self.layout.registration)?;
        push(&mut self.text, b"<registration")?;
        self.tag = Tag::Start;
        self.attribute(" aor=\"", aor)?;
        self.attribute(" id=\"", id)?;
        if let Some(state) = state {
            self.attribute(" state=\"", state.name().as_bytes())?;
        }
        Ok(Open { writer: self })
    }

    /// The text of the document.
    ///
    /// # Errors
    ///
    /// Out of memory.
    pub fn finish(mut self) -> Result<Vec<u8>, TryReserveError> {
        let empty = self.tag == Tag::Root;
        if !empty {
            self.close()?;
        }
        push(&mut self.text, if empty { b"/>\n" } else { b"</reginfo>\n" })?;
        Ok(self.text)
    }

    /// Ends what is open, up to the inside of the document.
    fn close(&mut self) -> Result<(), TryReserveError> {
        let (before, end): (&[u8], &[u8]) = match self.tag {
            Tag::Root => (b"", b">\n"),
            Tag::Outside => (b"", b""),
            Tag::Start => (b"", b"/>\n"),
            Tag::Inside => (self.layout.registration, b"</registration>\n"),
        };
        self.tag = Tag::Outside;
        push(&mut self.text, before)?;
        push(&mut self.text, end)
    }

    /// `start` has the name and the first quote.
    fn attribute(&mut self, start: &str, value: &[u8]) -> Result<(), TryReserveError> {
        push(&mut self.text, start.as_bytes())?;
        push_text(&mut self.text, value, Place::Attribute)?;
        push(&mut self.text, b"\"")
    }

    fn number(&mut self, start: &str, value: Option<u64>) -> Result<(), TryReserveError> {
        value.map_or(Ok(()), |value| self.attribute(start, value.to_string().as_bytes()))
    }

    /// `start` and `end` are the tags.
    fn element(&mut self, start: &str, value: &[u8], end: &str) -> Result<(), TryReserveError> {
        push(&mut self.text, self.layout.inner)?;
        push(&mut self.text, start.as_bytes())?;
        push_text(&mut self.text, value, Place::Element)?;
        push(&mut self.text, end.as_bytes())
    }
}

/// A registration that is being written.
#[derive(Debug)]
pub struct Open<'w> {
    writer: &'w mut Writer,
}

impl Open<'_> {
    /// Its next contact, with the parameters that have no place of their own (name and value).
    ///
    /// # Errors
    ///
    /// Out of memory.
    pub fn contact<'p>(
        &mut self,
        contact: &Told<'_>,
        unknown: impl IntoIterator<Item = (&'p [u8], &'p [u8])>,
    ) -> Result<(), TryReserveError> {
        let writer = &mut *self.writer;
        if writer.tag == Tag::Start {
            push(&mut writer.text, b">\n")?;
            writer.tag = Tag::Inside;
        }
        push(&mut writer.text, writer.layout.contact)?;
        push(&mut writer.text, b"<contact")?;
        writer.attribute(" id=\"", contact.id)?;
        writer.attribute(" state=\"", contact.state.name().as_bytes())?;
        writer.attribute(" event=\"", contact.event.name().as_bytes())?;
        writer.number(" expires=\"", contact.expires)?;
        writer.number(" retry-after=\"", contact.retry_after)?;
        writer.number(" duration-registered=\"", contact.duration_registered)?;
        for (start, value) in [(" q=\"", contact.q), (" callid=\"", contact.callid)] {
            value.map_or(Ok(()), |value| writer.attribute(start, value))?;
        }
        writer.number(" cseq=\"", contact.cseq.map(u64::from))?;
        push(&mut writer.text, b">\n")?;
        writer.element("<uri>", contact.uri, "</uri>\n")?;
        if let Some(name) = contact.display_name {
            writer.element("<display-name>", name, "</display-name>\n")?;
        }
        for (name, value) in unknown {
            push(&mut writer.text, writer.layout.unknown)?;
            push(&mut writer.text, b"<unknown-param")?;
            writer.attribute(" name=\"", name)?;
            push(&mut writer.text, b">")?;
            push_text(&mut writer.text, value, Place::Element)?;
            push(&mut writer.text, b"</unknown-param>\n")?;
        }
        push(&mut writer.text, writer.layout.contact)?;
        push(&mut writer.text, b"</contact>\n")
    }
}

#[cfg(test)]
mod tests {
    use super::{Told, Writer};
    use crate::{Event, Extent, State};

    #[test]
    fn a_full_document_tells_everything() {
        let mut writer = Writer::new(7, Extent::Full).unwrap();
        let mut alice = writer.registration(b"sip:alice@h", b"a", Some(State::Active)).unwrap();
        let contact = Told {
            id: b"1",
            state: State::Active,
            event: Event::Registered,
            expires: Some(3600),
            retry_after: Some(1),
            duration_registered: Some(2),
            q: Some(b"0.5"),
            callid: Some(b"c\"@h"),
            cseq: Some(9),
            uri: b"sip:alice@192.0.2.1;a=b&c",
            display_name: Some(b"A <B>"),
        };
        let unknown = [(&b"+sip.instance"[..], &b"\"<urn:uuid:1>\""[..]), (b"ob", b"")];
        alice.contact(&contact, unknown).unwrap();
        let least = Told {
            expires: None,
            retry_after: None,
            duration_registered: None,
            q: None,
            callid: None,
            cseq: None,
            display_name: None,
            ..contact
        };
        alice.contact(&least, []).unwrap();
        writer.registration(b"tel:+1", b"b", Some(State::Init)).unwrap();
        let text = String::from_utf8(writer.finish().unwrap()).unwrap();
        assert_eq!(
            text,
            r#"<?xml version="1.0"?>
<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="7" state="full">
  <registration aor="sip:alice@h" id="a" state="active">
    <contact id="1" state="active" event="registered" expires="3600" retry-after="1" duration-registered="2" q="0.5" callid="c&quot;@h" cseq="9">
      <uri>sip:alice@192.0.2.1;a=b&amp;c</uri>
      <display-name>A &lt;B&gt;</display-name>
      <unknown-param name="+sip.instance">"&lt;urn:uuid:1&gt;"</unknown-param>
      <unknown-param name="ob"></unknown-param>
    </contact>
    <contact id="1" state="active" event="registered">
      <uri>sip:alice@192.0.2.1;a=b&amp;c</uri>
    </contact>
  </registration>
  <registration aor="tel:+1" id="b" state="init"/>
</reginfo>
"#
        );
    }

    #[test]
    fn a_document_may_be_empty() {
        let text = Writer::new(0, Extent::Partial).unwrap().finish().unwrap();
        assert!(text.ends_with(b"version=\"0\" state=\"partial\"/>\n"));
    }
}
