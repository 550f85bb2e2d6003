//! Calls that a member of the group makes.

use host_tests::{
    Call, Draft, Flavor, Line, Side, cases,
    line::{TALKING, sees},
};

cases! {
    both:
        case_31_the_invite_goes_on_without_call_info_and_binds_the_line,
        case_32_ringing_ends_the_seizure_and_is_told_before_the_180,
        case_33_a_second_provisional_reply_is_not_told,
        case_34_an_answer_names_the_party_to_the_phone_and_the_group,
        case_35_a_display_name_with_quotes_is_escaped,
        case_56_a_bye_of_the_phone_with_call_info_frees_the_line,
        case_56_a_bye_of_the_phone_without_call_info_frees_the_line,
        case_56_a_bye_of_the_outside_party_frees_the_line,
        case_57_a_bye_with_the_index_of_another_call_leaves_that_call,
        case_46_a_cancelled_call_frees_the_line,
        case_47_a_call_cancelled_before_it_rings_ends_the_seizure_too,
        the_list_of_appearances_follows_a_call;
    ours:
        a_reply_that_comes_after_the_answer_is_not_told,
        case_65_a_reinvite_of_the_outside_party_makes_no_second_entry;
}

fn case_31_the_invite_goes_on_without_call_info_and_binds_the_line(flavor: Flavor) {
    let line = Line::new(flavor);
    let call = line.dialed();
    let arrived = call.at_callee();
    assert_eq!(arrived.all("Call-Info").len(), 0, "{arrived:?}");
    assert_eq!(arrived.header("X-Rc"), "1");
    let bound = &line.appearances()[0];
    assert_eq!((&*bound.state, &*bound.owner), ("seized", &*line.a.contact()));
    assert_eq!((&*bound.call_id, &*bound.from_tag), (&*call.caller.call_id, call.caller.tag()));
    assert_eq!(bound.callee, "");
    // The C module shows here what happens to lie in its memory.
    assert!(flavor == Flavor::C || bound.to_tag.is_empty(), "{bound:?}");
    line.quiet();
}

fn case_32_ringing_ends_the_seizure_and_is_told_before_the_180(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.dialed();
    let ringing = call.ring();
    let ended = line.a.notified("line-seize");
    assert_eq!(ended.header("Subscription-State"), "terminated;reason=noresource");
    assert_eq!(ended.header("Call-Info"), "<sip:voice.example.com>;appearance-index=1");
    let group = sees(&line.a, &["1 progressing"]);
    sees(&line.b, &["1 progressing"]);
    assert!(ended.order < group.order && group.order < ringing.order);
    line.quiet();
    assert_eq!(line.host.rpc(&["sca.subscription_count", "line-seize"]).unwrap(), "0 line-seize\n");
}

fn case_33_a_second_provisional_reply_is_not_told(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.ringing();
    call.reply(183);
    line.quiet();
    assert_eq!(line.states(), ["1 progressing"]);
}

fn a_reply_that_comes_after_the_answer_is_not_told(flavor: Flavor) {
    let line = Line::new(flavor);
    let call = line.talking();
    // The caller does not get it: its transaction is over.
    line.x.send(&call.draft(180));
    line.quiet();
    assert_eq!(line.states(), ["1 active"]);
}

fn case_34_an_answer_names_the_party_to_the_phone_and_the_group(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.ringing();
    let answer = call.answer();
    let party = "P-Asserted-Identity: \"Ext\" <sip:300@voice.example.com>";
    assert_eq!(answer.line("P-Asserted-Identity"), party);
    line.both_see(&[TALKING]);
    line.quiet();
    let active = &line.appearances()[0];
    assert_eq!((&*active.index, &*active.state), ("1", "active"));
    assert_eq!((&*active.owner, &*active.callee), (&*line.a.contact(), &*line.x.contact()));
    assert_eq!(active.call_id, call.caller.call_id);
    let tags = (&*active.from_tag, &*active.to_tag);
    assert_eq!(tags, (call.caller.tag(), call.callee.tag()));
}

