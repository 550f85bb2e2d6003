//! Memory after many calls: what was taken is given back.

use host_tests::{
    Call, Draft, Flavor, Host, Line, Phone, Setup, Side, cases, steady, valgrind,
    wait::{PATIENCE, until},
};

cases! {
    ours:
        case_95_answered_calls_leave_no_memory_behind,
        subscriptions_that_come_and_go_leave_no_memory_behind;
    needs("valgrind"):
        a_whole_call_under_valgrind_has_no_error;
}

/// How many rounds a test of this file plays; ten times as many in a long run.
const ROUNDS: u32 = 10_000;

/// A host that forgets quickly what is over.
fn host(flavor: Flavor) -> Host {
    Host::start(steady::short(Setup::new(flavor)).sca("purge_expired_interval", 1))
}

fn case_95_answered_calls_leave_no_memory_behind(flavor: Flavor) {
    let line = Line::on(host(flavor));
    let mut outgoing = true;
    steady::flat(&line.host, ROUNDS, |_| {
        if outgoing {
            assert_eq!(line.a.seize(1).reply.status(), 200);
            let mut call = Call::dial(&line.a, &line.x, |invite| invite.index(1));
            call.ring();
            call.answer();
            call.send(Side::Caller, "BYE", |bye: Draft| bye.index(1));
        } else {
            let mut call = line.called();
            call.answer();
            call.bye(Side::Caller);
        }
        outgoing = !outgoing;
        // What waits is looked through for each message that is expected.
        for phone in [&line.a, &line.b, &line.x] {
            phone.forget();
        }
    });
    assert_eq!(line.states(), [""; 0]);
}

fn subscriptions_that_come_and_go_leave_no_memory_behind(flavor: Flavor) {
    let line = Line::on(host(flavor));
    let phone = Phone::new(line.host.address(), "215");
    steady::flat(&line.host, ROUNDS, |_| {
        let mut subscription = phone.subscribe("call-info", 600);
        assert_eq!(subscription.reply.status(), 202);
        let mut seize = phone.seize(0);
        assert_eq!(seize.reply.status(), 200);
        assert_eq!(seize.refresh_index(0, 1).status(), 200);
        assert_eq!(subscription.refresh(0).status(), 202);
        for phone in [&phone, &line.a, &line.b] {
            phone.notifies();
        }
    });
    until("the purge", PATIENCE, || (line.host.subscriptions().len() == 2).then_some(()));
}

fn a_whole_call_under_valgrind_has_no_error(flavor: Flavor) {
    let mut setup = Setup::new(flavor).param("tm", "fr_timer", 30_000);
    setup.valgrind = true;
    let mut line = Line::with(setup);
    let mut call = line.talking();
    call.change(Side::Caller, |invite| invite.state(1, "held").sdp("sendonly"));
    call.send(Side::Caller, "BYE", |bye: Draft| bye.index(1));
    line.both_come_to_see(&[]);
    line.received().bye(Side::Callee);
    line.host.rpc(&["sca.all_subscriptions"]).unwrap();
    assert_eq!(line.b_sub.refresh(0).status(), 202);
    valgrind::assert_clean(&mut line.host, &[]);
}
