//! Messages in the manner of RFC 4475 as an S-CSCF gets them: REGISTER, SUBSCRIBE and PUBLISH that are
//! unusual but right, and such that are wrong.

use host_tests::{
    Message, mixed,
    scscf::{Lab, Mix, Ue, bindings},
};
use std::time::Duration;

mixed! {
    all:
        unusual_messages_are_understood;
    registrar:
        wrong_messages_change_nothing;
}

/// Sends `text`, in which `{…}` stand for what belongs to `ue`; the final answer, if there is one.
fn sent(lab: &Lab, ue: &Ue, text: &str) -> Option<Message> {
    let call = host_tests::phone::unique();
    let text = text
        .replace('\n', "\r\n")
        .replace("{local}", &ue.local().to_string())
        .replace("{host}", &lab.host.address().to_string())
        .replace("{contact}", &ue.contact())
        .replace("{user}", ue.user())
        .replace("{call}", &call);
    ue.send_raw(text.as_bytes());
    ue.wait(Duration::from_millis(500), |it| {
        it.status() >= 200 && format!("{it:?}").contains(&call)
    })
}

/// Folded lines, short names, blanks everywhere, escapes, empty names, lists in one header and in
/// several, headers that nobody knows, a body where none belongs.
const UNUSUAL: &[&str] = &[
    "REGISTER sip:ims.test SIP/2.0\nv:  SIP  / 2.0  /UDP\n  {local}  ;branch  =  z9hG4bK{call};rport\n\
     max-forwards: 0070\nf: \"J Rosenberg \\\\\\\"\"       <sip:{user}@ims.test>\n  ;\n  tag = 98asjd8\n\
     TO :\n sip:{user}@ims.test\ni: {call}\ncseq: 0009 REGISTER\n\
     m:\"Quoted string \\\"\\\"\" <{contact}> ; newparam =\n      newvalue ;\n  secondparam ; q = 0.33\n\
     NewFangledHeader:   newfangled value\n continued newfangled value\nExpires: 600\nl: 0\n\n",
    "REGISTER sip:ims.test SIP/2.0\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{call};rport\n\
     Max-Forwards: 70\nFrom: %Z%45 <sip:{user}@ims.test>;tag=f232jadfj23\n\
     To: \"%Z%45\" <sip:{user}@ims.test>\nCall-ID: {call}\nCSeq: 10 REGISTER\n\
     Contact: <{contact};alias=%2D%30>;expires=600\n\
     Content-Type: text/plain\nContent-Length: 4\n\nbody",
    "REGISTER sip:ims.test SIP/2.0\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{call};rport\n\
     Via: SIP / 2.0 / TCP t1.test ;branch=z9hG4bKbranch\n\
     From: <sip:{user}@ims.test>;tag=1\nTo: <sip:{user}@ims.test>\nCall-ID: {call}\n\
     CSeq: 11 REGISTER\nMax-Forwards: 70\nSupported: path ,100rel\nUnknown-X: \u{20ac}\n\
     Contact: <{contact}>;expires=600;+sip.instance=\"<urn:uuid:1>\";x=\"<,;>\"\nContent-Length: 0\n\n",
];

fn unusual_messages_are_understood(mix: Mix) {
    let mut lab = Lab::start(mix);
    for (number, text) in UNUSUAL.iter().enumerate() {
        let ue = lab.ue(&format!("user{number}"));
        let answer = sent(&lab, &ue, text).unwrap_or_else(|| panic!("no answer to {text}"));
        assert_eq!((answer.status(), bindings(&answer).len()), (200, 1), "{text}: {answer:?}");
        assert!(lab.finds(&ue, ue.user()), "{text}");
    }
    lab.host.assert_alive();
}

