//! The store under load: who comes, goes and asks at the same time, memory that runs out, and
//! clients in C that read without the lock or keep it.

use host_tests::{
    Draft, Flavor, Message, mixed,
    pcscf::{Core, Hand, Lab, Mix, Plan, rc, reginfo},
    steady::tell,
    suite::soak,
    wait::{PATIENCE, until},
};
use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

mixed! {
    all:
        u_39_the_status_is_told_while_thousands_change,
        u_40_what_registrations_took_is_given_back;
    usrloc:
        ra1_readers_without_the_lock_survive_those_who_come_and_go,
        u_40_identities_and_routes_that_change_are_given_back,
        full_shared_memory_refuses_and_recovers,
        the_other_memory_managers_serve_too,
        a_lock_that_a_client_keeps_is_taken_from_it;
}

/// The longest that a status may take, on a machine that does other things as well.
const SLOWEST: Duration = Duration::from_secs(4);

/// What the core answers in load: as asked, with the time that the request asks for.
fn granted(core: &Core, request: &Message) -> Draft {
    let ok = core.ok(request);
    if request.find("Expires") != Some("0") {
        return ok;
    }
    let contact = request.find("Contact").unwrap_or_default();
    ok.set("Contact", &format!("{contact};expires=0"))
}

fn busy(mix: Mix) -> Plan {
    Plan::new(mix).with(|mut setup| {
        // Transactions that have ended are kept for a while, and for longer where the timers of the
        // host wait for a processor: most of it is theirs.
        (setup.shared, setup.workers) = (256, 4);
        setup.param("tm", "wt_timer", 500)
    })
}

fn started(plan: Plan) -> Lab {
    let lab = plan.start();
    lab.core.registrar(granted);
    lab
}

/// Memory in use once transactions are over and what was removed is given back.
fn settled(lab: &Lab) -> u64 {
    thread::sleep(Duration::from_secs(9));
    lab.host.shared_memory()
}

/// So many registrations, each ended at once, of `threads` clients.
fn cycles(lab: &Lab, threads: u32, each: u32) {
    thread::scope(|scope| {
        for number in 0..threads {
            let mut hand = Hand::new(lab.host.address(), &format!("u{number}"));
            scope.spawn(move || {
                for _ in 0..each {
                    for expires in [600, 0] {
                        let register = hand.register(expires);
                        let reply = hand.ask(&register).expect("a reply to REGISTER");
                        assert_eq!(reply.find("X-Save"), Some("1"), "{reply:?}");
                    }
                }
            });
        }
    });
    lab.wait_count(0, PATIENCE);
}

fn u_40_what_registrations_took_is_given_back(mix: Mix) {
    let each = if soak() { 25_000 } else { 1_250 };
    let mut lab = started(busy(mix));
    cycles(&lab, 4, 50);
    let before = settled(&lab);
    let start = Instant::now();
    cycles(&lab, 4, each);
    let took = start.elapsed();
    let after = settled(&lab);
    tell(&format!("{} cycles in {took:.0?}: shared memory {before} -> {after} bytes", 4 * each));
    // `ims_ipsec_pcscf`, which the C registrar needs, makes its list of numbers longer now and then.
    let theirs = if mix.registrar() == Flavor::C { 32_768 } else { 0 };
    assert!(after < before + 16_384 + theirs, "{} cycles: {before} to {after} bytes", 4 * each);
    lab.host.assert_alive();
}

fn u_40_identities_and_routes_that_change_are_given_back(mix: Mix) {
    // A multiple of 5 and 7, so that it ends as it began.
    let rounds = if soak() { 21_000 } else { 490 };
    let mut lab = busy(mix).start();
    lab.core.registrar(|core, request| {
        let number: usize = request.header("X-Number").parse().unwrap();
        let ids: Vec<_> = (0..number % 7).map(|id| format!("<sip:id{number}x{id}@h>")).collect();
        let ok = core.ok(request).set("P-Associated-URI", &ids.join(", "));
        (0..number % 5).fold(ok.without("Service-Route"), |ok, route| {
            ok.add("Service-Route", &format!("<sip:r{number}x{route}@127.0.0.1;lr>"))
        })
    });
    let mut hand = Hand::new(lab.host.address(), "alice");
    let mut play = |rounds: u32| {
        for number in 0..rounds {
            let register = hand.register(600).add("X-Number", &number.to_string());
            let reply = hand.ask(&register).expect("a reply to REGISTER");
            assert_eq!(reply.find("X-Save"), Some("1"), "{reply:?}");
        }
    };
    play(35);
    let before = settled(&lab);
    let start = Instant::now();
    play(rounds);
    let took = start.elapsed();
    let after = settled(&lab);
    tell(&format!("{rounds} rounds in {took:.0?}: shared memory {before} -> {after} bytes"));
    // The C registrar adds its callback for IPsec with every reply: 32 bytes and their frame.
    let callbacks = if mix.registrar() == Flavor::C { u64::from(rounds) * 128 } else { 0 };
    assert!(after < before + 8192 + callbacks, "{rounds} rounds: {before} to {after} bytes");
    assert_eq!(lab.count(), 1);
    lab.host.assert_alive();
}

