//! One request of a telephone until its answer, and what a number of them came to.

use super::network::Network;
use crate::phones::{Kind, Message, Tally};
use anyhow::Result;
use std::{
    collections::HashMap,
    fmt::Debug,
    net::SocketAddrV4,
    time::{Duration, Instant},
};

/// How long a request waits for an answer before it is sent again.
const AGAIN: Duration = Duration::from_secs(1);
/// How often it is sent.
const TRIES: u32 = 8;
/// How many requests are lost one after the other until a server is given up.
const SILENT: u32 = 64;
/// How many failures are told in full.
const TOLD: usize = 3;
/// How often requests are looked at for repetitions.
const TICK: Duration = Duration::from_millis(100);

/// What a telephone is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// The telephone.
    pub(crate) user: usize,
    /// The method of its request.
    pub(crate) method: &'static str,
    /// The registration that it asks for, in seconds.
    pub(crate) expires: Option<u32>,
}

impl Job {
    /// A registration for that many seconds, or its end.
    pub(crate) fn register(user: usize, seconds: u32) -> Self {
        Self { user, method: "REGISTER", expires: Some(seconds) }
    }

    /// A request that is no registration.
    pub(crate) fn ask(user: usize, method: &'static str) -> Self {
        Self { user, method, expires: None }
    }
}

/// What is said in a measurement.
pub(crate) trait Talk: Debug {
    /// The request of a telephone at `address`; its Call-ID names telephone and `serial` as [`call_id`]
    /// writes it.
    fn request(&self, job: Job, address: SocketAddrV4, serial: u32) -> String;

    /// What is answered to a request that comes; `None`: nothing.
    fn answer(&self, network: &Network, request: Message<'_>) -> Option<Answer>;
}

/// A reply and who gives it.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The telephone; none: the home network.
    pub(crate) user: Option<usize>,
    /// The message.
    pub(crate) text: String,
}

/// The Call-ID of a request.
pub(crate) fn call_id(user: usize, serial: u32, address: SocketAddrV4) -> String {
    format!("{user}.{serial}@{}", address.ip())
}

/// Telephone and serial number of a message, by its Call-ID.
pub(crate) fn owner(message: Message<'_>) -> Option<(usize, u32)> {
    let (id, _) = message.header("Call-ID")?.split_once('@')?;
    let (user, serial) = id.split_once('.')?;
    Some((user.parse().ok()?, serial.parse().ok()?))
}

#[derive(Debug)]
struct Active {
    serial: u32,
    text: String,
    began: Instant,
    sent: Instant,
    tries: u32,
}

/// The requests that are under way.
#[derive(Debug)]
pub(crate) struct Operations<T> {
    talk: T,
    active: HashMap<usize, Active>,
    serial: u32,
    again: Duration,
    tries: u32,
    /// Requests that were lost since the last answer.
    silent: u32,
}

/// What a number of requests came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// How many were answered, failed, lost.
    pub(crate) tally: Tally,
    /// The longest wait for an answer.
    pub(crate) slowest: Duration,
}

impl<T: Talk> Operations<T> {
    /// Nothing is under way.
    pub(crate) fn new(talk: T) -> Self {
        let (again, tries) = (AGAIN, TRIES);
        Self { talk, active: HashMap::new(), serial: 0, again, tries, silent: 0 }
    }

    /// From now on repeats what is not answered in that time, that often.
    pub(crate) fn insist(&mut self, again: Duration, tries: u32) {
        (self.again, self.tries) = (again, tries);
    }

