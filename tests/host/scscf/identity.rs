//! Who registers: the identity in To, the private one beside it, and what they may look like.

use crate::operator::owner_of_rooms;
use host_tests::{
    Draft,
    diameter::{
        Assignment, Avps as _, Hss, SUCCESS, Subscriber,
        hss::{REGISTRATION_TERMINATION, SERVER_ASSIGNMENT},
    },
    digest::Credentials,
    mixed,
    scscf::{Lab, Mix, Plan, Ue, Watcher, bindings, private},
};

mixed! {
    all:
        r_13_a_preference_is_kept_and_a_garbled_one_refused,
        r_31_parameters_and_ports_are_no_part_of_an_identity,
        r_32_a_number_without_a_context_has_no_realm,
        r_33_the_public_identity_stands_for_the_private_one,
        r_34_a_name_without_a_realm_is_no_private_identity,
        a_private_identity_is_taken_from_the_credentials,
        retransmissions_are_no_second_registration;
    registrar:
        credentials_for_a_proxy_name_somebody_as_well,
        r_30_a_contact_that_is_no_address_is_refused,
        garbled_contacts_store_nothing,
        a_client_that_is_slow_cannot_undo_what_it_did_later,
        an_address_of_version_6_is_one_however_it_is_written,
        a_contact_that_a_register_names_twice_is_one,
        who_shares_an_identity_takes_nothing_else_of_the_other_user,
        who_comes_by_a_shared_identity_is_registered_as_himself,
        who_leaves_by_a_shared_identity_leaves_alone,
        who_shares_an_identity_may_watch_it,
        the_end_of_one_user_is_no_end_of_who_shares_an_identity,
        an_identity_that_moved_to_another_user_stays_there,
        an_identity_that_one_of_two_users_loses_stays_with_the_other,
        who_has_an_identity_within_a_wildcard_is_not_the_owner_of_the_wildcard,
        an_identity_is_the_same_however_it_is_written;
    usrloc:
        who_registers_within_a_wildcard_gets_no_calls_of_its_owner;
}

fn r_13_a_preference_is_kept_and_a_garbled_one_refused(mix: Mix) {
    let mut lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let with = |q: &str| bob.register(600).set("Contact", &format!("<{}>;q={q}", bob.contact()));
    let reply = bob.ask(&with("0.5"));
    let [bound] = bindings(&reply).try_into().unwrap();
    assert!(bound.has("q=0.5"), "{reply:?}");
    let reply = bob.ask(&with("abc"));
    assert_eq!(reply.status(), 500, "{reply:?}");
    let carol = lab.ue("carol");
    lab.register(&carol, 600);
    lab.register(&bob, 600);
    lab.host.assert_alive();
}

fn r_30_a_contact_that_is_no_address_is_refused(mix: Mix) {
    let mut lab = Lab::start(mix);
    let bob = lab.ue("bob");
    for strange in ["<xyz>", "<>", "xyz", "<sip:>", "<sip:bob@", "\"bob\""] {
        let reply = bob.ask(&bob.register(600).set("Contact", strange));
        assert!([400, 500].contains(&reply.status()), "{strange}: {reply:?}");
    }
    assert_eq!(lab.state(&bob.identity()), None);
    lab.register(&bob, 600);
    lab.host.assert_alive();
}

fn garbled_contacts_store_nothing(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    for garbled in ["abc", "1.5", "-1", "0,5", "1e3", "0.0.1"] {
        let contact = format!("<{}>;q={garbled}", bob.contact());
        let reply = bob.ask(&bob.register(600).set("Contact", &contact));
        assert!([400, 500].contains(&reply.status()), "{garbled}: {reply:?}");
    }
    for name in ["active_impus", "active_contacts", "active_subscriptions"] {
        assert_eq!(lab.stored(name), 0, "{name}");
    }
}

fn r_31_parameters_and_ports_are_no_part_of_an_identity(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    for to in ["<sip:bob@ims.test;user=phone>", "<sip:bob@ims.test:5060>", "<sip:bob@ims.test?a=b>"]
    {
        let reply = bob.ask(&bob.register(600).set("To", to));
        assert_eq!(reply.status(), 200, "{to}: {reply:?}");
        assert_eq!(lab.hss.take(SERVER_ASSIGNMENT).avps.text(601), bob.identity(), "{to}");
    }
    assert_eq!(lab.stored("active_impus"), 3);
}

