//! The RPC commands.

use crate::{SETTINGS, params, state};
use bstr::BString;
use kamailio::rpc::{Args, Fault, Reply};
use std::sync::atomic::Ordering;

pub(crate) fn params(_: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    reply.structure(|all| {
        all.int(c"number", params::NUMBER.get().into())?;
        all.text(c"text", params::TEXT.get())?;
        all.int(c"words", params::WORDS.load(Ordering::Relaxed).into())?;
        all.int(c"total", params::TOTAL.load(Ordering::Relaxed).into())
    })
}

pub(crate) fn settings(_: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let missing = || Fault::new(500, "no such setting");
    reply.structure(|all| {
        all.int(c"level", SETTINGS.int(0).ok_or_else(missing)?.into())?;
        all.text(c"greeting", &SETTINGS.text(1).ok_or_else(missing)?)?;
        all.int(c"depth", SETTINGS.int(2).ok_or_else(missing)?.into())
    })
}

/// `probe.echo text number [text] [number]`
pub(crate) fn echo(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let (text, number) = (args.text()?, args.int()?);
    let (more, again) = (args.optional_text()?, args.optional_int()?);
    reply.structure(|all| {
        all.text(c"text", &text)?;
        all.int(c"number", number.into())?;
        all.text(c"more", &more.unwrap_or_else(|| BString::from("-")))?;
        all.int(c"again", again.map_or(i64::MIN, i64::from))
    })
}

pub(crate) fn nested(_: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    reply.structure(|top| {
        top.text(c"name", b"top")?;
        top.structure(c"inner", |inner| {
            inner.int(c"big", 1 << 40)?;
            inner.text(c"empty", b"")
        })?;
        top.array(c"lines", |lines| {
            for number in 1..=2 {
                lines.structure(|line| line.int(c"number", number))?;
            }
            lines.int(3)?;
            lines.text(b"four %s")
        })
    })
}

/// `probe.list count`: that many structures.
pub(crate) fn list(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    for number in 0..args.int()? {
        reply.structure(|item| {
            item.int(c"number", number.into())?;
            item.text(c"text", b"an item")
        })?;
    }
    Ok(())
}

/// `probe.long lines bytes`: `lines` lines of `bytes` bytes.
pub(crate) fn long(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let (lines, bytes) = (args.int()?, args.int()?);
    let line = "x".repeat(usize::try_from(bytes).unwrap_or(0));
    for _ in 0..lines {
        reply.line(format_args!("{line}"))?;
    }
    Ok(())
}

pub(crate) fn fault(_: &mut Args<'_>, _: &mut Reply<'_>) -> Result<(), Fault> {
    Err(Fault::new(404, "no such %s%s%n"))
}

#[expect(clippy::panic, reason = "what this module is for")]
pub(crate) fn panic(_: &mut Args<'_>, _: &mut Reply<'_>) -> Result<(), Fault> {
    panic!("on purpose in a command")
}

pub(crate) fn ticks(_: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    reply.int(i64::from(state::ticks()))
}

pub(crate) fn lock(_: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let count = state::count(|| {});
    reply.int(i64::try_from(count).unwrap_or(i64::MAX))
}
