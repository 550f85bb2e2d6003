//! The reg event: what becomes of NOTIFYs.

use host_tests::{
    Answer, mixed,
    scscf::{Lab, Mix, Plan, Ue, Watcher},
    steady,
    ue::number,
    wait::{PATIENCE, until},
};
use rustix::process::{Pid, Signal, kill_process};
use std::time::Duration;

mixed! {
    registrar:
        r_71_a_watcher_that_is_gone_is_dropped,
        r_72_a_watcher_that_asks_to_wait_is_told_later,
        r_73_a_watcher_that_is_silent_is_kept_for_a_while,
        r_73_who_has_gone_takes_no_place_of_who_is_silent,
        r_74_a_long_parameter_is_told,
        r_75_every_character_is_told,
        r_76_a_burst_is_told_as_it_ends,
        r_76_who_has_no_place_is_dropped_with_a_warning,
        r_72_the_end_is_told_after_the_wait,
        a_watcher_that_cannot_be_reached_is_dropped,
        watchers_leave_nothing_behind,
        notifies_are_counted,
        many_contacts_are_told,
        changes_of_many_moments_arrive_in_order;
    since(6, 0):
        r_71_a_watcher_that_knows_no_dialog_is_dropped;
}

/// Bob, registered, and watching himself from elsewhere.
fn bob(lab: &Lab) -> (Ue, Watcher) {
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let mut watcher = Watcher::new(&lab.ue("pad"), &bob.identity(), &bob.identity());
    watcher.begins(600);
    (bob, watcher)
}

/// Whether the subscription of `watcher` stands.
fn stands(watcher: &Watcher) -> bool {
    number(&watcher.ask(&watcher.subscribe(600)), "X-Can") == 1
}

fn r_71_a_watcher_that_knows_no_dialog_is_dropped(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let mut user = Watcher::own(&bob);
    bob.answer("NOTIFY", Answer::Status(481));
    user.begins(600);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!stands(&user));
}

fn r_71_a_watcher_that_is_gone_is_dropped(mix: Mix) {
    for status in [481, 404, 489, 603] {
        let lab = Lab::start(mix);
        let (bob, watcher) = bob(&lab);
        watcher.answer("NOTIFY", Answer::Status(status));
        lab.register(&bob, 600);
        watcher.hears();
        lab.host.journal().wait("dropped, NOTIFY answered", PATIENCE);
        assert!(!stands(&watcher), "{status}");
        lab.register(&bob, 600);
        watcher.quiet();
    }
}

fn r_72_a_watcher_that_asks_to_wait_is_told_later(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, watcher) = bob(&lab);
    watcher.answer("NOTIFY", Answer::RetryAfter(500, 3));
    lab.register(&bob, 600);
    let first = watcher.hears();
    lab.host.journal().wait("the next one goes in 3 s", PATIENCE);
    watcher.answer("NOTIFY", Answer::Status(200));
    lab.register(&bob, 700);
    watcher.quiet();
    let later = watcher.hears_within(PATIENCE);
    assert_eq!(later.version, first.version + 1);
    assert_eq!(later.states(), ["active", "active"]);
    assert!(later.registrations[0].contacts[0].expires > 600, "{later:?}");
    lab.register(&bob, 600);
    watcher.hears();
}

fn r_72_the_end_is_told_after_the_wait(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, watcher) = bob(&lab);
    watcher.answer("NOTIFY", Answer::RetryAfter(503, 2));
    lab.register(&bob, 600);
    watcher.hears();
    lab.host.journal().wait("the next one goes in 2 s", PATIENCE);
    watcher.answer("NOTIFY", Answer::Status(200));
    lab.leave(&bob);
    watcher.quiet();
    let last = watcher.hears_within(PATIENCE).valid();
    assert_eq!(last.states(), ["terminated", "terminated"]);
    assert_eq!(last.subscription(), "terminated;reason=noresource");
    lab.wait_empty();
}

fn a_watcher_that_cannot_be_reached_is_dropped(mix: Mix) {
    let lab = Plan::new(mix).registrar("notify_timeout_limit", 2).start();
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let watcher = Watcher::new(&lab.ue("pad"), &bob.identity(), &bob.identity());
    let nowhere = watcher.subscribe(600).set("Contact", "<sip:pad@127.0.0.1;transport=tls>");
    assert_eq!(watcher.ask(&nowhere).status(), 200);
    lab.host.journal().wait("not sent: 1 in a row, 2 end it", PATIENCE);
    lab.register(&bob, 600);
    lab.host.journal().wait("dropped, NOTIFY not sent", PATIENCE);
    assert_eq!(lab.host.statistic_of("ims_registrar_scscf", "notifies_failed"), 2);
}

