//! What the steps of the play lead to at the line and at the phones.

use crate::{
    Error,
    cast::Cast,
    line::{Appearance, Line},
    notify::Notify,
    screen,
    sipp::DOMAIN,
    steps::Steps,
};
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

/// How long a step may take to show what it must.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the stage then waits for more than was expected.
const SETTLE: Duration = Duration::from_millis(300);

/// What a step must lead to.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// State and owner (a place among the phones) of appearance 1; none: the line is idle.
    pub(crate) line: Option<(&'static str, usize)>,
    /// The `appearance-uri` that the lamps show, empty for none.
    pub(crate) uri: &'static str,
    /// Whether the phones are told at all.
    pub(crate) told: bool,
    /// Subscription-State of the one NOTIFY about a seized line, and the phone that gets it.
    pub(crate) seize: Option<(&'static str, usize)>,
}

impl Expected {
    /// The last NOTIFY about each event that the phone in place `phone` must have got.
    fn heard_by(&self, phone: usize) -> Vec<Notify> {
        let notify = |event: &str, state: &str, call_info: String| Notify {
            event: event.to_owned(),
            state: state.to_owned(),
            call_info,
        };
        let mut all = Vec::new();
        if let Some((state, _)) = self.seize.filter(|(_, owner)| *owner == phone) {
            all.push(notify("line-seize", state, format!("<sip:{DOMAIN}>;appearance-index=1")));
        }
        if self.told {
            all.push(notify("call-info", "active", self.call_info()));
        }
        all
    }

    fn call_info(&self) -> String {
        let idle = format!("<sip:{DOMAIN}>;appearance-index=*;appearance-state=idle");
        let Some((state, _)) = self.line else { return idle };
        let uri = match self.uri {
            "" => String::new(),
            uri => format!(";appearance-uri=\"{uri}\""),
        };
        format!("<sip:{DOMAIN}>;appearance-index=1;appearance-state={state}{uri},{idle}")
    }
}

/// Everybody in the play, and the line.
#[derive(Debug)]
pub(crate) struct Stage {
    /// Who takes part.
    pub(crate) cast: Cast,
    /// What happens, and how it went.
    pub(crate) steps: Steps,
    line: Line,
}

impl Stage {
    /// An empty stage.
    pub(crate) fn new(cast: Cast, line: Line) -> Self {
        Self { cast, steps: Steps::new(), line }
    }

    /// Waits for what the step must lead to, then shows what it did lead to.
    pub(crate) fn expect(&mut self, expected: &Expected) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        let mut heard = [Vec::new(), Vec::new(), Vec::new()];
        let mut appearances = self.look(&mut heard)?;
        while !self.faults(expected, &appearances, &heard).is_empty() && Instant::now() < deadline {
            sleep(Duration::from_millis(25));
            appearances = self.look(&mut heard)?;
        }
        if self.faults(expected, &appearances, &heard).is_empty() {
            sleep(SETTLE);
            appearances = self.look(&mut heard)?;
        }
        screen::line(&appearances, &self.cast)?;
        for (phone, heard) in self.cast.phones.iter().zip(&heard) {
            screen::heard(phone.name, heard)?;
        }
        for fault in self.faults(expected, &appearances, &heard) {
            self.steps.fault(fault);
        }
        Ok(())
    }

    /// Takes down what the phones heard since the last look, and asks for the appearances.
    fn look(&mut self, heard: &mut [Vec<Notify>; 3]) -> Result<Vec<Appearance>, Error> {
        let appearances = self.line.appearances()?;
        for (phone, heard) in self.cast.phones.iter_mut().zip(heard) {
            while let Some(notify) = phone.heard()? {
                heard.push(notify);
            }
        }
        Ok(appearances)
    }

    fn faults(
        &self,
        expected: &Expected,
        appearances: &[Appearance],
        heard: &[Vec<Notify>; 3],
    ) -> Vec<String> {
        let mut faults = Vec::new();
        let seen: Vec<_> = appearances.iter().map(|a| (&*a.index, &*a.state, &*a.owner)).collect();
        let due: Vec<_> = expected
            .line
            .and_then(|(state, owner)| Some(("1", state, &*self.cast.phones.get(owner)?.contact)))
            .into_iter()
            .collect();
        if seen != due {
            faults.push(format!("appearances {seen:?}, expected {due:?}"));
        }
        for (at, (phone, heard)) in self.cast.phones.iter().zip(heard).enumerate() {
            let due = expected.heard_by(at);
            for event in ["line-seize", "call-info"] {
                let last = heard.iter().rfind(|notify| notify.event == event);
                let due = due.iter().find(|notify| notify.event == event);
                let same = match (last, due) {
                    (Some(last), Some(due)) => last.says(due),
                    (None, None) => true,
                    _ => false,
                };
                if !same {
                    let name = phone.name;
                    faults.push(format!("{name} heard last {last:?}, expected {due:?}"));
                }
            }
        }
        faults
    }

    /// Where phone A is reached.
    pub(crate) fn contact_of_a(&self) -> &str {
        let [a, ..] = &self.cast.phones;
        &a.contact
    }

    /// Shows what the phones hear, until the program is ended.
    pub(crate) fn listen(&mut self) -> Result<(), Error> {
        loop {
            for phone in &mut self.cast.phones {
                while let Some(notify) = phone.heard()? {
                    screen::heard(phone.name, &[notify])?;
                }
            }
            sleep(Duration::from_millis(100));
        }
    }
}
