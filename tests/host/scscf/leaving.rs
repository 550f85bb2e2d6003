//! Clients that leave.

use crate::told::{document, published};
use host_tests::{
    Draft,
    diameter::{Assignment, Reply, hss::SERVER_ASSIGNMENT},
    mixed,
    scscf::{Binding, Lab, Mix, Plan, Ue, Watcher, bindings, set},
};
use std::time::Duration;

mixed! {
    all:
        r_21_the_hss_is_not_told_as_long_as_a_contact_is_left,
        r_22_the_hss_is_told_of_the_last_contact_that_leaves,
        r_26_a_star_with_a_time_or_with_company_is_refused,
        r_27_an_end_of_nothing_is_refused;
    some:
        r_24_the_end_of_an_unknown_contact_is_refused;
    registrar:
        r_21_the_answer_lists_what_is_left,
        r_23_two_contacts_leave_at_once,
        r_26_a_star_with_company_in_one_header_is_refused,
        r_25_a_star_ends_everything,
        r_29_a_contact_without_time_leaves_among_others,
        r_83_the_hss_is_told_that_the_profile_is_kept,
        an_end_that_comes_again_is_answered_again,
        an_end_that_comes_again_after_all_has_gone_is_answered_again,
        an_end_that_comes_again_leaves_who_has_come_back,
        an_end_that_comes_again_while_the_hss_thinks_is_not_refused,
        of_contacts_that_differ_in_a_parameter_the_one_that_is_named_leaves,
        what_has_left_is_not_fetched;
}

/// Two registered clients of bob.
fn both(lab: &Lab) -> [Ue; 2] {
    let both = [lab.ue("bob"), lab.ue("bob")];
    for ue in &both {
        lab.register(ue, 600);
    }
    lab.hss.forget(SERVER_ASSIGNMENT);
    both
}

fn r_21_the_hss_is_not_told_as_long_as_a_contact_is_left(mix: Mix) {
    let lab = Lab::start(mix);
    let [one, other] = both(&lab);
    lab.leave(&one);
    lab.hss.hears_no(SERVER_ASSIGNMENT);
    for identity in set("bob") {
        let found = lab.looked_up(&other, &identity);
        let ru = found.map(|found| found.header("X-Ru").to_owned());
        // C before 6.0 finds no numbers.
        assert!(identity.starts_with("tel:") || ru == Some(other.contact()), "{identity}: {ru:?}");
    }
    lab.wait_contacts(1);
}

fn r_21_the_answer_lists_what_is_left(mix: Mix) {
    let lab = Lab::start(mix);
    let [one, other] = both(&lab);
    let reply = lab.leave(&one);
    let live: Vec<_> = bindings(&reply).into_iter().filter(|bound| bound.expires > 0).collect();
    assert_eq!(live.len(), 1, "{reply:?}");
    assert_eq!(live[0].uri, other.contact());
}

fn r_22_the_hss_is_told_of_the_last_contact_that_leaves(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    lab.hss.assigned();
    let (reply, kind, _) = lab.assigned(&bob, &bob.register(0));
    assert_eq!((reply.status(), kind), (200, Assignment::UserDeregistration));
    assert_eq!(reply.header("Contact"), format!("<{}>;expires=0", bob.contact()));
    assert_eq!(reply.header("Service-Route"), lab.service_route());
    assert!(reply.find("P-Associated-URI").is_none(), "{reply:?}");
    lab.wait_empty();
    assert_eq!(lab.state(&bob.identity()), None);
}

fn r_23_two_contacts_leave_at_once(mix: Mix) {
    let lab = Lab::start(mix);
    let [one, other] = both(&lab);
    let list = format!("<{}>, <{}>", one.contact(), other.contact());
    let (reply, kind, _) = lab.assigned(&one, &one.register(0).set("Contact", &list));
    assert_eq!((reply.status(), kind), (200, Assignment::UserDeregistration));
    let mut gone: Vec<_> =
        bindings(&reply).into_iter().map(|bound| (bound.uri, bound.expires)).collect();
    gone.sort_unstable();
    let mut wanted = [(one.contact(), 0), (other.contact(), 0)];
    wanted.sort_unstable();
    assert_eq!(gone, wanted);
    lab.wait_empty();
}

fn r_24_the_end_of_an_unknown_contact_is_refused(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let stranger = bob.register(0).set("Contact", "<sip:stranger@127.0.0.9:5099>");
    assert_eq!(bob.ask(&stranger).status(), 500);
    let nobody = lab.ue("nobody");
    assert!(nobody.ask(&nobody.register(0)).status() >= 400);
    lab.register(&bob, 600);
    lab.register(&nobody, 600);
    assert!(lab.finds(&bob, "bob"));
}

