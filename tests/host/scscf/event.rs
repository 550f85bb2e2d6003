//! The reg event: who may watch a registration, and how a subscription begins, goes on and ends.

use host_tests::{
    install::{Flavor, Version, install},
    mixed,
    scscf::{Lab, Mix, Plan, Told, Ue, Watcher, set},
    ue::number,
};

mixed! {
    all:
        r_56_the_user_and_its_proxies_may_watch,
        r_57_another_event_is_refused,
        r_58_the_first_notify_has_its_numbers,
        r_59_a_refresh_within_the_dialog_goes_on,
        r_60_a_new_dialog_from_the_same_place_replaces_the_old_one,
        r_61_the_end_of_a_subscription_is_taken,
        r_62_granted_times_lie_within_their_bounds;
    registrar:
        r_56_an_application_server_that_is_known_may_watch,
        r_56_every_asserted_identity_counts,
        r_57_other_parameters_of_event_do_not_matter,
        r_58_versions_may_start_as_in_c,
        r_60_a_watcher_that_moved_goes_on_counting,
        r_61_the_end_of_a_subscription_is_told,
        r_61_the_end_may_be_silent_as_in_c,
        a_document_tells_all_identities_that_are_not_barred,
        a_watcher_of_somebody_unknown_is_refused,
        of_several_contacts_of_a_watcher_the_first_one_counts,
        a_trusted_server_that_is_none_ends_the_start;
}

/// Bob, registered through a proxy that is about to watch him.
pub(crate) fn behind(lab: &Lab) -> (Ue, Watcher) {
    let bob = lab.ue("bob");
    let proxy = Watcher::proxy(lab, &bob.identity());
    proxy.registers(&bob, 600);
    (bob, proxy)
}

/// What `can_subscribe_to_reg` says of a SUBSCRIBE.
fn can(watcher: &Watcher) -> i32 {
    number(&watcher.ask(&watcher.subscribe(600)), "X-Can")
}

fn r_56_the_user_and_its_proxies_may_watch(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, mut proxy) = behind(&lab);
    let [own, phone, barred] = set("bob");
    let mut user = Watcher::own(&bob);
    let first = user.begins(600);
    assert!(first.subscription().starts_with("active;expires="), "{first:?}");
    assert_eq!(first.of(&own).state, "active");
    proxy.begins(600);
    let stranger = lab.ue("eve");
    for (asserted, code) in [
        (stranger.identity(), -1),
        (stranger.address(), -1),
        ("sip:ob@ims.test".to_owned(), -1),
        (barred, -1),
        (phone, 1),
        (own.to_uppercase().replace("SIP:", "sip:"), 1),
    ] {
        assert_eq!(can(&Watcher::new(&stranger, &own, &asserted)), code, "{asserted}");
    }
    let nobody = Watcher::own(&bob).subscribe(600).without("P-Asserted-Identity");
    assert_eq!(number(&bob.ask(&nobody), "X-Can"), -2);
}

fn r_56_an_application_server_that_is_known_may_watch(mix: Mix) {
    let lab = Plan::new(mix).registrar("trusted_as", "sip:smsc@sms.test, 192.0.2.7").start();
    let mut served = host_tests::scscf::subscriber("sip:bob@ims.test");
    served.criteria = "<InitialFilterCriteria><Priority>1</Priority><ApplicationServer>\
         <ServerName>sip:mmtel.ims.test:5080</ServerName><DefaultHandling>0</DefaultHandling>\
         </ApplicationServer></InitialFilterCriteria>\n"
        .to_owned();
    lab.hss.add(served);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let server = lab.ue("as");
    for (asserted, code) in [
        ("sip:mmtel.ims.test:5080", 1),
        ("sip:as@mmtel.ims.test:5080", 1),
        ("sip:mmtel.ims.test", -1),
        ("sip:smsc@sms.test", 1),
        ("sip:sms.test", -1),
        ("sip:anybody@192.0.2.7:7000", 1),
        ("sip:192.0.2.77", -1),
    ] {
        assert_eq!(can(&Watcher::new(&server, &bob.identity(), asserted)), code, "{asserted}");
    }
    Watcher::new(&server, &bob.identity(), "sip:smsc@sms.test").begins(600);
}

fn r_56_every_asserted_identity_counts(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, _) = behind(&lab);
    let draft = Watcher::own(&bob)
        .subscribe(600)
        .set("P-Asserted-Identity", "\"Eve, <sip:x>\" <sip:eve@ims.test>, tel:+1")
        .add("P-Asserted-Identity", &format!("<{}>", bob.identity()));
    assert_eq!(number(&bob.ask(&draft), "X-Can"), 1);
}

fn r_57_another_event_is_refused(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, _) = behind(&lab);
    for event in ["reg;id=1", "dialog", "regs", "re"] {
        let draft = Watcher::own(&bob).subscribe(600).set("Event", event);
        let reply = bob.ask(&draft);
        assert_eq!((reply.status(), number(&reply, "X-Can")), (403, -1), "{event}");
    }
    bob.quiet();
}

