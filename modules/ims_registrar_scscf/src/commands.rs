//! The RPC commands.

use crate::{settings, unregister};
use kamailio::rpc::{Args, Fault, Reply};
use scscf_core::register::set;

/// `regscscf.dereg_impu IMPU`
pub(crate) fn dereg_impu(args: &mut Args<'_>, _: &mut Reply<'_>) -> Result<(), Fault> {
    let missing = || Fault::new(400, "required IMPU argument");
    let identity = args.optional_text()?.filter(|text| !text.is_empty()).ok_or_else(missing)?;
    let Some(settings) = settings::get() else {
        return Err(Fault::new(500, "the module is not initialised"));
    };
    let key = set::key(&identity);
    let domains = settings.usrloc.domains();
    let mut known = false;
    for domain in domains {
        known |= unregister::end(settings, domain, &key, false);
    }
    if !known {
        kamailio::notice!("regscscf.dereg_impu: {identity} is not known");
    }
    Ok(())
}
