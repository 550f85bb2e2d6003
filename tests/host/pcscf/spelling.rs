//! What may be written in more than one way, and is by some telephones and registrars.

use host_tests::{
    Draft, mixed,
    pcscf::{Lab, Mix, Ue, rc},
};

mixed! {
    all:
        a_register_counts_in_every_spelling,
        an_answer_counts_in_every_spelling,
        an_answer_that_grants_no_time_removes_in_every_spelling,
        an_answer_with_many_contacts_registers_the_one_that_asked,
        p15_a_contact_elsewhere_that_ends_ends_nothing_here,
        a_request_counts_in_every_spelling,
        a_route_counts_in_every_spelling;
    registrar:
        a_contact_that_ends_does_not_hide_the_one_that_registers,
        what_is_no_address_does_not_hide_the_contact_that_registers,
        a_contact_of_an_answer_is_found_wherever_it_stands,
        of_too_many_identities_the_first_count,
        a_contact_that_the_core_cannot_read_costs_one_request;
}

/// A header with `{}` for the Contact URI of the client: its name and its value.
type Line<'t> = (&'t str, &'t str);

/// `draft` with `line` in the place of its Contact.
fn contact(draft: Draft, ue: &Ue, (name, value): Line<'_>) -> Draft {
    draft.without("Contact").add(name, &value.replace("{}", &ue.contact()))
}

const CONTACTS: &[Line<'_>] = &[
    ("m", "<{}>"),
    ("CONTACT", "<{}>"),
    ("Contact", "\r\n\t<{}>\r\n ;q=0.5"),
    ("Contact", "{}"),
    ("Contact", "Al Bo <{}>"),
    ("Contact", "\"Al, <x> \\\" y\" <{}>;+g.3gpp.smsip;video;+sip.instance=\"<urn:x>\";reg-id=1"),
    ("Contact", "<{};transport=udp;maddr=192.0.2.4;method=INVITE;ttl=1;lr;foo>"),
    ("Contact", "<{}?Subject=x&y=z>"),
    ("Contact", "<{};gr=urn:uuid:f81d>;pub-gruu=\"sip:x@y;gr\""),
    ("Contact", "<{}>;q=2.5"),
    ("Contact", "<{}>;q=abc"),
    ("Contact", ",<{}>"),
];

fn a_register_counts_in_every_spelling(mix: Mix) {
    let lab = Lab::start(mix);
    let completes = |ue: &Ue, draft: &Draft| {
        let granted = format!("<{}>;expires=600", ue.contact());
        let done = lab.exchange(ue, draft, |ok| ok.set("Contact", &granted));
        assert_eq!((done.pending(), done.saved()), (1, 1), "{draft:?}");
        assert!(ue.is_registered(), "{draft:?}");
    };
    for line in CONTACTS {
        let alice = lab.ue("alice");
        completes(&alice, &contact(alice.register(600), &alice, *line));
    }
    for user in ["%61l%2Bice;x=y", "alice:secret", "AL.ICE-_!~*'()&=+$,;?/"] {
        let alice = lab.ue("alice");
        let spelled = alice.contact().replace("alice", user);
        completes(&alice, &alice.register(600).set("Contact", &format!("<{spelled}>")));
    }
    for scheme in ["SIP:", "sips:"] {
        let alice = lab.ue("alice");
        let spelled = alice.contact().replace("sip:", scheme);
        completes(&alice, &alice.register(600).set("Contact", &format!("<{spelled}>")));
    }
    for expires in ["\r\n  600", "00600", "4294967296"] {
        let alice = lab.ue("alice");
        completes(&alice, &alice.register(600).set("Expires", expires));
    }
    for parameter in ["; expires = 600", ";EXPIRES=600", ";expires=\"600\"", ";expires=4294967296"]
    {
        let alice = lab.ue("alice");
        let line = format!("<{{}}>{parameter}");
        let draft = alice.register(600).without("Expires");
        completes(&alice, &contact(draft, &alice, ("Contact", &line)));
    }
    for more in
        [";received=192.0.2.9", ";maddr=192.0.2.9;ttl=3;foo;bar=\"x;y\"", ", SIP/2.0/UDP 192.0.2.9"]
    {
        let alice = lab.ue("alice");
        let draft = alice.register(600);
        let via = format!("{}{more}", draft.find("Via").unwrap_or_default());
        completes(&alice, &draft.set("Via", &via));
    }
}

/// Registers a client whose own contact stands behind `before`.
fn registers_behind(mix: Mix, before: &str) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let line = format!("{before}, <{}>;expires=600", alice.contact());
    let draft = alice.register(600).without("Expires").set("Contact", &line);
    let granted = format!("<{}>;expires=600", alice.contact());
    let done = lab.exchange(&alice, &draft, |ok| ok.set("Contact", &granted));
    assert_eq!((done.pending(), done.saved(), lab.count()), (1, 1, 1), "{before}");
    assert!(alice.is_registered(), "{before}");
}

