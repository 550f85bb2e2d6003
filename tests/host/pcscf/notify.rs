//! `reginfo_handle_notify`: what the S-CSCF tells of a registration.

use host_tests::{
    Draft, Message, Setup, mixed,
    pcscf::{
        Lab, Mix, Plan, Ue,
        core::{identities, number},
        reginfo::{Contact, document},
    },
    wait::{PATIENCE, until},
};
use std::{thread::sleep, time::Duration};

mixed! {
    all:
        no1_an_active_contact_gets_the_time_that_is_told,
        no2_a_terminated_contact_goes,
        no4_a_contact_without_a_good_time_is_refused,
        no5_other_bodies_are_refused,
        no6_names_count_without_prefix_and_case,
        no6_a_document_counts_in_every_spelling,
        no6_a_notify_counts_in_every_spelling,
        no9_the_subscription_ends_with_the_registration;
    registrar:
        no2_an_identity_counts_in_every_spelling,
        no3_all_events_of_the_standard_are_taken,
        no2_a_contact_that_ends_and_goes_on_in_one_document_goes_on,
        no7_an_alias_without_parts_blocks_nobody,
        no8_an_alias_port_of_any_length_is_survived,
        no10_a_delayed_removal_lets_the_client_register_again,
        no11_an_address_is_never_expanded,
        a_notify_of_somebody_else_is_refused,
        a_switch_admits_every_notify,
        a_notify_that_was_overtaken_is_not_followed,
        no9_a_dialog_is_ended_once_however_many_identities_it_tells_of;
    ours:
        a_registration_that_ends_takes_contacts_along_that_it_does_not_name,
        no9_a_registration_ends_however_many_contacts_it_has,
        no9_a_registration_ends_in_every_spelling_of_its_identity,
        a_notify_of_a_dialog_counts_in_every_spelling_of_who_it_is_about,
        a_contact_whose_registration_goes_on_under_another_identity_stays,
        nobody_keeps_a_notify_from_a_contact_by_registering_its_address;
}

/// A registered client, and the SUBSCRIBE that its registration made.
struct Watched {
    lab: Lab,
    alice: Ue,
    subscribe: Message,
    number: u32,
}

impl Watched {
    fn start(mix: Mix) -> Self {
        Self::of(Plan::new(mix))
    }

    fn of(plan: Plan) -> Self {
        let lab = plan.subscribing().start();
        let alice = lab.ue("alice");
        lab.register(&alice);
        let subscribe = lab.subscribed();
        // The answer has made the dialog once the transaction is done.
        sleep(Duration::from_millis(100));
        Self { lab, alice, subscribe, number: 1 }
    }

    /// What the registrar returns for a NOTIFY with `body`.
    fn told(&mut self, body: &str) -> i32 {
        let notify = self.lab.core.notify(&self.subscribe, self.number, body);
        self.number += 1;
        self.lab.notified(&notify)
    }

