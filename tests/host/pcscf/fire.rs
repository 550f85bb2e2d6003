//! Many clients at once: they come and go while others ask.

use host_tests::{
    mixed,
    pcscf::{Lab, Mix, Plan, Ue, rc},
    suite::soak,
};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

mixed! {
    some:
        ra1_clients_come_and_go_while_others_ask;
    usrloc:
        ra1_contacts_expire_while_others_ask;
}

/// How long it lasts.
fn duration() -> Duration {
    Duration::from_secs(if soak() { 60 } else { 8 })
}

/// Clients that come and go.
const CLIENTS: usize = 12;
/// Clients that only ask.
const CURIOUS: usize = 3;
/// The longest that anybody may wait for an answer, on a machine that does other things as well.
const SLOWEST: Duration = Duration::from_secs(4);

/// Counts of one run.
#[derive(Debug, Default)]
struct Counts {
    registered: AtomicU64,
    asked: AtomicU64,
    slowest: AtomicU64,
}

impl Counts {
    /// Does `work` until `end`, and remembers the longest that it took.
    fn repeat(&self, end: Instant, mut work: impl FnMut(&Self)) {
        while Instant::now() < end {
            let start = Instant::now();
            work(self);
            let took = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.slowest.fetch_max(took, Ordering::Relaxed);
        }
    }
}

/// One client that registers, is known, and leaves.
fn come_and_go(ue: &Ue, counts: &Counts) {
    assert_eq!(ue.ask(&ue.register(600)).status(), 200);
    assert!(ue.is_registered(), "{}", ue.user());
    let answer = ue.ask(&ue.calling("assert").add("X-Identity", &format!("<{}>", ue.identity())));
    assert_eq!(rc(&answer), 1);
    assert_eq!(ue.returned("follows"), -1);
    assert_eq!(ue.ask(&ue.register(0)).status(), 200);
    assert!(!ue.is_registered(), "{}", ue.user());
    counts.registered.fetch_add(1, Ordering::Relaxed);
}

/// Asks for `client` from another port: by its Contact, by its identity, with both variables.
fn pry(curious: &Ue, client: &Ue, counts: &Counts) {
    let contact = format!("<{}>", client.contact());
    let draft = curious.calling("is_registered").set("Contact", &contact).add("X-Values", "1");
    let via =
        format!("SIP/2.0/UDP {};branch=z9hG4bK{}", client.local(), host_tests::phone::unique());
    assert_eq!(rc(&curious.ask(&draft.set("Via", &(via + ";rport")))), -1);
    let draft = curious.calling("assert").add("X-Identity", &format!("<{}>", client.identity()));
    assert_eq!(rc(&curious.ask(&draft)), -1);
    assert_eq!(curious.returned("force"), -1);
    counts.asked.fetch_add(3, Ordering::Relaxed);
}

fn ra1_clients_come_and_go_while_others_ask(mix: Mix) {
    let plan = Plan::new(mix).with(|mut setup| {
        setup.shared = 256;
        setup.workers = 4;
        // A request that is sent again on a slow machine has two answers, and the second of them
        // would end what came after it.
        setup.param("tm", "wt_timer", 500).param("tm", "retr_timer1", 4000)
    });
    let plan = plan.registrar("is_registered_fallback2ip", 1).aging(1);
    let mut lab = plan.start();
    lab.core.registrar(|core, register| core.ok(register));
    let clients: Vec<_> = (0..CLIENTS).map(|number| lab.ue(&format!("user{number}"))).collect();
    let curious: Vec<_> = (0..CURIOUS).map(|_| lab.ue("curious")).collect();
    let counts = Counts::default();
    let end = Instant::now() + duration();
    thread::scope(|scope| {
        for ue in &clients {
            scope.spawn(|| counts.repeat(end, |counts| come_and_go(ue, counts)));
        }
        for (number, ue) in curious.iter().enumerate() {
            let client = &clients[number];
            let counts = &counts;
            scope.spawn(move || counts.repeat(end, |counts| pry(ue, client, counts)));
        }
        // The operator looks as well.
        scope.spawn(|| {
            while Instant::now() < end {
                lab.count();
                lab.records();
                thread::sleep(Duration::from_millis(100));
            }
        });
    });
    lab.host.assert_alive();
    lab.wait_count(0, Duration::from_secs(5));
    let slowest = Duration::from_millis(counts.slowest.load(Ordering::Relaxed));
    assert!(slowest < SLOWEST, "{counts:?}");
    assert!(counts.registered.load(Ordering::Relaxed) > 20, "{counts:?}");
}

fn ra1_contacts_expire_while_others_ask(mix: Mix) {
    let plan = Plan::new(mix).registrar("pending_reg_expires", 1).aging(0);
    let mut lab: Lab = plan.with(|setup| setup.param("tm", "wt_timer", 500)).start();
    let clients: Vec<_> = (0..CLIENTS).map(|number| lab.ue(&format!("user{number}"))).collect();
    let end = Instant::now() + duration();
    thread::scope(|scope| {
        for ue in &clients {
            scope.spawn(move || {
                while Instant::now() < end {
                    assert_eq!(rc(&ue.ask(&ue.register(600).add("X-Stop", "1"))), 1);
                    assert!(!ue.is_registered());
                    let at = ue.local();
                    let draft = ue.calling("unregister").add("X-Aor", &ue.contact());
                    let draft = draft.add("X-Host", &at.ip().to_string());
                    ue.ask(&draft.add("X-Port", &at.port().to_string()));
                }
            });
        }
    });
    lab.host.assert_alive();
    lab.wait_count(0, Duration::from_secs(10));
    assert!(lab.statistic("usrloc", "location_expires") > 0);
}
