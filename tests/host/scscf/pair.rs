//! The reg event between our S-CSCF and a P-CSCF: it subscribes by itself, believes what it is told,
//! and tells what it ends.

use host_tests::{
    Message, mixed, pcscf,
    scscf::{Lab, Mix, Plan, Ue, private, set},
    wait::{PATIENCE, until},
};

mixed! {
    registrar:
        a_proxy_follows_what_it_is_told,
        a_proxy_of_c_follows_what_it_is_told,
        a_proxy_tells_what_it_ends;
}

/// A P-CSCF of `mix` before `home`.
fn proxy(home: &Lab, mix: Mix) -> pcscf::Lab {
    const ROUTE: &str = include_str!("../../src/pcscf/route.cfg");
    let stray = "if (is_method(\"NOTIFY\") && !has_totag()) {";
    let told = "if (is_method(\"NOTIFY\") && $hdr(Event) == \"reg\") {
        reginfo_handle_notify(\"{domain}\");
        $var(rc) = $rc;
        xlog(\"L_ERR\", \"TOLD $var(rc)\\n\");
        sl_send_reply(\"200\", \"Heard\");
        exit;
    }
    ";
    assert!(ROUTE.contains(stray));
    let home_uri = home.uri();
    let route = ROUTE.replace(stray, &format!("{told}{stray}")).replace("{core}", &home_uri);
    let mut plan = pcscf::Plan::new(mix).with(|setup| setup.routes(&route));
    let own = format!("sip:{}", plan.setup.address.unwrap());
    plan = plan
        .aging(0)
        .registrar("pcscf_uri", own)
        .registrar("subscribe_to_reginfo", 1)
        .registrar("publish_reginfo", 1)
        .registrar("force_icscf_uri", home_uri.as_str())
        .with(|setup| setup.param("pua", "outbound_proxy", home_uri.as_str()));
    plan.start()
}

/// Registers `ue` through `proxy`, which subscribes then and is told.
fn registered(proxy: &pcscf::Lab, ue: &Ue) -> Message {
    let reply = ue.ask(&ue.register(600).add("Supported", "path"));
    assert_eq!(reply.status(), 200, "{reply:?}");
    proxy.host.journal().wait("TOLD 1", PATIENCE);
    reply
}

fn a_proxy_follows_what_it_is_told(mix: Mix) {
    follows(mix, mix);
}

fn a_proxy_of_c_follows_what_it_is_told(mix: Mix) {
    follows(mix, Mix::C);
}

fn follows(mix: Mix, before: Mix) {
    // The C P-CSCF knows no other events.
    let plain = i32::from(before == Mix::C);
    let home = Plan::new(mix).exact().registrar("reginfo_plain_events", plain).start();
    let proxy = proxy(&home, before);
    let bob = Ue::new(proxy.host.address(), "bob");
    registered(&proxy, &bob);
    assert_eq!(proxy.count(), 1);
    let [own, phone, _] = set("bob");
    home.hss.terminate(&private("bob"), &[&own, &phone], 0);
    proxy.wait_count(0, PATIENCE);
    home.wait_contacts(0);
    // And again, from the start.
    registered(&proxy, &bob);
    assert_eq!(proxy.count(), 1);
}

fn a_proxy_tells_what_it_ends(mix: Mix) {
    let home = Plan::new(mix).exact().start();
    let proxy = proxy(&home, mix);
    let bob = Ue::new(proxy.host.address(), "bob");
    registered(&proxy, &bob);
    let port = bob.local().port().to_string();
    let draft = bob
        .draft("MESSAGE", "sip:bob@ims.test")
        .add("X-Do", "unregister")
        .add("X-Aor", &bob.contact())
        .add("X-Host", "127.0.0.1")
        .add("X-Port", &port);
    assert_eq!(host_tests::ue::rc(&bob.ask(&draft)), 1);
    home.wait_contacts(0);
    until("an end at the proxy", PATIENCE, || (proxy.count() == 0).then_some(()));
}
