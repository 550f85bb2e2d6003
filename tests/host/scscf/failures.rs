//! What the S-CSCF does when something that it needs is missing: memory, processes, the HSS.

use host_tests::{
    diameter::hss::{Mood, SERVER_ASSIGNMENT},
    mixed,
    process::output,
    scscf::{Lab, Mix, Plan},
    steady,
    wait::{PATIENCE, until},
};
use std::{process::Command, time::Duration};

mixed! {
    registrar:
        registrations_without_end_leave_no_memory_behind,
        attempts_that_fail_leave_no_memory_behind,
        clients_that_come_and_go_leave_no_memory_behind,
        an_hss_that_goes_while_it_is_asked_costs_that_request,
        without_an_hss_nothing_is_left_behind;
    usrloc:
        u_32_a_server_that_lost_a_worker_starts_again;
    ours:
        // What the C registrar makes of it is chance.
        full_memory_costs_requests_and_not_the_server;
}

fn short(mix: Mix) -> Lab {
    Plan::new(mix).steady().start()
}

fn registrations_without_end_leave_no_memory_behind(mix: Mix) {
    let lab = short(mix);
    let ues: Vec<_> = (0..4).map(|number| lab.ue(&format!("user{number}"))).collect();
    steady::flat(&lab.host, 500, |_| {
        std::thread::scope(|scope| {
            for ue in &ues {
                scope.spawn(|| lab.register(ue, 600));
            }
        });
    });
    assert_eq!(lab.stored("active_contacts"), 4);
}

fn clients_that_come_and_go_leave_no_memory_behind(mix: Mix) {
    let lab = short(mix);
    let ues: Vec<_> = (0..4).map(|number| lab.ue(&format!("user{number}"))).collect();
    steady::flat(&lab.host, 400, |number| {
        std::thread::scope(|scope| {
            for ue in &ues {
                scope.spawn(|| {
                    lab.register(ue, 600);
                    let own = format!("<{}>", ue.identity());
                    let draft = ue.draft("SUBSCRIBE", &ue.identity()).add("Event", "reg");
                    let draft = draft.add("P-Asserted-Identity", &own);
                    if number % 10 == 0 {
                        ue.ask(&draft.add("Expires", "2"));
                    }
                    lab.leave(ue);
                    ue.notifies();
                });
            }
        });
    });
    lab.wait_empty();
}

fn attempts_that_fail_leave_no_memory_behind(mix: Mix) {
    let lab = short(mix);
    let bob = lab.ue("bob");
    let moods =
        [Mood::Refuse(5012), Mood::RefuseExperimentally(5001), Mood::Refuse(3004), Mood::Serve];
    steady::flat(&lab.host, 400, |number| {
        lab.hss.set(SERVER_ASSIGNMENT, moods[usize::try_from(number).unwrap() % moods.len()]);
        let broken = bob.register(600).set("Contact", &format!("<{}>;q=x", bob.contact()));
        assert!(bob.ask(&broken).status() >= 400);
        assert!(bob.ask(&bob.register(600)).status() >= 200);
        assert!(bob.ask(&bob.register(0)).status() >= 200);
    });
}

fn without_an_hss_nothing_is_left_behind(mix: Mix) {
    let lab = short(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    lab.leave(&bob);
    lab.wait_empty();
    let before = steady::at_rest(&lab.host);
    let hss = lab.hss.clone();
    hss.away(|| {
        lab.closed();
        for _ in 0..200 {
            assert!(bob.ask(&bob.register(600)).status() >= 500);
        }
    });
    lab.connected();
    let after = steady::at_rest(&lab.host);
    assert!(after.0 < before.0 + 32 * 1024, "shared memory {} -> {}", before.0, after.0);
}

fn u_32_a_server_that_lost_a_worker_starts_again(mix: Mix) {
    let mut lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let main = lab.host.pid().to_string();
    let children = output(Command::new("pgrep").args(["-P", &main]));
    let worker = children.lines().nth(1).unwrap().to_owned();
    for _ in 0..20 {
        bob.send(&bob.register(600));
    }
    output(Command::new("kill").args(["-9", &worker]));
    // A server that lost a process ends: what it held is not known to anybody.
    std::thread::sleep(Duration::from_millis(500));
    lab.host.kill9();
    lab.host.again();
    lab.connected();
    lab.register(&bob, 600);
    assert!(lab.finds(&bob, "bob"));
}

fn full_memory_costs_requests_and_not_the_server(mix: Mix) {
    let plan = Plan::new(mix).short(1).with(|mut setup| {
        setup.shared = 16;
        setup.manager = "fm";
        setup.param("tm", "wt_timer", 500)
    });
    let mut lab = plan.start();
    let alice = lab.ue("alice");
    lab.register(&alice, 600);
    let flooder = lab.ue("flooder");
    let mut refused = 0;
    let mut number = 0;
    // More than fit at any time.
    while refused < 50 && number < 30_000 {
        number += 1;
        let user = format!("sip:flood{number}@ims.test");
        let draft = flooder.register(20).set("To", &format!("<{user}>"));
        let contact = format!("<sip:{number}@{};x={}>", flooder.local(), "y".repeat(400));
        let draft = draft.set("Contact", &contact);
        flooder.send(&draft);
        let call = draft.find("Call-ID");
        let reply = flooder
            .wait(Duration::from_secs(3), |it| it.status() >= 200 && it.find("Call-ID") == call);
        if reply.is_none_or(|reply| reply.status() >= 400) {
            refused += 1;
        }
    }
    assert!(refused > 0, "{number} fit into the memory");
    lab.host.assert_alive();
    until("room", PATIENCE * 6, || (alice.ask(&alice.register(600)).status() == 200).then_some(()));
    lab.wait_contacts_within(1, Duration::from_secs(60));
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    assert!(lab.finds(&alice, "bob") && lab.finds(&bob, "alice"));
    lab.host.assert_alive();
}

fn an_hss_that_goes_while_it_is_asked_costs_that_request(mix: Mix) {
    let mut lab = Plan::new(mix).impatient().start();
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.register(&bob, 600);
    lab.hss.assigned();
    lab.hss.set(SERVER_ASSIGNMENT, Mood::Silence);
    let register = carol.register(600);
    carol.send(&register);
    lab.hss.assigned();
    let hss = lab.hss.clone();
    hss.away(|| {
        assert_eq!(carol.final_reply(&register).status(), 500);
        assert!(lab.finds(&carol, "bob"));
        assert_eq!(lab.state(&carol.identity()), None);
    });
    lab.hss.set(SERVER_ASSIGNMENT, Mood::Serve);
    lab.connected();
    lab.register(&carol, 600);
    assert!(lab.finds(&bob, "carol"));
    lab.host.assert_alive();
}