fn a_contact_that_ends_does_not_hide_the_one_that_registers(mix: Mix) {
    registers_behind(mix, "<sip:alice@127.0.0.9:5099>;expires=0");
}

fn what_is_no_address_does_not_hide_the_contact_that_registers(mix: Mix) {
    for before in ["<foo>;expires=600", "<tel:+4930>;expires=600", "<sip:a@b>, <tel:+4930>"] {
        registers_behind(mix, before);
    }
}

/// A registered client of `lab`, and what `pcscf_save` made of a 200 that `answer` changed.
fn answered(lab: &Lab, answer: impl FnOnce(&Ue, Draft) -> Draft) -> (Ue, i32) {
    let alice = lab.ue("alice");
    lab.register(&alice);
    let saved = lab.exchange(&alice, &alice.register(600), |ok| answer(&alice, ok)).saved();
    (alice, saved)
}

fn an_answer_counts_in_every_spelling(mix: Mix) {
    let lab = Lab::start(mix);
    for line in [
        ("m", "<{}>;expires=600"),
        ("Contact", "\r\n <{}>\r\n\t;expires=600"),
        ("Contact", "{};expires=600"),
        ("Contact", "<{};ob;transport=udp>;expires=600;q=1.0;pub-gruu=\"sip:a@b;gr=1\""),
        ("Contact", "<foo>;expires=600, <{}>;expires=600"),
        ("Contact", "<{}> ; expires = 600"),
        ("Contact", "<{}>;EXPIRES=600"),
        ("Contact", "<{}>;expires=\"600\""),
        ("Contact", "<{}>;expires=600x"),
    ] {
        let (alice, saved) = answered(&lab, |ue, ok| contact(ok, ue, line));
        assert_eq!(saved, 1, "{line:?}");
        assert!(alice.is_registered(), "{line:?}");
    }
    for second in ["<<<", "*"] {
        let (alice, saved) = answered(&lab, |_, ok| ok.add("Contact", second));
        assert_eq!(saved, 1, "{second}");
        assert!(alice.is_registered(), "{second}");
    }
    let identity = "\"Al, x\" <sip:other@ims.test>;x=y,\r\n <tel:+4930>";
    let route = |name: &str| format!("<sip:{name}@{};lr>", lab.core.local());
    let routes = format!("\"x, y\" {};p=1\r\n ,\r\n\t{}", route("one"), route("two"));
    let alice = lab.ue("alice");
    let done = lab.exchange(&alice, &alice.register(600), |ok| {
        let ok = ok.without("P-Associated-URI").without("Service-Route");
        ok.add("p-associated-uri", identity).add("SERVICE-ROUTE", &routes)
    });
    assert_eq!(done.saved(), 1);
    let answer = alice.ask(&alice.calling("is_registered").add("X-Values", "1"));
    assert_eq!(answer.header("X-Asserted"), "sip:other@ims.test");
    assert_eq!(crate::save::forced(&lab, &alice).0, [["one", "two"].map(route).join(", ")]);
}

fn an_answer_that_grants_no_time_removes_in_every_spelling(mix: Mix) {
    let lab = Lab::start(mix);
    for parameter in [";expires=", ";expires=-1", ";expires=0.5", ";expires=\"0\""] {
        let line = format!("<{{}}>{parameter}");
        let (alice, saved) = answered(&lab, |ue, ok| contact(ok, ue, ("Contact", &line)));
        assert_eq!((saved, lab.count()), (1, 0), "{parameter}");
        assert!(!alice.is_registered(), "{parameter}");
    }
    let (_, saved) = answered(&lab, |ue, ok| {
        contact(ok, ue, ("Contact", "<{}>")).add("Expires", "Thu, 01 Dec 1994 16:00:00 GMT")
    });
    assert_eq!((saved, lab.count()), (1, 0));
}

fn an_answer_with_many_contacts_registers_the_one_that_asked(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let others: String = (0..200).map(|n| format!("<sip:x{n}@192.0.2.9>;expires=0, ")).collect();
    let all = format!("{others}<{}>;expires=600", alice.contact());
    let done = lab.exchange(&alice, &alice.register(600), |ok| ok.set("Contact", &all));
    assert_eq!((done.saved(), lab.count()), (1, 1));
    assert!(alice.is_registered());
}

fn p15_a_contact_elsewhere_that_ends_ends_nothing_here(mix: Mix) {
    let lab = Lab::start(mix);
    for elsewhere in
        ["<sip:alice@192.0.2.9>", "<sip:x@192.0.2.9:5070>", "<sip:alice@phone.example.com>"]
    {
        for time in [0, 1] {
            let line = format!("{elsewhere};expires={time}");
            let (alice, saved) = answered(&lab, |_, ok| ok.set("Contact", &line));
            assert_eq!(saved, 1, "{line}");
            assert!(alice.is_registered(), "{line}");
            if let Some(record) = lab.record() {
                assert!(record.seconds() > 500, "{line}: {record:?}");
            }
            lab.leave(&alice);
        }
    }
}

