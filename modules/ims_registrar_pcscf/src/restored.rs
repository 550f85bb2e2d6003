//! Contacts that a restart has brought back: their registrations are subscribed to anew, since `pua`
//! has lost the subscriptions of before, or some of them, and whatever the registrar told meanwhile
//! was told to nobody. Some of them every second, so that no registrar is flooded.

use crate::{
    events::{self, Event},
    refused::shown,
    settings,
};
use bstr::ByteSlice;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use kamailio::{pcscf::client::Contact, timer};
use pcscf_core::decide::subscribe;

/// Where to go on. The process of the timer alone looks at it.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Nothing is left to be done.
const END: u64 = u64::MAX;

/// How many were asked for so far.
static ASKED: AtomicU32 = AtomicU32::new(0);

/// How often the store is asked in a second, at the most: many contacts need no subscription.
const STEPS: u32 = 64;

/// A registration to be subscribed to.
struct Due {
    presentity: Vec<u8>,
    routes: Vec<Vec<u8>>,
}

impl Due {
    fn of(contact: &Contact<'_>, now: i64) -> Option<Self> {
        let registered = subscribe::Registered {
            state: pcscf_core::State(contact.state()),
            expires: contact.expires(),
            aor: contact.aor(),
        };
        let presentity = subscribe::again(&registered, contact.public_ids(), now)?.to_vec();
        let routes = contact.service_routes().map(<[u8]>::to_vec).collect();
        Some(Self { presentity, routes })
    }
}

/// To be called every second.
pub(crate) fn second() {
    let mut next = NEXT.load(Ordering::Relaxed);
    let Some(settings) = settings::get().filter(|_| next != END) else { return };
    // Who registers now goes first.
    let mut left = settings.resubscribe_rate.saturating_sub(events::waiting());
    let now = timer::now();
    for _ in 0..STEPS {
        let Some(most) = usize::try_from(left).ok().filter(|most| *most > 0) else { break };
        let mut due: Vec<Due> = Vec::new();
        let more =
            settings.usrloc.restored(next, most, |contact| due.extend(Due::of(contact, now)));
        for due in &due {
            ask(due, settings.subscription_expires);
            left = left.saturating_sub(1);
        }
        next = more.unwrap_or(END);
        if next == END {
            let asked = ASKED.load(Ordering::Relaxed);
            if asked > 0 {
                kamailio::info!("{asked} registrations of before the start are subscribed to anew");
            }
            break;
        }
    }
    NEXT.store(next, Ordering::Relaxed);
}

fn ask(due: &Due, expires: u32) {
    let routes: Vec<&[u8]> = due.routes.iter().map(Vec::as_slice).collect();
    let event = Event::Subscribe { presentity: &due.presentity, routes: &routes, expires };
    match events::push(&event) {
        Ok(()) => {
            ASKED.fetch_add(1, Ordering::Relaxed);
        }
        Err(why) => {
            let id = shown(&due.presentity).as_bstr();
            kamailio::error!("{id} is not subscribed to anew: {why}");
        }
    }
}
