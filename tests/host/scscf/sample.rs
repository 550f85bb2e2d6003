//! The example configuration, as people copy it.

use host_tests::{
    database::{Database as _, Dialect},
    digest::Credentials,
    example::{DISPATCHER, Example},
    install::{Flavor, install},
    mixed,
    scscf::{Lab, Mix, Plan, Ue, private, subscriber, tables::tables},
    servers,
    setup::{Load, Storage},
};
use std::{thread, time::Duration};

mixed! {
    all:
        the_example_registers_users_and_takes_their_calls,
        the_example_registers_nobody_without_the_secret;
    registrar:
        kamailios_example_registers_users_and_takes_their_calls;
}

const EXAMPLE: &str = include_str!("../../../cfg-examples/scscf.cfg");

/// The example with the paths and the addresses of this test in place of a site's.
fn example(mix: Mix, defines: &str) -> Lab {
    let mut head = "#!KAMAILIO\n#!define LISTEN udp:{address}\n\
        #!define SCSCF_URI \"sip:{address}\"\n#!define SCSCF_HOST \"{address}\"\n\
        #!define REALM \"ims.test\"\n#!define DIAMETER \"{folder}/cdp.xml\"\n\
        #!define DBURL \"sqlite:///{folder}/sca.sqlite\"\n#!define LOOK 1\n\
        #!define MODULES \"{folder}:{stock}\"\n#!define CTL_SOCKET \"unix:{folder}/ctl\"\n\
        #!define RPC_FIFO \"{folder}/fifo\"\n#!define RPC_SOCKET \"{folder}/sock\"\n"
        .to_owned();
    // The C store cannot write to sqlite.
    if mix.usrloc() == Flavor::C {
        head.push_str("#!define DBMODE 0\n");
    }
    head.push_str(defines);
    let text = EXAMPLE.replacen("#!KAMAILIO\n", &head, 1);
    let mut plan = Plan::new(mix).with(|setup| setup.whole(&text).storage(Storage::Own));
    plan.setup.tables = || tables(Dialect::Sqlite);
    // It loads these by itself.
    plan.setup.after.push(Load::Stock("ims_auth"));
    plan.setup.after.push(Load::Stock("ims_isc"));
    plan.start()
}

/// Calls `callee` on the route that the registration gave; gives the final answer's status.
fn call(lab: &Lab, from: &Ue, callee: &str) -> u16 {
    let request = from
        .draft("MESSAGE", &format!("sip:{callee}@ims.test"))
        .add("Route", &lab.service_route())
        .add("P-Asserted-Identity", &format!("<sip:{}@ims.test>", from.user()));
    from.ask(&request).status()
}

fn the_example_registers_users_and_takes_their_calls(mix: Mix) {
    let mut lab = example(mix, "#!define WITHOUT_AUTH\n");
    let [alice, bob] = ["alice", "bob"].map(|user| lab.ue(user));
    let reply = lab.register(&alice, 600);
    assert_eq!(reply.header("Service-Route"), lab.service_route());
    lab.register(&bob, 600);
    assert_eq!(lab.state("sip:bob@ims.test").as_deref(), Some("registered"));
    assert_eq!(call(&lab, &alice, "bob"), 200);
    bob.incoming("MESSAGE");
    assert_eq!(call(&lab, &alice, "nobody"), 404);
    lab.leave(&bob);
    // The C registrar takes a contact for reachable until its store has let go of it.
    if mix.registrar() == Flavor::Ours {
        assert!([404, 480].contains(&call(&lab, &alice, "bob")));
    }
    lab.host.assert_alive();
}

/// A telephone takes so long to answer a challenge.
const CHALLENGED: Duration = Duration::from_millis(100);

/// A telephone of a user whose password the HSS knows: `secret`.
fn known(lab: &Lab, user: &str) -> Ue {
    let mut subscriber = subscriber(&format!("sip:{user}@ims.test"));
    subscriber.password = "secret".to_owned();
    lab.hss.add(subscriber);
    lab.ue(user)
}

