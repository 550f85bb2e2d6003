//! One identity as the C module shows it.

use super::{DOMAIN, busy, engine, key};
use crate::{engine::Engine, state::State};
use bstr::BString;
use kamailio::{
    rpc::{Args, Fault, Reply},
    timer,
};
use scscf_core::{Subscription, life::Registration};

/// An identity, copied for a reply.
struct Shown {
    public: BString,
    state: &'static str,
    barring: i32,
    charging: [BString; 4],
    subscription: Option<Subscription>,
    contacts: Vec<(BString, i64, BString)>,
}

/// `ulscscf.showimpu`
pub(crate) fn showimpu(args: &mut Args<'_>, reply: &mut Reply<'_>) -> Result<(), Fault> {
    let impu = args.plain_text().ok_or_else(|| Fault::new(400, "required IMPU argument"))?;
    let engine = engine()?;
    let shown = engine.with(|_, state| copy(state, &engine, &impu)).ok_or_else(busy)?;
    // As in C, where an unknown identity is an empty reply.
    let Some(shown) = shown else { return Ok(()) };
    reply.structure(|out| {
        out.text(c"impu", &shown.public)?;
        out.text(c"state", shown.state.as_bytes())?;
        out.int(c"barring", shown.barring.into())?;
        for (name, address) in [c"ccf1", c"ccf2", c"ecf1", c"ecf2"].into_iter().zip(&shown.charging)
        {
            // As in C, where one that is not known is no text.
            match &address[..] {
                b"" => out.null(name)?,
                address => out.text(name, address)?,
            }
        }
        out.structure(c"subscription", |out| {
            let Some(subscription) = &shown.subscription else { return Ok(()) };
            out.text(c"impi", &subscription.private_identity)?;
            out.structure(c"service profiles", |out| {
                for (number, profile) in (1..).zip(&subscription.profiles) {
                    let number: i32 = number;
                    out.structure(&key(number.to_string().as_bytes()), |out| {
                        out.structure(c"impus", |out| {
                            for (number, identity) in (1..).zip(&profile.identities) {
                                let number: i32 = number;
                                out.text(&key(number.to_string().as_bytes()), &identity.uri)?;
                            }
                            Ok(())
                        })
                    })?;
                }
                Ok(())
            })
        })?;
        out.structure(c"contacts", |out| {
            for (uri, left, client) in &shown.contacts {
                out.structure(&key(uri), |out| {
                    out.int(c"expires", *left)?;
                    out.text(c"client", client)
                })?;
            }
            Ok(())
        })
    })
}

fn copy(state: &State, engine: &Engine, impu: &[u8]) -> Option<Shown> {
    let domain = engine.find(DOMAIN)?;
    let id = state.look_up_identity(domain, impu)?;
    let identity = state.identity(id)?;
    let subscriber = identity.subscriber().and_then(|handle| state.subscriber_of(handle));
    let now = timer::now();
    let contacts = state.contacts_of(id).into_iter().filter_map(|id| state.contact(id));
    let contacts = contacts.map(|contact| {
        let left = contact.expires().saturating_sub(now);
        (contact.uri().into(), left, contact.user_agent().into())
    });
    Some(Shown {
        public: identity.public().into(),
        state: Registration::of(identity.state()).map_or("unknown", Registration::words),
        barring: identity.barring(),
        charging: identity.charging().map(BString::from),
        subscription: subscriber.and_then(|id| state.subscriber(id)).map(|it| it.to_value()),
        contacts: contacts.collect(),
    })
}
