//! What the steps of the play wait for, and what a person sees of them.

use super::cast::Cast;
use crate::{
    Error,
    sip::{message::Message, phone::Phone},
    steps::Steps,
};
use std::{
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

/// How long a step may take to show what it must.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many challenges are answered.
const CHALLENGES: usize = 3;
/// How long the servers may take to start.
const START: Duration = Duration::from_secs(40);

/// Everybody, and the servers as `kamcmd` shows them.
#[derive(Debug)]
pub(crate) struct Stage {
    /// Everybody of this program.
    pub(crate) cast: Cast,
    /// The sockets of P-CSCF and S-CSCF.
    sockets: [String; 2],
    /// What happens, and how it went.
    pub(crate) steps: Steps,
}

/// Which of the two telephones.
pub(crate) type Who = fn(&mut Cast) -> &mut Phone;

impl Stage {
    /// Before the first step.
    pub(crate) fn new(cast: Cast, sockets: [&str; 2]) -> Self {
        Self { cast, sockets: sockets.map(str::to_owned), steps: Steps::new() }
    }

    /// Waits until both servers answer commands and the S-CSCF has its HSS.
    pub(crate) fn wait_for_servers(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + START;
        let ready = |stage: &Self| {
            stage.ask(0, &["core.version"]).is_ok()
                && stage.ask(1, &["cdp.list_peers"]).is_ok_and(|peers| peers.contains("_Open"))
        };
        while !ready(self) {
            if Instant::now() > deadline {
                return Err(
                    "the servers did not start, or the S-CSCF does not reach its HSS".into()
                );
            }
            sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Lets everybody handle what came in until `done` gives something, or patience ends.
    pub(crate) fn until<T>(
        &mut self,
        mut done: impl FnMut(&mut Self) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.cast.pump()?;
            if let Some(found) = done(self) {
                return Ok(Some(found));
            }
            if Instant::now() > deadline {
                return Ok(None);
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// The final answer to a request of that method.
    pub(crate) fn answer(&mut self, who: Who, method: &str) -> Result<Option<Message>, Error> {
        self.until(|stage| who(&mut stage.cast).answer(method))
    }

    /// Registers for so many seconds (0: leaves), past the challenge; gives the last answer.
    pub(crate) fn register(&mut self, who: Who, seconds: u32) -> Result<Option<Message>, Error> {
        who(&mut self.cast).register_for(seconds, None)?;
        let mut answer = self.answer(who, "REGISTER")?;
        // ims_auth sends a challenge before it keeps it: whoever answers at once is challenged again.
        for _ in 0..CHALLENGES {
            let Some(challenge) = answer.as_ref().filter(|it| it.status() == Some(401)) else {
                break;
            };
            who(&mut self.cast).register_for(seconds, Some(challenge))?;
            answer = self.answer(who, "REGISTER")?;
        }
        Ok(answer)
    }

    /// Registers both users once more.
    pub(crate) fn sign_in(&mut self) -> Result<(), Error> {
        for who in [(|cast| &mut cast.alice) as Who, |cast| &mut cast.bob] {
            self.register(who, 600)?;
        }
        Ok(())
    }

    /// The next NOTIFY to a telephone.
    pub(crate) fn told(&mut self, who: Who) -> Result<Option<Message>, Error> {
        self.until(|stage| {
            who(&mut stage.cast).take(|it| it.status().is_none() && it.method() == "NOTIFY")
        })
    }

    /// Shows the state of `identity` at the S-CSCF and compares it; `none` where it is not known.
    pub(crate) fn state(&mut self, identity: &str, due: &str) -> Result<(), Error> {
        let mut seen = String::new();
        self.until(|stage| {
            let text = stage.ask(1, &["ulscscf.showimpu", identity]).unwrap_or_default();
            let state = text.lines().find_map(|line| line.trim().strip_prefix("state:"));
            seen = state.map_or("none", str::trim).to_owned();
            (seen == due).then_some(())
        })?;
        self.steps.check(&format!("S-CSCF, state of {identity}"), &seen, due)
    }

    /// Shows how many contacts the P-CSCF has and compares it.
    pub(crate) fn contacts(&mut self, due: &str) -> Result<(), Error> {
        let mut seen = String::new();
        self.until(|stage| {
            let text = stage.ask(0, &["ulpcscf.status"]).unwrap_or_default();
            let count = text.lines().find_map(|line| line.trim().strip_prefix("Records:"));
            seen = count.map_or("?", str::trim).to_owned();
            (seen == due).then_some(())
        })?;
        self.steps.check("P-CSCF, contacts", &seen, due)
    }

    fn ask(&self, server: usize, words: &[&str]) -> Result<String, Error> {
        let socket = self.sockets.get(server).ok_or("no such server")?;
        let asked = Command::new("kamcmd").args(["-s", socket]).args(words).output();
        let asked = asked.map_err(|error| format!("kamcmd: {error}"))?;
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        if !asked.status.success() || !asked.stderr.is_empty() {
            return Err(text(&asked.stderr).into());
        }
        Ok(text(&asked.stdout))
    }

    /// Shows the final status of an answer and compares it.
    pub(crate) fn status(
        &mut self,
        what: &str,
        answer: Option<&Message>,
        due: &str,
    ) -> Result<(), Error> {
        let seen = answer.map_or("none", |it| it.first.trim_start_matches("SIP/2.0 ")).to_owned();
        self.steps.check(what, &seen, due)
    }
}
