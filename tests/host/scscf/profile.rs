//! The profile that the HSS sends.

use host_tests::{
    diameter::{
        Avps as _, Reply,
        hss::{SERVER_ASSIGNMENT, user_data},
    },
    mixed,
    scscf::{Lab, Mix, Plan, private, set, subscriber},
};

mixed! {
    all:
        r_41_a_profile_without_the_identity_is_refused,
        r_44_a_profile_that_breaks_the_schema_is_refused,
        r_45_charging_functions_are_kept;
    registrar:
        r_40_what_is_no_profile_is_refused,
        r_42_blanks_at_the_end_of_an_identity_are_no_part_of_it,
        schemas_that_cannot_be_read_are_refused_at_the_start,
        a_profile_reads_no_file_of_the_server,
        the_last_good_profile_stays,
        u_18_charging_functions_that_are_not_told_again;
    ours:
        u_17_a_new_profile_takes_the_place_of_the_old_one;
}

fn document(private: &str, inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<IMSSubscription>{private}{inside}\
         </IMSSubscription>"
    )
}

/// A profile of bob with `criteria`.
fn profile(criteria: &str) -> String {
    document(
        "<PrivateID>bob@ims.test</PrivateID>",
        &format!(
            "<ServiceProfile><PublicIdentity><Identity>sip:bob@ims.test</Identity>\
             </PublicIdentity>{criteria}</ServiceProfile>"
        ),
    )
}

fn condition(spt: &str) -> String {
    format!(
        "<InitialFilterCriteria><Priority>1</Priority><TriggerPoint>\
         <ConditionTypeCNF>1</ConditionTypeCNF><SPT>{spt}</SPT></TriggerPoint>\
         <ApplicationServer><ServerName>sip:as@127.0.0.1</ServerName></ApplicationServer>\
         </InitialFilterCriteria>"
    )
}

fn r_40_what_is_no_profile_is_refused(mix: Mix) {
    let mut lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let own = "<ServiceProfile><PublicIdentity><Identity>sip:bob@ims.test</Identity>\
               </PublicIdentity></ServiceProfile>";
    let card = "<PrivateID>bob@ims.test</PrivateID>";
    let bad = [
        "garbage".to_owned(),
        "<".to_owned(),
        String::new(),
        "<IMSSubscription>".to_owned(),
        "<Other><PrivateID>bob@ims.test</PrivateID></Other>".to_owned(),
        document("", own),
        document("<PrivateID></PrivateID>", own),
        document("<PrivateID/>", own),
        document(card, ""),
        document(card, "<ServiceProfile/>"),
        document(
            card,
            "<ServiceProfile><PublicIdentity><Identity></Identity></PublicIdentity>\
             </ServiceProfile>",
        ),
        document(
            card,
            "<ServiceProfile><PublicIdentity><Identity/></PublicIdentity></ServiceProfile>",
        ),
        document(card, "<ServiceProfile><PublicIdentity/></ServiceProfile>"),
        profile("<"),
    ];
    for text in bad {
        lab.hss.edit(SERVER_ASSIGNMENT, {
            let text = text.clone();
            move |_, avps| {
                let others = avps.into_iter().filter(|avp| avp.code != 606);
                Reply::With(others.chain([user_data(&text)]).collect())
            }
        });
        let reply = bob.ask(&bob.register(600));
        assert_eq!(reply.status(), 500, "{text}: {reply:?}");
        assert_eq!(lab.state(&bob.identity()), None, "{text}");
    }
    // Refused or taken without what cannot be understood, as long as the server lives.
    for odd in [
        condition("<Group></Group><Method>INVITE</Method>"),
        condition("<Group/><Method>INVITE</Method>"),
        condition("<Method>INVITE</Method>"),
        condition("<Group>0</Group>"),
        condition(""),
        condition("<ConditionNegated/><Group>x</Group><Method/>"),
        condition("<Group>99999999999999999999</Group><SessionCase>9</SessionCase>"),
        condition("<Group>0</Group><SIPHeader><Header/><Content/></SIPHeader>"),
        condition("<Group>0</Group><SessionDescription/>"),
        condition("<Group>0</Group><Method>INVITE</Method><Extension/>"),
        condition("<Group>0</Group><Method>INVITE</Method><Extension><R/></Extension>"),
        "<InitialFilterCriteria/>".to_owned(),
        "<InitialFilterCriteria><Priority/></InitialFilterCriteria>".to_owned(),
        "<InitialFilterCriteria><Priority>1</Priority><ApplicationServer><DefaultHandling/>\
         <Extension><I/></Extension></ApplicationServer></InitialFilterCriteria>"
            .to_owned(),
        "<CoreNetworkServicesAuthorization/>".to_owned(),
        "<Extension><SharedIFCSetID>x</SharedIFCSetID></Extension>".to_owned(),
        "<x>".repeat(3000) + &"</x>".repeat(3000),
        "<InitialFilterCriteria>".repeat(500) + &"</InitialFilterCriteria>".repeat(500),
    ] {
        lab.hss.plain(SERVER_ASSIGNMENT);
        lab.hss.add(subscriber("sip:bob@ims.test"));
        lab.hss.change(&private("bob"), |it| it.profile = Some(profile(&odd)));
        let reply = bob.ask(&bob.register(600));
        assert!([200, 500].contains(&reply.status()), "{odd:.200}: {reply:?}");
        if reply.status() == 200 {
            lab.leave(&bob);
            lab.wait_contacts(0);
        }
    }
    lab.host.assert_alive();
    let carol = lab.ue("carol");
    lab.register(&carol, 600);
}

