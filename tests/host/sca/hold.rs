//! Hold, private hold, and a held call that another phone of the group takes.

use host_tests::{
    Call, Draft, Flavor, Line, Message, Phone, Setup, Side, cases,
    database::{Dialect, schema},
    line::{TALKING, sees},
};

cases! {
    both:
        case_36_a_held_call_is_shown_as_held_and_stays_so,
        case_37_a_call_in_private_hold_is_shown_as_such,
        case_38_a_call_taken_off_hold_is_active,
        case_39_hold_and_its_end_need_no_call_info,
        case_40_an_ack_that_offers_hold_holds,
        case_41_another_phone_takes_the_held_call,
        case_42_the_end_of_the_replaced_call_leaves_the_line,
        case_78_a_branch_flag_says_hold_in_place_of_the_sdp,
        an_inactive_stream_or_one_without_address_holds,
        a_body_that_is_no_sdp_does_not_hold,
        a_first_invite_may_be_on_hold,
        a_call_held_by_rpc_is_taken;
    ours:
        case_43_a_call_in_private_hold_cannot_be_taken,
        case_43_two_phones_with_one_private_address_are_two,
        case_44_an_invite_for_an_active_line_leaves_it,
        case_45_a_taking_that_fails_gives_the_line_back,
        another_phone_takes_a_held_call_that_came_in,
        a_line_held_without_a_call_cannot_be_taken,
        a_held_call_between_two_lines_is_taken_and_shown_on_both,
        a_taken_call_between_two_lines_ends_on_both_with_who_took_it,
        a_bye_without_contact_ends_a_taken_call_on_both_lines,
        a_bye_without_contact_ends_a_taken_call_on_both_lines_after_a_restart;
}

const HELD: &str = "1 held \"Ext\" <sip:300@voice.example.com>";

fn case_36_a_held_call_is_shown_as_held_and_stays_so(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.talking();
    let mut hold = call.reinvite(Side::Caller, |invite| invite.state(1, "held").sdp("sendonly"));
    assert_eq!(hold.arrived.all("Call-Info").len(), 0);
    assert_eq!(hold.arrived.header("X-Rc"), "1");
    line.both_see(&[HELD]);
    let answer = hold.reply(200);
    let party = "\"Ext\" <sip:300@voice.example.com>";
    assert_eq!(answer.header("P-Asserted-Identity"), party);
    line.both_see(&[HELD]);
    hold.ack(|ack| ack);
    line.quiet();
    let held = &line.appearances()[0];
    assert_eq!((&*held.state, &*held.to_tag), ("held", call.callee.tag()));
}

fn case_37_a_call_in_private_hold_is_shown_as_such(flavor: Flavor) {
    let line = Line::new(flavor);
    line.held_as("held-private");
    line.quiet();
    assert_eq!(line.states(), ["1 held-private"]);
}

fn case_38_a_call_taken_off_hold_is_active(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.held();
    let mut resume = call.reinvite(Side::Caller, |invite| invite.index(1).sdp("sendrecv"));
    line.both_see(&[TALKING]);
    resume.reply(200);
    line.both_see(&[TALKING]);
    resume.ack(|ack| ack);
    line.quiet();
}

fn case_39_hold_and_its_end_need_no_call_info(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.talking();
    for (direction, seen) in [("sendonly", HELD), ("sendrecv", TALKING)] {
        call.change(Side::Caller, |invite| invite.sdp(direction));
        line.both_see(&[seen]);
        line.both_see(&[seen]);
    }
    line.quiet();
}

fn case_40_an_ack_that_offers_hold_holds(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.talking();
    let mut reinvite = call.reinvite(Side::Caller, |invite| {
        invite.index(1).body("text/plain", "").without("Content-Type")
    });
    line.both_see(&[TALKING]);
    reinvite.reply(200);
    line.both_see(&[TALKING]);
    reinvite.ack(|ack| ack.sdp("sendonly"));
    line.both_see(&[HELD]);
    line.quiet();
}

fn assert_replaces(invite: &Message, line: &Line, held: &Call) {
    assert_eq!(invite.uri(), line.x.contact());
    assert_eq!(invite.header("To"), "<sip:215@voice.example.com>");
    assert_eq!(invite.all("Call-Info").len(), 0);
    let (id, to, from) = (&held.caller.call_id, held.callee.tag(), held.caller.tag());
    assert_eq!(invite.line("Replaces"), format!("Replaces: {id};to-tag={to};from-tag={from}"));
}

