//! `pcscf_follows_service_routes` and `pcscf_force_service_routes`.

use host_tests::{
    Draft, Message, mixed,
    pcscf::{Lab, Mix, Ue, rc},
};

mixed! {
    all:
        sr1_a_request_without_route_follows_nothing,
        sr2_the_own_route_and_the_learned_one_follow,
        sr3_the_learned_route_alone_follows,
        sr5_routes_are_compared_to_the_letter,
        sr6_other_routes_do_not_follow,
        sr7_three_learned_routes_follow_in_three_headers,
        sr9_nothing_is_forced_on_the_unregistered,
        sr10_learned_routes_take_the_place_of_all_others;
    registrar:
        sr4_own_and_learned_route_in_one_header_follow,
        sr8_routes_without_end_are_survived;
}

/// The URI of a route set of the P-CSCF itself.
fn own(lab: &Lab) -> String {
    format!("<sip:{};lr>", lab.host.address())
}

/// A request of `ue` with one Route header for each of `routes`.
fn routed(ue: &Ue, function: &str, routes: &[&str]) -> Draft {
    routes.iter().fold(ue.calling(function), |draft, route| draft.add("Route", route))
}

/// What `pcscf_follows_service_routes` returned.
fn follows(ue: &Ue, routes: &[&str]) -> i32 {
    rc(&ue.ask(&routed(ue, "follows", routes)))
}

/// A P-CSCF with one registered client, its own route and the learned one.
fn registered(mix: Mix) -> (Lab, Ue, String, String) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    let (own, learned) = (own(&lab), lab.core.service_route());
    (lab, alice, own, learned)
}

fn sr1_a_request_without_route_follows_nothing(mix: Mix) {
    let (_lab, alice, ..) = registered(mix);
    assert_eq!(follows(&alice, &[]), -1);
}

fn sr2_the_own_route_and_the_learned_one_follow(mix: Mix) {
    let (_lab, alice, own, learned) = registered(mix);
    assert_eq!(follows(&alice, &[&own, &learned]), 1);
}

fn sr3_the_learned_route_alone_follows(mix: Mix) {
    let (_lab, alice, _, learned) = registered(mix);
    assert_eq!(follows(&alice, &[&learned]), 1);
}

fn sr4_own_and_learned_route_in_one_header_follow(mix: Mix) {
    let (_lab, alice, own, learned) = registered(mix);
    assert_eq!(follows(&alice, &[&format!("{own}, {learned}")]), 1);
    assert_eq!(follows(&alice, &[&format!("{own}, {learned}, {learned}")]), -1);
}

fn sr5_routes_are_compared_to_the_letter(mix: Mix) {
    let (_lab, alice, _, learned) = registered(mix);
    assert_eq!(follows(&alice, &[&learned.replace("orig", "Orig")]), -1);
}

fn sr6_other_routes_do_not_follow(mix: Mix) {
    let (_lab, alice, own, learned) = registered(mix);
    assert_eq!(follows(&alice, &[&own]), -1);
    assert_eq!(follows(&alice, &["<sip:other@127.0.0.1:9;lr>"]), -1);
    assert_eq!(follows(&alice, &[&learned, "<sip:other@127.0.0.1:9;lr>"]), -1);
}

fn sr7_three_learned_routes_follow_in_three_headers(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let routes = ["one", "two", "three"].map(|user| format!("<sip:{user}@127.0.0.1:9;lr>"));
    let taught = routes.join(", ");
    lab.exchange(&alice, &alice.register(600), |ok| ok.set("Service-Route", &taught));
    let texts = routes.each_ref().map(String::as_str);
    assert_eq!(follows(&alice, &texts), 1);
    assert_eq!(follows(&alice, &[texts[1], texts[0], texts[2]]), -1);
    assert_eq!(follows(&alice, &texts[..2]), -1);
}

fn sr8_routes_without_end_are_survived(mix: Mix) {
    let (mut lab, alice, ..) = registered(mix);
    for count in [11, 60, 200] {
        let routes = vec!["<sip:other@127.0.0.1:9;lr>"; count];
        assert_eq!(follows(&alice, &routes), -1, "{count} headers");
    }
    for length in [4_000, 30_000] {
        let long = format!("<sip:{}@127.0.0.1:9;lr>", "x".repeat(length));
        assert_eq!(follows(&alice, &[&long]), -1, "{length} bytes");
    }
    lab.host.assert_alive();
    assert!(alice.is_registered());
}

/// The request of `ue` with `routes` as `pcscf_force_service_routes` passed it on.
fn forced(lab: &Lab, ue: &Ue, routes: &[&str]) -> Message {
    let draft = routed(ue, "force", routes).add("X-Relay", &lab.core.uri());
    assert_eq!(ue.ask(&draft).status(), 200);
    lab.core.incoming("MESSAGE")
}

fn sr9_nothing_is_forced_on_the_unregistered(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    let foreign = "<sip:other@127.0.0.1:9;lr>";
    let seen = forced(&lab, &alice, &[foreign]);
    assert_eq!(rc(&seen), -1);
    assert_eq!(seen.all("Route"), [foreign]);
}

fn sr10_learned_routes_take_the_place_of_all_others(mix: Mix) {
    let (lab, alice, _, learned) = registered(mix);
    let seen = forced(&lab, &alice, &["<sip:a@127.0.0.1:9;lr>", "<sip:b@127.0.0.1:9;lr>"]);
    assert_eq!(rc(&seen), 1);
    assert_eq!(seen.all("Route"), [learned.as_str()]);
    assert_eq!(seen.names()[0], "Route", "on top:\n{seen:?}");
    assert_eq!(format!("<{}>", seen.header("X-Du")), learned);
}