    /// As [`Watched::told`], for contacts of alice's registration.
    fn contacts(&mut self, contacts: &[Contact<'_>]) -> i32 {
        self.told(&document(&self.alice.identity(), "active", contacts))
    }
}

fn no1_an_active_contact_gets_the_time_that_is_told(mix: Mix) {
    let mut watched = Watched::start(mix);
    let uri = watched.alice.contact();
    assert_eq!(watched.contacts(&[Contact::active(&uri, "50")]), 1);
    assert!(watched.alice.is_registered());
    if let Some(record) = watched.lab.record() {
        assert!((48..=50).contains(&record.seconds()), "{record:?}");
    }
    assert_eq!(watched.contacts(&[Contact::active("sip:nobody@127.0.0.1:9", "50")]), 1);
    assert_eq!(watched.lab.count(), 1);
}

fn no2_a_terminated_contact_goes(mix: Mix) {
    let mut watched = Watched::start(mix);
    let uri = watched.alice.contact();
    assert_eq!(watched.contacts(&[Contact::gone(&uri)]), 1);
    assert!(!watched.alice.is_registered());
    assert_eq!(watched.lab.count(), 0);
}

/// The identities of alice as a registrar may write them that keeps another form of them.
fn spellings() -> [String; 5] {
    let number = number("alice");
    [
        "SIP:%61lic%65@IMS.Test".to_owned(),
        "sip:alice@ims.test:5060;user=phone".to_owned(),
        format!("sip:%2B4930{number}@IMS.test;user=phone"),
        format!("tel:+49-30-{number}"),
        format!("TEL:+49.(30){number};x=y"),
    ]
}

fn no2_an_identity_counts_in_every_spelling(mix: Mix) {
    let mut watched = Watched::start(mix);
    let uri = watched.alice.contact();
    for aor in spellings() {
        assert_eq!(watched.told(&document(&aor, "active", &[Contact::gone(&uri)])), 1, "{aor}");
        assert!(!watched.alice.is_registered(), "{aor}");
        assert_eq!(watched.lab.count(), 0, "{aor}");
        watched.lab.register(&watched.alice);
    }
    let other = "sip:%62ob@ims.test;user=phone";
    assert_eq!(watched.told(&document(other, "active", &[Contact::gone(&uri)])), 1);
    assert!(watched.alice.is_registered());
}

fn no2_a_contact_that_ends_and_goes_on_in_one_document_goes_on(mix: Mix) {
    let mut watched = Watched::start(mix);
    let uri = watched.alice.contact();
    // As of a phone that starts again, where contacts are told apart by their Call-IDs.
    let (here, gone) = (Contact::active(&uri, "50"), Contact::gone(&uri));
    for both in [[gone, here], [here, gone]] {
        assert_eq!(watched.contacts(&both), 1);
        assert!(watched.alice.is_registered(), "{both:?}");
        assert!(watched.lab.record().is_none_or(|record| record.seconds() <= 50));
        watched.lab.register(&watched.alice);
    }
    // Of somebody else it says nothing.
    let identity = watched.alice.identity();
    let [bobs, alices] = [("sip:bob@ims.test", here), (identity.as_str(), gone)]
        .map(|(aor, contact)| document(aor, "active", &[contact]));
    let (_, alices) = alices.split_once("<registration").unwrap();
    let body = bobs.replace("</reginfo>", &format!("<registration{alices}"));
    assert_eq!(watched.told(&body), 1);
    assert!(!watched.alice.is_registered());
}

fn no3_all_events_of_the_standard_are_taken(mix: Mix) {
    let mut watched = Watched::start(mix);
    let uri = watched.alice.contact();
    let shortened = Contact { event: "shortened", ..Contact::active(&uri, "50") };
    assert_eq!(watched.contacts(&[shortened]), 1);
    assert!(watched.lab.record().is_none_or(|record| record.seconds() <= 50));
    for event in ["probation", "rejected"] {
        let gone = Contact { event, ..Contact::gone(&uri) };
        assert_eq!(watched.contacts(&[gone]), 1, "{event}");
        assert!(!watched.alice.is_registered(), "{event}");
        watched.lab.register(&watched.alice);
    }
}

fn no4_a_contact_without_a_good_time_is_refused(mix: Mix) {
    let mut watched = Watched::start(mix);
    let uri = watched.alice.contact();
    for expires in [Some("-5"), None] {
        let contact = Contact { expires, ..Contact::active(&uri, "") };
        assert_eq!(watched.contacts(&[contact]), -1, "{expires:?}");
    }
    let strange = Contact { event: "strange", ..Contact::active(&uri, "50") };
    assert_eq!(watched.contacts(&[strange]), -1);
    let strange = Contact { state: "strange", ..Contact::active(&uri, "50") };
    assert_eq!(watched.contacts(&[strange]), -1);
    assert_eq!(watched.contacts(&[]), -1);
    assert!(watched.alice.is_registered());
}

fn no5_other_bodies_are_refused(mix: Mix) {
    let mut watched = Watched::start(mix);
    for wrong in ["<reginfo", "no document", "<?xml version=\"1.0\"?><other/>"] {
        assert_eq!(watched.told(wrong), -1, "{wrong}");
    }
    assert_eq!(watched.told(""), 1);
    assert!(watched.alice.is_registered());
    watched.lab.host.assert_alive();
}

fn no6_names_count_without_prefix_and_case(mix: Mix) {
    let mut watched = Watched::start(mix);
    let body = format!(
        "<?xml version=\"1.0\"?><r:REGINFO xmlns:r=\"urn:ietf:params:xml:ns:reginfo\" \
         version=\"0\" state=\"full\"><r:Registration AOR=\"{}\" id=\"r\" STATE=\"active\">\
         <r:Contact id=\"c\" state=\"terminated\" Event=\"unregistered\" Expires=\"0\">\
         <r:URI>{}</r:URI></r:Contact></r:Registration></r:REGINFO>",
        watched.alice.identity(),
        watched.alice.contact()
    );
    assert_eq!(watched.told(&body), 1);
    assert_eq!(watched.lab.count(), 0);
}

/// A document with one registration, `inner` within it.
fn plain(identity: &str, kind: &str, inner: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"1\" \
         state=\"{kind}\"><registration aor=\"{identity}\" id=\"r\" state=\"active\">{inner}\
         </registration></reginfo>"
    )
}

