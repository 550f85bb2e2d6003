//! Which messages the module touches, what it returns, and what the script may ask of it.

use host_tests::{Call, Draft, Flavor, Line, Message, Phone, Setup, Side, cases};

cases! {
    both:
        case_67_an_invite_with_an_index_nobody_seized_makes_no_entry,
        case_68_an_invite_without_call_info_makes_no_entry,
        case_69_a_call_of_strangers_loses_its_call_info,
        case_70_a_call_info_of_another_kind_stays,
        case_71_update_and_options_pass_untouched,
        case_72_prack_and_refer_lose_their_call_info,
        case_73_the_mask_says_whose_line_counts,
        case_77_a_line_whose_members_are_gone_is_forgotten;
    ours:
        a_call_of_strangers_keeps_only_the_call_info_that_is_not_of_lines,
        case_74_an_invite_without_contact_that_is_refused_is_survived,
        the_from_and_to_of_a_call_may_be_given_by_the_script;
    since(6, 0):
        case_80_a_contact_may_be_given_for_messages_without_one,
        a_contact_that_is_given_names_no_line,
        a_contact_that_is_given_is_not_who_was_reached;
}

const VALID: &str = "<sip:voice.example.com>;appearance-index=1";

fn case_67_an_invite_with_an_index_nobody_seized_makes_no_entry(flavor: Flavor) {
    let line = Line::new(flavor);
    let call = Call::dial(&line.a, &line.x, |invite| invite.index(5));
    assert_eq!(call.at_callee().header("X-Rc"), "1");
    line.both_see(&[]);
    assert_eq!(line.states(), [""; 0]);
}

fn case_68_an_invite_without_call_info_makes_no_entry(flavor: Flavor) {
    let line = Line::new(flavor);
    let call = Call::dial(&line.a, &line.x, |invite| invite);
    assert_eq!(call.at_callee().header("X-Rc"), "1");
    line.both_see(&[]);
    line.quiet();
    assert_eq!(line.states(), [""; 0]);
}

/// A call between two that share no line.
fn strangers(line: &Line, call_info: &str) -> Message {
    let caller = Phone::new(line.host.address(), "400");
    let call = Call::dial(&caller, &line.x, |invite| invite.add("Call-Info", call_info));
    line.quiet();
    call.at_callee().clone()
}

fn case_69_a_call_of_strangers_loses_its_call_info(flavor: Flavor) {
    let line = Line::new(flavor);
    let arrived = strangers(&line, VALID);
    assert_eq!(arrived.all("Call-Info").len(), 0);
    assert_eq!(arrived.header("X-Rc"), "-1");
}

fn case_70_a_call_info_of_another_kind_stays(flavor: Flavor) {
    let line = Line::new(flavor);
    let icon = "<http://voice.example.com/icon.png>;purpose=icon";
    let arrived = strangers(&line, icon);
    assert_eq!(arrived.line("Call-Info"), format!("Call-Info: {icon}"));
    assert_eq!(arrived.header("X-Rc"), "-1");
}

fn a_call_of_strangers_keeps_only_the_call_info_that_is_not_of_lines(flavor: Flavor) {
    let line = Line::new(flavor);
    let icon = "<http://voice.example.com/icon.png>;purpose=icon";
    let caller = Phone::new(line.host.address(), "400");
    let both = |invite: Draft| invite.add("Call-Info", VALID).add("Call-Info", icon);
    let call = Call::dial(&caller, &line.x, both);
    assert_eq!(call.at_callee().all("Call-Info"), [icon]);
    assert_eq!(call.at_callee().header("X-Rc"), "-1");
}

/// A request of `method` from the first member to the outside party, as it arrives there.
fn passed(line: &Line, method: &str) -> Message {
    let draft = line.a.request(method, &line.x.aor()).add("X-Dst", &line.x.address());
    let draft = draft.set("To", &format!("<{}>", line.x.aor())).index(1);
    line.a.send(&draft);
    let arrived = line.x.incoming(method);
    assert_eq!(line.a.final_reply(&draft).status(), 200);
    line.quiet();
    arrived
}

fn case_71_update_and_options_pass_untouched(flavor: Flavor) {
    let line = Line::new(flavor);
    for method in ["UPDATE", "OPTIONS", "INFO", "MESSAGE"] {
        let arrived = passed(&line, method);
        assert_eq!(arrived.header("Call-Info"), VALID, "{method}");
        assert_eq!(arrived.header("X-Rc"), "1", "{method}");
    }
}

fn case_72_prack_and_refer_lose_their_call_info(flavor: Flavor) {
    let line = Line::new(flavor);
    for method in ["PRACK", "REFER"] {
        let arrived = passed(&line, method);
        assert_eq!(arrived.all("Call-Info").len(), 0, "{method}");
        assert_eq!(arrived.header("X-Rc"), "1", "{method}");
    }
}

/// What a call of the first member with `mask` comes to: the INVITE at the callee, and whether the
/// group heard of it.
fn masked_caller(flavor: Flavor, mask: &str) -> (Message, bool) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let edit = |invite: Draft| invite.index(1).add("X-Mask", mask);
    let call = Call::dial(&line.a, &line.x, edit);
    let told = line.appearances()[0].call_id == call.caller.call_id;
    if told {
        line.b.notified("call-info");
    }
    line.b.quiet();
    (call.at_callee().clone(), told)
}

