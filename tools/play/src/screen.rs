//! What a person sees.

use crate::{
    cast::{Cast, Player},
    line::Appearance,
    notify::Notify,
    sipp,
};
use std::{
    io::{self, Write},
    net::SocketAddr,
    time::Duration,
};

/// Heads a step.
pub(crate) fn title(step: usize, title: &str) -> io::Result<()> {
    writeln!(io::stdout(), "\n{step}. {title}")
}

/// The appearances of the line as a table.
pub(crate) fn line(appearances: &[Appearance], cast: &Cast) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let aor = sipp::aor();
    if appearances.is_empty() {
        return writeln!(out, "   {aor} is idle");
    }
    writeln!(out, "   {aor}")?;
    writeln!(out, "   index  state         owner  other party  call")?;
    for appearance in appearances {
        writeln!(
            out,
            "   {:<5}  {:<12}  {:<5}  {:<11}  {}",
            appearance.index,
            appearance.state,
            name(&appearance.owner, cast),
            name(&appearance.callee, cast),
            if appearance.call_id.is_empty() { "-" } else { &appearance.call_id }
        )?;
    }
    Ok(())
}

/// Who is reached at `contact`.
fn name<'a>(contact: &'a str, cast: &'a Cast) -> &'a str {
    let known = |player: &&Player| player.contact == contact;
    match cast.phones.iter().chain([&cast.far_end]).find(known) {
        Some(player) => player.name,
        None if contact.is_empty() => "-",
        None => contact,
    }
}

/// The NOTIFYs that a phone got.
pub(crate) fn heard(name: &str, heard: &[Notify]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for notify in heard {
        writeln!(out, "   NOTIFY to {name}: {notify}")?;
    }
    Ok(())
}

/// Something else that was seen.
pub(crate) fn fact(what: &str, seen: &str) -> io::Result<()> {
    writeln!(io::stdout(), "   {what}: {seen}")
}

/// Whether the step did what it must.
pub(crate) fn verdict(faults: &[String]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if faults.is_empty() {
        return writeln!(out, "   as expected");
    }
    for fault in faults {
        writeln!(out, "   NOT AS EXPECTED: {fault}")?;
    }
    Ok(())
}

/// Ends the play.
pub(crate) fn closing(steps: usize, failed: usize, took: Duration) -> io::Result<()> {
    let good = steps.saturating_sub(failed);
    writeln!(io::stdout(), "\n{good} of {steps} steps as expected, {} s", took.as_secs())
}

/// Says why the play cannot go on.
pub(crate) fn trouble(error: &crate::Error) -> io::Result<()> {
    writeln!(io::stderr(), "error: {error}")
}

/// Says what to try while the server goes on serving.
pub(crate) fn invite(proxy: &str, ctl: &str, contact: &str) -> io::Result<()> {
    let aor = sipp::aor();
    let port = proxy.rsplit(':').next().unwrap_or_default();
    let line = sipp::LINE;
    writeln!(
        io::stdout(),
        "\nKamailio goes on serving on {proxy}; Ctrl-C ends it. From another terminal:\n\
         \n  kamcmd -s {ctl} sca.all_subscriptions\
         \n  kamcmd -s {ctl} sca.seize_appearance {aor} {contact}\
         \n  kamcmd -s {ctl} sca.update_appearance {aor} 1 held\
         \n  kamcmd -s {ctl} sca.all_appearances\
         \n  kamcmd -s {ctl} sca.release_appearance {aor} 1\
         \n  kamcmd -s {ctl} stats.fetch sca:\
         \n  sipsak -v -s sip:127.0.0.1:{port}\
         \n  sipsak -v -s sip:{line}@127.0.0.1:{port}\n\
         \nWhat the phones hear meanwhile:"
    )
}

/// Says what to try while the P-CSCF goes on serving: `file` and `table` hold the records,
/// `contact` is one of them.
pub(crate) fn invite_to_look(
    proxy: SocketAddr,
    ctl: &str,
    [file, table]: [&str; 2],
    contact: &str,
) -> io::Result<()> {
    let address = contact.rsplit('@').next().unwrap_or_default().replace(':', " ");
    writeln!(
        io::stdout(),
        "\nKamailio goes on serving on {proxy}, alice and bob stay registered; Ctrl-C ends it. From \
         another terminal:\n\
         \n  kamcmd -s {ctl} ulpcscf.status\
         \n  kamcmd -s {ctl} ulpcscf.list\
         \n  kamcmd -s {ctl} ulpcscf.show {contact}\
         \n  kamcmd -s {ctl} ulpcscf.explain {address}\
         \n  kamcmd -s {ctl} ulpcscf.delete {contact}\
         \n  kamcmd -s {ctl} stats.fetch ims_usrloc_pcscf:\
         \n  sqlite3 -readonly {file} 'SELECT aor, reg_state, expires FROM {table}'\
         \n  sipsak -v -s sip:bob@{proxy}"
    )
}

/// Says what to try while the IMS goes on serving.
pub(crate) fn invite_to_the_ims(
    [proxy, home]: [SocketAddr; 2],
    [pcscf, scscf]: [&str; 2],
    identity: &str,
) -> io::Result<()> {
    writeln!(
        io::stdout(),
        "\nThe P-CSCF goes on serving on {proxy}, the S-CSCF on {home}, alice and bob stay registered; \
         Ctrl-C ends it. From another terminal:\n\
         \n  kamcmd -s {pcscf} ulpcscf.list\
         \n  kamcmd -s {scscf} ulscscf.status\
         \n  kamcmd -s {scscf} ulscscf.showimpu {identity}\
         \n  kamcmd -s {scscf} ulscscf.explain {identity}\
         \n  kamcmd -s {scscf} regscscf.dereg_impu {identity}\
         \n  kamcmd -s {scscf} stats.fetch ims_usrloc_scscf: ims_registrar_scscf:\
         \n  kamcmd -s {scscf} cdp.list_peers"
    )
}
