//! The location store: what operators see of it, and how its records live and end.

use host_tests::{
    Fault, Flavor,
    diameter::{Avps as _, SUCCESS},
    mixed,
    scscf::{Lab, Mix, Plan, Ue, bindings, private, rc, set},
    wait::{PATIENCE, until},
};
use std::{fs, thread::sleep, time::Duration};

mixed! {
    all:
        u_01_the_status_counts_identities,
        u_02_the_size_is_a_power_of_two,
        u_03_an_identity_is_shown,
        u_04_a_snapshot_is_appended_to_a_file,
        u_05_records_are_counted_until_they_are_gone,
        u_06_contacts_that_expire_go,
        u_07_a_contact_that_is_about_to_go_is_kept_if_it_comes_back,
        u_10_no_more_contacts_than_allowed,
        u_11_the_oldest_contact_makes_room,
        u_30_domains_are_independent;
    some:
        u_31_one_identity_comes_and_goes_from_two_sides;
    registrar:
        u_06_a_contact_that_expired_is_not_found_at_once;
    usrloc:
        u_04_a_snapshot_that_cannot_be_written_is_refused,
        u_06_a_contact_that_expired_goes_however_often_it_is_called,
        u_12_telephones_have_a_limit_of_their_own,
        u_15_130_contacts_are_ended_at_once,
        u_27_many_contacts_expire_at_once;
}

/// The number of a line of `ulscscf.status` for the domain that most cases use.
fn status(lab: &Lab, name: &str) -> u64 {
    let text = lab.host.rpc(&["ulscscf.status"]).unwrap();
    let domain = text.split("Domain: ").find(|part| part.starts_with("location"));
    host_tests::rpc::number(domain.unwrap_or_else(|| panic!("{text}")), name)
}

fn u_01_the_status_counts_identities(mix: Mix) {
    let lab = Lab::start(mix);
    assert_eq!((status(&lab, "Records:"), status(&lab, "Size:")), (0, 512));
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    assert_eq!(status(&lab, "Records:"), 3);
    let text = lab.host.rpc(&["ulscscf.status"]).unwrap();
    assert!(text.contains("Domain: location") && text.contains("Max-Slots:"), "{text}");
}

fn u_02_the_size_is_a_power_of_two(mix: Mix) {
    for (exponent, size) in [(1, 512), (4, 16), (12, 4096)] {
        let lab = Plan::new(mix).usrloc("hash_size", exponent).start();
        assert_eq!(status(&lab, "Size:"), size);
        let bob = lab.ue("bob");
        lab.register(&bob, 600);
        assert!(lab.finds(&bob, "bob"));
    }
}

fn u_03_an_identity_is_shown(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let draft = bob.register(600).add("User-Agent", "Telephone 1.0");
    assert_eq!(bob.ask(&draft).status(), 200);
    let record = lab.record(&bob.identity()).unwrap();
    assert_eq!((&*record.state, &*record.barring), ("registered", "0"));
    assert_eq!((record.private, &record.set[..]), (private("bob"), &set("bob")[..]));
    assert_eq!(record.contacts.len(), 1);
    let text = lab.host.rpc(&["ulscscf.showimpu", &bob.identity()]).unwrap();
    assert!(text.contains("client: Telephone 1.0"), "{text}");
    // Charging functions that nobody told of are no texts.
    assert!(text.contains("ccf1: <null string>"), "{text}");
    let unknown = lab.host.rpc(&["ulscscf.showimpu", "sip:nobody@ims.test"]).unwrap();
    assert_eq!(unknown.trim(), "");
    // No argument, and one that is sent as a number.
    for words in [&["ulscscf.showimpu"][..], &["ulscscf.showimpu", "7"]] {
        let fault = lab.host.rpc(words).unwrap_err();
        assert_eq!(fault, Fault::new(400, "required IMPU argument"), "{words:?}");
    }
}

