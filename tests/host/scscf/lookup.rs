//! Where requests to somebody go, and what scripts see of the contacts.

use host_tests::{
    Message, mixed,
    scscf::{Lab, Mix, Plan, Ue, rc, set},
};

mixed! {
    all:
        r_47_nobody_is_found_under_another_name,
        r_55_unregister_takes_an_identity_out,
        r_77_branches_can_be_switched_off_at_runtime,
        functions_tell_who_is_registered,
        the_receiving_socket_is_told,
        where_a_client_was_seen_is_where_requests_go;
    registrar:
        r_46_a_user_with_many_contacts_is_reached_at_twelve_of_them,
        r_47_numbers_are_found,
        r_48_only_contacts_of_the_wanted_kind_are_found,
        r_49_only_contacts_that_take_the_method_are_found,
        r_54_scripts_see_all_contacts,
        r_55_unregister_takes_an_identity_out_whatever_is_logged,
        a_request_goes_to_every_contact,
        expired_contacts_are_not_found;
    ours:
        unregister_takes_one_argument_too;
}

/// How many branches the route has beside the Request-URI.
fn more(answer: &Message) -> u32 {
    // The variable is null when there is none.
    answer.header("X-Count-Of-Branches").parse().unwrap_or(0)
}

/// Registers so many contacts of `ue`, the first of which is its own address.
fn many(lab: &Lab, ue: &Ue, count: usize) -> Vec<String> {
    let contacts: Vec<_> =
        (0..count).map(|number| format!("sip:c{number}@{}", ue.local())).collect();
    for contact in &contacts {
        let reply = ue.ask(&ue.register(600).set("Contact", &format!("<{contact}>")));
        assert_eq!(reply.status(), 200, "{reply:?}");
    }
    assert_eq!(lab.contacts(&ue.identity()).len(), count);
    contacts
}

fn r_46_a_user_with_many_contacts_is_reached_at_twelve_of_them(mix: Mix) {
    let mut lab = Lab::start(mix);
    let bob = lab.ue("bob");
    many(&lab, &bob, 14);
    let answer = bob.ask(&bob.calling("lookup").uri(&bob.identity()));
    assert_eq!(rc(&answer), 1);
    let branches = more(&answer);
    assert!((10..=12).contains(&branches), "{answer:?}");
    lab.host.assert_alive();
    // A way that leads nowhere costs its contact, not the request.
    let carol = lab.ue("carol");
    for (number, path) in ["<sip:127.0.0.1;lr>", "<sip:x@127.0.0.1:99999;lr>"].iter().enumerate() {
        let contact = format!("<sip:d{number}@{}>", carol.local());
        let draft = carol.register(600).set("Contact", &contact);
        carol.ask(&draft.add("Path", path).add("Supported", "path"));
    }
    assert!(carol.ask(&carol.calling("lookup").uri(&carol.identity())).status() == 200);
    lab.host.assert_alive();
}

fn r_47_nobody_is_found_under_another_name(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    for other in
        ["sip:nobody@ims.test", "sip:BOB@ims.test", "sip:bob@elsewhere.test", "sip:bo@ims.test"]
    {
        assert!(lab.looked_up(&bob, other).is_none(), "{other}");
    }
    for same in ["sip:bob@ims.test", "sip:bob@ims.test:5060", "sip:bob@ims.test;x=y"] {
        assert!(lab.looked_up(&bob, same).is_some(), "{same}");
    }
}

fn r_47_numbers_are_found(mix: Mix) {
    let mut lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let [_, number, _] = set("bob");
    assert_eq!(lab.looked_up(&bob, &number).unwrap().header("X-Ru"), bob.contact());
    assert!(lab.looked_up(&bob, "tel:+49301234567").is_none());
    // Separators that only readers see.
    let (start, end) = number.split_at("tel:+098".len());
    assert!(lab.looked_up(&bob, &format!("{start}-{end}")).is_some());
    // No user part at all.
    assert!(lab.looked_up(&bob, "sip:ims.test").is_none());
    lab.host.assert_alive();
}

