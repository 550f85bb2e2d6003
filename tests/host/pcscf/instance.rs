//! Devices that register again from another address: `+sip.instance` and `reg-id` of RFC 5626.

use crate::rows::Contacts;
use host_tests::{
    Draft, mixed,
    pcscf::{Lab, Mix, Plan, Ue},
    setup::Storage,
};

mixed! {
    all:
        a_device_that_moved_is_registered_from_where_it_is;
    usrloc:
        a_device_that_is_not_known_to_be_the_same_stays;
    ours:
        a_device_has_one_contact_wherever_it_registers_from,
        a_device_is_known_by_what_the_answer_leaves_out,
        a_device_is_the_same_in_another_spelling,
        an_answer_that_lists_what_was_before_brings_nothing_back,
        another_flow_of_the_device_stays,
        another_user_with_the_same_device_stays,
        a_contact_that_is_pending_stays,
        the_row_of_a_contact_that_moved_goes,
        a_device_is_known_after_a_restart;
}

const DEVICE: &str = "+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>\"";

/// A REGISTER whose Contact has these parameters.
fn register(ue: &Ue, parameters: &str) -> Draft {
    ue.register(600).set("Contact", &format!("<{}>;{parameters}", ue.contact()))
}

/// Registers `ue` with a Contact that has these parameters, which the answer repeats.
fn enter(lab: &Lab, ue: &Ue, parameters: &str) {
    let done = lab.exchange(ue, &register(ue, parameters), |ok| ok);
    assert_eq!((done.pending(), done.saved()), (1, 1), "{:?}", done.reply);
}

fn named(lab: &Lab) -> usize {
    lab.host.journal().count("is removed: its device is registered as")
}

fn a_device_that_moved_is_registered_from_where_it_is(mix: Mix) {
    let mut lab = Lab::start(mix);
    let (before, after) = (lab.ue("alice"), lab.ue("alice"));
    for ue in [&before, &after, &before, &after] {
        enter(&lab, ue, &format!("{DEVICE};reg-id=1"));
        assert!(ue.is_registered());
    }
    lab.host.assert_alive();
}

fn a_device_has_one_contact_wherever_it_registers_from(mix: Mix) {
    for flow in [DEVICE.to_owned(), format!("{DEVICE};reg-id=1")] {
        let lab = Lab::start(mix);
        let places = [lab.ue("alice"), lab.ue_at("127.0.0.2:0", "alice"), lab.ue("alice")];
        for ue in &places {
            enter(&lab, ue, &flow);
            enter(&lab, ue, &flow);
            let known: Vec<bool> = places.iter().map(|place| place.is_registered()).collect();
            let wanted: Vec<bool> =
                places.iter().map(|place| place.local() == ue.local()).collect();
            assert_eq!(known, wanted);
            assert_eq!(lab.count(), 1, "{:?}", lab.records());
        }
        assert_eq!(named(&lab), 2, "{}", lab.host.journal().tail(40));
    }
}

fn a_device_is_known_by_what_the_answer_leaves_out(mix: Mix) {
    let lab = Lab::start(mix);
    let enter = |ue: &Ue, parameters: &str, answered: &str| {
        let contact = format!("<{}>{answered};expires=600", ue.contact());
        lab.exchange(ue, &register(ue, parameters), |ok| ok.set("Contact", &contact));
        assert!(ue.is_registered());
    };
    let places = [lab.ue("alice"), lab.ue("alice"), lab.ue("alice")];
    let flow = |flow: u8| format!("{DEVICE};reg-id={flow}");
    enter(&places[0], &flow(1), "");
    enter(&places[1], &flow(1), &format!(";{DEVICE}"));
    assert_eq!(lab.count(), 1);
    enter(&places[2], &flow(2), &format!(";{DEVICE}"));
    assert_eq!(lab.count(), 2);
}

fn an_answer_that_lists_what_was_before_brings_nothing_back(mix: Mix) {
    for old_first in [true, false] {
        let lab = Plan::new(mix).registrar("trust_alias", 1).start();
        let (before, after) = (lab.ue("alice"), lab.ue("alice"));
        let contact = |ue: &Ue| {
            let port = ue.local().port();
            format!("<{};alias=127.0.0.1~{port}~1>;{DEVICE}", ue.contact())
        };
        let (old, new) = (contact(&before), contact(&after));
        lab.exchange(&before, &before.register(600).set("Contact", &old), |ok| ok);
        let lists = if old_first { [&old, &new] } else { [&new, &old] };
        let lists = lists.map(|contact| format!("{contact};expires=600")).join(", ");
        lab.relayed(&before, &before.register(600).set("Contact", &old));
        let register = after.register(600).set("Contact", &new);
        lab.exchange(&after, &register, |ok| ok.set("Contact", &lists));
        assert!(after.is_registered() && !before.is_registered(), "{lists}");
        assert_eq!(lab.count(), 1, "{:?}", lab.records());
    }
}

