//! Clients that know nothing of these tests: baresip registers and calls, sipp registers and watches.

use host_tests::{
    Draft,
    baresip::Baresip,
    mixed,
    process::guarded,
    scscf::{Lab, Mix, Plan},
    wait::{PATIENCE, until},
};
use std::{
    fs,
    process::{Command, Stdio},
};

mixed! {
    all:
        a_third_party_client_registers_and_is_called;
    // The registrar of C sends no last NOTIFY to who asks for the end.
    registrar:
        a_third_party_client_registers_and_watches;
}

fn a_third_party_client_registers_and_watches(mix: Mix) {
    let lab = Plan::new(mix).start();
    let folder = tempfile::tempdir().unwrap();
    let [scenario, errors] = ["watch.xml", "errors"].map(|name| folder.path().join(name));
    fs::write(&scenario, include_str!("watch.xml")).unwrap();
    let mut command = Command::new("sipp");
    command.arg("-sf").arg(&scenario);
    command.args(["-i", "127.0.0.1", "-m", "1", "-nostdin", "-key", "user", "alice"]);
    command.args(["-timeout", "20", "-timeout_error", "-trace_err", "-error_file"]).arg(&errors);
    command.arg(lab.host.address().to_string()).current_dir(folder.path());
    let status = guarded(&command).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    let said = fs::read_to_string(errors).unwrap_or_default();
    assert!(status.success(), "{status}: {said}\n{}", lab.host.journal().tail(20));
    assert_eq!(lab.state("sip:alice@ims.test").as_deref(), Some("registered"));
}

fn a_third_party_client_registers_and_is_called(mix: Mix) {
    let lab: Lab = Plan::new(mix)
        .with(|setup| setup.param("tm", "fr_inv_timer", 60_000).word("{dialog}", "setflag(4);"))
        .start();
    let mut alice = Baresip::start(lab.host.address(), "alice");
    until("baresip's registration", PATIENCE, || {
        alice.command("reginfo", "");
        alice.heard().contains("OK").then_some(())
    });
    assert_eq!(lab.state("sip:alice@ims.test").as_deref(), Some("registered"));
    let bob = lab.ue("bob");
    lab.register(&bob, 600);

    // It is called: the request goes where it registered from.
    let call = bob.draft("INVITE", "sip:alice@ims.test").set("To", "<sip:alice@ims.test>");
    let call = call.sdp("sendrecv");
    let answer = bob.ask(&call);
    assert_eq!(answer.status(), 200, "{answer:?}");
    let within = |method: &str, number: u32| {
        let draft = answer
            .all("Record-Route")
            .iter()
            .rev()
            .fold(bob.draft(method, answer.contact()), |draft, way| draft.add("Route", way));
        draft
            .set("From", call.find("From").unwrap_or_default())
            .set("To", answer.header("To"))
            .set("Call-ID", answer.header("Call-ID"))
            .set("CSeq", &format!("{number} {method}"))
    };
    bob.send(&within("ACK", 1));
    alice.reports("CALL_ESTABLISHED");
    assert_eq!(bob.ask(&within("BYE", 2)).status(), 200);

    // It calls.
    alice.command("dial", "sip:bob@ims.test");
    let invite = bob.incoming("INVITE");
    let ok = Draft::reply(&invite, 200, "bob").add("Contact", &format!("<{}>", bob.contact()));
    bob.send(&ok.sdp("sendrecv"));
    bob.incoming("ACK");
    alice.command("hangup", "");
    bob.incoming("BYE");
}
