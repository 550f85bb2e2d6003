use super::{BadUserData, LIMITS, Schemas, read};
use crate::profile::{
    DefaultHandling, ProfilePart, ServicePoint, Subscription, Trigger, TriggerPoint,
};
use crate::refusal::Refusal;
use xml_read::BadXml;

fn of(text: &str) -> Result<Subscription, BadUserData> {
    read(text.as_bytes(), &Schemas::default())
}

fn why(text: &str) -> String {
    of(text).unwrap_err().to_string()
}

/// A document with `inner` in its only profile.
fn profile(inner: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><IMSSubscription><PrivateID>bob@ims</PrivateID><ServiceProfile>\
         <PublicIdentity><Identity>sip:bob@example.org</Identity></PublicIdentity>{inner}\
         </ServiceProfile></IMSSubscription>"
    )
}

/// A document with one criterion.
fn criterion(trigger: &str) -> String {
    let server = "<ApplicationServer><ServerName>sip:as</ServerName></ApplicationServer>";
    profile(&format!("<InitialFilterCriteria>{trigger}{server}</InitialFilterCriteria>"))
}

fn points(trigger: &str) -> Vec<ServicePoint> {
    let read = of(&criterion(trigger)).unwrap();
    let profile = read.profiles.first().unwrap();
    profile.criteria.first().unwrap().trigger.as_ref().unwrap().points.clone()
}

#[test]
fn a_whole_document_is_read() {
    let text = "<x:imssubscription xmlns:x='u'><x:PrivateID>\n bob@ims \t</x:PrivateID><x:ServiceProfile>\
        <x:PublicIdentity><x:BarringIndication>1</x:BarringIndication><x:Identity>sip:x@example.org \n</x:Identity>\
        <x:Extension><x:IdentityType>3</x:IdentityType><x:WildcardedPSI>sip:p!.*!@e</x:WildcardedPSI></x:Extension>\
        </x:PublicIdentity><x:PublicIdentity><x:Identity>tel:+1001</x:Identity></x:PublicIdentity>\
        <x:CoreNetworkServicesAuthorization><x:SubscribedMediaProfileId>7</x:SubscribedMediaProfileId>\
        </x:CoreNetworkServicesAuthorization><x:Extension><x:SharedIFCSetID>4</x:SharedIFCSetID>\
        <x:Extension><x:SharedIFCSetID>5</x:SharedIFCSetID></x:Extension></x:Extension>\
        </x:ServiceProfile></x:imssubscription>\0\0\0";
    let found = of(text).unwrap();
    assert_eq!(found.private_identity, "bob@ims");
    let [profile] = &found.profiles[..] else { panic!("one profile") };
    assert_eq!((profile.media_profile, &profile.shared_sets[..]), (Some(7), &[4, 5][..]));
    let ids: Vec<_> = found
        .identities()
        .map(|id| (id.barred, id.uri.to_string(), id.wildcard.to_string()))
        .collect();
    assert_eq!(
        ids,
        [
            (true, "sip:x@example.org".into(), "sip:p!.*!@e".into()),
            (false, "tel:+1001".into(), String::new()),
        ]
    );
}

