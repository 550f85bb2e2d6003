//! What the database said before something changed.

use crate::rows::Foreign;
use host_tests::{
    Draft,
    database::{Database, Dialect},
    host::own_address,
    mixed,
    pcscf::{
        Lab, Mix, Plan, Ue, rc,
        reginfo::{Contact, document},
        tables::tables,
    },
    servers,
    setup::Storage,
    wait::{PATIENCE, until},
};
use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, sleep},
    time::{Duration, Instant},
};

mixed! {
    usrloc:
        who_registers_while_a_row_is_looked_for_is_registered,
        who_registers_anew_while_a_row_is_looked_for_stays,
        what_was_read_before_a_registration_is_not_what_counts_after_it,
        who_leaves_while_his_row_is_read_has_left,
        a_time_that_a_driver_cannot_read_costs_one_row,
        a_contact_that_is_registered_from_elsewhere_is_not_told_as_ended;
    ours:
        a_register_under_way_of_who_ended_elsewhere_registers,
        an_end_is_that_of_a_contact_from_wherever_it_was_registered;
}

/// Between a server and its database: keeps the answer to one question for a row back.
#[derive(Clone)]
struct Proxy {
    armed: Arc<AtomicBool>,
    held: Arc<AtomicBool>,
    url: String,
}

/// How long an answer is kept at the most: less than a driver waits for it.
const KEPT: Duration = Duration::from_secs(8);

impl Proxy {
    /// In front of the MariaDB at `url`.
    fn start(url: &str) -> Self {
        let (head, rest) = url.split_once('@').unwrap();
        let (address, name) = rest.split_once('/').unwrap();
        let to = if address.contains(':') { address.to_owned() } else { format!("{address}:3306") };
        let listener = TcpListener::bind((own_address().ip(), 3306)).unwrap();
        let own = listener.local_addr().unwrap();
        let proxy = Self {
            armed: Arc::default(),
            held: Arc::default(),
            url: format!("{head}@{}:{}/{name}", own.ip(), own.port()),
        };
        let served = proxy.clone();
        in_background("proxy", move || {
            for client in listener.incoming().take(100) {
                let Ok(server) = TcpStream::connect(&to) else { continue };
                served.serve(&client.unwrap(), &server);
            }
        });
        proxy
    }

    fn serve(&self, client: &TcpStream, server: &TcpStream) {
        let holds = Arc::new(AtomicBool::new(false));
        let (proxy, next) = (self.clone(), Arc::clone(&holds));
        pass_on(client, server, move |question| {
            let text = String::from_utf8_lossy(question).to_lowercase();
            let is_one = ["select", "where", "`expires`"].iter().all(|part| text.contains(part));
            if is_one && proxy.armed.swap(false, Ordering::SeqCst) {
                next.store(true, Ordering::SeqCst);
            }
        });
        let proxy = self.clone();
        pass_on(server, client, move |_| {
            if holds.swap(false, Ordering::SeqCst) {
                proxy.held.store(true, Ordering::SeqCst);
                let end = Instant::now() + KEPT;
                while proxy.held.load(Ordering::SeqCst) && Instant::now() < end {
                    sleep(Duration::from_millis(5));
                }
            }
        });
    }

    /// The next answer is kept.
    fn arm(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }

    /// Waits until it is.
    fn wait(&self) {
        until("a held answer", PATIENCE, || self.held.load(Ordering::SeqCst).then_some(()));
    }

    /// Lets it go.
    fn release(&self) {
        assert!(self.held.swap(false, Ordering::SeqCst), "too late");
    }
}

/// Copies what comes until one of the two ends, having shown it to `look`.
fn pass_on(from: &TcpStream, to: &TcpStream, look: impl Fn(&[u8]) + Send + 'static) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    in_background("proxy, one way", move || {
        let mut buffer = [0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            look(&buffer[..length]);
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
    });
}

fn in_background(name: &str, work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().name(name.to_owned()).spawn(work).unwrap();
}

