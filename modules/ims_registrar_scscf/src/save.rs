//! `save`: a REGISTER, until the HSS is asked.

use crate::{
    answer, assigned,
    bindings::bound,
    event::{self, Happened, Kind as Event},
    functions::Target,
    hss::{self, Question},
    own::{Own as _, is_own},
    recent, remove, request,
    settings::Settings,
    sharing, stats,
    waiting::{self, Texts, Waiting},
    wildcard,
};
use bstr::{BString, ByteSlice};
use kamailio::{
    msg::Msg,
    refused::{Refused, identity as message, shown},
    script::Verdict,
    scscf::client::{Domain, Identity, Registration},
    timer,
    tm::NotSuspended,
};
use scscf_core::{
    refusal::Refusal,
    register::{self, Assignment, Ends, Known, Next, Order, Plan, set},
    reply::ContactList,
};
use std::borrow::Cow;

/// Flag 1 of `save`: the realm of the identity does not count.
const ANY_REALM: u32 = 1;

/// Carries out the REGISTER `msg`; the script goes on at `target`.
pub(crate) fn save(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    target: &Target,
    flags: u32,
) -> Verdict {
    if !msg.is_request() {
        stats::REJECTED.increment();
        kamailio::notice!("{}: only a request can be saved", message(msg));
        return Verdict::DROP;
    }
    let received = settings.received_avp.and_then(kamailio::avp::AvpSpec::text);
    let limits = settings.register(flags & ANY_REALM != 0);
    let request = request::read(msg, received.as_deref());
    match request.and_then(|request| register::read(&request, &limits)) {
        Ok(plan) => carry_out(settings, msg, domain, target, &plan),
        Err(refusal) => answer::refuse(settings, msg, &refusal),
    }
}

/// One look at the user, and what comes of it.
fn carry_out(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    target: &Target,
    plan: &Plan<'_>,
) -> Verdict {
    let Seen { known, ends, wildcard, home } = look(settings, domain, plan);
    match plan.next(&known, &settings.policy) {
        Next::Answer => {
            if known.order == Order::OutOfOrder {
                let (who, cseq) = (shown(&plan.identity).as_bstr(), plan.cseq);
                kamailio::notice!(
                    "{}: cseq {cseq} of {who} is older than what is registered: nothing is changed",
                    message(msg)
                );
            }
            show(settings, msg, domain, plan, &home, &[])
        }
        Next::Remove => {
            let leaving = Leaving { ends: &ends, home: &home, wildcard: &wildcard };
            end(settings, msg, domain, target, plan, leaving)
        }
        Next::Assign(assignment) => {
            let again = known.registered && known.live > 0;
            let before = Before { removed: b"", again, wildcard: &wildcard };
            ask(settings, msg, domain, target, plan, &assignment, before)
        }
    }
}

/// What one look at the user shows.
struct Seen<'p> {
    known: Known,
    /// The contacts that end, if it leaves.
    ends: Ends,
    /// The wildcarded identity that it registers under; empty: none.
    wildcard: Vec<u8>,
    /// The identity whose record has its profile and its contacts, and those of nobody else alone.
    home: Cow<'p, [u8]>,
}

/// Looks at the user.
fn look<'p>(settings: &Settings, domain: Domain, plan: &'p Plan<'_>) -> Seen<'p> {
    let seen = |(known, ends), wildcard| Seen {
        known,
        ends,
        wildcard,
        home: Cow::Borrowed(&*plan.identity),
    };
    let (mut found, wildcard, is_anothers) = {
        let look = settings.usrloc.look(domain, &plan.identity);
        let Some(identity) = look.identity() else { return seen(Default::default(), Vec::new()) };
        let wildcard = wildcard::of_record(&identity, &plan.identity);
        if !is_own(&identity, &plan.identity) {
            // Who registers under a wildcard for the first time. Another user may have an identity that
            // lies within it (TS 23.003 13.5): the HSS would take it for that of the wildcard.
            let is_its = identity.private() == &*plan.private;
            return seen(Default::default(), if is_its { wildcard } else { Vec::new() });
        }
        (known(settings, &identity, plan), wildcard, sharing::is_of_another(&identity, plan))
    };
    if !is_anothers {
        return seen(found, wildcard);
    }
    match sharing::other(settings, domain, &plan.identity, &plan.private) {
        Some(home) => {
            let (known, ends) = {
                let look = settings.usrloc.look(domain, &home);
                look.own(&home).map(|identity| known(settings, &identity, plan)).unwrap_or_default()
            };
            Seen { known, ends, wildcard, home: Cow::Owned(home) }
        }
        None => {
            // Who shares the identity and is not registered yet has a profile of his own to come.
            found.0.registered &= !plan.names_private()
                || sharing::has_contact(settings, domain, &plan.identity, plan);
            seen(found, wildcard)
        }
    }
}