fn no6_a_document_counts_in_every_spelling(mix: Mix) {
    let mut watched = Watched::start(mix);
    let (identity, uri) = (watched.alice.identity(), watched.alice.contact());
    let gone = |uri: &str| {
        format!(
            "<contact id=\"c\" state=\"terminated\" event=\"unregistered\" expires=\"0\"><uri>{uri}</uri></contact>"
        )
    };
    let one = |kind: &str| plain(&identity, kind, &gone(&uri));
    let full = one("full");
    let others: String = (0..200).map(|n| gone(&format!("sip:x{n}@192.0.2.9:5060"))).collect();
    let extended = "<x:a xmlns:x=\"urn:x\"><x:contact/></x:a><!-- x --><?pi y?>";
    let encoded = |name: &str| full.replace("\"1.0\"", &format!("\"1.0\" encoding=\"{name}\""));
    for body in [
        one("partial"),
        plain(&identity, "full", &(extended.to_owned() + &gone(&uri) + "<unknown/>")),
        plain(&identity, "full", &(others + &gone(&uri))),
        plain(&identity, "full", &gone(&format!("sip:x@192.0.2.9</uri><uri>{uri}"))),
        plain(&identity, "full", &gone(&format!("<![CDATA[{uri}]]>"))),
        plain(&identity, "full", &gone(&uri.replace('@', "&#64;"))),
        plain(&identity, "full", &gone(&uri.replace('@', "<!-- x -->@"))),
        plain(&identity, "full", &gone(&format!("{uri};transport=udp;ob"))),
        full.replace("<?xml version=\"1.0\"?>", ""),
        full.replace('"', "'"),
        full.replace("<uri>", "<display-name>Al</display-name><uri>"),
        encoded("UTF-8"),
        encoded("us-ascii"),
        encoded("ISO-8859-1"),
        format!("\u{feff}{full}"),
        format!("{full}\r\n\r\n"),
    ] {
        assert_eq!(watched.told(&body), 1, "{body}");
        assert_eq!(watched.lab.count(), 0, "{body}");
        watched.lab.register(&watched.alice);
    }
    for body in [
        format!("\r\n{full}"),
        full.replace("aor=", "other="),
        full.replace("terminated", "Terminated"),
        full.replace("<uri>", "<uri>&lt;").replace("</uri>", "&gt;</uri>"),
    ] {
        assert_eq!(watched.told(&body), -1, "{body}");
        assert!(watched.alice.is_registered(), "{body}");
    }
}

fn no6_a_notify_counts_in_every_spelling(mix: Mix) {
    let mut watched = Watched::start(mix);
    let body = plain(
        &watched.alice.identity(),
        "full",
        &format!(
            "<contact id=\"c\" state=\"terminated\" event=\"unregistered\" expires=\"0\"><uri>{}</uri></contact>",
            watched.alice.contact()
        ),
    );
    let notify = |watched: &mut Watched| {
        watched.number += 1;
        watched.lab.core.notify(&watched.subscribe, watched.number, &body)
    };
    // Some headers in their compact form, in other words or folded.
    let renamed = |draft: Draft, name: &str, other: &str| {
        let value = draft.find(name).unwrap_or_default().to_owned();
        draft.without(name).add(other, &value)
    };
    let changed = |draft: Draft, name: &str, change: &dyn Fn(&str) -> String| {
        let value = change(draft.find(name).unwrap_or_default());
        draft.set(name, &value)
    };
    type Change<'c> = &'c dyn Fn(Draft) -> Draft;
    let changes: [Change<'_>; 7] = [
        &|it| renamed(renamed(it, "From", "f"), "To", "t"),
        &|it| renamed(renamed(it, "Content-Type", "c"), "Event", "o"),
        &|it| changed(it, "From", &|from| format!("\"Al, x\" {from};x=y")),
        &|it| changed(it, "From", &|from| from.replace(";tag", "\r\n ;tag")),
        &|it| changed(it, "Content-Type", &|kind| format!("{kind};charset=UTF-8")),
        &|it| changed(it, "Subscription-State", &|_| "terminated;reason=timeout".to_owned()),
        &|it| it.without("Content-Type"),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let draft = change(notify(&mut watched));
        assert_eq!(watched.lab.notified(&draft), 1, "{number}: {draft:?}");
        assert_eq!(watched.lab.count(), 0, "{number}: {draft:?}");
        watched.lab.register(&watched.alice);
    }
}

