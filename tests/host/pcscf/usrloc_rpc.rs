//! The commands that only our store has.

use crate::rows::Contacts as _;
use host_tests::{
    Fault,
    install::{Version, install},
    mixed,
    pcscf::{Hand, Lab, Mix, Plan},
    setup::Storage,
};

mixed! {
    usrloc:
        all_contacts_are_an_array_for_json,
        all_contacts_of_one_domain_are_listed,
        one_contact_is_shown_with_all_that_is_known,
        a_miss_is_explained_rule_by_rule,
        a_contact_is_removed_on_demand,
        hundreds_of_contacts_are_listed_whole,
        a_listing_goes_on_where_the_page_before_ended,
        arguments_of_another_kind_are_faults;
}

fn fault(lab: &Lab, words: &[&str]) -> Fault {
    let told = lab.host.rpc(words);
    told.map_or_else(|fault| fault, |text| panic!("{words:?} answered {text}"))
}

fn all_contacts_are_an_array_for_json(mix: Mix) {
    let lab = Plan::new(mix).with(|setup| setup.json()).start();
    let ask = "{\"jsonrpc\":\"2.0\",\"method\":\"ulpcscf.list\",\"id\":1}";
    let flat = |text: String| text.split_whitespace().collect::<String>();
    assert!(flat(lab.host.json(ask)).contains("\"result\":[]"));
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.register(&alice);
    lab.relayed(&bob, &bob.register(600));
    let told = flat(lab.host.json(ask));
    assert!(told.contains("\"result\":[{\"Domain\":\"location\""), "{told}");
    for (ue, state) in [(&alice, "registered"), (&bob, "registrationpending")] {
        let entry = format!("\"AoR\":\"{}\",\"State\":\"{state}\"", ue.contact());
        assert!(told.contains(&entry), "{entry}: {told}");
    }
}

fn all_contacts_of_one_domain_are_listed(mix: Mix) {
    let other = "if ($hdr(X-Never) != $null) pcscf_save(\"second\");";
    let lab = Plan::new(mix).with(|setup| setup.word("{saved}", other)).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    let told = lab.host.rpc(&["ulpcscf.list", "location"]).unwrap();
    assert!(told.contains(&format!("AoR: {}", alice.contact())), "{told}");
    let told = lab.host.rpc(&["ulpcscf.list", "second"]).unwrap();
    assert!(!told.contains("AoR"), "{told}");
    let none = fault(&lab, &["ulpcscf.list", "third"]);
    assert!(none.code == 404 && none.text.contains("third"), "{none}");
}

