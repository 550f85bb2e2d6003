//! Everybody in the play, and what a person sees of it.

use super::{
    core::Core,
    records::{Record, Records},
};
use crate::{Error, sip::phone::Phone, steps::Steps};
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

/// How long a step may take to show what it must.
const PATIENCE: Duration = Duration::from_secs(10);

/// The telephones, the core, the records.
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
    /// What happens, and how it went.
    pub(crate) steps: Steps,
    records: Records,
}

impl Stage {
    /// An empty stage.
    pub(crate) fn new(core: Core, [alice, bob, stranger]: [Phone; 3], records: Records) -> Self {
        Self { core, alice, bob, stranger, steps: Steps::new(), records }
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
            self.steps.fault(format!("records {found:?}, expected {states:?}"));
        }
        Ok(last)
    }

    fn show(&self, records: &[Record]) -> Result<(), Error> {
        if records.is_empty() {
            self.steps.fact("records", "none")?;
        }
        for record in records {
            let Record { contact, received, state, left, routes, ids } = record;
            let text = format!("{state:<10}  {left:>4} s left  {contact} (sends from {received})");
            self.steps.fact("record", text)?;
            for (name, value) in [("route", routes), ("identities", ids)] {
                if !value.is_empty() {
                    self.steps.fact(&format!("  {name}"), value)?;
                }
            }
        }
        Ok(())
    }
}
