//! Modules of two makers together: a whole life of a registration, and what only one of them does.

use host_tests::{
    Flavor,
    diameter::{Assignment, Avps as _, SUCCESS, hss::SERVER_ASSIGNMENT},
    mixed,
    scscf::{Lab, Mix, Plan, private, rc, set},
    wait::{PATIENCE, until},
};

mixed! {
    all:
        u_29_a_registration_lives_and_ends_whoever_keeps_it;
    some:
        lookups_of_thousands_are_fast;
}

fn u_29_a_registration_lives_and_ends_whoever_keeps_it(mix: Mix) {
    let mut lab = Plan::new(mix).short(1).exact().start();
    let (bob, carol, watcher) = (lab.ue("bob"), lab.ue("carol"), lab.ue("watcher"));
    lab.register(&bob, 600);
    lab.register(&carol, 600);
    for _ in 0..3 {
        lab.register(&bob, 600);
    }
    let kinds: Vec<_> = (0..5).map(|_| lab.hss.assigned().0).collect();
    let again = [Assignment::ReRegistration; 3];
    assert_eq!(kinds, [&[Assignment::Registration; 2][..], &again].concat());
    let subscribe = watcher
        .draft("SUBSCRIBE", &bob.identity())
        .set("To", &format!("<{}>", bob.identity()))
        .add("P-Asserted-Identity", &format!("<{}>", bob.identity()))
        .add("Event", "reg")
        .add("Expires", "600");
    assert_eq!(watcher.ask(&subscribe).status(), 200);
    let notify = watcher.notified("reg");
    assert!(notify.body.contains(&bob.contact()), "{notify:?}");
    assert!(lab.finds(&carol, "bob") && lab.finds(&bob, "carol"));
    assert_eq!(rc(&bob.ask(&bob.calling("path").add("X-Uri", &carol.contact()))), -1);
    // A client leaves, one expires, one is taken away.
    lab.leave(&carol);
    assert_eq!(lab.state(&bob.identity()).as_deref(), Some("registered"));
    let dave = lab.ue("dave");
    lab.register(&dave, 2);
    let answer = lab.hss.terminate(&private("bob"), &[&set("bob")[0], &set("bob")[1]], 0);
    assert_eq!(answer.avps.value(268), Some(SUCCESS));
    watcher.notified("reg");
    lab.wait_contacts(0);
    until("nobody but who is watched", PATIENCE, || {
        (lab.stored("active_impus") <= 1).then_some(())
    });
    lab.hss.forget(SERVER_ASSIGNMENT);
    for ue in [&bob, &carol, &dave] {
        lab.register(ue, 600);
    }
    assert_eq!(lab.stored("active_contacts"), 3);
    lab.host.assert_alive();
}

fn lookups_of_thousands_are_fast(mix: Mix) {
    let many = 2000;
    let plan = Plan::new(mix).with(|mut setup| {
        setup.shared = 256;
        setup.param("tm", "wt_timer", 500)
    });
    let lab: Lab = plan.start();
    let ue = lab.ue("user");
    let each = || (0..many).map(|number| format!("sip:user{number}@ims.test"));
    for (number, identity) in each().enumerate() {
        let draft = ue.register(600).set("To", &format!("<{identity}>"));
        let draft = draft.set("Contact", &format!("<sip:u{number}@{}>", ue.local()));
        assert_eq!(ue.ask(&draft).status(), 200);
    }
    assert_eq!(lab.stored("active_impus"), 3 * many);
    for identity in each().step_by(20) {
        assert!(lab.looked_up(&ue, &identity).is_some(), "{identity}");
    }
    if mix.usrloc() == Flavor::Ours {
        let text = lab.host.rpc(&["ulscscf.status"]).unwrap();
        assert!(text.contains("Records: 6000"), "{text}");
    }
    for (number, identity) in each().enumerate() {
        let draft = ue.register(0).set("To", &format!("<{identity}>"));
        let draft = draft.set("Contact", &format!("<sip:u{number}@{}>", ue.local()));
        assert_eq!(ue.ask(&draft).status(), 200);
    }
    lab.wait_empty();
}
