//! The functions as a script in JavaScript calls them, with arguments that make sense and such that do
//! not.

use crate::told::{document, published};
use host_tests::{
    diameter::{Assignment, hss::SERVER_ASSIGNMENT},
    mixed,
    scscf::{Lab, Mix, Plan, Ue, Watcher, rc},
    wait::PATIENCE,
};

mixed! {
    registrar:
        clients_register_and_leave_from_javascript,
        the_functions_of_requests_are_called_from_javascript,
        an_unregistered_user_is_served_from_javascript,
        registrations_are_watched_from_javascript,
        arguments_that_make_no_sense_are_refused_from_javascript;
}

const SCRIPT: &str = include_str!("kemi.js");

fn start(mix: Mix) -> Lab {
    let plan = Plan::new(mix).registrar("domain", "location").exact();
    let script = SCRIPT.replace("{address}", &plan.address().to_string());
    let plan = plan.with(|setup| {
        setup
            .module("app_jsdt")
            .param("app_jsdt", "load", "{folder}/kemi.js")
            .with_file("kemi.js", &script)
            .routes("\ncfgengine \"jsdt\"\n")
    });
    plan.start()
}

/// What `function` returned for a request to the identity of `ue`.
fn called(ue: &Ue, function: &str) -> i32 {
    rc(&ue.ask(&ue.calling(function).uri(&ue.identity())))
}

fn clients_register_and_leave_from_javascript(mix: Mix) {
    let lab = start(mix);
    let bob = lab.ue("bob");
    let register = bob.register(600);
    let (reply, kind, _) = lab.assigned(&bob, &register);
    assert_eq!((reply.status(), kind), (200, Assignment::Registration), "{reply:?}");
    assert_eq!(lab.resumed(&register), Some(1));
    assert_eq!(lab.state(&bob.identity()).as_deref(), Some("registered"));
    let flagged = bob.register(600).add("X-Save", "flags");
    assert_eq!(bob.ask(&flagged).status(), 200);
    lab.leave(&bob);
    lab.wait_empty();
}

fn the_functions_of_requests_are_called_from_javascript(mix: Mix) {
    let lab = start(mix);
    let (bob, other) = (lab.ue("bob"), lab.ue("bob"));
    for function in ["lookup", "registered", "term_registered", "term_contact", "lookup_3gpp"] {
        assert_eq!(called(&bob, function), -1, "{function}");
    }
    let way = "<sip:one@127.0.0.1:5099;lr>";
    let reply = bob.ask(&bob.register(600).add("Path", way).add("Supported", "path"));
    assert_eq!(reply.status(), 200);
    lab.register(&other, 600);
    for function in ["lookup", "lookup_nothing", "registered", "term_registered", "term_contact"] {
        assert_eq!(called(&bob, function), 1, "{function}");
    }
    assert_eq!(called(&bob, "lookup_3gpp"), -1);
    assert_eq!(lab.looked_up(&bob, &bob.identity()).unwrap().header("X-Ru"), bob.contact());
    let path = bob.ask(&bob.calling("path").add("X-Uri", &bob.contact()));
    assert_eq!((rc(&path), path.header("X-Du")), (1, "sip:one@127.0.0.1:5099;lr"));
    let fetched = bob.ask(&bob.calling("fetch").add("X-Uri", &bob.identity()));
    assert_eq!((rc(&fetched), fetched.header("X-Count")), (1, "2"));
    assert_eq!(fetched.header("X-First"), bob.contact());
    assert_eq!(fetched.header("X-Second"), other.contact());
    assert_eq!(called(&bob, "free"), 1);
    assert_eq!(called(&bob, "sock"), 1);
    lab.hss.forget(SERVER_ASSIGNMENT);
    assert_eq!(called(&bob, "unregister_to"), 1);
    assert_eq!(lab.hss.assigned().0, Assignment::AdministrativeDeregistration);
    assert_eq!(called(&bob, "lookup"), -1);
    let carol = lab.ue("carol");
    lab.register(&carol, 600);
    let ended = carol.ask(&carol.calling("unregister").add("X-Uri", &carol.identity()));
    assert_eq!((rc(&ended), called(&carol, "lookup")), (1, -1));
}

fn an_unregistered_user_is_served_from_javascript(mix: Mix) {
    let lab = start(mix);
    let bob = lab.ue("bob");
    let reply = bob.ask(&bob.calling("assign").uri(&bob.identity()));
    assert_eq!((reply.status_line(), reply.header("X-Code")), ("200 Assigned", "1"));
    assert_eq!(lab.hss.assigned().0, Assignment::UnregisteredUser);
    assert_eq!(lab.state(&bob.identity()).as_deref(), Some("unregistered"));
}

fn registrations_are_watched_from_javascript(mix: Mix) {
    let lab = start(mix);
    let bob = lab.ue("bob");
    let mut proxy = Watcher::proxy(&lab, &bob.identity());
    proxy.registers(&bob, 600);
    proxy.begins(600);
    let stranger = lab.ue("eve");
    let eve = Watcher::new(&stranger, &bob.identity(), &stranger.identity());
    assert_eq!(stranger.ask(&eve.subscribe(600)).status(), 403);
    let body = document(&bob.identity(), &bob.contact(), "terminated");
    assert_eq!(published(&proxy, &body).status_line(), "200 Publish to REG saved");
    assert_eq!(proxy.hears().valid().of(&bob.identity()).state, "terminated");
}

fn arguments_that_make_no_sense_are_refused_from_javascript(mix: Mix) {
    let mut lab = start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    lab.hss.forget(SERVER_ASSIGNMENT);
    for save in ["badflags", "noroute", "nodomain"] {
        let reply = bob.ask(&bob.register(700).add("X-Save", save));
        assert_eq!((reply.status(), reply.header("X-Rc")), (480, "-1"), "{save}");
    }
    for function in ["assign_nowhere", "sock_garbled", "elsewhere", "garbled"] {
        assert_eq!(called(&bob, function), -1, "{function}");
    }
    for uri in ["", "sip:", "<sip:bob@ims.test>", "nobody", "tel:", "sip:bob@ims.test\t"] {
        for function in ["path", "fetch", "unregister"] {
            let reply = bob.ask(&bob.calling(function).add("X-Uri", uri));
            assert_eq!(reply.status(), 200, "{function} of {uri:?}");
        }
    }
    lab.host.journal().wait("nowhere", PATIENCE);
    lab.hss.hears_no(SERVER_ASSIGNMENT);
    assert!(lab.finds(&bob, "bob"));
    lab.host.assert_alive();
}