fn case_41_another_phone_takes_the_held_call(flavor: Flavor) {
    let line = Line::new(flavor);
    let held = line.held();
    let mut taken = line.take(&line.b);
    line.both_see(&[TALKING]);
    assert_replaces(&taken.arrive(), &line, &held);
    let now = &line.appearances()[0];
    assert_eq!((&*now.state, &*now.owner), ("active", &*line.b.contact()));
    assert_eq!(now.call_id, taken.caller.call_id);
    let answer = taken.answer();
    let party = "P-Asserted-Identity:  <sip:300@voice.example.com>";
    assert_eq!(answer.line("P-Asserted-Identity"), party);
    line.both_see(&["1 active <sip:300@voice.example.com>"]);
    assert_eq!(line.appearances()[0].to_tag, taken.callee.tag());
}

fn case_42_the_end_of_the_replaced_call_leaves_the_line(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut held = line.held();
    let mut taken = line.take(&line.b);
    taken.arrive();
    taken.answer();
    held.bye(Side::Callee);
    let now = &line.appearances()[0];
    assert_eq!((&*now.state, &*now.owner), ("active", &*line.b.contact()));
    assert_eq!(now.call_id, taken.caller.call_id);
    taken.send(Side::Caller, "BYE", |bye| bye.index(1));
    assert_eq!(line.states(), [""; 0]);
}

fn case_43_a_call_in_private_hold_cannot_be_taken(flavor: Flavor) {
    let line = Line::new(flavor);
    let held = line.held_as("held-private");
    let before = line.appearances();
    let reply = line.take(&line.b).fails(403);
    assert_eq!(reply.status_line(), "403 Forbidden - private call");
    line.x.hears_no("INVITE");
    assert_eq!(line.appearances(), before);
    line.quiet();
    // The phone that holds it goes on with it.
    let mut held = held;
    held.change(Side::Caller, |invite| invite.index(1));
    line.both_see(&[TALKING]);
    line.both_see(&[TALKING]);
}

fn case_44_an_invite_for_an_active_line_leaves_it(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.talking();
    let bound = |line: &Line| {
        let one = line.appearances().remove(0);
        (one.state, one.owner, one.call_id, one.from_tag, one.to_tag)
    };
    let before = bound(&line);
    // To an outside party, and to the line itself as one that takes a held call.
    let place = |invite: host_tests::Draft| invite.index(1);
    let intruder = Call::place(&line.b, &line.x, place);
    line.x.wait(host_tests::wait::SILENCE, |request| request.method() == "INVITE");
    assert_eq!(bound(&line), before);
    line.take(&line.b);
    std::thread::sleep(host_tests::wait::SILENCE);
    assert_eq!(bound(&line), before);
    drop(intruder);
    call.bye(Side::Callee);
    assert_eq!(line.states(), [""; 0]);
}

fn case_45_a_taking_that_fails_gives_the_line_back(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut held = line.held();
    let mut taken = line.take(&line.b);
    taken.arrive();
    line.both_see(&[TALKING]);
    taken.reply(486);
    line.both_come_to_see(&[HELD]);
    let now = &line.appearances()[0];
    assert_eq!((&*now.state, &*now.owner), ("held", &*line.a.contact()));
    assert_eq!(now.call_id, held.caller.call_id);
    held.change(Side::Caller, |invite| invite.index(1));
    line.both_come_to_see(&[TALKING]);
}

fn another_phone_takes_a_held_call_that_came_in(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut held = line.received();
    held.change(Side::Callee, |invite| invite.state(1, "held").sdp("sendonly"));
    line.both_come_to_see(&[HELD]);
    let mut taken = line.take(&line.b);
    let invite = taken.arrive();
    assert_eq!(invite.uri(), line.x.contact());
    // To-tag is the tag of who gets it (RFC 3891, 3), here the caller of the held call.
    let (id, to, from) = (&held.caller.call_id, held.caller.tag(), held.callee.tag());
    assert_eq!(invite.header("Replaces"), format!("{id};to-tag={to};from-tag={from}"));
    taken.answer();
    held.bye(Side::Caller);
    let now = &line.appearances()[0];
    assert_eq!((&*now.state, &*now.owner), ("active", &*line.b.contact()));
    taken.bye(Side::Callee);
    assert_eq!(line.states(), [""; 0]);
}

