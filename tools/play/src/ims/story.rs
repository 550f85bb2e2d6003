//! Two users register, watch, call; one is sent away by the HSS, the other leaves.

use super::{
    cast::Cast,
    stage::{Stage, Who},
};
use crate::{Error, sip::message::Message};

const ALICE: Who = |cast: &mut Cast| &mut cast.alice;
const BOB: Who = |cast: &mut Cast| &mut cast.bob;

/// Plays all of it. Gives an error where the play cannot go on.
pub(crate) fn play(stage: &mut Stage) -> Result<(), Error> {
    let (alice, bob) = (stage.cast.alice.identity(), stage.cast.bob.identity());

    stage.steps.step("alice and bob register: challenge, proof, and the HSS assigns the server")?;
    for (name, who) in [("alice", ALICE), ("bob", BOB)] {
        let done = stage.register(who, 600)?;
        stage.status(&format!("answer to {name}"), done.as_ref(), "200 OK")?;
        let done = done.ok_or("no answer to REGISTER")?;
        stage.steps.fact("  Service-Route", done.header("Service-Route"))?;
        stage.steps.fact("  P-Associated-URI", done.header("P-Associated-URI"))?;
    }
    let told = stage.cast.assignments().join(", ");
    stage.steps.check("HSS was told", &told, "Registration, Registration")?;
    stage.state(&alice, "registered")?;
    stage.state(&bob, "registered")?;
    stage.contacts("2")?;

    stage.steps.step("alice and bob watch their own registrations")?;
    for (name, who) in [("alice", ALICE), ("bob", BOB)] {
        who(&mut stage.cast).watch_itself()?;
        let done = stage.answer(who, "SUBSCRIBE")?;
        let seen = done.as_ref().and_then(Message::status).unwrap_or_default().to_string();
        stage.steps.check(&format!("answer to {name}"), &seen, "200")?;
        let heard = stage.told(who)?;
        told_of(stage, name, heard.as_ref(), "active")?;
    }

    stage
        .steps
        .step("alice calls bob: her profile sends the call past an application server first")?;
    stage.cast.server.seen.clear();
    stage.cast.alice.call(&bob)?;
    let answer = stage.answer(ALICE, "INVITE")?;
    let passed = stage.cast.server.seen.iter().filter(|it| it.method() == "INVITE").count();
    stage.steps.check("calls at the application server", &passed.to_string(), "1")?;
    let invite = stage.cast.bob.take(|it| it.status().is_none() && it.method() == "INVITE");
    stage.steps.fact("the way to bob", way(invite.as_ref()))?;
    stage.status("answer", answer.as_ref(), "200 OK")?;
    let answer = answer.ok_or("nobody answered the call")?;
    let call = stage.cast.alice.confirm(&answer)?;
    stage.until(|stage| stage.cast.bob.take(|it| it.method() == "ACK"))?;
    stage.cast.alice.hang_up(&call)?;
    let done = stage.answer(ALICE, "BYE")?;
    stage.status("alice hangs up", done.as_ref(), "200 OK")?;

    stage.steps.step("the HSS ends the registration of bob")?;
    let private = bob.trim_start_matches("sip:").to_owned();
    let answer = stage.cast.hss.terminate(&private, &[&bob], 0);
    let code = answer.avps.iter().find(|avp| avp.code == 268).and_then(|avp| avp.value());
    let seen = code.map_or("no Result-Code".to_owned(), |code| code.to_string());
    stage.steps.check("answer to the HSS", &seen, "2001")?;
    let heard = stage.told(BOB)?;
    told_of(stage, "bob", heard.as_ref(), "terminated")?;
    stage.state(&bob, "none")?;
    stage.contacts("1")?;

    stage.steps.step("alice calls bob once more")?;
    stage.cast.alice.call(&bob)?;
    let answer = stage.answer(ALICE, "INVITE")?;
    stage.status("answer", answer.as_ref(), "404 Not Found")?;

    stage.steps.step("alice leaves")?;
    stage.cast.assignments();
    let done = stage.register(ALICE, 0)?;
    stage.status("answer", done.as_ref(), "200 OK")?;
    let told = stage.cast.assignments().join(", ");
    stage.steps.check("HSS was told", &told, "UserDeregistration")?;
    stage.state(&alice, "none")?;
    stage.contacts("0")
}

/// Shows what a NOTIFY says of the registrations, and compares their state.
fn told_of(stage: &mut Stage, name: &str, heard: Option<&Message>, due: &str) -> Result<(), Error> {
    let Some(heard) = heard else {
        return stage.steps.check(&format!("NOTIFY to {name}"), "none", due);
    };
    let states: Vec<_> = attributes(heard.body(), "<registration ", "state").collect();
    let all = states.iter().all(|state| *state == due) && !states.is_empty();
    let seen = if all { due.to_owned() } else { states.join(" ") };
    stage.steps.check(&format!("NOTIFY to {name}, registrations"), &seen, due)?;
    let events: Vec<_> = attributes(heard.body(), "<contact ", "event").collect();
    stage.steps.fact("  events of contacts", events.join(", "))?;
    stage.steps.fact("  Subscription-State", heard.header("Subscription-State"))
}

/// The values of an attribute in all elements that begin so.
fn attributes<'b>(body: &'b str, begin: &'b str, name: &'b str) -> impl Iterator<Item = &'b str> {
    body.split(begin).skip(1).filter_map(move |rest| {
        let (element, _) = rest.split_once('>')?;
        let (_, value) = element.split_once(&format!("{name}=\""))?;
        value.split('"').next()
    })
}

/// The hops of a request, first sender first.
fn way(request: Option<&Message>) -> String {
    let vias = request.map(|it| it.elements("Via")).unwrap_or_default();
    let hosts = vias.iter().rev().filter_map(|via| via.split([' ', ';']).nth(1));
    hosts.map(str::to_owned).collect::<Vec<_>>().join(" -> ")
}

#[cfg(test)]
mod tests {
    use super::attributes;

    #[test]
    fn attributes_are_found_in_their_elements_only() {
        let body = "<reginfo state=\"full\"><registration aor=\"a\" state=\"active\"><contact \
                    state=\"terminated\" event=\"expired\"/></registration></reginfo>";
        let all = |begin, name| attributes(body, begin, name).collect::<Vec<_>>();
        assert_eq!(all("<registration ", "state"), ["active"]);
        assert_eq!(all("<contact ", "event"), ["expired"]);
    }
}
