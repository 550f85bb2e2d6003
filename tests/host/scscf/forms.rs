//! What comes in unusual forms: documents of PUBLISH, requests of the HSS, arguments of commands, answers
//! of watchers.

use crate::told::{document, published};
use host_tests::{
    Answer,
    diameter::{
        Avp, SUCCESS, VENDOR_3GPP,
        hss::{PUSH_PROFILE, REGISTRATION_TERMINATION, user_data},
    },
    install::Flavor,
    mixed,
    scscf::{Lab, Mix, Plan, Watcher, private, set},
    ue::number,
    wait::{PATIENCE, until},
};
use std::time::Duration;

mixed! {
    registrar:
        r_67_a_document_is_understood_however_it_is_written,
        r_68_a_document_that_is_a_trap_is_refused,
        r_65_an_end_is_understood_however_it_is_put,
        a_push_without_a_profile_changes_nothing,
        a_push_of_too_much_is_refused_as_that,
        r_72_every_answer_of_a_watcher_has_its_meaning,
        arguments_of_any_type_are_answered,
        texts_that_c_starts_with_are_taken;
}

/// Makes a document of an identity and a contact.
type Body<'b> = dyn Fn(&str, &str) -> String + 'b;

/// Registers bob through a proxy of its own, which publishes `body`; whether it was taken, and whether bob
/// is still there.
fn outcome(lab: &Lab, body: impl Fn(&str, &str) -> String) -> (u16, bool) {
    let bob = lab.ue("bob");
    let proxy = Watcher::proxy(lab, &bob.identity());
    proxy.registers(&bob, 600);
    let reply = published(&proxy, &body(&bob.identity(), &bob.contact()));
    let there = lab.contacts(&bob.identity()).contains(&bob.contact());
    (reply.status(), there)
}

