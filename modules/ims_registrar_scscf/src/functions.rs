//! The functions for the script.

use crate::{
    lookup, profiles, save,
    settings::{self, Settings},
    unproven, unregister, unregistered,
};
use bstr::BString;
use kamailio::{
    msg::Msg,
    refused::{Refused, request_only},
    script::{self, AnyText, Block, Flags, Format, Verdict},
    scscf::client::Domain,
};
use scscf_core::{lookup::Ue, methods::is_token};

/// The settings, which `mod_init` has set before any route runs.
fn settings(msg: &Msg<'_>) -> Result<&'static Settings, Refused> {
    settings::get().ok_or_else(|| Refused::new(msg, "the module is not initialised").failure())
}

/// Where the script goes on when the HSS has answered.
#[derive(Debug)]
pub(crate) enum Target {
    /// A block of the native script.
    Block(Block),
    /// A function of a script in another language.
    Function(BString),
}

impl Target {
    fn named(msg: &Msg<'_>, name: BString) -> Result<Self, Refused> {
        match Block::find(&name) {
            Some(block) => Ok(Self::Block(block)),
            None if script::is_foreign() && !name.is_empty() => Ok(Self::Function(name)),
            None => Err(save::no_block(msg, &name)),
        }
    }

    pub(crate) fn block(&self) -> Option<Block> {
        match self {
            Self::Block(block) => Some(*block),
            Self::Function(_) => None,
        }
    }

    pub(crate) fn function(&self) -> &[u8] {
        match self {
            Self::Block(_) => &[],
            Self::Function(name) => name,
        }
    }
}

/// `save(route, domain)`
pub(crate) fn save(
    msg: &Msg<'_>,
    Format(route): Format,
    domain: Domain,
) -> Result<Verdict, Refused> {
    let target = Target::named(msg, route)?;
    Ok(save::save(settings(msg)?, msg, domain, &target, 0))
}

/// `save(route, domain, mode)`
pub(crate) fn save_mode(
    msg: &Msg<'_>,
    route: Format,
    domain: Domain,
    _: AnyText,
) -> Result<Verdict, Refused> {
    save(msg, route, domain)
}

/// `save(route, domain, mode, flags)`
pub(crate) fn save_flags(
    msg: &Msg<'_>,
    Format(route): Format,
    domain: Domain,
    _: AnyText,
    Flags(flags): Flags,
) -> Result<Verdict, Refused> {
    let target = Target::named(msg, route)?;
    Ok(save::save(settings(msg)?, msg, domain, &target, flags))
}

/// `lookup(domain)`
pub(crate) fn lookup(msg: &Msg<'_>, domain: Domain) -> Result<Verdict, Refused> {
    request_only(msg)?;
    lookup::contacts(settings(msg)?, msg, domain, Ue::Any)
}

/// `lookup(domain, type)`
pub(crate) fn lookup_ue_type(
    msg: &Msg<'_>,
    domain: Domain,
    AnyText(kind): AnyText,
) -> Result<Verdict, Refused> {
    request_only(msg)?;
    lookup::contacts(settings(msg)?, msg, domain, Ue::of(&kind))
}

/// `lookup_path_to_contact(uri)`
pub(crate) fn lookup_path_to_contact(
    msg: &Msg<'_>,
    AnyText(uri): AnyText,
) -> Result<Verdict, Refused> {
    request_only(msg)?;
    lookup::path_to(settings(msg)?, msg, &uri)
}

/// `impu_registered(domain)`
pub(crate) fn impu_registered(msg: &Msg<'_>, domain: Domain) -> Result<Verdict, Refused> {
    lookup::is_registered(settings(msg)?, msg, domain)
}

/// `term_impu_registered(domain)`
pub(crate) fn term_impu_registered(msg: &Msg<'_>, domain: Domain) -> Result<Verdict, Refused> {
    request_only(msg)?;
    lookup::is_known(settings(msg)?, msg, domain)
}

/// `term_impu_has_contact(domain)`
pub(crate) fn term_impu_has_contact(msg: &Msg<'_>, domain: Domain) -> Result<Verdict, Refused> {
    request_only(msg)?;
    lookup::has_contact(settings(msg)?, msg, domain)
}

/// `assign_server_unreg(route, domain, direction)`
pub(crate) fn assign_server_unreg(
    msg: &Msg<'_>,
    Format(route): Format,
    domain: Domain,
    AnyText(direction): AnyText,
) -> Result<Verdict, Refused> {
    request_only(msg)?;
    let target = Target::named(msg, route)?;
    Ok(unregistered::ask(settings(msg)?, msg, domain, &target, &direction))
}

/// `assign_server_auth_failed(uri, reason)`
pub(crate) fn assign_server_auth_failed(
    msg: &Msg<'_>,
    Format(uri): Format,
    Format(reason): Format,
) -> Result<Verdict, Refused> {
    request_only(msg)?;
    unproven::tell(settings(msg)?, msg, &uri, &reason)
}

/// `unregister(domain)`
pub(crate) fn unregister_to(msg: &Msg<'_>, domain: Domain) -> Result<Verdict, Refused> {
    request_only(msg)?;
    let to = msg.to().map_err(|bad| Refused::new(msg, bad))?;
    unregister::identity(settings(msg)?, msg, domain, to.uri)
}

/// `unregister(domain, uri)`
pub(crate) fn unregister(
    msg: &Msg<'_>,
    domain: Domain,
    AnyText(uri): AnyText,
) -> Result<Verdict, Refused> {
    unregister::identity(settings(msg)?, msg, domain, &uri)
}

/// `reg_fetch_contacts(domain, uri, profile)`
pub(crate) fn reg_fetch_contacts(
    msg: &Msg<'_>,
    domain: Domain,
    AnyText(uri): AnyText,
    AnyText(profile): AnyText,
) -> Result<Verdict, Refused> {
    profiles::fetch(settings(msg)?, msg, domain, &uri, profile)
}

/// `reg_free_contacts(profile)`
pub(crate) fn reg_free_contacts(
    _: &Msg<'_>,
    AnyText(profile): AnyText,
) -> Result<Verdict, Refused> {
    Ok(profiles::free(profile.as_ref()))
}

/// `add_sock_hdr(name)`
pub(crate) fn add_sock_hdr(msg: &Msg<'_>, AnyText(name): AnyText) -> Result<Verdict, Refused> {
    if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
        return Err(Refused::new(msg, format_args!("{name:?} is no name of a header")).failure());
    }
    let none = || Refused::new(msg, "it is not known by which socket it came in");
    let socket = msg.receiving_socket().ok_or_else(none)?;
    let header = [name.as_slice(), b": ", socket.text(), b"\r\n"].concat();
    msg.append_header(&header).map_err(|why| Refused::new(msg, why).failure())?;
    Ok(Verdict::TRUE)
}
