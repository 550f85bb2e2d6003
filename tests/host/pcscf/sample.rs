//! The example configurations, as people copy them.

use host_tests::{
    database::{Database as _, Dialect},
    example::{DISPATCHER, Example},
    install::{Flavor, install},
    mixed,
    pcscf::{HOME, Lab, Mix, Plan, Ue},
    servers,
    setup::Storage,
    wait::{PATIENCE, until},
};

mixed! {
    all:
        the_example_serves_telephones_of_its_network_and_nobody_else,
        the_example_follows_the_state_of_a_registration,
        the_example_of_an_ims_follows_it_too,
        kamailios_example_serves_telephones;
    since(5, 7):
        two_nodes_of_the_example_share_their_contacts,
        a_node_of_the_example_serves_what_a_dead_one_registered;
}

const ONE: &str = include_str!("../../../cfg-examples/pcscf.cfg");
const IMS: &str = include_str!("../../../cfg-examples/ims-pcscf.cfg");
const NODES: &str = include_str!("../../../cfg-examples/pcscf-ha.cfg");

/// Subscribes to registrations, with the database that the harness makes for `pua`.
const REGINFO: &str =
    "#!define WITH_REGINFO\n#!define PUA_DBURL \"sqlite:///{folder}/pua.sqlite\"\n";

/// An example with the paths and the addresses of this test in place of a site's.
fn example(plan: Plan, mix: Mix, text: &str, defines: &str) -> Plan {
    let mut head = "#!KAMAILIO\n#!define LISTEN udp:{address}\n#!define CORE \"{core}\"\n\
        #!define CORE_IP \"{core_ip}\"\n#!define MODULES \"{folder}:{stock}\"\n\
        #!define CTL_SOCKET \"unix:{folder}/ctl\"\n#!define RPC_FIFO \"{folder}/fifo\"\n\
        #!define RPC_SOCKET \"{folder}/sock\"\n"
        .to_owned();
    if mix.registrar() == Flavor::C {
        head.push_str("#!define WITH_IPSEC\n#!define IPSEC_ADDRESS \"{ip}\"\n");
    }
    head.push_str(defines);
    let text = text.replacen("#!KAMAILIO\n", &head, 1);
    plan.with(|setup| setup.whole(&text).with_file("pcscf.cfg", ONE))
}

fn one(mix: Mix, defines: &str) -> Lab {
    let defines = format!("#!define DBURL \"sqlite:///{{folder}}/sca.sqlite\"\n{defines}");
    let mut plan =
        example(Plan::new(mix), mix, ONE, &defines).with(|setup| setup.storage(Storage::Own));
    plan.setup.tables = || tables(Dialect::Sqlite);
    plan.start()
}

/// The table under the name that the examples use.
fn tables(dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => concat!(
            include_str!("../../../db/sqlite/version.sql"),
            include_str!("../../../db/sqlite/ims_usrloc_pcscf.sql")
        ),
        Dialect::Mysql => concat!(
            include_str!("../../../db/mysql/version.sql"),
            include_str!("../../../db/mysql/ims_usrloc_pcscf.sql")
        ),
        Dialect::Postgres => concat!(
            include_str!("../../../db/postgres/version.sql"),
            include_str!("../../../db/postgres/ims_usrloc_pcscf.sql")
        ),
    }
    .to_owned()
}

/// Another address than that of the home network.
fn telephone(lab: &Lab, user: &str) -> Ue {
    lab.ue_at("127.0.0.2:0", user)
}

/// Registers and gives the Path under which the home network reaches the telephone.
fn register(lab: &Lab, ue: &Ue) -> String {
    let done = lab.exchange(ue, &ue.register(600), |ok| ok);
    assert_eq!(done.reply.status(), 200, "{:?}", done.reply);
    assert_eq!(done.relayed.header("P-Visited-Network-ID"), "visited.example.com");
    done.relayed.header("Path").to_owned()
}

