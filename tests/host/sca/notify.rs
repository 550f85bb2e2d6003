//! Who is told of an event, in which order, and what becomes of phones that cannot be told.

use host_tests::{Answer, Flavor, Host, Line, Phone, Setup, Subscription, cases, line, wait};
use std::time::Duration;

cases! {
    both:
        case_87_a_phone_that_refuses_a_notify_stays_a_member,
        case_87_a_phone_that_does_not_answer_stays_a_member,
        case_97_the_newest_member_is_told_first,
        a_notify_that_stays_unanswered_is_repeated,
        each_subscription_counts_its_notifies;
    ours:
        case_86_a_member_that_cannot_be_reached_does_not_silence_the_others,
        case_97b_a_member_that_left_hears_nothing_and_ends_nobody,
        case_97c_each_member_is_told_its_own_expiry,
        a_failed_member_is_dropped_when_asked_for,
        retry_after_is_obeyed_when_asked_for;
}

fn case_86_a_member_that_cannot_be_reached_does_not_silence_the_others(flavor: Flavor) {
    let setup = Setup::new(flavor).global("dns_retr_time=1\ndns_retr_no=0\ndns_servers_no=1");
    let line = Line::with(setup);
    for contact in ["<sip:215@[::1]:5060>", "<sip:215@does-not-exist.invalid>"] {
        let draft = line.a.subscribe_draft("call-info", 600).set("Contact", contact);
        assert_eq!(line.a.ask(&draft).status(), 202);
    }
    assert_eq!(line.a.seize(0).reply.status(), 200);
    line.both_see(&["1 seized"]);
}

fn refused(flavor: Flavor, answer: Answer, patience: Duration) {
    let line = Line::with(Setup::new(flavor).param("tm", "fr_timer", 1000));
    line.b.answer("NOTIFY", answer);
    line.seized(&line.a, 1);
    line.host.journal().wait("ERROR: sca", patience);
    assert_eq!(line.host.rpc(&["sca.subscription_count", "call-info"]).unwrap(), "2 call-info\n");
    line.b.answer("NOTIFY", Answer::Status(200));
    line.event();
    line.both_see(&["1 seized", "2 seized"]);
}

fn case_87_a_phone_that_refuses_a_notify_stays_a_member(flavor: Flavor) {
    refused(flavor, Answer::Status(481), wait::PATIENCE);
}

fn case_87_a_phone_that_does_not_answer_stays_a_member(flavor: Flavor) {
    refused(flavor, Answer::None, wait::PATIENCE);
}

/// One phone that is three members of the line, each with a Contact of its own.
fn three_members(host: &Host) -> (Phone, Vec<Subscription>) {
    let phone = Phone::new(host.address(), "215");
    let join = |number: u32| {
        let contact = format!("<{};line={number}>", phone.contact());
        let draft = phone.subscribe_draft("call-info", 600).set("Contact", &contact);
        let subscription = phone.subscribe_with(&draft);
        phone.notified("call-info");
        subscription
    };
    let members = (1..=3).map(join).collect();
    (phone, members)
}

fn case_97_the_newest_member_is_told_first(flavor: Flavor) {
    let mut setup = Setup::new(flavor);
    setup.workers = 1;
    let host = Host::start(setup);
    let (phone, _members) = three_members(&host);
    let contact = format!("<{};line=2>", phone.contact());
    let draft = phone.subscribe_draft("line-seize", 15).index(1).set("Contact", &contact);
    assert_eq!(phone.ask(&draft).status(), 200);
    let told = [0; 4].map(|_| {
        let notify = phone.take("a NOTIFY", |message| message.method() == "NOTIFY");
        (notify.header("Event").to_owned(), notify.uri().rsplit('=').next().unwrap().to_owned())
    });
    let told = told.each_ref().map(|(event, line)| (event.as_str(), line.as_str()));
    let group = ["3", "2", "1"].map(|line| ("call-info", line));
    assert_eq!(told, [("line-seize", "2"), group[0], group[1], group[2]]);
    phone.quiet();
}