fn r_32_a_number_without_a_context_has_no_realm(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let [_, number, _] = host_tests::scscf::set("bob");
    lab.register(&bob, 600);
    lab.hss.forget(SERVER_ASSIGNMENT);
    let draft = || bob.register(600).set("To", &format!("<{number}>"));
    let reply = bob.ask(&draft());
    assert_eq!((reply.status(), reply.header("P-Registrar-Error")), (500, "SAR failed"));
    lab.hss.hears_no(SERVER_ASSIGNMENT);
    let named =
        Credentials { username: private("bob"), realm: String::new(), password: String::new() };
    let draft = draft().add("X-Save", "flags").add("Authorization", &named.name("sip:ims.test"));
    let reply = bob.ask(&draft);
    assert_eq!(lab.hss.take(SERVER_ASSIGNMENT).avps.text(601), number);
    // Whether the name is found without a realm is the business of the getter.
    assert!([200, 500].contains(&reply.status()), "{reply:?}");
}

fn r_33_the_public_identity_stands_for_the_private_one(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    assert_eq!(lab.hss.take(SERVER_ASSIGNMENT).avps.text(1), "bob@ims.test");
}

/// A REGISTER with the name of a private identity.
pub(crate) fn named(ue: &Ue, username: &str, header: &str) -> Draft {
    let own = Credentials {
        username: username.to_owned(),
        realm: "ims.test".to_owned(),
        password: String::new(),
    };
    ue.register(600).add(header, &own.name("sip:ims.test"))
}

fn r_34_a_name_without_a_realm_is_no_private_identity(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    assert_eq!(bob.ask(&named(&bob, "somebody", "Authorization")).status(), 200);
    assert_eq!(lab.hss.take(SERVER_ASSIGNMENT).avps.text(1), "bob@ims.test");
}

fn a_private_identity_is_taken_from_the_credentials(mix: Mix) {
    card(&Lab::start(mix), "Authorization");
}

fn credentials_for_a_proxy_name_somebody_as_well(mix: Mix) {
    card(&Lab::start(mix), "Proxy-Authorization");
}

/// Somebody whose private identity is unlike the public one registers with `header`.
fn card(lab: &Lab, header: &str) {
    let mut subscriber = host_tests::scscf::subscriber("sip:carol@ims.test");
    subscriber.private = "card-7@ims.test".to_owned();
    lab.hss.add(subscriber);
    let carol = lab.ue("carol");
    let reply = carol.ask(&named(&carol, "card-7@ims.test", header));
    assert_eq!(reply.status(), 200, "{reply:?}");
    assert_eq!(lab.hss.take(SERVER_ASSIGNMENT).avps.text(1), "card-7@ims.test");
    assert_eq!(lab.record(&carol.identity()).unwrap().private, "card-7@ims.test");
}

fn retransmissions_are_no_second_registration(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let draft = bob.register(600);
    assert_eq!(bob.ask(&draft).status(), 200);
    assert_eq!(lab.hss.forget(SERVER_ASSIGNMENT), 1);
    for _ in 0..3 {
        bob.send(&draft);
    }
    lab.hss.hears_no(SERVER_ASSIGNMENT);
    assert_eq!(lab.contacts(&bob.identity()), [bob.contact()]);
}

fn a_client_that_is_slow_cannot_undo_what_it_did_later(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let first = bob.register(600).set("CSeq", "10 REGISTER");
    assert_eq!(bob.ask(&first).status(), 200);
    let call_id = first.find("Call-ID").unwrap().to_owned();
    let within =
        |cseq: &str, expires: u32| bob.register(expires).set("Call-ID", &call_id).set("CSeq", cseq);
    let reply = bob.ask(&within("9 REGISTER", 0));
    assert!(lab.finds(&bob, "bob"), "{reply:?}");
    assert_eq!(bob.ask(&within("11 REGISTER", 0)).status(), 200);
    assert!(!lab.finds(&bob, "bob"));
}

fn an_identity_is_the_same_however_it_is_written(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    for to in ["sip:bob@IMS.Test", "sip:%62ob@ims.test", "SIP:bob@ims.test"] {
        let reply = bob.ask(&bob.register(600).set("To", &format!("<{to}>")));
        assert_eq!(reply.status(), 200, "{to}: {reply:?}");
        assert!(lab.looked_up(&bob, to).is_some(), "{to}");
    }
    assert_eq!((lab.stored("active_impus"), lab.stored("active_contacts")), (3, 1));
    // The user part is not the same in another case.
    assert!(lab.looked_up(&bob, "sip:BOB@ims.test").is_none());
}

