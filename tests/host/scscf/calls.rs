//! Calls of clients that are registered, and what becomes of them when the registration ends.

use host_tests::{
    Answer, Draft, Message, mixed,
    scscf::{Lab, Mix, Plan, Ue, private},
};

mixed! {
    all:
        u_25_calls_end_with_the_contact_that_is_in_them,
        u_26_a_long_contact_in_a_call_is_survived;
}

/// An S-CSCF that follows calls.
fn following(mix: Mix) -> Lab {
    let plan = Plan::new(mix)
        .with(|setup| setup.param("tm", "fr_inv_timer", 60_000).word("{dialog}", "setflag(4);"));
    plan.exact().start()
}

/// An answered call between two registered clients: the INVITE as the callee saw it, and the answer.
fn call(lab: &Lab, caller: &Ue, callee: &Ue, contact: &str) -> (Message, Message) {
    let to = format!("<{}>", callee.identity());
    let invite = caller.draft("INVITE", &callee.identity()).set("To", &to).sdp("sendrecv");
    let invite = invite.set("Contact", &format!("<{contact}>"));
    caller.send(&invite);
    let seen = callee.incoming("INVITE");
    let answer = Draft::reply(&seen, 200, "callee").sdp("sendrecv");
    callee.send(&answer.add("Contact", &format!("<{}>", callee.contact())));
    let reply = caller.final_reply(&invite);
    assert_eq!(reply.status(), 200, "{reply:?}");
    let ack = caller
        .draft("ACK", reply.contact())
        .set("From", invite.find("From").unwrap_or_default())
        .set("To", reply.header("To"))
        .set("Call-ID", reply.header("Call-ID"))
        .set("CSeq", "1 ACK");
    let ack = reply.all("Record-Route").iter().rev().fold(ack, |ack, way| ack.add("Route", way));
    caller.send(&ack);
    callee.incoming("ACK");
    assert!(lab.host.rpc(&["ulscscf.status"]).is_ok());
    (seen, reply)
}

fn u_25_calls_end_with_the_contact_that_is_in_them(mix: Mix) {
    let lab = following(mix);
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.register(&alice, 600);
    lab.register(&bob, 600);
    call(&lab, &alice, &bob, &alice.contact());
    // The network takes the callee away. Whoever answers the first BYE at once may end the dialog
    // before ims_dialog has sent the second.
    for ue in [&alice, &bob] {
        ue.answer("BYE", Answer::None);
    }
    lab.hss.terminate(&private("bob"), &[&bob.identity()], 0);
    alice.incoming("BYE");
    bob.incoming("BYE");
}

fn u_26_a_long_contact_in_a_call_is_survived(mix: Mix) {
    let mut lab = following(mix);
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.register(&alice, 600);
    lab.register(&bob, 600);
    let long = format!("sip:{}@{}:5060;x={}", "a".repeat(300), alice.local().ip(), "y".repeat(300));
    call(&lab, &alice, &bob, &long);
    lab.host.assert_alive();
    lab.register(&bob, 600);
    lab.host.assert_alive();
}
