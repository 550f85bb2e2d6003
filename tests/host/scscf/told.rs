//! The reg event: what the watchers of a registration are told of its changes.

use host_tests::{
    Fault,
    diameter::{Avps as _, Hss, Message as Answer, SUCCESS, hss},
    install::Flavor,
    mixed,
    scscf::{Lab, Mix, Plan, Told, Ue, Watcher, private, set},
    ue::number,
    wait::{PATIENCE, SILENCE, until},
};

mixed! {
    all:
        r_63_a_proxy_hears_of_a_contact_that_expires,
        r_64_a_client_hears_of_its_own_expiry_if_it_wants_to,
        r_65_a_proxy_hears_of_the_end_by_the_network,
        r_67_a_proxy_publishes_the_end_of_a_contact,
        r_68_a_document_that_says_nothing_is_refused,
        r_69_an_operator_ends_a_registration;
    registrar:
        every_watcher_hears_of_every_change,
        quiet_registrations_are_told_as_in_c,
        r_63_an_end_is_told_with_its_event,
        r_63_subscriptions_may_outlive_the_registration,
        r_64_the_own_subscription_goes_with_the_contact,
        r_65_the_reason_of_the_network_is_told,
        r_65_who_watches_hears_of_another_server_from_there,
        r_66_unknown_identities_are_answered,
        r_67_a_client_that_watches_itself_survives_a_publish,
        r_70_a_client_that_watches_itself_survives_an_operator,
        one_of_two_contacts_leaves,
        contacts_that_expire_together_are_told_together,
        a_record_that_is_removed_is_told,
        a_record_that_is_removed_is_told_to_who_watches_its_set;
}

/// A plan with one domain: of two, the location store of C tells the end of contacts in none.
fn one_domain(mix: Mix) -> Plan {
    let route = include_str!("../../src/scscf/do.cfg").replace("\"loc2\"", "\"location\"");
    Plan::new(mix).exact().short(1).with(|setup| setup.routes(&route))
}

/// Bob, registered for so many seconds through a proxy that watches him.
fn watched(lab: &Lab, seconds: u32) -> (Ue, Watcher) {
    let bob = lab.ue("bob");
    let mut proxy = Watcher::proxy(lab, &bob.identity());
    proxy.registers(&bob, seconds);
    proxy.begins(600);
    (bob, proxy)
}

/// Checks that the only contact of `ue` is gone; `lookup` of the C module finds it for a while.
fn ended(lab: &Lab, ue: &Ue, mix: Mix) {
    if mix.registrar() == Flavor::Ours {
        assert!(!lab.finds(ue, ue.user()));
    }
    lab.wait_contacts(0);
}

/// Result-Code of an answer, or the code of 3GPP.
fn result(answer: &Answer) -> u32 {
    answer.avps.value(268).unwrap_or_default()
}

/// Checks that all that `told` tells of the contact of `ue` is `state`.
fn all(told: &Told, ue: &Ue, state: &str) {
    let contacts = || told.registrations.iter().flat_map(|one| &one.contacts);
    let own: Vec<_> = contacts().filter(|contact| contact.uri == ue.contact()).collect();
    assert!(!own.is_empty(), "{told:?}");
    for contact in own {
        assert_eq!(contact.state, state, "{told:?}");
    }
}

fn every_watcher_hears_of_every_change(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, proxy) = watched(&lab, 600);
    let [own, phone, _] = set("bob");
    // Somebody watches another identity of the set.
    let mut other = Watcher::new(&lab.ue("pcscf"), &phone, &own);
    other.begins(600);
    proxy.registers(&bob, 600);
    for watcher in [&proxy, &other] {
        let told = watcher.hears().valid();
        assert_eq!(told.events(), ["active refreshed"; 2]);
        assert!(told.subscription().starts_with("active;expires="), "{told:?}");
    }
    let pad = lab.ue("bob");
    lab.register(&pad, 600);
    let told = proxy.hears().valid();
    other.hears();
    let added = |aor: &str| {
        let contacts = &told.of(aor).contacts;
        contacts.iter().find(|contact| contact.uri == pad.contact()).unwrap().state.clone()
    };
    assert_eq!(added(&own), "active registered");
    all(&told, &bob, "active registered");
    lab.leave(&pad);
    let told = proxy.hears().valid();
    all(&told, &pad, "terminated unregistered");
    all(&told, &bob, "active registered");
    assert_eq!(told.states(), ["active", "active"]);
    assert!(told.subscription().starts_with("active;expires="), "{told:?}");
    other.hears();
    for watcher in [&proxy, &other] {
        watcher.quiet();
    }
}

