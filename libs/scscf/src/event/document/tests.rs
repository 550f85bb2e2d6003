use super::{Bound, Change, Registration, Style, write};
use crate::event::Cause;
use crate::event::note::Contact;
use libxml::parser::Parser;
use libxml::schemas::{SchemaParserContext, SchemaValidationContext};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

const SCHEMA: &str = include_str!("../../../../reginfo/tests/reginfo.xsd");

fn assert_valid(document: &[u8]) {
    let text = std::str::from_utf8(document).unwrap();
    let tree = Parser::default().parse_string(text).unwrap();
    let mut schema = SchemaParserContext::from_buffer(SCHEMA);
    let mut check = SchemaValidationContext::from_parser(&mut schema)
        .unwrap_or_else(|errors| panic!("{} errors in the schema", errors.len()));
    if let Err(errors) = check.validate_document(&tree) {
        let messages: Vec<_> = errors.iter().map(|error| error.message.clone()).collect();
        panic!("{messages:?} in\n{text}");
    }
}

fn bob() -> Bound {
    Bound {
        uri: "sip:bob@192.0.2.1:5070".into(),
        left: Some(3600),
        q: 500,
        call_id: "call".into(),
        cseq: 7,
        params: vec![
            ("q".into(), "0.5".into()),
            ("expires".into(), "3600".into()),
            ("+sip.instance".into(), "<urn:uuid:1>".into()),
            ("video".into(), "".into()),
        ],
    }
}

fn set(contacts: &[Bound]) -> Vec<Registration> {
    let one = |aor: &str| Registration { aor: aor.into(), contacts: contacts.to_vec() };
    vec![one("sip:bob@ims.test"), one("tel:+1001")]
}

fn document(cause: Cause, contacts: &[Bound], changed: &[Contact<'_>]) -> String {
    let change = Change { cause, identity: b"sip:bob@ims.test", contacts: changed };
    let document = write(0, &set(contacts), &change, &Style::default()).unwrap();
    assert_valid(&document);
    String::from_utf8(document).unwrap()
}

fn changed(uri: &str) -> Contact<'_> {
    Contact { uri: uri.as_bytes(), q: -1, call_id: b"", cseq: 0, params: vec![] }
}

/// State and event of each contact, registration by registration.
fn told(text: &str) -> Vec<String> {
    let value = |line: &str, name: &str| {
        let start = line.find(&format!(" {name}=\"")).map(|at| at + name.len() + 3);
        start.map(|at| line[at..].split('"').next().unwrap_or_default().to_owned())
    };
    text.lines()
        .filter(|line| line.contains("<contact") || line.contains("<registration"))
        .map(|line| {
            let event = value(line, "event").map_or_else(String::new, |event| format!(" {event}"));
            format!("{}{event}", value(line, "state").unwrap_or_default())
        })
        .collect()
}

#[test]
fn the_document_has_the_shape_of_the_field() {
    let text = document(Cause::Registered, &[bob()], &[changed("sip:bob@192.0.2.1:5070")]);
    let (aor, tel) = (reginfo::id(b"sip:bob@ims.test"), reginfo::id(b"tel:+1001"));
    let name = |aor: &str| reginfo::id(format!("{aor} sip:bob@192.0.2.1:5070").as_bytes());
    let (one, two) = (name("sip:bob@ims.test"), name("tel:+1001"));
    assert_eq!(
        text,
        format!(
            r#"<?xml version="1.0"?>
<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="full">
	<registration aor="sip:bob@ims.test" id="{aor}" state="active">
		<contact id="{one}" state="active" event="registered" expires="3600" q="0.500" callid="call" cseq="7">
			<uri>sip:bob@192.0.2.1:5070</uri>
		<unknown-param name="+sip.instance">"&lt;urn:uuid:1&gt;"</unknown-param>
		<unknown-param name="video"></unknown-param>
		</contact>
	</registration>
	<registration aor="tel:+1001" id="{tel}" state="active">
		<contact id="{two}" state="active" event="created" expires="3600" q="0.500" callid="call" cseq="7">
			<uri>sip:bob@192.0.2.1:5070</uri>
		<unknown-param name="+sip.instance">"&lt;urn:uuid:1&gt;"</unknown-param>
		<unknown-param name="video"></unknown-param>
		</contact>
	</registration>
</reginfo>
"#
        )
    );
}

#[test]
fn every_cause_tells_its_event() {
    let uri = "sip:bob@192.0.2.1:5070";
    let other = Bound { uri: "sip:bob@192.0.2.2".into(), ..bob() };
    let active = |event: &str| {
        vec!["active".to_owned(), format!("active {event}"), "active registered".to_owned()]
    };
    for (cause, first, second) in [
        (Cause::Subscribed, "registered", "registered"),
        (Cause::Registered, "registered", "created"),
        (Cause::Refreshed, "refreshed", "refreshed"),
        (Cause::Shortened, "shortened", "shortened"),
    ] {
        let text = document(cause, &[bob(), other.clone()], &[changed(uri)]);
        assert_eq!(told(&text), [active(first), active(second)].concat(), "{cause:?}");
    }
    for cause in Cause::ALL.into_iter().filter(|cause| cause.ends()) {
        let ended = format!("terminated {}", cause.event(true));
        let gone = document(cause, &[], &[changed(uri)]);
        assert_eq!(told(&gone), [["terminated", &ended], ["terminated", &ended]].concat());
        let left = document(cause, std::slice::from_ref(&other), &[changed(uri)]);
        let rows = ["active", &ended, "active registered"];
        assert_eq!(told(&left), [rows, rows].concat(), "{cause:?}");
    }
}

