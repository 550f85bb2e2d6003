//! What the HSS has agreed to and what does not stand all the same: both say the same afterwards.

use host_tests::{
    diameter::{
        Assignment, Avps as _, Reply, SUCCESS,
        hss::{Mood, SERVER_ASSIGNMENT, user_data},
    },
    mixed,
    rpc::number,
    scscf::{Lab, Mix, Plan, Ue, bindings, private, set},
    wait::{PATIENCE, until},
};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

mixed! {
    registrar:
        an_answer_for_a_request_that_was_given_up_registers_nobody,
        an_answer_that_is_late_is_counted,
        an_answer_that_is_late_leaves_the_other_client_of_the_user_alone,
        an_answer_that_is_late_leaves_the_next_attempt_alone,
        service_for_the_unregistered_stands_when_its_request_was_given_up,
        a_barred_identity_registers_the_set_that_it_belongs_to,
        a_profile_that_cannot_be_used_is_given_back,
        a_profile_that_is_too_much_is_given_back_as_that,
        a_profile_that_is_too_much_leaves_the_one_that_was_there,
        a_profile_that_fits_no_memory_is_given_back_as_that,
        who_has_left_meanwhile_is_registered_anew,
        an_identity_that_is_no_uri_is_not_told;
}

/// A host whose transactions end after `wait` milliseconds.
fn impatient(mix: Mix, wait: i32, kept: i32) -> Lab {
    let plan = Plan::new(mix).exact().usrloc("timer_interval", 60);
    plan.with(|setup| setup.param("tm", "fr_timer", wait).param("tm", "wt_timer", kept)).start()
}

/// The HSS takes so many milliseconds for its next answers.
fn slow(lab: &Lab, times: &'static [u64]) {
    let count = AtomicU32::new(0);
    lab.hss.edit(SERVER_ASSIGNMENT, move |_, avps| {
        let place = usize::try_from(count.fetch_add(1, Ordering::Relaxed)).unwrap();
        match times.get(place) {
            Some(time) => Reply::Late(Duration::from_millis(*time), avps),
            None => Reply::With(avps),
        }
    });
}

/// What the HSS is told next.
fn told(lab: &Lab) -> Assignment {
    until("a question to the HSS", PATIENCE, || {
        (lab.hss.waiting(SERVER_ASSIGNMENT) > 0).then(|| lab.hss.assigned().0)
    })
}

fn an_answer_for_a_request_that_was_given_up_registers_nobody(mix: Mix) {
    // The transaction still there, with the answer that the client had; and gone.
    for kept in [5000, 300] {
        let mut lab = impatient(mix, 1000, kept);
        let bob = lab.ue("bob");
        slow(&lab, &[2500]);
        let reply = bob.ask(&bob.register(600));
        assert!(reply.status() >= 400, "{reply:?}");
        assert_eq!(told(&lab), Assignment::Registration);
        assert_eq!(told(&lab), Assignment::TimeoutDeregistration);
        assert_eq!((lab.state(&bob.identity()), lab.stored("active_contacts")), (None, 0));
        assert!(!lab.finds(&bob, "bob"));
        assert_eq!(lab.counted("accepted_regs"), 0);
        lab.register(&bob, 600);
        assert!(lab.finds(&bob, "bob"));
        lab.host.assert_alive();
    }
}

fn an_answer_that_is_late_is_counted(mix: Mix) {
    let plan = Plan::new(mix).impatient();
    let lab = plan.with(|setup| setup.param("tm", "fr_timer", 1000)).start();
    let bob = lab.ue("bob");
    let counted = |wanted: [u64; 2]| {
        until(&format!("{wanted:?} answers and timeouts"), PATIENCE, || {
            let names = ["sar_replies_received", "sar_timeouts"];
            (names.map(|name| lab.counted(name)) == wanted).then_some(())
        });
    };
    slow(&lab, &[1500]);
    assert!(bob.ask(&bob.register(600)).status() >= 400);
    counted([1, 0]);
    lab.hss.set(SERVER_ASSIGNMENT, Mood::Silence);
    assert!(bob.ask(&bob.register(600)).status() >= 400);
    counted([1, 1]);
    assert_eq!(["accepted_regs", "rejected_regs"].map(|name| lab.counted(name)), [0, 2]);
}