fn r_67_a_document_is_understood_however_it_is_written(mix: Mix) {
    let lab = Lab::start(mix);
    let ended = |aor: &str, contact: &str| document(aor, contact, "terminated");
    let prefixed = |aor: &str, contact: &str| {
        ["reginfo", "registration", "contact", "uri"].iter().fold(
            ended(aor, contact).replace("xmlns=", "xmlns:r="),
            |text, name| {
                text.replace(&format!("<{name}"), &format!("<r:{name}"))
                    .replace(&format!("</{name}"), &format!("</r:{name}"))
            },
        )
    };
    let stranger = "<registration aor=\"sip:x@y\" id=\"q\" state=\"active\"><contact id=\"1\" \
                    state=\"terminated\" event=\"unregistered\" expires=\"0\"><uri>sip:x@y</uri>\
                    </contact></registration>\n<registration";
    let latin = "version=\"1.0\" encoding=\"ISO-8859-1\"";
    let forms: [(&str, &Body<'_>); 6] = [
        ("plain", &ended),
        ("with line ends of another system", &|a, c| ended(a, c).replace('\n', "\r\n")),
        ("with a mark of its byte order", &|a, c| format!("\u{feff}{}", ended(a, c))),
        ("with prefixes", &prefixed),
        ("in another encoding", &|a, c| ended(a, c).replacen("version=\"1.0\"", latin, 1)),
        ("behind a stranger", &|a, c| ended(a, c).replacen("<registration", stranger, 1)),
    ];
    for (name, body) in forms {
        assert_eq!(outcome(&lab, body).0, 200, "{name}");
        until(&format!("the end of bob, {name}"), Duration::from_secs(10), || {
            (!lab.finds(&lab.ue("carol"), "bob")).then_some(())
        });
    }
    // What is active, or nobody's, ends nothing.
    for (contact, state) in [(None, "active"), (Some("sip:other@127.0.0.1:9"), "terminated")] {
        let body = |a: &str, c: &str| document(a, contact.unwrap_or(c), state);
        assert_eq!(outcome(&lab, body), (200, true), "{contact:?} {state}");
    }
}

fn r_68_a_document_that_is_a_trap_is_refused(mix: Mix) {
    let mut lab = Lab::start(mix);
    let bomb = |aor: &str, contact: &str| {
        let (mut entities, mut last) = ("<!ENTITY e0 \"aaaaaaaaaa\">".to_owned(), String::new());
        for level in 1..12 {
            last = format!("e{level}");
            let parts = format!("&e{};", level - 1).repeat(8);
            entities += &format!("<!ENTITY {last} \"{parts}\">");
        }
        let body = document(aor, contact, "terminated");
        body.replace("?>\n", &format!("?>\n<!DOCTYPE reginfo [{entities}]>\n"))
            .replace("id=\"0x1\"", &format!("id=\"&{last};\""))
    };
    let file = |aor: &str, contact: &str| {
        let body = document(aor, contact, "terminated");
        let doctype = "?>\n<!DOCTYPE reginfo [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>\n";
        body.replace("?>\n", doctype).replace("id=\"0x1\"", "id=\"&f;\"")
    };
    let deep = |_: &str, _: &str| {
        ["<?xml version=\"1.0\"?>", &"<reginfo>".repeat(800), &"</reginfo>".repeat(800)].concat()
    };
    let traps: [(&str, &Body<'_>); 3] =
        [("entities of entities", &bomb), ("a file", &file), ("depth", &deep)];
    for (name, body) in traps {
        assert_eq!(outcome(&lab, body), (480, true), "{name}");
    }
    lab.host.assert_alive();
}

fn identity(text: &str) -> Avp {
    Avp::new(601, text).of(VENDOR_3GPP)
}

fn user(name: &str) -> Avp {
    Avp::new(1, private(name))
}

fn r_65_an_end_is_understood_however_it_is_put(mix: Mix) {
    let mut lab = Lab::start(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    let own = bob.identity();
    let info = Avp::new(617, "why \r\n \u{7f}").of(VENDOR_3GPP);
    let reason = Avp::group(615, &[Avp::number(616, 0).of(VENDOR_3GPP), info]).of(VENDOR_3GPP);
    let strangers = (0..300).map(|number| identity(&format!("sip:n{number}@ims.test")));
    let associated = Avp::group(632, &[user("carol")]).of(VENDOR_3GPP);
    let forms: [(&str, Vec<Avp>, bool); 5] = [
        ("among 300 strangers", strangers.chain([identity(&own)]).collect(), true),
        ("twice", vec![identity(&own), identity(&own)], true),
        ("by a barred identity", vec![identity(&set("bob")[2])], true),
        ("with blanks", vec![identity(&format!("{own} "))], true),
        ("with all of an associated user", vec![associated], false),
    ];
    for (name, avps, stays) in forms {
        lab.register(&bob, 600);
        lab.register(&carol, 600);
        let avps = [vec![user("bob")], avps, vec![reason.clone()]].concat();
        let answer = lab.hss.answer_to(REGISTRATION_TERMINATION, avps);
        assert_eq!(answer.and_then(|answer| answer.result()), Some(SUCCESS), "{name}");
        assert!(!lab.finds(&carol, "bob"), "{name}");
        assert_eq!(lab.finds(&bob, "carol"), stays, "{name}");
    }
    lab.host.assert_alive();
}

fn a_push_without_a_profile_changes_nothing(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let before = lab.record(&bob.identity()).map(|record| (record.set, record.charging));
    let charging = Avp::group(618, &[Avp::new(999, "x")]).of(VENDOR_3GPP);
    let profile = user_data(&lab.hss.subscriber(&private("bob")).profile());
    for (name, avps) in [
        ("nothing", vec![user("bob")]),
        ("strange charging functions", vec![user("bob"), charging]),
        ("two users", vec![user("bob"), user("carol"), profile]),
    ] {
        let answer = lab.hss.answer_to(PUSH_PROFILE, avps);
        assert_eq!(answer.and_then(|answer| answer.result()), Some(SUCCESS), "{name}");
        let after = lab.record(&bob.identity()).map(|record| (record.set, record.charging));
        assert_eq!(after, before, "{name}");
    }
    assert!(lab.finds(&bob, "bob"));
}

fn a_push_of_too_much_is_refused_as_that(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let before = lab.record(&bob.identity()).map(|record| record.set);
    let profile = lab.hss.subscriber(&private("bob")).profile();
    let deep = format!("{}{}</IMSSubscription>", "<a>".repeat(40), "</a>".repeat(40));
    for (text, result) in
        [(profile.replace("</IMSSubscription>", &deep), 5008), ("<IMSSubscription/>".into(), 5012)]
    {
        let answer = lab.hss.tell_client(PUSH_PROFILE, vec![user("bob"), user_data(&text)]);
        assert_eq!(answer.result(), Some(result), "{text}");
        assert_eq!(lab.record(&bob.identity()).map(|record| record.set), before);
    }
    assert!(lab.finds(&bob, "bob"));
}

fn r_72_every_answer_of_a_watcher_has_its_meaning(mix: Mix) {
    let lab = Lab::start(mix);
    for (status, stays) in [
        (202, true),
        (299, true),
        (302, false),
        (401, false),
        (407, false),
        // Somebody on the way says that nobody answered.
        (408, true),
        (423, false),
        (491, false),
        (503, false),
        (699, false),
    ] {
        let bob = lab.ue(&format!("u{status}"));
        lab.register(&bob, 600);
        let mut watcher = Watcher::new(&lab.ue("pad"), &bob.identity(), &bob.identity());
        watcher.begins(600);
        watcher.answer("NOTIFY", Answer::Status(status));
        lab.register(&bob, 600);
        watcher.hears();
        if !stays {
            let said = format!("dropped, NOTIFY answered {status}");
            lab.host.journal().wait(&said, Duration::from_secs(10));
        }
        watcher.answer("NOTIFY", Answer::Status(200));
        let can = number(&watcher.ask(&watcher.subscribe(600)), "X-Can");
        assert_eq!(can == 1, stays, "{status}");
    }
}

/// Arguments as JSON: of every type, too many, too few.
const ARGUMENTS: &[&str] = &[
    "[]",
    "[5]",
    "[-1, -1]",
    "[1.5]",
    "[true]",
    "[null]",
    "[[]]",
    "[{}]",
    "[\"\"]",
    "[\"\", \"\"]",
    "{}",
    "{\"a\": 1}",
    "[\"sip:nobody@ims.test\", \"x\"]",
    "[\"sip:nobody@ims.test\", 99999999999999]",
    "[\"sip:bob@ims.test\", \"x\"]",
    "[\"sip:bob@ims.test\", -1]",
    "[99999999999999999999]",
    "[\"\\u0000\"]",
];

fn arguments_of_any_type_are_answered(mix: Mix) {
    let mut lab = Plan::new(mix).with(|setup| setup.json()).start();
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let mut commands = vec!["regscscf.dereg_impu", "regscscf.shorten_impu"];
    if mix.usrloc() == Flavor::Ours {
        commands.extend([
            "ulscscf.status",
            "ulscscf.showimpu",
            "ulscscf.list",
            "ulscscf.explain",
            "ulscscf.delete_contact",
            "ulscscf.lock",
            "ulscscf.db_audit",
        ]);
    }
    for command in commands {
        for arguments in ARGUMENTS {
            let ask = format!(
                "{{\"jsonrpc\": \"2.0\", \"method\": \"{command}\", \"params\": {arguments}, \"id\": 1}}"
            );
            let answer = lab.host.json(&ask);
            let answered = answer.contains("\"result\"") || answer.contains("\"code\":");
            assert!(answered, "{command} {arguments}: {answer}");
        }
    }
    assert!(lab.finds(&bob, "bob"));
    lab.host.assert_alive();
}

fn texts_that_c_starts_with_are_taken(mix: Mix) {
    let routes = "route[NEVER] {
        lookup(\"location\", \"\");
        lookup(\"location\", \"$avp(\");
        lookup_path_to_contact(\"\");
        unregister(\"location\", \"\");
        reg_fetch_contacts(\"location\", \"\", \"\");
        reg_free_contacts(\"\");
        add_sock_hdr(\"$avp(\");
        save(\"SAVED\", \"location\", \"$avp(\");
        assign_server_unreg(\"SAVED\", \"location\", \"\");
    }";
    let lab = Plan::new(mix).with(|setup| setup.word("{routes}", routes)).start();
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let told = "is no format string: taken as it is";
    until("three lines of the log", PATIENCE, || {
        (lab.host.journal().count(told) == 3).then_some(())
    });
}
