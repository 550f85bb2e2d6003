use super::{
    Assignment, Bound, CSEQ_DELAY, Ends, Known, Lifetime, Next, Order, Plan, Policy, Request,
    Settings, Wants, path, read,
};
use crate::{assignment::Kind, expires::Lifetimes, matching::Mode, methods, refusal::Refusal};

const NOW: i64 = 1_700_000_000;

fn settings() -> Settings {
    Settings {
        lifetimes: Lifetimes::of_host(true),
        default_q: -1,
        path: path::Settings { enabled: true, mode: path::Mode::Strict, use_received: false },
        refuses_brief: false,
        precise: false,
        any_realm: false,
    }
}

fn request<'m>(contacts: &[&'m str], expires: Option<&'m str>) -> Request<'m> {
    Request {
        to: b"sip:bob@example.org",
        call_id: b"c1",
        cseq: b"7",
        expires: expires.map(str::as_bytes),
        contacts: contacts.iter().map(|body| body.as_bytes()).collect(),
        ..Request::default()
    }
}

fn plan<'m>(contacts: &[&'m str], expires: Option<&'m str>) -> Result<Plan<'m>, Refusal> {
    read(&request(contacts, expires), &settings())
}

fn lifetimes(contacts: &[&str], expires: Option<&str>) -> Result<Vec<u32>, Refusal> {
    let plan = plan(contacts, expires)?;
    let seconds = |lifetime| match lifetime {
        Lifetime::Remove => 0,
        Lifetime::Seconds(seconds) => seconds,
    };
    Ok(plan.contacts().iter().map(|contact| seconds(contact.lifetime)).collect())
}

fn bound(uri: &str) -> Bound<'_> {
    Bound {
        uri: uri.as_bytes(),
        call_id: b"c1",
        path: b"",
        cseq: 6,
        modified: NOW - 5,
        valid: true,
    }
}

const FRESH: Known = Known { registered: false, profiled: false, live: 0, order: Order::New };
const HERE: Known = Known { registered: true, profiled: true, live: 1, order: Order::New };

fn assigned(plan: &Plan<'_>, known: &Known) -> Option<(u32, bool, bool)> {
    match plan.next(known, &Policy::default()) {
        Next::Assign(Assignment { kind, required, available }) => {
            Some((kind.number(), required, available))
        }
        _ => None,
    }
}

#[test]
fn r_01_a_first_register_is_an_assignment_with_user_data() {
    let mut request = request(&["<sip:bob@192.0.2.1>;expires=3600"], None);
    request.authorization = vec![b"Digest username=\"bob@ims\", realm=\"example.org\""];
    request.user_agent = Some(b"phone");
    let plan = read(&request, &settings()).unwrap();
    assert_eq!((&*plan.identity, &*plan.private), (&b"sip:bob@example.org"[..], &b"bob@ims"[..]));
    assert_eq!((&*plan.user_agent, plan.cseq), (&b"phone"[..], 7));
    let [contact] = plan.contacts() else { panic!("one contact") };
    assert_eq!(contact.lifetime, Lifetime::Seconds(3600));
    assert_eq!((contact.q, contact.methods), (-1, methods::ALL));
    assert_eq!(assigned(&plan, &FRESH), Some((1, true, false)));
}

#[test]
fn r_03_one_that_follows_says_that_the_data_is_here() {
    let plan = plan(&["<sip:bob@192.0.2.1>"], None).unwrap();
    assert_eq!(assigned(&plan, &HERE), Some((2, false, true)));
    let always = Policy { always_asks: true, ..Policy::default() };
    let again = Assignment { kind: Kind::ReRegistration, required: false, available: false };
    assert_eq!(plan.next(&HERE, &always), Next::Assign(again));
    // Without contacts, without a profile or only assigned it starts anew.
    for known in [
        Known { live: 0, ..HERE },
        Known { profiled: false, ..HERE },
        Known { registered: false, ..HERE },
    ] {
        assert_eq!(assigned(&plan, &known), Some((1, true, false)));
    }
}

