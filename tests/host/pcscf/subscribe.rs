//! SUBSCRIBE to the registration event, and the process that sends it.

use host_tests::{
    mixed,
    pcscf::{Lab, Mix, Plan, Ue},
    setup::Setup,
    wait::{PATIENCE, until},
};
use rustix::process::{Pid, Signal, kill_process};

mixed! {
    all:
        su1_a_registration_is_subscribed_to_at_the_forced_address,
        su3_a_refresh_stays_in_its_dialog,
        su4_nobody_subscribes_to_a_number,
        qu1_a_long_queue_is_warned_of;
    registrar:
        su5_an_identity_is_never_expanded,
        a_full_queue_drops_what_is_new_and_says_so;
    since(5, 7):
        su6_a_deregistration_is_not_subscribed_to;
    host(6, 0):
        su2_the_first_service_route_is_the_way_without_a_forced_address;
}

/// Subscribing, with no address forced on it.
fn unforced(mix: Mix) -> Plan {
    Plan::new(mix).registrar("subscribe_to_reginfo", 1)
}

fn su1_a_registration_is_subscribed_to_at_the_forced_address(mix: Mix) {
    let lab = Plan::new(mix).subscribing().registrar("subscription_expires", 1234).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    let subscribe = lab.subscribed();
    assert_eq!(subscribe.uri(), alice.identity());
    assert_eq!(subscribe.header("To"), format!("<{}>", alice.identity()));
    assert!(subscribe.header("From").starts_with("<sip:pcscf.ims.test>;tag="), "{subscribe:?}");
    assert_eq!(subscribe.header("Event"), "reg");
    assert_eq!(subscribe.header("Contact"), "<sip:pcscf.ims.test>");
    assert_eq!(subscribe.header("Expires"), "1244");
    assert_eq!(subscribe.header("P-Asserted-Identity"), "<sip:pcscf.ims.test>");
    lab.core.hears_no("SUBSCRIBE");
}

fn su2_the_first_service_route_is_the_way_without_a_forced_address(mix: Mix) {
    let lab = unforced(mix).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    let subscribe = lab.subscribed();
    assert_eq!(subscribe.header("Route"), lab.core.service_route());
}

fn su3_a_refresh_stays_in_its_dialog(mix: Mix) {
    let plan = Plan::new(mix).subscribing();
    let lab = plan.with(|setup: Setup| setup.param("pua", "check_remote_contact", 0)).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    let first = lab.subscribed();
    std::thread::sleep(std::time::Duration::from_millis(200));
    lab.register(&alice);
    let second = lab.subscribed();
    assert_eq!(first.header("Call-ID"), second.header("Call-ID"));
    assert_eq!(first.cseq().0 + 1, second.cseq().0);
}

fn su4_nobody_subscribes_to_a_number(mix: Mix) {
    let lab = Plan::new(mix).subscribing().start();
    let alice = lab.ue("alice");
    let numbers = "<tel:+49301>, <tel:+49302>";
    let done = lab.exchange(&alice, &alice.register(600), |ok| ok.set("P-Associated-URI", numbers));
    assert_eq!(done.saved(), -1);
    assert!(alice.is_registered());
    lab.core.hears_no("SUBSCRIBE");
}

fn su5_an_identity_is_never_expanded(mix: Mix) {
    let lab = Plan::new(mix).subscribing().start();
    let alice = lab.ue("alice");
    let done = lab.exchange(&alice, &alice.register(600), |ok| {
        ok.set("P-Associated-URI", "<sip:$ua@ims.test>")
    });
    assert_eq!(done.saved(), 1);
    assert_eq!(lab.subscribed().uri(), "sip:$ua@ims.test");
}

fn su6_a_deregistration_is_not_subscribed_to(mix: Mix) {
    let lab = Plan::new(mix).subscribing().start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    lab.subscribed();
    assert_eq!(lab.leave(&alice).saved(), 1);
    lab.core.hears_no("SUBSCRIBE");
}

/// Process id of the process that sends what is queued. It starts after those that answer.
fn sender(lab: &Lab) -> Pid {
    let number = until("the process that sends", PATIENCE, || {
        let text = lab.host.rpc(&["core.psx"]).unwrap();
        let own = text.split('}').find(|it| it.contains("RegInfo Event Processor"))?;
        let pid = own.lines().find_map(|line| line.trim().strip_prefix("PID:"))?;
        Some(pid.trim().parse().unwrap())
    });
    Pid::from_raw(number).unwrap()
}

/// Warnings of the queue so far.
fn warnings(lab: &Lab) -> usize {
    let log = lab.host.journal().text();
    let mut lines = log.lines().filter(|line| line.contains("WARNING: ims_registrar_pcscf"));
    let queue = |line: &&str| line.to_lowercase().contains("queue");
    lines.by_ref().filter(queue).count()
}

fn qu1_a_long_queue_is_warned_of(mix: Mix) {
    let lab = Plan::new(mix).subscribing().registrar("reginfo_queue_size_threshold", 7).start();
    let sender = sender(&lab);
    kill_process(sender, Signal::STOP).unwrap();
    let ues: Vec<Ue> = (0..12).map(|number| lab.ue(&format!("user{number}"))).collect();
    let mut counts = Vec::new();
    for ue in &ues {
        lab.register(ue);
        counts.push(warnings(&lab));
    }
    kill_process(sender, Signal::CONT).unwrap();
    until("five warnings", PATIENCE, || (warnings(&lab) >= 4).then_some(()));
    // The process holds one that it has taken already, or none.
    assert_eq!(counts[6], 0, "{counts:?}");
    for _ in &ues {
        lab.subscribed();
    }
}

fn a_full_queue_drops_what_is_new_and_says_so(mix: Mix) {
    let lab = Plan::new(mix).subscribing().registrar("reginfo_queue_limit", 3).start();
    let sender = sender(&lab);
    kill_process(sender, Signal::STOP).unwrap();
    let ues: Vec<Ue> = (0..8).map(|number| lab.ue(&format!("user{number}"))).collect();
    let saved: Vec<_> =
        ues.iter().map(|ue| lab.exchange(ue, &ue.register(600), |ok| ok).saved()).collect();
    // Who cannot be subscribed to is registered all the same, and the script hears of it.
    assert_eq!(saved[..3], [1; 3]);
    assert_eq!(saved[4..], [-1; 4]);
    assert!(ues.iter().all(|ue| ue.is_registered()));
    assert!(lab.host.journal().count("the queue is full") >= 4, "{}", lab.host.journal().tail(9));
    kill_process(sender, Signal::CONT).unwrap();
    for _ in 0..3 {
        lab.subscribed();
    }
    // There is room again.
    let late = lab.ue("late");
    lab.register(&late);
    until("the last one's SUBSCRIBE", PATIENCE, || {
        let own = |message: &host_tests::Message| message.uri() == late.identity();
        lab.core.wait(PATIENCE, own).map(drop)
    });
}
