//! The commands of an operator, through `kamcmd` and through JSON-RPC.

use host_tests::{Call, Fault, Flavor, Host, Line, Phone, Setup, cases, line::TALKING};

cases! {
    both:
        case_81_every_error_has_its_text,
        case_83_an_appearance_is_led_through_its_states,
        subscriptions_are_listed_counted_and_shown,
        json_keeps_the_last_line_of_a_text,
        a_text_is_shown_as_the_phone_spelled_it,
        a_list_that_is_too_long_shows_what_fits,
        a_seizure_by_command_makes_a_line,
        all_are_told_when_all_subscriptions_are_deactivated,
        an_appearance_uri_is_set_by_command;
    ours:
        an_entry_that_is_too_long_hides_no_other,
        case_82_bad_arguments_are_refused_and_survived,
        case_84_a_deactivated_seizure_is_told_well,
        lists_are_arrays_of_structures;
}

const AOR: &str = "sip:215@voice.example.com";

#[track_caller]
fn fault(host: &Host, words: &[&str], text: &str) {
    assert_eq!(host.rpc(words), Err(Fault::new(500, text)), "{words:?}");
}

fn case_81_every_error_has_its_text(flavor: Flavor) {
    let host = Host::start(Setup::new(flavor));
    let a = Phone::new(host.address(), "215");
    assert_eq!(host.rpc(&["sca.all_subscriptions"]).unwrap(), "");
    assert_eq!(host.rpc(&["sca.all_appearances"]).unwrap(), "");
    for (command, text) in [
        ("sca.subscribers", "Not yet implemented"),
        ("sca.show_appearance", "Not yet implemented"),
        ("sca.deactivate_subscription", "Not implemented"),
    ] {
        assert_eq!(host.rpc(&[command]), Err(Fault::new(600, text)));
    }
    let count = "usage: sca.subscription_count {call-info | line-seize}";
    fault(&host, &["sca.subscription_count", "presence"], count);
    let show =
        "usage: sca.show_subscription sip:user@domain {call-info | line-seize} [sip:user@IP]";
    fault(&host, &["sca.show_subscription", AOR, "presence"], show);
    assert_eq!(host.rpc(&["sca.show_subscription", AOR, "call-info"]).unwrap(), "");
    let busy = ["sca.update_appearance", AOR, "1", "ringing"];
    fault(&host, &busy, "ringing: invalid state");
    let gone = "Failed to update sip:215@voice.example.com appearance-index 1";
    fault(&host, &["sca.update_appearance", AOR, "1", "active"], gone);
    let release = |index| ["sca.release_appearance", AOR, index];
    fault(&host, &release("0"), "appearance-index must be > 0");
    fault(&host, &release("1"), "No appearances for sip:215@voice.example.com");
    a.subscribe("call-info", 600);
    let free = "sip:215@voice.example.com appearance index 1 is not in use";
    fault(&host, &release("1"), free);
    for (command, usage) in [
        ("sca.subscription_count", count),
        ("sca.show_subscription", show),
        ("sca.seize_appearance", "usage: sca.seize_appearance sip:user@domain"),
        (
            "sca.update_appearance",
            "Usage: sca.update_appearance sip:user@domain appearance-index appearance-state \
             [appearance-uri]",
        ),
        ("sca.release_appearance", "usage: sca.release_appearance user@domain appearance-index"),
    ] {
        fault(&host, &[command], usage);
    }
}

