//! Whatever a REGISTER says, it is planned or refused; the plan comes back from its bytes, and the
//! answer has one line for each header.
#![no_main]

use scscf_core::{
    expires::{self, Lifetimes},
    lookup,
    matching::Mode,
    methods,
    register::{self, Bound, Known, Lifetime, Plan, Policy, Request, Settings, path, set},
    reply::{self, Accepted, ContactList, Shown},
};

const NOW: i64 = 1_700_000_000;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // The fields of a message, one a line; what is left are contacts.
    let mut lines = bytes.split(|byte| *byte == 0xff);
    let mut next = || lines.next().unwrap_or(b"");
    let (to, call_id, cseq, expires) = (next(), next(), next(), next());
    let (path, supported, credentials, received) = (next(), next(), next(), next());
    let request = Request {
        to,
        call_id,
        cseq,
        expires: Some(expires).filter(|text| !text.is_empty()),
        paths: Some(path).filter(|text| !text.is_empty()).into_iter().collect(),
        supported: vec![supported],
        authorization: vec![credentials],
        allow: vec![supported],
        user_agent: Some(call_id),
        received: Some(received),
        contacts: lines.collect(),
        random: 7,
    };
    let settings = Settings {
        lifetimes: Lifetimes { range: 20, ..Lifetimes::of_host(true) },
        default_q: -1,
        path: path::Settings { enabled: true, mode: path::Mode::Strict, use_received: true },
        refuses_brief: false,
        precise: bytes.len() % 2 == 0,
        any_realm: bytes.len() % 3 == 0,
    };
    match register::read(&request, &settings) {
        Ok(plan) => carried_out(&plan),
        Err(refusal) => {
            let settings = reply::Settings { precise: true, ..reply::Settings::default() };
            lines_of(&reply::refused(&refusal, &settings).headers);
        }
    }
    if let Some(plan) = Plan::unpack(bytes) {
        assert_eq!(plan.pack(), bytes);
    }
    _ = methods::read(bytes).map(|bits| bits & methods::bit(b"INVITE"));
    assert_eq!(lookup::Ue::of(bytes), lookup::Ue::of(bytes));
});

fn carried_out(plan: &Plan<'_>) {
    let packed = plan.pack();
    assert_eq!(Plan::unpack(&packed).as_ref(), Some(plan));
    assert_eq!(set::key(&plan.identity), plan.identity);
    let mut list = ContactList::new(NOW, 10);
    for contact in plan.contacts() {
        let bound = Bound {
            uri: &contact.uri,
            call_id: &plan.call_id,
            path: &plan.path,
            cseq: plan.cseq,
            modified: NOW,
            valid: true,
        };
        for mode in [Mode::Uri, Mode::UriAndCallId, Mode::UriAndPath, Mode::Place] {
            assert!(plan.find(&bound, mode).is_some());
        }
        match contact.lifetime {
            Lifetime::Remove => list.removed(&contact.uri),
            Lifetime::Seconds(seconds) => {
                assert!((1..=600_000).contains(&seconds));
                let expires = expires::after(NOW, seconds);
                let (q, received) = (contact.q, &*contact.received);
                let shown = Shown { uri: &contact.uri, q, expires, received };
                list.bound(&shown, b"received", contact.params.iter());
            }
        }
    }
    _ = plan.next(&Known::default(), &Policy::default());
    let path = plan.echoes_path.then_some(&*plan.path);
    let reply = Accepted { contacts: list, path, service_route: b"<sip:x;lr>" };
    lines_of(&reply.reply([&*plan.identity]).headers);
}

/// Every line is a header.
fn lines_of(headers: &[u8]) {
    let text = headers.strip_suffix(b"\r\n").unwrap_or(headers);
    for line in text.split(|byte| *byte == b'\n').filter(|_| !text.is_empty()) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(line.first().is_some_and(u8::is_ascii_uppercase));
        assert!(!line.iter().any(u8::is_ascii_control));
    }
}