fn r_57_other_parameters_of_event_do_not_matter(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, _) = behind(&lab);
    let draft = Watcher::own(&bob).subscribe(600).set("Event", "REG ; x=\"y\"");
    assert_eq!(bob.ask(&draft).status(), 200);
    bob.notified("reg");
}

fn r_58_the_first_notify_has_its_numbers(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, _) = behind(&lab);
    let mut user = Watcher::own(&bob);
    let reply = user.watches(600);
    assert_eq!(reply.status_line(), "200 Subscription to REG saved");
    assert_eq!(reply.header("Expires"), "600");
    let old = install().version() < Version(6, 0);
    let contact = if old { lab.uri() } else { bob.identity() };
    assert_eq!(reply.header("Contact"), format!("<{contact}>"));
    let told = user.hears();
    let message = &told.message;
    assert_eq!(message.cseq(), (4, "NOTIFY"));
    let first = if mix.registrar() == Flavor::Ours { 0 } else { 2 };
    assert_eq!(told.version, first);
    assert_eq!(message.uri(), bob.contact());
    assert_eq!(message.tag("From"), reply.tag("To"));
    assert_eq!(message.tag("To"), reply.tag("From"));
    assert_eq!(message.contact(), lab.uri());
    assert_eq!(message.header("Content-Type"), "application/reginfo+xml");
    assert_eq!(message.header("Event"), "reg");
    let own = ["Contact", "Event", "Max-Forwards", "Subscription-State", "Content-Type"];
    let names = message.names().into_iter().filter(|name| own.contains(name));
    assert_eq!(names.collect::<Vec<_>>(), own);
    assert!(told.subscription().starts_with("active;expires="), "{told:?}");
    let [own, phone, _] = set("bob");
    for aor in [&own, &phone] {
        let registration = told.of(aor);
        assert_eq!(registration.state, "active");
        let [contact] = &registration.contacts[..] else { panic!("{told:?}") };
        assert_eq!((&*contact.uri, &*contact.state), (&*bob.contact(), "active registered"));
        assert!((590..=600).contains(&contact.expires), "{told:?}");
    }
    assert_eq!(told.registrations.len(), 2);
}

fn r_58_versions_may_start_as_in_c(mix: Mix) {
    let lab = Plan::new(mix).registrar("reginfo_first_version", 2).start();
    let (bob, _) = behind(&lab);
    let mut user = Watcher::own(&bob);
    assert_eq!(user.begins(600).version, 2);
    assert_eq!(user.begins(600).version, 3);
}

fn a_document_tells_all_identities_that_are_not_barred(mix: Mix) {
    let lab = Plan::new(mix).exact().start();
    let bob = lab.ue("bob");
    let draft = bob.register(600).set(
        "Contact",
        &format!("<{}>;q=0.5;+sip.instance=\"<urn:uuid:1>\";video;x=\"a&b\"", bob.contact()),
    );
    assert_eq!(bob.ask(&draft).status(), 200);
    let told = Watcher::own(&bob).begins(600).valid();
    let [own, phone, barred] = set("bob");
    assert_eq!(told.states(), ["active", "active"]);
    let aors: Vec<_> = told.registrations.iter().map(|one| one.aor.clone()).collect();
    assert_eq!(aors, [own, phone]);
    let body = &told.message.body;
    assert!(!body.contains(&barred), "{body}");
    for part in [
        " q=\"0.500\"",
        "<unknown-param name=\"+sip.instance\">\"&lt;urn:uuid:1&gt;\"</unknown-param>",
        "<unknown-param name=\"video\"></unknown-param>",
        "<unknown-param name=\"x\">\"a&amp;b\"</unknown-param>",
        &format!(" callid=\"{}\"", draft.find("Call-ID").unwrap()),
    ] {
        assert!(body.contains(part), "no {part} in\n{body}");
    }
    assert!(!body.contains(" id=\"0x"), "{body}");
}

fn r_59_a_refresh_within_the_dialog_goes_on(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, _) = behind(&lab);
    let mut user = Watcher::own(&bob);
    let first = user.begins(600);
    let reply = user.watches(1200);
    assert_eq!(reply.header("Expires"), "1200");
    if mix.registrar() == Flavor::Ours || install().version() >= Version(6, 0) {
        let second = user.hears();
        assert_eq!(second.version, first.version + 1);
        assert_eq!(second.message.cseq().0, first.message.cseq().0 + 1);
        let left = second.subscription().strip_prefix("active;expires=").unwrap();
        assert!(left.parse::<u32>().unwrap() > 1190, "{second:?}");
    }
}

