//! SUBSCRIBE to line-seize: who gets which appearance, and when it is given back.

use host_tests::{
    Flavor, Host, Line, Phone, Setup, cases,
    line::{RECEIVED, sees},
};
use std::{collections::BTreeSet, time::Duration};

cases! {
    both:
        case_16_a_phone_that_starts_anew_gives_back_all_its_lines,
        case_19_a_seizure_needs_a_call_info_that_names_one_appearance,
        case_20_a_line_that_nobody_watches_cannot_be_seized,
        case_21_a_seizure_is_told_to_the_phone_and_then_to_the_group,
        case_22_a_seized_index_is_busy_for_others,
        case_23_index_0_asks_for_the_lowest_free,
        case_24_a_freed_index_is_the_lowest_free_again,
        case_25_a_refresh_keeps_the_index,
        case_27_a_seizure_ends_with_expires_0,
        case_29_a_line_that_is_not_seized_cannot_be_released,
        case_30_a_seizure_that_runs_out_frees_the_line,
        case_96_of_two_phones_that_seize_one_index_at_once_one_gets_it,
        twenty_phones_that_seize_at_once_get_twenty_indexes,
        a_phone_may_seize_a_second_line,
        the_expiry_of_a_seizure_is_clamped,
        a_maximum_of_0_ends_every_seizure_at_once;
    ours:
        case_16_a_phone_that_starts_anew_gives_back_the_call_that_it_answered,
        case_26_a_refresh_with_index_0_is_told_the_index_it_has,
        case_28_a_release_of_no_or_an_impossible_index_is_refused,
        nobody_gives_back_the_line_of_another;
}

fn case_16_a_phone_that_starts_anew_gives_back_all_its_lines(flavor: Flavor) {
    let line = Line::new(flavor);
    line.dialed();
    assert_eq!(line.a.seize(3).reply.status(), 200);
    line.a.notified("line-seize");
    line.both_see(&["1 seized", "3 seized"]);
    assert_eq!(line.a.subscribe("call-info", 600).reply.status(), 202);
    let answer = line.a.notified("call-info");
    assert_eq!(answer.header("Call-Info"), host_tests::call_info(&[]));
    assert_eq!(answer.header("Subscription-State"), "active");
    line.both_see(&[]);
    assert_eq!(line.states(), [""; 0]);
    line.quiet();
}

fn case_19_a_seizure_needs_a_call_info_that_names_one_appearance(flavor: Flavor) {
    let line = Line::new(flavor);
    let whole = || line.a.subscribe_draft("line-seize", 15);
    let reply = line.a.ask(&whole());
    assert_eq!(reply.status_line(), "400 Bad Request - missing Call-Info header");
    for value in [
        "<sip:voice.example.com>;appearance-index=*",
        "<sips:voice.example.com>;appearance-index=1",
        "sip:voice.example.com;appearance-index=1",
        "<sip:voice.example.com;x=y>;appearance-index=1",
        "<sip:voice.example.com>; appearance-index=1",
        "<sip:voice.example.com>;Appearance-Index=1",
        "<sip:voice.example.com>;appearance-index=\"1\"",
        "<sip:voice.example.com>;appearance-index=-1",
        "<sip:voice.example.com>;appearance-index=4294967296",
        "<sip:voice.example.com>;appearance-index=1;x=y",
        "<sip:voice.example.com>;appearance-index=1;appearance-state=busy",
        "<sip:voice.example.com>;appearance-index=1;appearance-state=Seized",
        "<sip:voice.example.com>;x=y;appearance-index=1",
        "<sip:voice.example.com>;appearance-index=1,<sip:voice.example.com>;appearance-index=2",
        "<http://voice.example.com/icon>;purpose=icon",
    ] {
        let reply = line.a.ask(&whole().set("Call-Info", value));
        assert_eq!(reply.status_line(), "400 Bad Request - Invalid Call-Info header", "{value}");
    }
    line.quiet();
    assert_eq!(line.states(), [""; 0]);
}

fn case_20_a_line_that_nobody_watches_cannot_be_seized(flavor: Flavor) {
    let host = Host::start(Setup::new(flavor));
    let a = Phone::new(host.address(), "215");
    let reply = a.seize(1).reply;
    assert_eq!(reply.status_line(), "500 Internal Server Error - seize appearance index");
    a.quiet();
    assert_eq!(host.subscriptions().len(), 0);
}

