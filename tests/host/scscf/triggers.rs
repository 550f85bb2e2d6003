//! The criteria of a profile, as `ims_isc` of Kamailio applies them to requests: what the store keeps
//! is what an application server sees.

use crate::database::{plan, restart};
use host_tests::{
    Draft, Message, mixed,
    scscf::{Lab, Mix, Plan, Ue, private, subscriber},
    wait::PATIENCE,
};
use std::fmt::Write as _;

mixed! {
    all:
        r_43_criteria_are_applied_in_the_order_of_their_priority,
        u_28_every_kind_of_trigger_leads_to_its_server,
        u_28_triggers_are_combined_as_their_groups_say,
        u_28_criteria_hold_for_the_registered_or_for_the_others,
        u_28_a_registration_is_told_to_a_server;
    registrar:
        r_43_a_header_name_of_300_bytes_is_survived,
        numbers_and_words_mean_the_same;
    usrloc:
        u_28_one_list_of_criteria_serves_many_users,
        u_28_the_servers_of_a_wildcarded_identity_are_asked_after_a_restart;
}

/// One criterion: what it is about, and which server it leads to.
#[derive(Clone, Debug)]
struct Criterion {
    priority: i32,
    cnf: u8,
    conditions: String,
    server: String,
    part: &'static str,
}

impl Criterion {
    fn new(server: &Ue, conditions: &[(u32, bool, &str)]) -> Self {
        let mut text = String::new();
        for (group, negated, inside) in conditions {
            let negated = u8::from(*negated);
            write!(
                text,
                "<SPT><ConditionNegated>{negated}</ConditionNegated><Group>{group}</Group>\
                 {inside}</SPT>"
            )
            .unwrap();
        }
        let server = server.contact();
        Self { priority: 1, cnf: 1, conditions: text, server, part: "" }
    }

    fn written(&self) -> String {
        let Self { priority, cnf, conditions, server, part } = self;
        format!(
            "<InitialFilterCriteria><Priority>{priority}</Priority><TriggerPoint>\
             <ConditionTypeCNF>{cnf}</ConditionTypeCNF>{conditions}</TriggerPoint>\
             <ApplicationServer><ServerName>{server}</ServerName>\
             <DefaultHandling>0</DefaultHandling><ServiceInfo>info</ServiceInfo>\
             </ApplicationServer>{part}</InitialFilterCriteria>"
        )
    }
}

const INVITE: &str = "<Method>INVITE</Method>";
const MESSAGE: &str = "<Method>MESSAGE</Method>";

fn started(mix: Mix) -> Lab {
    Plan::new(mix).isc().start()
}

/// A registered client whose profile has `criteria`.
fn user(lab: &Lab, name: &str, criteria: &[Criterion]) -> Ue {
    known(lab, name, criteria);
    let ue = lab.ue(name);
    lab.register(&ue, 600);
    ue
}

fn known(lab: &Lab, name: &str, criteria: &[Criterion]) {
    let mut one = subscriber(&format!("sip:{name}@ims.test"));
    one.criteria = criteria.iter().map(Criterion::written).collect();
    lab.hss.add(one);
}

/// A request of `ue` that asks for the criteria of its originating or terminating side.
fn asking(ue: &Ue, method: &str, case: &str) -> Draft {
    let pai = format!("<{}>", ue.identity());
    let draft = ue.draft(method, &ue.identity()).add("X-Case", case);
    draft.set("From", &format!("{pai};tag=f")).add("P-Asserted-Identity", &pai)
}

/// The request as `server` got it; `None` when the route said that nothing triggers.
fn triggered(ue: &Ue, draft: &Draft, server: &Ue) -> Option<Message> {
    ue.send(draft);
    let (method, call) = (draft.method(), draft.find("Call-ID"));
    let end = std::time::Instant::now() + PATIENCE;
    while std::time::Instant::now() < end {
        let short = std::time::Duration::from_millis(20);
        if let Some(seen) =
            server.wait(short, |seen| seen.method() == method && seen.find("Call-ID") == call)
        {
            if method == "INVITE" {
                server.send_to(&Draft::reply(&seen, 486, "as"), ue.host());
            }
            return Some(seen);
        }
        let none = |it: &Message| it.find("X-Triggered").is_some() && it.find("Call-ID") == call;
        if ue.wait(short, none).is_some() {
            return None;
        }
    }
    panic!("neither a server nor an answer for {draft:?}");
}