fn watchers_leave_nothing_behind(mix: Mix) {
    let lab = Plan::new(mix).steady().start();
    let bob = lab.ue("bob");
    let pad = lab.ue("pad");
    steady::flat(&lab.host, 300, |_| {
        lab.register(&bob, 600);
        let mut watcher = Watcher::new(&pad, &bob.identity(), &bob.identity());
        watcher.begins(600);
        lab.register(&bob, 600);
        watcher.hears();
        lab.leave(&bob);
        assert!(watcher.hears().subscription().starts_with("terminated"));
    });
}

fn r_73_a_watcher_that_is_silent_is_kept_for_a_while(mix: Mix) {
    let plan = Plan::new(mix).registrar("notify_timeout_limit", 2);
    let lab = plan.with(|setup| setup.param("tm", "fr_timer", 600)).start();
    let (bob, watcher) = bob(&lab);
    watcher.answer("NOTIFY", Answer::None);
    lab.register(&bob, 600);
    watcher.hears();
    lab.host.journal().wait("1 in a row, 2 end it", PATIENCE);
    watcher.answer("NOTIFY", Answer::Status(200));
    lab.register(&bob, 600);
    watcher.hears();
    watcher.answer("NOTIFY", Answer::None);
    for _ in 0..2 {
        lab.register(&bob, 600);
        watcher.hears();
        std::thread::sleep(Duration::from_millis(900));
    }
    lab.host.journal().wait("dropped, NOTIFY not answered", PATIENCE);
    watcher.answer("NOTIFY", Answer::Status(200));
    assert!(!stands(&watcher));
    assert_eq!(lab.host.statistic_of("ims_registrar_scscf", "watchers_dropped"), 1);
}

fn r_73_who_has_gone_takes_no_place_of_who_is_silent(mix: Mix) {
    let plan = Plan::new(mix).registrar("notify_timeout_limit", 2);
    let plan = plan.with(|setup| setup.param("tm", "fr_timer", 600).param("tm", "wt_timer", 200));
    let lab = plan.start();
    let (bob, watcher) = bob(&lab);
    // Who hears nothing, and subscribes anew all the time, is one that watches.
    let pad = lab.ue("pad");
    for _ in 0..4200 {
        let anew = Watcher::new(&pad, &bob.identity(), &bob.identity()).subscribe(600);
        assert_eq!(pad.ask(&anew.set("Contact", "<sip:pad@127.0.0.1:9>")).status(), 200);
        std::thread::sleep(Duration::from_millis(1));
    }
    watcher.answer("NOTIFY", Answer::None);
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(900));
        lab.register(&bob, 600);
    }
    until("the silent ones are dropped", PATIENCE, || {
        (lab.host.statistic_of("ims_registrar_scscf", "watchers_dropped") == 2).then_some(())
    });
}

fn r_74_a_long_parameter_is_told(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, watcher) = bob(&lab);
    let long = "x".repeat(20_000);
    let contact = format!("<{};new>;p=\"{long}\"", bob.contact());
    let draft = bob.register(600).set("Contact", &contact);
    // Over UDP: within a packet.
    assert_eq!(bob.ask(&draft).status(), 200);
    let told = watcher.hears().valid();
    assert!(told.message.body.contains(&long));
}

fn r_75_every_character_is_told(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, watcher) = bob(&lab);
    let uri = format!("sip:other@{};x=a&b;y=%22%25s", bob.local());
    let contact = format!("<{uri}>;a=\"<b>&'%s\"");
    assert_eq!(bob.ask(&bob.register(600).set("Contact", &contact)).status(), 200);
    let told = watcher.hears().valid();
    let contacts = &told.of(&bob.identity()).contacts;
    assert!(contacts.iter().any(|contact| contact.uri == uri), "{told:?}");
    assert!(told.message.body.contains("\"&lt;b&gt;&amp;'%s\"</unknown-param>"), "{told:?}");
}

/// An S-CSCF with one process that tells, and room for one event; and that process.
fn crowded(mix: Mix) -> (Lab, Pid) {
    let plan = Plan::new(mix)
        .registrar("max_notification_list_size", 1)
        .registrar("notification_processes", 1);
    let lab = plan.start();
    let worker = until("the process that tells", PATIENCE, || {
        let text = lab.host.rpc(&["core.psx"]).unwrap();
        let own = text.split('}').find(|it| it.contains("notification_worker"))?;
        let pid = own.lines().find_map(|line| line.trim().strip_prefix("PID:"))?;
        Pid::from_raw(pid.trim().parse().unwrap())
    });
    (lab, worker)
}