/// What is put into a message in place of something sane.
const WRONG: &[(&str, &str)] = &[
    ("To: <sip:{user}@ims.test>", "To: <sip:{user}@ims.test"),
    ("To: <sip:{user}@ims.test>", "To: <>"),
    ("To: <sip:{user}@ims.test>", "To: \"unterminated <sip:{user}@ims.test>"),
    ("To: <sip:{user}@ims.test>", "To: <urn:service:sos>"),
    ("To: <sip:{user}@ims.test>", "To: <sip:@ims.test>"),
    ("To: <sip:{user}@ims.test>", "To: <sip:ims.test>"),
    ("To: <sip:{user}@ims.test>", "To: <sip:a%zzb@ims.test>"),
    ("To: <sip:{user}@ims.test>\n", ""),
    ("From: <sip:{user}@ims.test>;tag=1", "From: <sip:{user}@ims.test>;tag="),
    ("From: <sip:{user}@ims.test>;tag=1\n", ""),
    ("Call-ID: {call}", "Call-ID: {call}\nCall-ID: {call}x"),
    ("CSeq: 1 ", "CSeq: 36893488147419103232 "),
    ("CSeq: 1 ", "CSeq: -1 "),
    ("CSeq: 1 ", "CSeq: one "),
    ("CSeq: 1 REGISTER", "CSeq: 1 INVITE"),
    ("Contact: <{contact}>", "Contact: <{contact}>;expires=1;expires=2;q=1;q=0"),
    ("Contact: <{contact}>", "Contact: {contact}, {contact}, <{contact}"),
    ("Contact: <{contact}>", "Contact: \"\" <{contact}>;="),
    ("Contact: <{contact}>", "Contact: <{contact}?Route=%3Csip:x%3E>"),
    ("Contact: <{contact}>", "Contact: *;expires=0"),
    ("Contact: <{contact}>", "Contact: <*>"),
    ("Contact: <{contact}>", "Contact:"),
    ("Expires: 600", "Expires: 0 0 1 * * *"),
    ("Expires: 600", "Expires: 99999999999999999999999999"),
    ("Expires: 600", "Expires:"),
    ("Expires: 600", "Expires: 600\nExpires: 0"),
    ("Event: reg", "Event: ;;,;,,"),
    ("Event: reg", "Event:"),
    ("Event: reg", "Event: reg;id=\""),
    ("Content-Length: 0", "Content-Length: 9999"),
    ("Content-Length: 0", "Content-Length: -999"),
    ("SIP/2.0\nVia", "SIP/7.0\nVia"),
    ("sip:ims.test SIP/2.0", "<sip:ims.test> SIP/2.0"),
    ("sip:ims.test SIP/2.0", "sip:ims.test; lr SIP/2.0"),
    ("sip:ims.test SIP/2.0", "nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0"),
    ("sip:ims.test SIP/2.0", "sip:sip%3Auser%40example.com@company.com;other-param=summit SIP/2.0"),
    ("Max-Forwards: 70", "Max-Forwards: 300"),
    ("Max-Forwards: 70", "Proxy-Require: nothingSupportsThis\nRequire: nothingSupportsThis"),
    ("Max-Forwards: 70", "Authorization: NoOneKnowsThisScheme opaque-data=here"),
    ("Max-Forwards: 70", "Authorization: Digest username=\"\", realm=, nonce"),
    ("Max-Forwards: 70", "Path: <sip:;lr>,,<>, \"x\nSupported: path"),
    ("Max-Forwards: 70", "P-Asserted-Identity: <>, <sip:, \"\", tel:\nEvent: reg"),
];

const PLAIN: &str = "{method} sip:ims.test SIP/2.0\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{call};rport\n\
    Max-Forwards: 70\nFrom: <sip:{user}@ims.test>;tag=1\nTo: <sip:{user}@ims.test>\nCall-ID: {call}\n\
    CSeq: 1 {method}\nContact: <{contact}>\nExpires: 600\nEvent: reg\nContent-Length: 0\n\n";

fn wrong_messages_change_nothing(mix: Mix) {
    let mut lab = Lab::start(mix);
    let (bob, mallory) = (lab.ue("bob"), lab.ue("mallory"));
    lab.register(&bob, 600);
    for method in ["REGISTER", "SUBSCRIBE", "PUBLISH"] {
        for (sane, wrong) in WRONG {
            let text = PLAIN.replace("{method}", method).replace(sane, wrong);
            sent(&lab, &mallory, &text);
        }
        lab.host.assert_alive();
    }
    assert!(lab.finds(&bob, "bob"));
    assert_eq!(lab.contacts(&bob.identity()), [bob.contact()]);
    lab.register(&mallory, 600);
    let log = lab.host.journal().text();
    assert!(!log.contains("panic"), "{}", log.lines().find(|it| it.contains("panic")).unwrap());
}