fn r_60_a_new_dialog_from_the_same_place_replaces_the_old_one(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, _) = behind(&lab);
    let mut old = Watcher::own(&bob);
    old.begins(600);
    let mut new = Watcher::own(&bob);
    let first = new.begins(600);
    assert_eq!(first.message.cseq().0, 4);
    let reply = old.ask(&old.subscribe(600));
    assert_eq!(number(&reply, "X-Can"), -1);
    lab.register(&bob, 600);
    let call_id = new.subscribe(0).find("Call-ID").unwrap().to_owned();
    let told = new.hears();
    assert_eq!(told.message.header("Call-ID"), call_id);
    bob.quiet();
}

fn r_60_a_watcher_that_moved_goes_on_counting(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, _) = behind(&lab);
    let mut watcher = Watcher::new(&lab.ue("pad"), &bob.identity(), &bob.identity());
    let first = watcher.begins(600);
    let there = lab.ue("pad");
    let moved = watcher.subscribe(600).set("Contact", &format!("<{}>", there.contact()));
    assert_eq!(watcher.ask(&moved).status(), 200);
    let told = Told::read(there.notified("reg"));
    assert_eq!(told.version, first.version + 1);
    assert!(told.message.cseq().0 > first.message.cseq().0);
    lab.register(&bob, 600);
    there.notified("reg");
    watcher.quiet();
}

fn r_61_the_end_of_a_subscription_is_taken(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, _) = behind(&lab);
    let mut user = Watcher::own(&bob);
    user.begins(600);
    let reply = user.watches(0);
    assert_eq!(reply.status_line(), "200 Subscription to REG dropped");
    bob.wait(host_tests::wait::SILENCE, |message| message.method() == "NOTIFY");
    lab.register(&bob, 600);
    bob.quiet();
    assert_eq!(number(&user.ask(&user.subscribe(0)), "X-Can"), -1);
}

fn r_61_the_end_of_a_subscription_is_told(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, _) = behind(&lab);
    let mut user = Watcher::own(&bob);
    let first = user.begins(600);
    let last = user.begins(0).valid();
    assert_eq!(last.subscription(), "terminated;reason=timeout");
    assert_eq!(last.version, first.version + 1);
    assert_eq!(last.states(), ["active", "active"]);
    let unknown = Watcher::new(&lab.ue("pad"), &bob.identity(), &bob.identity());
    let reply = unknown.ask(&unknown.subscribe(0));
    assert_eq!((reply.status(), number(&reply, "X-Rc")), (480, -1));
}

fn r_61_the_end_may_be_silent_as_in_c(mix: Mix) {
    let lab = Plan::new(mix).registrar("final_notify", 0).start();
    let (bob, _) = behind(&lab);
    let mut user = Watcher::own(&bob);
    user.begins(600);
    user.watches(0);
    bob.quiet();
}

fn r_62_granted_times_lie_within_their_bounds(mix: Mix) {
    let plan = Plan::new(mix)
        .registrar("subscription_default_expires", 700)
        .registrar("subscription_min_expires", 100)
        .registrar("subscription_max_expires", 1000);
    let lab = plan.start();
    let (bob, _) = behind(&lab);
    for (asked, granted) in [
        (Some("50"), "100"),
        (Some("500"), "500"),
        (Some("5000"), "1000"),
        (None, "700"),
        // What is no number is as good as nothing.
        (Some("-1"), "700"),
        (Some("soon"), "700"),
    ] {
        let draft = Watcher::own(&bob).subscribe(0);
        let draft = match asked {
            Some(asked) => draft.set("Expires", asked),
            None => draft.without("Expires"),
        };
        let reply = bob.ask(&draft);
        assert_eq!((reply.status(), reply.header("Expires")), (200, granted));
        bob.notified("reg");
    }
    let lab = Plan::new(mix).registrar("subscription_expires_range", 50).start();
    let (bob, _) = behind(&lab);
    for _ in 0..10 {
        let reply = Watcher::own(&bob).watches(1000);
        let granted: u32 = reply.header("Expires").parse().unwrap();
        assert!((500..=1000).contains(&granted), "{granted}");
    }
}

fn of_several_contacts_of_a_watcher_the_first_one_counts(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, _) = behind(&lab);
    let both = format!("<{}>, <sip:other@127.0.0.1:9>", bob.contact());
    let reply = bob.ask(&Watcher::own(&bob).subscribe(600).set("Contact", &both));
    assert_eq!(reply.status(), 200, "{reply:?}");
    assert_eq!(bob.notified("reg").uri(), bob.contact());
}

fn a_watcher_of_somebody_unknown_is_refused(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let watcher = Watcher::own(&bob);
    assert_eq!(can(&watcher), -1);
    let reply = bob.ask(&watcher.subscribe(600).add("X-Go", "1"));
    assert_eq!((reply.status(), number(&reply, "X-Rc")), (480, -1));
    assert!(lab.host.journal().text().contains("is not stored"));
}

fn a_trusted_server_that_is_none_ends_the_start(mix: Mix) {
    let log = Plan::new(mix).registrar("trusted_as", "http://x").refused();
    assert!(log.contains("must be a host or a sip uri"), "{log}");
}