fn u_28_every_kind_of_trigger_leads_to_its_server(mix: Mix) {
    let lab = started(mix);
    let server = lab.ue("server");
    let plain = |draft: Draft| draft;
    let urgent = |draft: Draft| draft.add("Subject", "most urgent");
    let audio = |draft: Draft| draft.sdp("sendrecv");
    // What a criterion asks for, then requests with whether they have it.
    type Try = (&'static str, &'static str, fn(Draft) -> Draft, bool);
    let kinds: [(&str, &[Try]); 8] = [
        (INVITE, &[("INVITE", "orig", plain, true), ("MESSAGE", "orig", plain, false)]),
        (
            "<SIPHeader><Header>Subject</Header><Content>\"urgent\"</Content></SIPHeader>",
            &[("MESSAGE", "orig", urgent, true), ("MESSAGE", "orig", plain, false)],
        ),
        ("<SIPHeader><Header>X-Case</Header></SIPHeader>", &[("MESSAGE", "orig", plain, true)]),
        (
            "<RequestURI>sip:u3@.*</RequestURI>",
            &[("MESSAGE", "orig", plain, true), ("MESSAGE", "term", plain, true)],
        ),
        ("<RequestURI>sip:else@.*</RequestURI>", &[("MESSAGE", "orig", plain, false)]),
        (
            "<SessionCase>0</SessionCase>",
            &[("MESSAGE", "orig", plain, true), ("MESSAGE", "term", plain, false)],
        ),
        (
            "<SessionCase>1</SessionCase>",
            &[("MESSAGE", "orig", plain, false), ("MESSAGE", "term", plain, true)],
        ),
        (
            "<SessionDescription><Line>m</Line><Content>\"audio\"</Content></SessionDescription>",
            &[("INVITE", "orig", audio, true), ("INVITE", "orig", plain, false)],
        ),
    ];
    for (number, (kind, tries)) in kinds.iter().enumerate() {
        let criterion = Criterion::new(&server, &[(0, false, kind)]);
        let ue = user(&lab, &format!("u{number}"), &[criterion]);
        for (method, case, edit, wanted) in *tries {
            let draft = edit(asking(&ue, method, case));
            let seen = triggered(&ue, &draft, &server);
            assert_eq!(seen.is_some(), *wanted, "{kind}: {method} {case}");
            if let Some(seen) = seen {
                let routes = seen.all("Route").join(", ");
                assert!(routes.contains(&server.contact()), "{seen:?}");
                assert!(routes.contains("iscmark@"), "{seen:?}");
            }
        }
    }
}