/// An S-CSCF whose HSS has `text` as the profile of bob.
fn with_profile(plan: Plan, text: &str) -> Lab {
    let mut bob = subscriber("sip:bob@ims.test");
    bob.profile = Some(text.to_owned());
    plan.hss.add(bob);
    plan.start()
}

fn r_41_a_profile_without_the_identity_is_refused(mix: Mix) {
    let other = profile("").replace("sip:bob@", "sip:somebody@");
    let lab = with_profile(Plan::new(mix), &other);
    let bob = lab.ue("bob");
    let reply = bob.ask(&bob.register(600));
    assert_eq!(reply.status(), 500, "{reply:?}");
    assert_eq!(lab.state(&bob.identity()), None);
}

fn r_42_blanks_at_the_end_of_an_identity_are_no_part_of_it(mix: Mix) {
    let text = profile("")
        .replace("sip:bob@ims.test", "\n  sip:bob@ims.test \t\r\n ")
        .replace(">bob@ims.test<", "> bob@ims.test\n<");
    let lab = with_profile(Plan::new(mix), &text);
    let bob = lab.ue("bob");
    let reply = lab.register(&bob, 600);
    assert_eq!(reply.header("P-Associated-URI"), "<sip:bob@ims.test>");
    let record = lab.record(&bob.identity()).unwrap();
    assert_eq!((record.private, record.set), (private("bob"), vec![bob.identity()]));
}

/// A schema in which nothing but the identities may stand.
const XSD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="IMSSubscription">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="PrivateID" type="xs:string"/>
        <xs:element name="ServiceProfile" maxOccurs="unbounded">
          <xs:complexType>
            <xs:sequence>
              <xs:element name="PublicIdentity" maxOccurs="unbounded">
                <xs:complexType>
                  <xs:sequence>
                    <xs:element name="BarringIndication" type="xs:boolean" minOccurs="0"/>
                    <xs:element name="Identity" type="xs:anyURI"/>
                  </xs:sequence>
                </xs:complexType>
              </xs:element>
            </xs:sequence>
          </xs:complexType>
        </xs:element>
      </xs:sequence>
    </xs:complexType>
  </xs:element>
</xs:schema>
"#;