/// What is known of the user whose record `identity` is, and the contacts that end if it leaves.
fn known(settings: &Settings, identity: &Identity<'_>, plan: &Plan<'_>) -> (Known, Ends) {
    let now = timer::now();
    let mut known = Known {
        registered: identity.state() == Registration::Registered,
        profiled: identity.set_size() > 0,
        ..Known::default()
    };
    for contact in identity.contacts() {
        let bound = bound(&contact, now);
        known.live += usize::from(bound.valid);
        known.order =
            known.order.max(plan.order(&bound, settings.matching, now, settings.cseq_delay));
    }
    let ends = match plan.registers() {
        true => Ends::default(),
        false => plan.ends(identity.contacts().map(|contact| contact.uri())),
    };
    (known, ends)
}

/// 200 with what is registered, and with what was `removed` behind it.
fn show(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    plan: &Plan<'_>,
    home: &[u8],
    removed: &[BString],
) -> Verdict {
    let now = timer::now();
    let open = |identity: &Identity<'_>| -> Vec<Vec<u8>> {
        let open = identity.identities().filter(|(_, barred)| !barred);
        open.map(|(uri, _)| uri.to_vec()).collect()
    };
    let (mut list, mut associated) = {
        let look = settings.usrloc.look(domain, &plan.identity);
        match look.own(&plan.identity) {
            Some(identity) => (answer::list(settings, &identity, now, |_| true), open(&identity)),
            None => (ContactList::new(now, 0), Vec::new()),
        }
    };
    if *home != *plan.identity {
        let look = settings.usrloc.look(domain, home);
        associated = look.own(home).map(|identity| open(&identity)).unwrap_or_default();
    }
    for uri in removed {
        list.removed(uri);
    }
    // Identities are told to who registers and to who asks, not to who leaves.
    let told: &[Vec<u8>] = if removed.is_empty() { &associated } else { &[] };
    // Of a REGISTER that came again: its first answer said the Path back, too.
    let path = plan.echoes_path.then_some(&*plan.path);
    let reply = answer::accepted(settings, list, path, told.iter().map(Vec::as_slice));
    stats::ACCEPTED.increment();
    answer::give(settings, msg, &reply)
}

/// What a look at a user who leaves has shown: see [`Seen`].
#[derive(Debug, Clone, Copy)]
struct Leaving<'l> {
    ends: &'l Ends,
    home: &'l [u8],
    wildcard: &'l [u8],
}

/// The user leaves with some of its contacts, or with all.
fn end(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    target: &Target,
    plan: &Plan<'_>,
    Leaving { ends, home, wildcard }: Leaving<'_>,
) -> Verdict {
    if recent::is_known(settings, plan) {
        let before = ended_before(settings, domain, plan);
        return show(settings, msg, domain, plan, home, &before);
    }
    let takes = |bound: &register::Bound<'_>| plan.takes(bound, settings.matching, ends);
    let removed = remove::contacts(settings, domain, home, takes);
    // What has left before is told again: the first answer may be lost, or still to come.
    let left = [&removed.contacts[..], &removed.before].concat();
    let next = plan.removed(left.len(), removed.left, &settings.policy);
    if !removed.contacts.is_empty() {
        event::happened(&Happened {
            kind: Event::Unregistered,
            domain,
            identity: home,
            identities: &removed.identities,
            contacts: &removed.contacts,
            watched: removed.watched,
        });
    }
    match next {
        Err(refusal) => answer::refuse(settings, msg, &refusal),
        Ok(Next::Assign(assignment)) => {
            let mut list = ContactList::new(0, 0);
            for uri in &left {
                list.removed(uri);
            }
            let removed = list.finish();
            let before = Before { removed: &removed, again: true, wildcard };
            ask(settings, msg, domain, target, plan, &assignment, before)
        }
        Ok(_) => {
            recent::remember(settings, plan);
            show(settings, msg, domain, plan, home, &left)
        }
    }
}

