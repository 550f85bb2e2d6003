//! Two registrations and a call.

use super::stage::Stage;
use crate::{Error, sip::message::Message};

/// Seconds that the home network grants: long enough for the call.
const GRANT: u32 = 8;

/// Plays all of it. Gives an error where the play cannot go on.
pub(crate) fn play(stage: &mut Stage) -> Result<(), Error> {
    stage.steps.step("alice and bob register; the home network has not answered yet")?;
    stage.alice.register()?;
    stage.until(|stage| Ok((stage.core.waiting() == 1).then_some(())))?;
    stage.bob.register()?;
    stage.until(|stage| Ok((stage.core.waiting() == 2).then_some(())))?;
    if let Some(seen) = stage.core.seen.first() {
        stage.steps.fact("Path that the home network gets", seen.header("Path"))?;
    }
    stage.records(&["pending", "pending"])?;

    stage.steps.step("a stranger calls bob without a registration")?;
    let bob = stage.bob.identity();
    stage.stranger.call(&bob)?;
    let answer = stage.until(|stage| Ok(stage.stranger.answer("INVITE")))?;
    stage.steps.check("answer", status_line(answer.as_ref()), "403 Register first")?;

    stage
        .steps
        .step("the home network grants both registrations, with a route for what they send")?;
    stage.core.release(GRANT)?;
    let done = stage.until(|stage| Ok(stage.alice.answer("REGISTER")))?;
    stage.steps.check("answer to alice", status_line(done.as_ref()), "200 OK")?;
    stage.core.release(GRANT)?;
    let done = stage.until(|stage| Ok(stage.bob.answer("REGISTER")))?;
    stage.steps.check("answer to bob", status_line(done.as_ref()), "200 OK")?;
    let records = stage.records(&["registered", "registered"])?;
    let route = stage.core.service_route();
    let stored = records.first().map_or("", |record| record.routes.as_str());
    stage.steps.check("route stored for alice", stored, &route)?;

    call(stage, &route)?;

    stage.steps.step(
        "nobody registers again: the registrations end, and some seconds later are forgotten",
    )?;
    stage.records(&["expired", "expired"])?;
    stage.records(&[])?;

    stage.steps.step("alice calls bob without a registration")?;
    stage.alice.call(&bob)?;
    let answer = stage.until(|stage| Ok(stage.alice.answer("INVITE")))?;
    stage.steps.check("answer", status_line(answer.as_ref()), "403 Register first")
}

fn call(stage: &mut Stage, route: &str) -> Result<(), Error> {
    stage.steps.step("alice calls bob")?;
    let bob = stage.bob.identity();
    stage.core.seen.clear();
    let id = stage.alice.call(&bob)?;
    let answer = stage.until(|stage| Ok(stage.alice.answer("INVITE")))?;
    let mut at_core = stage.core.seen.iter().filter(|it| it.header("Call-ID") == id);
    let (learned, asserted) = at_core.next().map_or_else(Default::default, |it| {
        (it.header("Route").to_owned(), it.header("P-Asserted-Identity").to_owned())
    });
    stage.steps.check("Route at the home network", &learned, route)?;
    let alice = format!("<{}>", stage.alice.identity());
    stage.steps.check("identity at the home network", &asserted, &alice)?;
    let invite = stage.bob.take(|it| it.status().is_none() && it.method() == "INVITE");
    let vias = invite.as_ref().map(|it| it.elements("Via")).unwrap_or_default();
    stage.steps.fact("the way to bob", way(&vias))?;
    stage.steps.check("answer", status_line(answer.as_ref()), "200 OK")?;
    let answer = answer.ok_or("nobody answered the call")?;

    stage.steps.step("they talk, alice hangs up")?;
    let call = stage.alice.confirm(&answer)?;
    stage.until(|stage| Ok(stage.bob.take(|it| it.method() == "ACK")))?;
    stage.alice.hang_up(&call)?;
    let heard = stage
        .until(|stage| Ok(stage.bob.take(|it| it.status().is_none() && it.method() == "BYE")))?;
    let heard = heard.map_or("nothing", |_| "BYE");
    stage.steps.check("bob hears", heard, "BYE")?;
    let answer = stage.until(|stage| Ok(stage.alice.answer("BYE")))?;
    stage.steps.check("answer", status_line(answer.as_ref()), "200 OK")
}

/// The hops of a request, first sender first.
fn way(vias: &[String]) -> String {
    let hosts = vias.iter().rev().filter_map(|via| via.split([' ', ';']).nth(1));
    hosts.map(str::to_owned).collect::<Vec<_>>().join(" -> ")
}

fn status_line(answer: Option<&Message>) -> &str {
    answer.map_or("none", |answer| answer.first.trim_start_matches("SIP/2.0 "))
}
