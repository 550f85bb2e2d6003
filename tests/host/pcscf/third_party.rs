//! baresip, a client that knows nothing of these tests, registers and calls.

use host_tests::{
    Draft,
    baresip::Baresip,
    mixed,
    pcscf::{Lab, Mix, Ue},
    wait::{PATIENCE, until},
};

mixed! {
    all:
        a_third_party_client_registers_calls_and_is_called;
}

fn a_third_party_client_registers_calls_and_is_called(mix: Mix) {
    let lab = Lab::start(mix);
    lab.core.network(true);
    let mut alice = Baresip::start(lab.host.address(), "alice");
    // Its report of the event may be older than this connection.
    until("baresip's registration", PATIENCE, || {
        alice.command("reginfo", "");
        alice.heard().contains("OK").then_some(())
    });
    let bob = lab.ue("bob");
    registered(&bob);
    assert_eq!(lab.count(), 2);

    // It calls: the learned route leads through the core.
    alice.command("dial", "sip:bob@ims.test");
    let invite = bob.incoming("INVITE");
    let passed = lab.core.incoming("INVITE");
    assert_eq!(passed.header("Route"), lab.core.service_route());
    assert_eq!(passed.header("P-Asserted-Identity"), "<sip:alice@ims.test>");
    let answer = Draft::reply(&invite, 200, "bob");
    bob.send(&answer.add("Contact", &format!("<{}>", bob.contact())).sdp("sendrecv"));
    bob.incoming("ACK");
    alice.reports("CALL_ESTABLISHED");
    alice.command("hangup", "");
    bob.incoming("BYE");

    // It is called.
    let call = bob.draft("INVITE", "sip:alice@ims.test").set("To", "<sip:alice@ims.test>");
    let call = call.sdp("sendrecv");
    let answer = bob.ask(&call);
    assert_eq!(answer.status(), 200, "{answer:?}");
    let routes = answer.all("Record-Route").join(", ");
    let within = |method: &str| {
        let number = if method == "ACK" { 1 } else { 2 };
        let draft = bob.draft(method, answer.contact());
        // The routes of the callee, seen from the caller's side.
        let routes: Vec<_> = routes.rsplit(", ").collect();
        let draft = draft.add("Route", &routes.join(", "));
        draft
            .set("From", call.find("From").unwrap_or_default())
            .set("To", answer.header("To"))
            .set("Call-ID", answer.header("Call-ID"))
            .set("CSeq", &format!("{number} {method}"))
    };
    bob.send(&within("ACK"));
    alice.reports("CALL_ESTABLISHED");
    assert_eq!(bob.ask(&within("BYE")).status(), 200);
}

/// Registers `ue` at a core that asks for credentials.
fn registered(ue: &Ue) {
    assert_eq!(ue.ask(&ue.register(600)).status(), 401);
    let draft = ue.register(600).add("Authorization", "Digest username=\"bob\", response=\"\"");
    assert_eq!(ue.ask(&draft).status(), 200);
}
