//! SUBSCRIBE to call-info: replies, first NOTIFYs, malformed requests.

use host_tests::{
    Flavor, Host, Line, Message, Phone, Setup, call_info, cases,
    line::{expires, sees},
};

cases! {
    both:
        case_01_a_subscription_is_accepted_and_answered_by_a_notify,
        case_02_a_second_member_is_notified_alone,
        case_03_the_expiry_is_clamped_to_the_maximum,
        case_04_an_event_that_is_missing_or_not_exactly_ours_is_refused,
        case_05_an_unknown_contact_that_ends_its_subscription_leaves_nothing,
        case_07_a_refresh_of_an_unknown_subscription_is_refused,
        case_08_a_refresh_is_answered_by_the_next_notify,
        case_10_a_contact_that_is_not_one_uri_is_refused,
        case_13_a_from_without_tag_is_refused,
        case_15_uri_parameters_are_no_part_of_the_line,
        case_17_a_notify_takes_the_route_of_its_subscription,
        case_79_server_address_is_the_contact_as_it_stands,
        a_subscription_in_a_transaction_is_answered_in_it,
        the_request_uri_is_the_line_of_a_first_and_to_of_a_later_subscribe,
        another_dialog_of_the_same_contact_takes_the_subscription_over,
        a_contact_with_display_name_and_parameters_is_reached;
    ours:
        case_06_a_subscription_without_expires_gets_the_default,
        case_11_a_subscription_without_contact_is_refused,
        case_12_a_subscription_with_empty_contact_is_refused,
        case_14_a_huge_request_uri_is_survived;
    since(6, 1):
        case_18_a_new_route_replaces_the_old;
}

fn host_and_phone(flavor: Flavor) -> (Host, Phone) {
    let host = Host::start(Setup::new(flavor));
    let phone = Phone::new(host.address(), "215");
    (host, phone)
}

fn assert_first_notify(notify: &Message, phone: &Phone, reply: &Message) {
    assert_eq!(notify.uri(), phone.contact());
    assert_eq!(notify.cseq(), (1, "NOTIFY"));
    assert_eq!(notify.header("From"), reply.header("To"));
    assert_eq!(notify.header("To"), reply.header("From"));
    assert_eq!(notify.header("Call-ID"), reply.header("Call-ID"));
    assert_eq!(notify.header("Max-Forwards"), "70");
    assert!(notify.body.is_empty(), "{notify:?}");
    assert_eq!(notify.find("Content-Type"), None);
    let ours: Vec<_> = notify.names().into_iter().rev().take(4).collect();
    assert_eq!(ours, ["Subscription-State", "Event", "Call-Info", "Contact"]);
    assert_eq!(notify.line("Contact"), "Contact: sip:215@voice.example.com");
    assert_eq!(notify.line("Call-Info"), format!("Call-Info: {}", call_info(&[])));
    assert_eq!(notify.line("Event"), "Event: call-info");
    assert_eq!(notify.line("Subscription-State"), "Subscription-State: active");
}

fn case_01_a_subscription_is_accepted_and_answered_by_a_notify(flavor: Flavor) {
    let (_host, a) = host_and_phone(flavor);
    let subscription = a.subscribe("call-info", 3600);
    let reply = &subscription.reply;
    assert_eq!(reply.status_line(), "202 Accepted");
    let names = reply.names();
    let at = names.iter().position(|name| *name == "Event").unwrap();
    assert_eq!(names[at..at + 5], ["Event", "Contact", "Allow-Events", "Expires", "Server"]);
    assert_eq!(reply.line("Event"), "Event: call-info");
    assert_eq!(reply.line("Contact"), "Contact: sip:215@voice.example.com");
    assert_eq!(reply.line("Allow-Events"), "Allow-Events: call-info, line-seize");
    assert_eq!(reply.line("Expires"), "Expires: 3600");
    let notify = a.notified("call-info");
    assert!(notify.order > reply.order);
    assert_first_notify(&notify, &a, reply);
    a.quiet();
}

fn case_02_a_second_member_is_notified_alone(flavor: Flavor) {
    let (host, a) = host_and_phone(flavor);
    a.subscribe("call-info", 3600);
    a.notified("call-info");
    let b = Phone::new(host.address(), "215");
    let second = b.subscribe("call-info", 3600);
    assert_first_notify(&b.notified("call-info"), &b, &second.reply);
    a.quiet();
    b.quiet();
    assert_eq!(host.subscriptions().len(), 2);
}

fn case_03_the_expiry_is_clamped_to_the_maximum(flavor: Flavor) {
    let host = Host::start(Setup::new(flavor).sca("call_info_max_expires", 1800));
    let a = Phone::new(host.address(), "215");
    assert_eq!(a.subscribe("call-info", 5000).reply.header("Expires"), "1800");
    a.notified("call-info");
    let left: u32 = host.subscriptions()[0].split(' ').nth(3).unwrap().parse().unwrap();
    assert!((1790..=1800).contains(&left), "{left}");
}

