//! What is to be sent: SUBSCRIBE and PUBLISH wait in a queue for the process that sends them, since
//! whoever finds out that they are due may hold a lock or serve a phone.

use crate::{
    refused::shown,
    settings::{self, Settings},
};
use bstr::{BStr, ByteSlice};
use kamailio::{
    Error,
    log::Level,
    pua::{HEADERS_MAX, Pua, Publication, Subscription},
    queue::{Bell, PushError, Queue},
    shared::Shared,
};
use pcscf_core::{decide::subscribe, identity};

/// A request that is due.
#[derive(Debug)]
pub(crate) enum Event<'t> {
    /// Ask for the state of a registration; ask no more for 0 seconds.
    Subscribe {
        /// Whose.
        presentity: &'t [u8],
        /// The Service-Routes of the registration.
        routes: &'t [&'t [u8]],
        /// For so many seconds.
        expires: u32,
    },
    /// Tell that a contact has gone.
    Publish {
        /// The public identity.
        presentity: &'t [u8],
        /// The contact URI.
        contact: &'t [u8],
    },
}

static QUEUE: Shared<Queue> = Shared::empty();
static BELL: Bell = Bell::new();

/// Seconds of a publication, before `pua` adds one.
const PUBLISH_EXPIRES: u32 = 3600;

/// Why an event is lost.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    #[error("reginfo request dropped: {0}")]
    Queue(#[from] PushError),
    #[error("reginfo request dropped: there is no queue")]
    NoQueue,
}

/// Makes the queue. For `mod_init`.
pub(crate) fn set_up(settings: &Settings) -> Result<(), Error> {
    QUEUE.set(Queue::new(settings.queue_limit))?;
    BELL.set_up()
        .map_err(|error| Error::Core { call: "pipe", code: error.raw_os_error().unwrap_or(-1) })
}

/// Frees the queue and what waits in it. For `mod_destroy`.
pub(crate) fn tear_down() {
    drop(QUEUE.take());
}

/// Leaves `event` for the process that sends.
pub(crate) fn push(event: &Event<'_>) -> Result<(), Lost> {
    let queue = QUEUE.get().ok_or(Lost::NoQueue)?;
    let waiting = queue.push(&encode(event), &BELL)?;
    let threshold = settings::get().map_or(0, |settings| settings.queue_threshold);
    if threshold > 0 && waiting > threshold {
        kamailio::warn!(
            "{waiting} reginfo requests wait to be sent, reginfo_queue_size_threshold is {threshold}"
        );
    }
    Ok(())
}

/// How many requests wait.
pub(crate) fn waiting() -> u32 {
    QUEUE.get().map_or(0, |queue| queue.len())
}

/// One round of the process that sends: waits until something is due, and sends it.
pub(crate) fn work() {
    if !BELL.wait() {
        // Without a bell the queue is looked at now and then.
        std::thread::sleep(core::time::Duration::from_secs(1));
    }
    let (Some(queue), Some(settings)) = (QUEUE.get(), settings::get()) else { return };
    queue.drain(|note| {
        if let (Some(event), Some(pua)) = (decode(note), &settings.pua) {
            send(settings, pua, &event);
        }
    });
}

fn send(settings: &Settings, pua: &Pua, event: &Decoded<'_>) {
    match event {
        Decoded::Subscribe { presentity, routes, expires } => {
            subscribe(settings, pua, presentity, routes, *expires);
        }
        Decoded::Publish { presentity, contact } => publish(settings, pua, presentity, contact),
    }
}

