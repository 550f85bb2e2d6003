//! `save`: what a REGISTER makes of a contact, and what is asked of the HSS for it.

use host_tests::{
    diameter::{Application, Assignment, Avps as _, hss::SERVER_ASSIGNMENT},
    mixed,
    scscf::{Binding, Lab, Mix, Plan, bindings, private, set},
    wait::{PATIENCE, until},
};

mixed! {
    all:
        r_01_a_first_register_asks_the_hss_and_stores_the_whole_set,
        r_03_a_client_that_is_registered_is_registered_again,
        r_14_parameters_of_a_contact_are_echoed,
        r_80_a_contact_of_300_bytes_is_taken,
        a_request_says_everything_that_the_hss_wants_to_know,
        a_route_that_does_not_exist_is_told_to_the_script,
        a_request_that_was_answered_before_is_told_to_the_script;
    registrar:
        r_02_save_works_with_two_and_with_three_arguments,
        r_04_the_answer_lists_what_is_bound,
        r_04_the_answer_lists_what_was_asked_for_if_told_so,
        r_28_a_register_without_contact_asks_what_is_bound,
        r_79_clients_of_one_user_register_at_once;
    ours:
        r_85_one_contact_of_two_users_is_two;
}

fn r_01_a_first_register_asks_the_hss_and_stores_the_whole_set(mix: Mix) {
    let lab = Plan::new(mix).start();
    let bob = lab.ue("bob");
    let register = bob.register(3600);
    let (reply, kind, asked) = lab.assigned(&bob, &register);
    assert_eq!((reply.status(), kind), (200, Assignment::Registration), "{reply:?}");
    assert_eq!(asked.avps.text(1), private("bob"));
    assert_eq!((asked.avps.text(601), asked.avps.value(624)), (bob.identity(), Some(0)));
    let [own, number, barred] = set("bob");
    let [contact] = bindings(&reply).try_into().unwrap();
    assert_eq!((contact.uri, contact.expires), (bob.contact(), 3240));
    assert_eq!(reply.header("P-Associated-URI"), format!("<{own}>, <{number}>"));
    assert_eq!(reply.header("Service-Route"), lab.service_route());
    assert_eq!(lab.resumed(&register), Some(1));
    for identity in [&own, &number, &barred] {
        let record = lab.record(identity).unwrap();
        assert_eq!((record.state.as_str(), record.private), ("registered", private("bob")));
        assert_eq!(record.barring, if *identity == barred { "1" } else { "0" });
        assert_eq!(record.set, set("bob"));
        assert_eq!(lab.contacts(identity), [bob.contact()]);
    }
}

fn a_request_says_everything_that_the_hss_wants_to_know(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let register = bob.register(3600);
    let (_, _, asked) = lab.assigned(&bob, &register);
    assert_eq!(asked.application, Application::CX.id);
    let codes: Vec<_> = asked.avps.iter().map(|avp| avp.code).collect();
    assert_eq!(codes, [263, 264, 296, 494, 283, 260, 277, 601, 602, 1, 614, 624]);
    let call_id = asked.avps.find(494).unwrap();
    assert_eq!((call_id.vendor, call_id.mandatory), (Some(50), false));
    assert_eq!(Some(call_id.text().as_str()), register.find("Call-ID"));
    assert_eq!((asked.avps.text(283), asked.avps.value(277)), ("ims.test".to_owned(), Some(1)));
    let application = asked.avps.find(260).and_then(|avp| avp.members()).unwrap();
    assert_eq!((application.value(266), application.value(258)), (Some(10_415), Some(16_777_216)));
    assert_eq!(asked.avps.text(602), lab.uri());
    for code in [601, 602, 614, 624] {
        let avp = asked.avps.find(code).unwrap();
        assert_eq!((avp.vendor, avp.mandatory), (Some(10_415), true), "{code}");
    }
    let quiet = Plan::new(mix).registrar("send_vs_callid_avp", 0).registrar("user_data_always", 1);
    let lab = quiet.start();
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let (kind, asked) = lab.hss.assigned();
    assert!(kind == Assignment::Registration && asked.avps.find(494).is_none());
    lab.register(&bob, 600);
    let (kind, asked) = lab.hss.assigned();
    assert_eq!((kind, asked.avps.value(624)), (Assignment::ReRegistration, Some(0)));
}