fn case_04_an_event_that_is_missing_or_not_exactly_ours_is_refused(flavor: Flavor) {
    let (host, a) = host_and_phone(flavor);
    let whole = || a.subscribe_draft("call-info", 600);
    assert_eq!(a.ask(&whole().without("Event")).status_line(), "400 Missing Event");
    for event in ["presence", "Call-Info", "call-info;id=1"] {
        assert_eq!(a.ask(&whole().set("Event", event)).status_line(), "400 Bad Event", "{event}");
    }
    a.quiet();
    assert_eq!(host.subscriptions().len(), 0);
}

fn case_05_an_unknown_contact_that_ends_its_subscription_leaves_nothing(flavor: Flavor) {
    let (host, a) = host_and_phone(flavor);
    let reply = a.subscribe("call-info", 0).reply;
    assert_eq!((reply.status_line(), reply.header("Expires")), ("202 Accepted", "0"));
    assert_eq!(a.notified("call-info").header("Subscription-State"), "terminated");
    assert_eq!(host.subscriptions().len(), 0);
}

fn case_06_a_subscription_without_expires_gets_the_default(flavor: Flavor) {
    let (host, a) = host_and_phone(flavor);
    let reply = a.ask(&a.subscribe_draft("call-info", 0).without("Expires"));
    assert_eq!((reply.status_line(), reply.header("Expires")), ("202 Accepted", "3600"));
    assert_eq!(a.notified("call-info").header("Subscription-State"), "active");
    assert_eq!(host.subscriptions().len(), 1);
}

fn case_07_a_refresh_of_an_unknown_subscription_is_refused(flavor: Flavor) {
    let (host, a) = host_and_phone(flavor);
    let draft = a.subscribe_draft("call-info", 600);
    let reply = a.ask(&draft.set("To", &format!("<{}>;tag=gone", a.aor())));
    assert_eq!(reply.status_line(), "481 Call Leg/Transaction Does Not Exist");
    a.quiet();
    assert_eq!(host.subscriptions().len(), 0);
}

fn case_08_a_refresh_is_answered_by_the_next_notify(flavor: Flavor) {
    let (host, a) = host_and_phone(flavor);
    let mut subscription = a.subscribe("call-info", 600);
    a.notified("call-info");
    let reply = subscription.refresh(100);
    assert_eq!((reply.status_line(), reply.header("Expires")), ("202 Accepted", "100"));
    let notify = a.notified("call-info");
    assert_eq!(notify.cseq(), (2, "NOTIFY"));
    assert_eq!(notify.header("Subscription-State"), "active");
    a.quiet();
    let left: u32 = host.subscriptions()[0].split(' ').nth(3).unwrap().parse().unwrap();
    assert!((90..=100).contains(&left), "{left}");
}

fn assert_bad_request(host: &Host, phone: &Phone, reply: &Message) {
    assert_eq!(reply.status_line(), "400 Bad Shared Call Appearance Request");
    phone.quiet();
    assert_eq!(host.subscriptions().len(), 0);
}

fn case_10_a_contact_that_is_not_one_uri_is_refused(flavor: Flavor) {
    let (host, a) = host_and_phone(flavor);
    for contact in ["*", "<sip:215@127.0.0.1:1>, <sip:215@127.0.0.1:2>", "<sip:215@127.0.0.1"] {
        let reply = a.ask(&a.subscribe_draft("call-info", 600).set("Contact", contact));
        assert_bad_request(&host, &a, &reply);
    }
}

fn case_11_a_subscription_without_contact_is_refused(flavor: Flavor) {
    let (mut host, a) = host_and_phone(flavor);
    let reply = a.ask(&a.subscribe_draft("call-info", 600).without("Contact"));
    assert_bad_request(&host, &a, &reply);
    host.assert_alive();
}

fn case_12_a_subscription_with_empty_contact_is_refused(flavor: Flavor) {
    let (mut host, a) = host_and_phone(flavor);
    for event in ["call-info", "line-seize"] {
        let reply = a.ask(&a.subscribe_draft(event, 600).index(1).set("Contact", ""));
        assert_bad_request(&host, &a, &reply);
    }
    host.assert_alive();
}

fn case_13_a_from_without_tag_is_refused(flavor: Flavor) {
    let (host, a) = host_and_phone(flavor);
    let draft = a.subscribe_draft("call-info", 600).set("From", &format!("<{}>", a.aor()));
    let reply = a.ask(&draft);
    assert_bad_request(&host, &a, &reply);
}

fn case_14_a_huge_request_uri_is_survived(flavor: Flavor) {
    let (mut host, a) = host_and_phone(flavor);
    let uri = format!("{};p={}", a.aor(), "A".repeat(2000));
    let reply = a.ask(&a.subscribe_draft("call-info", 600).uri(&uri));
    assert!((200..500).contains(&reply.status()), "{reply:?}");
    host.assert_alive();
    assert_eq!(a.subscribe("call-info", 600).reply.status(), 202);
}