fn case_82_bad_arguments_are_refused_and_survived(flavor: Flavor) {
    let mut line = Line::with(Setup::new(flavor).json());
    line.seized(&line.a, 1);
    let long = format!("sip:{}@voice.example.com", "2".repeat(3000));
    for words in [
        &["sca.update_appearance", AOR, "0", "active"][..],
        &["sca.update_appearance", AOR, "2", "active"],
        &["sca.update_appearance", &long, "1", "active"],
        &["sca.release_appearance", &long, "1"],
        &["sca.show_subscription", &long, "call-info"],
        &["sca.seize_appearance", AOR, "5"],
    ] {
        let fault = line.host.rpc(words).map_err(|fault| fault.code);
        assert_eq!(fault, Err(500), "{words:.60?}");
        line.host.assert_alive();
    }
    let empty = r#"["", "sip:a@b"]"#;
    for (method, params) in [
        ("sca.update_appearance", r#"["sip:215@voice.example.com", "1", "active"]"#),
        ("sca.release_appearance", r#"["sip:215@voice.example.com", "1"]"#),
        ("sca.update_appearance", r#"["sip:215@voice.example.com", -1, "active"]"#),
        ("sca.seize_appearance", empty),
        ("sca.show_subscription", r#"["", "call-info"]"#),
        ("sca.seize_appearance", "[1, 2]"),
        ("sca.seize_appearance", r#"["sip:215@voice.example.com", 5]"#),
        ("sca.subscription_count", r#"[""]"#),
    ] {
        let request =
            format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params},"id":1}}"#);
        let answer = line.host.json(&request);
        let done = answer.contains("\"error\"") || answer.contains("\"result\"");
        assert!(done && (params != empty || answer.contains("\"error\"")), "{request}: {answer}");
        line.host.assert_alive();
    }
    let ours = line.appearances();
    assert_eq!(ours.iter().filter(|one| one.aor == AOR).count(), 1, "{ours:?}");
}

fn case_83_an_appearance_is_led_through_its_states(flavor: Flavor) {
    let line = Line::new(flavor);
    let owner = line.a.contact();
    let text = line.host.rpc(&["sca.seize_appearance", AOR, &owner]).unwrap();
    assert_eq!(text, format!("Seized {AOR} appearance-index 1 for {owner}\n"));
    line.both_see(&["1 seized"]);
    for state in ["progressing", "alerting", "active", "held", "held-private", "seized", "idle"] {
        let words = ["sca.update_appearance", AOR, "1", state];
        assert_eq!(line.host.rpc(&words).unwrap(), "");
        let seen = format!("1 {state}");
        line.both_see(&[&seen]);
        assert_eq!(line.states(), [seen]);
    }
    assert_eq!(line.host.rpc(&["sca.release_appearance", AOR, "1"]).unwrap(), "");
    line.both_see(&[]);
    line.quiet();
    assert_eq!(line.states(), [""; 0]);
}

fn subscriptions_are_listed_counted_and_shown(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let port = |phone: &Phone| phone.contact().rsplit_once(':').unwrap().1.to_owned();
    let (a, b) = (port(&line.a), port(&line.b));
    let mut listed: Vec<_> = line.host.subscriptions();
    listed.sort();
    // Seconds left are fewer when the machine is busy.
    let near = |one: &str| {
        let parts: Vec<_> = one.rsplitn(3, ' ').collect();
        let full = if parts[2].ends_with("line-seize") { 15 } else { 3600 };
        let left: u32 = parts[1].parse().unwrap();
        let left = if (full - 10..=full).contains(&left) { full } else { left };
        format!("{} {left} {}", parts[2], parts[0])
    };
    let mut wanted = [
        format!("215 127.0.0.1:{a} call-info 3600 active"),
        format!("215 127.0.0.1:{b} call-info 3600 active"),
        format!("215 127.0.0.1:{a} line-seize 15 active"),
    ];
    wanted.sort();
    assert_eq!(listed.iter().map(|one| near(one)).collect::<Vec<_>>(), wanted);
    let count = |event| line.host.rpc(&["sca.subscription_count", event]).unwrap();
    assert_eq!(count("call-info"), "2 call-info\n");
    assert_eq!(count("line-seize"), "1 line-seize\n");
    let show = |more: &[&str]| {
        let words = [&["sca.show_subscription", AOR][..], more].concat();
        line.host.rpc(&words).unwrap()
    };
    let shown = show(&["call-info"]);
    let begins = |phone: &Phone| format!("{AOR} call-info {} ", phone.contact());
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with(&begins(&line.b)), "{shown}");
    assert!(lines[1].starts_with(&begins(&line.a)), "{shown}");
    let one = show(&["call-info", &line.a.contact()]);
    let end: u64 = one.strip_prefix(&begins(&line.a)).unwrap().trim().parse().unwrap();
    let now = host_tests::database::now();
    assert!((now + 3590..=now + 3600).contains(&end), "{one} at {now}");
    assert!(show(&["line-seize"]).starts_with(&format!("{AOR} line-seize ")));
}

fn json_keeps_the_last_line_of_a_text(flavor: Flavor) {
    let line = Line::with(Setup::new(flavor).json());
    let ask = |method: &str, params: &str| {
        let text = format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params},"id":7}}"#);
        line.host.json(&text).replace(['\n', '\t', ' '], "")
    };
    let listed = ask("sca.all_subscriptions", "[]");
    assert_eq!(listed.matches("call-info").count(), 1, "{listed}");
    assert!(listed.contains("\"result\":\"215127.0.0.1:"), "{listed}");
    assert!(ask("sca.all_appearances", "[]").contains("\"result\":{}"));
    let seized = ask("sca.seize_appearance", r#"["sip:215@voice.example.com","sip:215@p"]"#);
    assert!(seized.contains("Seizedsip:215@voice.example.comappearance-index1for"), "{seized}");
    let updated = ask("sca.update_appearance", r#"["sip:215@voice.example.com",1,"held"]"#);
    assert!(updated.contains("\"result\":{}"), "{updated}");
    assert_eq!(line.states(), ["1 held"]);
    let fault = ask("sca.release_appearance", r#"["sip:215@voice.example.com",9]"#);
    assert!(fault.contains("appearanceindex9isnotinuse"), "{fault}");
}

fn a_text_is_shown_as_the_phone_spelled_it(flavor: Flavor) {
    let host = Host::start(Setup::new(flavor));
    let phone = Phone::new(host.address(), "215");
    // A letter of Latin-1, which is no UTF-8.
    let contact = phone.contact().replace("sip:215", "sip:J?rg");
    let draft = phone.subscribe_draft("call-info", 600).set("Contact", &format!("<{contact}>"));
    let spelled = |text: &[u8]| -> Vec<u8> {
        text.iter().map(|byte| if *byte == b'?' { 0xfc } else { *byte }).collect()
    };
    phone.send_raw(&spelled(&draft.bytes()));
    phone.notified("call-info");
    let shown = host.printed(&["sca.show_subscription", AOR, "call-info"]);
    let wanted = spelled(format!("{AOR} call-info {contact} ").as_bytes());
    assert!(shown.starts_with(&wanted), "{:?}", String::from_utf8_lossy(&shown));
}

fn a_list_that_is_too_long_shows_what_fits(flavor: Flavor) {
    let host = Host::start(Setup::new(flavor));
    let phone = Phone::new(host.address(), "215");
    let padding = "p".repeat(200);
    for number in 0..200 {
        let line = format!("sip:{number}{padding}@voice.example.com");
        let contact = format!("<{};n={number}>", phone.contact());
        let draft = phone.subscribe_draft("call-info", 600).uri(&line).set("Contact", &contact);
        assert_eq!(phone.ask(&draft).status(), 202, "{number}");
    }
    let shown = host.rpc(&["sca.all_subscriptions"]).unwrap();
    let lines = shown.lines().count();
    assert!((100..200).contains(&lines), "{lines} of 200 lines");
    assert!(shown.lines().all(|line| line.ends_with(" active")), "{shown}");
}

/// The transport takes 1024 bytes a line.
fn an_entry_that_is_too_long_hides_no_other(flavor: Flavor) {
    let host = Host::start(Setup::new(flavor));
    let long = format!("sip:a@192.0.2.1;p={}", "p".repeat(1500));
    for index in 1..=2 {
        let text = host.rpc(&["sca.seize_appearance", AOR, &long]).unwrap();
        let wanted = format!("Seized {AOR} appearance-index {index} for sip:a@192.0.2.1;p=p");
        assert!(text.starts_with(&wanted), "{text}");
    }
    host.rpc(&["sca.seize_appearance", AOR, "sip:b@192.0.2.1"]).unwrap();
    let shown = host.rpc(&["sca.all_appearances"]).unwrap();
    let shown: Vec<_> = shown.lines().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(shown, ["1", "2", "3"]);
}

fn a_seizure_by_command_makes_a_line(flavor: Flavor) {
    let host = Host::start(Setup::new(flavor));
    let owner = "sip:a@192.0.2.1";
    for index in 1..=2 {
        let text = host.rpc(&["sca.seize_appearance", "sip:new@h", owner]).unwrap_or_default();
        assert!(text.is_empty() || text.contains(&format!("appearance-index {index} ")), "{text}");
    }
    let made = host.appearances();
    assert_eq!(made.len(), 2);
    assert_eq!((&*made[1].aor, &*made[1].index, &*made[1].owner), ("sip:new@h", "2", owner));
}

fn all_are_told_when_all_subscriptions_are_deactivated(flavor: Flavor) {
    let line = Line::with(Setup::new(flavor).sca("purge_expired_interval", 2));
    let text = line.host.rpc(&["sca.deactivate_all_subscriptions"]).unwrap();
    for phone in [&line.a, &line.b] {
        let told = format!("Deactivating call-info subscription from {}", phone.contact());
        assert!(text.lines().any(|line| line == told), "{text}");
        let notify = phone.notified("call-info");
        assert_eq!(notify.header("Subscription-State"), "terminated;reason=deactivated");
    }
    assert_eq!(text.lines().count(), 2);
    host_tests::wait::until("the purge", host_tests::wait::PATIENCE, || {
        line.host.subscriptions().is_empty().then_some(())
    });
}

fn case_84_a_deactivated_seizure_is_told_well(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    line.host.rpc(&["sca.deactivate_all_subscriptions"]).unwrap();
    let ended = "terminated;reason=deactivated";
    let seize = line.a.notified("line-seize");
    assert_eq!(seize.header("Subscription-State"), ended);
    assert_eq!(seize.line("Call-Info"), "Call-Info: <sip:voice.example.com>;appearance-index=1");
    for phone in [&line.a, &line.b] {
        assert_eq!(phone.notified("call-info").header("Subscription-State"), ended);
    }
    // Seized lines are not given back.
    assert_eq!(line.states(), ["1 seized"]);
}

fn an_appearance_uri_is_set_by_command(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let words = ["sca.update_appearance", AOR, "1", "active", "sip:7@h"];
    assert_eq!(line.host.rpc(&words).unwrap(), "");
    line.both_see(&["1 active <sip:7@h>"]);
}

fn lists_are_arrays_of_structures(flavor: Flavor) {
    let line = Line::with(Setup::new(flavor).json());
    line.seized(&line.a, 1);
    let mut call = Call::dial(&line.a, &line.x, |invite| invite.index(1));
    call.answer();
    line.both_come_to_see(&[TALKING]);
    let ask = |method: &str, params: &str| {
        let text = format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params},"id":7}}"#);
        line.host.json(&text).replace(['\n', '\t', ' '], "")
    };
    let all = ask("sca.list_subscriptions", "[]");
    assert!(all.contains("\"result\":[{"), "{all}");
    for phone in [&line.a, &line.b] {
        assert!(all.contains(&phone.contact()), "{all}");
    }
    assert_eq!(all.matches("call-info").count(), 2, "{all}");
    let one = ask("sca.list_appearances", &format!("[\"{AOR}\"]"));
    assert!(one.contains("\"result\":[{"), "{one}");
    for part in [AOR, "active", &line.a.contact(), &line.x.contact(), &call.caller.call_id] {
        assert!(one.contains(part), "no {part} in {one}");
    }
    let none = ask("sca.list_appearances", "[\"sip:nobody@h\"]");
    assert!(!none.contains(AOR), "{none}");
    // kamcmd shows the same.
    let text = line.host.rpc(&["sca.list_subscriptions"]).unwrap();
    assert!(text.contains(&line.a.contact()) && text.contains(&line.b.contact()), "{text}");
}