/// A request of `ue` to the node of `lab` reaches the home network by the route that it gave.
fn assert_served(lab: &Lab, ue: &Ue) {
    let request = ue
        .draft("MESSAGE", &format!("sip:bob@{HOME}"))
        .add("Route", "<sip:elsewhere.example.com;lr>");
    ue.send_to(&request, lab.host.address());
    let seen = lab.core.incoming("MESSAGE");
    assert_eq!(seen.all("Route"), [lab.core.service_route()]);
    assert_eq!(seen.header("P-Asserted-Identity"), format!("<sip:{}@{HOME}>", ue.user()));
    assert_eq!(ue.final_reply(&request).status(), 200);
}

/// A request of the home network for `ue`, sent to the node of `lab`, arrives.
fn assert_reached(lab: &Lab, ue: &Ue, path: &str) {
    let request = lab.core.request("MESSAGE", &ue.contact()).add("Route", path);
    lab.core.send_to(&request, lab.host.address());
    ue.incoming("MESSAGE");
    assert_eq!(lab.core.final_reply(&request).status(), 200);
}

fn the_example_serves_telephones_of_its_network_and_nobody_else(mix: Mix) {
    let mut lab = one(mix, "");
    let alice = telephone(&lab, "alice");
    let path = register(&lab, &alice);
    let rows = "SELECT count(*) FROM pcscf_location WHERE service_routes <> ''";
    until("the row of alice", PATIENCE, || {
        (lab.host.sqlite().query(rows) == [["1"]]).then_some(())
    });
    assert_served(&lab, &alice);
    assert_reached(&lab, &alice, &path);

    let preferred = alice
        .draft("MESSAGE", &format!("sip:bob@{HOME}"))
        .add("P-Preferred-Identity", "<sip:mallory@ims.test>")
        .add("P-Asserted-Identity", "<sip:mallory@ims.test>");
    alice.send(&preferred);
    let seen = lab.core.incoming("MESSAGE");
    assert_eq!(seen.all("P-Asserted-Identity"), [format!("<sip:alice@{HOME}>")]);
    assert_eq!(alice.final_reply(&preferred).status(), 200);

    let mallory = telephone(&lab, "mallory");
    let refused = mallory.ask(&mallory.draft("MESSAGE", &format!("sip:bob@{HOME}")));
    assert_eq!(refused.status_line(), "403 Register first");

    lab.leave(&alice);
    let refused = alice.ask(&alice.draft("MESSAGE", &format!("sip:bob@{HOME}")));
    assert_eq!(refused.status_line(), "403 Register first");
    lab.host.assert_alive();
}

fn the_example_follows_the_state_of_a_registration(mix: Mix) {
    let mut lab = one(mix, REGINFO);
    let alice = telephone(&lab, "alice");
    register(&lab, &alice);
    let subscribe = lab.subscribed();
    assert_eq!(subscribe.uri(), format!("sip:alice@{HOME}"));
    assert_eq!(subscribe.header("Event"), "reg");
    lab.host.assert_alive();
}

fn the_example_of_an_ims_follows_it_too(mix: Mix) {
    let defines = "#!define DBURL \"sqlite:///{folder}/sca.sqlite\"\n\
        #!define PUA_DBURL \"sqlite:///{folder}/pua.sqlite\"\n";
    let mut plan =
        example(Plan::new(mix), mix, IMS, defines).with(|setup| setup.storage(Storage::Own));
    plan.setup.tables = || tables(Dialect::Sqlite);
    let mut lab = plan.start();
    let alice = telephone(&lab, "alice");
    let path = register(&lab, &alice);
    assert_eq!(lab.subscribed().uri(), format!("sip:alice@{HOME}"));
    assert_served(&lab, &alice);
    assert_reached(&lab, &alice, &path);
    lab.host.assert_alive();
}

/// The P-CSCF that comes with Kamailio's source: MariaDB, `ims_ipsec_pcscf`, `ims_dialog`, `rtpengine`.
const KAMAILIOS: Example = Example { role: "pcscf", site: "import_file \"pcscf.cfg\"" };

