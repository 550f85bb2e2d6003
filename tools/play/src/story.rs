//! The call that is played.

use crate::{
    Error,
    cast::{Cast, Dialog},
    sipp::{FAR_END, LINE},
    stage::{Expected, Stage},
};

/// Places of the phones that act.
const A: usize = 0;
const B: usize = 1;

/// What the lamps show as the other party once it answered.
const OTHER_PARTY: &str = "<sip:300@voice.example.com>";

/// Plays all of it. Gives an error where the play cannot go on.
pub(crate) fn play(stage: &mut Stage) -> Result<(), Error> {
    stage.steps.step("The phones A, B, C and the outside party 300 register; A, B, C subscribe")?;
    subscribe(&stage.cast)?;
    stage.expect(&Expected { told: true, ..Expected::default() })?;

    stage.steps.step("A lifts the handset and seizes the line")?;
    let [a, ..] = &stage.cast.phones;
    stage.cast.ask(a, "seize", &[("index", "1")])?;
    stage.expect(&Expected { seize: Some(("active", A)), ..lamps("seized", A) })?;

    stage.steps.step("A calls 300")?;
    let [a, ..] = &stage.cast.phones;
    let call = stage.cast.call(a, FAR_END)?;
    stage.expect(&lamps("seized", A))?;

    stage.steps.step("300 rings")?;
    let ended = Some(("terminated;reason=noresource", A));
    stage.expect(&Expected { seize: ended, ..lamps("progressing", A) })?;

    stage.steps.step("300 answers")?;
    let first = call.answered()?;
    // What the outside party writes down of the first call tells nothing.
    stage.cast.far_end.noted()?;
    stage.expect(&talking("active", A))?;

    stage.steps.step("A puts the call on hold")?;
    let [a, ..] = &stage.cast.phones;
    stage.cast.within(a, "hold", FAR_END, &first)?;
    stage.expect(&talking("held", A))?;

    stage
        .steps
        .step("B picks the call up: it calls the line, the server sends it to 300 instead")?;
    let [_, b, _] = &stage.cast.phones;
    let second = stage.cast.call(b, LINE)?.answered()?;
    stage.expect(&talking("active", B))?;
    let replaces = stage.cast.far_end.noted()?.unwrap_or_default();
    let Dialog { call_id, tag, remote_tag, .. } = &first;
    let expected = format!("{call_id};to-tag={remote_tag};from-tag={tag}");
    stage.steps.check("Replaces in the INVITE that 300 gets", replaces.trim(), &expected)?;

    stage.steps.step("300 ends the call with A, which the one with B replaced")?;
    let [a, ..] = &stage.cast.phones;
    let replaced = Dialog {
        tag: first.remote_tag.clone(),
        remote_tag: first.tag.clone(),
        target: a.contact.clone(),
        ..first
    };
    stage.cast.within(&stage.cast.far_end, "bye", LINE, &replaced)?;
    stage.expect(&Expected { told: false, ..talking("active", B) })?;

    stage.steps.step("B hangs up")?;
    let [_, b, _] = &stage.cast.phones;
    stage.cast.within(b, "bye", LINE, &second)?;
    stage.expect(&Expected { told: true, ..Expected::default() })
}

fn subscribe(cast: &Cast) -> Result<(), Error> {
    for player in cast.phones.iter().chain([&cast.far_end]) {
        cast.ask(player, "register", &[])?;
    }
    for phone in &cast.phones {
        cast.ask(phone, "subscribe", &[])?;
    }
    Ok(())
}

/// All phones are told that appearance 1 is in `state`, used by `owner`.
fn lamps(state: &'static str, owner: usize) -> Expected {
    Expected { line: Some((state, owner)), told: true, ..Expected::default() }
}

/// As [`lamps`], with the other party shown.
fn talking(state: &'static str, owner: usize) -> Expected {
    Expected { uri: OTHER_PARTY, ..lamps(state, owner) }
}
