//! Counters, and the ways of telling contacts apart.

use host_tests::{
    Draft,
    diameter::{
        Avps as _,
        hss::{Mood, SERVER_ASSIGNMENT, UNABLE_TO_COMPLY},
    },
    mixed,
    scscf::{Lab, Mix, Plan, Ue, Watcher, bindings, rc},
};

mixed! {
    all:
        r_78_registrations_are_counted,
        u_16_contacts_are_told_apart_by_their_addresses;
    registrar:
        r_81_contacts_are_told_apart_by_their_calls,
        r_82_contacts_are_told_apart_by_their_ways,
        r_82_a_contact_leaves_by_the_way_that_it_came,
        bounds_can_be_changed_at_runtime,
        r_77_every_other_setting_can_be_changed_at_runtime,
        of_bounds_that_leave_nothing_the_longest_counts,
        settings_that_make_no_sense_are_put_right_as_the_log_says,
        a_name_of_the_server_that_breaks_messages_is_put_right;
    usrloc:
        u_16_a_way_that_does_not_exist_is_refused_at_the_start;
}

fn r_78_registrations_are_counted(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.register(&bob, 600);
    lab.register(&bob, 600);
    lab.hss.set(SERVER_ASSIGNMENT, Mood::Refuse(UNABLE_TO_COMPLY));
    assert_eq!(carol.ask(&carol.register(600)).status(), 500);
    let counts = ["accepted_regs", "rejected_regs", "sar_replies_received", "sar_timeouts"];
    assert_eq!(counts.map(|name| lab.counted(name)), [2, 1, 3, 0]);
    let all = lab.host.rpc(&["stats.get_statistics", "ims_registrar_scscf:"]).unwrap();
    for name in [
        "max_expires",
        "max_contacts",
        "default_expire",
        "default_expires_range",
        "sar_avg_response_time",
        "sar_replies_response_time",
        "notifies_in_q",
    ] {
        assert!(all.contains(&format!("ims_registrar_scscf:{name}")), "{name} in {all}");
    }
    assert_eq!((lab.counted("default_expire"), lab.counted("max_expires")), (3600, 600_000));
    let spent = lab.counted("sar_replies_response_time");
    assert!(lab.counted("sar_avg_response_time") <= spent.max(1));
}

fn bounds_can_be_changed_at_runtime(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let granted = |expires: u32| bindings(&lab.register(&bob, expires))[0].expires;
    assert_eq!(granted(5000), 5000);
    let group = "registrar";
    lab.host.rpc(&["cfg.seti", group, "max_expires", "200"]).unwrap();
    assert_eq!(granted(5000), 200);
    lab.host.rpc(&["cfg.seti", group, "min_expires", "100"]).unwrap();
    assert_eq!(granted(70), 100);
    lab.host.rpc(&["cfg.seti", group, "default_expires", "150"]).unwrap();
    let reply = bob.ask(&bob.register(0).without("Expires"));
    assert_eq!(bindings(&reply)[0].expires, 150);
}

fn r_77_every_other_setting_can_be_changed_at_runtime(mix: Mix) {
    for group in ["registrar", "ims_registrar_scscf"] {
        let lab = Plan::new(mix).exact().start();
        let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
        let set = |name: &str, value: u32| {
            lab.host.rpc(&["cfg.seti", group, name, &value.to_string()]).unwrap();
        };
        let bound = |params: &str, expires: &str| {
            let draft = bob.register(600).set("Contact", &contact(&bob, params));
            let reply = bob.ask(&draft.set("Expires", expires));
            let [bound] = bindings(&reply).try_into().unwrap();
            bound
        };
        assert!(!bound("", "1000").has("q=0.5"));
        set("default_q", 500);
        assert!(bound("", "1000").has("q=0.5"), "{group}");
        set("default_expires_range", 50);
        let times = [(); 12].map(|()| bound("", "1000").expires);
        assert!(times.iter().all(|time| (500..=1000).contains(time)), "{group}: {times:?}");
        assert!(times.iter().any(|time| *time < 1000), "{group}: {times:?}");
        set("default_expires_range", 0);
        lab.leave(&bob);
        set("em_default_expires", 250);
        set("em_max_expires", 300);
        set("em_min_expires", 200);
        let emergency = |time: &str| {
            let uri = bob.contact().replace("sip:bob", "sip:sos") + ";sos";
            let draft = bob.register(600).set("Contact", &format!("<{uri}>"));
            bindings(&bob.ask(&draft.set("Expires", time)))[0].expires
        };
        assert_eq!(["x", "100", "900"].map(emergency), [250, 200, 300], "{group}");
        lab.register(&bob, 600);
        let found = |uri: &str| rc(&carol.ask(&carol.calling("term_contact").uri(uri)));
        assert_eq!(found("sip:BOB@ims.test"), 1, "{group}");
        set("case_sensitive", 2);
        assert_eq!((found("sip:BOB@ims.test"), found("sip:bob@ims.test")), (-1, 1), "{group}");
        assert_eq!(found("sip:bob@as.ims.test"), -1, "{group}");
        lab.host.rpc(&["cfg.sets", group, "realm_pref", "as."]).unwrap();
        assert_eq!(found("sip:bob@as.ims.test"), 1, "{group}");
        set("max_contacts", 5);
        assert_eq!(lab.counted("max_contacts"), 5, "{group}");
        set("retry_after", 7);
        lab.hss.set(SERVER_ASSIGNMENT, Mood::Refuse(UNABLE_TO_COMPLY));
        let refused = carol.ask(&carol.register(600));
        assert_eq!((refused.status(), refused.header("Retry-After")), (500, "7"), "{group}");
    }
}

