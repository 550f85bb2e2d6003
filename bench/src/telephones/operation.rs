//! One request of a telephone until its answer, and what a number of them came to.

use super::{
    network::Network,
    text::{Request, grant, owner},
};
use crate::phones::{Kind, Message, Tally};
use anyhow::Result;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// How long a request waits for an answer before it is sent again.
const AGAIN: Duration = Duration::from_secs(1);
/// How often it is sent.
const TRIES: u32 = 8;
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
pub(crate) struct Operations {
    active: HashMap<usize, Active>,
    serial: u32,
    again: Duration,
    tries: u32,
}

impl Default for Operations {
    fn default() -> Self {
        Self { active: HashMap::new(), serial: 0, again: AGAIN, tries: TRIES }
    }
}

/// What a number of requests came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// How many were answered, failed, lost.
    pub(crate) tally: Tally,
    /// The longest wait for an answer.
    pub(crate) slowest: Duration,
}

impl Operations {
    /// From now on repeats what is not answered in that time, that often.
    pub(crate) fn insist(&mut self, again: Duration, tries: u32) {
        (self.again, self.tries) = (again, tries);
    }

    /// Does `jobs` in order, `window` at a time, until all are done or `deadline` has come.
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
        loop {
            let over = deadline.is_some_and(|deadline| Instant::now() > deadline);
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

    fn begin(&mut self, network: &Network, job: Job, outcome: &mut Outcome) -> Result<()> {
        self.serial = self.serial.wrapping_add(1);
        let Job { user, method, expires } = job;
        let address = network.address(user)?;
        let text = Request { user, address, method, serial: self.serial, expires }.text();
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
                let Some(reply) = grant(message, network.core()) else { return Ok(()) };
                return network.answer(reply.as_bytes());
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
