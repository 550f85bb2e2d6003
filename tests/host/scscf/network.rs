//! What the home network asks for by itself: the end of registrations, new profiles.

use crate::{
    database::{plan, restart},
    event::behind,
    identity::named,
    told::{document, published},
};
use host_tests::{
    diameter::{
        Assignment, Avp, Avps as _, Hss, Message, Reply, SUCCESS, Subscriber, VENDOR_3GPP,
        hss::{PUSH_PROFILE, REGISTRATION_TERMINATION, SERVER_ASSIGNMENT, user_data},
    },
    mixed,
    scscf::{Lab, Mix, Plan, Ue, Watcher, private, rc, set},
    wait::{PATIENCE, until},
};

mixed! {
    all:
        an_end_of_identities_is_answered_and_done;
    registrar:
        every_form_of_an_end_is_answered,
        an_end_of_the_private_identity_ends_all,
        an_end_of_one_identity_of_the_set,
        an_end_of_service_for_the_unregistered_is_of_the_whole_set,
        who_watches_the_unregistered_does_not_keep_what_the_hss_ends,
        an_end_is_found_in_every_domain,
        garbage_from_the_hss_is_answered,
        a_pushed_profile_is_taken,
        a_pushed_profile_that_is_none_changes_nothing,
        a_pushed_profile_of_another_name_is_of_who_is_asked_for,
        a_pushed_profile_of_one_set_leaves_the_other_one,
        the_hss_is_told_of_an_end_by_an_operator,
        the_hss_is_told_of_expiry_if_wanted,
        the_hss_is_told_of_an_end_that_a_proxy_publishes;
    ours:
        the_hss_is_told_of_expiry_after_a_restart,
        a_private_identity_is_known_whatever_it_looks_like,
        // The store of C may keep the set that it knows.
        the_hss_is_told_of_expiry_whoever_is_the_first_of_the_set,
        who_watches_hears_of_a_set_that_is_pushed,
        who_watches_hears_that_an_identity_is_barred;
}

/// What `answer` says that became of it.
fn result(answer: &Message) -> u32 {
    answer.result().expect("a result")
}

fn an_end_of_identities_is_answered_and_done(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.register(&bob, 600);
    lab.register(&carol, 600);
    let [own, number, barred] = set("bob");
    let answer = lab.hss.terminate(&private("bob"), &[&own, &number, &barred], 0);
    assert_eq!((answer.command, answer.request), (REGISTRATION_TERMINATION, false));
    assert_eq!((result(&answer), answer.avps.value(277)), (SUCCESS, Some(1)));
    assert!(answer.avps.find(260).is_some() && answer.avps.find(264).is_some(), "{answer:?}");
    lab.wait_contacts(1);
    until("nobody called bob", PATIENCE, || lab.state(&own).is_none().then_some(()));
    assert!(!lab.finds(&carol, "bob"));
    assert!(lab.finds(&carol, "carol"));
    lab.register(&bob, 600);
    assert!(lab.finds(&carol, "bob"));
}

