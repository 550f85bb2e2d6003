//! Requests and replies that are wrong on purpose, and clients that mean somebody else harm.

use crate::steady;
use host_tests::{
    Draft,
    garbage::garbage,
    mixed,
    pcscf::{
        Lab, Mix, Plan, Ue,
        core::identities,
        rc,
        reginfo::{Contact, document},
    },
};
use std::time::{Duration, Instant};

mixed! {
    registrar:
        an_unauthenticated_register_changes_nothing_of_somebody_else,
        a_spoofed_register_is_not_completed_by_the_victims_answer;
    ours:
        nobody_is_left_out_for_pending_contacts_of_others,
        garbage_in_every_header_is_survived,
        garbage_in_every_document_is_survived,
        garbage_leaves_no_memory_behind,
        a_path_takes_no_more_memory_than_a_contact,
        the_last_user_of_an_address_wins;
}

const REQUEST: &[&str] = &[
    "Contact",
    "Expires",
    "Security-Client",
    "Security-Verify",
    "Path",
    "Route",
    "P-Called-Party-ID",
    "X-Identity",
    "X-Aor",
    "X-Host",
    "X-Port",
];
const REPLY: &[&str] = &["Contact", "Expires", "P-Associated-URI", "Service-Route", "Path"];
const FUNCTIONS: &[&str] = &["is_registered", "follows", "force", "assert", "unregister"];

/// Sends `draft` and waits for an answer; the core that drops a request is an answer, too.
fn bear(ue: &Ue, draft: &Draft) {
    ue.send(draft);
    let call_id = draft.find("Call-ID");
    let answered = ue.wait(Duration::from_millis(1500), |message| {
        message.status() >= 200 && message.find("Call-ID") == call_id
    });
    drop(answered);
}

fn garbage_in_every_header_is_survived(mix: Mix) {
    let plan = Plan::new(mix).registrar("is_registered_fallback2ip", 2);
    let mut lab = plan.with(|setup| setup.param("tm", "fr_timer", 500)).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    let mallory = lab.ue("mallory");
    for text in garbage() {
        for header in REQUEST {
            let draft = mallory.register(600).add("X-Stop", "1");
            bear(&mallory, &draft.set(header, &text));
        }
        for function in FUNCTIONS {
            for header in ["Contact", "Route", "X-Identity", "X-Aor", "X-Host", "X-Port"] {
                bear(&mallory, &mallory.calling(function).set(header, &text));
            }
        }
        for header in REPLY {
            let draft = mallory.register(600);
            let relayed = lab.relayed(&mallory, &draft);
            lab.core.send(&lab.core.ok(&relayed).set(header, &text));
            mallory.wait(Duration::from_millis(1500), |message| message.status() >= 200);
        }
        lab.host.assert_alive();
    }
    assert!(alice.is_registered());
    let log = lab.host.journal().text();
    assert!(!log.contains("panic"), "{}", log.lines().find(|it| it.contains("panic")).unwrap());
}