#[test]
fn r_40_what_cannot_be_used_names_the_element() {
    for (text, expected) in [
        ("garbage", "not well-formed"),
        ("", "not well-formed"),
        ("<x/>", "x: must be IMSSubscription"),
        ("<IMSSubscription/>", "IMSSubscription: has no PrivateID"),
        ("<IMSSubscription><PrivateID>b@i</PrivateID></IMSSubscription>", "has no PublicIdentity"),
        (
            "<IMSSubscription><PrivateID> </PrivateID></IMSSubscription>",
            "IMSSubscription/PrivateID: must not be empty",
        ),
        (
            &profile("<PublicIdentity><Identity/></PublicIdentity>"),
            "IMSSubscription/ServiceProfile[1]/PublicIdentity[2]/Identity: must not be empty",
        ),
        (&profile("<PublicIdentity/>"), "PublicIdentity[2]: has no Identity"),
        (&criterion("<Priority/>"), "InitialFilterCriteria[1]/Priority: is \"\", must be a number"),
        (&criterion("<TriggerPoint/>"), "TriggerPoint: has no SPT"),
        (
            &criterion("<TriggerPoint><SPT><Group/><Method>INVITE</Method></SPT></TriggerPoint>"),
            "TriggerPoint/SPT[1]/Group: is \"\", must be a number",
        ),
        (
            &criterion("<TriggerPoint><SPT><Group>0</Group></SPT></TriggerPoint>"),
            "SPT[1]: has no condition",
        ),
        (
            &criterion("<TriggerPoint><SPT><Method/></SPT></TriggerPoint>"),
            "Method: must not be empty",
        ),
        (
            &criterion("<TriggerPoint><SPT><SIPHeader/></SPT></TriggerPoint>"),
            "SIPHeader: has no header",
        ),
        (
            &criterion("<ProfilePartIndicator>2</ProfilePartIndicator>"),
            "is \"2\", must be a number or word of REGISTERED, UNREGISTERED",
        ),
        (
            &profile("<InitialFilterCriteria/>"),
            "InitialFilterCriteria[1]: has no ApplicationServer",
        ),
        (
            &profile("<InitialFilterCriteria><ApplicationServer/></InitialFilterCriteria>"),
            "ApplicationServer: has no ServerName",
        ),
        (
            &profile("<PublicIdentity><Identity>sip:a\nb@c</Identity></PublicIdentity>"),
            "has a control character",
        ),
    ] {
        let why = why(text);
        assert!(why.contains(expected), "{text}: {why}");
    }
}

#[test]
fn r_42_blanks_around_a_text_do_not_count() {
    let text = profile("<PublicIdentity><Identity>\r\n\t sip:b@e \n</Identity></PublicIdentity>");
    assert_eq!(of(&text).unwrap().identities().last().unwrap().uri, "sip:b@e");
}

#[test]
fn r_43_criteria_are_in_the_order_of_their_priorities() {
    let one = |priority: &str, name: &str| {
        format!(
            "<InitialFilterCriteria><Priority>{priority}</Priority><ApplicationServer><ServerName>{name}</ServerName>\
             <DefaultHandling>SESSION_TERMINATED</DefaultHandling><ServiceInfo><![CDATA[ <i/> ]]></ServiceInfo>\
             <Extension><IncludeRegisterRequest/></Extension></ApplicationServer>\
             <ProfilePartIndicator>unregistered</ProfilePartIndicator></InitialFilterCriteria>"
        )
    };
    let read = of(&profile(&[one("3", "c"), one("1", "a"), one("2", "b"), one("1", "z")].concat()))
        .unwrap();
    let criteria = &read.profiles.first().unwrap().criteria;
    let order: Vec<_> =
        criteria.iter().map(|one| (one.priority, one.server.name.to_string())).collect();
    assert_eq!(order, [(1, "a".into()), (1, "z".into()), (2, "b".into()), (3, "c".into())]);
    let first = criteria.first().unwrap();
    assert_eq!((first.part, first.trigger.clone()), (Some(ProfilePart::Unregistered), None));
    assert_eq!(
        (first.server.handling, first.server.info.to_string()),
        (DefaultHandling::Terminated, "<i/>".into())
    );
    assert_eq!((first.server.include_request, first.server.include_response), (true, false));
}

