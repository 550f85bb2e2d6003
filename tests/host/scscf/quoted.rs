//! Addresses with quoted texts inside of their brackets.

use crate::path::{strict, through};
use host_tests::{
    mixed,
    scscf::{Mix, Plan, Watcher, bindings},
    wait::until,
};
use std::time::Duration;

mixed! {
    all:
        a_path_may_have_quoted_parameters,
        a_contact_may_have_quoted_parameters,
        where_a_contact_is_may_be_said_in_quotes;
    registrar:
        a_quote_that_is_left_open_is_refused,
        who_watches_is_told_of_a_contact_with_quotes;
}

fn a_path_may_have_quoted_parameters(mix: Mix) {
    let lab = strict(mix);
    let bob = lab.ue("bob");
    let uri = "sip:term@127.0.0.1:4060;lr;received=\"sip:127.0.0.7:5060;x=1,2\"";
    let reply = bob.ask(&through(&bob, &format!("<{uri}>, <sip:two@127.0.0.1;x=\"a\";lr>")));
    assert_eq!(reply.status(), 200, "{reply:?}");
    assert_eq!(reply.header("Path"), format!("<{uri}>, <sip:two@127.0.0.1;x=\"a\";lr>"));
    let found = lab.looked_up(&bob, &bob.identity()).unwrap();
    assert_eq!((found.header("X-Ru"), found.header("X-Du")), (&*bob.contact(), uri));
}

fn a_contact_may_have_quoted_parameters(mix: Mix) {
    let lab = Plan::new(mix).start();
    let bob = lab.ue("bob");
    let uri = format!("{};x=\"a,b;c\"", bob.contact());
    for _ in 0..2 {
        let reply = bob.ask(&bob.register(600).set("Contact", &format!("<{uri}>;q=0.5")));
        assert_eq!(reply.status(), 200, "{reply:?}");
        assert!(reply.header("Contact").starts_with(&format!("<{uri}>;")), "{reply:?}");
    }
    let found = lab.looked_up(&bob, &bob.identity()).unwrap();
    assert_eq!(found.header("X-Ru"), uri);
    let reply = bob.ask(&bob.register(0).set("Contact", &format!("<{uri}>")));
    assert_eq!(reply.status(), 200, "{reply:?}");
    until("the end of bob", Duration::from_secs(10), || {
        (!lab.finds(&lab.ue("carol"), "bob")).then_some(())
    });
}

fn where_a_contact_is_may_be_said_in_quotes(mix: Mix) {
    let plan = Plan::new(mix).registrar("path_mode", 2).registrar("path_use_received", 1);
    let lab = plan.exact().start();
    let bob = lab.ue("bob");
    let path = "<sip:term@127.0.0.1:4060;lr;received=\"sip:127.0.0.7:5060;x=1\">";
    let reply = bob.ask(&through(&bob, path));
    assert_eq!(reply.status(), 200, "{reply:?}");
    assert!(reply.header("Contact").contains("received=\"sip:127.0.0.7:5060;x=1\""), "{reply:?}");
}

fn a_quote_that_is_left_open_is_refused(mix: Mix) {
    let mut lab = strict(mix);
    let bob = lab.ue("bob");
    for path in [
        "<sip:term@127.0.0.1;lr;x=\"a>",
        "<sip:te\"rm@127.0.0.1;lr>",
        "<sip:term@127.0.0.1;lr;x=\"a>b\">",
        "<sip:term@127.0.0.1;x=\"a;lr;b\">",
    ] {
        assert_eq!(bob.ask(&through(&bob, path)).status(), 500, "{path}");
    }
    for contact in
        ["<sip:c@127.0.0.1:5099;x=\"a>", "<sip:c\"d@127.0.0.1>", "<sip:\"c d\"@127.0.0.1>"]
    {
        let reply = bob.ask(&bob.register(600).set("Contact", contact));
        assert_eq!((reply.status(), bindings(&reply).len()), (500, 0), "{contact}");
    }
    lab.host.assert_alive();
}

fn who_watches_is_told_of_a_contact_with_quotes(mix: Mix) {
    let lab = Plan::new(mix).start();
    let bob = lab.ue("bob");
    let uri = format!("{};x=\"a&b\"", bob.contact());
    let draft = bob.register(600).set("Contact", &format!("\"B, <o>\" <{uri}>;y=\"c\""));
    assert_eq!(bob.ask(&draft).status(), 200);
    let told = Watcher::own(&bob).begins(600).valid();
    let contacts = &told.of(&bob.identity()).contacts;
    assert_eq!(contacts.iter().map(|contact| &*contact.uri).collect::<Vec<_>>(), [&*uri]);
}