fn one_contact_is_shown_with_all_that_is_known(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    let told = lab.host.rpc(&["ulpcscf.show", &alice.contact()]).unwrap();
    let address = alice.local().to_string();
    let route = lab.core.service_route();
    for part in [
        "Domain: location",
        &format!("AoR: {}", alice.contact()),
        "State: registered",
        &format!("Received: {address}"),
        &format!("Via: {address}"),
        &alice.identity(),
        route.trim_matches(['<', '>']),
        "expires_grace 3600",
        "Database: not stored",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let none = fault(&lab, &["ulpcscf.show", "sip:nobody@127.0.0.1:9"]);
    assert!(none.code == 404 && none.text.contains("sip:nobody@127.0.0.1:9"), "{none}");
}

fn a_miss_is_explained_rule_by_rule(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    let port = alice.local().port();
    let found = lab.host.rpc(&["ulpcscf.explain", "127.0.0.1", &port.to_string()]).unwrap();
    assert!(found.contains("Found: by contact and by source"), "{found}");
    assert!(found.contains("passed: ") && !found.contains("failed: "), "{found}");
    let other = (port ^ 1).to_string();
    let missed = lab.host.rpc(&["ulpcscf.explain", "127.0.0.1", &other]).unwrap();
    assert!(missed.contains("Found: not found"), "{missed}");
    // Both sides of the comparison that failed.
    let compared = |line: &str| line.contains(&other) && line.contains(&port.to_string());
    let failed = missed.lines().any(|line| line.contains("failed: ") && compared(line));
    assert!(failed && missed.contains("by the timer"), "{missed}");
    let none = fault(&lab, &["ulpcscf.explain", "127.0.0.77", &other]);
    assert!(none.code == 404 && none.text.contains("127.0.0.77"), "{none}");
    for bad in ["0", "70000"] {
        assert_eq!(fault(&lab, &["ulpcscf.explain", "127.0.0.1", bad]).code, 400, "{bad}");
    }
}

fn a_contact_is_removed_on_demand(mix: Mix) {
    let lab = Plan::new(mix).stored(Storage::Own, 1).start();
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.register(&alice);
    lab.register(&bob);
    lab.host.sqlite().wait_count(2);
    let told = lab.host.rpc(&["ulpcscf.delete", &alice.contact()]).unwrap();
    assert!(told.contains("Deleted: 1"), "{told}");
    assert_eq!((lab.count(), alice.is_registered(), bob.is_registered()), (1, false, true));
    lab.host.sqlite().wait_contacts("aor", &[&[&bob.contact()]]);
    assert_eq!(fault(&lab, &["ulpcscf.delete", &alice.contact()]).code, 404);
    lab.register(&alice);
    assert!(alice.is_registered());
}

fn hundreds_of_contacts_are_listed_whole(mix: Mix) {
    // About as many as kamcmd can show.
    let lab = Lab::start(mix);
    let mut hand = Hand::new(lab.host.address(), "u");
    for number in 0..300 {
        let contact = format!("<{};rinstance={number}>", hand.contact());
        let register = hand.register(600).set("Contact", &contact).add("X-Stop", "1");
        hand.ask(&register).expect("a reply to REGISTER");
    }
    let told = lab.host.rpc(&["ulpcscf.list"]).unwrap();
    let mut listed: Vec<_> = told
        .lines()
        .filter_map(|line| line.trim().strip_prefix("AoR: ")?.split_once(";rinstance="))
        .map(|(_, number)| number.parse::<u32>().unwrap())
        .collect();
    listed.sort_unstable();
    assert!(listed == (0..300).collect::<Vec<_>>(), "{} contacts", listed.len());
}

fn a_listing_goes_on_where_the_page_before_ended(mix: Mix) {
    let lab = Lab::start(mix);
    let mut hand = Hand::new(lab.host.address(), "u");
    for number in 0..700 {
        let contact = format!("<{};rinstance={number}>", hand.contact());
        let register = hand.register(600).set("Contact", &contact).add("X-Stop", "1");
        hand.ask(&register).expect("a reply to REGISTER");
    }
    let (mut seen, mut pages, mut next) = (Vec::new(), 0, vec!["ulpcscf.list".to_owned()]);
    loop {
        let words: Vec<&str> = next.iter().map(String::as_str).collect();
        let told = lab.host.rpc(&words).unwrap();
        pages += 1;
        let line = |line: &str, name: &str| line.trim().strip_prefix(name).map(str::to_owned);
        seen.extend(told.lines().filter_map(|text| line(text, "AoR: ")));
        let more = told.lines().find_map(|text| line(text, "More: "));
        let Some(more) = more else { break };
        next = more.split(' ').map(str::to_owned).collect();
    }
    assert_eq!((pages, seen.len()), (3, 700));
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 700, "nobody is listed twice");
    let two = lab.host.rpc(&["ulpcscf.list", "location", "0", "2"]).unwrap();
    assert_eq!(two.matches("AoR: ").count(), 2, "{two}");
    // The command of old tells of as many as it can, and of how to see the others.
    let status = lab.host.rpc(&["ulpcscf.status"]).unwrap();
    assert!(status.contains("Records: 700"), "{status}");
    if install().version() >= Version(5, 7) {
        let listed = status.matches("AoR: ").count();
        assert!(listed >= 40, "{status}");
        assert!(status.contains(&format!("More: ulpcscf.list location {listed}")), "{status}");
    }
    for (words, code) in [
        (&["location", "x"][..], 400),
        (&["location", "0", "0"], 400),
        (&["location", "0", "10001"], 400),
        (&["nowhere"], 404),
    ] {
        let words = [&["ulpcscf.list"][..], words].concat();
        assert_eq!(fault(&lab, &words).code, code, "{words:?}");
    }
}

fn arguments_of_another_kind_are_faults(mix: Mix) {
    let mut lab = Plan::new(mix).with(|setup| setup.json()).start();
    lab.register(&lab.ue("alice"));
    for (words, code, said) in [
        (&["ulpcscf.show"][..], 400, "parameter 1 is missing"),
        (&["ulpcscf.delete"], 400, "parameter 1 is missing"),
        (&["ulpcscf.delete", "5"], 404, "no contact 5"),
        (&["ulpcscf.explain", "127.0.0.1"], 400, "parameter 2 is missing"),
        (&["ulpcscf.explain", "127.0.0.1", "abc"], 400, "parameter 2 is abc"),
        (&["ulpcscf.explain", "127.0.0.1", "70000"], 400, "port 70000, must be 1 to 65535"),
        (&["ulpcscf.list", "location", "abc"], 400, "offset abc"),
        (&["ulpcscf.list", "location", "0", "x"], 400, "parameter 3 is x"),
        (&["ulpcscf.list", "location", "0", "0"], 400, "count 0, must be 1 to 10000"),
    ] {
        let fault = fault(&lab, words);
        assert!(fault.code == code && fault.text.contains(said), "{words:?}: {fault}");
    }
    for params in ["[null]", "[true]", "[[1]]", "[{\"a\":1}]"] {
        for method in ["list", "show", "explain", "delete"] {
            let ask = format!(
                "{{\"jsonrpc\":\"2.0\",\"method\":\"ulpcscf.{method}\",\"id\":1,\"params\":{params}}}"
            );
            let told = lab.host.json(&ask);
            assert!(told.contains("neither text nor number"), "{method} {params}: {told}");
        }
    }
    // A port may be a number or a text, and what is too much is left over.
    for params in ["[\"127.0.0.1\",5060]", "[\"127.0.0.1\",\"5060\"]", "[\"127.0.0.1\",5060,7]"] {
        let ask = format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"ulpcscf.explain\",\"id\":1,\"params\":{params}}}"
        );
        let told = lab.host.json(&ask);
        assert!(told.contains("\"result\"") && told.contains("sip:alice@"), "{params}: {told}");
    }
    lab.host.assert_alive();
    assert_eq!(lab.count(), 1);
}
