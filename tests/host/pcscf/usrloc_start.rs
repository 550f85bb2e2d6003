//! Parameters of `ims_usrloc_pcscf`, its domains and what it says of itself.

use host_tests::{
    Version,
    install::install,
    mixed,
    pcscf::{Lab, Mix, Plan},
    rpc::number,
    wait::{PATIENCE, until},
};
use std::{fs, thread::sleep, time::Duration};

mixed! {
    all:
        u_01_an_empty_domain_is_listed,
        u_02_the_size_is_a_power_of_two,
        u_03_a_pending_contact_is_counted_and_listed,
        u_04_two_contacts_of_one_address_are_counted,
        u_05_every_domain_is_listed_and_counted,
        u_12_an_unknown_parameter_is_refused,
        u_13_the_debug_file_is_written_at_every_turn_of_the_timer;
    usrloc:
        u_10_the_stock_usrloc_beside_it_is_an_answer_not_a_riddle,
        u_11_retired_parameters_are_taken,
        u_11_retired_parameters_have_bounds,
        u_14_a_debug_file_that_cannot_be_written_is_named,
        u_02_a_size_beyond_all_bounds_is_the_default_one,
        u_07_times_below_their_bounds_are_those_bounds;
}

/// Whether `ulpcscf.status` lists contacts: ours answers as the C module of the host's release.
fn lists() -> bool {
    install().version() >= Version(5, 7)
}

fn status(lab: &Lab) -> String {
    lab.host.rpc(&["ulpcscf.status"]).unwrap()
}

fn u_01_an_empty_domain_is_listed(mix: Mix) {
    let lab = Plan::new(mix).with(|setup| setup.json()).start();
    let wanted = "{\n\tDomain: location\n\tSize: 512\n\tAoRs: {\n\t\tStats: {\n\t\t\tRecords: 0\n\
                  \t\t\tMax-Slots: 0\n\t\t}\n\t}\n}\n";
    assert_eq!(status(&lab).trim_end(), wanted.trim_end());
    let json = lab.host.json("{\"jsonrpc\":\"2.0\",\"method\":\"ulpcscf.status\",\"id\":1}");
    let flat: String = json.split_whitespace().collect();
    let wanted = "\"result\":{\"Domain\":\"location\",\"Size\":512,\
                  \"AoRs\":{\"Stats\":{\"Records\":0,\"Max-Slots\":0}}}";
    assert!(flat.contains(wanted), "{json}");
}

fn u_02_the_size_is_a_power_of_two(mix: Mix) {
    for (given, size) in [(0, 512), (1, 512), (-3, 512), (2, 4), (3, 8), (16, 65_536)] {
        let lab = Plan::new(mix).usrloc("hash_size", given).start();
        assert_eq!(number(&status(&lab), "Size:"), size, "hash_size {given}");
        let alice = lab.ue("alice");
        lab.register(&alice);
        assert!(alice.is_registered(), "hash_size {given}");
    }
}

fn u_03_a_pending_contact_is_counted_and_listed(mix: Mix) {
    let lab = Lab::start(mix);
    let alice = lab.ue("alice");
    lab.relayed(&alice, &alice.register(600));
    let text = status(&lab);
    assert_eq!((number(&text, "Records:"), number(&text, "Max-Slots:")), (1, 1), "{text}");
    if lists() {
        let listed = format!("AoR: {}\n\t\tState: registration pending\n", alice.contact());
        assert!(text.contains(&listed) && text.contains("Path: <null string>"), "{text}");
        assert!((28..=30).contains(&number(&text, "Expires:")), "{text}");
    } else {
        assert!(!text.contains("AoR:"), "{text}");
    }
    if let Some(record) = lab.record() {
        assert_eq!((record.aor, &*record.state), (alice.contact(), "registration pending"));
    }
}

fn u_04_two_contacts_of_one_address_are_counted(mix: Mix) {
    let lab = Lab::start(mix);
    for user in ["alice", "bob"] {
        let ue = lab.ue(user);
        lab.relayed(&ue, &ue.register(600));
    }
    let text = status(&lab);
    assert_eq!((number(&text, "Records:"), number(&text, "Max-Slots:")), (2, 2), "{text}");
}

fn u_05_every_domain_is_listed_and_counted(mix: Mix) {
    let other = "if ($hdr(X-Never) != $null) pcscf_save(\"second\");";
    let lab = Plan::new(mix).with(|setup| setup.word("{saved}", other)).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    let text = status(&lab);
    let names: Vec<_> =
        text.lines().filter_map(|line| line.trim().strip_prefix("Domain: ")).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["location", "second"], "{text}");
    assert_eq!(lab.statistic("usrloc", "location_contacts"), 1);
    assert_eq!(lab.statistic("usrloc", "second_contacts"), 0);
    assert_eq!(lab.statistic("usrloc", "second_expires"), 0);
    assert_eq!(lab.statistic("ims_usrloc_pcscf", "registered_contacts"), 1);
}