#[test]
fn a_contact_that_is_registered_again_is_not_told_as_gone() {
    let text = document(Cause::Expired, &[bob()], &[changed("sip:bob@192.0.2.1:5070")]);
    assert_eq!(told(&text), ["active", "active registered", "active", "active registered"]);
}

#[test]
fn r63_r65_an_end_names_the_contacts_that_ended() {
    let gone = Contact {
        params: vec![(b"+sip.instance", b"\"<urn:x>\"")],
        ..changed("sip:a&b@h;x=\"<y>\"")
    };
    let text = document(Cause::Rejected, &[], &[gone]);
    assert!(text.contains("event=\"rejected\" expires=\"0\">"));
    assert!(text.contains("<uri>sip:a&amp;b@h;x=\"&lt;y&gt;\"</uri>"));
    assert!(text.contains("\">\"&lt;urn:x&gt;\"</unknown-param>"));
}

#[test]
fn r74_r75_long_and_odd_texts_are_well_formed() {
    let long = "x".repeat(20_000);
    let odd = Bound {
        uri: format!("sip:a&b@h;p={long}").into(),
        params: vec![("p".into(), long.into()), ("a\"<&>".into(), b"\x00\xff%s".into())],
        ..bob()
    };
    let text = document(Cause::Registered, &[odd], &[]);
    assert!(text.len() > 80_000);
    assert!(text.contains("name=\"a&quot;&lt;&amp;&gt;\">\"%00%FF%s\""));
}

#[test]
fn any_number_of_contacts_has_names_of_its_own() {
    let many: Vec<_> = (0..300)
        .map(|number| Bound { uri: format!("sip:bob@192.0.2.1:{}", 5000 + number).into(), ..bob() })
        .collect();
    let text = document(Cause::Registered, &many, &[]);
    assert_eq!(text.matches("<contact ").count(), 600);
    // Two users of one identity at the same place.
    let twins = [bob(), Bound { call_id: "other".into(), ..bob() }, bob()];
    let text = document(Cause::Registered, &twins, &[]);
    assert_eq!(text.matches("<contact ").count(), 6);
}

#[test]
fn a_name_stays_from_document_to_document() {
    let before = document(Cause::Registered, &[bob()], &[]);
    let after = document(Cause::Unregistered, &[], &[changed("sip:bob@192.0.2.1:5070")]);
    let name = reginfo::id(b"sip:bob@ims.test sip:bob@192.0.2.1:5070");
    assert!(before.contains(&name) && after.contains(&name));
}

#[test]
fn no_preference_is_no_attribute_and_for_good_is_a_number() {
    let plain = Bound { q: -1, left: None, call_id: "".into(), ..bob() };
    let text = document(Cause::Registered, &[plain], &[]);
    assert!(text.contains("event=\"registered\" expires=\"2147483647\">"), "{text}");
    let whole = document(Cause::Registered, &[Bound { q: 1000, ..bob() }], &[]);
    assert!(whole.contains("q=\"1.000\""));
}

#[test]
fn only_named_parameters_are_told_by_whole_names() {
    let change = Change { cause: Cause::Subscribed, identity: b"", contacts: &[] };
    let more =
        Bound { params: vec![("vid".into(), "".into()), ("Video".into(), "".into())], ..bob() };
    let document =
        write(3, &set(&[more]), &change, &Style { names: vec!["video".into()], plain: false })
            .unwrap();
    let text = String::from_utf8(document).unwrap();
    assert!(text.contains("\"Video\"") && !text.contains("\"vid\""));
}

#[test]
fn plain_documents_know_two_events() {
    let style = Style { plain: true, ..Style::default() };
    for cause in Cause::ALL {
        let gone = [changed("sip:gone@h"), changed("sip:bob@192.0.2.1:5070")];
        let change = Change { cause, identity: b"", contacts: &gone };
        let text = write(0, &set(&[bob()]), &change, &style).unwrap();
        assert_valid(&text);
        let told = told(std::str::from_utf8(&text).unwrap());
        let ended = told.iter().filter(|row| *row == "terminated expired").count();
        assert_eq!(ended, if cause.ends() { 2 } else { 0 }, "{cause:?}");
        assert_eq!(told.iter().filter(|row| *row == "active registered").count(), 2, "{cause:?}");
    }
}

#[test]
fn a_document_of_nothing_is_valid() {
    let change = Change { cause: Cause::Subscribed, identity: b"", contacts: &[] };
    assert_valid(&write(-5, &[], &change, &Style::default()).unwrap());
}

fn texts() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![any::<Vec<u8>>(), Just(b"sip:bob@h".to_vec())]
}

proptest! {
    #[test]
    fn any_bytes_make_a_document_that_is_read_again(
        uri in texts(), gone in texts(), name: Vec<u8>, body: Vec<u8>, q: i32, left: Option<u64>,
        cause in 0_usize..10,
    ) {
        let bound = Bound {
            uri: uri.into(), left, q, params: vec![(name.into(), body.into())], ..Bound::default()
        };
        let gone = Contact { uri: &gone, ..Contact::default() };
        let registration = Registration { aor: "sip:bob@ims.test".into(), contacts: vec![bound] };
        let change = Change { cause: Cause::ALL[cause], identity: b"x", contacts: &[gone] };
        let document = write(1, &[registration], &change, &Style::default()).unwrap();
        let text = std::str::from_utf8(&document).unwrap();
        let limits = reginfo::Limits { bytes: usize::MAX, depth: 16 };
        let read = reginfo::parse(text.as_bytes(), reginfo::Kind::Notify, &limits).unwrap();
        assert_eq!(read.registrations.len(), 1);
    }
}