fn of_too_many_identities_the_first_count(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let all: Vec<_> = (0..300).map(|number| format!("<sip:a{number}@ims.test>")).collect();
    let done = lab.exchange(&alice, &alice.register(600), |ok| {
        ok.set("P-Associated-URI", &all[..100].join(", "))
            .add("P-Associated-URI", &all[100..].join(","))
    });
    assert_eq!(done.saved(), 1);
    let asserted = |id: &str| rc(&alice.ask(&alice.calling("assert").add("X-Identity", id)));
    assert_eq!([0, 254].map(|number| asserted(&all[number])), [1, 1]);
    assert_eq!(lab.host.journal().count("more than 255 uris, the others are left out"), 1);
}

fn a_request_counts_in_every_spelling(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    let asked = |draft: &Draft| rc(&alice.ask(draft));
    for line in [
        ("m", "<{}>"),
        ("Contact", "\r\n <{}>"),
        ("Contact", "{}"),
        ("Contact", "\"a, b\" <{}>;x=y"),
        ("Contact", "<sip:nobody@192.0.2.9>, <{}>"),
        ("Contact", "<tel:+4930>"),
        ("Contact", "<urn:uuid:1>"),
    ] {
        let draft = contact(alice.calling("is_registered"), &alice, line);
        assert_eq!(asked(&draft), 1, "{line:?}");
    }
    for line in [("Contact", "*"), ("Contact", "<sip:"), ("Contact", "")] {
        let draft = contact(alice.calling("is_registered"), &alice, line);
        assert_eq!(asked(&draft), -1, "{line:?}");
    }
    let draft = alice.calling("is_registered");
    let via = draft.find("Via").unwrap_or_default().to_owned();
    assert_eq!(asked(&draft.clone().without("Via").add("v", &via)), 1);
    let named = via.replace(&alice.local().ip().to_string(), "phone.example.com");
    assert_eq!(asked(&draft.set("Via", &named)), -1);
    for (identity, code) in [
        ("sip:alice@ims.test", 1),
        ("<SIP:ALICE@IMS.TEST>", 1),
        ("\"Al\" <sip:alice@ims.test>", -1),
        ("<sip:alice@ims.test;user=phone>", -1),
        ("<sip:alice@ims.test:5060>", -1),
    ] {
        let draft = alice.calling("assert").add("X-Identity", identity);
        assert_eq!(asked(&draft), code, "{identity}");
    }
}

fn a_route_counts_in_every_spelling(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    let learned = lab.core.service_route();
    let follows = |lines: &[Line<'_>]| {
        let add =
            |draft: Draft, line: &Line<'_>| draft.add(line.0, &line.1.replace("{}", &learned));
        let draft = lines.iter().fold(alice.calling("follows"), add);
        rc(&alice.ask(&draft))
    };
    let own = format!("<sip:mo@{};lr>", lab.host.address());
    for lines in [
        &[("Route", "\r\n {}")][..],
        &[("ROUTE", "{};x=y")],
        &[("Route", "\"a, b\" {}")],
        &[("Route", "<sip:pcscf.ims.test;lr>"), ("Route", "{}")],
        &[("Route", &own), ("Route", "{}")],
    ] {
        assert_eq!(follows(lines), 1, "{lines:?}");
    }
    let bare = learned.trim_matches(['<', '>']);
    assert_eq!(follows(&[("Route", bare)]), -1);
}

fn a_contact_of_an_answer_is_found_wherever_it_stands(mix: Mix) {
    let lab = Lab::start(mix);
    let (alice, saved) = answered(&lab, |ue, ok| {
        ok.set("Contact", "<sip:x@192.0.2.9>;expires=0")
            .add("Contact", &format!("<{}>;expires=600", ue.contact()))
    });
    assert!(saved == 1 && alice.is_registered());
    // What the registrar tells of an earlier user of this address is not about the present one.
    let (alice, saved) = answered(&lab, |ue, ok| {
        let old = ue.contact().replace("alice", "old");
        ok.set("Contact", &format!("<{old}>;expires=0, <{}>;expires=600", ue.contact()))
    });
    assert!(saved == 1 && alice.is_registered());
}

fn a_contact_that_the_core_cannot_read_costs_one_request(mix: Mix) {
    let mut lab = Lab::start(mix);
    let mallory = lab.ue("mallory");
    for strange in ["sip:@{}", "sip::x@{}", "sip:a@{};=", "sip:%@{}", "sip:a@{}?", "sips:@{}"] {
        let uri = strange.replace("{}", &mallory.local().to_string());
        let draft = mallory.register(600).set("Contact", &format!("<{uri}>"));
        let done = lab.exchange(&mallory, &draft, |ok| ok);
        assert!(done.reply.status() == 200, "{strange}: {:?}", done.reply);
        lab.host.assert_alive();
    }
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert!(alice.is_registered());
}