fn quiet_registrations_are_told_as_in_c(mix: Mix) {
    let lab = Plan::new(mix).registrar("quiet_registrations", 1).start();
    let (bob, proxy) = watched(&lab, 600);
    let mut user = Watcher::own(&bob);
    user.begins(600);
    proxy.registers(&bob, 600);
    user.hears();
    proxy.quiet();
}

fn r_63_a_proxy_hears_of_a_contact_that_expires(mix: Mix) {
    let lab = one_domain(mix).start();
    let (bob, proxy) = watched(&lab, 2);
    let told = proxy.hears_of("expired");
    all(&told, &bob, "terminated expired");
    assert_eq!(told.of(&bob.identity()).state, "terminated");
    lab.wait_contacts(0);
}

fn r_63_an_end_is_told_with_its_event(mix: Mix) {
    let lab = one_domain(mix).start();
    let (bob, proxy) = watched(&lab, 2);
    let told = proxy.hears_of("expired").valid();
    assert_eq!(told.states(), ["terminated", "terminated"]);
    assert_eq!(told.events(), ["terminated expired"; 2]);
    assert_eq!(told.subscription(), "terminated;reason=noresource");
    lab.wait_empty();
    let (bob, proxy) = (lab.ue(bob.user()), proxy);
    let mut again = Watcher::proxy(&lab, &bob.identity());
    again.registers(&bob, 600);
    proxy.quiet();
    again.begins(600);
    lab.leave(&bob);
    let told = again.hears().valid();
    assert_eq!(told.events(), ["terminated unregistered"; 2]);
    assert_eq!(told.subscription(), "terminated;reason=noresource");
}

fn r_63_subscriptions_may_outlive_the_registration(mix: Mix) {
    let lab = Plan::new(mix).registrar("watchers_end_with_registration", 0).start();
    let (bob, proxy) = watched(&lab, 600);
    lab.leave(&bob);
    let told = proxy.hears().valid();
    assert_eq!(told.states(), ["terminated", "terminated"]);
    assert!(told.subscription().starts_with("active;expires="), "{told:?}");
    lab.wait_contacts(0);
    assert_eq!(lab.state(&bob.identity()).as_deref(), Some("unregistered"));
    proxy.registers(&bob, 600);
    assert_eq!(proxy.hears().states(), ["active", "active"]);
}

fn r_64_a_client_hears_of_its_own_expiry_if_it_wants_to(mix: Mix) {
    for wants in [0, 1] {
        let lab = one_domain(mix).registrar("ue_unsubscribe_on_dereg", wants).start();
        let bob = lab.ue("bob");
        lab.register(&bob, 2);
        let mut user = Watcher::own(&bob);
        user.begins(600);
        if wants == 1 {
            all(&user.hears_of("expired"), &bob, "terminated expired");
        } else {
            lab.wait_contacts(0);
            bob.quiet();
        }
    }
}

fn r_64_the_own_subscription_goes_with_the_contact(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let mut user = Watcher::own(&bob);
    user.begins(600);
    lab.leave(&bob);
    bob.quiet();
    lab.wait_empty();
    assert_eq!(number(&user.ask(&user.subscribe(600)), "X-Can"), -1);
}

fn r_65_a_proxy_hears_of_the_end_by_the_network(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, proxy) = watched(&lab, 600);
    let [own, phone, _] = set("bob");
    let answer = lab.hss.terminate(&private("bob"), &[&own, &phone], 0);
    assert_eq!(result(&answer), SUCCESS);
    assert_eq!(proxy.hears().of(&own).state, "terminated");
    ended(&lab, &bob, mix);
}

fn r_65_the_reason_of_the_network_is_told(mix: Mix) {
    for (reason, event, why) in [
        (0, "rejected", "rejected"),
        (2, "deactivated", "deactivated"),
        (3, "deactivated", "deactivated"),
    ] {
        let lab = Lab::start(mix);
        let (bob, proxy) = watched(&lab, 600);
        let mut user = Watcher::own(&bob);
        user.begins(600);
        let answer = lab.hss.terminate(&private("bob"), &[], reason);
        assert_eq!(result(&answer), SUCCESS);
        for watcher in [&proxy, &user] {
            let told = watcher.hears().valid();
            let event = format!("terminated {event}");
            assert_eq!(told.events(), [event.as_str(); 2]);
            assert_eq!(told.subscription(), format!("terminated;reason={why}"));
        }
        lab.wait_empty();
    }
}