fn counted(lab: &Lab, name: &str) -> u64 {
    lab.host.statistic_of("ims_registrar_scscf", name)
}

fn r_76_a_burst_is_told_as_it_ends(mix: Mix) {
    let (lab, worker) = crowded(mix);
    let (bob, watcher) = bob(&lab);
    let first = counted(&lab, "notifies_sent");
    kill_process(worker, Signal::STOP).unwrap();
    for round in 1..=10 {
        lab.register(&bob, 1000 + 100 * round);
    }
    until("what was told with the first", PATIENCE, || {
        (counted(&lab, "notifies_coalesced") == 9).then_some(())
    });
    assert_eq!((counted(&lab, "notifies_in_q"), counted(&lab, "notifies_dropped")), (1, 0));
    kill_process(worker, Signal::CONT).unwrap();
    let told = watcher.hears_within(PATIENCE).valid();
    assert_eq!(told.version, 1);
    assert_eq!(told.events(), ["active refreshed"; 2]);
    assert!(told.registrations[0].contacts[0].expires > 1900, "{told:?}");
    watcher.quiet();
    assert_eq!(counted(&lab, "notifies_sent"), first + 1);
    lab.register(&bob, 600);
    assert_eq!(watcher.hears().version, 2);
}

fn r_76_who_has_no_place_is_dropped_with_a_warning(mix: Mix) {
    let (lab, worker) = crowded(mix);
    let (bob, watcher) = bob(&lab);
    let carol = lab.ue("carol");
    lab.register(&carol, 600);
    let mut other = Watcher::new(&lab.ue("pad"), &carol.identity(), &carol.identity());
    other.begins(600);
    kill_process(worker, Signal::STOP).unwrap();
    lab.register(&bob, 600);
    lab.register(&carol, 600);
    // What is another event is not told as the one that waits.
    lab.leave(&bob);
    until("a warning for each event that is missing", PATIENCE, || {
        let warned = lab.host.journal().count("registration event dropped");
        (counted(&lab, "notifies_dropped") == 2 && warned == 2).then_some(())
    });
    kill_process(worker, Signal::CONT).unwrap();
    assert_eq!(watcher.hears_within(PATIENCE).version, 1);
    // What had no place is told when there is room: nobody misses an end.
    let told = other.hears_within(PATIENCE).valid();
    assert_eq!((told.version, told.subscription().starts_with("active")), (1, true));
    let last = watcher.hears_within(PATIENCE).valid();
    assert_eq!(last.subscription(), "terminated;reason=noresource");
    assert_eq!(last.events(), ["terminated unregistered"; 2]);
    lab.register(&carol, 700);
    assert!(other.hears().registrations[0].contacts[0].expires > 600);
}

fn notifies_are_counted(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, watcher) = bob(&lab);
    let sent = || lab.host.statistic_of("ims_registrar_scscf", "notifies_sent");
    assert_eq!(sent(), 1);
    lab.register(&bob, 600);
    watcher.hears();
    assert_eq!(sent(), 2);
    assert_eq!(lab.host.statistic_of("ims_registrar_scscf", "notifies_failed"), 0);
}

fn many_contacts_are_told(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, watcher) = bob(&lab);
    for port in 0..40 {
        let contact =
            format!("<sip:bob@192.0.2.1:{}>;+sip.instance=\"<urn:uuid:{port}>\"", 5000 + port);
        assert_eq!(bob.ask(&bob.register(600).set("Contact", &contact)).status(), 200);
        watcher.hears();
    }
    let mut new = Watcher::own(&bob);
    let told = new.begins(600).valid();
    assert_eq!(told.of(&bob.identity()).contacts.len(), 41);
}

fn changes_of_many_moments_arrive_in_order(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, watcher) = bob(&lab);
    let mut last = 0;
    for round in 0..30 {
        let seconds = 1000 + round;
        assert_eq!(bob.ask(&bob.register(seconds)).status(), 200);
    }
    loop {
        let told = watcher.hears();
        assert!(told.version > last, "{} after {last}", told.version);
        last = told.version;
        if told.registrations[0].contacts[0].expires > 1020 {
            break;
        }
    }
}