fn case_15_uri_parameters_are_no_part_of_the_line(flavor: Flavor) {
    let (host, a) = host_and_phone(flavor);
    let uri = format!("{};transport=udp", a.aor());
    let reply = a.ask(&a.subscribe_draft("call-info", 600).uri(&uri));
    assert_eq!(reply.line("Contact"), format!("Contact: {uri}"));
    let notify = a.notified("call-info");
    assert_eq!(notify.line("Contact"), "Contact: sip:215@voice.example.com");
    let shown = host.rpc(&["sca.show_subscription", &a.aor(), "call-info"]).unwrap();
    assert!(shown.starts_with(&format!("{} call-info {} ", a.aor(), a.contact())), "{shown}");
}

fn case_17_a_notify_takes_the_route_of_its_subscription(flavor: Flavor) {
    let (host, a) = host_and_phone(flavor);
    // The first hop must lead to the phone itself.
    let route = format!("<{};lr>, <sip:192.0.2.7;lr>", a.address());
    let reply = a.ask(&a.subscribe_draft("call-info", 600).add("Record-Route", &route));
    assert_eq!(reply.header("Record-Route"), route);
    let notify = a.notified("call-info");
    let routes = notify.all("Route").join(", ").replace(", ", ",");
    assert_eq!(routes, route.replace(", ", ","), "{notify:?}");
    drop(host);
}

fn case_18_a_new_route_replaces_the_old(flavor: Flavor) {
    let (_host, a) = host_and_phone(flavor);
    let route = |name: &str| format!("<{};lr;{name}>", a.address());
    let draft = |name| a.subscribe_draft("call-info", 600).add("Record-Route", &route(name));
    for name in ["old", "new"] {
        assert_eq!(a.ask(&draft(name)).status(), 202);
        assert_eq!(a.notified("call-info").header("Route"), route(name));
    }
}

fn case_79_server_address_is_the_contact_as_it_stands(flavor: Flavor) {
    let address = "sip:sca@192.0.2.9;transport=udp";
    let host = Host::start(Setup::new(flavor).sca("server_address", address));
    let a = Phone::new(host.address(), "215");
    let reply = a.subscribe("call-info", 600).reply;
    assert_eq!(reply.line("Contact"), format!("Contact: {address}"));
    assert_eq!(a.notified("call-info").line("Contact"), format!("Contact: {address}"));
}

fn a_subscription_in_a_transaction_is_answered_in_it(flavor: Flavor) {
    let (_host, a) = host_and_phone(flavor);
    let draft = a.subscribe_draft("call-info", 600).add("X-Stateful", "1");
    let reply = a.ask(&draft);
    assert_eq!(reply.status_line(), "202 Accepted");
    a.notified("call-info");
    // The same request again: the transaction repeats its reply and nothing is done twice.
    a.send(&draft);
    a.quiet();
    assert_eq!(a.repeated(), 1);
}

fn the_request_uri_is_the_line_of_a_first_and_to_of_a_later_subscribe(flavor: Flavor) {
    let (host, a) = host_and_phone(flavor);
    let other = "<sip:216@voice.example.com>";
    let mut subscription = a.subscribe_with(&a.subscribe_draft("call-info", 600).set("To", other));
    assert_eq!(subscription.reply.status(), 202);
    a.notified("call-info");
    assert!(host.rpc(&["sca.show_subscription", &a.aor(), "call-info"]).unwrap().len() > 1);
    // Later the line is that of To, where this phone never subscribed.
    let later = subscription.refresh(600);
    assert_eq!(later.status(), 481, "{later:?}");
}

fn another_dialog_of_the_same_contact_takes_the_subscription_over(flavor: Flavor) {
    let line = Line::new(flavor);
    let second = line.a.subscribe("call-info", 600);
    assert_eq!(second.reply.status(), 202);
    let notify = line.a.notified("call-info");
    assert_eq!(notify.header("Call-ID"), second.leg.call_id);
    assert_eq!(line.host.subscriptions().len(), 2);
    line.a.seize(1);
    line.a.notified("line-seize");
    let notify = line.a.notified("call-info");
    assert_eq!(notify.header("Call-ID"), second.leg.call_id);
    sees(&line.b, &["1 seized"]);
    line.quiet();
}

fn a_contact_with_display_name_and_parameters_is_reached(flavor: Flavor) {
    let (host, a) = host_and_phone(flavor);
    let uri = format!("{};line=2;ob", a.contact());
    let contact = format!("\"Desk, left\" <{uri}>;q=0.5;+sip.instance=\"<urn:x:1>\"");
    let reply = a.ask(&a.subscribe_draft("call-info", 600).set("Contact", &contact));
    assert_eq!(reply.status(), 202);
    assert_eq!(a.notified("call-info").uri(), uri);
    let seize = a.subscribe_draft("line-seize", 15).index(1).set("Contact", &contact);
    assert_eq!(a.ask(&seize).status(), 200);
    assert_eq!(a.notified("line-seize").uri(), uri);
    assert!(expires(&a.notified("call-info")) <= 600);
    assert_eq!(host.appearances()[0].owner, uri);
}
