//! The C module `ims_qos` on the location store, with a PCRF that answers it: authorization of the
//! signalling bearer of a registration, its end, and its loss.

use host_tests::{
    Draft, Flavor, Message,
    database::Database as _,
    diameter::{
        Answer, Application, Avps as _, Pcrf, pcrf,
        setup::{accepting_file, client_file},
    },
    mixed,
    pcscf::{Hand, Lab, Mix, Plan, Ue},
    setup::{Load, Storage},
    suite::soak,
    wait::{PATIENCE, until},
};
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

mixed! {
    all:
        u_37_an_authorized_registration_is_stored_and_ends_its_session,
        u_37_a_refused_bearer_refuses_the_registration,
        u_37_a_silent_pcrf_refuses_the_registration,
        u_37_a_registration_again_keeps_its_session,
        u_37_an_expired_registration_ends_its_session,
        u_37_a_pcrf_that_connects_by_itself_is_asked;
    usrloc:
        u_37_an_expired_registration_of_a_shared_table_ends_its_session,
        u_37_an_end_that_another_server_tells_of_ends_the_session_here,
        u_37_a_lost_bearer_ends_the_registration,
        u_37_sessions_of_many_clients_are_told_apart_and_leak_nothing,
        u_37_bearers_come_go_and_are_lost_all_at_once;
}