fn an_address_of_version_6_is_one_however_it_is_written(mix: Mix) {
    let lab = Plan::new(mix).exact().start();
    let bob = lab.ue("bob");
    let ask = |seconds, contact: &str| bob.ask(&bob.register(seconds).set("Contact", contact));
    for contact in [
        "<sip:bob@[2001:db8::1]:5060>",
        "<sip:bob@[2001:DB8:0:0::1]:5060>",
        "<sip:%62ob@[2001:0db8:0::0001]:5060>",
    ] {
        let reply = ask(600, contact);
        assert_eq!((reply.status(), bindings(&reply).len()), (200, 1), "{contact}: {reply:?}");
    }
    assert_eq!(lab.stored("active_contacts"), 1);
    let found = lab.looked_up(&bob, &bob.identity()).unwrap();
    assert_eq!(found.header("X-Ru"), "sip:bob@[2001:db8::1]:5060");
    assert_eq!(ask(0, "<sip:bob@[2001:db8:0:0:0:0:0:1]:5060>").status(), 200);
    lab.wait_empty();
}

fn a_contact_that_a_register_names_twice_is_one(mix: Mix) {
    let lab = Plan::new(mix).exact().start();
    let bob = lab.ue("bob");
    let reply = bob
        .ask(&bob.register(600).set("Contact", "<sip:b@192.0.2.1>;q=0.1, <sip:b@192.0.2.1>;q=0.9"));
    assert_eq!(reply.header("Contact"), "<sip:b@192.0.2.1>;q=0.9;expires=600");
    assert_eq!(lab.contacts(&bob.identity()), ["sip:b@192.0.2.1"]);
}

/// A user with a card, an identity of his own and a telephone.
struct User {
    card: String,
    own: String,
    ue: Ue,
}

impl User {
    /// A REGISTER that names the card.
    fn register(&self) -> Draft {
        named(&self.ue, &self.card, "Authorization")
    }

    fn registers(&self) {
        assert_eq!(self.ue.ask(&self.register()).status(), 200);
    }
}

/// An S-CSCF whose HSS knows bob and carol, with what each of them has beside an identity of his own. It
/// sends their profiles with every answer.
fn two_users(mix: Mix, more: [&[&str]; 2]) -> (Lab, [User; 2]) {
    users(mix, more, 1)
}

fn users(mix: Mix, more: [&[&str]; 2], always: i32) -> (Lab, [User; 2]) {
    let users = ["bob", "carol"].map(|user| (private(user), format!("sip:{user}@ims.test")));
    let subscribers = users.iter().zip(more).map(|((card, own), more)| {
        let public: Vec<&str> = [&[own.as_str()][..], more].concat();
        Subscriber::new(card, "", &public)
    });
    let hss = Hss::start(subscribers.collect());
    let lab = Plan::of(mix, &hss).registrar("user_data_always", always).start();
    let mut names = ["bob", "carol"].into_iter();
    let users = users.map(|(card, own)| User { card, own, ue: lab.ue(names.next().unwrap()) });
    (lab, users)
}

/// A request for `identity` goes to `user`, and to nobody else.
fn assert_leads_to(lab: &Lab, identity: &str, user: &User, asking: &User, case: &str) {
    let found = lab.looked_up(&asking.ue, identity).expect("whoever has it");
    let found = (found.header("X-Ru"), found.header("X-Branches"));
    assert_eq!(found, (&*user.ue.contact(), "<null>"), "{case}");
}

/// What both have.
const OFFICE: &str = "sip:office@ims.test";

fn who_shares_an_identity_takes_nothing_else_of_the_other_user(mix: Mix) {
    let (lab, [bob, carol]) = two_users(mix, [&[OFFICE]; 2]);
    let office =
        |user: &User| user.ue.ask(&user.register().set("To", &format!("<{OFFICE}>"))).status();
    let both = || lab.finds(&carol.ue, "bob") && lab.finds(&bob.ue, "carol");
    let carol_alone = || !lab.finds(&carol.ue, "bob") && lab.finds(&bob.ue, "carol");
    bob.registers();
    assert_eq!(office(&carol), 200);
    // It rings at both, and each is found by his own identity.
    assert_eq!(lab.contacts(OFFICE).len(), 2);
    assert!(both());
    // The profile of one that the HSS pushes ends nothing of the other.
    lab.hss.push(&bob.card);
    assert!(both());
    assert_eq!(office(&bob), 200);
    assert!(both());
    // Who leaves leaves alone.
    let all = bob.register().set("Contact", "*").set("Expires", "0");
    assert_eq!(bob.ue.ask(&all).status(), 200);
    assert!(carol_alone());
    bob.registers();
    lab.host.rpc(&["regscscf.dereg_impu", &bob.own]).unwrap();
    assert!(carol_alone());
}