/// Of a de-REGISTER that came before and was answered: the contacts that it names, unless they have
/// been registered again since.
fn ended_before(settings: &Settings, domain: Domain, plan: &Plan<'_>) -> Vec<BString> {
    let now = timer::now();
    let look = settings.usrloc.look(domain, &plan.identity);
    let contacts = look.own(&plan.identity).into_iter().flat_map(|record| record.contacts());
    let live: Vec<usize> = contacts
        .map(|contact| bound(&contact, now))
        .filter(|bound| bound.valid)
        .filter_map(|bound| plan.find(&bound, settings.matching))
        .collect();
    let named = plan.contacts().iter().enumerate();
    let gone = named.filter(|(place, _)| !live.contains(place));
    gone.map(|(_, contact)| BString::from(&*contact.uri)).collect()
}

/// What was there before the HSS is asked.
#[derive(Debug, Clone, Copy)]
struct Before<'b> {
    /// The header with the contacts that were removed.
    removed: &'b [u8],
    /// Whether the user was registered.
    again: bool,
    /// The wildcarded identity that it registers under; empty: none.
    wildcard: &'b [u8],
}

/// Asks the HSS; the request waits for the answer.
fn ask(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    target: &Target,
    plan: &Plan<'_>,
    assignment: &Assignment,
    before: Before<'_>,
) -> Verdict {
    let texts = Texts { plan: &plan.pack(), removed: before.removed, function: target.function() };
    let question = Question {
        kind: assignment.kind,
        available: assignment.available,
        identity: &plan.identity,
        wildcard: before.wildcard,
        private: &plan.private,
        call_id: &plan.call_id,
    };
    let suspended = Suspending { settings, msg, domain, target, texts };
    match suspended.start(&question, assignment.required, before.again, true) {
        Ok(verdict) => verdict,
        Err(refusal) => answer::refuse(settings, msg, &refusal),
    }
}

/// A request that is about to wait.
pub(crate) struct Suspending<'s> {
    pub(crate) settings: &'s Settings,
    pub(crate) msg: &'s Msg<'s>,
    pub(crate) domain: Domain,
    pub(crate) target: &'s Target,
    pub(crate) texts: Texts<'s>,
}

impl Suspending<'_> {
    /// Lets it wait and asks. An error is to be replied: nothing waits then.
    pub(crate) fn start(
        self,
        question: &Question<'_>,
        required: bool,
        again: bool,
        is_save: bool,
    ) -> Result<Verdict, Refusal> {
        let Self { settings, msg, domain, target, texts } = self;
        let fail = |what: &dyn core::fmt::Display| {
            kamailio::error!("{}: {what}", message(msg));
            Refusal::Assignment
        };
        let texts = texts.to_shared().map_err(|error| fail(&error))?;
        let transaction = match settings.tm.suspend(msg) {
            Ok(transaction) => transaction,
            Err(NotSuspended::Retransmission | NotSuspended::Cancelled) => {
                return Ok(Verdict::DROP);
            }
            Err(error) => return Err(fail(&error)),
        };
        // What the script finds if it goes on by itself, after a timeout of its own.
        if let Err(error) = settings.return_code.set_int(assigned::FAILED.into()) {
            kamailio::error!("{}: {error}", message(msg));
        }
        let waiting = Waiting {
            transaction,
            block: target.block(),
            domain,
            socket: request::socket(settings, msg),
            is_save,
            required,
            again,
            branch_flags: msg.branch_flags(),
            texts,
        };
        let cancel = || {
            if let Err(error) = settings.tm.cancel_suspension(transaction) {
                kamailio::error!("{}: {error}", message(msg));
            }
        };
        let token = waiting::put(waiting).map_err(|error| {
            cancel();
            fail(&error)
        })?;
        let sent = hss::ask(settings, question, token, assigned::answered);
        // Somebody else may have it by now: then it is answered there.
        if let Err(error) = sent
            && hss::take_back(token).is_some()
        {
            cancel();
            fail(&error);
            return Err(scscf_core::assignment::saa::UNANSWERED.refusal);
        }
        Ok(Verdict::DROP)
    }
}

/// Whether `key` is one of the identities, as keys of the store.
pub(crate) fn is_in(set: &[set::Entry<'_>], key: &[u8]) -> bool {
    set.iter().any(|entry| *entry.key == *key)
}

/// What a script function says when the block it is to go on at is not there.
pub(crate) fn no_block(msg: &Msg<'_>, name: &[u8]) -> Refused {
    Refused::new(msg, format_args!("no route block {:?}, or an empty one", name.as_bstr()))
        .failure()
}