/// The same in the older language.
const DTD: &str = "<!ELEMENT IMSSubscription (PrivateID, ServiceProfile+)>
<!ELEMENT PrivateID (#PCDATA)>
<!ELEMENT ServiceProfile (PublicIdentity+)>
<!ELEMENT PublicIdentity (BarringIndication?, Identity)>
<!ELEMENT BarringIndication (#PCDATA)>
<!ELEMENT Identity (#PCDATA)>
";

fn r_44_a_profile_that_breaks_the_schema_is_refused(mix: Mix) {
    for (name, file, text) in
        [("user_data_xsd", "profile.xsd", XSD), ("user_data_dtd", "profile.dtd", DTD)]
    {
        let plan = Plan::new(mix)
            .registrar(name, format!("{{folder}}/{file}"))
            .with(|setup| setup.with_file(file, text));
        let lab = with_profile(plan, &profile("<Unheard/>"));
        let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
        let reply = bob.ask(&bob.register(600));
        assert_eq!(reply.status(), 500, "{name}: {reply:?}");
        lab.register(&carol, 600);
    }
}

fn schemas_that_cannot_be_read_are_refused_at_the_start(mix: Mix) {
    for name in ["user_data_xsd", "user_data_dtd"] {
        for text in ["<", "<xs:schema"] {
            let plan = Plan::new(mix).registrar(name, "{folder}/bad");
            let log = plan.with(|setup| setup.with_file("bad", text)).refused();
            assert!(log.contains(name) || log.contains("/bad"), "{log}");
        }
    }
}

fn a_profile_reads_no_file_of_the_server(mix: Mix) {
    let text = profile("").replace(
        "<IMSSubscription>",
        "<!DOCTYPE IMSSubscription [<!ENTITY f SYSTEM \"file:///etc/passwd\">\
         <!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">\
         <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]><IMSSubscription>",
    );
    let text = text.replace("</ServiceProfile>", "<x>&f;&c;</x></ServiceProfile>");
    let mut lab = with_profile(Plan::new(mix), &text);
    let bob = lab.ue("bob");
    let reply = bob.ask(&bob.register(600));
    assert!([200, 500].contains(&reply.status()), "{reply:?}");
    let shown = format!("{:?}", lab.host.rpc(&["ulscscf.showimpu", &bob.identity()]));
    assert!(!shown.contains("root:"), "{shown}");
    assert!(!lab.host.journal().text().contains("root:x:0"), "a file of the server in its log");
    lab.host.assert_alive();
}

fn the_last_good_profile_stays(mix: Mix) {
    let lab = Plan::new(mix).registrar("user_data_always", 1).start();
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    lab.hss.change(&private("bob"), |it| it.profile = Some("<garbage/>".to_owned()));
    let reply = bob.ask(&bob.register(600));
    assert_eq!(reply.status(), 500, "{reply:?}");
    assert_eq!(lab.record(&bob.identity()).unwrap().set, set("bob"));
    assert!(lab.finds(&bob, "bob"));
}

/// An S-CSCF that asks for the profile each time, with charging functions.
fn charged(mix: Mix) -> Lab {
    let plan = Plan::new(mix).registrar("user_data_always", 1);
    let mut bob = subscriber("sip:bob@ims.test");
    bob.charging = Some(["ccf1", "ccf2", "ecf1", "ecf2"].map(|name| format!("aaa://{name}.ims")));
    plan.hss.add(bob);
    plan.start()
}

fn r_45_charging_functions_are_kept(mix: Mix) {
    let lab = charged(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let wanted = ["ccf1", "ccf2", "ecf1", "ecf2"].map(|name| format!("aaa://{name}.ims"));
    for identity in set("bob") {
        assert_eq!(lab.record(&identity).unwrap().charging, wanted, "{identity}");
    }
}

fn u_18_charging_functions_that_are_not_told_again(mix: Mix) {
    let lab = charged(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    lab.hss.change(&private("bob"), |it| it.charging = None);
    lab.register(&bob, 600);
    // What is not told is kept; what is told anew is taken.
    assert_eq!(lab.record(&bob.identity()).unwrap().charging[0], "aaa://ccf1.ims");
    lab.hss.change(&private("bob"), |it| {
        it.charging = Some(["aaa://new.ims", "", "", ""].map(str::to_owned));
    });
    lab.register(&bob, 600);
    assert_eq!(lab.record(&bob.identity()).unwrap().charging[0], "aaa://new.ims");
}

fn u_17_a_new_profile_takes_the_place_of_the_old_one(mix: Mix) {
    let lab = Plan::new(mix).registrar("user_data_always", 1).start();
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    lab.hss.change(&private("bob"), |it| it.public.push(("sip:new@ims.test".to_owned(), false)));
    let reply = lab.register(&bob, 600);
    assert!(reply.header("P-Associated-URI").contains("sip:new@ims.test"), "{reply:?}");
    assert_eq!(lab.state("sip:new@ims.test").as_deref(), Some("registered"));
    assert!(lab.finds(&bob, "new"));
    assert_eq!(lab.stored("active_subscriptions"), 1);
    // An identity that the new profile lacks is not served any more.
    lab.hss.change(&private("bob"), |it| {
        it.public.retain(|(identity, _)| identity != "sip:new@ims.test");
    });
    let reply = lab.register(&bob, 600);
    assert!(!reply.header("P-Associated-URI").contains("sip:new@ims.test"), "{reply:?}");
    assert!(!lab.finds(&bob, "new"));
    // The network may push one as well.
    lab.hss.change(&private("bob"), |it| it.public.push(("sip:new@ims.test".to_owned(), false)));
    let answer = lab.hss.push(&private("bob"));
    assert_eq!(answer.avps.value(268), Some(2001));
    assert!(lab.record(&bob.identity()).unwrap().set.contains(&"sip:new@ims.test".to_owned()));
}
