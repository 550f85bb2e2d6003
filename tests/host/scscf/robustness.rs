//! Requests and answers that are wrong on purpose.

use host_tests::{
    Draft,
    diameter::{Avp, Reply, hss::SERVER_ASSIGNMENT},
    garbage::garbage,
    mixed,
    scscf::{Lab, Mix, Plan, Ue},
    steady,
    suite::soak,
};
use parking_lot::Mutex;
use std::time::{Duration, Instant};

mixed! {
    registrar:
        garbage_in_every_header_is_survived,
        garbage_leaves_no_memory_behind,
        random_bytes_are_survived;
    ours:
        random_answers_of_the_hss_are_survived;
}

const REGISTER: &[&str] = &[
    "To",
    "Contact",
    "Expires",
    "Path",
    "Supported",
    "Authorization",
    "Proxy-Authorization",
    "User-Agent",
    "X-Received",
    "CSeq",
];
const FUNCTIONS: &[&str] = &[
    "lookup",
    "lookup_3gpp",
    "path",
    "registered",
    "term_registered",
    "term_contact",
    "unregister",
    "fetch",
    "assign_term",
    "assign_orig",
    "can_subscribe",
];
const EVENT: &[&str] =
    &["Event", "P-Asserted-Identity", "Contact", "Record-Route", "Expires", "To"];

/// Sends `draft` and waits a moment for an answer; that the core drops it is an answer, too.
fn bear(ue: &Ue, draft: &Draft) {
    ue.send(draft);
    let call_id = draft.find("Call-ID");
    let answered = ue.wait(Duration::from_millis(100), |message| {
        message.status() >= 200 && message.find("Call-ID") == call_id
    });
    drop(answered);
}

/// Nobody was hurt: the host lives, serves, and has not panicked.
fn unharmed(lab: &mut Lab, bob: &Ue) {
    lab.host.assert_alive();
    assert!(lab.finds(bob, "bob"));
    let log = lab.host.journal().text();
    assert!(!log.contains("panic"), "{}", log.lines().find(|it| it.contains("panic")).unwrap());
    let fresh = lab.ue("fresh");
    lab.register(&fresh, 600);
}

fn short(mix: Mix) -> Lab {
    Plan::new(mix).steady().start()
}

fn garbage_in_every_header_is_survived(mix: Mix) {
    let mut lab = short(mix);
    let (bob, mallory) = (lab.ue("bob"), lab.ue("mallory"));
    lab.register(&bob, 600);
    for (number, text) in garbage().iter().enumerate() {
        for header in REGISTER {
            bear(&mallory, &mallory.register(600).set(header, text));
        }
        for function in FUNCTIONS {
            // Each text through every function, each header now and then.
            let header = ["X-Uri", "To", "P-Asserted-Identity", "From"][number % 4];
            bear(&mallory, &mallory.calling(function).set(header, text));
        }
        for header in EVENT {
            let draft = mallory.draft("SUBSCRIBE", &bob.identity()).add("Event", "reg");
            let draft = draft.add("P-Asserted-Identity", &format!("<{}>", bob.identity()));
            bear(&mallory, &draft.set(header, text));
        }
        lab.host.assert_alive();
    }
    unharmed(&mut lab, &bob);
}

fn garbage_leaves_no_memory_behind(mix: Mix) {
    let lab = short(mix);
    let bob = lab.ue("bob");
    let texts: Vec<_> = garbage().into_iter().filter(|text| text.len() < 1000).collect();
    steady::flat(&lab.host, 600, |number| {
        let text = &texts[usize::try_from(number).unwrap() % texts.len()];
        let header = ["Contact", "Path", "Authorization", "To"]
            [usize::try_from(number).unwrap() / texts.len() % 4];
        bear(&bob, &bob.register(5).set(header, text));
        if number % 50 == 0 {
            lab.register(&bob, 600);
            lab.register(&bob, 0);
        }
    });
}

/// Numbers that look like chance, and are the same each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    /// Changes some bytes of `bytes`, cuts it, or doubles a part.
    fn spoil(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len());
            match self.below(5) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes.insert(at, u8::try_from(self.next() % 256).unwrap()),
                2 => {
                    let part = bytes[at..(at + 20).min(bytes.len())].to_vec();
                    bytes.splice(at..at, part);
                }
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = u8::try_from(self.next() % 256).unwrap();
                    }
                }
            }
        }
    }
}

fn random_bytes_are_survived(mix: Mix) {
    let mut lab = short(mix);
    let (bob, mallory) = (lab.ue("bob"), lab.ue("mallory"));
    lab.register(&bob, 600);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let end = Instant::now() + Duration::from_secs(if soak() { 120 } else { 5 });
    let mut sent = 0_u32;
    while Instant::now() < end {
        let draft = match dice.below(4) {
            0 => mallory.draft("SUBSCRIBE", &bob.identity()).add("Event", "reg"),
            1 => mallory.calling("lookup").uri(&bob.identity()),
            2 => mallory
                .draft("PUBLISH", &bob.identity())
                .add("Event", "reg")
                .add("P-Asserted-Identity", &format!("<{}>", bob.identity()))
                .body("application/reginfo+xml", "<reginfo><registration/></reginfo>"),
            _ => mallory.register(600).add("Path", "<sip:p@127.0.0.1;lr>").add("Supported", "path"),
        };
        let mut bytes = draft.bytes();
        dice.spoil(&mut bytes);
        mallory.send_raw(&bytes);
        sent += 1;
        if sent.is_multiple_of(16) {
            // Keeps pace with the host, whose socket would drop the rest.
            bear(&bob, &bob.calling("lookup").uri(&bob.identity()));
        }
    }
    assert!(sent > 200, "{sent}");
    std::thread::sleep(Duration::from_secs(1));
    lab.register(&bob, 600);
    unharmed(&mut lab, &bob);
}

fn random_answers_of_the_hss_are_survived(mix: Mix) {
    let mut lab = short(mix);
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let dice = Mutex::new(Dice(0x2545_f491_4f6c_dd1d));
    lab.hss.edit(SERVER_ASSIGNMENT, move |_, mut avps| {
        let mut dice = dice.lock();
        // Lengths on the wire stay right: what they enclose does not.
        for _ in 0..=dice.below(3) {
            let at = dice.below(avps.len());
            if [268, 263].contains(&avps[at].code) && dice.below(4) > 0 {
                continue;
            }
            if dice.below(8) == 0 {
                avps.remove(at);
            } else {
                let mut data = std::mem::take(&mut avps[at].data);
                dice.spoil(&mut data);
                avps[at] = Avp { data, ..avps[at].clone() };
            }
        }
        Reply::With(avps)
    });
    let end = Instant::now() + Duration::from_secs(if soak() { 120 } else { 5 });
    let mut number = 0;
    while Instant::now() < end {
        number += 1;
        let ue = lab.ue(&format!("user{}", number % 50));
        bear(&ue, &ue.register(600));
        bear(&ue, &ue.register(0));
    }
    assert!(number > 50, "{number}");
    lab.hss.plain(SERVER_ASSIGNMENT);
    unharmed(&mut lab, &bob);
}