fn r_48_only_contacts_of_the_wanted_kind_are_found(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.register(&bob, 600);
    let phone = format!(
        "<{}>;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel\"",
        carol.contact()
    );
    assert_eq!(carol.ask(&carol.register(600).set("Contact", &phone)).status(), 200);
    let kind = |function: &str, ue: &Ue| rc(&ue.ask(&ue.calling(function).uri(&ue.identity())));
    assert_eq!((kind("lookup_3gpp", &bob), kind("lookup_sip", &bob)), (-1, 1));
    assert_eq!((kind("lookup_3gpp", &carol), kind("lookup_sip", &carol)), (1, -1));
    assert_eq!((kind("lookup", &bob), kind("lookup", &carol)), (1, 1));
}

fn r_49_only_contacts_that_take_the_method_are_found(mix: Mix) {
    let lab = Plan::new(mix).registrar("method_filtering", 1).start();
    let bob = lab.ue("bob");
    let contact = format!("<{}>;methods=\"INVITE\"", bob.contact());
    assert_eq!(bob.ask(&bob.register(600).set("Contact", &contact)).status(), 200);
    let asked = |method: &str, function: &str| {
        rc(&bob.ask(&bob.draft(method, &bob.identity()).add("X-Do", function)))
    };
    assert!([-1, -2].contains(&asked("OPTIONS", "lookup")));
    assert_eq!((asked("INVITE", "lookup"), asked("INVITE", "term_contact")), (1, 1));
    assert!(asked("OPTIONS", "term_contact") < 0);
}

fn r_54_scripts_see_all_contacts(mix: Mix) {
    let lab = Plan::new(mix).exact().with(|setup| {
        setup.word("{beyond}", "append_to_reply(\"X-Beyond: $(ulc(p=>addr)[5])\\r\\n\");")
    });
    let mut lab = lab.start();
    let (one, other) = (lab.ue("bob"), lab.ue("bob"));
    let draft = one.register(600).set("Contact", &format!("<{}>;q=0.7", one.contact()));
    let draft = draft.add("User-Agent", "First").add("Path", "<sip:p@127.0.0.1;lr>");
    assert_eq!(one.ask(&draft).status(), 200);
    lab.register(&other, 600);
    let answer = one.ask(&one.calling("fetch").add("X-Uri", &one.identity()));
    assert_eq!((rc(&answer), answer.header("X-Count")), (1, "2"), "{answer:?}");
    let mut seen = [answer.header("X-First").to_owned(), answer.header("X-Second").to_owned()];
    seen.sort_unstable();
    let mut both = [one.contact(), other.contact()];
    both.sort_unstable();
    assert_eq!((seen, answer.header("X-Beyond")), (both, "<null>"));
    assert_eq!(answer.header("X-Aor"), one.identity());
    let answer = one.ask(&one.calling("free"));
    assert_eq!(rc(&answer), 1);
    let nobody = one.ask(&one.calling("fetch").add("X-Uri", "sip:nobody@ims.test"));
    assert_eq!(rc(&nobody), -1);
    lab.host.assert_alive();
}

/// `unregister` as the contract writes the identity.
fn unregistered(lab: &mut Lab) {
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let before = lab.stored("active_impus");
    let answer = bob.ask(&bob.calling("unregister").add("X-Uri", "sip:BOB@IMS.TEST:5080;x"));
    assert_eq!(rc(&answer), 1);
    assert_eq!((lab.state(&bob.identity()), lab.stored("active_impus")), (None, before - 1));
    assert_eq!(rc(&bob.ask(&bob.calling("unregister").add("X-Uri", "sip:nobody@ims.test"))), 1);
    lab.register(&bob, 600);
    assert!(lab.finds(&bob, "bob"));
    lab.host.assert_alive();
}

fn r_55_unregister_takes_an_identity_out(mix: Mix) {
    unregistered(&mut Plan::new(mix).usrloc("timer_interval", 60).start());
}

