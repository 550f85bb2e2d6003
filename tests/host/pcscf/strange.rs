//! Contacts in a 200 that are no plain addresses, or not the client's own.

use crate::save::forced;
use host_tests::{
    install::Flavor,
    mixed,
    pcscf::{Lab, Mix, Plan, core::identities, rc},
};

mixed! {
    all:
        p23_contacts_without_a_host_are_passed_over,
        p24_an_alias_without_parts_is_survived,
        p24_a_parameter_that_is_no_alias_hides_nobody;
    registrar:
        p25_an_alias_port_of_any_length_is_survived,
        an_alias_of_somebody_else_is_not_believed,
        a_star_that_ends_everything_removes_it;
    ours:
        a_star_of_one_line_of_a_phone_leaves_the_others;
}

fn p23_contacts_without_a_host_are_passed_over(mix: Mix) {
    let mut lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    for strange in ["<tel:+4930123>;expires=600", "<urn:uuid:1>;expires=600"] {
        let done = lab.exchange(&alice, &alice.register(600), |ok| ok.set("Contact", strange));
        assert_eq!(done.saved(), 1, "{strange}");
    }
    assert_eq!(lab.count(), 1);
    lab.host.assert_alive();
}

fn p24_an_alias_without_parts_is_survived(mix: Mix) {
    let mut lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    for alias in ["~~", "1.1.1.1~", "~5~", "", "~"] {
        let strange = format!("<{};alias={alias}>;expires=600", alice.contact());
        let done = lab.exchange(&alice, &alice.register(600), |ok| ok.set("Contact", &strange));
        assert_eq!(done.saved(), 1, "{alias}");
    }
    assert_eq!(lab.count(), 1);
    assert!(alice.is_registered());
    lab.host.assert_alive();
}

fn p24_a_parameter_that_is_no_alias_hides_nobody(mix: Mix) {
    let lab = Lab::start(mix);
    for alias in ["", "x", "1.1.1.1", "1.1.1.1~", "1.1.1.1~5", "{at}~", "{at}~0", "{at}~9"] {
        // From 6.0 on the C registrar finds nobody by an alias whose transport is none.
        if alias.starts_with("{at}") && mix.registrar() == Flavor::C {
            continue;
        }
        let alice = lab.ue("alice");
        let at = format!("{}~{}", alice.local().ip(), alice.local().port());
        let contact = format!("<{};alias={}>", alice.contact(), alias.replace("{at}", &at));
        let done = lab.exchange(&alice, &alice.register(600).set("Contact", &contact), |ok| ok);
        assert_eq!((done.pending(), done.saved()), (1, 1), "{alias}");
        assert!(alice.is_registered(), "{alias}");
        lab.exchange(&alice, &alice.register(0).set("Contact", &contact), |ok| ok);
        assert_eq!(lab.count(), 0, "{alias}");
    }
}

fn p25_an_alias_port_of_any_length_is_survived(mix: Mix) {
    let mut lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.register(&alice);
    for digits in [6, 11, 40, 400] {
        let port = "9".repeat(digits);
        let strange = format!("<{};alias=127.0.0.1~{port}~1>;expires=0", alice.contact());
        let done = lab.exchange(&alice, &alice.register(600), |ok| ok.set("Contact", &strange));
        assert_eq!(done.saved(), 1, "{digits} digits");
    }
    lab.host.assert_alive();
}

fn an_alias_of_somebody_else_is_not_believed(mix: Mix) {
    let lab = Lab::start(mix);
    let (alice, eve) = (lab.ue("alice"), lab.ue("eve"));
    lab.register(&alice);
    lab.register(&eve);
    let victim = alice.local();
    for claimed in [
        format!("<sip:eve@{victim};alias={}~{}~1>", victim.ip(), victim.port()),
        format!("<sip:alice@{victim}>"),
        format!("<sip:eve@{};alias={}~{}~1>", eve.local(), victim.ip(), victim.port()),
    ] {
        let draft = eve.register(0).set("Contact", &claimed);
        lab.exchange(&eve, &draft, |ok| {
            ok.set("Contact", &format!("{claimed};expires=0"))
                .set("P-Associated-URI", &identities("eve"))
                .set("Service-Route", "<sip:evil@127.0.0.1:9;lr>")
        });
        assert!(alice.is_registered(), "{claimed}");
        assert_eq!(forced(&lab, &alice).0, [lab.core.service_route()], "{claimed}");
    }
}

fn a_star_that_ends_everything_removes_it(mix: Mix) {
    let lab = Lab::start(mix);
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    lab.register(&alice);
    lab.register(&bob);
    let star = alice.register(0).set("Contact", "*");
    // The first half has nothing to store, and says so; the script passes the request on.
    assert_eq!(rc(&alice.ask(&star)), -1);
    assert_eq!(lab.count(), 2);
    let star = alice.register(0).set("Contact", "*").add("X-Go", "1");
    let done = lab.exchange(&alice, &star, |ok| ok.without("Contact"));
    assert_eq!((done.pending(), done.saved(), lab.count()), (-1, 1, 1));
    assert!(!alice.is_registered());
    assert!(bob.is_registered());
}

fn a_star_of_one_line_of_a_phone_leaves_the_others(mix: Mix) {
    let lab = Plan::new(mix).usrloc("match_contact_host_port", 0).start();
    let phone = lab.ue("alice");
    lab.register(&phone);
    // Its second line, from the same port.
    let bob = |expires| {
        let draft = phone.register(expires).set("From", "<sip:bob@ims.test>;tag=b");
        draft.set("To", "<sip:bob@ims.test>")
    };
    let contact = format!("<sip:bob@{}>", phone.local());
    let done = lab.exchange(&phone, &bob(600).set("Contact", &contact), |ok| ok);
    assert_eq!((done.saved(), lab.count()), (1, 2));
    let star = bob(0).set("Contact", "*").add("X-Go", "1");
    let done = lab.exchange(&phone, &star, |ok| ok.without("Contact"));
    assert_eq!((done.saved(), lab.count()), (1, 1));
    assert!(phone.is_registered());
}