fn garbage_in_every_document_is_survived(mix: Mix) {
    let lab = Plan::new(mix).subscribing().registrar("notify_any_dialog", 1).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    lab.subscribed();
    let start = Instant::now();
    let good = document(&alice.identity(), "active", &[Contact::active(&alice.contact(), "600")]);
    let mut bodies: Vec<String> =
        (0..good.len()).step_by(7).map(|at| good[..at].to_owned()).collect();
    for text in garbage() {
        let text = text.replace(['<', '&', '\u{0}'], "");
        bodies.push(document(&text, "active", &[Contact::active(&alice.contact(), "600")]));
        bodies.push(document(&alice.identity(), &text, &[Contact::active("sip:a@b", "600")]));
        bodies.push(document(&alice.identity(), "active", &[Contact::active(&text, "600")]));
        bodies.push(document(&alice.identity(), "active", &[Contact::active("sip:a@b", &text)]));
    }
    // Deep nesting, entities that grow, files of the server.
    bodies.push("<reginfo>".repeat(3000));
    bodies.push(format!(
        "<?xml version=\"1.0\"?><!DOCTYPE r [<!ENTITY a \"{}\"><!ENTITY b \"{}\"><!ENTITY c \"{}\">]>\
         <reginfo><registration aor=\"&c;\" state=\"active\"/></reginfo>",
        "x".repeat(100),
        "&a;".repeat(100),
        "&b;".repeat(100)
    ));
    bodies.push(
        "<?xml version=\"1.0\"?><!DOCTYPE r [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><reginfo>\
         <registration aor=\"a\" state=\"active\"><contact event=\"created\" expires=\"1\" \
         state=\"active\"><uri>&f;</uri></contact></registration></reginfo>"
            .to_owned(),
    );
    for body in &bodies {
        let code = lab.notified(&lab.core.stray_notify(body));
        assert!([1, -1].contains(&code), "{code}: {body}");
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert!(alice.is_registered());
    let log = lab.host.journal().text();
    assert!(!log.contains("root:x:0:0"), "a file of the server in its log");
    assert!(!log.contains("panic"), "{}", log.lines().find(|it| it.contains("panic")).unwrap());
}

fn garbage_leaves_no_memory_behind(mix: Mix) {
    let lab = Plan::new(mix).with(steady::short).start();
    lab.core.registrar(|core, register| {
        let garbled = register.find("X-Garbage").unwrap_or_default();
        let ok = core.ok(register).set("P-Associated-URI", garbled);
        ok.set("Service-Route", garbled)
    });
    let alice = lab.ue("alice");
    let texts: Vec<_> = garbage().into_iter().filter(|text| text.len() < 1000).collect();
    steady::flat(&lab, 1000, |number| {
        let text = &texts[usize::try_from(number).unwrap() % texts.len()];
        let draft = alice.register(600).add("X-Garbage", text);
        let draft = draft.add("Security-Client", text).add("Security-Verify", text);
        assert_eq!(alice.ask(&draft).status(), 200, "{text}");
    });
}

/// What `mallory` sends in the name of `alice`: her Via, her Contact, her alias.
fn impersonations(mallory: &Ue, alice: &Ue) -> Vec<Draft> {
    let (at, contact) = (alice.local(), alice.contact());
    let own = mallory.local().to_string();
    let via = |draft: Draft| {
        let value = draft.find("Via").unwrap_or_default().replace(&own, &at.to_string());
        draft.set("Via", &value)
    };
    let alias = format!("<{};alias={}~{}~1>", mallory.contact(), at.ip(), at.port());
    [0, 600]
        .into_iter()
        .flat_map(|expires| {
            let draft = || mallory.register(expires);
            [
                draft().set("Contact", &format!("<{contact}>")),
                via(draft().set("Contact", &format!("<{contact}>"))),
                via(draft()),
                draft().set("Contact", &alias),
                via(draft().set("Contact", &alias)),
            ]
        })
        .collect()
}

fn an_unauthenticated_register_changes_nothing_of_somebody_else(mix: Mix) {
    let lab = Lab::start(mix);
    let (alice, mallory) = (lab.ue("alice"), lab.ue("mallory"));
    lab.register(&alice);
    for draft in impersonations(&mallory, &alice) {
        let relayed = lab.relayed(&mallory, &draft);
        lab.core.send(&Draft::reply(&relayed, 403, "core"));
        assert_eq!(mallory.final_reply(&draft).status(), 403);
        assert!(alice.is_registered(), "{draft:?}");
        assert!(!mallory.is_registered(), "{draft:?}");
        lab.register(&alice);
    }
}

fn a_spoofed_register_is_not_completed_by_the_victims_answer(mix: Mix) {
    let lab = Lab::start(mix);
    let (alice, mallory) = (lab.ue("alice"), lab.ue("mallory"));
    lab.register(&alice);
    // The core believes mallory, who is a user of it, and echoes what was asked for.
    for draft in impersonations(&mallory, &alice) {
        lab.exchange(&mallory, &draft, |ok| ok.set("P-Associated-URI", &identities("mallory")));
        assert!(alice.is_registered(), "{draft:?}");
        let answer = alice.ask(&alice.calling("is_registered").add("X-Values", "1"));
        assert_eq!(answer.header("X-Asserted"), alice.identity(), "{draft:?}");
    }
}

fn nobody_is_left_out_for_pending_contacts_of_others(mix: Mix) {
    let lab = Lab::start(mix);
    let (alice, mallory) = (lab.ue("alice"), lab.ue("mallory"));
    for draft in impersonations(&mallory, &alice) {
        let relayed = lab.relayed(&mallory, &draft);
        lab.core.send(&Draft::reply(&relayed, 403, "core"));
        mallory.final_reply(&draft);
    }
    lab.register(&alice);
    assert!(alice.is_registered());
    let asserted = alice.calling("assert").add("X-Identity", &format!("<{}>", alice.identity()));
    assert_eq!(rc(&alice.ask(&asserted)), 1);
}

fn the_last_user_of_an_address_wins(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    let at = alice.local();
    drop(alice);
    // Its socket is closed by the thread that reads from it.
    let bob = host_tests::wait::until("a free port", Duration::from_secs(5), || {
        std::net::UdpSocket::bind(at).ok().map(drop)?;
        Some(lab.ue_at(&at.to_string(), "bob"))
    });
    lab.register(&bob);
    let answer = bob.ask(&bob.calling("is_registered").add("X-Values", "1"));
    assert_eq!((rc(&answer), answer.header("X-Asserted")), (1, bob.identity().as_str()));
    let asserted = bob.calling("assert").add("X-Identity", "<sip:alice@ims.test>");
    assert_eq!(rc(&bob.ask(&asserted)), -1);
}

fn a_path_takes_no_more_memory_than_a_contact(mix: Mix) {
    let lab = Lab::start(mix);
    let before = lab.own_memory();
    // As much as the core of 6.0 and later takes over UDP.
    let path = format!("<sip:{}@proxy.example;lr>", "x".repeat(12_000));
    for number in 0..20 {
        let mallory = lab.ue(&format!("mallory{number}"));
        let draft = mallory.register(600).add("Path", &path).add("X-Stop", "1");
        assert_eq!(rc(&mallory.ask(&draft)), 1);
    }
    assert_eq!(lab.count(), 20);
    let taken = lab.own_memory() - before;
    assert!(taken < 120_000, "{taken} bytes for 20 contacts");
}