/// Also when the HSS sends the profile of a user who is registered no second time.
fn who_comes_by_a_shared_identity_is_registered_as_himself(mix: Mix) {
    let (lab, [bob, carol]) = users(mix, [&[OFFICE]; 2], 0);
    let office = |user: &User| user.ue.ask(&user.register().set("To", &format!("<{OFFICE}>")));
    let told = |user: &User| format!("<{}>, <{OFFICE}>", user.own);
    bob.registers();
    lab.hss.forget(SERVER_ASSIGNMENT);
    // The second time it is bob whose profile the record of the office has.
    for kind in [Assignment::Registration, Assignment::ReRegistration] {
        assert_eq!(office(&carol).header("P-Associated-URI"), told(&carol));
        assert_eq!(lab.hss.assigned().0, kind);
        for user in [&bob, &carol] {
            assert_eq!(lab.contacts(&user.own), [user.ue.contact()], "{kind:?}");
        }
        assert_eq!(lab.contacts(OFFICE).len(), 2);
        bob.registers();
        lab.hss.forget(SERVER_ASSIGNMENT);
    }
    let asks =
        carol.register().without("Contact").set("To", &format!("<{OFFICE}>")).without("Expires");
    assert_eq!(carol.ue.ask(&asks).header("P-Associated-URI"), told(&carol));
}

fn who_shares_an_identity_may_watch_it(mix: Mix) {
    let (_lab, [bob, carol]) = users(mix, [&[OFFICE]; 2], 0);
    bob.registers();
    carol.registers();
    for user in [&bob, &carol] {
        Watcher::new(&user.ue, OFFICE, &user.own).begins(600);
    }
    // Nor is he a stranger's: each asks for what he has.
    let strange = Watcher::new(&bob.ue, &carol.own, &bob.own).subscribe(600);
    assert_eq!(bob.ue.ask(&strange).status(), 403);
}

fn who_leaves_by_a_shared_identity_leaves_alone(mix: Mix) {
    for contact in [None, Some("*")] {
        let (lab, [bob, carol]) = users(mix, [&[OFFICE]; 2], 0);
        let mut proxy = Watcher::proxy(&lab, &bob.own);
        let behind = bob.register().add("Path", &proxy.path()).add("Supported", "path");
        assert_eq!(bob.ue.ask(&behind).status(), 200);
        proxy.begins(600);
        carol.registers();
        lab.hss.forget(SERVER_ASSIGNMENT);
        let leaves = bob.register().set("To", &format!("<{OFFICE}>")).set("Expires", "0");
        let leaves = leaves.set("Contact", contact.unwrap_or(&format!("<{}>", bob.ue.contact())));
        let reply = bob.ue.ask(&leaves);
        assert_eq!(reply.header("Contact"), format!("<{}>;expires=0", bob.ue.contact()));
        let (kind, asked) = lab.hss.assigned();
        let whom = (&*asked.avps.text(1), &*asked.avps.text(601));
        assert_eq!((kind, whom), (Assignment::UserDeregistration, (&*bob.card, OFFICE)));
        assert!(!lab.finds(&carol.ue, "bob") && lab.finds(&bob.ue, "carol"), "{contact:?}");
        assert_leads_to(&lab, OFFICE, &carol, &bob, &format!("{contact:?}"));
        // Who watches him hears of it.
        assert_eq!(proxy.hears_of("unregistered").of(&bob.own).state, "terminated");
    }
}

fn the_end_of_one_user_is_no_end_of_who_shares_an_identity(mix: Mix) {
    let (lab, [bob, carol]) = two_users(mix, [&[OFFICE]; 2]);
    for listed in [&[][..], &[&*bob.own, OFFICE], &[OFFICE]] {
        bob.registers();
        // It is the second one that has the record of what they share.
        carol.registers();
        assert_eq!(lab.hss.terminate(&bob.card, listed, 0).result(), Some(SUCCESS));
        assert!(!lab.finds(&carol.ue, "bob") && lab.finds(&bob.ue, "carol"), "{listed:?}");
        assert_leads_to(&lab, OFFICE, &carol, &bob, &format!("{listed:?}"));
    }
}

/// Bob's profile changes: the HSS pushes it, or he registers again.
fn is_told(lab: &Lab, bob: &User, pushed: bool) {
    match pushed {
        true => assert_eq!(lab.hss.push(&bob.card).result(), Some(SUCCESS)),
        false => bob.registers(),
    }
}