fn subscribe(settings: &Settings, pua: &Pua, presentity: &[u8], routes: &[&[u8]], expires: u32) {
    // Up to 5.8 SUBSCRIBE goes where the domain of the identity leads, if nothing else is set.
    let routes = if kamailio::HOST_VERSION < 6_000_000 { &[] } else { routes };
    let Ok(mut headers) = subscribe::headers(settings.pcscf_uri, routes) else {
        return failed(Level::Error, presentity, &Error::OutOfPkg);
    };
    let room = HEADERS_MAX.saturating_sub(settings.pcscf_uri.len());
    if headers.len() > room {
        let bytes = headers.len();
        kamailio::warn!(
            "SUBSCRIBE for {} goes without Route: its header fields take {bytes} bytes, at most {room} are possible",
            BStr::new(shown(presentity))
        );
        let none: [&[u8]; 0] = [];
        let Ok(short) = subscribe::headers(settings.pcscf_uri, &none) else {
            return failed(Level::Error, presentity, &Error::OutOfPkg);
        };
        headers = short;
    }
    let outbound_proxy = settings.icscf.or_else(|| routes.first().copied());
    let wanted = Subscription {
        presentity,
        watcher: settings.pcscf_uri,
        outbound_proxy,
        headers: &headers,
        expires,
    };
    if let Err(why) = pua.subscribe(&wanted) {
        failed(kamailio::error::Report::level(&why), presentity, &why);
    }
}

fn publish(settings: &Settings, pua: &Pua, presentity: &[u8], contact: &[u8]) {
    let built = reginfo::publish(presentity, contact).ok();
    let headers = identity::asserted_header(settings.pcscf_uri).ok();
    let (Some(body), Some(headers)) = (built, headers) else {
        return failed(Level::Error, presentity, &Error::OutOfPkg);
    };
    let id = [b"IMSPCSCF_PUBLISH.", contact].concat();
    let wanted = Publication {
        presentity,
        id: &id,
        body: &body,
        content_type: b"application/reginfo+xml",
        headers: &headers,
        expires: PUBLISH_EXPIRES,
    };
    if let Err(why) = pua.publish(&wanted) {
        failed(kamailio::error::Report::level(&why), presentity, &why);
    }
}

fn failed(level: Level, presentity: &[u8], why: &dyn core::fmt::Display) {
    kamailio::log_at!(level, "nothing sent for {}: {why}", shown(presentity).as_bstr());
}

/// An event as it comes out of the queue.
enum Decoded<'n> {
    Subscribe { presentity: &'n [u8], routes: Vec<&'n [u8]>, expires: u32 },
    Publish { presentity: &'n [u8], contact: &'n [u8] },
}

const SUBSCRIBE: u8 = 1;
const PUBLISH: u8 = 2;

/// The kind, the seconds, and the texts, each with its length before it.
fn encode(event: &Event<'_>) -> Vec<u8> {
    let (kind, expires, first, rest) = match event {
        Event::Subscribe { presentity, routes, expires } => {
            (SUBSCRIBE, *expires, *presentity, *routes)
        }
        Event::Publish { presentity, contact } => (PUBLISH, 0, *presentity, &[*contact][..]),
    };
    let mut note = vec![kind];
    note.extend_from_slice(&expires.to_ne_bytes());
    for text in core::iter::once(&first).chain(rest) {
        let len = u32::try_from(text.len()).unwrap_or(0);
        note.extend_from_slice(&len.to_ne_bytes());
        note.extend_from_slice(text);
    }
    note
}

fn decode(note: &[u8]) -> Option<Decoded<'_>> {
    let (kind, note) = note.split_first()?;
    let (expires, mut note) = number(note)?;
    let mut texts = Vec::new();
    while !note.is_empty() {
        let (len, rest) = number(note)?;
        let (text, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
        texts.push(text);
        note = rest;
    }
    let presentity = *texts.first()?;
    match *kind {
        SUBSCRIBE => {
            let routes = texts.split_off(1);
            Some(Decoded::Subscribe { presentity, routes, expires })
        }
        PUBLISH => Some(Decoded::Publish { presentity, contact: texts.get(1)? }),
        _ => None,
    }
}

fn number(note: &[u8]) -> Option<(u32, &[u8])> {
    let (bytes, rest) = note.split_first_chunk()?;
    Some((u32::from_ne_bytes(*bytes), rest))
}
