//! Domains that no function of the native script names.

use kamailio::{Result, named, pcscf::client::Usrloc};

pub(crate) use kamailio::named::add;

/// Makes them. For `mod_init`.
pub(crate) fn register(usrloc: &Usrloc) -> Result<()> {
    for name in named::take() {
        usrloc.register_domain(&name)?;
    }
    Ok(())
}
