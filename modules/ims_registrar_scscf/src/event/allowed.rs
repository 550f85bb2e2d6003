//! `can_subscribe_to_reg`, `can_publish_reg`: who may ask.

use super::facts;
use crate::own::Own as _;
use bstr::BStr;
use kamailio::{
    msg::{Method, Msg},
    refused::Refused,
    script::Verdict,
    scscf::client::{Domain, Usrloc},
};
use scscf_core::{
    aor::Aor,
    event::{
        self,
        allowed::{Facts, asserted, shares, standing},
    },
};

/// The code for a message that cannot be asked about at all.
const UNFIT: i32 = -2;

/// `can_subscribe_to_reg(domain)`
pub(crate) fn can_subscribe_to_reg(msg: &Msg<'_>, domain: Domain) -> Result<Verdict, Refused> {
    can(msg, domain, Method::Subscribe)
}

/// `can_publish_reg(domain)`
pub(crate) fn can_publish_reg(msg: &Msg<'_>, domain: Domain) -> Result<Verdict, Refused> {
    can(msg, domain, Method::Publish)
}

fn can(msg: &Msg<'_>, domain: Domain, method: Method) -> Result<Verdict, Refused> {
    check(msg, method)?;
    let presentity = presentity(msg, method)?;
    let bodies = msg.headers(b"P-Asserted-Identity").map(|header| header.body());
    let asserted = asserted(bodies);
    if asserted.is_empty() {
        return Err(Refused::new(msg, "no p-asserted-identity").with_code(UNFIT));
    }
    let trusted = super::rules::get().map(|rules| &rules.trusted);
    let (Some(usrloc), Some(trusted)) = (Usrloc::get(), trusted) else {
        return Ok(Verdict::FALSE);
    };
    let found = {
        let look = usrloc.look(domain, &presentity);
        look.identity().map(|record| {
            let identities: Vec<_> = record.identities().collect();
            let contacts: Vec<_> = record.contacts().collect();
            let paths: Vec<_> = contacts.iter().map(|contact| contact.path()).collect();
            let servers: Vec<_> = record.servers().collect();
            let facts = Facts {
                presentity: &presentity,
                identities: &identities,
                paths: &paths,
                servers: &servers,
            };
            asserted.iter().any(|asserted| standing(asserted, &facts, trusted).is_some())
        })
    };
    let shown: Vec<_> = asserted.iter().map(BStr::new).collect();
    match found {
        Some(true) => Ok(Verdict::TRUE),
        Some(false) if asserted.iter().any(|own| has(usrloc, domain, own, &presentity)) => {
            Ok(Verdict::TRUE)
        }
        Some(false) => {
            let why = format!(
                "asserted identity {shown:?} is neither {:?}, nor registered with it, nor on its path, nor a server of its profile or of trusted_as",
                BStr::new(&presentity)
            );
            Err(Refused::new(msg, why))
        }
        None => Err(Refused::new(msg, format!("{:?} is not stored", BStr::new(&presentity)))),
    }
}

/// Whether the user whose identity is `asserted` has the `presentity`, too: the record of that one shows
/// another user if they share it and he registered it last.
fn has(usrloc: &Usrloc, domain: Domain, asserted: &[u8], presentity: &[u8]) -> bool {
    let asserted = facts::key(asserted);
    let look = usrloc.look(domain, &asserted);
    look.own(&asserted).is_some_and(|record| {
        let identities: Vec<_> = record.identities().collect();
        shares(&identities, &asserted, presentity)
    })
}

/// Checks that it is a request of this method about registrations.
pub(super) fn check(msg: &Msg<'_>, method: Method) -> Result<(), Refused> {
    if !msg.is_request() || msg.method() != method {
        return Err(Refused::new(msg, format!("must be {method:?}")).with_code(UNFIT));
    }
    msg.parse().map_err(|bad| Refused::new(msg, bad).with_code(UNFIT))?;
    event::check(msg.event()).map_err(|bad| Refused::new(msg, bad))
}

/// The key of the identity that a request is about: that of its dialog, or its Request-URI.
pub(super) fn presentity(msg: &Msg<'_>, method: Method) -> Result<Vec<u8>, Refused> {
    let unfit = |bad| Refused::new(msg, bad).with_code(UNFIT);
    let to = msg.to().map_err(unfit)?;
    if method == Method::Subscribe
        && let Some(to_tag) = to.tag
    {
        let call_id = msg.call_id().map_err(unfit)?;
        let from = msg.from().map_err(unfit)?;
        let from_tag =
            from.tag.ok_or_else(|| Refused::new(msg, "no tag in from").with_code(UNFIT))?;
        let found =
            Usrloc::get().and_then(|usrloc| usrloc.presentity_of_dialog(call_id, to_tag, from_tag));
        return found.ok_or_else(|| {
            let why = format!("no subscription has the dialog with to-tag {:?}", BStr::new(to_tag));
            Refused::new(msg, why)
        });
    }
    let uri = msg.current_uri().unwrap_or_default();
    let aor = Aor::exact(&uri).map_err(|bad| Refused::new(msg, bad))?;
    Ok(facts::key(aor.text()))
}
