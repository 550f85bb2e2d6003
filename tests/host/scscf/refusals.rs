//! What a client is told when it cannot be registered, and what is left of the attempt.

use host_tests::{
    Message,
    diameter::{
        Avp, Reply,
        hss::{Mood, SERVER_ASSIGNMENT, UNABLE_TO_COMPLY, USER_UNKNOWN},
    },
    mixed,
    scscf::{Lab, Mix, Plan},
};
use std::time::{Duration, Instant};

mixed! {
    all:
        r_35_what_the_hss_refuses_is_refused,
        r_36_a_first_register_needs_a_profile,
        r_37_an_hss_that_says_nothing_costs_the_request,
        r_39_another_code_and_a_time_to_wait_are_told;
    registrar:
        r_38_without_an_hss_the_answer_comes_at_once,
        r_84_a_code_has_its_own_phrase,
        causes_are_told_if_wanted,
        answers_that_come_late_register_nobody_twice,
        answers_that_are_no_answers_cost_the_request;
}

/// Refused with the words of the module.
fn refused(reply: &Message, status: u16) {
    assert_eq!(reply.status(), status, "{reply:?}");
    assert_eq!(reply.header("P-Registrar-Error"), "SAR failed");
    assert!(reply.find("Service-Route").is_none(), "{reply:?}");
}

fn r_35_what_the_hss_refuses_is_refused(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let moods = [
        Mood::Refuse(UNABLE_TO_COMPLY),
        Mood::RefuseExperimentally(USER_UNKNOWN),
        Mood::Refuse(3002),
    ];
    for (before, mood) in moods.into_iter().enumerate() {
        lab.hss.set(SERVER_ASSIGNMENT, mood);
        let register = bob.register(600);
        refused(&bob.ask(&register), 500);
        assert_eq!(lab.resumed(&register), None, "{mood:?}");
        assert_eq!(lab.counted("rejected_regs"), u64::try_from(before).unwrap() + 1);
    }
    lab.hss.edit(SERVER_ASSIGNMENT, |_, avps| {
        Reply::With(avps.into_iter().filter(|avp| ![268, 297].contains(&avp.code)).collect())
    });
    lab.hss.set(SERVER_ASSIGNMENT, Mood::Serve);
    refused(&bob.ask(&bob.register(600)), 500);
    assert_eq!((lab.state(&bob.identity()), lab.counted("accepted_regs")), (None, 0));
    lab.hss.plain(SERVER_ASSIGNMENT);
    lab.register(&bob, 600);
}

fn r_36_a_first_register_needs_a_profile(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.hss.edit(SERVER_ASSIGNMENT, |_, avps| {
        Reply::With(avps.into_iter().filter(|avp| avp.code != 606).collect())
    });
    let register = bob.register(600);
    assert_eq!(bob.ask(&register).status(), 500);
    assert_eq!(lab.resumed(&register), Some(-1));
    assert_eq!(lab.state(&bob.identity()), None);
}

fn r_37_an_hss_that_says_nothing_costs_the_request(mix: Mix) {
    let lab = Plan::new(mix).impatient().start();
    let bob = lab.ue("bob");
    lab.hss.set(SERVER_ASSIGNMENT, Mood::Silence);
    let start = Instant::now();
    refused(&bob.ask(&bob.register(600)), 500);
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    assert_eq!((lab.counted("sar_timeouts"), lab.counted("rejected_regs")), (1, 1));
    lab.hss.set(SERVER_ASSIGNMENT, Mood::Serve);
    lab.register(&bob, 600);
}

fn r_38_without_an_hss_the_answer_comes_at_once(mix: Mix) {
    let mut lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let hss = lab.hss.clone();
    hss.away(|| {
        lab.closed();
        let start = Instant::now();
        let reply = bob.ask(&bob.register(600));
        assert!(reply.status() >= 500 && start.elapsed() < Duration::from_secs(2), "{reply:?}");
        assert_eq!(lab.counted("rejected_regs"), 1);
        assert_eq!(lab.state(&bob.identity()), None);
    });
    lab.connected();
    lab.register(&bob, 600);
    lab.host.assert_alive();
}

fn r_39_another_code_and_a_time_to_wait_are_told(mix: Mix) {
    let plan = Plan::new(mix).registrar("error_reply_code", 503).registrar("retry_after", 5);
    let lab = plan.start();
    let bob = lab.ue("bob");
    lab.hss.set(SERVER_ASSIGNMENT, Mood::Refuse(UNABLE_TO_COMPLY));
    let reply = bob.ask(&bob.register(600));
    refused(&reply, 503);
    assert_eq!(reply.status_line(), "503 Service Unavailable");
    assert_eq!(reply.header("Retry-After"), "5");
}