fn r_65_who_watches_hears_of_another_server_from_there(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, proxy) = watched(&lab, 600);
    let mut user = Watcher::own(&bob);
    user.begins(600);
    // NEW_SERVER_ASSIGNED: TS 29.228, 6.1.3.1.
    let answer = lab.hss.terminate(&private("bob"), &[], 1);
    assert_eq!(result(&answer), SUCCESS);
    assert!(!lab.finds(&bob, "bob"));
    lab.wait_empty();
    proxy.quiet();
    bob.quiet();
    assert_eq!(number(&user.ask(&user.subscribe(600)), "X-Can"), -1);
}

fn r_66_unknown_identities_are_answered(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, proxy) = watched(&lab, 600);
    let nobody = Hss::termination("nobody@ims.test", &["sip:nobody@ims.test"], 0);
    let answer = lab.hss.tell_client(hss::REGISTRATION_TERMINATION, nobody);
    assert_ne!(result(&answer), SUCCESS, "{answer:?}");
    proxy.quiet();
    assert!(lab.finds(&bob, "bob"));
    let answer = lab.hss.terminate(&private("bob"), &[], 0);
    assert_eq!(result(&answer), SUCCESS);
    proxy.hears_of("rejected");
    assert!(!lab.finds(&bob, "bob"));
}

/// A document of a proxy.
pub(crate) fn document(aor: &str, contact: &str, state: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"0\" \
         state=\"partial\">\n<registration aor=\"{aor}\" id=\"0x1\" state=\"active\">\n\
         <contact id=\"0x2\" state=\"{state}\" event=\"unregistered\" expires=\"0\">\n\
         <uri>{contact}</uri>\n</contact>\n</registration>\n</reginfo>\n"
    )
}

/// The answer to a PUBLISH of `proxy`.
pub(crate) fn published(proxy: &Watcher, body: &str) -> host_tests::Message {
    let draft = proxy
        .draft("PUBLISH", proxy.identity())
        .set("To", &format!("<{}>", proxy.identity()))
        .add("P-Asserted-Identity", &format!("<{}>", proxy.asserted()))
        .add("Event", "reg")
        .add("Expires", "77");
    let draft = if body.is_empty() { draft } else { draft.body("application/reginfo+xml", body) };
    proxy.ask(&draft)
}

fn r_67_a_proxy_publishes_the_end_of_a_contact(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, proxy) = watched(&lab, 600);
    let reply = published(&proxy, &document(&bob.identity(), &bob.contact(), "terminated"));
    assert_eq!(reply.status_line(), "200 Publish to REG saved");
    assert_eq!(reply.header("Expires"), "77");
    assert_eq!(reply.header("Contact"), format!("<{}>", lab.uri()));
    let told = proxy.hears();
    assert_eq!(told.of(&bob.identity()).state, "terminated");
    if mix.registrar() == Flavor::Ours {
        all(&told.valid(), &bob, "terminated unregistered");
    }
    ended(&lab, &bob, mix);
}

fn r_67_a_client_that_watches_itself_survives_a_publish(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, proxy) = watched(&lab, 600);
    let mut user = Watcher::own(&bob);
    user.begins(600);
    let reply = published(&proxy, &document(&bob.identity(), &bob.contact(), "terminated"));
    assert_eq!(reply.status(), 200);
    proxy.hears();
    lab.register(&bob, 600);
}

fn r_68_a_document_that_says_nothing_is_refused(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, proxy) = watched(&lab, 600);
    let good = document(&bob.identity(), &bob.contact(), "terminated");
    for bad in [
        String::new(),
        "<reginfo>".to_owned(),
        good.replace("state=\"active\"", "state=\"terminated\""),
        good.replace(" expires=\"0\"", ""),
        good.replace("bob@ims.test", "nobody@ims.test"),
    ] {
        let reply = published(&proxy, &bad);
        assert_eq!((reply.status(), number(&reply, "X-Rc")), (480, -1), "{bad}");
    }
    assert!(lab.finds(&bob, "bob"));
    let active = good.replace("state=\"terminated\"", "state=\"active\"");
    assert_eq!(published(&proxy, &active).status(), 200);
    assert!(lab.finds(&bob, "bob"));
    let draft = Watcher::new(&lab.ue("eve"), &bob.identity(), "sip:eve@ims.test");
    assert_eq!(number(&published(&draft, &good), "X-Can"), -1);
}