fn a_held_call_between_two_lines_is_taken_and_shown_on_both(flavor: Flavor) {
    between_two_lines(flavor, Side::Callee);
}

fn a_taken_call_between_two_lines_ends_on_both_with_who_took_it(flavor: Flavor) {
    between_two_lines(flavor, Side::Caller);
}

/// A call to `c`, a phone of another line, is held and taken by the second phone of this one.
fn taken_from_another_line(line: &Line, c: &Phone) -> Call {
    c.subscribe("call-info", 600);
    line.seized(&line.a, 1);
    let mut held = Call::dial(&line.a, c, |invite| invite.index(1));
    held.answer();
    held.change(Side::Caller, |invite| invite.state(1, "held").sdp("sendonly"));
    let mut taken = Call::place(&line.b, c, |invite| {
        let to = format!("<{}>", line.b.aor());
        invite.without("X-Dst").uri(&line.b.aor()).set("To", &to).index(1)
    });
    assert_eq!(taken.arrive().uri(), c.contact());
    taken.answer();
    held.bye(Side::Callee);
    taken
}

/// In a call that was taken both sides stand as the line of who took it: a BYE of the other line's
/// phone that has no Contact names that line alone.
fn a_bye_without_contact_ends_a_taken_call_on_both_lines(flavor: Flavor) {
    let line = Line::new(flavor);
    let c = Phone::new(line.host.address(), "216");
    let mut taken = taken_from_another_line(&line, &c);
    assert_eq!(line.states(), ["1 active", "1 active"]);
    let bye = taken.send(Side::Callee, "BYE", |bye| bye.without("Contact"));
    assert_eq!(bye.header("X-Rc"), "1");
    assert_eq!(line.states(), [""; 0]);
}

fn a_bye_without_contact_ends_a_taken_call_on_both_lines_after_a_restart(flavor: Flavor) {
    let mut setup = Setup::new(flavor);
    setup.tables = || schema(Dialect::Sqlite) + include_str!("../../../db/sqlite/sca_state.sql");
    let mut line = Line::with(setup);
    let c = Phone::new(line.host.address(), "216");
    let mut taken = taken_from_another_line(&line, &c);
    line.host.restart();
    assert_eq!(line.states(), ["1 active", "1 active"]);
    taken.send(Side::Callee, "BYE", |bye| bye.without("Contact"));
    assert_eq!(line.states(), [""; 0]);
}

/// A held call to a phone of another line is taken, held and taken back by the phone that took it,
/// and ended by that side.
fn between_two_lines(flavor: Flavor, ending: Side) {
    let line = Line::new(flavor);
    let c = Phone::new(line.host.address(), "216");
    let mut taken = taken_from_another_line(&line, &c);
    let mut shown: Vec<_> =
        line.appearances().into_iter().map(|one| (one.aor, one.state, one.owner)).collect();
    shown.sort();
    let wanted = [&line.b, &c].map(|phone| (phone.aor(), "active".to_owned(), phone.contact()));
    assert_eq!(shown, wanted);
    taken.change(Side::Caller, |invite| invite.index(1).sdp("sendonly"));
    let states = |aor: String| -> Vec<_> {
        let all = line.appearances().into_iter();
        all.filter(|one| one.aor == aor).map(|one| one.state).collect()
    };
    assert_eq!(
        (states(line.b.aor()), states(c.aor())),
        (vec!["held".into()], vec!["active".into()])
    );
    taken.change(Side::Caller, |invite| invite.index(1));
    assert_eq!(line.states(), ["1 active", "1 active"]);
    taken.bye(ending);
    assert_eq!(line.states(), [""; 0]);
}

fn a_line_held_without_a_call_cannot_be_taken(flavor: Flavor) {
    let mut line = Line::new(flavor);
    line.seized(&line.a, 1);
    let words = ["sca.update_appearance", "sip:215@voice.example.com", "1", "held"];
    line.host.rpc(&words).unwrap();
    let before = line.appearances();
    let call = line.take(&line.b);
    let reply = line.b.final_reply(&call.invite);
    assert!((400..600).contains(&reply.status()), "{reply:?}");
    assert_eq!(line.appearances(), before);
    line.host.assert_alive();
}