fn lab(mix: Mix, refresh: i32) -> (Lab, Proxy, impl Database) {
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    let proxy = Proxy::start(&database.url());
    let plan =
        Plan::new(mix).stored(Storage::At(proxy.url.clone()), 3).usrloc("db_refresh", refresh);
    let lab = plan
        .with(|mut setup| {
            setup.workers = 4;
            setup.param("db_mysql", "timeout_interval", 20)
        })
        .aging(1)
        .subscribing()
        .start();
    // Each process looks at the table once.
    for number in 0..24 {
        let ue = lab.ue(&format!("early{number}"));
        lab.register(&ue);
        lab.subscribed();
    }
    (lab, proxy, database)
}

/// A phone whose registration another server ended, and a request of hers for which the row is being
/// looked for in vain.
fn looked_for(lab: &Lab, proxy: &Proxy, database: &dyn Database) -> (Ue, Draft) {
    let alice = lab.ue("alice");
    lab.register(&alice);
    database.execute("DELETE FROM location WHERE aor LIKE '%alice%'");
    sleep(Duration::from_secs(2));
    proxy.arm();
    let asked = alice.calling("is_registered");
    alice.send(&asked);
    proxy.wait();
    (alice, asked)
}

fn who_registers_while_a_row_is_looked_for_is_registered(mix: Mix) {
    let (lab, proxy, database) = lab(mix, 1);
    let (alice, asked) = looked_for(&lab, &proxy, &database);
    let register = alice.register(600);
    let relayed = lab.relayed(&alice, &register);
    proxy.release();
    rc(&alice.final_reply(&asked));
    lab.core.send_to(&lab.core.ok(&relayed), lab.host.address());
    let reply = alice.final_reply(&register);
    assert_eq!(reply.status(), 200);
    assert!(alice.is_registered());
}

fn who_registers_anew_while_a_row_is_looked_for_stays(mix: Mix) {
    let (lab, proxy, database) = lab(mix, 1);
    let (alice, asked) = looked_for(&lab, &proxy, &database);
    lab.register(&alice);
    proxy.release();
    rc(&alice.final_reply(&asked));
    // The C registrar has the row looked at: one has ended.
    assert!(lab.statistic("ims_usrloc_pcscf", "expired_contacts") <= 1);
    assert!(alice.is_registered());
}

fn what_was_read_before_a_registration_is_not_what_counts_after_it(mix: Mix) {
    let (lab, proxy, _database) = lab(mix, 3);
    let alice = lab.ue("alice");
    let one = lab.exchange(&alice, &alice.register(600), |ok| {
        ok.set("Service-Route", "<sip:old@127.0.0.1;lr>")
    });
    assert_eq!(one.saved(), 1);
    let du = |ue: &Ue| ue.ask(&ue.calling("force")).header("X-Du").to_owned();
    assert_eq!(du(&alice), "sip:old@127.0.0.1;lr");
    sleep(Duration::from_secs(4));
    proxy.arm();
    let asked = alice.calling("is_registered");
    alice.send(&asked);
    proxy.wait();
    lab.exchange(&alice, &alice.register(600), |ok| {
        ok.set("Service-Route", "<sip:new@127.0.0.1;lr>")
    });
    assert_eq!(du(&alice), "sip:new@127.0.0.1;lr");
    proxy.release();
    assert_eq!(rc(&alice.final_reply(&asked)), 1);
    assert_eq!(du(&alice), "sip:new@127.0.0.1;lr");
}

fn who_leaves_while_his_row_is_read_has_left(mix: Mix) {
    let (lab, proxy, _database) = lab(mix, 10);
    let other = Plan::of(mix, &lab.core).stored(Storage::At(proxy.url.clone()), 3).start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    // At the other.
    proxy.arm();
    let asked = alice.calling("is_registered");
    alice.send_to(&asked, other.host.address());
    proxy.wait();
    let leave = alice.register(0);
    alice.send_to(&leave, other.host.address());
    let relayed = lab.core.take("a REGISTER", |message| message.method() == "REGISTER");
    lab.core.send_to(&lab.core.ok(&relayed), other.host.address());
    assert_eq!(alice.final_reply(&leave).status(), 200);
    proxy.release();
    rc(&alice.final_reply(&asked));
    let draft = alice.calling("is_registered");
    alice.send_to(&draft, other.host.address());
    assert_eq!(rc(&alice.final_reply(&draft)), -1);
}