fn no7_an_alias_without_parts_blocks_nobody(mix: Mix) {
    let mut watched = Watched::start(mix);
    let uri = format!("{};alias=1.2.3.4", watched.alice.contact());
    watched.contacts(&[Contact::gone(&uri)]);
    watched.lab.register(&watched.alice);
    assert!(watched.alice.is_registered());
}

fn no8_an_alias_port_of_any_length_is_survived(mix: Mix) {
    let mut watched = Watched::start(mix);
    for digits in [6, 30, 500] {
        let port = "9".repeat(digits);
        let uri = format!("{};alias=127.0.0.1~{port}~1", watched.alice.contact());
        watched.contacts(&[Contact::gone(&uri)]);
    }
    watched.lab.host.assert_alive();
    watched.lab.register(&watched.alice);
}

fn no9_the_subscription_ends_with_the_registration(mix: Mix) {
    // pua finds its dialog again only where the contact of the core is not compared.
    let pua = |setup: Setup| setup.param("pua", "check_remote_contact", 0);
    let mut watched = Watched::of(Plan::new(mix).with(pua));
    let identity = watched.alice.identity();
    assert_eq!(watched.told(&document(&identity, "terminated", &[])), 1);
    let last = watched.lab.subscribed();
    assert_eq!(
        (last.header("Expires"), last.header("Call-ID")),
        ("0", watched.subscribe.header("Call-ID"))
    );
}

/// A document about several registrations without contacts: who, and whether it has ended.
fn about(registrations: &[(&str, bool)]) -> String {
    let mut text = "<?xml version=\"1.0\"?>\n<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" \
                    version=\"1\" state=\"full\">\n"
        .to_owned();
    for (number, (aor, ended)) in registrations.iter().enumerate() {
        let state = if *ended { "terminated" } else { "active" };
        text += &format!("<registration aor=\"{aor}\" id=\"r{number}\" state=\"{state}\"/>\n");
    }
    text + "</reginfo>\n"
}

fn no9_a_dialog_is_ended_once_however_many_identities_it_tells_of(mix: Mix) {
    let pua = |setup: Setup| setup.param("pua", "check_remote_contact", 0);
    let mut watched = Watched::of(Plan::new(mix).with(pua));
    let identity = watched.alice.identity();
    let all = [("tel:+4930123456", true), (identity.as_str(), true), ("sip:a@ims.test", true)];
    assert_eq!(watched.told(&about(&all)), 1);
    let last = watched.lab.subscribed();
    assert_eq!(
        (last.header("Expires"), last.header("Call-ID")),
        ("0", watched.subscribe.header("Call-ID"))
    );
    let more = |message: &Message| message.method() == "SUBSCRIBE";
    let more = watched.lab.core.wait(Duration::from_secs(1), more);
    assert!(more.is_none(), "{more:?}");
}

fn a_registration_that_ends_takes_contacts_along_that_it_does_not_name(mix: Mix) {
    let mut watched = Watched::start(mix);
    let bob = watched.lab.ue("bob");
    watched.lab.register(&bob);
    assert_eq!(watched.lab.count(), 2);
    let identity = watched.alice.identity();
    assert_eq!(watched.told(&document(&identity, "terminated", &[])), 1);
    assert!(!watched.alice.is_registered() && bob.is_registered());
    assert_eq!(watched.lab.count(), 1);
    watched.lab.register(&watched.alice);
    assert!(watched.alice.is_registered());
}

fn no9_a_registration_ends_however_many_contacts_it_has(mix: Mix) {
    for delay in [0, 1] {
        let plan = Plan::new(mix).registrar("delete_delay", delay).aging(0);
        let mut watched = Watched::of(plan);
        let ids = identities("alice");
        let others: Vec<Ue> = (0..70).map(|n| watched.lab.ue(&format!("x{n}"))).collect();
        for other in &others {
            let draft = other.register(600);
            let done = watched.lab.exchange(other, &draft, |ok| ok.set("P-Associated-URI", &ids));
            assert_eq!(done.saved(), 1);
        }
        assert_eq!(watched.lab.count(), 71);
        let alice = watched.alice.identity();
        assert_eq!(watched.told(&document(&alice, "terminated", &[])), 1);
        watched.lab.wait_count(0, PATIENCE);
    }
}