fn case_78_a_branch_flag_says_hold_in_place_of_the_sdp(flavor: Flavor) {
    let line = Line::with(Setup::new(flavor).sca("onhold_bflag", 5));
    line.seized(&line.a, 1);
    let flagged = |invite: host_tests::Draft| invite.index(1).add("X-Flag", "1");
    Call::dial(&line.a, &line.x, flagged);
    line.both_see(&["1 held"]);
    line.quiet();
}

fn sdp(address: &str, media: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP 0\r\n{media}"
    )
}

/// Each of `bodies` must hold the call, and the phone's usual body end that again.
fn hold_with(flavor: Flavor, bodies: &[String]) {
    let line = Line::new(flavor);
    let mut call = line.talking();
    for body in bodies {
        call.change(Side::Caller, |invite| invite.index(1).body("application/sdp", body));
        line.both_see(&[HELD]);
        line.both_see(&[HELD]);
        call.change(Side::Caller, |invite| invite.index(1));
        line.both_see(&[TALKING]);
        line.both_see(&[TALKING]);
    }
}

fn an_inactive_stream_or_one_without_address_holds(flavor: Flavor) {
    let bodies = [sdp("127.0.0.1", "a=inactive\r\n"), sdp("0.0.0.0", "")];
    hold_with(flavor, &bodies);
}

fn a_body_that_is_no_sdp_does_not_hold(flavor: Flavor) {
    let line = Line::new(flavor);
    let mut call = line.talking();
    let body = |invite: host_tests::Draft| invite.index(1).body("text/plain", "a=sendonly\r\n");
    call.change(Side::Caller, body);
    line.both_see(&[TALKING]);
    line.both_see(&[TALKING]);
}

fn a_first_invite_may_be_on_hold(flavor: Flavor) {
    let line = Line::new(flavor);
    line.seized(&line.a, 1);
    let mut call = Call::dial(&line.a, &line.x, |invite| invite.index(1).sdp("sendonly"));
    line.both_see(&["1 held"]);
    call.reply(200);
    sees(&line.a, &[HELD]);
}

fn a_call_held_by_rpc_is_taken(flavor: Flavor) {
    let line = Line::new(flavor);
    let call = line.talking();
    let words = ["sca.update_appearance", "sip:215@voice.example.com", "1", "held"];
    assert_eq!(line.host.rpc(&words).unwrap(), "");
    line.both_see(&[HELD]);
    let mut taken = line.take(&line.b);
    assert_replaces(&taken.arrive(), &line, &call);
    line.both_see(&[TALKING]);
}

fn case_43_two_phones_with_one_private_address_are_two(flavor: Flavor) {
    // Both have the address 192.168.1.10 at home; the proxy before this one has told them apart.
    let line = Line::new(flavor);
    let behind = |phone: &Phone| {
        let port = phone.local().port();
        format!("<sip:215@192.168.1.10:5060;alias=127.0.0.1~{port}~1>")
    };
    for phone in [&line.a, &line.b] {
        let draft = phone.subscribe_draft("call-info", 600).set("Contact", &behind(phone));
        assert_eq!(phone.ask(&draft).status(), 202);
    }
    let draft = line.a.subscribe_draft("line-seize", 15).index(1);
    assert_eq!(line.a.ask(&draft.set("Contact", &behind(&line.a))).status(), 200);
    let edit = |invite: Draft| invite.index(1).set("Contact", &behind(&line.a));
    let mut call = Call::dial(&line.a, &line.x, edit);
    call.answer();
    let hold = |invite: Draft| {
        invite.state(1, "held-private").sdp("sendonly").set("Contact", &behind(&line.a))
    };
    call.change(Side::Caller, hold);
    assert_eq!(line.states(), ["1 held-private"]);
    let invite = line.b.request("INVITE", &line.b.aor()).index(1).sdp("sendrecv");
    let reply = line.b.ask(&invite.set("Contact", &behind(&line.b)));
    assert_eq!(reply.status_line(), "403 Forbidden - private call");
    assert_eq!(line.appearances()[0].call_id, call.caller.call_id);
}
