//! Many phones at once, on one line and on many.

use host_tests::{
    Call, Draft, Flavor, Host, Phone, Setup, Side, call_info, cases,
    wait::{PATIENCE, until},
};
use std::thread;

cases! {
    both:
        the_notifies_of_a_contended_line_come_in_order_and_end_with_the_truth;
    ours:
        the_calls_of_a_busy_hour_end_with_idle_lines;
}

/// Few enough that all NOTIFYs fit into the receive buffer of a phone that gets no time to read: a
/// lost one comes again, after newer ones.
const ROUNDS: usize = 8;

fn host(flavor: Flavor) -> Host {
    let mut setup = Setup::new(flavor);
    setup.workers = 4;
    setup.shared = 128;
    Host::start(setup)
}

fn the_notifies_of_a_contended_line_come_in_order_and_end_with_the_truth(flavor: Flavor) {
    let host = host(flavor);
    let phones = [1, 2, 3].map(|index| (Phone::new(host.address(), "215"), index));
    // The first NOTIFY of the C module may be overtaken by the second.
    let waits = flavor == Flavor::C;
    for (phone, _) in &phones {
        assert_eq!(phone.subscribe("call-info", 600).reply.status(), 202);
        if waits {
            phone.notified("call-info");
        }
    }
    let left = 3 * ROUNDS * 2 + usize::from(!waits);
    thread::scope(|scope| {
        for (phone, index) in &phones {
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    let mut seize = phone.seize(*index);
                    assert_eq!(seize.reply.status(), 200);
                    assert_eq!(seize.refresh_index(0, *index).status(), 200);
                }
            });
        }
    });
    for (phone, _) in &phones {
        let mut told = Vec::new();
        let mut lamps = Vec::new();
        until("every NOTIFY", PATIENCE, || {
            told.extend(phone.notifies());
            lamps =
                told.iter().filter(|told| told.header("Event") == "call-info").cloned().collect();
            (lamps.len() >= left).then_some(())
        });
        let numbers: Vec<_> = lamps.iter().map(|notify| notify.cseq().0).collect();
        assert!(numbers.is_sorted_by(|a, b| *b == a + 1), "{numbers:?}");
        assert_eq!(numbers.len(), left);
        assert_eq!(lamps.last().unwrap().header("Call-Info"), call_info(&[]));
    }
}

/// One member of `line` after another calls the outside party, and is called by it.
fn busy(host: &Host, line: u32, calls: u32) {
    let user = line.to_string();
    let members = [0; 2].map(|_| Phone::new(host.address(), &user));
    let x = Phone::new(host.address(), "300");
    for member in &members {
        assert_eq!(member.subscribe("call-info", 600).reply.status(), 202);
    }
    for number in 0..calls {
        let member = &members[usize::from(number % 2 == 0)];
        assert_eq!(member.seize(1).reply.status(), 200);
        let mut out = Call::dial(member, &x, |invite| invite.index(1));
        out.ring();
        out.answer();
        let mut back = Call::dial(&x, member, |invite| invite);
        back.answer();
        out.change(Side::Caller, |invite| invite.index(1).sdp("sendonly"));
        let side = if number % 3 == 0 { Side::Caller } else { Side::Callee };
        out.send(side, "BYE", |bye: Draft| bye);
        back.send(side, "BYE", |bye: Draft| bye);
    }
}

fn the_calls_of_a_busy_hour_end_with_idle_lines(flavor: Flavor) {
    let host = host(flavor);
    thread::scope(|scope| {
        for line in 400..410 {
            let host = &host;
            scope.spawn(move || busy(host, line, 15));
        }
    });
    until("idle lines", PATIENCE, || host.appearances().is_empty().then_some(()));
    assert_eq!(host.rpc(&["sca.subscription_count", "call-info"]).unwrap(), "20 call-info\n");
}