fn no9_a_registration_ends_in_every_spelling_of_its_identity(mix: Mix) {
    let mut watched = Watched::start(mix);
    for aor in spellings() {
        let alive = format!("{aor};x=y");
        assert_eq!(watched.told(&about(&[(&watched.alice.identity(), true), (&alive, false)])), 1);
        assert!(watched.alice.is_registered(), "{alive}");
        assert_eq!(watched.told(&document(&aor, "terminated", &[])), 1, "{aor}");
        assert!(!watched.alice.is_registered(), "{aor}");
        assert_eq!(watched.lab.count(), 0, "{aor}");
        watched.lab.register(&watched.alice);
    }
}

fn a_notify_of_a_dialog_counts_in_every_spelling_of_who_it_is_about(mix: Mix) {
    let pua = |setup: Setup| setup.param("pua", "check_remote_contact", 0);
    let lab = Plan::new(mix).subscribing().with(pua).start();
    let alice = lab.ue("alice");
    let (identity, uri) = (alice.identity(), alice.contact());
    for listed in
        [format!("{identity};user=phone"), format!("{identity}:5060"), "SIP:alice@IMS.test".into()]
    {
        let ids = format!("<tel:+4930123>, <{listed}>");
        let done =
            lab.exchange(&alice, &alice.register(600), |ok| ok.set("P-Associated-URI", &ids));
        assert_eq!(done.saved(), 1);
        let subscribe = lab.subscribed();
        assert_eq!(subscribe.uri(), listed);
        sleep(Duration::from_millis(100));
        // As registrars do it that keep the identity in one form.
        let from = |draft: Draft| {
            let from = draft.find("From").unwrap_or_default().replace(&listed, &identity);
            draft.set("From", &from)
        };
        let body = document(&identity, "active", &[Contact::gone(&uri)]);
        let stray = from(lab.core.notify(&subscribe, 1, &body)).set("Call-ID", "another");
        assert_eq!(lab.notified(&stray), -1, "{listed}");
        let body = document(&identity, "terminated", &[Contact::gone(&uri)]);
        let notify = from(lab.core.notify(&subscribe, 2, &body));
        assert_eq!(lab.notified(&notify), 1, "{listed}: {notify:?}");
        assert!(!alice.is_registered(), "{listed}");
        let last = lab.subscribed();
        assert_eq!(
            (last.header("Expires"), last.header("Call-ID")),
            ("0", subscribe.header("Call-ID"))
        );
    }
}

fn a_contact_whose_registration_goes_on_under_another_identity_stays(mix: Mix) {
    let mut watched = Watched::start(mix);
    let identity = watched.alice.identity();
    let tel = "tel:+4930123456";
    assert_eq!(watched.told(&about(&[(tel, true), (&identity, false)])), 1);
    assert_eq!(watched.told(&about(&[("sip:bob@ims.test", true), (&identity, false)])), 1);
    assert!(watched.alice.is_registered());
    assert_eq!(watched.told(&about(&[(tel, true)])), 1);
}

fn no10_a_delayed_removal_lets_the_client_register_again(mix: Mix) {
    let plan = Plan::new(mix).registrar("delete_delay", 2).aging(1);
    let mut watched = Watched::of(plan);
    let uri = watched.alice.contact();
    assert_eq!(watched.contacts(&[Contact::gone(&uri)]), 1);
    assert_eq!(watched.lab.count(), 1);
    watched.lab.register(&watched.alice);
    assert!(watched.alice.is_registered());
    sleep(Duration::from_secs(5));
    assert!(watched.alice.is_registered());
    // Without another registration it goes, after the delay.
    let subscribe = watched.lab.core.wait(PATIENCE, |it| it.method() == "SUBSCRIBE");
    watched.subscribe = subscribe.unwrap_or(watched.subscribe);
    sleep(Duration::from_millis(100));
    assert_eq!(watched.contacts(&[Contact::gone(&uri)]), 1);
    watched.lab.wait_count(0, Duration::from_secs(8));
}

fn no11_an_address_is_never_expanded(mix: Mix) {
    let mut watched = Watched::start(mix);
    for aor in ["$(x", "$", "sip:$ua@ims.test", &"x".repeat(600)] {
        watched.told(&document(aor, "terminated", &[]));
    }
    watched.lab.host.assert_alive();
    let wild = watched.lab.core.wait(Duration::from_millis(500), |it| it.uri().contains("null"));
    assert!(wild.is_none(), "{wild:?}");
}

