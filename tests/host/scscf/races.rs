//! What happens to one user at the same time, and sets that change under it.

use host_tests::{
    Draft,
    diameter::{Assignment, Avps as _, Reply, SUCCESS, hss::SERVER_ASSIGNMENT},
    install::Flavor,
    mixed,
    scscf::{Lab, Mix, Plan, Ue, private, subscriber},
    wait::{PATIENCE, until},
};
use std::time::Duration;

mixed! {
    registrar:
        of_contacts_that_leave_at_once_the_hss_is_told_once,
        who_comes_back_while_the_hss_lets_it_go_stays,
        whom_the_hss_ends_while_it_registers_again_is_registered_or_told,
        sets_change_with_every_registration;
}

/// How long the HSS thinks.
const THINKS: Duration = Duration::from_millis(800);

fn of_contacts_that_leave_at_once_the_hss_is_told_once(mix: Mix) {
    let four = |plan: Plan| {
        plan.with(|mut setup| {
            setup.workers = 4;
            setup
        })
    };
    let lab = four(Plan::new(mix)).start();
    for _ in 0..5 {
        let both = [lab.ue("bob"), lab.ue("bob")];
        for ue in &both {
            lab.register(ue, 600);
        }
        lab.hss.forget(SERVER_ASSIGNMENT);
        std::thread::scope(|scope| {
            for ue in &both {
                scope.spawn(|| lab.leave(ue));
            }
        });
        assert!(!lab.finds(&both[0], "bob"));
        assert_eq!(lab.hss.assigned().0, Assignment::UserDeregistration);
        assert_eq!(lab.hss.waiting(SERVER_ASSIGNMENT), 0);
    }
}

/// Sends `draft`; the HSS has its question, and thinks.
fn thinks(lab: &Lab, ue: &Ue, draft: &Draft) {
    lab.hss.edit(SERVER_ASSIGNMENT, |_, avps| Reply::Late(THINKS, avps));
    lab.hss.forget(SERVER_ASSIGNMENT);
    ue.send(draft);
    until("a question to the HSS", PATIENCE, || {
        (lab.hss.waiting(SERVER_ASSIGNMENT) > 0).then_some(())
    });
    lab.hss.plain(SERVER_ASSIGNMENT);
}

/// The status of the final answer to `draft`.
fn answer(ue: &Ue, draft: &Draft) -> u16 {
    let call = draft.find("Call-ID").unwrap();
    let found = ue.wait(PATIENCE, |it| it.status() >= 200 && it.find("Call-ID") == Some(call));
    found.expect("an answer").status()
}

fn who_comes_back_while_the_hss_lets_it_go_stays(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let leave = bob.register(0);
    thinks(&lab, &bob, &leave);
    assert_eq!(bob.ask(&bob.register(600)).status(), 200);
    assert_eq!(answer(&bob, &leave), 200);
    assert!(lab.finds(&bob, "bob"));
    let asked = [(); 2].map(|()| lab.hss.assigned().0);
    assert_eq!(asked, [Assignment::UserDeregistration, Assignment::Registration]);
    // It is no remnant that goes with the next look.
    std::thread::sleep(Duration::from_secs(3));
    assert!(lab.finds(&bob, "bob"));
}

fn whom_the_hss_ends_while_it_registers_again_is_registered_or_told(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let again = bob.register(700);
    thinks(&lab, &bob, &again);
    let ended = lab.hss.terminate(&private("bob"), &[&bob.identity()], 0);
    assert_eq!(ended.result(), Some(SUCCESS));
    let status = answer(&bob, &again);
    // What the client was told is what is so, then and later.
    for _ in 0..2 {
        assert_eq!(lab.finds(&bob, "bob"), status == 200, "{status}");
        std::thread::sleep(Duration::from_secs(3));
    }
}

/// A profile of bob with these identities; those with an exclamation mark are barred.
fn profile(identities: &[&str]) -> String {
    let one = |identity: &&str| {
        let (barred, identity) = match identity.strip_prefix('!') {
            Some(identity) => (1, identity),
            None => (0, *identity),
        };
        format!(
            "<PublicIdentity><BarringIndication>{barred}</BarringIndication>\
             <Identity>{identity}</Identity></PublicIdentity>"
        )
    };
    let all: String = identities.iter().map(one).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><IMSSubscription><PrivateID>{}</PrivateID>\
         <ServiceProfile>{all}<Extension><SharedIFCSetID>7</SharedIFCSetID></Extension>\
         </ServiceProfile></IMSSubscription>",
        private("bob")
    )
}

fn sets_change_with_every_registration(mix: Mix) {
    const OWN: &str = "sip:bob@ims.test";
    const DEFAULT: &str = "sip:default@ims.test";
    let plan = Plan::new(mix).registrar("user_data_always", 1).registrar("sar_on_expiry", 1);
    let lab = plan.short(1).start();
    let bob = lab.ue("bob");
    lab.hss.add(subscriber(OWN));
    let registered = |seconds: u32, identities: &[&str]| {
        let text = profile(identities);
        lab.hss.change(&private("bob"), |it| it.profile = Some(text));
        let reply = lab.register(&bob, seconds);
        reply.find("P-Associated-URI").unwrap_or_default().to_owned()
    };
    let is = |identity: &str| lab.state(identity).as_deref() == Some("registered");
    // The default identity is barred: it is registered, and told to nobody.
    assert_eq!(
        registered(600, &["!sip:default@ims.test", OWN, "tel:+1"]),
        format!("<{OWN}>, <tel:+1>")
    );
    assert!(is(DEFAULT) && is(OWN) && is("tel:+1"));
    assert_eq!(registered(600, &[OWN, "tel:+2"]), format!("<{OWN}>, <tel:+2>"));
    assert!(is(OWN) && is("tel:+2"));
    if mix.usrloc() == Flavor::Ours {
        assert!(!is(DEFAULT) && !is("tel:+1"));
    }
    // Registered by a barred identity: the set is.
    assert_eq!(registered(600, &[DEFAULT, "!sip:bob@ims.test"]), format!("<{DEFAULT}>"));
    assert!(is(DEFAULT) && is(OWN));
    assert_eq!(registered(600, &["!sip:bob@ims.test"]), "");
    // The same identity twice is one.
    registered(600, &[OWN, OWN, "sip:bob@IMS.test"]);
    assert!(is(OWN));
    // The HSS hears of the end by an identity that is not barred.
    registered(1, &["!sip:default@ims.test", OWN]);
    lab.hss.forget(SERVER_ASSIGNMENT);
    let (kind, asked) = lab.hss.assigned();
    assert_eq!((kind, asked.avps.text(601)), (Assignment::TimeoutDeregistration, OWN.to_owned()));
}
