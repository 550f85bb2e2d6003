use super::{BadDocument, Kind, Limits, MAX_TAG, parse};
use crate::{Document, Event, Extent, State};

fn read(body: &str) -> Result<Document, BadDocument> {
    parse(body.as_bytes(), Kind::Notify, &Limits::default())
}

/// A document with one registration of Alice around these contacts.
fn alice(contacts: &str) -> Document {
    read(&format!(
        "<?xml version=\"1.0\"?>\n<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"3\" \
         state=\"full\"><registration aor=\"sip:alice@ims.test\" id=\"a\" state=\"active\">\
         {contacts}</registration></reginfo>"
    ))
    .unwrap()
}

/// One contact with these attributes.
fn contact(attributes: &str) -> Document {
    alice(&format!("<contact {attributes}><uri>sip:alice@127.0.0.1:22100</uri></contact>"))
}

fn reasons(document: &Document) -> Vec<String> {
    document.skipped.iter().map(ToString::to_string).collect()
}

#[test]
fn no1_a_contact_says_what_became_of_it() {
    let document = contact(
        "id=\"c\" state=\"active\" event=\"registered\" expires=\"50\" q=\"0.8\" callid=\"x@y\" \
         cseq=\"7\" duration-registered=\"12\" retry-after=\"9\"",
    );
    assert_eq!((document.version, document.extent), (Some(3), Some(Extent::Full)));
    let registration = &document.registrations[0];
    assert_eq!((registration.aor.as_str(), registration.id.as_str()), ("sip:alice@ims.test", "a"));
    assert_eq!(registration.state, Some(State::Active));
    let contact = &registration.contacts[0];
    assert_eq!(
        (contact.state, contact.event, contact.expires),
        (State::Active, Event::Registered, 50)
    );
    assert_eq!((contact.q.as_deref(), contact.callid.as_deref()), (Some("0.8"), Some("x@y")));
    assert_eq!((contact.cseq, contact.duration_registered), (Some(7), Some(12)));
    assert_eq!(contact.retry_after, Some(9));
    assert_eq!(contact.uris, ["sip:alice@127.0.0.1:22100"]);
    assert!(document.skipped.is_empty());
}

#[test]
fn no3_every_event_of_the_standard_is_known() {
    for event in [
        "registered",
        "created",
        "refreshed",
        "shortened",
        "expired",
        "deactivated",
        "probation",
        "unregistered",
        "rejected",
        "terminated",
    ] {
        let document = contact(&format!("state=\"terminated\" event=\"{event}\" expires=\"0\""));
        assert_eq!(document.registrations[0].contacts[0].event.name(), event);
    }
}

#[test]
fn no4_a_contact_without_state_event_or_expiry_is_skipped_with_its_reason() {
    for (attributes, reason) in [
        (
            "state=\"active\" event=\"registered\" expires=\"-5\"",
            "expires of contact of \"sip:alice@ims.test\" is \"-5\", must be a number of seconds",
        ),
        (
            "state=\"active\" event=\"registered\" expires=\"soon\"",
            "expires of contact of \"sip:alice@ims.test\" is \"soon\", must be a number of seconds",
        ),
        (
            "state=\"active\" event=\"registered\"",
            "contact of \"sip:alice@ims.test\" has no expires",
        ),
        (
            "state=\"Active\" event=\"registered\" expires=\"1\"",
            "state of contact of \"sip:alice@ims.test\" is \"Active\", must be active or terminated",
        ),
        (
            "state=\"init\" event=\"registered\" expires=\"1\"",
            "state of contact of \"sip:alice@ims.test\" is \"init\", must be active or terminated",
        ),
        (
            "state=\"active\" event=\"gone\" expires=\"1\"",
            "event of contact of \"sip:alice@ims.test\" is \"gone\", must be an event of rfc 3680",
        ),
        ("state=\"active\" expires=\"1\"", "contact of \"sip:alice@ims.test\" has no event"),
    ] {
        let document = contact(attributes);
        assert!(document.registrations[0].contacts.is_empty(), "{attributes}");
        assert_eq!(reasons(&document), [reason]);
    }
    let document =
        alice("<contact state=\"active\" event=\"created\" expires=\"1\"><uri> </uri></contact>");
    assert_eq!(reasons(&document), ["contact of \"sip:alice@ims.test\" has no uri"]);
}

#[test]
fn a_registration_without_aor_or_state_is_skipped() {
    let document = read(
        "<reginfo><registration state=\"active\"/><registration aor=\"sip:a@b\"/>\
         <registration aor=\"sip:a@b\" state=\"gone\"/>\
         <registration aor=\" sip:c@d \" state=\"terminated\"/></reginfo>",
    )
    .unwrap();
    assert_eq!(
        reasons(&document),
        [
            "registration of \"\" has no aor",
            "registration of \"sip:a@b\" has no state",
            "state of registration of \"sip:a@b\" is \"gone\", must be init, active or terminated",
        ]
    );
    assert_eq!(document.registrations.len(), 1);
    assert_eq!(document.registrations[0].aor, "sip:c@d");
    assert_eq!(document.registrations[0].state, Some(State::Terminated));
    let published = "<reginfo><registration aor=\"sip:a@b\"/></reginfo>";
    let published = parse(published.as_bytes(), Kind::Publish, &Limits::default()).unwrap();
    assert_eq!(published.registrations[0].state, None);
}