#[test]
fn r_05_to_r_10_lifetimes_of_contacts() {
    assert_eq!(lifetimes(&["<sip:a@b>"], None), Ok(vec![3600]));
    assert_eq!(lifetimes(&["<sip:a@b>"], Some("1800")), Ok(vec![1800]));
    assert_eq!(lifetimes(&["<sip:a@b>"], Some("garbage")), Ok(vec![3600]));
    assert_eq!(lifetimes(&["<sip:a@b>;expires=600"], Some("1800")), Ok(vec![600]));
    assert_eq!(lifetimes(&["<sip:a@b>;expires=10"], None), Ok(vec![60]));
    assert_eq!(lifetimes(&["<sip:a@b>;expires=x"], None), Ok(vec![60]));
    assert_eq!(lifetimes(&["<sip:a@b>;expires=x"], Some("1800")), Ok(vec![60]));
    assert_eq!(lifetimes(&["<sip:a@b>;expires=x"], Some("0")), Ok(vec![0]));
    assert_eq!(lifetimes(&["<sip:a@b>;expires=4294967295"], None), Ok(vec![600_000]));
    assert_eq!(lifetimes(&["<sip:a@b;sos>;expires=7200"], None), Ok(vec![3600]));
    assert_eq!(lifetimes(&["<sip:a@b>;expires=300"], Some("0")), Ok(vec![300]));
    let precise = Settings { precise: true, refuses_brief: true, ..settings() };
    let of = |body| read(&request(&[body], None), &precise).map(|_| ());
    assert_eq!(of("<sip:a@b>;expires=x"), Err(Refusal::Expires));
    assert_eq!(of("<sip:a@b>;expires=59"), Err(Refusal::Brief(60)));
    assert_eq!(of("<sip:a@b>;expires=60"), Ok(()));
}

#[test]
fn r_13_r_14_what_a_contact_says_of_itself() {
    let body =
        "<sip:a@b>;q=0.5;methods=\"INVITE,BYE\";received=\"sip:192.0.2.9\";+sip.instance=\"<u>\"";
    let found = plan(&[body], None).unwrap();
    let [contact] = found.contacts() else { panic!("one contact") };
    assert_eq!((contact.q, contact.methods), (500, 9));
    assert_eq!(&*contact.received, b"sip:192.0.2.9");
    assert_eq!(contact.params.get(b"+SIP.instance"), Some(&b"<u>"[..]));
    assert_eq!(plan(&["<sip:a@b>;q=abc"], None), Err(Refusal::Quality));
    assert_eq!(plan(&["<sip:a@b>;methods=\"A B\""], None), Err(Refusal::Message));
}

#[test]
fn r_15_r_16_r_17_a_path_is_stored_with_contacts_that_are_registered() {
    let with = |contacts: &'static [&'static str], supported: bool| {
        let mut request = request(contacts, None);
        request.paths = vec![b"<sip:p;lr>"];
        request.supported = if supported { vec![b"path"] } else { Vec::new() };
        read(&request, &settings()).map(|plan| (plan.path.into_owned(), plan.echoes_path))
    };
    assert_eq!(with(&["<sip:a@b>"], true), Ok((b"<sip:p;lr>".to_vec(), true)));
    assert_eq!(with(&["<sip:a@b>"], false), Err(Refusal::PathUnsupported("<sip:p;lr>".into())));
    // What leaves is looked for by the way that it came.
    assert_eq!(with(&["<sip:a@b>;expires=0"], false), Ok((b"<sip:p;lr>".to_vec(), false)));
    let nat =
        Settings { path: path::Settings { use_received: true, ..settings().path }, ..settings() };
    let mut request = request(&["<sip:a@b>"], None);
    request.paths = vec![b"<sip:p;lr;received=sip:192.0.2.9:5>"];
    request.supported = vec![b"path"];
    let plan = read(&request, &nat).unwrap();
    assert!(plan.behind_nat);
    assert_eq!(
        plan.contacts().first().map(|contact| &*contact.received),
        Some(&b"sip:192.0.2.9:5"[..])
    );
}

