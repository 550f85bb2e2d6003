//! Hostile, crowded and short-lived: the host must go on, or come back.

use host_tests::{
    Answer, Call, Draft, Flavor, Host, Line, Message, Phone, Setup, Side, Tables, cases,
    line::TALKING,
    suite::soak,
    wait::{PATIENCE, until},
};
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

cases! {
    ours:
        a_stop_under_load_is_a_clean_one,
        case_85_many_seized_lines_are_told_whole_or_refused,
        case_93_a_table_of_two_slots_does_not_hang_on_expiry,
        case_94_a_table_of_two_slots_keeps_lines_apart,
        full_shared_memory_refuses_and_recovers,
        full_shared_memory_holds_back_nothing_that_is_given_back,
        random_bytes_do_no_harm,
        a_kill_amid_traffic_leaves_a_database_that_starts,
        a_very_long_line_name_is_survived,
        the_other_memory_managers_serve_too;
}

fn case_85_many_seized_lines_are_told_whole_or_refused(flavor: Flavor) {
    let mut line = Line::new(flavor);
    let mut granted = 0;
    for number in 0..120 {
        let contact = format!("<{};n={number}>", line.a.contact());
        let draft = line.a.subscribe_draft("line-seize", 15).index(0);
        let reply = line.a.ask(&draft.set("Contact", &contact));
        match reply.status() {
            200 => granted += 1,
            status => assert!((400..600).contains(&status), "{reply:?}"),
        }
    }
    line.host.assert_alive();
    assert!(granted >= 57, "only {granted} granted");
    let shown = |notify: &Message| notify.header("Call-Info").split(',').count() - 1;
    let mut told = Vec::new();
    until("a NOTIFY that shows them all", PATIENCE, || {
        told.extend([line.a.notifies(), line.b.notifies()].concat());
        let whole = |notify: &Message| notify.find("Event") == Some("call-info");
        told.iter().any(|notify| whole(notify) && shown(notify) == granted).then_some(())
    });
    assert!(told.len() > 100);
    for notify in &told {
        let ours: Vec<_> = notify.names().into_iter().rev().take(4).collect();
        assert_eq!(ours, ["Subscription-State", "Event", "Call-Info", "Contact"], "{notify:?}");
        let state = notify.header("Subscription-State");
        assert!(state.starts_with("active") && state.is_ascii(), "{notify:?}");
    }
}

fn small_table(flavor: Flavor) -> Setup {
    Setup::new(flavor).sca("hash_table_size", 1).sca("purge_expired_interval", 1)
}

/// Phones of the lines 200 to 209, which share few slots.
fn ten_lines(host: &Host) -> Vec<Phone> {
    (200..210).map(|user| Phone::new(host.address(), &user.to_string())).collect()
}

fn case_93_a_table_of_two_slots_does_not_hang_on_expiry(flavor: Flavor) {
    let host = Host::start(small_table(flavor));
    let phones = ten_lines(&host);
    for phone in &phones {
        assert_eq!(phone.subscribe("call-info", 600).reply.status(), 202);
        let draft = phone.subscribe_draft("line-seize", 1).index(1);
        assert_eq!(phone.ask(&draft).status(), 200);
    }
    for phone in &phones {
        phone.notified("line-seize");
        let ended = phone.notified("line-seize");
        assert_eq!(ended.header("Subscription-State"), "terminated;reason=timeout");
    }
    until("ten free lines", PATIENCE, || host.appearances().is_empty().then_some(()));
    assert_eq!(phones[0].seize(1).reply.status(), 200);
}