fn case_21_a_seizure_is_told_to_the_phone_and_then_to_the_group(flavor: Flavor) {
    let line = Line::new(flavor);
    let reply = line.a.seize(1).reply;
    assert_eq!(reply.status_line(), "200 OK");
    assert_eq!(reply.line("Event"), "Event: line-seize");
    assert_eq!(reply.line("Contact"), "Contact: sip:215@voice.example.com");
    assert_eq!(reply.line("Allow-Events"), "Allow-Events: call-info, line-seize");
    assert_eq!(reply.line("Expires"), "Expires: 15");
    let notify = line.a.notified("line-seize");
    assert_eq!(notify.line("Call-Info"), "Call-Info: <sip:voice.example.com>;appearance-index=1");
    assert_eq!(notify.line("Subscription-State"), "Subscription-State: active");
    assert_eq!(notify.cseq(), (1, "NOTIFY"));
    assert_eq!(notify.header("To"), reply.header("From"));
    let group = sees(&line.a, &["1 seized"]);
    sees(&line.b, &["1 seized"]);
    assert!(reply.order < notify.order && notify.order < group.order);
    line.quiet();
    let seized = &line.appearances()[0];
    assert_eq!((&*seized.owner, &*seized.call_id), (&*line.a.contact(), ""));
}

fn case_22_a_seized_index_is_busy_for_others(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let reply = line.b.seize(1).reply;
    assert_eq!(reply.status_line(), "480 Temporarily Unavailable");
    assert_eq!(reply.line("Retry-After"), "Retry-After: 1");
    line.quiet();
    assert_eq!(line.host.subscriptions().len(), 3);
    assert_eq!(line.appearances()[0].owner, line.a.contact());
}

fn case_23_index_0_asks_for_the_lowest_free(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    assert_eq!(line.b.seize(0).reply.status(), 200);
    let notify = line.b.notified("line-seize");
    assert_eq!(notify.header("Call-Info"), "<sip:voice.example.com>;appearance-index=2");
    line.both_see(&["1 seized", "2 seized"]);
    line.quiet();
}

fn case_24_a_freed_index_is_the_lowest_free_again(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut first = line.seized(&line.a, 1);
    line.b.seize(2);
    line.both_see(&["1 seized", "2 seized"]);
    assert_eq!(first.refresh_index(0, 1).status(), 200);
    line.both_see(&["2 seized"]);
    let any = "<sip:voice.example.com>;appearance-index=";
    let draft = line.a.subscribe_draft("line-seize", 15).set("Call-Info", any);
    assert_eq!(line.a.ask(&draft).status(), 200);
    line.both_see(&["1 seized", "2 seized"]);
}

fn case_25_a_refresh_keeps_the_index(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut seize = line.seized(&line.a, 1);
    let reply = seize.refresh_index(10, 1);
    assert_eq!((reply.status_line(), reply.header("Expires")), ("200 OK", "10"));
    let notify = line.a.notified("line-seize");
    assert_eq!(notify.header("Call-Info"), "<sip:voice.example.com>;appearance-index=1");
    assert_eq!(notify.header("Subscription-State"), "active");
    assert_eq!(notify.cseq(), (2, "NOTIFY"));
    line.both_see(&["1 seized"]);
    line.quiet();
}

fn case_26_a_refresh_with_index_0_is_told_the_index_it_has(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut seize = line.seized(&line.a, 2);
    assert_eq!(seize.refresh_index(15, 0).status(), 200);
    let notify = line.a.notified("line-seize");
    assert_eq!(notify.line("Call-Info"), "Call-Info: <sip:voice.example.com>;appearance-index=2");
    line.both_see(&["2 seized"]);
}

fn case_27_a_seizure_ends_with_expires_0(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut seize = line.seized(&line.a, 1);
    let reply = seize.refresh_index(0, 1);
    assert_eq!((reply.status_line(), reply.header("Expires")), ("200 OK", "0"));
    let notify = line.a.notified("line-seize");
    assert_eq!(notify.header("Subscription-State"), "terminated");
    assert_eq!(notify.header("Call-Info"), "<sip:voice.example.com>;appearance-index=1");
    line.both_see(&[]);
    line.quiet();
    assert_eq!(line.states(), [""; 0]);
}

fn case_28_a_release_of_no_or_an_impossible_index_is_refused(flavor: Flavor) {
    let mut line = Line::new(flavor);
    let mut seize = line.seized(&line.a, 1);
    for index in [0, u32::MAX] {
        let reply = seize.refresh_index(0, index);
        assert!((400..600).contains(&reply.status()), "index {index}: {reply:?}");
        line.host.assert_alive();
        assert_eq!(line.states(), ["1 seized"]);
    }
}

fn nobody_gives_back_the_line_of_another(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let mut other = line.b.seize(2);
    line.both_see(&["1 seized", "2 seized"]);
    let reply = other.refresh_index(0, 1);
    assert_eq!(reply.status_line(), "500 Internal Server Error - release seized line");
    assert_eq!(line.states(), ["1 seized", "2 seized"]);
}

fn case_29_a_line_that_is_not_seized_cannot_be_released(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut seize = line.seized(&line.a, 1);
    let reply = seize.refresh_index(0, 9);
    assert_eq!(reply.status_line(), "500 Internal Server Error - release seized line");
    line.quiet();
    assert_eq!(line.states(), ["1 seized"]);
}

