//! The RPC commands.

use crate::{
    lines,
    notify::{Outgoing, Tells},
    stats,
};
use bstr::{BStr, BString, ByteSlice};
use kamailio::rpc::{Args, Fault, Reply};
use sca_core::{
    Event, Notify,
    admin::{self, CommandError},
    aor,
    listing::{self, AppearanceEntry, SubscriptionEntry},
};

fn fault(reason: impl Into<String>) -> Fault {
    Fault::new(500, reason)
}

fn command_fault(error: &CommandError) -> Fault {
    fault(error.to_string())
}

/// The next argument, if there is one that is not empty.
fn text(args: &mut Args<'_>) -> Option<BString> {
    args.optional_text().ok().flatten().filter(|text| !text.is_empty())
}

/// The next argument, if it is a text with something in it. A number is none, as in C: kamcmd sends
/// one where it reads one.
fn plain_text(args: &mut Args<'_>) -> Option<BString> {
    args.plain_text().filter(|text| !text.is_empty())
}

fn event(text: &[u8]) -> Option<Event> {
    Event::parse(text)
}

/// All subscriptions that `wanted` lets through.
fn subscriptions(wanted: Option<Event>) -> Vec<SubscriptionEntry> {
    let now = lines::context().now;
    let mut entries = Vec::new();
    lines::for_each(|line| entries.extend(listing::subscriptions(line, now, wanted, None)));
    entries
}

fn appearances() -> Vec<AppearanceEntry> {
    let mut entries = Vec::new();
    lines::for_each(|line| entries.extend(listing::appearances(line)));
    entries
}

/// What `kamcmd` gets of one line at most.
const LINE_LIMIT: usize = 1023;

/// Adds `lines` to the reply, as many as its transport has room for: as in C, what does not fit is
/// left out, and the log says so. A line that is too long for it is cut, and hides no other. A reply
/// without room for the first one is a fault.
fn print(
    reply: &mut Reply<'_>,
    lines: impl ExactSizeIterator<Item = Vec<u8>>,
) -> Result<(), Fault> {
    let all = lines.len();
    for (printed, line) in lines.enumerate() {
        let added = reply.line_of(&line).or_else(|fault| match line.get(..LINE_LIMIT) {
            Some(start) if start.len() < line.len() => reply.line_of(start),
            _ => Err(fault),
        });
        match added {
            Ok(()) => {}
            Err(fault) if printed == 0 => return Err(fault),
            Err(fault) => {
                kamailio::warn!("{printed} of {all} lines are shown: {fault}");
                break;
            }
        }
    }
    Ok(())
}

/// `sca.all_subscriptions`
pub(crate) fn all_subscriptions(_: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    print(reply, subscriptions(None).iter().map(SubscriptionEntry::summary))
}

/// `sca.subscription_count`
pub(crate) fn subscription_count(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let event = text(args).and_then(|text| event(&text));
    let count = match event {
        Some(Event::CallInfo) => stats::call_info(),
        Some(Event::LineSeize) => stats::line_seize(),
        None => return Err(fault("usage: sca.subscription_count {call-info | line-seize}")),
    };
    reply.line(format_args!("{count} {}", event.map_or("", Event::name)))
}

/// `sca.show_subscription`
pub(crate) fn show_subscription(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    const USAGE: &str = "usage: sca.show_subscription sip:user@domain \
                         {call-info | line-seize} [sip:user@IP]";
    /// What the C module has room for, the name of the event included.
    const LONGEST: usize = 1024;
    let aor = text(args).ok_or_else(|| fault(USAGE))?;
    let event = text(args).and_then(|text| event(&text)).ok_or_else(|| fault(USAGE))?;
    let contact = text(args);
    if aor.len() + event.name().len() >= LONGEST {
        return Err(fault("AoR length + event name length: too long"));
    }
    let now = lines::context().now;
    let contact = contact.as_ref().map(|contact| contact.as_bytes());
    let entries = lines::look(&aor, |line| listing::subscriptions(line, now, Some(event), contact));
    print(reply, entries.unwrap_or_default().iter().map(SubscriptionEntry::details))
}

/// `sca.subscribers`, `sca.show_appearance`
pub(crate) fn not_yet_implemented(_: &mut Args<'_>, _: &mut Reply<'_>) -> Result<(), Fault> {
    Err(Fault::new(600, "Not yet implemented"))
}

/// `sca.deactivate_subscription`
pub(crate) fn not_implemented(_: &mut Args<'_>, _: &mut Reply<'_>) -> Result<(), Fault> {
    Err(Fault::new(600, "Not implemented"))
}

/// What ended on a line, and the last NOTIFY of each.
struct Deactivated(Vec<(SubscriptionEntry, Notify)>);

impl Tells for Deactivated {
    fn take_notifies(&mut self) -> Vec<Notify> {
        self.0.iter().map(|(_, last)| last.clone()).collect()
    }
}