fn u_28_triggers_are_combined_as_their_groups_say(mix: Mix) {
    let lab = started(mix);
    let server = lab.ue("server");
    let orig = "<SessionCase>0</SessionCase>";
    // All groups of an AND of ORs, one group of an OR of ANDs; with `not` in between.
    type Case<'a> = (u8, &'a [(u32, bool, &'a str)], [bool; 4]);
    let cases: [Case<'_>; 5] = [
        // INVITE orig, INVITE term, MESSAGE orig, MESSAGE term
        (1, &[(0, false, INVITE), (1, false, orig)], [true, false, false, false]),
        (1, &[(0, false, INVITE), (0, false, orig)], [true, true, true, false]),
        (0, &[(0, false, INVITE), (1, false, orig)], [true, true, true, false]),
        (0, &[(0, false, INVITE), (0, true, orig)], [false, true, false, false]),
        (1, &[(0, true, INVITE), (1, false, orig)], [false, false, true, false]),
    ];
    for (number, (cnf, conditions, wanted)) in cases.iter().enumerate() {
        let criterion = Criterion { cnf: *cnf, ..Criterion::new(&server, conditions) };
        let ue = user(&lab, &format!("u{number}"), &[criterion]);
        let requests =
            [("INVITE", "orig"), ("INVITE", "term"), ("MESSAGE", "orig"), ("MESSAGE", "term")];
        let seen = requests
            .map(|(method, case)| triggered(&ue, &asking(&ue, method, case), &server).is_some());
        assert_eq!(seen, *wanted, "{cnf} {conditions:?}");
    }
}

/// What `server` got, sent on as a server does that only looks.
fn sent_on(server: &Ue, seen: &Message, case: &str) -> Draft {
    let mut draft = Draft::new(&seen.start).add(
        "Via",
        &format!(
            "SIP/2.0/UDP {};branch=z9hG4bK{};rport",
            server.local(),
            host_tests::phone::unique()
        ),
    );
    for (name, value) in seen.pairs() {
        if ["Route", "X-Case", "Content-Length"].contains(&name) {
            continue;
        }
        draft = draft.add(name, value);
    }
    let routes = seen.all("Route").join(", ");
    let own = routes.split(',').map(str::trim).skip(1).collect::<Vec<_>>().join(", ");
    draft.add("Route", &own).add("X-Case", case)
}

fn r_43_criteria_are_applied_in_the_order_of_their_priority(mix: Mix) {
    let lab = started(mix);
    let servers = [lab.ue("one"), lab.ue("two"), lab.ue("three")];
    for server in &servers {
        server.answer("MESSAGE", host_tests::Answer::None);
    }
    let criteria: Vec<_> = [3, 1, 2]
        .map(|priority: usize| Criterion {
            priority: i32::try_from(priority).unwrap(),
            ..Criterion::new(&servers[priority - 1], &[(0, false, MESSAGE)])
        })
        .to_vec();
    let bob = user(&lab, "bob", &criteria);
    let mut draft = asking(&bob, "MESSAGE", "orig");
    for (number, server) in servers.iter().enumerate() {
        let from = if number == 0 { &bob } else { &servers[number - 1] };
        from.send(&draft);
        let seen = server.incoming("MESSAGE");
        draft = sent_on(server, &seen, "orig");
    }
    servers[2].send(&draft);
    let done = servers[2].take("the end of the criteria", |it| it.find("X-Triggered").is_some());
    assert_eq!(done.status(), 200);
}

fn u_28_criteria_hold_for_the_registered_or_for_the_others(mix: Mix) {
    let lab = Plan::new(mix).isc().usrloc("timer_interval", 30).start();
    let server = lab.ue("server");
    let part = |number: u8| match number {
        0 => "<ProfilePartIndicator>0</ProfilePartIndicator>",
        _ => "<ProfilePartIndicator>1</ProfilePartIndicator>",
    };
    for number in [0, 1] {
        let name = format!("u{number}");
        let criterion =
            Criterion { part: part(number), ..Criterion::new(&server, &[(0, false, MESSAGE)]) };
        known(&lab, &name, &[criterion]);
        let (ue, caller) = (lab.ue(&name), lab.ue("caller"));
        let assign = caller.draft("INVITE", &ue.identity()).add("X-Do", "assign_term");
        assert_eq!(caller.ask(&assign).header("X-Code"), "1");
        let term = || triggered(&ue, &asking(&ue, "MESSAGE", "term"), &server).is_some();
        assert_eq!(term(), number == 1, "unregistered, part {number}");
        lab.register(&ue, 600);
        assert_eq!(term(), number == 0, "registered, part {number}");
    }
}

fn u_28_a_registration_is_told_to_a_server(mix: Mix) {
    let lab = started(mix);
    let server = lab.ue("server");
    let register = "<Method>REGISTER</Method>";
    let first = "<Method>REGISTER</Method><Extension><RegistrationType>0</RegistrationType>\
                 </Extension>";
    for (name, condition) in [("all", register), ("first", first)] {
        let ue = user(&lab, name, &[Criterion::new(&server, &[(0, false, condition)])]);
        let told = server.incoming("REGISTER");
        assert!(told.header("To").contains(&ue.identity()), "{told:?}");
        assert!(told.header("From").contains(&lab.host.address().to_string()), "{told:?}");
        let seconds: i64 = told.header("Expires").parse().unwrap();
        assert!((600..=720).contains(&seconds), "{told:?}");
    }
    let carol = user(&lab, "carol", &[Criterion::new(&server, &[(0, false, INVITE)])]);
    server.hears_no("REGISTER");
    assert!(lab.finds(&carol, "carol"));
}

fn r_43_a_header_name_of_300_bytes_is_survived(mix: Mix) {
    let mut lab = started(mix);
    let server = lab.ue("server");
    let long = "h".repeat(300);
    let header = format!("<SIPHeader><Header>{long}</Header><Content>x</Content></SIPHeader>");
    let criterion = Criterion::new(&server, &[(0, false, &header)]);
    let bob = user(&lab, "bob", &[criterion]);
    let draft = asking(&bob, "MESSAGE", "orig").add(&long, "x");
    // Whether so long a name matches is up to ims_isc.
    triggered(&bob, &draft, &server);
    lab.host.assert_alive();
}

fn numbers_and_words_mean_the_same(mix: Mix) {
    let lab = started(mix);
    let server = lab.ue("server");
    for (number, words) in [
        ("<SessionCase>0</SessionCase>", "<SessionCase>ORIGINATING_SESSION</SessionCase>"),
        ("<SessionCase>0</SessionCase>", "<SessionCase> 0 </SessionCase>"),
    ]
    .into_iter()
    .enumerate()
    {
        let (digits, words) = words;
        for (kind, text) in [("d", digits), ("w", words)] {
            let criterion = Criterion::new(&server, &[(0, false, text)]);
            let ue = user(&lab, &format!("{kind}{number}"), &[criterion]);
            let seen =
                |case: &str| triggered(&ue, &asking(&ue, "MESSAGE", case), &server).is_some();
            assert_eq!((seen("orig"), seen("term")), (true, false), "{text}");
        }
    }
}

fn u_28_one_list_of_criteria_serves_many_users(mix: Mix) {
    let lab = started(mix);
    let server = lab.ue("server");
    let criterion = Criterion::new(&server, &[(0, false, MESSAGE), (1, false, INVITE)]);
    let any = Criterion { cnf: 0, ..criterion };
    let all: Vec<_> = (0..20)
        .map(|number| user(&lab, &format!("u{number}"), std::slice::from_ref(&any)))
        .collect();
    // Those who leave take nothing from those who stay.
    for ue in &all[..10] {
        lab.leave(ue);
    }
    lab.wait_contacts(10);
    std::thread::sleep(std::time::Duration::from_secs(6));
    for ue in &all[10..] {
        assert!(triggered(ue, &asking(ue, "MESSAGE", "orig"), &server).is_some());
    }
    lab.hss.change(&private("u10"), |it| it.criteria = String::new());
}

fn u_28_the_servers_of_a_wildcarded_identity_are_asked_after_a_restart(mix: Mix) {
    for identity in ["sip:room!.*!@ims.test", "sip:rooms@ims.test"] {
        let plan = plan(mix, 1).isc().usrloc("support_wildcardPSI", 1);
        let mut lab = plan.registrar("support_wildcardPSI", 1).start();
        let (server, bob) = (lab.ue("server"), lab.ue("bob"));
        let criterion = Criterion::new(&server, &[(0, false, MESSAGE)]).written();
        let mut owner = subscriber(&bob.identity());
        owner.profile = Some(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<IMSSubscription>\
             <PrivateID>bob@ims.test</PrivateID><ServiceProfile>\
             <PublicIdentity><Identity>{}</Identity></PublicIdentity>\
             <PublicIdentity><Identity>{identity}</Identity><Extension>\
             <IdentityType>2</IdentityType><WildcardedPSI>sip:room!.*!@ims.test</WildcardedPSI>\
             </Extension></PublicIdentity>{criterion}</ServiceProfile></IMSSubscription>",
            bob.identity()
        ));
        lab.hss.add(owner);
        lab.register(&bob, 600);
        let room = "<sip:room42@ims.test>";
        let asks = || {
            let draft = bob.draft("MESSAGE", "sip:room42@ims.test").set("To", room);
            triggered(&bob, &draft.add("X-Case", "term"), &server).is_some()
        };
        assert!(asks(), "{identity}");
        restart(&mut lab);
        assert!(asks(), "{identity}, after a restart");
    }
}
