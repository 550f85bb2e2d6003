//! What operators see and set that the C store lacks: listings, explanations, parameters that do what
//! their documents say.

use host_tests::{
    Host,
    diameter::Subscriber,
    mixed,
    scscf::{Lab, Mix, Plan, private, set, subscriber},
    wait::{PATIENCE, until},
};

mixed! {
    usrloc:
        identities_are_listed_page_by_page,
        an_identity_is_explained,
        an_operator_ends_a_contact,
        an_operator_sees_and_ends_what_is_in_another_domain,
        nobody_holds_the_lock_for_long,
        an_audit_without_a_database_is_refused,
        the_number_of_groups_may_be_written_out,
        parameters_that_make_no_sense_are_put_right_as_the_log_says,
        parameters_that_c_refuses_end_the_start,
        a_domain_may_have_any_name,
        processes_of_its_own_end_what_is_over,
        an_identity_has_many_spellings,
        a_wildcarded_identity_stands_for_many,
        the_contact_that_was_refreshed_last_is_the_first;
}

/// A command and its answer as JSON, where arrays are arrays.
fn json(host: &Host, words: &[&str]) -> String {
    host.rpc(words).unwrap_or_else(|fault| panic!("{words:?}: {fault:?}"))
}

fn identities_are_listed_page_by_page(mix: Mix) {
    let lab = Lab::start(mix);
    for user in ["bob", "carol", "dave"] {
        lab.register(&lab.ue(user), 600);
    }
    let all = json(&lab.host, &["ulscscf.list"]);
    for identity in ["bob", "carol", "dave"].map(set).concat() {
        assert_eq!(all.matches(&format!("Impu: {identity}\n")).count(), 1, "{all}");
    }
    assert!(all.contains("Next: -1"), "{all}");
    let (mut from, mut seen) = (0, 0);
    for _ in 0..5 {
        let page = json(&lab.host, &["ulscscf.list", &from.to_string(), "2"]);
        seen += page.matches("Impu: ").count();
        from = match page.split("Next: ").nth(1).and_then(|rest| rest.lines().next()) {
            Some("-1") => break,
            Some(next) => next.trim().parse().unwrap(),
            None => panic!("{page}"),
        };
    }
    assert_eq!(seen, 9);
    assert_eq!(lab.host.rpc(&["ulscscf.list", "none"]).unwrap_err().code, 400);
}

fn an_identity_is_explained(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let text = json(&lab.host, &["ulscscf.explain", &bob.identity()]);
    for part in [
        "State: registered",
        "1 of 1 contacts are registered",
        &format!("Contact: {}", bob.contact()),
        &format!("Impi: {}", private("bob")),
        "it stays until its last contact goes",
        &format!("{}: registered, barred", set("bob")[2]),
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let fault = lab.host.rpc(&["ulscscf.explain", "sip:nobody@ims.test"]).unwrap_err();
    assert!(fault.code == 404 && fault.text.contains("sip:nobody@ims.test"), "{fault:?}");
}

fn an_operator_ends_a_contact(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, other) = (lab.ue("bob"), lab.ue("bob"));
    lab.register(&bob, 600);
    lab.register(&other, 600);
    let end = |contact: &str| lab.host.rpc(&["ulscscf.delete_contact", &bob.identity(), contact]);
    assert_eq!(end("sip:bob@192.0.2.99").unwrap_err().code, 404);
    let text = end(&bob.contact()).unwrap();
    assert!(text.contains("Deleted: 1"), "{text}");
    until("the end of the contact", PATIENCE, || {
        (lab.contacts(&bob.identity()) == [other.contact()]).then_some(())
    });
    let found = lab.looked_up(&other, &bob.identity()).unwrap();
    assert_eq!(found.find("X-Ru"), Some(other.contact().as_str()));
}

fn an_operator_sees_and_ends_what_is_in_another_domain(mix: Mix) {
    let lab = Plan::new(mix).two_domains().start();
    let bob = lab.ue("bob");
    assert_eq!(bob.ask(&bob.register(600).add("X-Save", "second")).status(), 200);
    let text = json(&lab.host, &["ulscscf.explain", &bob.identity()]);
    for part in ["Domain: loc2".to_owned(), format!("Contact: {}", bob.contact())] {
        assert!(text.contains(&part), "{part} in {text}");
    }
    let text = json(&lab.host, &["ulscscf.delete_contact", &bob.identity(), &bob.contact()]);
    assert!(text.contains("Deleted: 1"), "{text}");
    lab.wait_empty();
}

fn nobody_holds_the_lock_for_long(mix: Mix) {
    let lab = Lab::start(mix);
    lab.register(&lab.ue("bob"), 600);
    let text = json(&lab.host, &["ulscscf.lock"]);
    assert!(text.contains("Held: no") && text.contains("Takeovers: 0"), "{text}");
}

fn an_audit_without_a_database_is_refused(mix: Mix) {
    let lab = Lab::start(mix);
    assert_eq!(lab.host.rpc(&["ulscscf.db_audit"]).unwrap_err().code, 409);
}

fn the_number_of_groups_may_be_written_out(mix: Mix) {
    let lab = Plan::new(mix).usrloc("hash_size", 512).usrloc("contacts_hash_size", 1024).start();
    lab.register(&lab.ue("bob"), 600);
    let text = json(&lab.host, &["ulscscf.status"]);
    assert!(text.contains("Size: 512"), "{text}");
}