fn u_04_a_snapshot_is_appended_to_a_file(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let preferred = format!("<{}>;q=0.5", bob.contact());
    assert_eq!(bob.ask(&bob.register(600).set("Contact", &preferred)).status(), 200);
    let file = lab.host.folder().join("snapshot");
    let inside = host_tests::install::install().inside(&file);
    let name = inside.to_str().unwrap();
    lab.host.rpc(&["ulscscf.snapshot", name]).unwrap();
    let first = fs::read_to_string(&file).unwrap();
    for part in [bob.identity(), bob.contact(), private("bob"), "location".to_owned()] {
        assert!(first.contains(&part), "{part} in {first}");
    }
    let socket = format!("\t\tSock      : udp:{}", lab.host.address());
    for line in ["\t\tq         : 0.5\n", "\t\tState     : Contact valid\n", &socket] {
        assert!(first.contains(line), "{line} in {first}");
    }
    // The date as people write it.
    let date = first.lines().find_map(|line| line.strip_prefix("Dumping USRLOC for S-CSCF: "));
    let shape = date.unwrap().replace(|it: char| it.is_ascii_digit(), "0");
    assert_eq!(shape, "0000-00-00 00:00:00", "{first}");
    lab.host.rpc(&["ulscscf.snapshot", name]).unwrap();
    let second = fs::read_to_string(&file).unwrap();
    assert!(second.len() > first.len() && second.starts_with(&first[..20]), "{second}");
    for words in [&["ulscscf.snapshot"][..], &["ulscscf.snapshot", "7"]] {
        let fault = lab.host.rpc(words).unwrap_err();
        let wanted = Fault::new(400, "required filename to dump usrloc snapshot to");
        assert_eq!(fault, wanted, "{words:?}");
    }
}

fn u_04_a_snapshot_that_cannot_be_written_is_refused(mix: Mix) {
    let mut lab = Lab::start(mix);
    for bad in ["/nowhere/at/all", "/proc", "/dev/full/x"] {
        let answer = lab.host.rpc(&["ulscscf.snapshot", bad]);
        let fault = answer.expect_err(bad);
        assert!([400, 500].contains(&fault.code) && !fault.text.is_empty(), "{bad}: {fault:?}");
    }
    lab.host.assert_alive();
}

fn u_05_records_are_counted_until_they_are_gone(mix: Mix) {
    let lab = Plan::new(mix).usrloc("contact_delete_delay", 3).start();
    let bob = lab.ue("bob");
    let counts =
        || ["active_contacts", "active_impus", "active_subscriptions"].map(|name| lab.stored(name));
    assert_eq!(counts(), [0, 0, 0]);
    lab.register(&bob, 600);
    assert_eq!(counts(), [1, 3, 1]);
    lab.leave(&bob);
    // It is dying, and still there for those who hold on to it.
    assert_eq!(lab.stored("active_contacts"), 1);
    until("no contact", PATIENCE, || (counts() == [0, 0, 0]).then_some(()));
    let all = lab.host.rpc(&["stats.get_statistics", "ims_usrloc_scscf:"]).unwrap();
    for name in ["subscription_collisions", "impu_collisions", "contact_collisions"] {
        assert!(all.contains(name), "{name} in {all}");
    }
}

fn u_06_contacts_that_expire_go(mix: Mix) {
    let lab = Plan::new(mix).short(1).start();
    let bob = lab.ue("bob");
    lab.register(&bob, 2);
    assert_eq!(lab.stored("active_contacts"), 1);
    lab.wait_empty();
    assert_eq!(lab.state(&bob.identity()), None);
    lab.register(&bob, 600);
    assert!(lab.finds(&bob, "bob"));
}

fn u_06_a_contact_that_expired_is_not_found_at_once(mix: Mix) {
    let lab = Plan::new(mix).short(1).usrloc("timer_interval", 30).start();
    let bob = lab.ue("bob");
    lab.register(&bob, 1);
    sleep(Duration::from_millis(2100));
    assert!(!lab.finds(&bob, "bob"));
}

fn u_06_a_contact_that_expired_goes_however_often_it_is_called(mix: Mix) {
    let lab = Plan::new(mix).short(1).start();
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.register(&bob, 2);
    lab.register(&carol, 600);
    until("the end of a contact", PATIENCE, || {
        lab.finds(&carol, "bob");
        (lab.stored("active_contacts") == 1).then_some(())
    });
    assert!(!lab.finds(&carol, "bob"));
}