fn an_answer_that_is_late_leaves_the_other_client_of_the_user_alone(mix: Mix) {
    let lab = impatient(mix, 1000, 5000);
    let (one, other) = (lab.ue("bob"), lab.ue("bob"));
    lab.register(&one, 600);
    assert_eq!(told(&lab), Assignment::Registration);
    slow(&lab, &[1800]);
    assert!(other.ask(&other.register(600)).status() >= 400);
    assert_eq!(told(&lab), Assignment::ReRegistration);
    std::thread::sleep(Duration::from_millis(1500));
    lab.hss.hears_no(SERVER_ASSIGNMENT);
    assert_eq!(lab.contacts(&one.identity()), [one.contact()]);
}

fn an_answer_that_is_late_leaves_the_next_attempt_alone(mix: Mix) {
    let lab = impatient(mix, 2000, 5000);
    let bob = lab.ue("bob");
    slow(&lab, &[3500, 1700]);
    assert!(bob.ask(&bob.register(600)).status() >= 400);
    assert_eq!(told(&lab), Assignment::Registration);
    lab.register(&bob, 600);
    assert_eq!(told(&lab), Assignment::Registration);
    std::thread::sleep(Duration::from_millis(1500));
    lab.hss.hears_no(SERVER_ASSIGNMENT);
    assert!(lab.finds(&bob, "bob"));
}

fn service_for_the_unregistered_stands_when_its_request_was_given_up(mix: Mix) {
    let lab = impatient(mix, 1000, 5000);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    slow(&lab, &[2000]);
    let pai = format!("<{}>", bob.identity());
    let draft = bob.draft("MESSAGE", &carol.identity());
    let reply = bob.ask(&draft.add("P-Asserted-Identity", &pai).add("X-Do", "assign_term"));
    assert!(reply.status() >= 400, "{reply:?}");
    assert_eq!(told(&lab), Assignment::UnregisteredUser);
    until("service", PATIENCE, || {
        (lab.state(&carol.identity()).as_deref() == Some("unregistered")).then_some(())
    });
    lab.hss.hears_no(SERVER_ASSIGNMENT);
    assert_eq!(["accepted_regs", "rejected_regs"].map(|name| lab.counted(name)), [1, 0]);
}

fn to(ue: &Ue, identity: &str, seconds: u32) -> host_tests::Draft {
    ue.register(seconds).set("To", &format!("<{identity}>"))
}

/// A phone without an ISIM registers by an identity made of its IMSI, which is barred for all else (TS
/// 23.003 13.4B, TS 23.228 4.3.3.2): its whole set is registered, and it is told the others.
fn a_barred_identity_registers_the_set_that_it_belongs_to(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let [own, _, barred] = set("bob");
    lab.hss.add(host_tests::scscf::subscriber(&own));
    let private = format!(
        "Digest username=\"{}\", realm=\"ims.test\", nonce=\"\", uri=\"sip:ims.test\", response=\"\"",
        private("bob")
    );
    let register = |seconds| to(&bob, &barred, seconds).add("Authorization", &private);
    for _ in 0..2 {
        let reply = bob.ask(&register(600));
        assert_eq!(reply.status(), 200, "{reply:?}");
        let associated = reply.header("P-Associated-URI");
        assert!(associated.contains(&own) && !associated.contains(&barred), "{associated}");
    }
    let registered = Some("registered".to_owned());
    assert_eq!((lab.state(&own), lab.state(&barred)), (registered.clone(), registered));
    assert!(lab.finds(&bob, "bob"));
    assert_eq!(bob.ask(&register(0)).status(), 200);
    assert!(!lab.finds(&bob, "bob"));
}

fn a_profile_that_cannot_be_used_is_given_back(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.hss.edit(SERVER_ASSIGNMENT, |_, avps| {
        let others = avps.into_iter().filter(|avp| avp.code != 606);
        Reply::With(others.chain([user_data("<IMSSubscription/>")]).collect())
    });
    assert_eq!(bob.ask(&bob.register(600)).status(), 500);
    assert_eq!(told(&lab), Assignment::Registration);
    assert_eq!(told(&lab), Assignment::AdministrativeDeregistration);
    lab.hss.plain(SERVER_ASSIGNMENT);
    lab.register(&bob, 600);
    assert_eq!(told(&lab), Assignment::Registration);
    lab.hss.hears_no(SERVER_ASSIGNMENT);
}

/// The HSS sends the profile of its users with more elements in each other than this server takes.
fn too_much(lab: &Lab) {
    lab.hss.edit(SERVER_ASSIGNMENT, |_, avps| {
        let deep = format!("{}{}", "<Extension>".repeat(40), "</Extension>".repeat(40));
        let grown = avps.into_iter().map(|avp| match avp.code {
            606 => {
                let profile = String::from_utf8(avp.data).unwrap();
                user_data(
                    &profile.replace("</IMSSubscription>", &(deep.clone() + "</IMSSubscription>")),
                )
            }
            _ => avp,
        });
        Reply::With(grown.collect())
    });
}