/// The same Contact from another source: a new TCP connection, or another port of a NAT.
fn a_contact_that_is_registered_from_elsewhere_is_not_told_as_ended(mix: Mix) {
    let lab = Plan::new(mix).stored(Storage::Own, 3).aging(1).subscribing().start();
    let (before, after) = (lab.ue("alice"), lab.ue("alice"));
    let uri = "sip:alice@10.0.0.5:5060";
    for (ue, seconds) in [(&before, 3), (&after, 600)] {
        let register = ue.register(600).set("Contact", &format!("<{uri}>"));
        let done = lab
            .exchange(ue, &register, |ok| ok.set("Contact", &format!("<{uri}>;expires={seconds}")));
        assert_eq!((done.pending(), done.saved()), (1, 1));
        lab.subscribed();
    }
    lab.wait_count(1, PATIENCE);
    assert!(after.is_registered());
    lab.core.hears_no("PUBLISH");
}

fn an_end_is_that_of_a_contact_from_wherever_it_was_registered(mix: Mix) {
    let lab = Plan::new(mix).subscribing().start();
    let (before, after) = (lab.ue("alice"), lab.ue("alice"));
    let uri = "sip:alice@10.0.0.5:5060";
    let mut subscribe = None;
    for ue in [&before, &after] {
        let register = ue.register(600).set("Contact", &format!("<{uri}>"));
        let done =
            lab.exchange(ue, &register, |ok| ok.set("Contact", &format!("<{uri}>;expires=600")));
        assert_eq!((done.pending(), done.saved()), (1, 1));
        subscribe = Some(lab.subscribed());
    }
    sleep(Duration::from_millis(200));
    let body = document(
        &before.identity(),
        "active",
        &[Contact::gone(uri), Contact::active("sip:alice@10.0.0.9", "600")],
    );
    let notify = lab.core.notify(&subscribe.unwrap(), 1, &body);
    assert_eq!(lab.notified(&notify), 1);
    assert!(!before.is_registered() && !after.is_registered());
    assert_eq!(lab.count(), 0);
}

fn a_register_under_way_of_who_ended_elsewhere_registers(mix: Mix) {
    let lab = Plan::new(mix).stored(Storage::Own, 3).aging(1).usrloc("db_refresh", 1).start();
    let (alice, sqlite) = (lab.ue("alice"), lab.host.sqlite());
    lab.register(&alice);
    // Another server ended her registration.
    sqlite.execute("DELETE FROM location");
    sleep(Duration::from_secs(2));
    let register = alice.register(600);
    let relayed = lab.relayed(&alice, &register);
    assert!(!alice.is_registered());
    lab.core.send_to(&lab.core.ok(&relayed), lab.host.address());
    assert_eq!(alice.final_reply(&register).status(), 200);
    assert!(alice.is_registered());
    assert_eq!(sqlite.query("SELECT reg_state FROM location"), [["2"]]);
    assert_eq!(lab.count(), 1);
}

/// A row with that time, and one that can be read, in mode 1.
fn passed_over(mix: Mix, database: &dyn Database, time: &str) {
    let mut lab = Plan::new(mix).stored(Storage::At(database.url()), 1).start();
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    Foreign::of(&alice).with("expires", time).insert(database);
    lab.register(&bob);
    lab.host.restart();
    assert!(bob.is_registered() && !alice.is_registered());
    lab.register(&alice);
    assert!(alice.is_registered());
}

fn a_time_that_a_driver_cannot_read_costs_one_row(mix: Mix) {
    let mariadb = servers::mariadb().with(&tables(Dialect::Mysql));
    passed_over(mix, &mariadb, "CAST(0 AS DATETIME)");
    let postgres = servers::postgres().with(&tables(Dialect::Postgres));
    passed_over(mix, &postgres, "'infinity'");
}