fn r_25_a_star_ends_everything(mix: Mix) {
    let lab = Lab::start(mix);
    let [one, _other] = both(&lab);
    let (reply, kind, _) = lab.assigned(&one, &one.register(0).set("Contact", "*"));
    assert_eq!((reply.status(), kind), (200, Assignment::UserDeregistration));
    assert!(!lab.finds(&one, "bob"));
    lab.wait_empty();
    lab.register(&one, 600);
    assert!(lab.finds(&one, "bob"));
}

fn r_26_a_star_with_a_time_or_with_company_is_refused(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    lab.hss.assigned();
    for draft in [
        bob.register(60).set("Contact", "*"),
        bob.register(0).set("Contact", "*").add("Contact", &format!("<{}>", bob.contact())),
        bob.register(0).set("Contact", "*").without("Expires"),
    ] {
        let reply = bob.ask(&draft);
        assert!(reply.status() >= 400, "{draft:?}: {reply:?}");
    }
    assert!(lab.finds(&bob, "bob"));
    lab.hss.hears_no(SERVER_ASSIGNMENT);
}

fn r_26_a_star_with_company_in_one_header_is_refused(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    for list in [format!("*, <{}>", bob.contact()), format!("<{}>, *", bob.contact())] {
        let reply = bob.ask(&bob.register(0).set("Contact", &list));
        assert!(reply.status() >= 400, "{list}: {reply:?}");
    }
    assert!(lab.finds(&bob, "bob"));
}

fn r_27_an_end_of_nothing_is_refused(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let reply = bob.ask(&bob.register(0).without("Contact"));
    assert_eq!(reply.status(), 500, "{reply:?}");
    assert_eq!(reply.header("P-Registrar-Error"), "SAR failed");
    assert!(lab.finds(&bob, "bob"));
}

fn r_29_a_contact_without_time_leaves_among_others(mix: Mix) {
    let lab = Lab::start(mix);
    let [one, other] = both(&lab);
    let list = format!("<{}>;expires=0, <{}>;expires=300", one.contact(), other.contact());
    let (reply, kind, _) = lab.assigned(&one, &one.register(600).set("Contact", &list));
    assert_eq!((reply.status(), kind), (200, Assignment::ReRegistration), "{reply:?}");
    let live: Vec<_> = bindings(&reply).into_iter().filter(|bound| bound.expires > 0).collect();
    assert_eq!((live.len(), live[0].expires, &live[0].uri), (1, 300, &other.contact()));
    lab.wait_contacts(1);
    assert_eq!(lab.contacts(&one.identity()), [other.contact()]);
}

fn r_83_the_hss_is_told_that_the_profile_is_kept(mix: Mix) {
    let lab = Plan::new(mix).registrar("store_profile_dereg", 1).exact().start();
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    lab.hss.assigned();
    let (reply, kind, _) = lab.assigned(&bob, &bob.register(0));
    assert_eq!((reply.status(), kind), (200, Assignment::UserDeregistrationStored));
    assert_eq!(reply.header("Contact"), format!("<{}>;expires=0", bob.contact()));
    assert!(!lab.finds(&bob, "bob"));
    lab.wait_contacts(0);
}

/// A host that looks for what is over so seldom that what has left is still there.
fn slow(mix: Mix) -> Lab {
    Plan::new(mix).usrloc("timer_interval", 30).exact().start()
}