fn a_notify_that_stays_unanswered_is_repeated(flavor: Flavor) {
    let host = Host::start(Setup::new(flavor));
    let a = Phone::new(host.address(), "215");
    a.answer("NOTIFY", Answer::None);
    assert_eq!(a.subscribe("call-info", 600).reply.status(), 202);
    a.notified("call-info");
    wait::until("a repetition", wait::PATIENCE, || (a.repeated() > 0).then_some(()));
    a.quiet();
}

fn each_subscription_counts_its_notifies(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut seize = line.a.seize(1);
    assert_eq!(line.a.notified("line-seize").cseq().0, 1);
    for number in 2..=4 {
        assert_eq!(line.a.notified("call-info").cseq().0, number);
        assert_eq!(line.b.notified("call-info").cseq().0, number);
        assert_eq!(seize.refresh_index(15, 1).status(), 200);
        assert_eq!(line.a.notified("line-seize").cseq().0, number);
    }
}

fn case_97b_a_member_that_left_hears_nothing_and_ends_nobody(flavor: Flavor) {
    let mut line = Line::new(flavor);
    assert_eq!(line.b_sub.refresh(0).status(), 202);
    let last = line.b.notified("call-info");
    assert_eq!(last.header("Subscription-State"), "terminated");
    line.a.quiet();
    assert_eq!(line.a.seize(1).reply.status(), 200);
    line::sees(&line.a, &["1 seized"]);
    line.b.quiet();
}

fn case_97c_each_member_is_told_its_own_expiry(flavor: Flavor) {
    let host = Host::start(Setup::new(flavor));
    let members = [600, 300].map(|expires| {
        let phone = Phone::new(host.address(), "215");
        assert_eq!(phone.subscribe("call-info", expires).reply.status(), 202);
        phone.notified("call-info");
        (phone, expires)
    });
    members[0].0.seize(1);
    for (phone, expires) in &members {
        let left = line::expires(&phone.notified("call-info"));
        assert!((expires - 10..=*expires).contains(&left), "{left} of {expires}");
    }
}

fn a_failed_member_is_dropped_when_asked_for(flavor: Flavor) {
    let setup = Setup::new(flavor).sca("drop_failed_subscribers", 1).param("tm", "fr_timer", 1000);
    let line = Line::with(setup);
    let c = Phone::new(line.host.address(), "215");
    c.subscribe("call-info", 600);
    c.notified("call-info");
    let count = || line.host.rpc(&["sca.subscription_count", "call-info"]).unwrap();
    // A refusal that asks to come again is none for good.
    c.answer("NOTIFY", Answer::RetryAfter(503, 1));
    line.seized(&line.a, 1);
    c.notified("call-info");
    wait_for_failure(&line.host);
    assert_eq!(count(), "3 call-info\n");
    c.answer("NOTIFY", Answer::Status(481));
    line.b.answer("NOTIFY", Answer::None);
    line.event();
    line.both_see(&["1 seized", "2 seized"]);
    wait::until("the end of two members", wait::PATIENCE, || {
        (count() == "1 call-info\n").then_some(())
    });
    line.b.answer("NOTIFY", Answer::Status(200));
    c.notifies();
    line.event();
    line::sees(&line.a, &["1 seized", "2 seized", "3 seized"]);
    line.b.quiet();
    c.quiet();
}

/// Waits until the host knows that its first NOTIFY failed.
fn wait_for_failure(host: &Host) {
    wait::until("a failed NOTIFY", wait::PATIENCE, || {
        (host.statistic("notifies_failed") == 1).then_some(())
    });
}

fn retry_after_is_obeyed_when_asked_for(flavor: Flavor) {
    let setup = Setup::new(flavor).sca("obey_retry_after", 1);
    let line = Line::with(setup.sca("purge_expired_interval", 1));
    line.b.answer("NOTIFY", Answer::RetryAfter(503, 6));
    line.seized(&line.a, 1);
    line.b.answer("NOTIFY", Answer::Status(200));
    wait_for_failure(&line.host);
    line.event();
    line::sees(&line.a, &["1 seized", "2 seized"]);
    line.b.quiet();
    // Then the newest state, without another event.
    line::sees(&line.b, &["1 seized", "2 seized"]);
}