/// Asks for the bearer before the REGISTER goes on.
const ASK: &str = "
    Rx_AAR_Register(\"AAR\", \"location\");
    switch ($rc) {
        case 0:
            exit;
        case 1:
            route(FORWARD);
            exit;
        default:
            sl_send_reply(\"503\", \"Not Asked\");
            exit;
    }
    ";

/// What follows the answer.
const ROUTES: &str = "# Goes on.
route[AAR] {
    if ($avp(s:aar_return_code) != 1) {
        t_reply(\"403\", \"No Bearer\");
        exit;
    }
    route(FORWARD);
}
route[FORWARD] {
    t_on_reply(\"REGISTERED\");
    $du = \"CORE\";
    if (!t_relay()) sl_reply_error();
}
";

struct Bench {
    lab: Lab,
    pcrf: Pcrf,
}

fn plan(mix: Mix, pcrf: &Pcrf) -> Plan {
    let file = client_file("pcscf.ims.test", pcrf, &[Application::RX]);
    let plan = Plan::new(mix).stored(Storage::Own, 1);
    let routes = ROUTES.replace("CORE", &plan.core.uri());
    let mut plan = plan.with(|setup| {
        setup
            .module("tmx")
            .module("ims_dialog")
            .module("cdp")
            .module("cdp_avp")
            .param("cdp", "config_file", "{folder}/cdp.xml")
            .param("ims_dialog", "dlg_flag", 4)
            .param("ims_qos", "rx_dest_realm", "ims.test")
            .param("ims_qos", "af_signaling_ip", "{ip}")
            .param("tm", "wt_timer", 500)
            .with_file("cdp.xml", &file)
            .word("t_on_reply(\"REGISTERED\");\n    $du", &format!("{ASK}$du"))
            .word("# The second half.\n", &routes)
    });
    plan.setup.after.push(Load::Stock("ims_qos"));
    plan
}

impl Bench {
    fn start(mix: Mix, edit: impl FnOnce(Plan) -> Plan) -> Self {
        let pcrf = Pcrf::start();
        let lab = edit(plan(mix, &pcrf)).start();
        pcrf.connected();
        // The client takes the connection for open once it has read the answer.
        std::thread::sleep(host_tests::wait::SILENCE);
        Self { lab, pcrf }
    }

    /// Registers `ue` with a bearer; the AA request of it.
    fn register(&self, ue: &Ue, edit: impl FnOnce(Draft) -> Draft) -> Aar {
        let done = self.lab.exchange(ue, &ue.register(600), edit);
        assert_eq!((done.pending(), done.saved()), (1, 1), "{:?}", done.reply);
        self.pcrf.take(pcrf::AA)
    }

    fn rows(&self, columns: &str) -> Vec<Vec<String>> {
        self.lab.host.sqlite().query(&format!("SELECT {columns} FROM location ORDER BY aor"))
    }

    fn wait_rows(&self, columns: &str, wanted: &[&[&str]]) {
        let mut last = Vec::new();
        let end = std::time::Instant::now() + PATIENCE;
        until("rows", PATIENCE * 2, || {
            last = self.rows(columns);
            assert!(std::time::Instant::now() < end, "{columns}: {last:?}, wanted {wanted:?}");
            (last == wanted).then_some(())
        });
    }

    fn state(&self) -> Option<String> {
        self.lab.record().map(|record| record.state)
    }
}

fn u_37_a_pcrf_that_connects_by_itself_is_asked(mix: Mix) {
    let pcrf = Pcrf::start();
    let plan = plan(mix, &pcrf);
    let address = SocketAddr::new(plan.setup.address.unwrap().ip(), 3868);
    // With an acceptor and no peer `cdp` forks one process more than it announces.
    let file = accepting_file("pcscf.ims.test", &pcrf, &[Application::RX], address);
    let lab = plan.with(|setup| setup.with_file("cdp.xml", &file)).start();
    pcrf.call(address);
    thread::sleep(host_tests::wait::SILENCE);
    let mut bench = Bench { lab, pcrf };
    let alice = bench.lab.ue("alice");
    bench.register(&alice, |draft| draft);
    bench.wait_rows("aor", &[&[&alice.contact()]]);
    bench.lab.host.assert_alive();
}

/// A Diameter request.
type Aar = host_tests::diameter::Message;

fn u_37_an_authorized_registration_is_stored_and_ends_its_session(mix: Mix) {
    let bench = Bench::start(mix, |plan| plan);
    let alice = bench.lab.ue("alice");
    let register = alice.register(600);
    let relayed = bench.lab.relayed(&alice, &register);
    let asked = bench.pcrf.take(pcrf::AA);
    if let Some(state) = bench.state() {
        assert_eq!(state, "registration pending, aar sent");
    }
    let session = asked.session();
    bench.wait_rows("reg_state, rx_session_id", &[&["8", &session]]);
    bench.lab.core.send(&bench.lab.core.ok(&relayed));
    assert_eq!(alice.final_reply(&register).header("X-Save"), "1");
    assert!(alice.is_registered());
    bench.wait_rows("reg_state, rx_session_id", &[&["2", &session]]);
    bench.pcrf.hears_no(pcrf::SESSION_TERMINATION);
    bench.lab.leave(&alice);
    let ended = bench.pcrf.take(pcrf::SESSION_TERMINATION);
    assert_eq!((ended.session(), bench.lab.count()), (session, 0));
    bench.wait_rows("reg_state", &[]);
}

fn u_37_a_refused_bearer_refuses_the_registration(mix: Mix) {
    let bench = Bench::start(mix, |plan| plan.registrar("pending_reg_expires", 1).aging(1));
    // Requested service not authorized: TS 29.214, 5.5.
    bench.pcrf.set(Answer::Refuse(5063));
    let alice = bench.lab.ue("alice");
    assert_eq!(alice.ask(&alice.register(600)).status(), 403);
    assert!(!alice.is_registered());
    if let Some(state) = bench.state() {
        assert_eq!(state, "registration pending");
    }
    // No session came to be, so none is ended.
    bench.lab.wait_count(0, PATIENCE);
    bench.pcrf.hears_no(pcrf::SESSION_TERMINATION);
}

fn u_37_a_silent_pcrf_refuses_the_registration(mix: Mix) {
    let bench = Bench::start(mix, |plan| plan);
    bench.pcrf.set(Answer::Silence);
    let alice = bench.lab.ue("alice");
    assert_eq!(alice.ask(&alice.register(600)).status(), 403);
    bench.pcrf.set(Answer::Grant);
    // The next attempt of the same client succeeds.
    bench.pcrf.take(pcrf::AA);
    bench.register(&alice, |ok| ok);
    assert!(alice.is_registered());
}

fn u_37_a_registration_again_keeps_its_session(mix: Mix) {
    let bench = Bench::start(mix, |plan| plan);
    let alice = bench.lab.ue("alice");
    let session = bench.register(&alice, |ok| ok).session();
    let again = bench.register(&alice, |ok| ok).session();
    assert_eq!(session, again);
    assert_eq!(bench.lab.count(), 1);
    bench.wait_rows("reg_state, rx_session_id", &[&["2", &session]]);
    bench.lab.leave(&alice);
    assert_eq!(bench.pcrf.take(pcrf::SESSION_TERMINATION).session(), session);
    bench.pcrf.hears_no(pcrf::SESSION_TERMINATION);
}

fn u_37_an_expired_registration_ends_its_session(mix: Mix) {
    let bench = Bench::start(mix, |plan| plan.aging(1));
    let alice = bench.lab.ue("alice");
    let short = format!("<{}>;expires=1", alice.contact());
    let session = bench.register(&alice, |ok| ok.set("Contact", &short)).session();
    assert_eq!(bench.pcrf.take(pcrf::SESSION_TERMINATION).session(), session);
    bench.lab.wait_count(0, PATIENCE);
    bench.wait_rows("reg_state", &[]);
}

/// A registration for a second, on a table that several servers share.
fn short(mix: Mix) -> (Bench, String) {
    let bench =
        Bench::start(mix, |plan| plan.aging(1).usrloc("db_mode", 3).usrloc("db_refresh", 1));
    let alice = bench.lab.ue("alice");
    let short = format!("<{}>;expires=1", alice.contact());
    let session = bench.register(&alice, |ok| ok.set("Contact", &short)).session();
    (bench, session)
}

// The C store does so up to 5.6, where this mode stores nothing.
fn u_37_an_expired_registration_of_a_shared_table_ends_its_session(mix: Mix) {
    let (bench, session) = short(mix);
    assert_eq!(bench.pcrf.take(pcrf::SESSION_TERMINATION).session(), session);
    bench.lab.wait_count(0, PATIENCE);
    bench.wait_rows("reg_state", &[]);
    bench.pcrf.hears_no(pcrf::SESSION_TERMINATION);
}

fn u_37_an_end_that_another_server_tells_of_ends_the_session_here(mix: Mix) {
    let (bench, session) = short(mix);
    bench.lab.host.sqlite().execute("DELETE FROM location");
    assert_eq!(bench.pcrf.take(pcrf::SESSION_TERMINATION).session(), session);
    bench.lab.wait_count(0, PATIENCE);
    // And one that is found out when somebody asks.
    let bob = bench.lab.ue("bob");
    let session = bench.register(&bob, |ok| ok).session();
    bench.lab.host.sqlite().execute("DELETE FROM location");
    until("the end of bob", PATIENCE, || (!bob.is_registered()).then_some(()));
    assert_eq!(bench.pcrf.take(pcrf::SESSION_TERMINATION).session(), session);
    bench.lab.wait_count(0, PATIENCE);
}

// The C store finds the contact by luck here: `ims_qos` asks with fields that it never set.
fn u_37_a_lost_bearer_ends_the_registration(mix: Mix) {
    let bench = Bench::start(mix, Plan::subscribing);
    let alice = bench.lab.ue("alice");
    let asked = bench.register(&alice, |ok| ok);
    bench.lab.subscribed();
    let answer = bench.pcrf.abort(&asked.session(), &pcrf::Client::of(&asked));
    assert_eq!(answer, Some(host_tests::diameter::SUCCESS));
    let told: Message = bench.lab.core.incoming("PUBLISH");
    assert_eq!(told.header("Event"), "reg");
    assert!(told.body.contains("terminated"), "{told:?}");
    assert!(!alice.is_registered());
    if let Some(state) = bench.state() {
        assert_eq!(state, "deregistration pending, publish sent");
    }
    bench.wait_rows("reg_state", &[&["32"]]);
    // The Diameter stack ends the session by itself, once.
    let ended = bench.pcrf.take(pcrf::SESSION_TERMINATION);
    assert_eq!(ended.session(), asked.session());
    assert_eq!(ended.avps.text(264), "pcscf.ims.test");
}

fn u_37_sessions_of_many_clients_are_told_apart_and_leak_nothing(mix: Mix) {
    let mut bench = Bench::start(mix, |plan| plan);
    let round = |bench: &Bench| {
        let ues: Vec<_> = (0..20).map(|number| bench.lab.ue(&format!("u{number:02}"))).collect();
        let sessions: Vec<_> = ues.iter().map(|ue| bench.register(ue, |ok| ok).session()).collect();
        let rows: Vec<_> = sessions.iter().map(|session| vec![session.clone()]).collect();
        assert_eq!(bench.rows("rx_session_id"), rows);
        for (ue, session) in ues.iter().zip(&sessions).rev() {
            bench.lab.leave(ue);
            assert_eq!(bench.pcrf.take(pcrf::SESSION_TERMINATION).session(), *session);
        }
        bench.lab.wait_count(0, PATIENCE);
        std::thread::sleep(std::time::Duration::from_secs(8));
        bench.lab.host.shared_memory()
    };
    round(&bench);
    let before = round(&bench);
    let after = round(&bench);
    assert!(after < before + 8192, "{before} to {after} bytes");
    bench.lab.host.assert_alive();
}

/// As many sessions make the test below one under load.
const ENOUGH: u32 = 50;

fn u_37_bearers_come_go_and_are_lost_all_at_once(mix: Mix) {
    let mut bench = Bench::start(mix, |plan| {
        plan.aging(1).with(|mut setup| {
            (setup.shared, setup.workers) = (64, 4);
            setup
        })
    });
    bench.lab.core.registrar(|core, request| match request.find("Expires") {
        Some("0") => {
            let contact = request.find("Contact").unwrap_or_default();
            core.ok(request).set("Contact", &format!("{contact};expires=0"))
        }
        _ => core.ok(request),
    });
    let stop = AtomicBool::new(false);
    let (served, refused) = (AtomicU32::new(0), AtomicU32::new(0));
    let sessions = thread::scope(|scope| {
        for number in 0..8 {
            let address = bench.lab.host.address();
            let (stop, served, refused) = (&stop, &served, &refused);
            scope.spawn(move || {
                let mut hand = Hand::new(address, &format!("u{number}"));
                while !stop.load(Ordering::Relaxed) {
                    for expires in [600, 600, 0] {
                        let register = hand.register(expires);
                        let reply = hand.ask(&register).expect("a reply to REGISTER");
                        if reply.status() == 200 {
                            served.fetch_add(1, Ordering::Relaxed);
                        } else {
                            // Another client takes its place.
                            let before = refused.fetch_add(1, Ordering::Relaxed);
                            hand = Hand::new(address, &format!("u{number}-{before}"));
                        }
                        let call = hand.calling("is_registered");
                        assert!(hand.ask(&call).is_some(), "a reply to MESSAGE");
                    }
                }
            });
        }
        // Every fifth session is lost on the way; not so with the C registrar, which does not let a
        // client register again that was lost.
        let every = if mix.registrar() == Flavor::Ours { 5 } else { u32::MAX };
        let begin = Instant::now();
        let least = Duration::from_secs(if soak() { 60 } else { 8 });
        let mut sessions = 0_u32;
        while begin.elapsed() < least || (sessions <= ENOUGH && begin.elapsed() < PATIENCE * 6) {
            let Some(asked) = bench.pcrf.wait(pcrf::AA) else { break };
            sessions += 1;
            if sessions.is_multiple_of(every) {
                bench.pcrf.lose(&asked.session(), &pcrf::Client::of(&asked));
            }
        }
        stop.store(true, Ordering::Relaxed);
        sessions
    });
    bench.lab.host.assert_alive();
    assert!(sessions > ENOUGH, "{sessions} sessions");
    // Now and then `tm` does not go on with a request that `ims_qos` has held back. With our
    // registrar the request that is sent again is asked about again; with the one of C it waits
    // for 3 s, until no branch is left, and so do the next ones of that contact.
    let (served, refused) = (served.into_inner(), refused.into_inner());
    assert!(served > refused, "{served} served, {refused} refused");
    let alice = bench.lab.ue("alice");
    let reply = alice.ask(&alice.register(600));
    assert_eq!((reply.status(), alice.is_registered()), (200, true), "{reply:?}");
}