fn case_94_a_table_of_two_slots_keeps_lines_apart(flavor: Flavor) {
    let host = Host::start(small_table(flavor));
    // One Contact for all ten lines, and for both events of each.
    let phone = Phone::new(host.address(), "200");
    for user in 200..210 {
        let line = format!("sip:{user}@voice.example.com");
        let to = format!("<{line}>");
        let draft = phone.subscribe_draft("call-info", 600).uri(&line).set("To", &to);
        assert_eq!(phone.ask(&draft).status_line(), "202 Accepted", "{user}");
        phone.notified("call-info");
        let draft = phone.subscribe_draft("line-seize", 15).uri(&line).set("To", &to);
        assert_eq!(phone.ask(&draft.index(1)).status_line(), "200 OK", "{user}");
        let told = phone.notified("line-seize");
        assert!(told.header("To").starts_with(&to), "{told:?}");
        let told = phone.notified("call-info");
        assert!(told.header("To").starts_with(&to), "{told:?}");
    }
    assert_eq!(host.subscriptions().len(), 20);
}

fn full_shared_memory_refuses_and_recovers(flavor: Flavor) {
    let mut setup = Setup::new(flavor).sca("purge_expired_interval", 1);
    setup.shared = 16;
    let mut host = Host::start(setup.param("tm", "wt_timer", 500));
    let phone = Phone::new(host.address(), "215");
    let before = host.shared_memory();
    let padding = "p".repeat(1500);
    let mut accepted = 0;
    let refused = (0..20_000).find_map(|number| {
        let contact = format!("<{};n={number};{padding}>", phone.contact());
        let line = format!("sip:{}@voice.example.com", 1000 + number);
        let draft = phone.subscribe_draft("call-info", 20).uri(&line);
        let reply = phone.ask(&draft.set("Contact", &contact));
        phone.notifies();
        accepted += u32::from(reply.status() == 202);
        (reply.status() != 202).then_some(reply)
    });
    let refused = refused.expect("a refusal before 20000 subscriptions");
    assert!((500..600).contains(&refused.status()), "{refused:?}");
    assert!(accepted > 1000, "only {accepted} accepted");
    host.assert_alive();
    let full = host.shared_memory();
    until("the memory of what ran out", Duration::from_secs(60), || {
        (host.shared_memory() < before + (full - before) / 4).then_some(())
    });
    assert_eq!(phone.subscribe("call-info", 600).reply.status(), 202);
}

