//! The configuration that the module's manual prints, as people copied it.

use host_tests::{
    Database, Flavor, Host, Phone, Setup, cases, install::install, setup::Storage, sqlite::Sqlite,
};

cases! {
    both:
        the_printed_sample_serves_a_line;
}

const SAMPLE: &str = include_str!("../../../cfg-examples/sca-sample.cfg");

fn the_printed_sample_serves_a_line(flavor: Flavor) {
    let folder = install().folder();
    let file = Sqlite::create(&folder.path().join("db"));
    for name in ["auth_db", "usrloc", "permissions"] {
        let path = format!("/usr/share/kamailio/db_sqlite/{name}-create.sql");
        file.execute(&install().shipped(&path));
    }
    let inside = install().inside(&folder.path().join("db"));
    // The paths, the database and the control socket are this test's own; the rest is as printed.
    let lines = format!(
        "#!KAMAILIO\n#!define LISTEN udp:{{address}}\n#!define MODULES \"{{folder}}:{{stock}}\"\n\
         #!define WITH_SQLITE\n#!define DBURL \"sqlite:///{}\"\n",
        inside.display()
    );
    let control = "\nmodparam(\"ctl\", \"binrpc\", \"unix:{folder}/ctl\")\n";
    let text = format!("{lines}{}{control}", SAMPLE.replacen("#!KAMAILIO", "", 1));
    let setup = Setup::new(flavor).storage(Storage::None).whole(&text);
    let host = Host::start(setup);
    let phones = [0; 2].map(|_| Phone::new(host.address(), "215"));
    let line = format!("sip:215@{}", host.address());
    // As if the line were registered.
    let location = ["ul.add", "location", "s:215", &phones[0].contact(), "600", "1.0", "."];
    host.rpc(&[&location[..], &["0", "0", "16383"]].concat()).unwrap();
    let strange = |phone: &Phone, event: &str| {
        let from = "<sip:215@elsewhere.example.net>;tag=f";
        phone.subscribe_draft(event, 3600).uri(&line).set("From", from).index(1)
    };
    for phone in &phones {
        let reply = phone.ask(&strange(phone, "call-info"));
        assert_eq!((reply.status_line(), reply.header("Expires")), ("202 Accepted", "300"));
        phone.notified("call-info");
    }
    assert_eq!(phones[0].ask(&strange(&phones[0], "line-seize")).status(), 200);
    for phone in &phones {
        let told = phone.notified("call-info").header("Call-Info").to_owned();
        assert!(told.contains(";appearance-index=1;appearance-state=seized,"), "{told}");
    }
    drop(folder);
}