fn parameters_that_make_no_sense_are_put_right_as_the_log_says(mix: Mix) {
    let wrong = [
        ("hash_size", 100, "must be 24 or less, or the number of groups"),
        ("contacts_hash_size", 1 << 25, "must be 24 or less, or the number of groups"),
        ("maxcontact", -1, "must be 0 or more: 0 counts"),
        ("maxcontact_behaviour", 3, "must be 0 to 2: 2 counts"),
        ("max_subscribes", -1, "must be 0 or more: 0 counts"),
        ("contact_delete_delay", -1, "must be 0 or more: 0 counts"),
        ("unreg_validity", -1, "must be 0 or more: 0 counts"),
        ("cseq_delay", -1, "must be 0 or more: 0 counts"),
    ];
    let plan =
        wrong.iter().fold(Plan::new(mix), |plan, (name, value, _)| plan.usrloc(name, *value));
    // Files that nobody opens need not be there.
    let plan = plan.usrloc("user_data_xsd", "/nowhere/CxDataType.xsd");
    let lab = plan.start();
    let log = lab.host.journal().text();
    for (name, value, said) in wrong {
        let line = format!("modparam {name} is {value}, {said}");
        assert!(log.contains(&line), "{line} in {log}");
    }
    assert!(log.contains("CxDataType.xsd\" and does nothing here"), "{log}");
    let text = json(&lab.host, &["ulscscf.status"]);
    assert!(text.contains("Size: 512"), "{text}");
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    lab.leave(&bob);
    lab.wait_empty();
}

fn parameters_that_c_refuses_end_the_start(mix: Mix) {
    let log = Plan::new(mix).usrloc("nat_bflag", 32).refused();
    assert!(log.contains("modparam nat_bflag is 32, must be 0 to 31"), "{log}");
}

fn a_domain_may_have_any_name(mix: Mix) {
    let long = "location".repeat(40);
    let many = (0..100).map(|number| format!("lookup(\"number{number}\");"));
    let calls = format!("lookup(\"\"); lookup(\"{long}\"); {}", many.collect::<String>());
    let routes = format!("route[NEVER] {{ {calls} }}");
    let lab = Plan::new(mix).with(|setup| setup.word("{routes}", &routes)).start();
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let text = json(&lab.host, &["ulscscf.status"]);
    let names: Vec<_> =
        text.lines().filter_map(|line| line.trim().strip_prefix("Domain:")).collect();
    for name in ["", &long, "number99"] {
        assert!(names.iter().any(|other| other.trim() == name), "{name:?}: {text}");
    }
    lab.leave(&bob);
    lab.wait_empty();
}

fn processes_of_its_own_end_what_is_over(mix: Mix) {
    let lab = Plan::new(mix).usrloc("timer_procs", 3).short(1).exact().start();
    let processes = lab.host.rpc(&["core.psx"]).unwrap();
    assert_eq!(processes.matches("IMS S-CSCF USRLOC Timer").count(), 3, "{processes}");
    for user in ["bob", "carol", "dave"] {
        lab.register(&lab.ue(user), 1);
    }
    lab.wait_empty();
}

fn an_identity_has_many_spellings(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    for identity in ["sip:bob@IMS.test", "sip:%62ob@ims.test", "SIP:bob@ims.test;user=phone"] {
        let record = lab.record(identity).unwrap_or_else(|| panic!("{identity} is not found"));
        assert_eq!(record.state, "registered");
    }
    assert_eq!(lab.record("sip:Bob@ims.test"), None);
}

/// Bob, to whom every room belongs by a wildcard.
pub(crate) fn owner_of_rooms() -> Subscriber {
    let mut owner = subscriber("bob");
    owner.profile = Some(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<IMSSubscription>\
         <PrivateID>bob@ims.test</PrivateID><ServiceProfile>\
         <PublicIdentity><Identity>sip:bob@ims.test</Identity></PublicIdentity>\
         <PublicIdentity><Identity>sip:room!.*!@ims.test</Identity></PublicIdentity>\
         </ServiceProfile></IMSSubscription>"
            .to_owned(),
    );
    owner
}

fn a_wildcarded_identity_stands_for_many(mix: Mix) {
    for (supported, found) in [(1, true), (0, false)] {
        let lab = Plan::new(mix).usrloc("support_wildcardPSI", supported).start();
        lab.hss.add(owner_of_rooms());
        lab.register(&lab.ue("bob"), 600);
        assert_eq!(lab.record("sip:room42@ims.test").is_some(), found);
        assert!(lab.record("sip:room!.*!@ims.test").is_some());
        assert_eq!(lab.record("sip:42room@ims.test"), None);
    }
}

fn the_contact_that_was_refreshed_last_is_the_first(mix: Mix) {
    for (ordered, first_again) in [(1, true), (0, false)] {
        let lab = Plan::new(mix).usrloc("desc_time_order", ordered).start();
        let (one, two) = (lab.ue("bob"), lab.ue("bob"));
        lab.register(&one, 600);
        lab.register(&two, 600);
        lab.register(&one, 600);
        let text = json(&lab.host, &["ulscscf.explain", &one.identity()]);
        let place = |uri: String| text.find(&uri).unwrap_or_else(|| panic!("{uri} in {text}"));
        assert!(place(one.contact()) < place(two.contact()), "{text}");
        lab.register(&two, 600);
        let text = json(&lab.host, &["ulscscf.explain", &one.identity()]);
        let place = |uri: String| text.find(&uri).unwrap_or_else(|| panic!("{uri} in {text}"));
        assert_eq!(place(two.contact()) < place(one.contact()), first_again, "{text}");
    }
}
