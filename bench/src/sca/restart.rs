//! How long a stop and a start take with many stored subscriptions.

use super::{
    measure::Lines,
    rows::{SERVER_TAG, fill},
    server::{self, Setup, free_address, subscriptions},
};
use crate::{
    figures::Scene as _,
    phones::{CallId, Fleet, Kind, Message, Party, Purpose, Request, script},
    storage::Storage,
};
use anyhow::{Result, ensure};
use std::{
    iter::repeat_n,
    net::UdpSocket,
    time::{Duration, Instant},
};

/// A stop or a start that takes longer is not waited for.
pub(crate) const LIMIT: Duration = Duration::from_secs(180);
/// How many SUBSCRIBEs are under way at a time.
const WINDOW: usize = 16;
/// The pause between two questions to a server that starts.
const PAUSE: Duration = Duration::from_millis(20);

/// What a stop came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop {
    /// The time until the last process was gone; `None` if the limit came first.
    pub(crate) time: Option<Duration>,
    /// How many subscriptions the database held then.
    pub(crate) stored: usize,
}

/// What a start came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// The time until a SUBSCRIBE of a stored subscription was answered; `None` if the server
    /// ended before, or the limit came first.
    pub(crate) time: Option<Duration>,
    /// How many subscriptions the server held then.
    pub(crate) restored: usize,
    /// How many the database held then.
    pub(crate) stored: usize,
}

/// Subscribes `count` phones to a server on an empty database and stops it: nothing of them is
/// stored before the stop.
///
/// # Errors
///
/// A server that does not start or does not take the subscriptions.
pub(crate) fn stop(setup: Setup<'_>, storage: &Storage, count: usize) -> Result<Stop> {
    let address = free_address()?;
    let mut fleet = Fleet::new(address, repeat_n(1, count))?;
    fill(storage, 0, fleet.local())?;
    let shared = Lines(count).megabytes();
    let server = server::start(setup, shared, address, fleet.local())?;
    fleet.play(script::SUBSCRIBE, fleet.parties(0..count), WINDOW)?.check()?;
    let held = subscriptions(&server)?;
    ensure!(held == count, "the server holds {held} of {count} subscriptions");
    let time = server.stop(LIMIT);
    Ok(Stop { time, stored: storage.count().unwrap_or_default() })
}

/// Starts a server on a database with `count` subscriptions and waits until it serves the last
/// of them.
///
/// # Errors
///
/// A database that cannot be filled, a server that cannot be run.
pub(crate) fn start(setup: Setup<'_>, storage: &Storage, count: usize) -> Result<Start> {
    let address = free_address()?;
    let socket = UdpSocket::bind((address.ip(), 0))?;
    socket.set_read_timeout(Some(PAUSE))?;
    let local = socket.local_addr()?;
    fill(storage, count, local)?;
    let began = Instant::now();
    let mut server = server::spawn(setup, Lines(count).megabytes(), address, local)?;
    let party = Party { line: count.saturating_sub(1), member: 0 };
    let id = CallId { purpose: Purpose::CallInfo, party, serial: 0 };
    let mut buffer = vec![0; 65_536];
    for sequence in 2.. {
        if !server.is_alive() || began.elapsed() > LIMIT {
            break;
        }
        let request = Request { id, sequence, to_tag: SERVER_TAG, local };
        socket.send_to(request.subscribe(true).as_bytes(), address)?;
        let Ok(length) = socket.recv(&mut buffer) else { continue };
        let datagram = buffer.get(..length).unwrap_or_default();
        // A NOTIFY may overtake the reply and says as much.
        if let Some(Kind::Reply(..) | Kind::Request("NOTIFY")) =
            Message::parse(datagram).map(|message| message.kind)
        {
            let time = Some(began.elapsed());
            let restored = subscriptions(&server)?;
            return Ok(Start { time, restored, stored: storage.count().unwrap_or_default() });
        }
    }
    Ok(Start { time: None, restored: 0, stored: storage.count().unwrap_or_default() })
}