    /// Does `jobs` in order, `window` at a time, until all are done, `deadline` has come, or the server
    /// has fallen silent.
    pub(crate) fn play(
        &mut self,
        network: &Network,
        jobs: impl IntoIterator<Item = Job>,
        window: usize,
        deadline: Option<Instant>,
    ) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let mut jobs = jobs.into_iter().peekable();
        let mut ticked = Instant::now();
        self.silent = 0;
        loop {
            let late = deadline.is_some_and(|deadline| Instant::now() > deadline);
            let over = late || self.silent >= SILENT;
            while self.active.len() < window && !over {
                let Some(job) = jobs.next_if(|job| !self.active.contains_key(&job.user)) else {
                    break;
                };
                self.begin(network, job, &mut outcome)?;
            }
            if self.active.is_empty() && (over || jobs.peek().is_none()) {
                return Ok(outcome);
            }
            network.receive(|network, datagram| self.heard(network, datagram, &mut outcome))?;
            if ticked.elapsed() > TICK.min(self.again) {
                ticked = Instant::now();
                self.repeat(network, &mut outcome)?;
            }
        }
    }

    /// Only answers what comes, for that long.
    pub(crate) fn listen(&mut self, network: &Network, time: Duration) -> Result<()> {
        let (began, mut outcome) = (Instant::now(), Outcome::default());
        while began.elapsed() < time {
            network.receive(|network, datagram| self.heard(network, datagram, &mut outcome))?;
        }
        Ok(())
    }

    fn begin(&mut self, network: &Network, job: Job, outcome: &mut Outcome) -> Result<()> {
        self.serial = self.serial.wrapping_add(1);
        let user = job.user;
        let text = self.talk.request(job, network.address(user)?, self.serial);
        network.send(user, text.as_bytes())?;
        outcome.tally.sent = outcome.tally.sent.saturating_add(1);
        let began = Instant::now();
        let active = Active { serial: self.serial, text, began, sent: began, tries: 1 };
        self.active.insert(user, active);
        Ok(())
    }

    fn heard(&mut self, network: &Network, datagram: &[u8], outcome: &mut Outcome) -> Result<()> {
        let Some(message) = Message::parse(datagram) else { return Ok(()) };
        let status = match message.kind {
            Kind::Request(_) => {
                let Some(Answer { user, text }) = self.talk.answer(network, message) else {
                    return Ok(());
                };
                return match user {
                    Some(user) => network.send(user, text.as_bytes()),
                    None => network.answer(text.as_bytes()),
                };
            }
            Kind::Reply(status, _) if status < 200 => return Ok(()),
            Kind::Reply(status, _) => status,
        };
        let Some((user, serial)) = owner(message) else { return Ok(()) };
        if self.active.get(&user).is_none_or(|active| active.serial != serial) {
            // The second answer to a request that was sent twice.
            return Ok(());
        }
        let Some(active) = self.active.remove(&user) else { return Ok(()) };
        network.leave(user);
        self.silent = 0;
        outcome.slowest = outcome.slowest.max(active.began.elapsed());
        if status == 200 {
            outcome.tally.done = outcome.tally.done.saturating_add(1);
        } else {
            outcome.failed(format!("telephone {user}: {status}"));
        }
        Ok(())
    }

    fn repeat(&mut self, network: &Network, outcome: &mut Outcome) -> Result<()> {
        let mut lost = Vec::new();
        for (user, active) in &mut self.active {
            if active.sent.elapsed() < self.again {
                continue;
            }
            if active.tries >= self.tries {
                lost.push(*user);
                continue;
            }
            network.send(*user, active.text.as_bytes())?;
            active.sent = Instant::now();
            active.tries = active.tries.saturating_add(1);
            outcome.tally.repeated = outcome.tally.repeated.saturating_add(1);
        }
        for user in lost {
            self.active.remove(&user);
            network.leave(user);
            self.silent = self.silent.saturating_add(1);
            outcome.failed(format!("telephone {user}: no answer"));
        }
        Ok(())
    }
}

impl Outcome {
    fn failed(&mut self, reason: String) {
        self.tally.failed = self.tally.failed.saturating_add(1);
        if self.tally.reasons.len() < TOLD {
            self.tally.reasons.push(reason);
        }
    }
}