fn a_notify_of_somebody_else_is_refused(mix: Mix) {
    let watched = Watched::start(mix);
    let uri = watched.alice.contact();
    let body = document(&watched.alice.identity(), "active", &[Contact::gone(&uri)]);
    // The registrar's own words are the first thing that somebody else does not know.
    let strays = [
        watched.lab.core.stray_notify(&body),
        watched.lab.core.notify(&watched.subscribe, 1, &body).set("Call-ID", "another"),
        watched.lab.core.notify(&watched.subscribe, 1, &body).set("To", "<sip:a@b>;tag=wrong"),
    ];
    for stray in &strays {
        assert_eq!(watched.lab.notified(stray), -1, "{stray:?}");
    }
    assert!(watched.alice.is_registered());
    until("a line that says why", PATIENCE, || {
        let log = watched.lab.host.journal().text();
        log.lines()
            .any(|line| line.contains("ims_registrar_pcscf") && line.contains("dialog"))
            .then_some(())
    });
}

fn a_notify_that_was_overtaken_is_not_followed(mix: Mix) {
    let watched = Watched::start(mix);
    let uri = watched.alice.contact();
    let told = |watched: &Watched, number: u32, version: &str, contact: &Contact<'_>| {
        let body = document(&watched.alice.identity(), "active", &[*contact]);
        let body = body.replace("version=\"0\"", version);
        watched.lab.notified(&watched.lab.core.notify(&watched.subscribe, number, &body))
    };
    let (here, gone) = (Contact::active(&uri, "50"), Contact::gone(&uri));
    assert_eq!(told(&watched, 7, "version=\"5\"", &here), 1);
    for (number, version) in [(6, "4"), (1, "0"), (6, "1")] {
        let code = told(&watched, number, &format!("version=\"{version}\""), &gone);
        assert_eq!(code, 1, "{number} {version}");
        assert!(watched.alice.is_registered(), "{number} {version}");
    }
    assert_eq!(watched.lab.host.journal().count("it was overtaken"), 3);
    // The same once more, a registrar that begins again or does not count, and the next dialog.
    for (number, version) in [
        (7, "version=\"5\""),
        (8, "version=\"0\""),
        (3, "version=\"0\""),
        (2, "version=\"x\""),
        (2, "version=\"-1\""),
        (2, ""),
    ] {
        assert_eq!(told(&watched, number, version, &gone), 1, "{number} {version}");
        assert!(!watched.alice.is_registered(), "{number} {version}");
        watched.lab.register(&watched.alice);
    }
    let Watched { lab, alice, .. } = watched;
    let subscribe = until("the last SUBSCRIBE", PATIENCE, || {
        let mut all = std::iter::from_fn(|| {
            lab.core.wait(Duration::from_millis(300), |it| it.method() == "SUBSCRIBE")
        });
        all.by_ref().last()
    });
    let watched = Watched { lab, alice, subscribe, number: 1 };
    assert_eq!(told(&watched, 1, "version=\"0\"", &gone), 1);
    assert!(!watched.alice.is_registered());
}

fn a_switch_admits_every_notify(mix: Mix) {
    let watched = Watched::of(Plan::new(mix).registrar("notify_any_dialog", 1));
    let uri = watched.alice.contact();
    let body = document(&watched.alice.identity(), "active", &[Contact::gone(&uri)]);
    assert_eq!(watched.lab.notified(&watched.lab.core.stray_notify(&body)), 1);
    assert!(!watched.alice.is_registered());
}

fn nobody_keeps_a_notify_from_a_contact_by_registering_its_address(mix: Mix) {
    let mut watched = Watched::start(mix);
    let uri = watched.alice.contact();
    // As phones behind two gateways do that have the same private address, or who means harm.
    let eve = watched.lab.ue("eve");
    let draft = eve.register(600).set("Contact", &format!("<{uri}>"));
    let eves = identities("eve");
    let done = watched.lab.exchange(&eve, &draft, |ok| ok.set("P-Associated-URI", &eves));
    assert_eq!((done.saved(), watched.lab.count()), (1, 2));
    assert_eq!(watched.contacts(&[Contact::active(&uri, "50")]), 1);
    let records = watched.lab.records().unwrap();
    assert_eq!(records.iter().filter(|record| record.seconds() <= 50).count(), 1, "{records:?}");
    assert_eq!(watched.contacts(&[Contact::gone(&uri)]), 1);
    assert!(!watched.alice.is_registered());
    assert!(eve.is_registered());
    assert_eq!(watched.lab.count(), 1);
}