fn r_55_unregister_takes_an_identity_out_whatever_is_logged(mix: Mix) {
    let plan = Plan::new(mix).usrloc("timer_interval", 60);
    unregistered(&mut plan.with(|setup| setup.global("debug=3\n")).start());
}

fn unregister_takes_one_argument_too(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let answer = bob.ask(&bob.calling("unregister_all").uri(&bob.identity()));
    assert_eq!(rc(&answer), 1);
    assert!(!lab.finds(&bob, "bob"));
}

fn r_77_branches_can_be_switched_off_at_runtime(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    many(&lab, &bob, 3);
    let branches = || {
        let answer = bob.ask(&bob.calling("lookup").uri(&bob.identity()));
        more(&answer)
    };
    assert_eq!(branches(), 2);
    lab.host.rpc(&["cfg.seti", "registrar", "append_branches", "0"]).unwrap();
    assert_eq!(branches(), 0);
    // Whatever is not 0 switches them on.
    for on in ["1", "2", "1000"] {
        lab.host.rpc(&["cfg.seti", "registrar", "append_branches", on]).unwrap();
        assert_eq!(branches(), 2, "{on}");
    }
}

fn functions_tell_who_is_registered(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.register(&bob, 600);
    let own = |ue: &Ue| {
        let draft = ue.calling("registered").set("To", &format!("<{}>", ue.identity()));
        rc(&ue.ask(&draft))
    };
    let term = |function: &str, ue: &Ue| rc(&ue.ask(&ue.calling(function).uri(&ue.identity())));
    assert_eq!((own(&bob), own(&carol)), (1, -1));
    for function in ["term_registered", "term_contact", "lookup"] {
        assert_eq!((term(function, &bob), term(function, &carol)), (1, -1), "{function}");
    }
    lab.leave(&bob);
    assert_eq!(term("lookup", &carol), -1);
}

fn the_receiving_socket_is_told(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let hop = lab.ue("hop");
    let draft = bob.calling("sock").uri(&hop.contact()).add("X-Relay", "1");
    bob.send(&draft);
    let passed = hop.incoming("MESSAGE");
    let socket = format!("udp:{}", lab.host.address());
    assert!(passed.header("X-Sock").contains(&socket), "{passed:?}");
}

fn where_a_client_was_seen_is_where_requests_go(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, seen) = (lab.ue("bob"), lab.ue("seen"));
    let draft = bob.register(600).add("X-Received", &seen.address());
    assert_eq!(bob.ask(&draft).status(), 200);
    let found = lab.looked_up(&bob, &bob.identity()).unwrap();
    assert_eq!((found.header("X-Ru"), found.header("X-Du")), (&*bob.contact(), &*seen.address()));
}

fn a_request_goes_to_every_contact(mix: Mix) {
    let lab = Lab::start(mix);
    let all = [lab.ue("bob"), lab.ue("bob"), lab.ue("bob")];
    for ue in &all {
        lab.register(ue, 600);
    }
    let carol = lab.ue("carol");
    let answer = carol.ask(&carol.calling("lookup").uri(&set("bob")[0]).add("X-Relay", "1"));
    assert_eq!(answer.status(), 200);
    for ue in &all {
        assert_eq!(ue.incoming("MESSAGE").uri(), ue.contact());
    }
}

fn expired_contacts_are_not_found(mix: Mix) {
    let lab = Plan::new(mix).short(1).usrloc("timer_interval", 60).exact().start();
    let (one, other) = (lab.ue("bob"), lab.ue("bob"));
    lab.register(&one, 2);
    lab.register(&other, 600);
    std::thread::sleep(std::time::Duration::from_millis(3100));
    let found = lab.looked_up(&one, &one.identity()).unwrap();
    assert_eq!((found.header("X-Ru"), more(&found)), (&*other.contact(), 0));
    let carol = lab.ue("carol");
    lab.register(&carol, 1);
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert!(lab.looked_up(&carol, &carol.identity()).is_none());
    let fetched = one.ask(&one.calling("term_contact").uri(&carol.identity()));
    assert_eq!(rc(&fetched), -1);
}