fn r_69_an_operator_ends_a_registration(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, proxy) = watched(&lab, 600);
    assert_eq!(lab.host.rpc(&["regscscf.dereg_impu", "sip:nobody@ims.test"]).unwrap().trim(), "");
    proxy.quiet();
    for words in [&["regscscf.dereg_impu"][..], &["regscscf.dereg_impu", "7"]] {
        let fault = lab.host.rpc(words).unwrap_err();
        assert_eq!(fault, Fault::new(400, "required IMPU argument"), "{words:?}");
    }
    assert_eq!(lab.host.rpc(&["regscscf.dereg_impu", &bob.identity()]).unwrap().trim(), "");
    assert_eq!(proxy.hears().of(&bob.identity()).state, "terminated");
    ended(&lab, &bob, mix);
}

fn r_70_a_client_that_watches_itself_survives_an_operator(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, proxy) = watched(&lab, 600);
    let mut user = Watcher::own(&bob);
    user.begins(600);
    lab.host.rpc(&["regscscf.dereg_impu", &bob.identity()]).unwrap();
    proxy.hears();
    lab.hss.forget(hss::SERVER_ASSIGNMENT);
    lab.register(&bob, 600);
}

fn one_of_two_contacts_leaves(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, proxy) = watched(&lab, 600);
    let pad = lab.ue("bob");
    lab.register(&pad, 600);
    proxy.hears();
    lab.leave(&bob);
    let told = proxy.hears().valid();
    all(&told, &bob, "terminated unregistered");
    all(&told, &pad, "active registered");
    let version = told.version;
    lab.leave(&pad);
    let told = proxy.hears().valid();
    assert_eq!(told.version, version + 1);
    assert_eq!(told.subscription(), "terminated;reason=noresource");
    // The contact that left before is not told again.
    assert!(!told.message.body.contains(&bob.contact()), "{told:?}");
}

fn contacts_that_expire_together_are_told_together(mix: Mix) {
    let lab = one_domain(mix).start();
    let (bob, pad) = (lab.ue("bob"), lab.ue("bob"));
    let mut proxy = Watcher::proxy(&lab, &bob.identity());
    let both = format!("<{}>, <{}>", bob.contact(), pad.contact());
    let register = bob.register(3).set("Contact", &both).add("Path", &proxy.path());
    assert_eq!(bob.ask(&register.add("Supported", "path")).status(), 200);
    proxy.begins(600);
    let told = proxy.hears().valid();
    for ue in [&bob, &pad] {
        all(&told, ue, "terminated expired");
    }
    assert_eq!(told.subscription(), "terminated;reason=noresource");
    proxy.hears_no("NOTIFY");
}

fn a_record_that_is_removed_is_told_to_who_watches_its_set(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, proxy) = watched(&lab, 600);
    // The record goes at once, mostly before the process that tells has looked at it.
    for _ in 0..5 {
        let gone = bob.calling("unregister").add("X-Uri", &set("bob")[1]);
        assert_eq!(number(&bob.ask(&gone), "X-Rc"), 1);
        let told = proxy.hears().valid();
        all(&told, &bob, "terminated unregistered");
        assert_eq!(told.subscription(), "terminated;reason=noresource");
        proxy.registers(&bob, 600);
        Watcher::new(&proxy, proxy.identity(), proxy.asserted()).begins(600);
    }
}

fn a_record_that_is_removed_is_told(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, proxy) = watched(&lab, 600);
    let gone = bob.calling("unregister").add("X-Uri", &bob.identity());
    assert_eq!(number(&bob.ask(&gone), "X-Rc"), 1);
    let told = proxy.hears().valid();
    assert_eq!(told.of(&bob.identity()).state, "terminated");
    assert_eq!(told.subscription(), "terminated;reason=noresource");
    until("an unknown identity", PATIENCE, || lab.state(&bob.identity()).is_none().then_some(()));
    proxy.wait(SILENCE, |message| message.method() == "NOTIFY");
}
