//! The HSS of a Diameter stack that nobody wrote for these modules.

use host_tests::{
    diameter::Package,
    mixed,
    scscf::{Lab, Mix, Plan, bindings},
    wait::{PATIENCE, until},
};
use std::time::{Duration, Instant};

mixed! {
    all:
        packaged_hss_assigns_refuses_and_is_waited_for,
        packaged_hss_ends_a_registration;
    registrar:
        packaged_hss_pushes_a_profile;
}

fn started(mix: Mix) -> (Lab, Package) {
    let package = Package::start();
    let lab = Plan::new(mix).exact().packaged(&package).start();
    lab.open();
    (lab, package)
}

fn packaged_hss_assigns_refuses_and_is_waited_for(mix: Mix) {
    let (mut lab, mut hss) = started(mix);
    let bob = lab.ue("bob");
    let reply = lab.register(&bob, 600);
    assert_eq!(hss.take("sar "), "1 bob@ims.test sip:bob@ims.test");
    let associated = "<sip:bob@ims.test>, <sip:bob-too@ims.test>";
    assert_eq!((reply.header("P-Associated-URI"), bindings(&reply).len()), (associated, 1));
    assert!(lab.finds(&bob, "bob-too"));
    lab.register(&bob, 600);
    assert_eq!(hss.take("sar "), "2 bob@ims.test sip:bob@ims.test");
    let carol = lab.ue("carol");
    // No answer comes for half a second.
    let dave = lab.ue("dave");
    hss.set("slow 0.5");
    let start = Instant::now();
    lab.register(&dave, 600);
    assert!(start.elapsed() > Duration::from_millis(450), "{:?}", start.elapsed());
    hss.take("sar ");
    for mood in ["refuse 5012", "experimental 5001"] {
        hss.set(mood);
        assert_eq!(carol.ask(&carol.register(600)).status(), 500, "{mood}");
        hss.take("sar ");
        assert_eq!(lab.state(&carol.identity()), None, "{mood}");
    }
    hss.set("serve");
    lab.leave(&bob);
    assert_eq!(hss.take("sar "), "5 bob@ims.test sip:bob@ims.test");
    lab.wait_contacts(1);
    // The last of all: whoever was left without an answer once gets none any more.
    hss.set("silence");
    assert_eq!(carol.ask(&carol.register(600)).status(), 500);
    assert_eq!((lab.counted("sar_timeouts"), lab.state(&carol.identity())), (1, None));
    lab.host.assert_alive();
}

fn packaged_hss_ends_a_registration(mix: Mix) {
    let (lab, mut hss) = started(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    hss.tell("terminate bob@ims.test sip:bob@ims.test sip:bob-too@ims.test");
    assert_eq!(hss.take("rta "), "2001");
    lab.wait_contacts(0);
    until("nobody called bob", PATIENCE, || lab.state(&bob.identity()).is_none().then_some(()));
}

fn packaged_hss_pushes_a_profile(mix: Mix) {
    let (lab, mut hss) = started(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    hss.tell("push bob@ims.test");
    assert_eq!(hss.take("ppa "), "2001");
    assert!(lab.finds(&bob, "bob-too"));
}
