//! Service for those who are not registered.

use crate::operator::owner_of_rooms;
use host_tests::{
    Draft, Message,
    diameter::{
        Assignment, Avps as _,
        hss::{Mood, SERVER_ASSIGNMENT, UNABLE_TO_COMPLY},
    },
    install::Flavor,
    mixed,
    scscf::{Lab, Mix, Plan, Ue, Watcher, private, rc, set},
};
use std::time::Duration;

mixed! {
    all:
        r_51_who_is_served_unregistered_is_not_registered,
        r_52_the_hss_is_told_for_whom_service_is_wanted,
        r_53_the_script_hears_what_the_hss_refuses;
    registrar:
        the_hss_is_told_the_wildcard_that_a_request_names,
        the_hss_is_told_who_did_not_prove_who_it_is;
    usrloc:
        u_08_service_for_the_unregistered_ends_after_its_time,
        who_was_registered_meanwhile_is_not_served_after_it;
    ours:
        the_hss_is_told_the_wildcard_that_stands_for_a_user;
}

/// The store keeps what is unregistered from one look of its timer to the next at least.
fn slow(mix: Mix) -> Lab {
    Plan::new(mix).usrloc("timer_interval", 60).start()
}

fn assign(ue: &Ue, way: &str, callee: &str) -> Draft {
    let pai = format!("<{}>", ue.identity());
    ue.draft("INVITE", callee).add("P-Asserted-Identity", &pai).add("X-Do", way)
}

/// What the route was resumed with.
fn code(reply: &Message) -> i32 {
    reply.header("X-Code").parse().unwrap()
}