fn case_30_a_seizure_that_runs_out_frees_the_line(flavor: Flavor) {
    let line = Line::with(Setup::new(flavor).sca("purge_expired_interval", 1));
    let draft = line.a.subscribe_draft("line-seize", 2).index(1);
    assert_eq!(line.a.ask(&draft).header("Expires"), "2");
    line.a.notified("line-seize");
    line.both_see(&["1 seized"]);
    let notify = line.a.notified("line-seize");
    assert_eq!(notify.header("Subscription-State"), "terminated;reason=timeout");
    assert_eq!(notify.header("Call-Info"), "<sip:voice.example.com>;appearance-index=1");
    line.both_see(&[]);
    line.quiet();
    assert_eq!(line.host.subscriptions().len(), 2);
    assert_eq!(line.states(), [""; 0]);
}

fn case_96_of_two_phones_that_seize_one_index_at_once_one_gets_it(flavor: Flavor) {
    let mut setup = Setup::new(flavor);
    setup.workers = 4;
    let line = Line::with(setup);
    for index in 1..=10 {
        // A Contact of its own for each round, or a phone would give back what it had.
        let contact = |phone: &Phone| format!("<{};round={index}>", phone.contact());
        let draft = |phone: &Phone| {
            let draft = phone.subscribe_draft("line-seize", 15).index(index);
            draft.set("Contact", &contact(phone))
        };
        let both = [&line.a, &line.b].map(|phone| (phone, draft(phone)));
        for (phone, draft) in &both {
            phone.send(draft);
        }
        let mut replies = both.map(|(phone, draft)| phone.final_reply(&draft).status());
        replies.sort_unstable();
        assert_eq!(replies, [200, 480], "index {index}");
    }
    assert_eq!(line.appearances().len(), 10);
}

fn twenty_phones_that_seize_at_once_get_twenty_indexes(flavor: Flavor) {
    let mut setup = Setup::new(flavor);
    setup.workers = 4;
    let host = Host::start(setup);
    let phones: Vec<_> = (0..20).map(|_| Phone::new(host.address(), "215")).collect();
    for phone in &phones {
        assert_eq!(phone.subscribe("call-info", 600).reply.status(), 202);
    }
    let drafts = phones.iter().map(|phone| phone.subscribe_draft("line-seize", 15).index(0));
    let drafts: Vec<_> = drafts.collect();
    for (phone, draft) in phones.iter().zip(&drafts) {
        phone.send(draft);
    }
    let mut given = BTreeSet::new();
    for (phone, draft) in phones.iter().zip(&drafts) {
        assert_eq!(phone.final_reply(draft).status(), 200);
        given.insert(phone.notified("line-seize").header("Call-Info").to_owned());
    }
    let wanted = (1..=20).map(|n| format!("<sip:voice.example.com>;appearance-index={n}"));
    assert_eq!(given, wanted.collect());
    assert_eq!(host.appearances().len(), 20);
}

fn a_phone_may_seize_a_second_line(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    assert_eq!(line.a.seize(2).reply.status(), 200);
    let notify = line.a.notified("line-seize");
    assert_eq!(notify.header("Call-Info"), "<sip:voice.example.com>;appearance-index=2");
    line.both_see(&["1 seized", "2 seized"]);
    line.quiet();
}

fn the_expiry_of_a_seizure_is_clamped(flavor: Flavor) {
    let line = Line::with(Setup::new(flavor).sca("line_seize_max_expires", 7));
    assert_eq!(line.a.seize(1).reply.header("Expires"), "7");
    let listed = line.host.subscriptions();
    let seize = listed.iter().find(|line| line.contains("line-seize")).unwrap();
    let left: u32 = seize.split(' ').nth(3).unwrap().parse().unwrap();
    assert!((5..=7).contains(&left), "{seize}");
}

fn a_maximum_of_0_ends_every_seizure_at_once(flavor: Flavor) {
    let line = Line::with(Setup::new(flavor).sca("line_seize_max_expires", 0));
    let reply = line.a.seize(1).reply;
    assert_eq!((reply.status_line(), reply.header("Expires")), ("200 OK", "0"));
    let notify = line.a.notified("line-seize");
    assert_eq!(notify.header("Subscription-State"), "terminated");
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(line.states(), [""; 0]);
}

fn case_16_a_phone_that_starts_anew_gives_back_the_call_that_it_answered(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.called();
    let contact = format!("<{};ob>", line.a.contact());
    call.reply_with(200, |reply| reply.set("Contact", &contact));
    call.ack();
    line.both_see(&[RECEIVED]);
    assert_eq!(line.a.subscribe("call-info", 600).reply.status(), 202);
    line.a.notified("call-info");
    line.both_see(&[]);
    assert_eq!(line.states(), [""; 0]);
}
