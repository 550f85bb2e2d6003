//! `Path`: the way back to a client.

use host_tests::{
    Draft,
    diameter::hss::SERVER_ASSIGNMENT,
    mixed,
    scscf::{Lab, Mix, Plan, Ue, bindings, rc},
};

mixed! {
    all:
        r_15_requests_take_the_way_that_the_register_came,
        r_16_a_client_that_does_not_know_path_is_told_so,
        r_18_path_is_told_back_as_the_mode_says,
        r_19_a_path_that_is_no_route_is_refused,
        r_20_a_path_beyond_all_bounds_is_refused,
        r_50_a_contact_is_reached_by_its_path;
    registrar:
        r_15_a_request_that_is_led_elsewhere_leaves_the_way_of_the_first_user,
        r_16_who_does_not_know_path_is_not_registered,
        r_17_nobody_hears_of_the_identities_of_somebody_else,
        r_18_no_path_is_kept_unless_asked_for,
        a_path_on_several_lines_is_one,
        a_register_that_comes_again_gets_the_same_path;
}

const WAY: &str = "<sip:term@127.0.0.1:4060;lr>";

pub(crate) fn strict(mix: Mix) -> Lab {
    Plan::new(mix).registrar("path_mode", 2).exact().start()
}

/// A REGISTER that came through `path`.
pub(crate) fn through(ue: &Ue, path: &str) -> Draft {
    ue.register(600).add("Path", path).add("Supported", "path")
}

fn r_15_requests_take_the_way_that_the_register_came(mix: Mix) {
    let lab = strict(mix);
    let bob = lab.ue("bob");
    let reply = bob.ask(&through(&bob, WAY));
    assert_eq!((reply.status(), reply.header("Path")), (200, WAY), "{reply:?}");
    let found = lab.looked_up(&bob, &bob.identity()).unwrap();
    assert_eq!(found.header("X-Ru"), bob.contact());
    assert_eq!(found.header("X-Du"), WAY.trim_matches(['<', '>']));
    // The whole way is in the request that is sent on.
    let hop = lab.ue("hop");
    let way = format!("<{};lr>", hop.contact());
    let reply = bob.ask(&through(&bob, &format!("{way}, <sip:second@127.0.0.1;lr>")));
    assert_eq!(reply.status(), 200);
    let answer = bob.ask(&bob.calling("lookup").uri(&bob.identity()).add("X-Relay", "1"));
    assert_eq!(answer.status(), 200, "{answer:?}");
    let passed = hop.incoming("MESSAGE");
    assert_eq!(passed.uri(), bob.contact());
    let routes = passed.all("Route").join(",").replace(' ', "");
    assert_eq!(routes, format!("{way},<sip:second@127.0.0.1;lr>"));
}

