//! Everybody in the play, and what a person sees of it.

use super::{
    core::Core,
    records::{Record, Records},
};
use crate::{Error, screen, sip::phone::Phone};
use std::{
    fmt::Display,
    thread::sleep,
    time::{Duration, Instant},
};

/// How long a step may take to show what it must.
const PATIENCE: Duration = Duration::from_secs(10);

/// The telephones, the core, the records; it keeps count of the steps.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The home network.
    pub(crate) core: Core,
    /// Who calls.
    pub(crate) alice: Phone,
    /// Who is called.
    pub(crate) bob: Phone,
    /// Who never registers.
    pub(crate) stranger: Phone,
    records: Records,
    steps: usize,
    failed: usize,
    /// What was not as it should be in this step.
    faults: Vec<String>,
    started: Instant,
}

impl Stage {
    /// An empty stage.
    pub(crate) fn new(core: Core, [alice, bob, stranger]: [Phone; 3], records: Records) -> Self {
        let (faults, started) = (Vec::new(), Instant::now());
        Self { core, alice, bob, stranger, records, steps: 0, failed: 0, faults, started }
    }

    /// Says whether the last step showed what it had to, and what happens next.
    pub(crate) fn step(&mut self, title: &str) -> Result<(), Error> {
        self.judge()?;
        self.steps += 1;
        screen::title(self.steps, title)?;
        Ok(())
    }

    /// Lets everybody handle what came in until `done` gives something, or patience ends.
    pub(crate) fn until<T>(
        &mut self,
        mut done: impl FnMut(&mut Self) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.pump()?;
            if let Some(found) = done(self)? {
                return Ok(Some(found));
            }
            if Instant::now() > deadline {
                return Ok(None);
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// Lets everybody handle what came in.
    pub(crate) fn pump(&mut self) -> Result<(), Error> {
        self.core.pump()?;
        for phone in [&mut self.alice, &mut self.bob, &mut self.stranger] {
            phone.pump()?;
        }
        Ok(())
    }

    /// Waits until the stored contacts have these states, in the order of their URIs, and shows
    /// them.
    pub(crate) fn records(&mut self, states: &[&str]) -> Result<Vec<Record>, Error> {
        let mut last = Vec::new();
        let due = self.until(|stage| {
            last = stage.records.read()?;
            let now: Vec<_> = last.iter().map(|record| record.state).collect();
            Ok((now == states).then_some(()))
        })?;
        self.show(&last)?;
        let found: Vec<_> = last.iter().map(|record| record.state).collect();
        if due.is_none() {
            self.faults.push(format!("records {found:?}, expected {states:?}"));
        }
        Ok(last)
    }

    fn show(&self, records: &[Record]) -> Result<(), Error> {
        if records.is_empty() {
            self.fact("records", "none")?;
        }
        for record in records {
            let Record { contact, received, state, left, routes, ids } = record;
            let text = format!("{state:<10}  {left:>4} s left  {contact} (sends from {received})");
            self.fact("record", text)?;
            for (name, value) in [("route", routes), ("identities", ids)] {
                if !value.is_empty() {
                    self.fact(&format!("  {name}"), value)?;
                }
            }
        }
        Ok(())
    }

    /// Shows something that was seen.
    pub(crate) fn fact(&self, what: &str, seen: impl Display) -> Result<(), Error> {
        screen::fact(what, &seen.to_string())?;
        Ok(())
    }

    /// Shows something that was seen and has to be `due`.
    pub(crate) fn check(&mut self, what: &str, seen: &str, due: &str) -> Result<(), Error> {
        self.fact(what, seen)?;
        if seen != due {
            self.faults.push(format!("{what}: {seen:?}, expected {due:?}"));
        }
        Ok(())
    }

    fn judge(&mut self) -> Result<(), Error> {
        if self.steps > 0 {
            screen::verdict(&self.faults)?;
            self.failed += usize::from(!self.faults.is_empty());
            self.faults.clear();
        }
        Ok(())
    }

    /// Tells how the play went: whether every step showed what it had to.
    pub(crate) fn close(&mut self) -> Result<bool, Error> {
        self.judge()?;
        screen::closing(self.steps, self.failed, self.started.elapsed())?;
        Ok(self.failed == 0)
    }
}