#[test]
fn r_43_conditions_of_every_kind_in_the_order_of_their_groups() {
    let long = "X".repeat(300);
    let found = points(&format!(
        "<TriggerPoint><ConditionTypeCNF>true</ConditionTypeCNF>\
         <SPT><ConditionNegated>1</ConditionNegated><Group>2</Group><Group>0</Group><Group>2</Group><Method>REGISTER</Method>\
         <Extension><RegistrationType>0</RegistrationType><RegistrationType>DE-REGISTRATION</RegistrationType></Extension></SPT>\
         <SPT><Group>1</Group><SIPHeader><Header>{long}</Header><Content>\" a b \"</Content></SIPHeader></SPT>\
         <SPT><SessionCase>TERMINATING_REGISTERED</SessionCase></SPT>\
         <SPT><Group>1</Group><SessionDescription><Line>m</Line><Content>audio</Content></SessionDescription></SPT>\
         <SPT><Group>3</Group><RequestURI>sip:x</RequestURI></SPT></TriggerPoint>"
    ));
    let point = |group, what| ServicePoint { negated: false, group, what, registration: 0 };
    let register = ServicePoint {
        negated: true,
        registration: 5,
        ..point(0, Trigger::Method("REGISTER".into()))
    };
    assert_eq!(
        found,
        [
            register.clone(),
            point(0, Trigger::SessionCase(1)),
            point(1, Trigger::Header { name: long.into(), content: "a b".into() }),
            point(1, Trigger::SessionDescription { line: "m".into(), content: "audio".into() }),
            ServicePoint { group: 2, ..register },
            point(3, Trigger::RequestUri("sip:x".into())),
        ]
    );
    let words = "<TriggerPoint><SPT><SessionCase> originating_registered </SessionCase></SPT></TriggerPoint>";
    assert_eq!(points(words), [point(0, Trigger::SessionCase(0))]);
    let bare =
        of(&criterion("<TriggerPoint><SPT><SessionCase>0</SessionCase></SPT></TriggerPoint>"))
            .unwrap();
    let trigger = bare.profiles.first().unwrap().criteria.first().unwrap().trigger.clone();
    assert_eq!(
        trigger,
        Some(TriggerPoint { cnf: false, points: vec![point(0, Trigger::SessionCase(0))] })
    );
}

#[test]
fn r_44_a_document_that_the_schema_forbids_is_not_used() {
    let dir = std::env::temp_dir().join(format!("user-data-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("user_data.dtd");
    std::fs::write(&file, "<!ELEMENT IMSSubscription (PrivateID, ServiceProfile+)><!ELEMENT PrivateID (#PCDATA)>\
        <!ELEMENT ServiceProfile (PublicIdentity+, InitialFilterCriteria*)><!ELEMENT InitialFilterCriteria ANY>\
        <!ELEMENT PublicIdentity (BarringIndication?, Identity)><!ELEMENT BarringIndication (#PCDATA)><!ELEMENT Identity (#PCDATA)>").unwrap();
    let schemas = Schemas::load(Some(&file), None).unwrap();
    assert!(read(profile("").as_bytes(), &schemas).is_ok());
    assert!(matches!(read(profile("<x/>").as_bytes(), &schemas), Err(BadUserData::Invalid(_))));
    assert!(Schemas::load(Some(&file), Some(&dir.join("missing.xsd"))).is_err());
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn what_is_too_much_is_refused_before_it_is_read() {
    let long = profile(&" ".repeat(2_000_000));
    assert!(matches!(of(&long), Err(BadUserData::Xml(BadXml::Long(..)))));
    let deep = profile(&["<a>".repeat(100), "</a>".repeat(100)].concat());
    assert_eq!(of(&deep), Err(BadUserData::Xml(BadXml::Deep(LIMITS.depth))));
    for too_much in [&long, &deep] {
        assert_eq!(of(too_much).unwrap_err().refusal(), Refusal::TooMuchData);
    }
    assert_eq!(of("<IMSSubscription/>").unwrap_err().refusal(), Refusal::UserData);
    let entities = "<!DOCTYPE IMSSubscription [<!ENTITY a \"b\">]><IMSSubscription/>";
    assert_eq!(of(entities), Err(BadUserData::Xml(BadXml::Doctype)));
    let groups: String = (0..65).map(|group| format!("<Group>{group}</Group>")).collect();
    let text =
        criterion(&format!("<TriggerPoint><SPT>{groups}<Method>A</Method></SPT></TriggerPoint>"));
    assert!(why(&text).contains("more than 64 groups"));
}

#[test]
fn a_large_document_takes_time_in_proportion() {
    let spt = "<SPT><Group>0</Group><Method>INVITE</Method></SPT>".repeat(10_000);
    let text = criterion(&format!("<TriggerPoint>{spt}</TriggerPoint>"));
    let started = std::time::Instant::now();
    assert_eq!(of(&text).unwrap().profiles.first().unwrap().criteria.len(), 1);
    assert!(started.elapsed().as_secs() < 5);
}
