//! The commands that list contacts, a page at a time: what a transport can carry has an end.

use crate::{
    commands::Entry,
    domains::{self, Domain},
};
use bstr::BString;
use kamailio::{
    pcscf::LISTS_CONTACTS,
    rpc::{Args, Fault, Reply, Structure},
};
use pcscf_core::directory::Cursor;

/// Contacts of a page unless more are asked for: about as many as `kamcmd` can show.
const PAGE: usize = 300;

/// The most that can be asked for: the reply is made in private memory.
const PAGE_MAX: usize = 10_000;

/// Bytes that `ulpcscf.status` has for the contacts of a domain: all of them are fields of one
/// structure, of which `kamcmd` gets 8 kB at the most.
const STATUS_ROOM: usize = 6 * 1024;

/// What an entry of it takes besides its contact URI, at the most.
const STATUS_ENTRY: usize = 96;

/// Contacts that are copied under one lock.
const CHUNK: usize = 256;

/// Some contacts of a domain, and where those behind them begin.
struct Page {
    entries: Vec<Entry>,
    next: Option<Cursor>,
}

impl Page {
    /// Contacts from `from` on, as long as `takes` says yes.
    fn of(domain: &Domain, from: Cursor, mut takes: impl FnMut(&Entry) -> bool) -> Self {
        let mut page = Self { entries: Vec::new(), next: Some(from) };
        let mut full = false;
        while let Some(from) = page.next.filter(|_| !full) {
            let piece = domain.with(|_, state| {
                let mut at = from;
                for _ in 0..CHUNK {
                    let (id, next) = state.directory.next(at)?;
                    if let Some(contact) = state.directory.get(id) {
                        let entry = Entry::of(contact, false);
                        full = !takes(&entry);
                        if full {
                            break;
                        }
                        page.entries.push(entry);
                    }
                    at = next;
                }
                Some(at)
            });
            page.next = piece.flatten();
        }
        page
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// `ulpcscf.status`
pub(crate) fn status(_: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let Some(domains) = domains::all() else { return Ok(()) };
    let newest_first: Vec<_> = domains.iter().collect();
    for domain in newest_first.into_iter().rev() {
        let mut room = if LISTS_CONTACTS { STATUS_ROOM } else { 0 };
        let page = Page::of(domain, Cursor::START, |entry| {
            let left = room.checked_sub(entry.aor.len().saturating_add(STATUS_ENTRY));
            room = left.unwrap_or(0);
            left.is_some()
        });
        let counts = domain.with(|_, state| {
            let directory = &state.directory;
            (directory.groups(), directory.len(), directory.longest())
        });
        let (size, records, longest) = counts.unwrap_or_default();
        reply.structure(|out| {
            out.text(c"Domain", domain.name())?;
            out.int(c"Size", number(size))?;
            out.structure(c"AoRs", |out| {
                for entry in &page.entries {
                    out.text(c"AoR", &entry.aor)?;
                    out.text(c"State", entry.state.name().to_bytes())?;
                    entry.add_expires(out)?;
                    out.null(c"Path")?;
                }
                if LISTS_CONTACTS && let Some(next) = page.next {
                    more(out, domain, next)?;
                }
                out.structure(c"Stats", |out| {
                    out.int(c"Records", number(records))?;
                    out.int(c"Max-Slots", number(longest))
                })
            })
        })?;
    }
    Ok(())
}

/// Says that there are others, and how to see them.
fn more(out: &mut Structure<'_>, domain: &Domain, next: Cursor) -> Result<(), Fault> {
    let name = BString::from(domain.name());
    out.text(c"More", format!("ulpcscf.list {name} {}", next.number()).as_bytes())
}

/// What `ulpcscf.list` is asked for.
struct Wanted {
    domain: Option<BString>,
    from: Cursor,
    count: usize,
}

impl Wanted {
    /// `[DOMAIN] [OFFSET [COUNT]]`
    fn read(args: &mut Args<'_>) -> Result<Self, Fault> {
        let known = |name: &BString| domains::all().is_some_and(|all| all.find(name).is_some());
        let (domain, offset) = match args.optional_text()? {
            Some(name) if known(&name) => (Some(name), args.optional_text()?),
            Some(other) if other.iter().all(u8::is_ascii_digit) => (None, Some(other)),
            Some(name) => return Err(Fault::new(404, format!("there is no domain {name}"))),
            None => (None, None),
        };
        let from = match &offset {
            None => Cursor::START,
            Some(text) => Cursor::of_number(offset_of(text)?),
        };
        let count = match args.optional_int()? {
            None => PAGE,
            Some(count) => {
                let room = usize::try_from(count).ok().filter(|n| (1..=PAGE_MAX).contains(n));
                let wrong = || format!("count {count}, must be 1 to {PAGE_MAX}");
                room.ok_or_else(|| Fault::new(400, wrong()))?
            }
        };
        Ok(Self { domain, from, count })
    }
}

fn offset_of(text: &BString) -> Result<u32, Fault> {
    let number = core::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    let wrong = || format!("offset {text}, must be 0 or what `More` of the page before says");
    number.ok_or_else(|| Fault::new(400, wrong()))
}

/// `ulpcscf.list [DOMAIN] [OFFSET [COUNT]]`
pub(crate) fn list(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let wanted = Wanted::read(args)?;
    let Some(domains) = domains::all() else { return Ok(()) };
    let is_wanted = |domain: &&Domain| {
        wanted.domain.as_ref().is_none_or(|name| domain.name() == name.as_slice())
    };
    if wanted.from != Cursor::START && domains.iter().filter(is_wanted).count() > 1 {
        return Err(Fault::new(400, "an offset is one of a domain: name it before"));
    }
    for domain in domains.iter().filter(is_wanted) {
        let mut left = wanted.count;
        let page = Page::of(domain, wanted.from, |_| {
            let takes = left > 0;
            left = left.saturating_sub(1);
            takes
        });
        for entry in &page.entries {
            reply.structure(|out| {
                out.text(c"Domain", domain.name())?;
                out.text(c"AoR", &entry.aor)?;
                out.text(c"State", entry.state.name().to_bytes())?;
                entry.add_expires(out)?;
                entry.add_summary(out)
            })?;
        }
        if let Some(next) = page.next {
            reply.structure(|out| {
                out.text(c"Domain", domain.name())?;
                more(out, domain, next)
            })?;
        }
    }
    Ok(())
}
