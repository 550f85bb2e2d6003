//! A whole core: the P-CSCF before an S-CSCF of Kamailio's own modules, which asks an HSS.

use host_tests::{
    Draft, Message,
    diameter::{
        Assignment, Avps as _, Hss, SUCCESS, Subscriber, hss, hss::Mood, subscriber::Registration,
    },
    digest::Credentials,
    mixed,
    pcscf::{HOME, Lab, Mix, Plan, Ue, core::identities, rc, saved},
    scscf,
    wait::{PATIENCE, SILENCE, until},
};
use std::thread::sleep;

mixed! {
    all:
        a_client_registers_with_the_core_is_served_and_leaves,
        a_client_that_the_home_does_not_know_is_not_registered,
        a_client_with_a_wrong_password_is_not_registered,
        a_client_that_the_home_cannot_serve_is_not_registered,
        the_home_ends_a_registration,
        the_p_cscf_ends_a_registration;
}

/// The password of everybody.
const PASSWORD: &str = "open sesame";

/// A NOTIFY for the P-CSCF itself.
const NOTIFIED: &str = "if (is_method(\"NOTIFY\") && has_totag() && uri == myself) {
        reginfo_handle_notify(\"location\");
        $var(rc) = $rc;
        append_to_reply(\"X-Rc: $var(rc)\\r\\n\");
        sl_send_reply(\"200\", \"Read\");
        xlog(\"L_ERR\", \"NOTIFY of $fu read: $var(rc)\\n\");
        exit;
    }
    ";

/// The first line of the route that treats every other NOTIFY.
const NEXT: &str = "if (is_method(\"NOTIFY\") && !has_totag())";

struct Core {
    // Stops first: it still sends to the others.
    scscf: scscf::Lab,
    lab: Lab,
    hss: Hss,
}

impl Core {
    fn start(mix: Mix, users: &[&str]) -> Self {
        let hss = Hss::start(users.iter().map(|user| subscriber(user)).collect());
        let scscf = scscf::Plan::home(&hss);
        let (at, uri) = (scscf.address(), format!("sip:{}", scscf.address()));
        let scscf = scscf.start();
        let plan = Plan::new(mix)
            .subscribing()
            // The S-CSCF looks for who subscribes in the Path, and sends to where that is.
            .registrar("pcscf_uri", "sip:pcscf@{address}")
            .registrar("force_icscf_uri", uri.as_str())
            .with(|setup| {
                setup
                    .param("pua", "check_remote_contact", 0)
                    .param("pua", "outbound_proxy", uri.as_str())
                    .word("{core}", &uri)
                    .word("{core_ip}", &at.ip().to_string())
                    .word("{core_port}", &at.port().to_string())
                    .word(NEXT, &format!("{NOTIFIED}{NEXT}"))
            });
        Self { scscf, lab: plan.start(), hss }
    }

    /// What the registrar returned for the NOTIFYs of `identity` so far.
    fn notified(&self, identity: &str) -> Vec<i32> {
        let what = format!("NOTIFY of {identity} read: ");
        let log = self.lab.host.journal().text();
        log.lines().filter_map(|line| line.split_once(&what)?.1.trim().parse().ok()).collect()
    }

    /// For how many seconds the P-CSCF asked for what happens to `identity`, each time.
    fn subscribed(&self, identity: &str) -> Vec<String> {
        let what = format!("SUBSCRIBE to {identity} for ");
        let log = self.scscf.host.journal().text();
        log.lines().filter_map(|line| Some(line.split_once(&what)?.1.trim().to_owned())).collect()
    }

    /// Waits until the P-CSCF was told that `identity` is gone, and asks for no more of it.
    fn unsubscribed(&self, identity: &str) {
        let mut read = Vec::new();
        until("the end of the subscription", PATIENCE, || {
            read = self.notified(identity);
            let left = self.subscribed(identity).iter().any(|seconds| seconds == "0");
            (left && read.len() > 1).then_some(())
        });
        // The answer to the end of a subscription may come when its dialog is gone.
        assert_eq!(read.first_chunk::<2>(), Some(&[1, 1]), "{read:?}");
    }
}

fn private(user: &str) -> String {
    format!("{user}@{HOME}")
}

fn subscriber(user: &str) -> Subscriber {
    let list = identities(user);
    let public: Vec<_> = list.split(", ").map(|it| it.trim_matches(['<', '>'])).collect();
    Subscriber::new(&private(user), PASSWORD, &public)
}

/// A REGISTER of `ue` for so many seconds that answers challenges; the last answer.
///
/// The S-CSCF sends a challenge before it keeps it: who answers at once is asked once more. So the
/// client takes its time, as a card does.
fn register(ue: &Ue, expires: u32, password: &str) -> Message {
    let uri = format!("sip:{HOME}");
    let own = Credentials {
        username: private(ue.user()),
        realm: HOME.to_owned(),
        password: password.to_owned(),
    };
    let first = ue.register(expires).add("Supported", "path");
    let mut reply = ue.ask(&first.clone().add("Authorization", &own.name(&uri)));
    for _ in 0..5 {
        let Some(challenge) = reply.find("WWW-Authenticate") else { break };
        assert_eq!(reply.status(), 401, "{reply:?}");
        let proof = own.answer(challenge, "REGISTER", &uri);
        sleep(SILENCE);
        let again: Draft = ue.register(expires).add("Supported", "path");
        let again = again.set("Call-ID", first.find("Call-ID").unwrap());
        reply = ue.ask(&again.add("Authorization", &proof));
    }
    reply
}

fn a_client_registers_with_the_core_is_served_and_leaves(mix: Mix) {
    let mut core = Core::start(mix, &["alice", "bob"]);
    let alice = core.lab.ue("alice");
    let identity = alice.identity();
    let list = identities("alice");

    // Challenged: known, not registered yet.
    let reply = register(&alice, 600, PASSWORD);
    assert_eq!((reply.status(), rc(&reply), saved(&reply)), (200, 1, 1), "{reply:?}");
    assert_eq!(reply.header("Service-Route"), core.scscf.service_route());
    assert_eq!(reply.header("P-Associated-URI"), list);
    assert!(reply.header("Path").contains("sip:pcscf@"), "{reply:?}");
    let (kind, asked) = core.hss.assigned();
    assert_eq!(kind, Assignment::Registration);
    assert!(!asked.session().is_empty());
    assert_eq!(core.hss.take(hss::MULTIMEDIA_AUTH).application, asked.application);
    assert_eq!(core.hss.subscriber(&private("alice")).registration, Registration::Registered);
    assert_eq!(core.scscf.state(&identity).as_deref(), Some("registered"));
    assert!(alice.is_registered());
    assert_eq!(core.lab.count(), 1);

    // All three identities are asserted, and what was learned is the way of requests.
    for own in list.split(", ").map(|it| it.trim_matches(['<', '>'])) {
        let asked = alice.ask(&alice.calling("assert").add("X-Identity", own));
        assert_eq!(rc(&asked), 1, "{own}");
    }
    let foreign = alice.ask(&alice.calling("assert").add("X-Identity", "sip:bob@ims.test"));
    assert_eq!(rc(&foreign), -1);
    let sent = alice.ask(&alice.calling("force").add("X-Relay", "sip:127.0.0.1:9"));
    assert_eq!(sent.status_line(), "200 Came Here", "{sent:?}");
    assert_eq!(sent.header("X-Route"), core.scscf.service_route());
    let route = core.scscf.service_route();
    assert_eq!(rc(&alice.ask(&alice.calling("follows").add("Route", &route))), 1);

    // The P-CSCF subscribed, and the first NOTIFY of that dialog says what it knows already.
    until("the first NOTIFY", PATIENCE, || (!core.notified(&identity).is_empty()).then_some(()));
    assert!(core.notified(&identity).iter().all(|code| *code == 1));
    assert_eq!(core.subscribed(&identity), ["3610"]);
    assert!(alice.is_registered());
    assert_eq!(core.lab.count(), 1);

    // Somebody else comes and stays.
    let bob = core.lab.ue("bob");
    assert_eq!(saved(&register(&bob, 600, PASSWORD)), 1);
    assert_eq!(core.hss.assigned().0, Assignment::Registration);

    // The client registers once more: the same record, the same dialog.
    let again = register(&alice, 600, PASSWORD);
    assert_eq!((again.status(), saved(&again)), (200, 1), "{again:?}");
    assert_eq!(core.hss.assigned().0, Assignment::ReRegistration);
    assert_eq!(core.lab.count(), 2);

    // It leaves.
    let left = register(&alice, 0, PASSWORD);
    assert_eq!((left.status(), saved(&left)), (200, 1), "{left:?}");
    assert_eq!(core.hss.assigned().0, Assignment::UserDeregistration);
    assert_eq!(core.hss.subscriber(&private("alice")).registration, Registration::Not);
    assert!(!alice.is_registered());
    core.lab.wait_count(1, PATIENCE);
    // The core says the same: there is nothing left to watch.
    core.unsubscribed(&identity);
    assert_eq!(core.subscribed(&bob.identity()), ["3610"]);
    assert!(bob.is_registered());
    core.scscf.host.assert_alive();
    core.lab.host.assert_alive();
}

fn a_client_that_the_home_does_not_know_is_not_registered(mix: Mix) {
    let mut core = Core::start(mix, &["alice"]);
    let mallory = core.lab.ue("mallory");
    let reply = register(&mallory, 600, PASSWORD);
    assert_eq!(reply.status(), 403, "{reply:?}");
    assert!(!mallory.is_registered());
    assert_eq!(core.hss.waiting(hss::SERVER_ASSIGNMENT), 0);
    assert_eq!(core.scscf.state(&mallory.identity()), None);
    // Nobody is subscribed to, and nobody else is disturbed.
    assert_eq!(core.notified(&mallory.identity()), [0; 0]);
    let alice = core.lab.ue("alice");
    assert_eq!(saved(&register(&alice, 600, PASSWORD)), 1);
    assert!(alice.is_registered());
    core.lab.host.assert_alive();
}

fn a_client_with_a_wrong_password_is_not_registered(mix: Mix) {
    let core = Core::start(mix, &["alice"]);
    let alice = core.lab.ue("alice");
    let reply = register(&alice, 600, "sesame open");
    assert_eq!(reply.status(), 403, "{reply:?}");
    assert!(!alice.is_registered());
    assert_eq!(core.hss.waiting(hss::SERVER_ASSIGNMENT), 0);
    assert_eq!(saved(&register(&alice, 600, PASSWORD)), 1);
    assert!(alice.is_registered());
}

fn a_client_that_the_home_cannot_serve_is_not_registered(mix: Mix) {
    let core = Core::start(mix, &["alice"]);
    let alice = core.lab.ue("alice");
    core.hss.set(hss::SERVER_ASSIGNMENT, Mood::Refuse(hss::UNABLE_TO_COMPLY));
    let reply = register(&alice, 600, PASSWORD);
    assert_eq!(reply.status(), 500, "{reply:?}");
    assert!(!alice.is_registered());
    core.hss.set(hss::SERVER_ASSIGNMENT, Mood::Silence);
    assert_eq!(register(&alice, 600, PASSWORD).status(), 500);
    assert!(!alice.is_registered());
    assert_eq!(core.subscribed(&alice.identity()), [""; 0]);
    core.hss.set(hss::SERVER_ASSIGNMENT, Mood::Serve);
    assert_eq!(saved(&register(&alice, 600, PASSWORD)), 1);
    assert!(alice.is_registered());
}

fn the_home_ends_a_registration(mix: Mix) {
    let core = Core::start(mix, &["alice"]);
    let alice = core.lab.ue("alice");
    let identity = alice.identity();
    assert_eq!(saved(&register(&alice, 600, PASSWORD)), 1);
    until("the first NOTIFY", PATIENCE, || (!core.notified(&identity).is_empty()).then_some(()));
    let list = identities("alice");
    let public: Vec<_> = list.split(", ").map(|it| it.trim_matches(['<', '>'])).collect();
    let answer = core.hss.terminate(&private("alice"), &public, 0);
    assert_eq!(answer.avps.value(268), Some(SUCCESS), "{answer:?}");
    // What it says of the contacts is up to the S-CSCF; nobody asks for more of it.
    core.unsubscribed(&identity);
    until("the end in the core", PATIENCE, || core.scscf.state(&identity).is_none().then_some(()));
    // The client comes again, as a new one.
    assert_eq!(core.hss.assigned().0, Assignment::Registration);
    assert_eq!(saved(&register(&alice, 600, PASSWORD)), 1);
    assert_eq!(core.hss.assigned().0, Assignment::Registration);
    assert!(alice.is_registered());
    assert_eq!(core.lab.count(), 1);
}

fn the_p_cscf_ends_a_registration(mix: Mix) {
    let core = Core::start(mix, &["alice"]);
    let alice = core.lab.ue("alice");
    let identity = alice.identity();
    assert_eq!(saved(&register(&alice, 600, PASSWORD)), 1);
    until("the first NOTIFY", PATIENCE, || (!core.notified(&identity).is_empty()).then_some(()));
    let at = alice.local();
    let asked = alice
        .calling("unregister")
        .add("X-Aor", &alice.contact())
        .add("X-Host", &at.ip().to_string())
        .add("X-Port", &at.port().to_string());
    assert_eq!(rc(&alice.ask(&asked)), 1);
    assert!(!alice.is_registered());
    // The core is told, ends it, and says so in the dialog that watches it.
    core.unsubscribed(&identity);
    until("the end in the core", PATIENCE, || core.scscf.state(&identity).is_none().then_some(()));
    assert!(!alice.is_registered());
}
