//! The functions as a script in JavaScript calls them.

use host_tests::{Call, Draft, Flavor, Line, Setup, Side, cases, line::TALKING};

cases! {
    both:
        a_call_is_led_from_javascript,
        a_mask_is_given_from_javascript,
        from_and_to_are_given_from_javascript;
}

const SCRIPT: &str = include_str!("kemi.js");

fn setup(flavor: Flavor) -> Setup {
    Setup::new(flavor)
        .module("app_jsdt")
        .param("app_jsdt", "load", "{folder}/kemi.js")
        .with_file("kemi.js", SCRIPT)
        .sca("from_uri_avp", "$avp(sca_from)")
        .sca("to_uri_avp", "$avp(sca_to)")
        .routes("\ncfgengine \"jsdt\"\n")
}

fn line(flavor: Flavor) -> Line {
    Line::with(if before_avps(flavor) { without_avps(flavor) } else { setup(flavor) })
}

/// Whether the module has no parameters for the addresses that a script gives.
fn before_avps(flavor: Flavor) -> bool {
    flavor == Flavor::C && host_tests::install::install().version() < host_tests::Version(6, 0)
}

fn without_avps(flavor: Flavor) -> Setup {
    setup(flavor).without("sca", "from_uri_avp").without("sca", "to_uri_avp")
}

fn a_call_is_led_from_javascript(flavor: Flavor) {
    let line = line(flavor);
    let mut call = line.talking();
    assert_eq!(call.at_callee().header("X-Rc"), "1");
    call.change(Side::Caller, |invite| invite.state(1, "held").sdp("sendonly"));
    line.both_come_to_see(&[&TALKING.replace("active", "held")]);
    call.send(Side::Caller, "BYE", |bye| bye.index(1));
    line.both_come_to_see(&[]);
}

fn a_mask_is_given_from_javascript(flavor: Flavor) {
    let line = line(flavor);
    line.seized(&line.a, 1);
    let edit = |invite: Draft| invite.index(1).add("X-Form", "mask");
    let call = Call::dial(&line.a, &line.x, edit);
    assert_eq!(call.at_callee().header("X-Rc"), "-1");
    line.quiet();
}

fn from_and_to_are_given_from_javascript(flavor: Flavor) {
    let line = line(flavor);
    line.seized(&line.a, 1);
    let call = Call::dial(&line.a, &line.x, |invite| {
        let hidden = "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=hidden";
        let from = format!("<{}>;tag=given", line.a.aor());
        let invite = invite.index(1).add("X-Form", "uris").set("From", hidden);
        invite.add("X-From", &from).add("X-To", &line.x.aor())
    });
    assert_eq!(call.at_callee().header("X-Rc"), "1");
    line.both_see(&["1 seized"]);
    assert_eq!(line.appearances()[0].from_tag, "given");
    let edit = |invite: Draft| invite.index(1).add("X-Form", "turi");
    let call = Call::dial(&line.a, &line.x, edit);
    assert_eq!(call.at_callee().header("X-Rc"), "1");
    line.both_see(&["1 seized"]);
    assert_eq!(line.appearances()[0].call_id, call.caller.call_id);
}