fn an_end_that_comes_again_is_answered_again(mix: Mix) {
    let lab = slow(mix);
    let [one, other] = both(&lab);
    let draft = one.register(0);
    let first = bindings(&one.ask(&draft));
    // The answer was lost, and nothing is left of the transaction.
    let again = draft.set("Via", one.register(0).find("Via").unwrap());
    let reply = one.ask(&again);
    assert_eq!(reply.status(), 200, "{reply:?}");
    let told = |bound: &[Binding]| {
        let mut all: Vec<_> =
            bound.iter().map(|bound| (bound.uri.clone(), bound.expires > 0)).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(told(&bindings(&reply)), told(&first));
    assert_eq!(first.len(), 2, "{first:?}");
    assert!(lab.finds(&other, "bob"));
    lab.hss.hears_no(SERVER_ASSIGNMENT);
}

fn an_end_that_comes_again_while_the_hss_thinks_is_not_refused(mix: Mix) {
    let lab = slow(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    lab.hss.forget(SERVER_ASSIGNMENT);
    lab.hss.edit(SERVER_ASSIGNMENT, |_, avps| Reply::Late(Duration::from_millis(1200), avps));
    let draft = bob.register(0);
    bob.send(&draft);
    lab.hss.assigned();
    bob.send(&draft);
    let reply = bob.final_reply(&draft);
    assert_eq!((reply.status(), bindings(&reply)[0].expires), (200, 0), "{reply:?}");
    lab.hss.hears_no(SERVER_ASSIGNMENT);
}

/// `draft` once more, with nothing left of the first one.
fn once_more(ue: &Ue, draft: &Draft) -> Draft {
    draft.clone().set("Via", ue.register(0).find("Via").unwrap())
}

fn an_end_that_comes_again_after_all_has_gone_is_answered_again(mix: Mix) {
    for star in [false, true] {
        let lab = Plan::new(mix).exact().start();
        let bob = lab.ue("bob");
        lab.register(&bob, 600);
        let draft = bob.register(0);
        let draft = if star { draft.set("Contact", "*") } else { draft };
        assert_eq!(bob.ask(&draft).status(), 200);
        lab.wait_empty();
        lab.hss.forget(SERVER_ASSIGNMENT);
        let reply = bob.ask(&once_more(&bob, &draft));
        assert_eq!(reply.status(), 200, "{reply:?}");
        if !star {
            assert_eq!(reply.header("Contact"), format!("<{}>;expires=0", bob.contact()));
        }
        lab.hss.hears_no(SERVER_ASSIGNMENT);
        // Another request is not the same one.
        if !star {
            assert_eq!(bob.ask(&bob.register(0)).status(), 500);
        }
    }
    let lab = Plan::new(mix).usrloc("cseq_delay", 1).start();
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let draft = bob.register(0);
    assert_eq!(bob.ask(&draft).status(), 200);
    lab.wait_empty();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(bob.ask(&once_more(&bob, &draft)).status(), 500, "that is too long ago");
}

fn an_end_that_comes_again_leaves_who_has_come_back(mix: Mix) {
    let lab = Plan::new(mix).exact().start();
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let draft = bob.register(0);
    assert_eq!(bob.ask(&draft).status(), 200);
    // It starts anew, with another Call-ID: the old request says nothing of that.
    lab.register(&bob, 900);
    let reply = bob.ask(&once_more(&bob, &draft));
    let told: Vec<_> = bindings(&reply).iter().map(|bound| bound.expires).collect();
    assert_eq!((reply.status(), told), (200, vec![900]), "{reply:?}");
    assert!(lab.finds(&bob, "bob"));
}

/// A contact of `ue` with a parameter beside its own one.
fn with_parameter(ue: &Ue) -> String {
    format!("{};ob", ue.contact())
}

fn of_contacts_that_differ_in_a_parameter_the_one_that_is_named_leaves(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, caller) = (lab.ue("bob"), lab.ue("carol"));
    let mut proxy = Watcher::proxy(&lab, &bob.identity());
    let (more, path) = (with_parameter(&bob), proxy.path());
    let register = |contact: &str, seconds: u32| {
        let draft = bob.register(seconds).set("Contact", &format!("<{contact}>"));
        assert_eq!(bob.ask(&draft.add("Path", &path)).status(), 200);
    };
    register(&bob.contact(), 600);
    register(&more, 600);
    lab.hss.forget(SERVER_ASSIGNMENT);
    let found = || lab.looked_up(&caller, &bob.identity()).map(|it| it.header("X-Ru").to_owned());
    let gone = bob.register(0).set("Contact", &format!("<{more}>"));
    let reply = bob.ask(&gone.add("Path", &path));
    let left: Vec<_> = bindings(&reply).into_iter().filter(|bound| bound.expires > 0).collect();
    assert_eq!(left.iter().map(|bound| &bound.uri).collect::<Vec<_>>(), [&bob.contact()]);
    lab.hss.hears_no(SERVER_ASSIGNMENT);
    assert_eq!(found(), Some(bob.contact()));
    // So with what a proxy publishes.
    register(&more, 600);
    proxy.begins(600);
    let reply = published(&proxy, &document(&bob.identity(), &more, "terminated"));
    assert_eq!(reply.status(), 200, "{reply:?}");
    let told = proxy.hears().valid();
    let states = |uri: &str| {
        let contacts = told.of(&bob.identity()).contacts.iter();
        contacts.filter(|it| it.uri == uri).map(|it| it.state.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        (states(&more), states(&bob.contact())),
        (vec!["terminated unregistered"], vec!["active registered"])
    );
    assert_eq!(found(), Some(bob.contact()));
    // What nobody has registered so is the same by the rules.
    register(&with_parameter(&bob).replace(";ob", ";x"), 0);
    assert_eq!(found(), None);
}

fn what_has_left_is_not_fetched(mix: Mix) {
    let lab = Plan::new(mix).usrloc("timer_interval", 60).start();
    let [one, other] = both(&lab);
    let fetched = || one.ask(&one.calling("fetch").add("X-Uri", &one.identity()));
    assert_eq!(fetched().header("X-Count"), "2");
    lab.leave(&one);
    let left = fetched();
    assert_eq!((left.header("X-Count"), left.header("X-First")), ("1", &*other.contact()));
    lab.leave(&other);
    assert_eq!(fetched().header("X-Count"), "0");
}