#[test]
fn r_21_r_22_the_hss_is_told_when_nobody_is_left() {
    let plan = plan(&["<sip:a@b>"], Some("0")).unwrap();
    assert_eq!(plan.next(&HERE, &Policy::default()), Next::Remove);
    assert!(
        plan.takes(&bound("sip:a@b"), Mode::Uri, &Ends::default())
            && !plan.takes(&bound("sip:c@d"), Mode::Uri, &Ends::default())
    );
    assert_eq!(plan.removed(1, 1, &Policy::default()), Ok(Next::Answer));
    let last = plan.removed(1, 0, &Policy::default());
    let expected = Assignment { kind: Kind::UserDeregistration, required: false, available: true };
    assert_eq!(last, Ok(Next::Assign(expected)));
}

#[test]
fn r_23_several_contacts_may_leave_at_once() {
    let plan = plan(&["<sip:a@b>, <sip:c@d>"], Some("0")).unwrap();
    assert!(
        plan.takes(&bound("sip:a@b"), Mode::Uri, &Ends::default())
            && plan.takes(&bound("sip:c@D"), Mode::Uri, &Ends::default())
    );
    assert!(!plan.registers());
}

#[test]
fn r_24_a_contact_that_is_not_bound_cannot_leave() {
    let plan = plan(&["<sip:x@y>"], Some("0")).unwrap();
    assert_eq!(plan.removed(0, 1, &Policy::default()), Err(Refusal::ContactDelete));
}

#[test]
fn r_25_r_26_all_contacts_leave_at_once_or_not_at_all() {
    let all = plan(&["*"], Some("0")).unwrap();
    assert_eq!(
        (&all.wants, all.next(&HERE, &Policy::default())),
        (&Wants::RemoveAll, Next::Remove)
    );
    assert!(all.takes(&bound("sip:any@where"), Mode::UriAndCallId, &Ends::default()));
    assert!(matches!(all.removed(0, 0, &Policy::default()), Ok(Next::Assign(_))));
    assert_eq!(plan(&["*"], Some("60")), Err(Refusal::StarNotZero));
    assert_eq!(plan(&["*"], None), Err(Refusal::StarNotZero));
    assert_eq!(plan(&["*", "<sip:a@b>"], Some("0")), Err(Refusal::StarNotAlone));
}

#[test]
fn r_27_r_28_without_a_contact_nothing_can_leave_but_may_be_asked() {
    assert_eq!(plan(&[], Some("0")), Err(Refusal::NothingToRemove));
    let query = plan(&[], None).unwrap();
    assert_eq!(query.wants, Wants::Query);
    assert_eq!(query.next(&HERE, &Policy::default()), Next::Answer);
    assert_eq!(query.next(&FRESH, &Policy::default()), Next::Answer);
}

#[test]
fn r_29_contacts_leave_and_come_in_one_request() {
    let both = ["<sip:a@b>;expires=0, <sip:c@d>;expires=300"];
    assert_eq!(lifetimes(&both, None), Ok(vec![0, 300]));
    let plan = plan(&both, None).unwrap();
    assert_eq!(assigned(&plan, &HERE), Some((2, false, true)));
    assert!(
        plan.takes(&bound("sip:a@b"), Mode::Uri, &Ends::default())
            && !plan.takes(&bound("sip:c@d"), Mode::Uri, &Ends::default())
    );
    // All of them say 0: the header does not make it a registration.
    let plan = super::read(&request(&["<sip:a@b>;expires=0"], Some("3600")), &settings()).unwrap();
    assert!(!plan.registers());
}

#[test]
fn r_30_a_contact_must_be_an_address_of_sip_or_a_number() {
    for body in [
        "<xyz>",
        "<mailto:a@b>",
        "<sip:>",
        "<sip:a b@c>",
        "",
        "<sip:a@b",
        "<sip:a@b>;;=",
        "sip:a@b,",
    ] {
        assert_eq!(plan(&[body], None), Err(Refusal::Contact), "{body:?}");
    }
    assert!(plan(&["<tel:+1001>"], None).is_ok());
}

