//! The RPC commands.

use crate::{
    event::Kind,
    settings::{self, Settings},
    shorten, unregister,
};
use bstr::BString;
use kamailio::rpc::{Args, Fault, Reply};
use scscf_core::register::set;

/// The first argument of all commands, and the settings.
fn begin(args: &mut Args<'_>) -> Result<(BString, &'static Settings), Fault> {
    let missing = || Fault::new(400, "required IMPU argument");
    let identity = args.plain_text().filter(|text| !text.is_empty()).ok_or_else(missing)?;
    let settings = settings::get();
    let settings = settings.ok_or_else(|| Fault::new(500, "the module is not initialised"))?;
    Ok((identity, settings))
}

/// A number of seconds, 1 or more.
fn seconds(name: &str, value: i32) -> Result<u32, Fault> {
    let seconds = u32::try_from(value).ok().filter(|seconds| *seconds > 0);
    seconds.ok_or_else(|| Fault::new(400, format!("{name} is {value}, must be 1 or more seconds")))
}

/// `regscscf.dereg_impu IMPU [RETRY_AFTER]`
pub(crate) fn dereg_impu(args: &mut Args<'_>, _: &mut Reply<'_>) -> Result<(), Fault> {
    let (identity, settings) = begin(args)?;
    let kind = match args.optional_int()? {
        Some(value) => Kind::Probation(seconds("retry-after", value)?),
        None => Kind::Unregistered,
    };
    let key = set::key(&identity);
    let domains = settings.usrloc.domains();
    let mut known = false;
    for domain in domains {
        known |= unregister::end(settings, domain, &key, kind, false);
    }
    if !known {
        kamailio::notice!("regscscf.dereg_impu: {identity} is not known");
    }
    Ok(())
}

/// `regscscf.shorten_impu IMPU SECONDS`
pub(crate) fn shorten_impu(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let (identity, settings) = begin(args)?;
    let seconds = seconds("the time that is left", args.int()?)?;
    let key = set::key(&identity);
    let mut shortened = None;
    for domain in settings.usrloc.domains() {
        let cut = shorten::identity(settings, domain, &key, seconds)
            .map_err(|error| Fault::new(500, format!("{identity}: {error}")))?;
        if let Some(cut) = cut {
            shortened = Some(shortened.unwrap_or(0_usize).saturating_add(cut));
        }
    }
    let unknown = || Fault::new(404, format!("there is no identity {identity}"));
    let shortened = i64::try_from(shortened.ok_or_else(unknown)?).unwrap_or(i64::MAX);
    reply.structure(|out| out.int(c"Shortened", shortened))
}