fn a_device_is_the_same_in_another_spelling(mix: Mix) {
    let lab = Lab::start(mix);
    let (before, after) = (lab.ue("alice"), lab.ue("alice"));
    enter(&lab, &before, &format!("{DEVICE};reg-id=1"));
    enter(&lab, &after, &format!("Reg-ID=01;{}", DEVICE.to_uppercase()));
    assert_eq!(lab.count(), 1);
    assert!(after.is_registered() && !before.is_registered());
}

fn a_device_that_is_not_known_to_be_the_same_stays(mix: Mix) {
    let lab = Lab::start(mix);
    for parameters in ["x=y", "reg-id=1", "+sip.instance=\"\"", &format!("{DEVICE};reg-id=0")] {
        let (before, after) = (lab.ue("alice"), lab.ue("alice"));
        let count = lab.count();
        enter(&lab, &before, parameters);
        enter(&lab, &after, parameters);
        assert_eq!(lab.count(), count + 2, "{parameters}");
        assert!(after.is_registered() && before.is_registered());
    }
    assert_eq!(named(&lab), 0);
}

fn another_flow_of_the_device_stays(mix: Mix) {
    let lab = Lab::start(mix);
    let places = [lab.ue("alice"), lab.ue("alice"), lab.ue("alice")];
    enter(&lab, &places[0], DEVICE);
    enter(&lab, &places[1], &format!("{DEVICE};reg-id=1"));
    enter(&lab, &places[2], &format!("{DEVICE};reg-id=2"));
    assert_eq!(lab.count(), 3);
    assert!(places.iter().all(|ue| ue.is_registered()));
}

fn another_user_with_the_same_device_stays(mix: Mix) {
    let lab = Lab::start(mix);
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    enter(&lab, &alice, DEVICE);
    enter(&lab, &bob, DEVICE);
    assert_eq!(lab.count(), 2);
    assert!(alice.is_registered() && bob.is_registered());
    // Nor does one who has no identity at all take the place of anybody.
    let nobody = lab.ue("alice");
    let answer = |ok: Draft| ok.without("P-Associated-URI");
    lab.exchange(&nobody, &register(&nobody, DEVICE), answer);
    assert_eq!(lab.count(), 3);
}

fn a_contact_that_is_pending_stays(mix: Mix) {
    let lab = Lab::start(mix);
    let (before, after) = (lab.ue("alice"), lab.ue("alice"));
    lab.relayed(&before, &register(&before, DEVICE));
    enter(&lab, &after, DEVICE);
    assert_eq!(lab.count(), 2);
}

fn the_row_of_a_contact_that_moved_goes(mix: Mix) {
    let mut lab = Plan::new(mix).stored(Storage::Own, 1).start();
    let (before, after) = (lab.ue("alice"), lab.ue("alice"));
    enter(&lab, &before, DEVICE);
    enter(&lab, &after, DEVICE);
    lab.host.sqlite().wait_contacts("aor, reg_state", &[&[&after.contact(), "2"]]);
    lab.host.stop();
    lab.host.again();
    assert!(after.is_registered() && !before.is_registered());
}

fn a_device_is_known_after_a_restart(mix: Mix) {
    let mut lab = Plan::new(mix).stored(Storage::Own, 1).start();
    let (alice, moved, plain) = (lab.ue("alice"), lab.ue("alice"), lab.ue("bob"));
    enter(&lab, &alice, DEVICE);
    lab.register(&plain);
    lab.host.sqlite().wait_count(2);
    let known = lab.host.sqlite().contacts("socket IS NULL, substr(socket, 1, 7)");
    assert_eq!(known, [["0", "device:"], ["1", ""]], "{known:?}");
    lab.host.restart();
    assert!(alice.is_registered());
    enter(&lab, &moved, DEVICE);
    assert!(!alice.is_registered() && moved.is_registered() && plain.is_registered());
    let rows: [&[&str]; 2] = [&[&plain.contact()], &[&moved.contact()]];
    lab.host.sqlite().wait_contacts("aor", &rows);
}
