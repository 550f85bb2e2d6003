//! What goes wrong stays in one call: panics, memory that is used up, input that is too long.

use crate::start::{call, setup, start, told};
use host_tests::{Fault, Phone, wait::until};
use std::time::Duration;

/// The number of calls after each fault: enough to meet every worker.
const CALLS: usize = 8;

#[test]
fn a_panic_in_a_function_fails_the_call_and_says_where_it_was() {
    let mut host = start(setup("probe_panic();"));
    for _ in 0..CALLS {
        assert_eq!(call(&host), "rc -1");
    }
    let text = "CRITICAL: probe: probe::functions::panic: panic: on purpose in a function";
    told(&host, text, CALLS);
    told(&host, "CRITICAL: probe: panic at ", CALLS);
    told(&host, "src/functions.rs:", CALLS);
    host.assert_alive();
}

#[test]
fn a_panic_under_a_lock_leaves_the_lock_free() {
    let mut host = start(setup("probe_panic_locked();"));
    for _ in 0..CALLS {
        assert_eq!(call(&host), "rc -1");
    }
    // Every process needs the lock for this.
    assert!(host.rpc(&["probe.lock"]).unwrap().trim().parse::<usize>().unwrap() > CALLS);
    host.assert_alive();
}

#[test]
fn a_panic_in_a_variable_is_no_value() {
    let mut host = start(setup("sl_send_reply(\"200\", \"is $probes(panic)\"); exit;"));
    for _ in 0..CALLS {
        assert_eq!(call(&host), "is <null>");
    }
    host.assert_alive();
}

#[test]
fn a_panic_in_a_command_is_a_fault() {
    let mut host = start(setup(""));
    for _ in 0..CALLS {
        let fault = host.rpc(&["probe.panic"]).unwrap_err();
        assert_eq!(fault, Fault::new(500, "internal error"));
    }
    host.assert_alive();
}

#[test]
fn a_panic_in_a_statistic_is_a_zero() {
    let mut host = start(setup(""));
    let text = host.rpc(&["stats.get_statistics", "probe:"]).unwrap();
    assert!(text.contains("probe:panic = 0"), "{text}");
    host.assert_alive();
}

#[test]
fn full_shared_memory_is_a_value_and_everything_comes_back() {
    for manager in ["qm", "fm", "tlsf"] {
        let mut setup = setup("probe_fill(\"4000\");");
        setup.manager = manager;
        setup.shared = 8;
        let mut host = start(setup);
        call(&host);
        let before = host.shared_memory();
        for _ in 0..3 {
            assert_eq!(call(&host), "rc 1", "{manager}");
        }
        let after = host.shared_memory();
        // Transactions of the calls themselves may still lie there.
        assert!(after.abs_diff(before) < 100_000, "{manager}: {before} then {after}");
        let line = "out of shared memory after ";
        told(&host, line, 4);
        host.assert_alive();
    }
}

#[test]
fn full_private_memory_fails_calls_and_ends_nothing() {
    // Changes to a message lie in private memory until it has been worked on.
    let fill = |bytes: usize| {
        let header = format!("X-Fill: {}\\r\\n", "x".repeat(bytes));
        format!("while (1) {{ if (!append_hf(\"{header}\")) {{ break; }} }}\n")
    };
    let mut setup = setup(&format!(
        "if ($rU == \"full\") {{\n{}{}{}probe_change();\nprobe_notify();\n\
         probe_join(\"$var(n)\", \"$probes(text)\");\nexit;\n}}\nprobe_change();",
        fill(4_000),
        fill(200),
        fill(0)
    ));
    setup.private = 4;
    let mut host = start(setup.global("max_while_loops=100000"));
    let phone = Phone::new(host.address(), "alice");
    for calls in 1..=CALLS {
        phone.send(&phone.request("OPTIONS", "sip:full@voice.example.com"));
        until("a call that failed", Duration::from_secs(10), || {
            let failed = host.journal().count("ERROR: probe: probe::services::change: out of ");
            (failed >= calls).then_some(())
        });
        assert_eq!(call(&host), "rc 1");
    }
    host.assert_alive();
}

#[test]
fn a_huge_or_deep_message_is_taken_or_refused_and_ends_nothing() {
    let mut host = start(setup("probe_join(\"$mb\", \"$hdr(X-Long)\", \"$fu\", \"$tu\");"));
    let phone = Phone::new(host.address(), "alice");
    let uri = "sip:alice@voice.example.com";
    let plain = || phone.request("OPTIONS", uri);
    phone.send(&plain().add("X-Long", &"x".repeat(30_000)));
    phone.send(&plain().set("From", &format!("{}<sip:a@b>;tag=1", "\"".repeat(9_001))));
    phone.send(&plain().set("To", &format!("<sip:{}@b>", "(".repeat(20_000))));
    phone.send(&plain().set("To", &format!("<sip:a@b>{}", ";p".repeat(15_000))));
    let via = "SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx";
    phone.send(&(0..600).fold(plain(), |draft, _| draft.add("Via", via)));
    phone.send_raw(&[0; 20_000]);
    phone.send_raw(b"OPTIONS \xff\xfe SIP/2.0\r\n\r\n");
    for _ in 0..CALLS {
        assert!(call(&host).starts_with("rc "), "{}", host.journal().tail(20));
    }
    host.assert_alive();
}