#[test]
fn r_31_r_32_r_33_r_34_who_registers() {
    let of = |to: &'static str, any_realm: bool, credentials: &'static str| {
        let mut request = request(&["<sip:a@b>"], None);
        request.to = to.as_bytes();
        request.authorization = vec![credentials.as_bytes()];
        let plan = read(&request, &Settings { any_realm, ..settings() })?;
        let text = |text: &[u8]| String::from_utf8(text.to_vec()).unwrap();
        Ok::<_, Refusal>((text(&plan.identity), text(&plan.private)))
    };
    let pair = |one: &str, two: &str| Ok((one.to_owned(), two.to_owned()));
    let bob = "sip:bob@example.org";
    assert_eq!(of("sip:bob@Example.org:5070;x", false, ""), pair(bob, "bob@example.org"));
    assert_eq!(
        of(bob, false, "Digest username=\"bob\",realm=\"example.org\""),
        pair(bob, "bob@example.org")
    );
    assert_eq!(
        of(bob, false, "Digest username=\"b@c\",realm=\"other.org\""),
        pair(bob, "bob@example.org")
    );
    assert_eq!(of(bob, true, "Digest username=\"b@c\",realm=\"other.org\""), pair(bob, "b@c"));
    assert_eq!(of("tel:+1001", false, ""), Err(Refusal::Aor));
    assert_eq!(of("tel:+1001", true, ""), pair("tel:+1001", "tel:+1001"));
    assert_eq!(
        of("tel:7;phone-context=a.org", false, "").map(|who| who.0),
        Ok("tel:7;phone-context=a.org".into())
    );
    assert_eq!((of("", false, ""), of("bob", false, "")), (Err(Refusal::NoTo), Err(Refusal::Aor)));
}

#[test]
fn what_every_message_must_have() {
    let with = |change: fn(&mut Request<'static>)| {
        let mut request = request(&["<sip:a@b>"], None);
        change(&mut request);
        read(&request, &settings()).map(|_| ())
    };
    static LONG: [u8; 256] = [b'x'; 256];
    assert_eq!(with(|r| r.call_id = b" "), Err(Refusal::NoCallId));
    assert_eq!(with(|r| r.call_id = &LONG), Err(Refusal::CallIdLong));
    assert_eq!(with(|r| r.cseq = b"x"), Err(Refusal::CSeq));
    assert_eq!(with(|r| r.cseq = b"4294967296"), Err(Refusal::CSeq));
    assert_eq!(with(|r| r.received = Some(&LONG)), Err(Refusal::ContactLong));
    assert_eq!(with(|r| r.user_agent = Some(&LONG)), Ok(()));
}

#[test]
fn an_older_request_changes_nothing() {
    let plan = plan(&["<sip:a@b>"], None).unwrap();
    let of = |cseq, call_id: &'static str, modified| {
        let bound = Bound { cseq, call_id: call_id.as_bytes(), modified, ..bound("sip:a@b") };
        plan.order(&bound, Mode::Uri, NOW, CSEQ_DELAY)
    };
    assert_eq!(of(6, "c1", NOW - 5), Order::New);
    assert_eq!(of(7, "c1", NOW - 5), Order::Retransmission);
    assert_eq!(of(7, "c1", NOW - 25), Order::New);
    assert_eq!(of(8, "c1", NOW - 500), Order::OutOfOrder);
    assert_eq!(of(8, "c2", NOW - 5), Order::New);
    assert_eq!(plan.order(&bound("sip:x@y"), Mode::Uri, NOW, CSEQ_DELAY), Order::New);
    for order in [Order::Retransmission, Order::OutOfOrder] {
        assert_eq!(plan.next(&Known { order, ..HERE }, &Policy::default()), Next::Answer);
    }
    assert!(Order::OutOfOrder > Order::Retransmission && Order::Retransmission > Order::New);
}