fn a_route_that_does_not_exist_is_told_to_the_script(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let reply = bob.ask(&bob.register(600).add("X-Save", "nowhere"));
    assert_eq!((reply.status(), reply.header("X-Rc")), (480, "-1"));
    assert_eq!((lab.hss.waiting(SERVER_ASSIGNMENT), lab.state(&bob.identity())), (0, None));
}

fn a_request_that_was_answered_before_is_told_to_the_script(mix: Mix) {
    let answered = "case \"answered\":
        t_newtran();
        t_reply(\"202\", \"Early\");
        save(\"SAVED\", \"location\", \"0\", \"0\");
        $var(rc) = $rc;
        xlog(\"L_ERR\", \"RETURNED $var(rc)\\n\");
        exit;";
    let lab = Plan::new(mix).with(|setup| setup.word("{second_save}", answered)).start();
    let bob = lab.ue("bob");
    assert_eq!(bob.ask(&bob.register(600).add("X-Save", "answered")).status(), 202);
    until("the script to go on", PATIENCE, || {
        (lab.host.journal().count("RETURNED -2") == 1).then_some(())
    });
    assert_eq!((lab.hss.waiting(SERVER_ASSIGNMENT), lab.state(&bob.identity())), (0, None));
    assert_eq!(["accepted_regs", "rejected_regs"].map(|name| lab.counted(name)), [0, 1]);
}

fn r_02_save_works_with_two_and_with_three_arguments(mix: Mix) {
    let lab = Lab::start(mix);
    for (count, user) in [("2", "bob"), ("3", "carol")] {
        let ue = lab.ue(user);
        let reply = ue.ask(&ue.register(600).add("X-Save", count));
        assert_eq!((reply.status(), bindings(&reply).len()), (200, 1), "{reply:?}");
        assert_eq!(lab.state(&ue.identity()).as_deref(), Some("registered"));
    }
}

fn r_03_a_client_that_is_registered_is_registered_again(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    lab.hss.assigned();
    let register = bob.register(1200);
    let (reply, kind, asked) = lab.assigned(&bob, &register);
    assert_eq!((reply.status(), kind), (200, Assignment::ReRegistration));
    assert_eq!(asked.avps.value(624), Some(1));
    let [contact] = bindings(&reply).try_into().unwrap();
    assert_eq!((contact.uri, contact.expires), (bob.contact(), 1200));
    let [own, number, barred] = set("bob");
    assert_eq!(reply.header("P-Associated-URI"), format!("<{own}>, <{number}>"));
    assert_eq!(lab.resumed(&register), Some(1));
    for identity in [own, number, barred] {
        let [(_, left)] = lab.record(&identity).unwrap().contacts[..] else { panic!("{identity}") };
        assert!((1198..=1200).contains(&left), "{identity}: {left}");
    }
    assert_eq!(lab.stored("active_contacts"), 1);
}

fn uris(bindings: &[Binding]) -> Vec<&str> {
    let mut all: Vec<_> = bindings.iter().map(|binding| binding.uri.as_str()).collect();
    all.sort_unstable();
    all
}

/// The contacts in the answer to a second client of the same user, as seen from both.
fn second(plan: Plan) -> (Vec<Binding>, [String; 2]) {
    let lab = plan.exact().start();
    let (one, other) = (lab.ue("bob"), lab.ue("bob"));
    lab.register(&one, 600);
    let mut both = [one.contact(), other.contact()];
    let listed = bindings(&lab.register(&other, 600));
    assert_eq!(lab.contacts(&one.identity()).len(), 2);
    // The second stands last.
    both.sort_unstable_by_key(|uri| *uri == other.contact());
    (listed, both)
}

fn r_04_the_answer_lists_what_is_bound(mix: Mix) {
    let (listed, mut both) = second(Plan::new(mix));
    both.sort_unstable();
    assert_eq!(uris(&listed), both);
}

fn r_04_the_answer_lists_what_was_asked_for_if_told_so(mix: Mix) {
    let plan = Plan::new(mix).registrar("skip_multiple_bindings_on_reg_resp", 1);
    let (listed, [_, asked]) = second(plan);
    assert_eq!(uris(&listed), [asked]);
}

fn r_14_parameters_of_a_contact_are_echoed(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let instance = "+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"";
    let contact = format!("<{}>;{instance};video;foo=bar", bob.contact());
    let reply = bob.ask(&bob.register(600).set("Contact", &contact));
    let [bound] = bindings(&reply).try_into().unwrap();
    for parameter in [instance, "video", "foo=\"bar\""] {
        assert!(bound.has(parameter), "{parameter} in {bound:?}");
    }
    assert_eq!(bound.parameters.len(), 3);
    // They are there as well for whoever comes later.
    let [bound] = bindings(&lab.register(&bob, 600)).try_into().unwrap();
    assert!(bound.parameters.len() <= 3, "{bound:?}");
}

fn r_28_a_register_without_contact_asks_what_is_bound(mix: Mix) {
    let lab = Lab::start(mix);
    let (one, other) = (lab.ue("bob"), lab.ue("bob"));
    lab.register(&one, 600);
    lab.register(&other, 600);
    lab.hss.forget(SERVER_ASSIGNMENT);
    let query = one.register(600).without("Contact").without("Expires");
    let reply = one.ask(&query);
    assert_eq!(reply.status(), 200);
    let mut both = [one.contact(), other.contact()];
    both.sort_unstable();
    assert_eq!(uris(&bindings(&reply)), both);
    lab.hss.hears_no(SERVER_ASSIGNMENT);
    let nobody = lab.ue("nobody");
    let reply = nobody.ask(&nobody.register(600).without("Contact").without("Expires"));
    assert_eq!((reply.status(), bindings(&reply).len()), (200, 0));
    assert_eq!(lab.state(&nobody.identity()), None);
}

/// How often; the contract asks for so many.
const TIMES: u32 = 1000;

fn r_79_clients_of_one_user_register_at_once(mix: Mix) {
    let plan = Plan::new(mix).with(|mut setup| {
        setup.workers = 4;
        setup.shared = 256;
        setup.param("tm", "wt_timer", 500)
    });
    let mut lab = plan.exact().start();
    let both = [lab.ue("bob"), lab.ue("bob")];
    let times = if host_tests::suite::soak() { TIMES } else { TIMES / 5 };
    for _ in 0..times {
        std::thread::scope(|scope| {
            for ue in &both {
                scope.spawn(|| lab.register(ue, 600));
            }
        });
    }
    assert_eq!(lab.contacts(&both[0].identity()).len(), 2);
    assert_eq!(lab.stored("active_contacts"), 2);
    for ue in &both {
        lab.leave(ue);
    }
    lab.wait_empty();
    lab.host.assert_alive();
}

fn r_80_a_contact_of_300_bytes_is_taken(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let long = format!("{};x={}", bob.contact(), "y".repeat(300));
    let reply = bob.ask(&bob.register(600).set("Contact", &format!("<{long}>")));
    assert_eq!(uris(&bindings(&reply)), [long.as_str()]);
    assert_eq!(lab.looked_up(&bob, &bob.identity()).unwrap().header("X-Ru"), long);
}

fn r_85_one_contact_of_two_users_is_two(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    let shared = format!("<{}>", bob.contact());
    lab.register(&bob, 600);
    let reply = carol.ask(&carol.register(1200).set("Contact", &shared));
    assert_eq!(reply.status(), 200);
    assert_eq!(lab.contacts(&bob.identity()), lab.contacts(&carol.identity()));
    let left = |user: &str| lab.record(&set(user)[0]).unwrap().contacts[0].1;
    assert!((598..=600).contains(&left("bob")) && left("carol") > 1100);
    let reply = carol.ask(&carol.register(0).set("Contact", &shared));
    assert_eq!(reply.status(), 200);
    assert!(lab.finds(&carol, "bob"));
    assert!(!lab.finds(&carol, "carol"));
}