fn r_15_a_request_that_is_led_elsewhere_leaves_the_way_of_the_first_user(mix: Mix) {
    let elsewhere = "case \"elsewhere\":
            lookup(\"location\");
            $ru = $hdr(X-Uri);
            lookup(\"location\");
            $var(rc) = $rc;
            break;";
    let lab = Plan::new(mix).with(|setup| setup.word("{second}", elsewhere)).start();
    let (bob, carol, hop) = (lab.ue("bob"), lab.ue("carol"), lab.ue("hop"));
    let reply = bob.ask(&through(&bob, &format!("<{};lr>", hop.contact())));
    assert_eq!(reply.status(), 200);
    lab.register(&carol, 600);
    let draft = bob.calling("elsewhere").uri(&bob.identity()).add("X-Uri", &carol.identity());
    assert_eq!(bob.ask(&draft.add("X-Relay", "1")).status(), 200);
    let passed = carol.incoming("MESSAGE");
    assert_eq!((passed.uri(), passed.all("Route").len()), (&*carol.contact(), 0), "{passed:?}");
}

fn r_16_a_client_that_does_not_know_path_is_told_so(mix: Mix) {
    let lab = strict(mix);
    let bob = lab.ue("bob");
    let reply = bob.ask(&bob.register(600).add("Path", WAY));
    assert_eq!(reply.status_line(), "420 Bad Extension");
    assert_eq!(reply.header("Unsupported"), "path");
    assert_eq!(reply.header("P-Registrar-Error"), "No support for found Path indicated");
}

fn r_16_who_does_not_know_path_is_not_registered(mix: Mix) {
    let lab = strict(mix);
    let bob = lab.ue("bob");
    assert_eq!(bob.ask(&bob.register(600).add("Path", WAY)).status(), 420);
    assert!(!lab.finds(&bob, "bob"));
    assert_eq!(lab.stored("active_contacts"), 0);
}

fn r_17_nobody_hears_of_the_identities_of_somebody_else(mix: Mix) {
    let lab = strict(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    for _ in 0..6 {
        lab.register(&carol, 600);
        assert_eq!(bob.ask(&bob.register(600).add("Path", WAY)).status(), 420);
        let reply = lab.leave(&carol);
        assert!(!format!("{reply:?}").contains("bob"), "{reply:?}");
        assert!(reply.find("P-Associated-URI").is_none(), "{reply:?}");
    }
}

fn r_18_path_is_told_back_as_the_mode_says(mix: Mix) {
    for (mode, supported, told) in [(0, true, false), (1, true, true), (1, false, false)] {
        let lab = Plan::new(mix).registrar("path_mode", mode).start();
        let bob = lab.ue("bob");
        let draft = bob.register(600).add("Path", WAY);
        let draft = if supported { draft.add("Supported", "path") } else { draft };
        let reply = bob.ask(&draft);
        assert_eq!(reply.status(), 200, "{mode}: {reply:?}");
        assert_eq!(reply.find("Path").is_some(), told, "{mode}: {reply:?}");
    }
}

fn r_18_no_path_is_kept_unless_asked_for(mix: Mix) {
    let lab = Plan::new(mix).registrar("use_path", 0).start();
    let bob = lab.ue("bob");
    let reply = bob.ask(&through(&bob, WAY));
    assert!(reply.status() == 200 && reply.find("Path").is_none(), "{reply:?}");
    let found = lab.looked_up(&bob, &bob.identity()).unwrap();
    assert_eq!(found.header("X-Du"), "<null>");
}

/// A REGISTER through `path` is refused, and the next is not.
fn refused(mix: Mix, path: &str) {
    let mut lab = strict(mix);
    let bob = lab.ue("bob");
    let reply = bob.ask(&through(&bob, path));
    assert_eq!(reply.status(), 500, "{reply:?}");
    let reply = bob.ask(&through(&bob, WAY));
    assert_eq!((reply.status(), bindings(&reply).len()), (200, 1));
    lab.host.assert_alive();
}

fn r_19_a_path_that_is_no_route_is_refused(mix: Mix) {
    refused(mix, "<sip:term@127.0.0.1:4060>");
}

fn r_20_a_path_beyond_all_bounds_is_refused(mix: Mix) {
    let paths = vec![WAY; 80].join(",");
    assert!(paths.len() > 2047);
    refused(mix, &paths);
}

fn r_50_a_contact_is_reached_by_its_path(mix: Mix) {
    let lab = strict(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    assert_eq!(bob.ask(&through(&bob, WAY)).status(), 200);
    lab.register(&carol, 600);
    let path = |uri: &str| bob.ask(&bob.calling("path").add("X-Uri", uri));
    let hit = path(&bob.contact());
    assert_eq!((rc(&hit), hit.header("X-Du")), (1, WAY.trim_matches(['<', '>'])), "{hit:?}");
    assert_eq!(rc(&path(&carol.contact())), -1);
    assert_eq!(rc(&path("sip:nobody@127.0.0.9")), -1);
}

fn a_path_on_several_lines_is_one(mix: Mix) {
    let lab = strict(mix);
    let bob = lab.ue("bob");
    let folded = format!("{WAY},\r\n\t<sip:second@127.0.0.1;lr>");
    let draft = bob.register(600).add("Path", &folded).add("Supported", "100rel,\r\n path");
    let draft = draft.add("User-Agent", "Telephone\r\n 1.0");
    let reply = bob.ask(&draft);
    let way = format!("{WAY}, <sip:second@127.0.0.1;lr>");
    assert_eq!((reply.status(), reply.header("Path")), (200, &*way), "{reply:?}");
    let found = lab.looked_up(&bob, &bob.identity()).unwrap();
    assert_eq!(found.header("X-Du"), WAY.trim_matches(['<', '>']));
    let shown = lab.host.rpc(&["ulscscf.showimpu", &bob.identity()]).unwrap();
    assert!(shown.contains("client: Telephone 1.0\n"), "{shown}");
}

fn a_register_that_comes_again_gets_the_same_path(mix: Mix) {
    let lab = strict(mix);
    let bob = lab.ue("bob");
    let draft = through(&bob, WAY);
    bob.ask(&draft);
    lab.hss.assigned();
    // So late that nothing is left of its transaction.
    let again = draft.set("Via", bob.register(600).find("Via").unwrap());
    let reply = bob.ask(&again);
    assert_eq!((reply.status(), bindings(&reply).len()), (200, 1), "{reply:?}");
    assert_eq!(reply.header("Path"), WAY);
    lab.hss.hears_no(SERVER_ASSIGNMENT);
}