fn a_profile_that_is_too_much_is_given_back_as_that(mix: Mix) {
    let lab = Lab::start(mix);
    let (bob, carol) = (lab.ue("bob"), lab.ue("carol"));
    too_much(&lab);
    let reply = bob.ask(&bob.register(600));
    assert_eq!(reply.status(), 500, "{reply:?}");
    assert_eq!(told(&lab), Assignment::Registration);
    let (kind, asked) = lab.hss.assigned();
    assert_eq!(kind, Assignment::TooMuchData);
    assert_eq!((asked.avps.text(601), asked.avps.text(1)), (bob.identity(), private("bob")));
    assert_eq!(lab.state(&bob.identity()), None);
    let pai = format!("<{}>", bob.identity());
    let draft = bob.draft("MESSAGE", &carol.identity()).add("P-Asserted-Identity", &pai);
    let reply = bob.ask(&draft.add("X-Do", "assign_term"));
    assert_eq!(reply.header("X-Code"), "-2", "{reply:?}");
    assert_eq!(told(&lab), Assignment::UnregisteredUser);
    let (kind, asked) = lab.hss.assigned();
    assert_eq!(kind, Assignment::TooMuchData);
    assert_eq!(asked.avps.text(601), carol.identity());
    lab.hss.hears_no(SERVER_ASSIGNMENT);
    lab.hss.plain(SERVER_ASSIGNMENT);
    lab.register(&bob, 600);
    assert_eq!(told(&lab), Assignment::Registration);
}

fn a_profile_that_is_too_much_leaves_the_one_that_was_there(mix: Mix) {
    let lab = Plan::new(mix).registrar("user_data_always", 1).start();
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    assert_eq!(told(&lab), Assignment::Registration);
    too_much(&lab);
    assert_eq!(bob.ask(&bob.register(600)).status(), 500);
    assert_eq!(told(&lab), Assignment::ReRegistration);
    lab.hss.hears_no(SERVER_ASSIGNMENT);
    assert!(lab.finds(&bob, "bob"));
}

/// What the HSS hears of a profile that is too much (3GPP TS 29.229 6.2.2).
const TOO_MUCH_DATA: u32 = 5008;

/// Bytes of the profile of a subscriber. `cdp` takes messages up to 64 KiB.
const LARGE: usize = 60_000;

/// Bytes that are free: the REGISTER fits, the answer of the HSS, and what it is told then, but not the
/// profile as well.
const ROOM: u64 = 124_000;

/// What is free when the HSS pushes such a profile, less each time: where the first room is enough, one of
/// the next is not.
const PUSH_ROOMS: [u64; 7] = [122_000, 116_000, 110_000, 104_000, 98_000, 92_000, 86_000];

/// What is held of a request that is over, at the most.
const LEFT: u64 = 8 * 1024;

/// A host whose shared memory is full of something that can be taken away again.
struct Full {
    lab: Lab,
    cells: u32,
}

impl Full {
    /// One with room for everything yet.
    fn start(mix: Mix) -> Self {
        let plan = Plan::new(mix).exact().with(|mut setup| {
            setup.shared = 16;
            let setup = setup.module("htable").param("htable", "htable", "ballast=>size=8;");
            setup.param("tm", "wt_timer", 200)
        });
        Self { lab: plan.start(), cells: 0 }
    }

    fn free(&self) -> u64 {
        number(&self.lab.host.rpc(&["core.shmmem"]).unwrap(), "free:")
    }

    /// Leaves no more than `room` bytes free, and not much less.
    fn fill(&mut self, room: u64) {
        for size in [16 * 1024, 2 * 1024, 256] {
            let text = "x".repeat(size);
            while self.free() > room + u64::try_from(size).unwrap() {
                self.cells += 1;
                let name = format!("cell{}", self.cells);
                self.lab.host.rpc(&["htable.sets", "ballast", &name, &text]).unwrap();
            }
        }
    }

    /// Waits until nothing more is held than before.
    fn rests(&self, before: u64) {
        until("memory of requests that are over", PATIENCE * 2, || {
            (self.free() + LEFT >= before).then_some(())
        });
    }

    fn empty(&self) {
        self.lab.host.rpc(&["htable.flush", "ballast"]).unwrap();
    }
}