/// How many appearances are in use after the first member answered with `mask`.
fn masked_callee(flavor: Flavor, mask: &str) -> usize {
    let line = Line::new(flavor);
    let mut call = Call::dial(&line.x, &line.a, |invite| invite.add("X-Mask", mask));
    call.reply_with(200, |reply| reply.add("X-Mask", mask));
    line.appearances().len()
}

fn case_73_the_mask_says_whose_line_counts(flavor: Flavor) {
    for (mask, rc, told, answered) in
        [("0", "1", true, 1), ("1", "1", true, 0), ("2", "-1", false, 1), ("3", "1", true, 1)]
    {
        let (arrived, heard) = masked_caller(flavor, mask);
        assert_eq!((arrived.header("X-Rc"), heard), (rc, told), "mask {mask}");
        assert_eq!(arrived.all("Call-Info").len(), 0, "mask {mask}");
        assert_eq!(masked_callee(flavor, mask), answered, "mask {mask}");
    }
    let (arrived, heard) = masked_caller(flavor, "7");
    assert_eq!((arrived.header("X-Rc"), heard), ("-1", false));
    assert_eq!(arrived.header("Call-Info"), VALID);
}

fn case_74_an_invite_without_contact_that_is_refused_is_survived(flavor: Flavor) {
    let mut line = Line::new(flavor);
    line.seized(&line.a, 1);
    for header in ["X-Refuse", "X-Reject"] {
        for contact in [None, Some("")] {
            let edit = |invite: Draft| {
                let invite = invite.index(1).add(header, "404").without("Contact");
                contact.map_or(invite.clone(), |contact| invite.add("Contact", contact))
            };
            Call::place(&line.a, &line.x, edit).fails(404);
            line.host.assert_alive();
        }
    }
}

fn the_from_and_to_of_a_call_may_be_given_by_the_script(flavor: Flavor) {
    let setup = Setup::new(flavor);
    let setup = setup.sca("from_uri_avp", "$avp(sca_from)").sca("to_uri_avp", "$avp(sca_to)");
    let line = Line::with(setup);
    line.seized(&line.a, 1);
    let call = Call::dial(&line.a, &line.x, |invite| {
        let hidden = "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=hidden";
        let from = format!("<{}>;tag=given", line.a.aor());
        invite.index(1).set("From", hidden).add("X-From", &from).add("X-To", &line.x.aor())
    });
    assert_eq!(call.at_callee().header("X-Rc"), "1");
    line.both_see(&["1 seized"]);
    assert_eq!(line.appearances()[0].call_id, call.caller.call_id);
    assert_eq!(line.appearances()[0].from_tag, "given");
}

fn case_77_a_line_whose_members_are_gone_is_forgotten(flavor: Flavor) {
    let mut line = Line::with(Setup::new(flavor).sca("purge_expired_interval", 1));
    for subscription in [&mut line.a_sub, &mut line.b_sub] {
        subscription.refresh(0);
    }
    host_tests::wait::until("the purge", host_tests::wait::PATIENCE, || {
        line.host.subscriptions().is_empty().then_some(())
    });
    let call = Call::dial(&line.a, &line.x, |invite| invite);
    assert_eq!(call.at_callee().header("X-Rc"), "-1");
    line.host.journal().wait("unregistered SCA AoR", host_tests::wait::PATIENCE);
    let reply = line.a.seize(1).reply;
    assert_eq!(reply.status_line(), "500 Internal Server Error - seize appearance index");
}

fn case_80_a_contact_may_be_given_for_messages_without_one(flavor: Flavor) {
    let fallback = "sip:215@192.0.2.1";
    let line = Line::with(Setup::new(flavor).sca("contact_fallback", fallback));
    let mut call = line.called();
    call.reply_with(200, |reply| reply.without("Contact"));
    assert_eq!(line.appearances()[0].owner, fallback);
}

fn a_contact_that_is_given_names_no_line(flavor: Flavor) {
    let line = Line::with(Setup::new(flavor).sca("contact_fallback", "sip:proxy@192.0.2.1"));
    line.seized(&line.a, 1);
    let bare = |invite: Draft| invite.index(1).without("Contact");
    let mut call = Call::dial(&line.a, &line.x, bare);
    assert_eq!(call.at_callee().header("X-Rc"), "1");
    line.both_see(&["1 seized"]);
    assert_eq!(line.appearances()[0].call_id, call.caller.call_id);
    call.answer();
    assert_eq!(line.states(), ["1 active"]);
    call.send(Side::Caller, "BYE", |bye| bye.without("Contact"));
    assert_eq!(line.states(), [""; 0]);
}

fn a_contact_that_is_given_is_not_who_was_reached(flavor: Flavor) {
    let line = Line::with(Setup::new(flavor).sca("contact_fallback", "sip:proxy@192.0.2.1"));
    let mut call = line.dialed();
    let reply = call.reply_with(200, |reply| reply.without("Contact"));
    let told = reply.header("P-Asserted-Identity");
    assert_eq!(told, "\"Ext\" <sip:300@voice.example.com>");
}