fn every_form_of_an_end_is_answered(mix: Mix) {
    let mut lab = Lab::start(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.register(&carol, 600);
    let reason =
        |number: u32| Avp::group(615, &[Avp::number(616, number).of(VENDOR_3GPP)]).of(VENDOR_3GPP);
    let identity = |text: &str| Avp::new(601, text).of(VENDOR_3GPP);
    let user = |text: &str| Avp::new(1, text);
    let own = bob.identity();
    let associated = Avp::group(632, &[user("second@ims.test")]).of(VENDOR_3GPP);
    for number in [0, 1, 2, 3, 9] {
        lab.register(&bob, 600);
        let answer = lab.hss.terminate(&private("bob"), &[&own], number);
        assert_eq!(result(&answer), SUCCESS, "{number}");
        assert!(!lab.finds(&carol, "bob"), "{number}");
    }
    let forms: [(&str, Vec<Avp>); 9] = [
        ("unknown", vec![user("x@ims.test"), identity("sip:x@ims.test"), reason(0)]),
        ("unknown, nothing else", vec![user("x@ims.test"), reason(0)]),
        (
            "one of two",
            vec![user("bob@ims.test"), identity(&own), identity("sip:x@ims.test"), reason(0)],
        ),
        ("without a reason", vec![user("bob@ims.test"), identity(&own)]),
        (
            "with a reason that is none",
            vec![user("bob@ims.test"), Avp::new(615, *b"x").of(VENDOR_3GPP)],
        ),
        ("without a user", vec![identity(&own), reason(0)]),
        ("without anything", vec![]),
        ("with others", vec![user("bob@ims.test"), associated, identity(&own), reason(3)]),
        ("of nothing", vec![user(" "), identity(" "), reason(0)]),
    ];
    for (name, avps) in forms {
        lab.register(&bob, 600);
        let answer = lab.hss.answer_to(REGISTRATION_TERMINATION, avps);
        let answer = answer.unwrap_or_else(|| panic!("no answer to an end {name}"));
        assert!(result(&answer) >= 2001, "{name}: {answer:?}");
        assert!(lab.finds(&carol, "carol"), "{name}");
    }
    lab.host.assert_alive();
}

fn an_end_of_the_private_identity_ends_all(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.register(&bob, 600);
    let answer = lab.hss.terminate(&private("bob"), &[], 0);
    assert_eq!(result(&answer), SUCCESS);
    for identity in set("bob") {
        assert!(lab.looked_up(&carol, &identity).is_none(), "{identity}");
    }
    lab.wait_empty();
}

fn a_private_identity_is_known_whatever_it_looks_like(mix: Mix) {
    const CARD: &str = "card-7@ims.test";
    let lab = Lab::start(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.register(&carol, 600);
    let profile = host_tests::scscf::subscriber(&bob.identity()).profile();
    let profile = profile.replace(&format!(">{}<", private("bob")), &format!(">{CARD}<"));
    lab.hss.edit(SERVER_ASSIGNMENT, move |_, avps| {
        let others = avps.into_iter().filter(|avp| avp.code != 606);
        Reply::With(others.chain([user_data(&profile)]).collect())
    });
    lab.register(&bob, 600);
    lab.hss.plain(SERVER_ASSIGNMENT);
    let end =
        |private| lab.hss.tell_client(REGISTRATION_TERMINATION, Hss::termination(private, &[], 0));
    assert_ne!(result(&end("card-8@ims.test")), SUCCESS);
    assert!(lab.finds(&carol, "bob"));
    assert_eq!(result(&end(CARD)), SUCCESS);
    for identity in set("bob") {
        assert!(lab.looked_up(&carol, &identity).is_none(), "{identity}");
    }
    assert!(lab.finds(&carol, "carol"));
}

fn an_end_of_one_identity_of_the_set(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.register(&bob, 600);
    let [own, number, _] = set("bob");
    // However it is written.
    let spelled = own.replace("ims.test", "IMS.TEST");
    let answer = lab.hss.terminate(&private("bob"), &[&spelled], 0);
    assert_eq!(result(&answer), SUCCESS);
    assert!(lab.looked_up(&carol, &own).is_none());
    // The set is registered together and ends together: TS 23.228, 5.2.1a.
    assert!(lab.looked_up(&carol, &number).is_none());
    lab.wait_contacts(0);
}

/// Carol is served here, although nobody registered her.
fn serves_carol(lab: &Lab, bob: &Ue) {
    let [carol, ..] = set("carol");
    let pai = format!("<{}>", bob.identity());
    let call = bob.draft("INVITE", &carol).add("P-Asserted-Identity", &pai);
    assert_eq!(bob.ask(&call.add("X-Do", "assign_term")).header("X-Code"), "1");
    assert_eq!(lab.state(&carol).as_deref(), Some("unregistered"));
}

fn carol_is_forgotten(lab: &Lab) {
    for identity in set("carol") {
        until("nobody served", PATIENCE, || lab.state(&identity).is_none().then_some(()));
    }
}

fn an_end_of_service_for_the_unregistered_is_of_the_whole_set(mix: Mix) {
    let lab = Lab::start(mix);
    serves_carol(&lab, &lab.ue("bob"));
    let answer = lab.hss.terminate(&private("carol"), &[&set("carol")[1]], 3);
    assert_eq!(result(&answer), SUCCESS);
    carol_is_forgotten(&lab);
}

fn who_watches_the_unregistered_does_not_keep_what_the_hss_ends(mix: Mix) {
    let lab = Plan::new(mix).registrar("trusted_as", "127.0.0.1").short(1).start();
    serves_carol(&lab, &lab.ue("bob"));
    let servers: Vec<Ue> = (0..20).map(|number| lab.ue(&format!("as{number}"))).collect();
    let [carol, ..] = set("carol");
    let mut watchers: Vec<Watcher> =
        servers.iter().map(|server| Watcher::new(server, &carol, &server.address())).collect();
    for watcher in &mut watchers {
        watcher.begins(600);
    }
    assert_eq!(result(&lab.hss.terminate(&private("carol"), &[], 3)), SUCCESS);
    for watcher in &mut watchers {
        let state = watcher.hears().message.header("Subscription-State").to_owned();
        assert_eq!(state, "terminated;reason=deactivated");
    }
    carol_is_forgotten(&lab);
}

fn an_end_is_found_in_every_domain(mix: Mix) {
    let lab = Plan::new(mix).two_domains().start();
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.register(&bob, 600);
    assert_eq!(carol.ask(&carol.register(600).add("X-Save", "second")).status(), 200);
    let there = |function: &str, ue: &Ue| rc(&ue.ask(&ue.calling(function).uri(&ue.identity())));
    assert_eq!((there("lookup", &bob), there("lookup_second", &carol)), (1, 1));
    let answer = lab.hss.terminate(&private("carol"), &[&carol.identity()], 0);
    assert_eq!(result(&answer), SUCCESS);
    assert_eq!((there("lookup", &bob), there("lookup_second", &carol)), (1, -1));
}

fn garbage_from_the_hss_is_answered(mix: Mix) {
    let mut lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let long = "x".repeat(4000);
    // cdp drops a message with an empty AVP by itself.
    for text in [" ", "sip:", "<sip:a@b>", "sip:a@b;c", "tel:", "\0", long.as_str()] {
        for command in [REGISTRATION_TERMINATION, PUSH_PROFILE] {
            let avps = vec![
                Avp::new(1, text),
                Avp::new(601, text).of(VENDOR_3GPP),
                Avp::new(606, text).of(VENDOR_3GPP),
                Avp::new(615, text).of(VENDOR_3GPP),
                Avp::new(618, text).of(VENDOR_3GPP),
            ];
            let answer = lab.hss.answer_to(command, avps);
            let answer = answer.unwrap_or_else(|| panic!("no answer to {command} of {text:?}"));
            assert!(result(&answer) >= 2001, "{command} {text:.20}: {answer:?}");
        }
    }
    assert!(lab.finds(&bob, "bob"));
    lab.host.assert_alive();
}

fn a_pushed_profile_is_taken(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    lab.hss.change(&private("bob"), |it| {
        it.charging = Some(["aaa://ccf1.ims", "", "", ""].map(str::to_owned));
    });
    let names = Avp::group(618, &[Avp::new(621, "aaa://ccf1.ims").of(VENDOR_3GPP)]);
    let profile = lab.hss.subscriber(&private("bob")).profile();
    let avps = vec![Avp::new(1, private("bob")), user_data(&profile), names.of(VENDOR_3GPP)];
    let answer = lab.hss.tell_client(PUSH_PROFILE, avps);
    assert_eq!(result(&answer), SUCCESS);
    until("charging functions", PATIENCE, || {
        (lab.record(&bob.identity())?.charging[0] == "aaa://ccf1.ims").then_some(())
    });
    assert!(lab.finds(&bob, "bob"));
}

fn a_pushed_profile_that_is_none_changes_nothing(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let before = lab.record(&bob.identity());
    let push = |private: &str, text: &str| {
        let avps = vec![Avp::new(1, private), user_data(text)];
        result(&lab.hss.tell_client(PUSH_PROFILE, avps))
    };
    assert!(push(&private("bob"), "<garbage/>") > 3000);
    let stranger = lab.hss.subscriber(&private("bob")).profile();
    assert!(push("stranger@ims.test", &stranger) > 3000);
    assert_eq!(lab.record(&bob.identity()).map(|it| it.set), before.map(|it| it.set));
}

fn the_hss_is_told_of_an_end_by_an_operator(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    lab.hss.forget(SERVER_ASSIGNMENT);
    lab.host.rpc(&["regscscf.dereg_impu", &bob.identity()]).unwrap();
    let (kind, asked) = lab.hss.assigned();
    assert_eq!(kind, Assignment::AdministrativeDeregistration, "{asked:?}");
    lab.wait_empty();
}

fn the_hss_is_told_of_expiry_if_wanted(mix: Mix) {
    let lab = Plan::new(mix).short(1).registrar("sar_on_expiry", 1).start();
    let bob = lab.ue("bob");
    lab.register(&bob, 2);
    lab.hss.forget(SERVER_ASSIGNMENT);
    let told = until("the end at the HSS", PATIENCE, || {
        (lab.hss.waiting(SERVER_ASSIGNMENT) > 0).then(|| lab.hss.assigned())
    });
    assert_eq!(told.0, Assignment::TimeoutDeregistration);
    lab.wait_empty();
    assert_eq!(lab.hss.waiting(SERVER_ASSIGNMENT), 0);
    let silent = Plan::new(mix).short(1).start();
    let bob = silent.ue("bob");
    silent.register(&bob, 1);
    silent.hss.forget(SERVER_ASSIGNMENT);
    silent.wait_empty();
    assert_eq!(silent.hss.waiting(SERVER_ASSIGNMENT), 0);
}

/// The HSS hears of the next end, once.
fn hears_of_expiry(lab: &Lab, identity: &str) {
    lab.hss.forget(SERVER_ASSIGNMENT);
    let (kind, asked) = until("the end at the HSS", PATIENCE, || {
        (lab.hss.waiting(SERVER_ASSIGNMENT) > 0).then(|| lab.hss.assigned())
    });
    assert_eq!((kind, &*asked.avps.text(601)), (Assignment::TimeoutDeregistration, identity));
    lab.wait_empty();
    assert_eq!(lab.hss.waiting(SERVER_ASSIGNMENT), 0);
}

fn the_hss_is_told_of_expiry_after_a_restart(mix: Mix) {
    let mut lab = plan(mix, 1).short(1).registrar("sar_on_expiry", 1).start();
    let bob = lab.ue("bob");
    lab.register(&bob, 5);
    restart(&mut lab);
    hears_of_expiry(&lab, &bob.identity());
}

fn the_hss_is_told_of_expiry_whoever_is_the_first_of_the_set(mix: Mix) {
    let [_, number, barred] = set("bob");
    // The first one leaves with a profile that is pushed; in the end all that are left are barred.
    for (gone, first) in [(1, &number), (2, &barred)] {
        let lab = Plan::new(mix).short(1).registrar("sar_on_expiry", 1).start();
        lab.register(&lab.ue("bob"), 4);
        lab.hss.change(&private("bob"), |it| it.public = it.public.split_off(gone));
        assert_eq!(result(&lab.hss.push(&private("bob"))), SUCCESS);
        hears_of_expiry(&lab, first);
    }
}

fn the_hss_is_told_of_an_end_that_a_proxy_publishes(mix: Mix) {
    for (wanted, count) in [(1, 1), (0, 0)] {
        let lab = Plan::new(mix).registrar("sar_on_expiry", wanted).start();
        let (bob, mut proxy) = behind(&lab);
        proxy.begins(600);
        let other = lab.ue("bob");
        proxy.registers(&other, 600);
        lab.hss.forget(SERVER_ASSIGNMENT);
        let ends = |ue: &Ue| {
            let body = document(&bob.identity(), &ue.contact(), "terminated");
            assert_eq!(published(&proxy, &body).status(), 200);
        };
        ends(&other);
        assert!(lab.finds(&bob, "bob"));
        ends(&bob);
        lab.wait_empty();
        assert_eq!(lab.hss.waiting(SERVER_ASSIGNMENT), count, "sar_on_expiry {wanted}");
        if count > 0 {
            assert_eq!(lab.hss.assigned().0, Assignment::TimeoutDeregistration);
        }
    }
}

fn a_pushed_profile_of_another_name_is_of_who_is_asked_for(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let shared = lab.hss.subscriber(&private("bob")).profile().replace("bob@ims.test</P", "x@y</P");
    assert!(shared.contains("<PrivateID>x@y<"), "{shared}");
    // Twice: after the first one it must still be found.
    for _ in 0..2 {
        let avps = vec![Avp::new(1, private("bob")), user_data(&shared)];
        assert_eq!(result(&lab.hss.tell_client(PUSH_PROFILE, avps)), SUCCESS);
        assert_eq!(lab.record(&bob.identity()).unwrap().private, private("bob"));
    }
}

fn who_watches_hears_of_a_set_that_is_pushed(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let mut proxy = Watcher::proxy(&lab, &bob.identity());
    proxy.registers(&bob, 600);
    proxy.begins(600);
    let [own, number, _] = set("bob");
    let new = "sip:robert@ims.test";
    let before = lab.hss.subscriber(&private("bob")).profile();
    let pushed = before.replace(&number, new);
    assert_ne!(before, pushed);
    let push = |profile: &str| {
        let avps = vec![Avp::new(1, private("bob")), user_data(profile)];
        assert_eq!(result(&lab.hss.tell_client(PUSH_PROFILE, avps)), SUCCESS);
    };
    push(&pushed);
    let told = proxy.hears().valid();
    assert!(told.subscription().starts_with("active"));
    assert_eq!((told.of(&own).state.as_str(), told.of(new).state.as_str()), ("active", "active"));
    assert_eq!(told.events(), vec!["active registered", "active created"]);
    assert!(told.registrations.iter().all(|it| it.aor != number));
    assert!(lab.state(&number).is_none());
    // The same again is nothing new.
    push(&pushed);
    proxy.quiet();
}

fn a_pushed_profile_of_one_set_leaves_the_other_one(mix: Mix) {
    const WORK: &str = "sip:work@ims.test";
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let card = private("bob");
    let of = |set: &[&str]| Some(Subscriber::new(&card, "", set).profile());
    let [own, number, _] = set("bob");
    // He registers two sets of identities from one place.
    lab.register(&bob, 600);
    lab.hss.change(&card, |it| {
        it.public.push((WORK.to_owned(), false));
        it.profile = of(&[WORK, "tel:+99"]);
    });
    let work = named(&bob, &card, "Authorization").set("To", &format!("<{WORK}>"));
    assert_eq!(bob.ask(&work).status(), 200);
    let all =
        || [&*own, &*number, WORK, "tel:+99"].iter().all(|one| lab.looked_up(&bob, one).is_some());
    assert!(all());
    for pushed in [&[&*own, &*number, "tel:+1"][..], &[WORK, "tel:+99", "tel:+2"]] {
        lab.hss.change(&card, |it| it.profile = of(pushed));
        assert_eq!(lab.hss.push(&card).result(), Some(SUCCESS));
        assert!(all() && lab.looked_up(&bob, pushed[2]).is_some(), "{pushed:?}");
    }
}

fn who_watches_hears_that_an_identity_is_barred(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let mut proxy = Watcher::proxy(&lab, &bob.identity());
    proxy.registers(&bob, 600);
    proxy.begins(600);
    let [own, number, _] = set("bob");
    for (barred, told) in [(true, vec![&own]), (false, vec![&own, &number])] {
        lab.hss.change(&private("bob"), |it| it.public[1].1 = barred);
        for _ in 0..2 {
            assert_eq!(lab.hss.push(&private("bob")).result(), Some(SUCCESS));
        }
        let heard = proxy.hears().valid();
        let aors: Vec<_> = heard.registrations.iter().map(|it| &it.aor).collect();
        assert_eq!(aors, told);
        // The second time it is nothing new.
        proxy.quiet();
    }
}