/// `sca.deactivate_all_subscriptions`
pub(crate) fn deactivate_all_subscriptions(
    _: &mut Args<'_>,
    reply: &mut Reply<'_>,
) -> Result<(), Fault> {
    let ctx = lines::context();
    let mut texts = Vec::new();
    lines::select(
        |_| true,
        |aor| match lines::with(aor, |line, _| Deactivated(admin::deactivate_all(line, &ctx))) {
            Ok((Deactivated(ended), outgoing)) => {
                outgoing.send();
                texts.extend(ended.iter().map(|(entry, _)| entry.deactivation()));
            }
            Err(error) => kamailio::error!("line {}: {error}", BStr::new(aor)),
        },
    );
    print(reply, texts.into_iter())
}

/// `sca.all_appearances`
pub(crate) fn all_appearances(_: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    print(reply, appearances().iter().map(AppearanceEntry::summary))
}

/// `sca.seize_appearance`
pub(crate) fn seize_appearance(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let usage = || fault("usage: sca.seize_appearance sip:user@domain");
    let aor = plain_text(args).ok_or_else(usage)?;
    let contact = plain_text(args).ok_or_else(usage)?;
    if !aor::is_plain(&aor) || !aor::is_plain(&contact) {
        return Err(usage());
    }
    let ctx = lines::context();
    let seized = lines::with(&aor, |line, _| admin::seize(line, &ctx, &contact));
    let Ok((Ok(seized), outgoing)) = seized else {
        stats::SEIZES_REFUSED.increment();
        return Err(fault("Failed to seize line"));
    };
    stats::SEIZES_GRANTED.increment();
    print(reply, core::iter::once(seized.text))?;
    told(outgoing, &aor)
}

/// `sca.update_appearance`
pub(crate) fn update_appearance(args: &mut Args<'_>, _: &mut Reply<'_>) -> Result<(), Fault> {
    let usage = || {
        fault(
            "Usage: sca.update_appearance sip:user@domain appearance-index \
             appearance-state [appearance-uri]",
        )
    };
    let aor = text(args).ok_or_else(usage)?;
    let index = args.plain_int().ok_or_else(usage)?;
    let state = text(args).ok_or_else(usage)?;
    let uri = text(args);
    let ctx = lines::context();
    let uri = uri.as_ref().map(|uri| uri.as_bytes());
    let updated = lines::with(&aor, |line, _| admin::update(line, &ctx, index.into(), &state, uri));
    let (updated, outgoing) =
        updated.map_err(|_| fault(format!("Failed to update {aor} appearance-index {index}")))?;
    updated.map_err(|error| command_fault(&error))?;
    told(outgoing, &aor)
}

/// `sca.release_appearance`
pub(crate) fn release_appearance(args: &mut Args<'_>, _: &mut Reply<'_>) -> Result<(), Fault> {
    let usage = || fault("usage: sca.release_appearance user@domain appearance-index");
    let aor = text(args).ok_or_else(usage)?;
    let index = args.plain_int().ok_or_else(usage)?;
    let ctx = lines::context();
    let released = lines::with(&aor, |line, _| admin::release(line, &ctx, index.into()));
    let (released, outgoing) = released.map_err(|error| fault(format!("{aor}: {error}")))?;
    released.map_err(|error| command_fault(&error))?;
    told(outgoing, &aor)
}

fn told(outgoing: Outgoing, aor: &BString) -> Result<(), Fault> {
    if outgoing.send() {
        Ok(())
    } else {
        Err(fault(format!("Failed to NOTIFY subscribers to {aor}")))
    }
}

/// `sca.list_subscriptions`
pub(crate) fn list_subscriptions(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let mut entries = subscriptions(None);
    if let Some(aor) = text(args) {
        entries.retain(|entry| *entry.aor == **aor);
    }
    entries.iter().try_for_each(|entry| {
        reply.structure(|item| {
            item.text(c"aor", &entry.aor)?;
            item.text(c"event", entry.event.name().as_bytes())?;
            item.text(c"contact", &entry.contact)?;
            item.int(c"expires", entry.expires.0)?;
            item.int(c"seconds_left", entry.left)?;
            item.text(c"state", SubscriptionEntry::STATE.as_bytes())
        })
    })
}

/// `sca.list_appearances`
pub(crate) fn list_appearances(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let mut entries = appearances();
    if let Some(aor) = text(args) {
        entries.retain(|entry| *entry.aor == **aor);
    }
    entries.iter().try_for_each(|entry| {
        reply.structure(|item| {
            item.text(c"aor", &entry.aor)?;
            item.int(c"index", entry.index.into())?;
            item.text(c"state", entry.state.name().as_bytes())?;
            item.text(c"uri", &entry.uri)?;
            item.text(c"owner", &entry.owner)?;
            item.text(c"callee", &entry.callee)?;
            item.text(c"call_id", &entry.call_id)?;
            item.text(c"from_tag", &entry.from_tag)?;
            item.text(c"to_tag", &entry.to_tag)?;
            item.int(c"created", entry.created_at.0)?;
            item.int(c"changed", entry.changed_at.0)
        })
    })
}