#[test]
fn no5_what_is_no_document_is_refused() {
    for body in ["", " ", "<reginfo", "<reginfo></x>", "text", "<a/><b/>", "<a>&x;</a>", "<a b=c/>"]
    {
        assert!(matches!(read(body), Err(BadDocument::Xml { .. })), "{body}");
    }
    assert_eq!(read("<presence/>"), Err(BadDocument::NoReginfo));
    let bytes = parse(b"<reginfo>\xff</reginfo>", Kind::Notify, &Limits::default());
    assert_eq!(bytes, Err(BadDocument::NotUtf8(9)));
    let refused = read("<reginfo>\n</x>").unwrap_err().to_string();
    assert!(refused.starts_with("body is not well-formed xml: line 2, "), "{refused}");
}

#[test]
fn no6_names_count_without_case_and_prefix_and_reginfo_at_any_depth() {
    for body in [
        "<r:reginfo xmlns:r=\"urn:ietf:params:xml:ns:reginfo\"><r:registration aor=\"sip:a@b\" \
         state=\"active\"><r:contact state=\"active\" event=\"created\" expires=\"1\"><r:uri>sip:a@c\
         </r:uri></r:contact></r:registration></r:reginfo>",
        "<REGINFO><Registration AOR=\"sip:a@b\" STATE=\"active\"><CONTACT State=\"active\" \
         EVENT=\"created\" Expires=\"1\"><URI>sip:a@c</URI></CONTACT></Registration></REGINFO>",
        "<a><b/><c><d/><reginfo><registration aor=\"sip:a@b\" state=\"active\"><contact \
         state=\"active\" event=\"created\" expires=\"1\"><uri>sip:a@c</uri></contact></registration>\
         </reginfo></c></a>",
        "<u:reginfo><u:registration aor=\"sip:a@b\" state=\"active\"><u:contact state=\"active\" \
         event=\"created\" expires=\"1\"><u:uri>sip:a@c</u:uri></u:contact></u:registration>\
         </u:reginfo>",
    ] {
        let document = read(body).unwrap();
        assert_eq!(document.registrations[0].contacts[0].uris, ["sip:a@c"], "{body}");
    }
}

#[test]
fn a_uri_may_be_written_in_any_way_that_xml_has() {
    for uri in [
        "sip:a&amp;b@c",
        "\n   sip:a&#38;b@c\n  ",
        "<![CDATA[sip:a&b@c]]>",
        "sip:a<!-- no -->&#x26;b@c",
    ] {
        let document = alice(&format!(
            "<contact state=\"active\" event=\"created\" expires=\"1\"><uri>{uri}</uri></contact>"
        ));
        assert_eq!(document.registrations[0].contacts[0].uris, ["sip:a&b@c"], "{uri}");
    }
}

#[test]
fn an_encoding_that_a_document_claims_does_not_count() {
    for encoding in ["UTF-8", "utf-16", "ISO-8859-1", "UTF-7", "nonsense"] {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"{encoding}\"?><reginfo><registration \
             aor=\"sip:J\u{FC}rgen@b\" state=\"active\"/></reginfo>"
        );
        let document = read(&body).unwrap();
        assert_eq!(document.registrations[0].aor, "sip:J\u{FC}rgen@b", "{encoding}");
    }
}

#[test]
fn there_are_no_document_types_and_no_entities() {
    for body in [
        "<!DOCTYPE reginfo><reginfo/>",
        "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///nowhere\">]><a>&b;</a>",
    ] {
        assert_eq!(read(body), Err(BadDocument::Doctype));
    }
}

#[test]
fn a_document_has_limits() {
    let limits = Limits { bytes: 40, depth: 3 };
    let within = |body: &str| parse(body.as_bytes(), Kind::Notify, &limits);
    assert!(within("<a><b><reginfo/></b></a>").is_ok());
    assert_eq!(within("<a><b><c><reginfo/></c></b></a>"), Err(BadDocument::Deep(3)));
    assert_eq!(within("<a><reginfo/><b><c><d/></c></b></a>"), Err(BadDocument::Deep(3)));
    assert_eq!(within(&" ".repeat(41)), Err(BadDocument::Long(41, 40)));
    let long = format!("<reginfo a=\"{}\"/>", "x".repeat(MAX_TAG));
    assert_eq!(read(&long), Err(BadDocument::LongTag));
    let deep = format!("{}{}", "<a>".repeat(9000), "</a>".repeat(9000));
    assert!(read(&deep).is_err());
}

#[test]
fn many_elements_and_attributes_cost_little() {
    // As many attributes as a tag may have, and no name that is found at once.
    let attributes: String = (0..700).map(|at| format!(" a{at:03}=\"\"")).collect();
    let contact = format!(
        "<contact STATE=\"active\" EVENT=\"created\" EXPIRES=\"1\"{attributes}><uri>x</uri></contact>"
    );
    assert!(contact.len() < MAX_TAG);
    let contacts = contact.repeat(Limits::default().bytes / contact.len() - 1);
    let start = std::time::Instant::now();
    assert!(alice(&contacts).registrations[0].contacts.len() > 30);
    let small = "<x/>".repeat(60_000);
    assert!(alice(&small).registrations[0].contacts.is_empty());
    assert!(start.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn reasons_have_an_end() {
    let long = "x".repeat(3000);
    let document = contact(&format!("state=\"{long}\" event=\"created\" expires=\"1\""));
    assert!(reasons(&document)[0].len() < 250);
    let refused = read(&format!("<{long}></y>")).unwrap_err().to_string();
    assert!(refused.len() < 200, "{refused}");
}