/// The HSS has a large profile of `user` from now on.
fn large(lab: &Lab, user: &str) {
    lab.hss.change(&private(user), |it| {
        it.criteria = format!(
            "<InitialFilterCriteria><Priority>0</Priority><ApplicationServer>\
             <ServerName>sip:as@ims.test</ServerName><ServiceInfo>{}</ServiceInfo>\
             </ApplicationServer></InitialFilterCriteria>",
            "x".repeat(LARGE)
        );
    });
}

fn a_profile_that_fits_no_memory_is_given_back_as_that(mix: Mix) {
    let mut full = Full::start(mix);
    let [bob, carol, dave] = ["bob", "carol", "dave"].map(|user| full.lab.ue(user));
    full.lab.hss.add(host_tests::scscf::subscriber(&bob.identity()));
    large(&full.lab, "bob");
    full.lab.register(&carol, 600);
    assert_eq!(told(&full.lab), Assignment::Registration);
    full.fill(ROOM);
    let before = full.free();
    for _ in 0..3 {
        let reply = bob.ask(&bob.register(600));
        assert_eq!(reply.status(), 500, "{reply:?}");
        assert_eq!(told(&full.lab), Assignment::Registration);
        let (kind, asked) = full.lab.hss.assigned();
        assert_eq!(kind, Assignment::TooMuchData);
        let of = (asked.avps.text(601), asked.avps.text(1));
        assert_eq!(of, (bob.identity(), private("bob")));
        assert_eq!(full.lab.state(&bob.identity()), None);
        full.rests(before);
    }
    full.lab.hss.hears_no(SERVER_ASSIGNMENT);
    // One that is pushed leaves that which is there.
    large(&full.lab, "carol");
    let refused = PUSH_ROOMS.into_iter().find_map(|room| {
        full.fill(room);
        let (before, result) = (full.free(), full.lab.hss.push(&private("carol")).result());
        (result != Some(SUCCESS)).then_some((before, result))
    });
    let (before, result) = refused.expect("too little room at last");
    assert_eq!(result, Some(TOO_MUCH_DATA), "{before} bytes free");
    full.rests(before);
    // Whoever has a usual profile is served.
    full.lab.register(&dave, 600);
    assert_eq!(told(&full.lab), Assignment::Registration);
    full.empty();
    assert_eq!(full.lab.hss.push(&private("carol")).result(), Some(SUCCESS));
    full.lab.register(&bob, 600);
    assert_eq!(told(&full.lab), Assignment::Registration);
    assert!(full.lab.finds(&carol, "bob") && full.lab.finds(&bob, "dave"));
    full.lab.hss.hears_no(SERVER_ASSIGNMENT);
    full.lab.host.assert_alive();
}

fn who_has_left_meanwhile_is_registered_anew(mix: Mix) {
    let lab = Lab::start(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    assert_eq!(told(&lab), Assignment::Registration);
    slow(&lab, &[3000]);
    let register = bob.register(1200);
    bob.send(&register);
    assert_eq!(told(&lab), Assignment::ReRegistration);
    lab.hss.terminate(&private("bob"), &[&bob.identity()], 0);
    lab.wait_empty();
    let reply = bob.final_reply(&register);
    assert_eq!((reply.status(), bindings(&reply)[0].expires), (200, 1200), "{reply:?}");
    assert_eq!(told(&lab), Assignment::Registration);
    assert_eq!(lab.resumed(&register), Some(1));
    assert!(lab.finds(&bob, "bob"));
    assert_eq!(lab.state(&set("bob")[1]).as_deref(), Some("registered"));
}

fn an_identity_that_is_no_uri_is_not_told(mix: Mix) {
    let mut lab = Lab::start(mix);
    let bob = lab.ue("bob");
    let [own, number, _] = set("bob");
    for strange in ["no uri", "sip:a&gt;, &lt;sip:eve@ims.test", "tel:", "sip:b&quot;ob@ims.test"] {
        let profile = host_tests::scscf::subscriber(&own).profile().replace(&number, strange);
        assert!(profile.contains(strange), "{profile}");
        lab.hss.edit(SERVER_ASSIGNMENT, move |_, avps| {
            let others = avps.into_iter().filter(|avp| avp.code != 606);
            Reply::With(others.chain([user_data(&profile)]).collect())
        });
        for _ in 0..2 {
            let reply = lab.register(&bob, 600);
            assert_eq!(reply.header("P-Associated-URI"), format!("<{own}>"), "{strange}");
        }
        lab.hss.plain(SERVER_ASSIGNMENT);
        lab.leave(&bob);
        lab.wait_empty();
    }
    assert!(lab.host.journal().text().contains("\"no uri\" of the user data is no uri"));
    lab.host.assert_alive();
}