/// Registers `ue` for `seconds` with this password; gives the status of the last answer.
fn prove(ue: &Ue, seconds: u32, password: &str) -> u16 {
    let (uri, realm) = ("sip:ims.test", "ims.test".to_owned());
    let credentials =
        Credentials { username: private(ue.user()), realm, password: password.to_owned() };
    let first = ue.register(seconds).add("Authorization", &credentials.name(uri));
    let mut reply = ue.ask(&first);
    assert_eq!(reply.status(), 401, "{reply:?}");
    // ims_auth sends a challenge before it keeps it: who answers at once is challenged again, as
    // often as the server is slower.
    for _ in 0..5 {
        if reply.status() != 401 {
            break;
        }
        thread::sleep(CHALLENGED);
        let proof = credentials.answer(reply.header("WWW-Authenticate"), "REGISTER", uri);
        reply = ue.ask(&ue.register(seconds).add("Authorization", &proof));
    }
    reply.status()
}

fn the_example_registers_nobody_without_the_secret(mix: Mix) {
    let mut lab = example(mix, "");
    let ue = known(&lab, "bob");
    assert_ne!(prove(&ue, 600, "a guess"), 200);
    assert_eq!(lab.state("sip:bob@ims.test"), None);
    assert_eq!(prove(&ue, 600, "secret"), 200);
    assert_eq!(lab.state("sip:bob@ims.test").as_deref(), Some("registered"));
    lab.host.assert_alive();
}

/// The S-CSCF that comes with Kamailio's source: `presence`, a schema for profiles, three contacts.
const KAMAILIOS: Example = Example { role: "scscf", site: "include_file \"scscf.cfg\"" };

/// That, with a database, which is left out unless a site names one.
fn kamailios(mix: Mix) -> Lab {
    let presence = install().shipped("/usr/share/kamailio/mysql/presence-create.sql");
    let database = servers::mariadb().with(&(tables(Dialect::Mysql) + &presence));
    let url = format!("#!define DB_URL \"{}\"\n", database.url());
    let site = KAMAILIOS
        .file("scscf.cfg.sample")
        .replace("##!define WITH_AUTH", "#!define WITH_AUTH")
        .replace("\"HSS-Selected\"", "\"3GPP-Digest\"")
        .replace("udp:11.22.33.44:6060", "udp:{address}")
        .replace("sip:scscf.mnc001.mcc001.3gppnetwork.org:6060", "sip:{address}")
        .replace("scscf.mnc001.mcc001.3gppnetwork.org", "scscf.ims.test")
        .replace("ims.mnc001.mcc001.3gppnetwork.org", "ims.test");
    let whole = KAMAILIOS
        .whole(&(url + &site + "\nalias=\"ims.test\"\n"))
        .replace("{folder}/scscf.xml", "{folder}/cdp.xml");
    let schema = KAMAILIOS.file("CxDataType_Rel7.xsd");
    let mut plan = Plan::new(mix).with(|setup| {
        setup
            .whole(&whole)
            .storage(Storage::None)
            .with_file("dispatcher.list", DISPATCHER)
            .with_file("CxDataType_Rel7.xsd", &schema)
    });
    plan.setup.after.push(Load::Stock("ims_auth"));
    plan.setup.after.push(Load::Stock("ims_isc"));
    plan.start()
}

fn kamailios_example_registers_users_and_takes_their_calls(mix: Mix) {
    let mut lab = kamailios(mix);
    let [alice, bob] = ["alice", "bob"].map(|user| known(&lab, user));
    for ue in [&alice, &bob] {
        // The second time as a refresh of the first, which the script takes another way.
        assert_eq!([(); 2].map(|()| prove(ue, 600, "secret")), [200; 2]);
    }
    assert_eq!(lab.state("sip:bob@ims.test").as_deref(), Some("registered"));
    let call = || {
        let request = alice.draft("MESSAGE", "sip:bob@ims.test");
        alice.ask(&request).status()
    };
    assert_eq!(call(), 200);
    bob.incoming("MESSAGE");
    assert_eq!(prove(&bob, 0, "secret"), 200);
    assert_eq!(call(), 404);
    lab.host.assert_alive();
}