fn u_07_a_contact_that_is_about_to_go_is_kept_if_it_comes_back(mix: Mix) {
    let lab = Plan::new(mix).usrloc("timer_interval", 5).exact().start();
    let (bob, keeper) = (lab.ue("bob"), lab.ue("bob"));
    lab.register(&keeper, 600);
    lab.register(&bob, 600);
    lab.leave(&bob);
    lab.register(&bob, 500);
    assert_eq!(lab.stored("active_contacts"), 2);
    sleep(Duration::from_secs(7));
    assert_eq!(lab.stored("active_contacts"), 2);
    assert_eq!(lab.contacts(&bob.identity()).len(), 2);
}

/// Registers so many contacts of bob; the answers.
fn registered(lab: &Lab, count: usize) -> Vec<(Ue, u16)> {
    let all: Vec<_> = (0..count).map(|_| lab.ue("bob")).collect();
    let asked = all.into_iter().map(|ue| {
        let status = ue.ask(&ue.register(600)).status();
        // The oldest is told apart by the second in which it came.
        sleep(Duration::from_millis(1100));
        (ue, status)
    });
    asked.collect()
}

fn u_10_no_more_contacts_than_allowed(mix: Mix) {
    let plan = Plan::new(mix).usrloc("maxcontact", 2).usrloc("maxcontact_behaviour", 1);
    let lab = plan.start();
    let all = registered(&lab, 3);
    let codes: Vec<_> = all.iter().map(|(_, status)| *status).collect();
    assert_eq!(codes[..2], [200, 200]);
    assert!(codes[2] >= 400, "{codes:?}");
    let mut kept = [all[0].0.contact(), all[1].0.contact()];
    kept.sort_unstable();
    assert_eq!(lab.contacts(&all[0].0.identity()), kept);
    // Who is there may refresh.
    lab.register(&all[0].0, 600);
}

fn u_11_the_oldest_contact_makes_room(mix: Mix) {
    let plan = Plan::new(mix).usrloc("maxcontact", 2).usrloc("maxcontact_behaviour", 2);
    let lab = plan.start();
    let all = registered(&lab, 3);
    assert!(all.iter().all(|(_, status)| *status == 200), "{all:?}");
    let mut kept = [all[1].0.contact(), all[2].0.contact()];
    kept.sort_unstable();
    let bob = &all[0].0;
    assert_eq!(lab.contacts(&bob.identity()), kept);
    let found = lab.looked_up(bob, &bob.identity()).unwrap();
    let mut seen: Vec<_> = std::iter::once(found.header("X-Ru"))
        .chain(found.header("X-Branches").split(','))
        .map(str::trim)
        .filter(|uri| uri.starts_with("sip:"))
        .map(str::to_owned)
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, kept, "{found:?}");
    let listed = bindings(&lab.register(&all[2].0, 600));
    assert!(listed.iter().all(|bound| bound.uri != bob.contact()), "{listed:?}");
}

fn u_12_telephones_have_a_limit_of_their_own(mix: Mix) {
    let plan = Plan::new(mix).usrloc("maxcontact_3gpp", 1).usrloc("maxcontact_behaviour", 2);
    let lab = plan.start();
    let plain = lab.ue("bob");
    lab.register(&plain, 600);
    let phones: Vec<_> = (0..3).map(|_| lab.ue("bob")).collect();
    for phone in &phones {
        let contact = format!("<{}>;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp\"", phone.contact());
        let reply = phone.ask(&phone.register(600).set("Contact", &contact));
        assert_eq!(reply.status(), 200, "{reply:?}");
    }
    let mut kept = [plain.contact(), phones[2].contact()];
    kept.sort_unstable();
    for identity in set("bob") {
        assert_eq!(lab.contacts(&identity), kept, "{identity}");
    }
    lab.wait_contacts(2);
}