fn r_51_who_is_served_unregistered_is_not_registered(mix: Mix) {
    let lab = slow(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    let reply = bob.ask(&assign(&bob, "assign_term", &carol.identity()));
    assert_eq!((reply.status(), code(&reply)), (200, 1), "{reply:?}");
    assert_eq!(lab.state(&carol.identity()).as_deref(), Some("unregistered"));
    let to = carol.calling("registered").set("To", &format!("<{}>", carol.identity()));
    assert_eq!(rc(&carol.ask(&to)), -1);
    let term = |function: &str| rc(&bob.ask(&bob.calling(function).uri(&carol.identity())));
    assert_eq!((term("term_registered"), term("lookup")), (1, -1));
    // It may come after all.
    lab.register(&carol, 600);
    assert_eq!(lab.state(&carol.identity()).as_deref(), Some("registered"));
}

fn r_52_the_hss_is_told_for_whom_service_is_wanted(mix: Mix) {
    let lab = slow(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    for (way, whom) in [("assign_term", carol.identity()), ("assign_orig", bob.identity())] {
        let reply = bob.ask(&assign(&bob, way, &carol.identity()));
        assert_eq!(code(&reply), 1, "{way}: {reply:?}");
        let (kind, asked) = lab.hss.assigned();
        assert_eq!(kind, Assignment::UnregisteredUser);
        assert_eq!((asked.avps.text(601), asked.avps.find(1)), (whom.clone(), None), "{way}");
        for identity in set(whom.trim_start_matches("sip:").split('@').next().unwrap()) {
            assert_eq!(lab.state(&identity).as_deref(), Some("unregistered"), "{identity}");
        }
    }
    let reply = bob.ask(&assign(&bob, "assign_x", &carol.identity()));
    assert_eq!(reply.status(), 500, "{reply:?}");
    lab.hss.hears_no(SERVER_ASSIGNMENT);
}

fn r_53_the_script_hears_what_the_hss_refuses(mix: Mix) {
    let lab = Plan::new(mix).impatient().usrloc("timer_interval", 60).start();
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.hss.set(SERVER_ASSIGNMENT, Mood::Refuse(UNABLE_TO_COMPLY));
    let reply = bob.ask(&assign(&bob, "assign_term", &carol.identity()));
    assert_eq!((reply.status(), code(&reply)), (200, -2), "{reply:?}");
    assert_eq!(lab.state(&carol.identity()), None);
    lab.hss.set(SERVER_ASSIGNMENT, Mood::Silence);
    let reply = bob.ask(&assign(&bob, "assign_term", &carol.identity()));
    assert_eq!((reply.status(), code(&reply)), (200, -2), "{reply:?}");
    assert_eq!(lab.counted("sar_timeouts"), 1);
}

fn u_08_service_for_the_unregistered_ends_after_its_time(mix: Mix) {
    let lab = Plan::new(mix).usrloc("unreg_validity", 4).start();
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    assert_eq!(code(&bob.ask(&assign(&bob, "assign_term", &carol.identity()))), 1);
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(lab.state(&carol.identity()).as_deref(), Some("unregistered"));
    lab.wait_empty();
    assert_eq!(lab.state(&carol.identity()), None);
}

fn who_was_registered_meanwhile_is_not_served_after_it(mix: Mix) {
    let lab = Plan::new(mix).short(1).start();
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    assert_eq!(code(&bob.ask(&assign(&bob, "assign_term", &carol.identity()))), 1);
    let mut proxy = Watcher::proxy(&lab, &carol.identity());
    proxy.registers(&carol, 3);
    proxy.begins(if mix.registrar() == Flavor::Ours { 600 } else { 10 });
    // Its time over, it stays as long as it is watched.
    lab.wait_empty();
}

/// Wildcarded-Public-Identity of the next question to the HSS; empty: none.
fn told_wildcard(lab: &Lab) -> String {
    let (_, asked) = lab.hss.assigned();
    asked.avps.find(634).map(|_| asked.avps.text(634)).unwrap_or_default()
}

fn the_hss_is_told_the_wildcard_that_a_request_names(mix: Mix) {
    let lab = slow(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    let named = |value: &str| {
        let draft = assign(&bob, "assign_term", &carol.identity()).add("P-Profile-Key", value);
        assert_eq!(code(&bob.ask(&draft)), 1);
        told_wildcard(&lab)
    };
    assert_eq!(named("<sip:car!.*!@ims.test>;x=y"), "sip:car!.*!@ims.test");
    assert_eq!(named("<sip:carol@ims.test>"), "");
    assert_eq!(named("garbage"), "");
}

fn the_hss_is_told_who_did_not_prove_who_it_is(mix: Mix) {
    let lab = Plan::new(mix).impatient().start();
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    let failed = |ue: &Ue, reason: &str| {
        let draft = ue.draft("MESSAGE", &ue.identity()).set("To", &format!("<{}>", ue.identity()));
        let credentials = format!(
            "Digest username=\"{}\", realm=\"ims.test\", nonce=\"\", uri=\"sip:ims.test\", response=\"\"",
            private("bob")
        );
        let draft = draft.add("Authorization", &credentials).add("X-Reason", reason);
        rc(&ue.ask(&draft.add("X-Do", "auth_failed")))
    };
    for (reason, kind) in [
        ("failure", Assignment::AuthenticationFailure),
        ("timeout", Assignment::AuthenticationTimeout),
    ] {
        assert_eq!(failed(&bob, reason), 1, "{reason}");
        let (told, asked) = lab.hss.assigned();
        assert_eq!(told, kind);
        assert_eq!((asked.avps.text(601), asked.avps.text(1)), (bob.identity(), private("bob")));
        assert_eq!(lab.state(&bob.identity()), None);
    }
    assert_eq!(failed(&bob, "other"), -1);
    // Who is registered stays so.
    lab.register(&carol, 600);
    assert_eq!(lab.hss.assigned().0, Assignment::Registration);
    assert_eq!(failed(&carol, "failure"), 1);
    assert_eq!(lab.hss.assigned().0, Assignment::AuthenticationFailure);
    assert!(lab.finds(&carol, "carol"));
    lab.hss.hears_no(SERVER_ASSIGNMENT);
}

fn the_hss_is_told_the_wildcard_that_stands_for_a_user(mix: Mix) {
    let lab = Plan::new(mix).usrloc("support_wildcardPSI", 1).start();
    lab.hss.add(owner_of_rooms());
    let (bob, room) = (lab.ue("bob"), lab.ue("room42"));
    lab.register(&bob, 600);
    assert_eq!(told_wildcard(&lab), "");
    assert_eq!(code(&bob.ask(&assign(&bob, "assign_term", &room.identity()))), 1);
    assert_eq!(told_wildcard(&lab), "sip:room!.*!@ims.test");
    // The owner of the rooms, who registers for one of them.
    let room = lab.ue("room43");
    let card = "Digest username=\"bob@ims.test\", realm=\"ims.test\"";
    room.ask(&room.register(600).add("Authorization", card));
    assert_eq!(told_wildcard(&lab), "sip:room!.*!@ims.test");
    lab.register(&bob, 600);
    assert_eq!(told_wildcard(&lab), "");
}
