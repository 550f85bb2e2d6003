//! `pcscf_assert_identity` and `pcscf_assert_called_identity`.

use host_tests::{
    Draft, mixed,
    pcscf::{Lab, Mix, Ue, core::number, rc},
};

mixed! {
    all:
        ai1_each_registered_identity_is_asserted_in_any_case,
        ai2_other_texts_are_not_asserted,
        ai2_the_sender_is_named_whatever_is_not_asserted,
        ai3_the_source_alone_is_enough,
        ai4_the_called_identity_is_asserted_without_parameters,
        ai6_nothing_is_asserted_without_a_called_identity;
    registrar:
        ai5_the_called_identity_is_asserted_without_a_display_name;
}

fn asserted(ue: &Ue, identity: &str) -> i32 {
    rc(&ue.ask(&ue.calling("assert").add("X-Identity", identity)))
}

fn registered(mix: Mix) -> (Lab, Ue) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    (lab, alice)
}

fn ai1_each_registered_identity_is_asserted_in_any_case(mix: Mix) {
    let (_lab, alice) = registered(mix);
    let number = number("alice");
    for identity in [
        format!("<sip:+4930{number}@ims.test>"),
        "<SIP:ALICE@IMS.TEST>".to_owned(),
        format!("<tel:+4930{number}>"),
        alice.identity(),
    ] {
        assert_eq!(asserted(&alice, &identity), 1, "{identity}");
    }
}

fn ai2_other_texts_are_not_asserted(mix: Mix) {
    let (mut lab, alice) = registered(mix);
    let parameter = format!("<{}>;x=1", alice.identity());
    for identity in ["<sip:mallory@ims.test>", &parameter, "", "<", ">", "<>"] {
        assert_eq!(asserted(&alice, identity), -1, "{identity:?}");
    }
    lab.host.assert_alive();
}

fn ai2_the_sender_is_named_whatever_is_not_asserted(mix: Mix) {
    let (_lab, alice) = registered(mix);
    for identity in ["", "<>", "<sip:mallory@ims.test>"] {
        let call = alice.calling("assert").add("X-Identity", identity).add("X-Values", "1");
        let reply = alice.ask(&call);
        assert_eq!(rc(&reply), -1, "{identity:?}");
        let named = (reply.header("X-Asserted"), reply.header("X-User"));
        assert_eq!(named, (&*alice.identity(), "alice"), "{identity:?}");
    }
}

fn ai3_the_source_alone_is_enough(mix: Mix) {
    let (_lab, alice) = registered(mix);
    let draft = alice.calling("assert").add("X-Identity", &format!("<{}>", alice.identity()));
    let via = draft.find("Via").unwrap_or_default();
    let via = via.replace(&alice.local().to_string(), "10.9.9.9:5060");
    let draft = draft.set("Via", &via).set("Contact", "<sip:other@10.9.9.9>");
    assert_eq!(rc(&alice.ask(&draft)), 1);
}

/// The answer to a call whose P-Called-Party-ID is `called`.
fn answer(lab: &Lab, called: Option<&str>) -> host_tests::Message {
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    let call = alice.draft("INVITE", "sip:bob@ims.test").add("X-Do", "nothing");
    let mut call = call.add("X-Relay", &bob.address()).add("X-Reply", "called");
    if let Some(called) = called {
        call = call.add("P-Called-Party-ID", called);
    }
    alice.send(&call);
    let invite = bob.incoming("INVITE");
    bob.send(&Draft::reply(&invite, 200, "bob").add("Contact", &format!("<{}>", bob.contact())));
    alice.final_reply(&call)
}

fn ai4_the_called_identity_is_asserted_without_parameters(mix: Mix) {
    let lab = Lab::start(mix);
    let reply = answer(&lab, Some("<sip:bob@ims.test;user=phone>"));
    assert_eq!((rc(&reply), reply.header("P-Asserted-Identity")), (1, "<sip:bob@ims.test>"));
}

fn ai5_the_called_identity_is_asserted_without_a_display_name(mix: Mix) {
    let lab = Lab::start(mix);
    for called in ["\"Bob\" <sip:bob@ims.test>", "\"B, <o>b\" <sip:bob@ims.test>;x=1"] {
        let reply = answer(&lab, Some(called));
        assert_eq!((rc(&reply), reply.header("P-Asserted-Identity")), (1, "<sip:bob@ims.test>"));
    }
}

fn ai6_nothing_is_asserted_without_a_called_identity(mix: Mix) {
    let lab = Lab::start(mix);
    for called in [None, Some("")] {
        let reply = answer(&lab, called);
        assert_eq!((rc(&reply), reply.find("P-Asserted-Identity")), (-1, None), "{called:?}");
    }
}