fn an_identity_that_moved_to_another_user_stays_there(mix: Mix) {
    const NUMBER: &str = "tel:+4711";
    for pushed in [true, false] {
        let (lab, [bob, carol]) = two_users(mix, [&[NUMBER], &[]]);
        bob.registers();
        lab.hss.change(&bob.card, |it| it.public.truncate(1));
        lab.hss.change(&carol.card, |it| it.public.push((NUMBER.to_owned(), false)));
        carol.registers();
        // Now the first one loses it.
        is_told(&lab, &bob, pushed);
        assert_leads_to(&lab, NUMBER, &carol, &bob, &format!("pushed {pushed}"));
        assert!(lab.finds(&carol.ue, "bob") && lab.finds(&bob.ue, "carol"));
    }
}

fn an_identity_that_one_of_two_users_loses_stays_with_the_other(mix: Mix) {
    for pushed in [true, false] {
        let (lab, [bob, carol]) = two_users(mix, [&[OFFICE]; 2]);
        carol.registers();
        // It is the one that loses it whose profile the record has.
        bob.registers();
        lab.hss.change(&bob.card, |it| it.public.truncate(1));
        is_told(&lab, &bob, pushed);
        assert_leads_to(&lab, OFFICE, &carol, &bob, &format!("pushed {pushed}"));
        assert_eq!(lab.record(OFFICE).unwrap().set, [&*carol.own, OFFICE]);
        assert!(lab.finds(&carol.ue, "bob") && lab.finds(&bob.ue, "carol"));
    }
}

/// Also where the registrar knows of no wildcards.
fn who_registers_within_a_wildcard_gets_no_calls_of_its_owner(mix: Mix) {
    let lab = Plan::new(mix).usrloc("support_wildcardPSI", 1).exact().start();
    lab.hss.add(owner_of_rooms());
    lab.hss.add(Subscriber::new(&private("room7"), "", &["sip:room7@ims.test"]));
    let (bob, room) = (lab.ue("bob"), lab.ue("room7"));
    lab.register(&bob, 600);
    assert_eq!(lab.hss.assigned().0, Assignment::Registration);
    let own = || named(&room, &private("room7"), "Authorization");
    let reply = room.ask(&own());
    assert_eq!(reply.header("P-Associated-URI"), "<sip:room7@ims.test>");
    assert_eq!(lab.hss.assigned().0, Assignment::Registration);
    assert_eq!(lab.contacts(&room.identity()), [room.contact()]);
    assert_eq!(lab.contacts(&bob.identity()), [bob.contact()]);
    // What the HSS ends of a room is nothing of the owner, to whom calls to the others go.
    let end = Hss::termination(&private("room8"), &["sip:room8@ims.test"], 0);
    // The registrar of C does not answer.
    lab.hss.send_client(REGISTRATION_TERMINATION, end);
    assert_eq!(room.ask(&own().set("Expires", "0")).status(), 200);
    let found = lab.looked_up(&room, "sip:room9@ims.test").expect("a contact of the owner");
    assert_eq!(found.header("X-Ru"), bob.contact());
}

fn who_has_an_identity_within_a_wildcard_is_not_the_owner_of_the_wildcard(mix: Mix) {
    let lab = Plan::new(mix).usrloc("support_wildcardPSI", 1).start();
    lab.hss.add(owner_of_rooms());
    let room = Subscriber::new(&private("room7"), "", &["sip:room7@ims.test"]);
    lab.hss.add(room);
    let (bob, room) = (lab.ue("bob"), lab.ue("room7"));
    lab.register(&bob, 600);
    assert_eq!(lab.hss.assigned().0, Assignment::Registration);
    let own = || named(&room, &private("room7"), "Authorization");
    let reply = room.ask(&own());
    assert_eq!(reply.header("P-Associated-URI"), "<sip:room7@ims.test>");
    let (kind, asked) = lab.hss.assigned();
    assert_eq!((kind, asked.avps.find(634)), (Assignment::Registration, None));
    assert_eq!(lab.contacts(&room.identity()), [room.contact()]);
    assert_eq!(lab.contacts(&bob.identity()), [bob.contact()]);
    // He ends what is his, and nothing twice.
    for status in [200, 500] {
        let gone = own().set("Expires", "0");
        assert_eq!(room.ask(&gone).status(), status);
        lab.wait_contacts(1);
    }
    assert_eq!(room.ask(&own().set("Contact", "*").set("Expires", "0")).status(), 200);
    lab.host.rpc(&["regscscf.dereg_impu", &room.identity()]).unwrap();
    assert!(lab.finds(&room, "bob"));
}