fn u_15_130_contacts_are_ended_at_once(mix: Mix) {
    let mut lab = Plan::new(mix).with(|setup| setup.param("tm", "wt_timer", 500)).start();
    let bob = lab.ue("bob");
    for number in 0..130 {
        let contact = format!("<sip:c{number}@{}>", bob.local());
        assert_eq!(bob.ask(&bob.register(600).set("Contact", &contact)).status(), 200);
    }
    assert_eq!(lab.stored("active_contacts"), 130);
    let answer = lab.hss.terminate(&private("bob"), &[&bob.identity()], 0);
    assert_eq!(answer.avps.value(268), Some(SUCCESS));
    lab.wait_contacts(0);
    lab.host.assert_alive();
    lab.register(&bob, 600);
}

/// How many expire in a test that is not to take long.
const MANY: u32 = 2000;

fn u_27_many_contacts_expire_at_once(mix: Mix) {
    let plan = Plan::new(mix).short(1).usrloc("timer_procs", 4).with(|mut setup| {
        setup.shared = 256;
        setup.param("tm", "wt_timer", 500)
    });
    let mut lab = plan.start();
    let many = if host_tests::suite::soak() { 5 * MANY } else { MANY };
    let ues: Vec<_> = (0..4).map(|number| lab.ue(&format!("user{number}"))).collect();
    std::thread::scope(|scope| {
        for ue in &ues {
            scope.spawn(|| {
                for number in 0..many / 4 {
                    let user = format!("{}-{}", ue.user(), number / 10);
                    let contact = format!("<sip:c{number}@{}>", ue.local());
                    let draft = ue.register(3).set("To", &format!("<sip:{user}@ims.test>"));
                    let reply = ue.ask(&draft.set("Contact", &contact));
                    assert_eq!(reply.status(), 200, "{reply:?}");
                }
            });
        }
    });
    lab.wait_empty();
    let log = lab.host.journal().text();
    assert_eq!(log.matches("bogus").count(), 0);
    lab.host.assert_alive();
}

fn u_30_domains_are_independent(mix: Mix) {
    let lab = Plan::new(mix).two_domains().start();
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    lab.register(&bob, 600);
    let found = |function: &str, ue: &Ue| rc(&ue.ask(&ue.calling(function).uri(&ue.identity())));
    assert_eq!((found("lookup", &bob), found("lookup_second", &bob)), (1, -1));
    assert_eq!(found("lookup", &carol), -1);
    let text = lab.host.rpc(&["ulscscf.status"]).unwrap();
    for domain in ["Domain: location", "Domain: loc2"] {
        assert!(text.contains(domain), "{text}");
    }
    // Registered in the other, it is found there.
    assert_eq!(carol.ask(&carol.register(600).add("X-Save", "second")).status(), 200);
    assert_eq!((found("lookup", &carol), found("lookup_second", &carol)), (-1, 1));
}

fn u_31_one_identity_comes_and_goes_from_two_sides(mix: Mix) {
    let plan = Plan::new(mix).with(|mut setup| {
        setup.workers = 4;
        setup.shared = 256;
        setup.param("tm", "wt_timer", 500)
    });
    let mut lab = plan.start();
    let times = if host_tests::suite::soak() { 1000 } else { 150 };
    let both = [lab.ue("bob"), lab.ue("bob")];
    std::thread::scope(|scope| {
        for ue in &both {
            scope.spawn(|| {
                for expires in [600, 0].repeat(times) {
                    let reply = ue.ask(&ue.register(expires));
                    // C answers 500 when the other has just taken the identity away.
                    let lost = mix.registrar() == Flavor::C && reply.status() == 500;
                    assert!(reply.status() == 200 || lost, "{reply:?}");
                }
            });
        }
    });
    for ue in &both {
        ue.ask(&ue.register(0));
    }
    if mix.registrar() == Flavor::Ours {
        lab.wait_empty();
    } else {
        // C keeps a reference to the subscription when the contact that leaves has just gone.
        lab.wait_contacts(0);
        until("no identity", PATIENCE, || (lab.stored("active_impus") == 0).then_some(()));
    }
    lab.host.assert_alive();
}