fn case_35_a_display_name_with_quotes_is_escaped(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let to = r#""Ext \"q\"" <sip:300@voice.example.com>"#;
    let mut call = Call::dial(&line.a, &line.x, |invite| invite.index(1).set("To", to));
    let answer = call.answer();
    assert_eq!(answer.header("P-Asserted-Identity"), to);
    let escaped = r#";appearance-uri="\"Ext \\\"q\\\"\" <sip:300@voice.example.com>","#;
    let shown = || line.b.notified("call-info").header("Call-Info").to_owned();
    assert!(!shown().contains("appearance-uri"));
    let shown = shown();
    assert!(shown.contains(escaped), "{shown}");
}

fn freed_by(flavor: Flavor, side: Side, edit: impl FnOnce(Draft) -> Draft) {
    let line = Line::new(flavor);
    let mut call = line.talking();
    let bye = call.send(side, "BYE", edit);
    assert_eq!(bye.all("Call-Info").len(), 0);
    assert_eq!(bye.header("X-Rc"), "1");
    line.both_see(&[]);
    line.quiet();
    assert_eq!(line.states(), [""; 0]);
}

fn case_56_a_bye_of_the_phone_with_call_info_frees_the_line(flavor: Flavor) {
    freed_by(flavor, Side::Caller, |bye| bye.index(1));
}

fn case_56_a_bye_of_the_phone_without_call_info_frees_the_line(flavor: Flavor) {
    freed_by(flavor, Side::Caller, |bye| bye);
}

fn case_56_a_bye_of_the_outside_party_frees_the_line(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.talking();
    call.bye(Side::Callee);
    line.both_see(&[]);
    line.quiet();
    assert_eq!(line.states(), [""; 0]);
}

fn case_57_a_bye_with_the_index_of_another_call_leaves_that_call(flavor: Flavor) {
    let line = Line::new(flavor);
    let first = line.talking();
    assert_eq!(line.a.seize(2).reply.status(), 200);
    let mut second = Call::dial(&line.a, &line.x, |invite| invite.index(2));
    second.answer();
    second.send(Side::Caller, "BYE", |bye| bye.index(1));
    let left = line.appearances();
    let one = left.iter().find(|one| one.index == "1").unwrap();
    assert_eq!((&*one.state, &*one.call_id), ("active", &*first.caller.call_id));
}

fn case_46_a_cancelled_call_frees_the_line(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.ringing();
    call.cancel();
    line.both_see(&[]);
    line.quiet();
    assert_eq!(line.states(), [""; 0]);
}

fn case_47_a_call_cancelled_before_it_rings_ends_the_seizure_too(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.dialed();
    // The host sends no CANCEL before it heard of the callee.
    line.x.send(&call.draft(100));
    call.cancel();
    line.both_see(&[]);
    let ended = line.a.notified("line-seize");
    assert_eq!(ended.header("Subscription-State"), "terminated;reason=noresource");
    assert_eq!(line.states(), [""; 0]);
    let listed = line.host.subscriptions();
    assert!(listed.iter().all(|line| !line.contains("line-seize")), "{listed:?}");
}

fn the_list_of_appearances_follows_a_call(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.ringing();
    assert_eq!(line.states(), ["1 progressing"]);
    call.answer();
    let text = line.host.rpc(&["sca.all_appearances"]).unwrap();
    let active = &line.appearances()[0];
    let wanted = format!(
        "sip:215@voice.example.com 1 active {} {} {} {} {} {}\n",
        active.since,
        line.a.contact(),
        line.x.contact(),
        call.caller.call_id,
        call.caller.tag(),
        call.callee.tag()
    );
    assert_eq!(text, wanted);
    let now = host_tests::database::now();
    assert!((now - 10..=now).contains(&active.since), "{text}");
}

fn case_65_a_reinvite_of_the_outside_party_makes_no_second_entry(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.talking();
    call.change(Side::Callee, |invite| invite);
    assert_eq!(line.states(), ["1 active"]);
    let kept = &line.appearances()[0];
    assert_eq!((&*kept.call_id, &*kept.from_tag), (&*call.caller.call_id, call.caller.tag()));
    // The entry is still that of the call: either side ends it.
    call.bye(Side::Callee);
    line.both_come_to_see(&[]);
    assert_eq!(line.states(), [""; 0]);
}