fn u_10_the_stock_usrloc_beside_it_is_an_answer_not_a_riddle(mix: Mix) {
    let plan = |mix| {
        Plan::new(mix).with(|setup| {
            let unused = "route[UNUSED] {\n    lookup(\"location\");\n}\n";
            setup.module("usrloc").module("registrar").word("# The second half.\n", unused)
        })
    };
    // Both want counters of the same names; whoever comes second must say so, or live with it.
    let lab = plan(mix).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert!(alice.is_registered());
    assert_eq!(lab.statistic("ims_usrloc_pcscf", "registered_contacts"), 1);
}

fn u_11_retired_parameters_are_taken(mix: Mix) {
    for (hashing, received) in [(0, 1), (1, 0), (2, 1)] {
        let plan = Plan::new(mix)
            .usrloc("hashing_type", hashing)
            .usrloc("lookup_check_received", received);
        let lab = plan.start();
        let alice = lab.ue("alice");
        lab.register(&alice);
        assert!(alice.is_registered(), "hashing_type {hashing}");
    }
}

fn u_11_retired_parameters_have_bounds(mix: Mix) {
    for (name, value) in [("hashing_type", 3), ("hashing_type", -1), ("lookup_check_received", 2)] {
        let log = Plan::new(mix).usrloc(name, value).refused();
        let told = log.lines().any(|line| line.contains(name) && line.contains(&value.to_string()));
        assert!(told, "{name} {value}: {log}");
    }
}

fn u_12_an_unknown_parameter_is_refused(mix: Mix) {
    let log = Plan::new(mix).usrloc("hash_sise", 9).refused();
    assert!(log.contains("hash_sise"), "{log}");
}

fn u_13_the_debug_file_is_written_at_every_turn_of_the_timer(mix: Mix) {
    let lab = Plan::new(mix)
        .aging(3600)
        .usrloc("enable_debug_file", 1)
        .usrloc("usrloc_debug_file", "{folder}/debug")
        .start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    let file = lab.host.folder().join("debug");
    // A turn that saw the contact.
    let block = until("a debug file with one contact", PATIENCE, || {
        let text = fs::read_to_string(&file).ok()?;
        let blocks = text.split("===Domain list===\n");
        blocks
            .map(str::to_owned)
            .find(|block| block.contains("/1)") && block.ends_with("===/Domain list===\n"))
    });
    let lines: Vec<_> = block.lines().collect();
    let [domain, name, size, table, none, nor, slots, end @ ..] = &lines[..] else {
        panic!("{block}")
    };
    assert_eq!([*domain, *name, *size], ["---Domain---", "name : 'location'", "size : 512"]);
    assert!(table.starts_with("table: 0x") && none.is_empty() && nor.is_empty(), "{block}");
    assert_eq!(end, ["", "---/Domain---", "===/Domain list==="], "{block}");
    let slot = slots.strip_prefix("Max slot: 1 (").and_then(|rest| rest.strip_suffix("/1)"));
    let slot: u32 = slot.and_then(|slot| slot.parse().ok()).unwrap_or_else(|| panic!("{block}"));
    assert!((1..512).contains(&slot), "127.0.0.1 is not in the first slot: {block}");
}

fn u_14_a_debug_file_that_cannot_be_written_is_named(mix: Mix) {
    let log = Plan::new(mix)
        .usrloc("enable_debug_file", 1)
        .usrloc("usrloc_debug_file", "{folder}/none/debug")
        .refused();
    assert!(log.contains("/none/debug"), "{log}");
    assert!(!log.contains("signal"), "{log}");
}

fn u_02_a_size_beyond_all_bounds_is_the_default_one(mix: Mix) {
    for size in [25, 33, 1_000_000] {
        let lab = Plan::new(mix).usrloc("hash_size", size).start();
        assert!(status(&lab).contains("Size: 512"), "{size}: {}", status(&lab));
        let told = format!("hash_size is {size}, must be at most 24");
        assert_eq!(lab.host.journal().count(&told), 1, "{size}");
    }
}

fn u_07_times_below_their_bounds_are_those_bounds(mix: Mix) {
    let plan = Plan::new(mix).usrloc("timer_interval", 0).usrloc("expires_grace", -5);
    let lab = plan.registrar("pending_reg_expires", 2).start();
    for told in ["timer_interval is 0, must be 1", "expires_grace is -5, must be 0"] {
        assert_eq!(lab.host.journal().count(told), 1, "{told}");
    }
    let alice = lab.ue("alice");
    lab.relayed(&alice, &alice.register(600));
    // Not before its time, and not much after it.
    sleep(Duration::from_millis(900));
    assert_eq!(lab.count(), 1);
    lab.wait_count(0, Duration::from_secs(4));
}