/// Appearances that nobody hears of, so that what is taken stays taken.
fn full_shared_memory_holds_back_nothing_that_is_given_back(flavor: Flavor) {
    let mut setup = Setup::new(flavor);
    setup.shared = 8;
    let mut host = Host::start(setup);
    let seize = |aor: &str, padding: usize| {
        let contact = format!("sip:215@192.0.2.1;p={}", "p".repeat(padding));
        host.rpc(&["sca.seize_appearance", aor, &contact])
    };
    let aor = "sip:215@voice.example.com";
    for _ in 0..3 {
        seize(aor, 800).unwrap();
    }
    let mut users = 10_000..100_000;
    for padding in [900, 300, 100, 20, 0] {
        let full =
            users.find(|user| seize(&format!("sip:{user}@voice.example.com"), padding).is_err());
        assert!(full.is_some(), "memory without end");
    }
    for index in ["3", "2", "1"] {
        assert_eq!(host.rpc(&["sca.release_appearance", aor, index]).unwrap(), "", "{index}");
    }
    host.assert_alive();
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

fn random_bytes_do_no_harm(flavor: Flavor) {
    let mut line = Line::new(flavor);
    line.seized(&line.a, 1);
    let mut numbers = Numbers(0x5ca_5eed);
    let whole: Vec<Vec<u8>> = vec![
        line.a.subscribe_draft("call-info", 600).bytes(),
        line.a.subscribe_draft("line-seize", 15).index(2).bytes(),
        line.a.request("INVITE", "sip:300@voice.example.com").index(1).sdp("sendonly").bytes(),
        line.a.request("BYE", "sip:300@voice.example.com").index(1).bytes(),
        line.a.request("CANCEL", "sip:300@voice.example.com").bytes(),
    ];
    let seconds = if soak() { 60 } else { 3 };
    let end = Instant::now() + Duration::from_secs(seconds);
    let garbage = Phone::new(line.host.address(), "215");
    garbage.answer("NOTIFY", Answer::None);
    while Instant::now() < end {
        let mut bytes = whole[numbers.below(whole.len())].clone();
        for _ in 0..=numbers.below(6) {
            let at = numbers.below(bytes.len());
            match numbers.below(4) {
                0 => bytes[at] = u8::try_from(numbers.below(256)).unwrap(),
                1 => drop(bytes.drain(at..(at + numbers.below(20)).min(bytes.len()))),
                2 => bytes.truncate(at + 1),
                _ => {
                    let piece = bytes[at..(at + numbers.below(40)).min(bytes.len())].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
            if bytes.is_empty() {
                bytes.push(b' ');
            }
        }
        garbage.send_raw(&bytes);
        sleep(Duration::from_micros(200));
    }
    line.host.assert_alive();
    let c = Phone::new(line.host.address(), "217");
    assert_eq!(c.subscribe("call-info", 600).reply.status(), 202);
    assert_eq!(c.seize(1).reply.status(), 200);
}

/// Ten calls on ten lines, one after another until `stop` says so.
fn traffic(host: &Host, mut stop: impl FnMut(usize) -> bool) {
    let phones = ten_lines(host);
    let x = Phone::new(host.address(), "300");
    for phone in &phones {
        assert_eq!(phone.subscribe("call-info", 600).reply.status(), 202);
    }
    for round in 0.. {
        if stop(round) {
            return;
        }
        let phone = &phones[round % phones.len()];
        phone.send(&phone.subscribe_draft("line-seize", 15).index(1));
        let invite = phone.request("INVITE", &x.aor()).index(1).sdp("sendrecv");
        phone.send(&invite.set("To", &format!("<{}>", x.aor())).add("X-Dst", &x.address()));
        phone.send(&phone.subscribe_draft("call-info", 600));
        sleep(Duration::from_millis(1));
    }
}

fn a_stop_under_load_is_a_clean_one(flavor: Flavor) {
    let mut host = Host::start(Setup::new(flavor));
    traffic(&host, |round| round == 300);
    let ended = host.stop_within(Duration::from_secs(20));
    assert!(ended.is_some_and(|status| status.success()), "{}", host.journal().tail(20));
    assert_eq!(host.sqlite().rows("aor").len(), 10);
}

fn a_kill_amid_traffic_leaves_a_database_that_starts(flavor: Flavor) {
    let mut host = Host::start(Setup::new(flavor).sca("db_update_interval", 1));
    traffic(&host, |round| round > 200 && host.sqlite().rows("id").len() == 10);
    host.kill9();
    host.again();
    let kept = host.subscriptions();
    assert_eq!(kept.iter().filter(|line| line.contains("call-info")).count(), 10, "{kept:?}");
    let phone = Phone::new(host.address(), "200");
    assert_eq!(phone.subscribe("call-info", 600).reply.status(), 202);
}

fn a_very_long_line_name_is_survived(flavor: Flavor) {
    let mut host = Host::start(Setup::new(flavor).sca("server_address", "sip:s@h"));
    let phone = Phone::new(host.address(), "215");
    for length in [200, 500, 1000, 3000, 5000] {
        let line = format!("sip:215@{}.example.com", "d".repeat(length));
        let to = format!("<{line}>");
        for (event, expires) in [("call-info", 600), ("line-seize", 15)] {
            let draft = phone.subscribe_draft(event, expires).index(1).uri(&line);
            let reply = phone.ask(&draft.set("To", &to));
            assert!((200..600).contains(&reply.status()), "{length}: {reply:?}");
            host.assert_alive();
        }
    }
}

fn the_other_memory_managers_serve_too(flavor: Flavor) {
    for manager in ["fm", "tlsf"] {
        let mut setup = Setup::new(flavor);
        setup.manager = manager;
        let mut line = Line::with(setup);
        let mut call = line.talking();
        call.send(Side::Caller, "BYE", |bye: Draft| bye.index(1));
        line.both_see(&[]);
        line.seized(&line.b, 1);
        let mut call = Call::dial(&line.b, &line.x, |invite| invite.index(1));
        call.answer();
        line.both_come_to_see(&[TALKING]);
        line.host.assert_alive();
    }
}