fn u_39_the_status_is_told_while_thousands_change(mix: Mix) {
    let (hands, instances) = (8_u32, 625_u32);
    let mut lab = started(busy(mix));
    let stop = AtomicBool::new(false);
    let stored = AtomicU32::new(0);
    let mut slowest = Duration::ZERO;
    thread::scope(|scope| {
        for number in 0..hands {
            let mut hand = Hand::new(lab.host.address(), &format!("u{number}"));
            let (stop, stored) = (&stop, &stored);
            scope.spawn(move || {
                for instance in 0_u32.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    // First thousands of pending contacts, then one after another leaves and comes.
                    let place = instance % instances;
                    let contact = format!("<{};rinstance={place:04}>", hand.contact());
                    if instance >= instances {
                        let gone = hand.register(0).set("Contact", &contact);
                        assert!(hand.ask(&gone).is_some(), "a reply to REGISTER");
                    }
                    let come = hand.register(600).set("Contact", &contact).add("X-Stop", "1");
                    assert!(hand.ask(&come).is_some(), "a reply to REGISTER");
                    stored.store(stored.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
                }
            });
        }
        let end = Instant::now() + Duration::from_secs(if soak() { 60 } else { 8 });
        while Instant::now() < end {
            let start = Instant::now();
            let told = lab.count();
            slowest = slowest.max(start.elapsed());
            assert!(told <= u64::from(hands * instances), "{told}");
            if mix.usrloc() == Flavor::Ours {
                // Walks over all of them.
                let show = lab.host.rpc(&["ulpcscf.explain", "127.0.0.1", "9"]);
                assert!(show.as_ref().is_ok_and(|told| told.contains("not found")), "{show:?}");
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(slowest < SLOWEST, "a status took {slowest:?}");
    assert!(lab.count() > 500, "{}", lab.count());
    lab.host.assert_alive();
}

fn ra1_readers_without_the_lock_survive_those_who_come_and_go(mix: Mix) {
    let mut lab = started(busy(mix));
    let stop = AtomicBool::new(false);
    let asked = AtomicU32::new(0);
    thread::scope(|scope| {
        for number in 0..12 {
            let mut hand = Hand::new(lab.host.address(), &format!("u{number}"));
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    for expires in [600, 600, 0] {
                        let register = hand.register(expires);
                        assert!(hand.ask(&register).is_some(), "a reply to REGISTER");
                    }
                }
            });
        }
        for number in 0..4_usize {
            let mut hand = Hand::new(lab.host.address(), &format!("u{number}"));
            let (stop, asked) = (&stop, &asked);
            let functions = ["is_registered", "force", "assert", "is_registered"];
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let call = hand
                        .calling(functions[number])
                        .add("X-Identity", "<sip:u1@ims.test>")
                        .add("X-Values", "1");
                    let reply = hand.ask(&call).expect("a reply to MESSAGE");
                    assert!([1, -1].contains(&rc(&reply)), "{reply:?}");
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        thread::sleep(Duration::from_secs(if soak() { 60 } else { 15 }));
        stop.store(true, Ordering::Relaxed);
    });
    lab.host.assert_alive();
    assert!(asked.load(Ordering::Relaxed) > 1000, "{asked:?} questions");
    // A REGISTER that came twice may leave a pending contact, and nothing else.
    until("the end of all registrations", PATIENCE, || {
        let left = lab.records().expect("our store lists");
        left.iter().all(|record| record.state == "registration pending").then_some(())
    });
    let alice = lab.ue("alice");
    assert!(alice.ask(&alice.register(600)).status() == 200 && alice.is_registered());
}

fn full_shared_memory_refuses_and_recovers(mix: Mix) {
    let plan = Plan::new(mix).aging(1).registrar("pending_reg_expires", 20).with(|mut setup| {
        setup.shared = 10;
        setup.param("tm", "wt_timer", 500)
    });
    let mut lab = plan.start();
    let before = lab.host.shared_memory();
    let padding = "p".repeat(950);
    let mut hand = Hand::new(lab.host.address(), "u");
    // Pending contacts, each without a transaction, until there is no room for another.
    let end = Instant::now() + Duration::from_secs(18);
    let (mut sent, mut full) = (0, false);
    while !full && Instant::now() < end {
        for _ in 0..250 {
            let contact = format!("<{};rinstance={sent};{padding}>", hand.contact());
            let register = hand.register(600).set("Contact", &contact).add("X-Stop", "1");
            assert!(hand.ask(&register).is_some(), "a reply to REGISTER");
            sent += 1;
        }
        full = lab.count() < sent;
    }
    assert!(full && sent > 500, "{sent} contacts and no end of memory");
    lab.host.assert_alive();
    until("the memory of what ran out", Duration::from_secs(40), || {
        (lab.count() == 0 && lab.host.shared_memory() < before + (2 << 20)).then_some(())
    });
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert!(alice.is_registered());
}

fn the_other_memory_managers_serve_too(mix: Mix) {
    for manager in ["fm", "tlsf"] {
        let plan = busy(mix).with(|mut setup| {
            setup.manager = manager;
            setup
        });
        let mut lab = started(plan);
        cycles(&lab, 4, 50);
        let alice = lab.ue("alice");
        assert_eq!(alice.ask(&alice.register(600)).find("X-Save"), Some("1"), "{manager}");
        assert!(alice.is_registered(), "{manager}");
        lab.host.assert_alive();
    }
}

fn a_lock_that_a_client_keeps_is_taken_from_it(mix: Mix) {
    let mut lab = Plan::new(mix).subscribing().start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    lab.subscribed();
    // No port behind the address: the C registrar leaves before it unlocks.
    let uri = format!("{};alias=127.0.0.1", alice.contact());
    let contacts = [reginfo::Contact::active(&uri, "600")];
    let body = reginfo::document("sip:alice@ims.test", "active", &contacts);
    for _ in 0..3 {
        lab.notified(&lab.core.stray_notify(&body));
    }
    // Everybody goes on at once, in every process.
    for number in 0..8 {
        let ue = lab.ue(&format!("u{number}"));
        lab.register(&ue);
        assert!(ue.is_registered());
    }
    assert_eq!(lab.count(), 9);
    lab.host.assert_alive();
}
