//! Ways of telling contacts apart, where somebody asks for a contact by its address alone.

use host_tests::{
    diameter::{
        Avp, SUCCESS,
        hss::{PUSH_PROFILE, user_data},
    },
    install::Flavor,
    mixed,
    scscf::{Lab, Mix, Plan, private, rc, set},
};

mixed! {
    registrar:
        r_50_a_path_is_found_whatever_tells_contacts_apart,
        r_82_an_identity_that_is_pushed_gets_the_contacts_of_its_set;
    ours:
        r_85_an_identity_that_is_pushed_gets_the_contacts_of_its_own_user;
}

/// An identity that no profile has at first.
const NEW: &str = "sip:robert@ims.test";

/// Pushes the profile of bob with [`NEW`] in the place of his number.
fn push(lab: &Lab) {
    let profile = lab.hss.subscriber(&private("bob")).profile();
    let pushed = profile.replace(&set("bob")[1], NEW);
    assert_ne!(profile, pushed);
    let avps = vec![Avp::new(1, private("bob")), user_data(&pushed)];
    let answer = lab.hss.tell_client(PUSH_PROFILE, avps);
    assert_eq!(answer.result(), Some(SUCCESS), "{answer:?}");
}

fn r_50_a_path_is_found_whatever_tells_contacts_apart(mix: Mix) {
    // With mode 1 the store of C finds nobody without the Call-ID of the REGISTER.
    let modes: &[i32] = if mix.usrloc() == Flavor::Ours { &[0, 1, 2, 3] } else { &[0, 2, 3] };
    for mode in modes.iter().copied() {
        let lab = Plan::new(mix).usrloc("matching_mode", mode).start();
        let bob = lab.ue("bob");
        let way = "<sip:one@127.0.0.1:5099;lr>";
        let reply = bob.ask(&bob.register(600).add("Path", way).add("Supported", "path"));
        assert_eq!(reply.status(), 200);
        let found = bob.ask(&bob.calling("path").add("X-Uri", &bob.contact()));
        assert_eq!(rc(&found), 1, "matching_mode {mode}: {found:?}");
        assert_eq!(found.header("X-Du"), "sip:one@127.0.0.1:5099;lr", "matching_mode {mode}");
    }
}

fn r_82_an_identity_that_is_pushed_gets_the_contacts_of_its_set(mix: Mix) {
    for mode in [0, 1, 2, 3] {
        let lab = Plan::new(mix).usrloc("matching_mode", mode).start();
        let bob = lab.ue("bob");
        let way = "<sip:one@127.0.0.1;lr>";
        let reply = bob.ask(&bob.register(600).add("Path", way).add("Supported", "path"));
        assert_eq!(reply.status(), 200);
        push(&lab);
        assert_eq!(lab.contacts(NEW), [bob.contact()], "matching_mode {mode}");
    }
}

fn r_85_an_identity_that_is_pushed_gets_the_contacts_of_its_own_user(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.register(&bob, 600);
    let shared = format!("<{}>", bob.contact());
    for seconds in [1200, 1300] {
        let reply = carol.ask(&carol.register(seconds).set("Contact", &shared));
        assert_eq!(reply.status(), 200);
    }
    push(&lab);
    // Of both records the one of carol is the newer one.
    let [(_, left)] = lab.record(NEW).unwrap().contacts[..] else { panic!("no contact") };
    assert!(left <= 600, "{left} seconds are those of carol");
    // It is bob who ends it.
    lab.leave(&bob);
    assert!(lab.looked_up(&carol, NEW).is_none());
    assert!(lab.finds(&carol, "carol"));
}