#[test]
fn r_81_r_82_contacts_are_the_same_by_the_matching_mode() {
    let mut request = request(&["<sip:a@b:5060>"], None);
    request.paths = vec![b"<sip:p;lr>"];
    request.supported = vec![b"path"];
    let plan = read(&request, &settings()).unwrap();
    let of = |mode, call_id: &'static str, path: &'static str| {
        let bound =
            Bound { call_id: call_id.as_bytes(), path: path.as_bytes(), ..bound("sip:a@B:5060") };
        plan.find(&bound, mode)
    };
    assert_eq!(of(Mode::Uri, "c9", ""), Some(0));
    assert_eq!(
        (of(Mode::UriAndCallId, "c1", ""), of(Mode::UriAndCallId, "c9", "")),
        (Some(0), None)
    );
    assert_eq!(of(Mode::UriAndPath, "c9", "<sip:p;lr>"), Some(0));
    assert_eq!(of(Mode::UriAndPath, "c9", "<sip:q;lr>"), None);
}

#[test]
fn a_contact_with_another_parameter_is_another_contact() {
    let of = |contact: &str, expires, bound_uri: &str| {
        let body = format!("<{contact}>");
        let request = request(&[&body], expires);
        read(&request, &settings()).unwrap().find(&bound(bound_uri), Mode::Uri)
    };
    // What the store has under the first text is where calls go.
    assert_eq!(of("sip:a@b;alias=x", None, "sip:a@b"), None);
    assert_eq!(of("sip:a@b", None, "sip:a@b;alias=x"), None);
    assert_eq!(of("sip:a@b;ob;x=1", None, "sip:a@B;X=1;ob"), Some(0));
    assert_eq!(of("sip:a@b;x=2", None, "sip:a@b;x=1"), None);
    assert_eq!(of("sip:a@b", Some("0"), "sip:a@b;alias=x"), Some(0));
}

#[test]
fn of_two_contacts_that_differ_in_a_parameter_the_one_that_is_named_ends() {
    let takes = |contact: &str, uris: [&str; 2]| {
        let body = format!("<{contact}>");
        let request = request(&[&body], Some("0"));
        let plan = read(&request, &settings()).unwrap();
        let ends = plan.ends(uris.iter().map(|uri| uri.as_bytes()));
        uris.map(|uri| plan.takes(&bound(uri), Mode::Uri, &ends))
    };
    assert_eq!(takes("sip:a@b;ob", ["sip:a@b", "sip:a@B;OB"]), [false, true]);
    assert_eq!(takes("sip:a@b", ["sip:a@b", "sip:a@b;ob"]), [true, false]);
    // Neither has what it names: both are the same as it by the rules.
    assert_eq!(takes("sip:a@b;x", ["sip:a@b", "sip:a@b;ob"]), [true, true]);
}

#[test]
fn r_83_the_server_may_stay_responsible() {
    let plan = plan(&["<sip:a@b>"], Some("0")).unwrap();
    let policy = Policy { stores_profile: true, ..Policy::default() };
    let Ok(Next::Assign(assignment)) = plan.removed(1, 0, &policy) else { panic!("a question") };
    assert_eq!(assignment.kind.number(), 7);
}

#[test]
fn a_plan_comes_back_from_its_bytes() {
    let body = "<sip:a@b>;q=0.5;foo=\"x;y\";expires=90, <sip:c@d>;expires=0";
    let mut with_path = request(&[body], None);
    with_path.paths = vec![b"<sip:p;lr>", b"<sip:q;lr>"];
    with_path.supported = vec![b"path"];
    for request in [with_path, request(&["*"], Some("0")), request(&[], None)] {
        let plan = read(&request, &settings()).unwrap();
        let bytes = plan.pack();
        assert_eq!(Plan::unpack(&bytes).as_ref(), Some(&plan));
        for cut in 0..bytes.len() {
            let part = bytes.get(..cut).unwrap();
            assert!(Plan::unpack(part).is_none_or(|part| part != plan), "{cut}");
        }
    }
}