/// That, in front of the core of this test.
fn kamailios(mix: Mix) -> Lab {
    let tables = ["standard", "ims_dialog", "ims_usrloc_pcscf"];
    let script = |name| install().shipped(&format!("/usr/share/kamailio/mysql/{name}-create.sql"));
    let database = servers::mariadb().with(&tables.map(script).concat());
    let site = KAMAILIOS
        .file("pcscf.cfg.sample")
        .replace("udp:0.0.0.0:5060", "udp:{address}")
        .replace("IPSEC_LISTEN_ADDR \"0.0.0.0\"", "IPSEC_LISTEN_ADDR \"{ip}\"")
        .replace("mysql://pcscf:heslo@127.0.0.1/pcscf", &database.url())
        .replace("pcscf.mnc001.mcc001.3gppnetwork.org", "pcscf.ims.test")
        .replace("mnc001.mcc001.3gppnetwork.org", HOME);
    // In place of the DNS of a site.
    let to_core = "route[RELAY] {\n    if (is_method(\"REGISTER\")) { $du = \"{core}\"; }\n";
    let whole = KAMAILIOS.whole(&site).replace("route[RELAY] {", to_core);
    let plan = Plan::new(mix).with(|setup| {
        let setup = setup.whole(&whole).with_file("dispatcher.list", DISPATCHER);
        let routes = ["register.cfg", "rtp.cfg", "mo.cfg", "mt.cfg"].into_iter();
        routes.fold(setup, |setup, name| {
            setup.with_file(name, &KAMAILIOS.file(&format!("route/{name}")))
        })
    });
    plan.start()
}

fn kamailios_example_serves_telephones(mix: Mix) {
    let mut lab = kamailios(mix);
    let alice = telephone(&lab, "alice");
    // The second time as a refresh of the first.
    let [_, again] = [(), ()].map(|()| {
        let done = lab.exchange(&alice, &alice.register(600), |ok| ok);
        assert_eq!(done.reply.status(), 200, "{:?}", done.reply);
        done.relayed
    });
    assert_served(&lab, &alice);
    let contact = again.header("Contact").trim_matches(['<', '>']);
    assert!(contact.contains(";alias=127.0.0.2~"), "{contact}");
    let request = lab.core.request("MESSAGE", contact).add("Route", again.header("Path"));
    lab.core.send_to(&request, lab.host.address());
    alice.incoming("MESSAGE");
    assert_eq!(lab.core.final_reply(&request).status(), 200);

    lab.leave(&alice);
    // Of two processes of the pair of C, one may take the request before the other has let go of her.
    if mix == Mix::C {
        return;
    }
    let refused = alice.ask(&alice.draft("MESSAGE", &format!("sip:bob@{HOME}")));
    assert_eq!(refused.status_line(), "403 Forbidden - You must register first with a S-CSCF");
    lab.host.assert_alive();
}

/// Nodes with one database.
fn nodes(mix: Mix) -> [Lab; 2] {
    let database = servers::mariadb().with(&tables(Dialect::Mysql));
    let url = database.url();
    let defines = format!("#!define DBURL \"{url}\"\n");
    let first = Plan::new(mix);
    let core = first.core.clone();
    [first, Plan::of(mix, &core)].map(|plan| example(plan, mix, NODES, &defines).start())
}

fn two_nodes_of_the_example_share_their_contacts(mix: Mix) {
    let [one, two] = nodes(mix);
    let alice = telephone(&one, "alice");
    let path = register(&one, &alice);
    // The name of all nodes, not the address of one.
    assert!(path.starts_with("<sip:term@pcscf.visited.example.com"), "{path}");
    for node in [&one, &two] {
        assert_served(node, &alice);
        assert_reached(node, &alice, &path);
    }
}

fn a_node_of_the_example_serves_what_a_dead_one_registered(mix: Mix) {
    let [mut one, two] = nodes(mix);
    let alice = telephone(&one, "alice");
    let path = register(&one, &alice);
    one.host.kill9();
    assert_served(&two, &alice);
    assert_reached(&two, &alice, &path);
    one.host.again();
    assert_served(&one, &alice);
}