/// A value of Contact with the address of `ue` and these parameters.
fn contact(ue: &Ue, params: &str) -> String {
    format!("<{}>{params}", ue.contact())
}

/// A REGISTER within `call`.
fn within(ue: &Ue, call: &str) -> Draft {
    ue.register(600).set("Call-ID", call)
}

fn r_81_contacts_are_told_apart_by_their_calls(mix: Mix) {
    let mut lab = Plan::new(mix).usrloc("matching_mode", 1).exact().start();
    let bob = lab.ue("bob");
    for _ in 0..2 {
        let reply = bob.ask(&within(&bob, "one"));
        assert_eq!((reply.status(), bindings(&reply).len()), (200, 1), "{reply:?}");
    }
    assert_eq!(lab.stored("active_contacts"), 1);
    assert_eq!(bob.ask(&within(&bob, "two")).status(), 200);
    assert_eq!(lab.stored("active_contacts"), 2);
    assert!(lab.finds(&bob, "bob"));
    lab.host.assert_alive();
}

fn r_82_contacts_are_told_apart_by_their_ways(mix: Mix) {
    let mut lab = Plan::new(mix).usrloc("matching_mode", 2).exact().start();
    let bob = lab.ue("bob");
    let through = |way: &str| bob.register(600).add("Path", way).add("Supported", "path");
    for _ in 0..2 {
        let reply = bob.ask(&through("<sip:one@127.0.0.1;lr>"));
        assert_eq!((reply.status(), bindings(&reply).len()), (200, 1), "{reply:?}");
    }
    assert_eq!(lab.stored("active_contacts"), 1);
    assert_eq!(bob.ask(&through("<sip:two@127.0.0.1;lr>")).status(), 200);
    assert_eq!(lab.stored("active_contacts"), 2);
    assert!(lab.finds(&bob, "bob"));
    lab.host.assert_alive();
}

fn r_82_a_contact_leaves_by_the_way_that_it_came(mix: Mix) {
    const ONE: &str = "<sip:one@127.0.0.1;lr>";
    const TWO: &str = "<sip:two@127.0.0.1:5099;lr>";
    let lab = Plan::new(mix).usrloc("matching_mode", 2).exact().start();
    let bob = lab.ue("bob");
    let through = |way: &str, seconds: u32| bob.ask(&bob.register(seconds).add("Path", way));
    assert_eq!([through(ONE, 600), through(TWO, 600)].map(|reply| reply.status()), [200, 200]);
    assert_eq!(lab.stored("active_contacts"), 2);
    assert_eq!(through(ONE, 0).status(), 200);
    lab.wait_contacts(1);
    let way = lab.looked_up(&bob, &bob.identity()).expect("the other way");
    assert_eq!(way.header("X-Du"), TWO.trim_matches(['<', '>']));
    // Whoever leaves without a way leaves by all of them.
    assert_eq!(lab.leave(&bob).status(), 200);
    assert!(!lab.finds(&bob, "bob"));
}

