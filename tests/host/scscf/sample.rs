//! The example configuration, as people copy it.

use host_tests::{
    database::Dialect,
    digest::Credentials,
    install::Flavor,
    mixed,
    scscf::{Lab, Mix, Plan, Ue, private, subscriber, tables::tables},
    setup::{Load, Storage},
};
use std::{thread, time::Duration};

mixed! {
    all:
        the_example_registers_users_and_takes_their_calls,
        the_example_registers_nobody_without_the_secret;
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

fn the_example_registers_nobody_without_the_secret(mix: Mix) {
    let mut lab = example(mix, "");
    let mut bob = subscriber("sip:bob@ims.test");
    bob.password = "secret".to_owned();
    lab.hss.add(bob);
    let ue = lab.ue("bob");
    let (uri, username, realm) = ("sip:ims.test", private("bob"), "ims.test".to_owned());
    let register = |password: &str| {
        let password = password.to_owned();
        let credentials =
            Credentials { username: username.clone(), realm: realm.clone(), password };
        let first = ue.register(600).add("Authorization", &credentials.name(uri));
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
            reply = ue.ask(&ue.register(600).add("Authorization", &proof));
        }
        reply.status()
    };
    assert_ne!(register("a guess"), 200);
    assert_eq!(lab.state("sip:bob@ims.test"), None);
    assert_eq!(register("secret"), 200);
    assert_eq!(lab.state("sip:bob@ims.test").as_deref(), Some("registered"));
    lab.host.assert_alive();
}
