//! The steps of a play: what is done, what is seen, whether that is what must be seen.

use crate::{Error, screen};
use std::{fmt::Display, time::Instant};

/// The count of the steps, and what was not as it should be.
#[derive(Debug)]
pub(crate) struct Steps {
    count: usize,
    failed: usize,
    /// What was not as it should be in this step.
    faults: Vec<String>,
    started: Instant,
}

impl Steps {
    /// Before the first step.
    pub(crate) fn new() -> Self {
        Self { count: 0, failed: 0, faults: Vec::new(), started: Instant::now() }
    }

    /// Says whether the last step showed what it had to, and what happens next.
    pub(crate) fn step(&mut self, title: &str) -> Result<(), Error> {
        self.judge()?;
        self.count += 1;
        screen::title(self.count, title)?;
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
            self.fault(format!("{what}: {seen:?}, expected {due:?}"));
        }
        Ok(())
    }

    /// Something was not as it should be.
    pub(crate) fn fault(&mut self, text: String) {
        self.faults.push(text);
    }

    /// Tells how the play went: whether every step showed what it had to.
    pub(crate) fn close(&mut self) -> Result<bool, Error> {
        self.judge()?;
        screen::closing(self.count, self.failed, self.started.elapsed())?;
        Ok(self.failed == 0)
    }

    fn judge(&mut self) -> Result<(), Error> {
        if self.count > 0 {
            screen::verdict(&self.faults)?;
            self.failed += usize::from(!self.faults.is_empty());
            self.faults.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_counts_against_its_step_alone() {
        let mut steps = Steps::new();
        steps.step("good").unwrap();
        steps.check("answer", "200", "200").unwrap();
        steps.step("bad").unwrap();
        steps.check("answer", "500", "200").unwrap();
        steps.fault("more".to_owned());
        steps.step("good again").unwrap();
        assert!(!steps.close().unwrap());
        assert_eq!((steps.count, steps.failed), (3, 1));
    }

    #[test]
    fn a_play_without_faults_is_good() {
        let mut steps = Steps::new();
        steps.step("only").unwrap();
        assert!(steps.close().unwrap());
    }
}