fn u_16_contacts_are_told_apart_by_their_addresses(mix: Mix) {
    for mode in [0, 3] {
        let lab = Plan::new(mix).usrloc("matching_mode", mode).exact().start();
        let bob = lab.ue("bob");
        lab.register(&bob, 600);
        lab.register(&bob, 600);
        assert_eq!(lab.stored("active_contacts"), 1, "{mode}");
        let other = lab.ue("bob");
        lab.register(&other, 600);
        assert_eq!(lab.stored("active_contacts"), 2, "{mode}");
        lab.leave(&bob);
        lab.wait_contacts(1);
    }
}

fn u_16_a_way_that_does_not_exist_is_refused_at_the_start(mix: Mix) {
    let log = Plan::new(mix).usrloc("matching_mode", 9).refused();
    assert!(log.contains("matching_mode"), "{log}");
}

fn of_bounds_that_leave_nothing_the_longest_counts(mix: Mix) {
    let mut lab = Plan::new(mix).registrar("max_expires", 4000).exact().start();
    let bob = lab.ue("bob");
    let granted = |expires: u32| bindings(&lab.register(&bob, expires))[0].expires;
    let set = |name: &str, value: &str| {
        lab.host.rpc(&["cfg.seti", "ims_registrar_scscf", name, value]).unwrap();
    };
    set("min_expires", "5000");
    assert_eq!([granted(10), granted(9000)], [4000, 4000]);
    let told = "the shortest lifetime is 5000 s";
    assert!(lab.host.journal().text().contains(told));
    // With the other one they make sense together.
    set("max_expires", "6000");
    assert_eq!([granted(10), granted(9000)], [5000, 6000]);
    lab.host.assert_alive();
}

fn settings_that_make_no_sense_are_put_right_as_the_log_says(mix: Mix) {
    let numbers = [
        ("default_expires", -1, "must be 0 or more: 0 counts"),
        ("em_max_expires", -1, "must be 0 or more: 0 counts"),
        ("default_expires_range", 101, "must be 0 to 100: 100 counts"),
        ("retry_after", -1, "must be 0 or more: 0 counts"),
        ("path_mode", 7, "must be 0, 1 or 2: 1 counts"),
        ("error_reply_code", 99, "must be 200 to 699: 500 counts"),
        ("notification_processes", 0, "must be 1 to 512: 1 counts"),
        ("subscription_expires_range", 101, "must be 0 to 100: 100 counts"),
        ("subscription_min_expires", -1, "must be 0 or more: 0 counts"),
    ];
    let texts = [
        ("cxdx_dest_realm", "ims .test", "\"ims.test\" counts"),
        ("received_param", "", "\"received\" counts"),
    ];
    let plan =
        numbers.iter().fold(Plan::new(mix), |plan, (name, value, _)| plan.registrar(name, *value));
    let plan = texts.iter().fold(plan, |plan, (name, value, _)| plan.registrar(name, *value));
    let lab = plan.start();
    let log = lab.host.journal().text();
    for (name, value, said) in numbers {
        let line = format!("modparam {name} is {value}, {said}");
        assert!(log.contains(&line), "{line} in {log}");
    }
    for (name, value, said) in texts {
        let line =
            format!("modparam {name} is {value:?}, and cannot stand in a message so: {said}");
        assert!(log.contains(&line), "{line} in {log}");
    }
    // It serves as with those numbers.
    let bob = lab.ue("bob");
    let (reply, _, asked) = lab.assigned(&bob, &bob.register(600));
    assert_eq!((reply.status(), asked.avps.text(283)), (200, "ims.test".to_owned()));
    assert!((0..=600).contains(&bindings(&reply)[0].expires));
    lab.hss.set(SERVER_ASSIGNMENT, Mood::Refuse(UNABLE_TO_COMPLY));
    let refused = bob.ask(&bob.register(600));
    assert_eq!((refused.status(), refused.find("Retry-After")), (500, None));
    assert!(Watcher::own(&bob).begins(600).subscription().starts_with("active"));
}

fn a_name_of_the_server_that_breaks_messages_is_put_right(mix: Mix) {
    let plan = Plan::new(mix);
    let name = format!("sip:{}", plan.address());
    let lab = plan.registrar("scscf_name", format!(" <{name}> ")).start();
    let bob = lab.ue("bob");
    let reply = lab.register(&bob, 600);
    assert_eq!(reply.header("Service-Route"), lab.service_route());
    assert!(lab.host.journal().text().contains(&format!("{name:?} counts")));
}
