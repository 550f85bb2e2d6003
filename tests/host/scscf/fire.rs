//! Many clients at once, and one client from many sides, while the network and operators do what they
//! do.

use host_tests::{
    diameter::{Hss, hss::REGISTRATION_TERMINATION},
    mixed,
    scscf::{Lab, Mix, Plan, Ue, private, rc, set},
    suite::soak,
};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

mixed! {
    some:
        one_user_comes_and_goes_from_many_sides;
    registrar:
        clients_come_and_go_while_others_ask;
}

/// How long it lasts.
fn duration() -> Duration {
    Duration::from_secs(if soak() { 60 } else { 8 })
}

/// The longest that anybody may wait for an answer, on a machine that does other things as well.
const SLOWEST: Duration = Duration::from_secs(8);

#[derive(Debug, Default)]
struct Counts {
    done: AtomicU64,
    slowest: AtomicU64,
}

impl Counts {
    fn repeat(&self, end: Instant, mut work: impl FnMut()) {
        while Instant::now() < end {
            let start = Instant::now();
            work();
            let took = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.slowest.fetch_max(took, Ordering::Relaxed);
            self.done.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn check(&self) {
        let slowest = Duration::from_millis(self.slowest.load(Ordering::Relaxed));
        assert!(slowest < SLOWEST, "{self:?}");
        assert!(self.done.load(Ordering::Relaxed) > 20, "{self:?}");
    }
}

fn started(mix: Mix) -> Lab {
    let plan = Plan::new(mix).short(1).steady().with(|mut setup| {
        setup.workers = 4;
        setup.shared = 256;
        // A request that is sent again on a slow machine has two answers, and the second of them
        // would end what came after it.
        setup.param("tm", "retr_timer1", 4000)
    });
    plan.start()
}

/// Nobody waits for ever: a fresh client is served when all is over, and the lock has no holder.
fn ended(lab: &mut Lab, counts: &Counts) {
    lab.host.assert_alive();
    let fresh = lab.ue("fresh");
    lab.register(&fresh, 600);
    lab.leave(&fresh);
    let log = lab.host.journal().text();
    for bad in ["panic", "CRITICAL: ims_", "BUG:"] {
        assert!(!log.contains(bad), "{}", log.lines().find(|it| it.contains(bad)).unwrap());
    }
    counts.check();
}

/// Ends the registration of `user` by the network, without waiting for the answer.
fn taken_away(hss: &Hss, user: &str) {
    let avps = Hss::termination(&private(user), &[&set(user)[0]], 0);
    hss.send_client(REGISTRATION_TERMINATION, avps);
}

/// One client that registers, is found, is watched, and leaves.
fn come_and_go(lab: &Lab, ue: &Ue) {
    assert_eq!(ue.ask(&ue.register(600)).status(), 200, "{}", ue.user());
    assert!(lab.finds(ue, ue.user()), "{}", ue.user());
    let own = format!("<{}>", ue.identity());
    let subscribe = ue.draft("SUBSCRIBE", &ue.identity()).add("P-Asserted-Identity", &own);
    let reply = ue.ask(&subscribe.add("Event", "reg").add("Expires", "600"));
    assert_eq!(reply.status(), 200, "{reply:?}");
    assert_eq!(ue.ask(&ue.register(0)).status(), 200, "{}", ue.user());
    assert!(!lab.finds(ue, ue.user()), "{}", ue.user());
    ue.notifies();
}

/// Operators look while it lasts.
fn look(lab: &Lab, end: Instant) {
    while Instant::now() < end {
        lab.record(&set("user0")[0]);
        lab.host.rpc(&["ulscscf.status"]).unwrap();
        lab.stored("active_contacts");
        // An answer that is too long is refused, not waited for.
        let _ = lab.host.rpc(&["regscscf.dereg_impu", "sip:victim@ims.test"]);
        thread::sleep(Duration::from_millis(100));
    }
}

fn clients_come_and_go_while_others_ask(mix: Mix) {
    let mut lab = started(mix);
    let clients: Vec<_> = (0..8).map(|number| lab.ue(&format!("user{number}"))).collect();
    let curious = [lab.ue("curious"), lab.ue("curious")];
    let victim = lab.ue("victim");
    let counts = Counts::default();
    let end = Instant::now() + duration();
    let all = &lab;
    thread::scope(|scope| {
        for ue in &clients {
            scope.spawn(|| counts.repeat(end, || come_and_go(all, ue)));
        }
        for ue in &curious {
            scope.spawn(|| {
                counts.repeat(end, || {
                    for number in 0..8 {
                        let identity = format!("sip:user{number}@ims.test");
                        for function in ["lookup", "term_registered", "term_contact", "fetch"] {
                            let draft = ue.calling(function).uri(&identity).add("X-Uri", &identity);
                            assert!([1, -1].contains(&rc(&ue.ask(&draft))));
                        }
                    }
                });
            });
        }
        // Somebody expires, and is taken away by the network and by operators.
        scope.spawn(|| {
            counts.repeat(end, || {
                let status = victim.ask(&victim.register(1)).status();
                assert!([200, 500].contains(&status), "{status}");
                taken_away(&all.hss, "victim");
            });
        });
        scope.spawn(|| look(all, end));
    });
    ended(&mut lab, &counts);
    lab.wait_contacts(0);
}

fn one_user_comes_and_goes_from_many_sides(mix: Mix) {
    let mut lab = started(mix);
    let sides: Vec<_> = (0..5).map(|_| lab.ue("bob")).collect();
    // The HSS learns from the first request whom it may ask.
    lab.register(&sides[0], 600);
    let counts = Counts::default();
    let end = Instant::now() + duration();
    let all = &lab;
    thread::scope(|scope| {
        for (number, ue) in sides.iter().enumerate() {
            let counts = &counts;
            scope.spawn(move || {
                counts.repeat(end, || {
                    // What becomes of it depends on the others; that something does counts.
                    assert!(
                        ue.ask(&ue.register(if number == 0 { 1 } else { 600 })).status() >= 200
                    );
                    ue.ask(&ue.calling("lookup").uri(&ue.identity()));
                    ue.ask(&ue.calling("term_contact").uri(&ue.identity()));
                    assert!(ue.ask(&ue.register(0)).status() >= 200);
                });
            });
        }
        scope.spawn(|| {
            while Instant::now() < end {
                taken_away(&all.hss, "bob");
                thread::sleep(Duration::from_millis(70));
            }
        });
        scope.spawn(|| look(all, end));
    });
    for ue in &sides {
        ue.ask(&ue.register(0));
    }
    ended(&mut lab, &counts);
    lab.wait_contacts(0);
}