fn r_84_a_code_has_its_own_phrase(mix: Mix) {
    let lab = Plan::new(mix).registrar("error_reply_code", 504).start();
    let bob = lab.ue("bob");
    lab.hss.set(SERVER_ASSIGNMENT, Mood::Refuse(UNABLE_TO_COMPLY));
    let reply = bob.ask(&bob.register(600));
    refused(&reply, 504);
    assert!(reply.status_line().to_lowercase().starts_with("504 server time"), "{reply:?}");
}

fn causes_are_told_if_wanted(mix: Mix) {
    let lab = Plan::new(mix).registrar("precise_errors", 1).start();
    let bob = lab.ue("bob");
    lab.hss.set(SERVER_ASSIGNMENT, Mood::RefuseExperimentally(USER_UNKNOWN));
    assert_eq!(bob.ask(&bob.register(600)).status(), 403);
    lab.hss.set(SERVER_ASSIGNMENT, Mood::Serve);
    let garbled = format!("<{}>;q=abc", bob.contact());
    let reply = bob.ask(&bob.register(600).set("Contact", &garbled));
    assert_eq!(reply.status(), 400);
    assert_eq!(reply.header("P-Registrar-Error"), "Invalid q param in contact");
    let reply = bob.ask(&bob.register(60).set("Contact", "*"));
    assert_eq!(reply.status(), 400);
    assert_eq!(reply.header("P-Registrar-Error"), "* used in contact and expires is not zero");
}

fn answers_that_come_late_register_nobody_twice(mix: Mix) {
    let mut lab = Plan::new(mix).impatient().start();
    let bob = lab.ue("bob");
    lab.hss.edit(SERVER_ASSIGNMENT, |_, avps| Reply::Late(Duration::from_millis(700), avps));
    assert_eq!(bob.ask(&bob.register(600)).status(), 200);
    // After the client has given up.
    lab.hss.edit(SERVER_ASSIGNMENT, |_, avps| Reply::Late(Duration::from_millis(4500), avps));
    let carol = lab.ue("carol");
    assert_eq!(carol.ask(&carol.register(600)).status(), 500);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(lab.state(&carol.identity()), None);
    lab.hss.plain(SERVER_ASSIGNMENT);
    lab.register(&carol, 600);
    lab.host.assert_alive();
}

/// Answers that a peer with a defect could give: AVPs with lengths of their own, groups that hold
/// no AVPs, numbers of three bytes, success of another kind, two results.
fn wrong(kind: usize, avps: &[Avp]) -> Reply {
    let without =
        |code: u32| avps.iter().filter(|avp| avp.code != code).cloned().collect::<Vec<_>>();
    let with = |code: u32, more: Avp| Reply::With([without(code), vec![more]].concat());
    let own = |code: u32, data: &[u8]| Avp::new(code, data.to_vec()).of(10_415);
    match kind {
        0 => with(268, Avp::new(268, *b"\x07\xd1\x00")),
        1 => with(268, Avp::new(268, Vec::new())),
        2 => with(268, Avp::number(268, 2002)),
        3 => with(268, Avp::new(297, *b"\x00")),
        4 => with(268, Avp::new(297, *b"\x00\x00\x01\x2a\x40\xff\xff\xff")),
        5 => with(268, Avp::number(268, u32::MAX)),
        6 => with(606, own(606, b"")),
        7 => with(606, own(606, &[0; 64])),
        8 => with(606, own(606, &[0xff; 4000])),
        9 => with(606, own(618, b"")),
        10 => Reply::With(Vec::new()),
        _ => Reply::With(vec![Avp::number(277, 1)]),
    }
}

fn answers_that_are_no_answers_cost_the_request(mix: Mix) {
    let mut lab = Plan::new(mix).impatient().start();
    let bob = lab.ue("bob");
    for kind in 0..12 {
        lab.hss.edit(SERVER_ASSIGNMENT, move |_, avps| wrong(kind, &avps));
        let reply = bob.ask(&bob.register(600));
        assert!(reply.status() >= 400, "{kind}: {reply:?}");
        assert_eq!(lab.state(&bob.identity()), None, "{kind}");
    }
    // A profile is there, and what comes beside it makes no sense: charging names are not needed.
    for data in [b"".to_vec(), vec![0; 3], vec![0xff; 40]] {
        lab.hss.edit(SERVER_ASSIGNMENT, move |_, mut avps| {
            avps.push(Avp::new(618, data.clone()).of(10_415));
            Reply::With(avps)
        });
        let carol = lab.ue("carol");
        let reply = carol.ask(&carol.register(600));
        assert!(reply.status() >= 200, "{reply:?}");
    }
    lab.hss.plain(SERVER_ASSIGNMENT);
    lab.register(&bob, 600);
    lab.host.assert_alive();
}
