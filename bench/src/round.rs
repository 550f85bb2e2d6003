//! A run under way: rounds of servers side by side, and what is to be told about them.

use crate::{
    figures::{Figures, Measure as _, Scene},
    flavor::Flavor,
    machine,
    meter::{Meter, Operate, turn},
    options::Common,
    server::{Memory, PRIVATE_MEGABYTES, instructions},
};
use anyhow::{Context as _, Result};
use std::{
    io::{Write as _, stderr},
    path::Path,
    time::{Duration, Instant},
};

/// How often a turn is played when messages were lost.
const TRIES: usize = 3;

/// How far the registrations at the start of a server came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fill {
    /// How many are registered.
    pub(crate) registered: usize,
    /// How long it took.
    pub(crate) time: Duration,
    /// What they took of shared memory.
    pub(crate) memory: Memory,
}

/// A server that did not take all its registrations in time.
#[derive(Clone, Debug)]
pub(crate) struct Unfilled<S> {
    /// The memory manager.
    pub(crate) manager: String,
    /// Where that was.
    pub(crate) scene: S,
    /// Whose modules.
    pub(crate) flavor: Flavor,
    /// How far it came.
    pub(crate) fill: Fill,
}

/// What becomes of a server until the operations have their turns.
pub(crate) enum Prepared<L: Operate> {
    /// It has all that its scene asks for; the sizes that this showed.
    Ready(L, Vec<(L::Measure, f64)>),
    /// There was not enough time for that.
    Late(Fill),
}

/// Where a server is prepared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a, S> {
    /// The memory manager.
    pub(crate) manager: &'a str,
    /// What it is to hold.
    pub(crate) scene: S,
    /// Whose modules.
    pub(crate) flavor: Flavor,
    /// A folder of its own.
    pub(crate) folder: &'a Path,
}

/// A run of one part.
#[derive(Debug)]
pub(crate) struct Run<'a, S, L: Operate> {
    options: &'a Common,
    began: Instant,
    /// What was measured.
    pub(crate) figures: Figures<S, L::Measure>,
    /// Who took too long.
    pub(crate) unfilled: Vec<Unfilled<S>>,
    /// What is told above the table, a paragraph each.
    told: Vec<String>,
}

/// A server that takes part in a round.
struct Player<S, L> {
    scene: S,
    flavor: Flavor,
    meter: Meter<L>,
}

impl<'a, S: Scene, L: Operate> Run<'a, S, L> {
    /// Begins; refuses to without `modules`.
    ///
    /// # Errors
    ///
    /// A module that is not there.
    pub(crate) fn new(options: &'a Common, modules: &[&str]) -> Result<Self> {
        for flavor in &options.flavors {
            flavor.require(modules)?;
        }
        Ok(Self {
            options,
            began: Instant::now(),
            figures: Figures::default(),
            unfilled: Vec::new(),
            told: Vec::new(),
        })
    }

    /// Tells the reader of the report.
    pub(crate) fn tell(&mut self, text: String) {
        self.say(&text);
        self.told.push(text);
    }

    /// What was measured; if nothing was, the report tells why, and the run goes on.
    pub(crate) fn got<T>(&mut self, what: &str, found: Result<T>) -> Option<T> {
        match found {
            Ok(found) => Some(found),
            Err(error) => {
                self.say(&format!("{error:#}"));
                self.tell(format!("Left out: {what}, after: {}.", error.root_cause()));
                None
            }
        }
    }

    /// Tells whoever waits how far it is.
    pub(crate) fn say(&self, text: &str) {
        // Progress that nobody reads is no reason to stop.
        let _ = writeln!(stderr(), "[{:4} s] {text}", self.began.elapsed().as_secs());
    }

    /// A round: a server of each flavor for each scene, and the operations of all by turns. Scenes
    /// share the time as far as the memory of the machine allows.
    ///
    /// # Errors
    ///
    /// One of ours cannot be prepared, twice.
    pub(crate) fn round(
        &mut self,
        name: &str,
        manager: &str,
        scenes: &[S],
        mut prepare: impl FnMut(Site<'_, S>) -> Result<Prepared<L>>,
    ) -> Result<()> {
        let flavors = u64::try_from(self.options.flavors.len())?;
        for scenes in batches(scenes, machine::free_megabytes() / flavors.max(1)) {
            // Before the servers, so that it goes after them.
            let folder = tempfile::tempdir()?;
            let mut players = Vec::new();
            for (scene, flavor) in
                scenes.iter().flat_map(|scene| self.options.flavors.iter().map(|it| (*scene, *it)))
            {
                let late = |it: &Unfilled<S>| {
                    (it.manager.as_str(), it.scene, it.flavor) == (manager, scene, flavor)
                };
                if self.unfilled.iter().any(late) {
                    continue;
                }
                let name = format!("{name}, {}, {}", scene.name(), flavor.name());
                let site = Site { manager, scene, flavor, folder: folder.path() };
                players.extend(self.player(&name, site, &mut prepare)?);
            }
            self.say(&format!("{name}, operations"));
            self.turns(manager, &mut players)?;
        }
        Ok(())
    }

    /// A server that is ready for its turns; none if it did not get that far.
    fn player(
        &mut self,
        name: &str,
        site: Site<'_, S>,
        prepare: &mut impl FnMut(Site<'_, S>) -> Result<Prepared<L>>,
    ) -> Result<Option<Player<S, L>>> {
        self.say(name);
        let mut ready = || {
            let folder = tempfile::tempdir_in(site.folder)?.keep();
            Ok(match prepare(Site { folder: &folder, ..site })? {
                Prepared::Ready(load, sizes) => Ok((Meter::new(load)?, sizes)),
                Prepared::Late(fill) => Err(fill),
            })
        };
        let prepared = ready().or_else(|error: anyhow::Error| {
            // Once: a run of many minutes outlives one mishap, and tells of it.
            self.tell(format!("Repeated: {name}, after: {}.", error.root_cause()));
            self.say(&format!("{error:#}"));
            ready()
        });
        let Site { manager, scene, flavor, .. } = site;
        match prepared {
            Ok(Ok((meter, sizes))) => {
                for (measure, value) in sizes {
                    self.figures.add(manager, scene, flavor, measure, value);
                }
                Ok(Some(Player { scene, flavor, meter }))
            }
            Ok(Err(fill)) => {
                self.say(&format!("{} in {} s, left out", fill.registered, fill.time.as_secs()));
                self.unfilled.push(Unfilled { manager: manager.to_owned(), scene, flavor, fill });
                Ok(None)
            }
            // Ours is to work; what C cannot do is told.
            Err(error) if flavor == Flavor::C => Ok(self.got(name, Err(error))),
            Err(error) => Err(error.context(name.to_owned())),
        }
    }

    /// The turns of all operations; the flavors of a scene follow each other at once.
    fn turns(&mut self, manager: &str, players: &mut [Player<S, L>]) -> Result<()> {
        let counted = instructions::split(manager).1;
        let most = if counted { instructions::TURNS } else { usize::MAX };
        for _ in 0..self.options.turns.min(most) {
            self.figures.next_turn();
            for measure in L::COSTS {
                for group in players.chunk_by_mut(|one, other| one.scene == other.scene) {
                    self.turn(manager, group, *measure);
                }
            }
            // Who was first is last the next time.
            players.reverse();
        }
        for Player { scene, flavor, meter } in players {
            let sizes = meter.load.conclude().with_context(|| flavor.name())?;
            for (measure, value) in sizes {
                self.figures.add(manager, *scene, *flavor, measure, value);
            }
        }
        Ok(())
    }

    fn turn(&mut self, manager: &str, group: &mut [Player<S, L>], measure: L::Measure) {
        let Some(scene) = group.first().map(|player| player.scene) else { return };
        let flavors: Vec<_> = group.iter().map(|player| player.flavor).collect();
        for attempt in 1..=TRIES {
            let mut meters: Vec<_> = group.iter_mut().map(|player| &mut player.meter).collect();
            let costs = turn(&mut meters, measure);
            if attempt < TRIES && costs.iter().any(Result::is_err) {
                continue;
            }
            let mut found = Vec::new();
            for (flavor, cost) in flavors.iter().zip(costs) {
                let (by, what) = (flavor.name(), measure.name());
                let name = format!("a turn of {by}, {what}, {manager}, {}", scene.name());
                found.extend(self.got(&name, cost).map(|cost| (*flavor, cost)));
            }
            self.figures.add_turn(manager, scene, measure, &found);
            return;
        }
    }

    /// What stands above the table: where the figures come from, what one operation is, what both
    /// servers are configured with besides `-m` and `-M`, then `more`, then what happened.
    pub(crate) fn notes(&self, operation: &str, configured: &str, more: &[String]) -> Vec<String> {
        let Common { rounds, turns, .. } = self.options;
        let mut notes = vec![
            format!("Machine: {}.", machine::machine()),
            format!("Server: {}, {}.", machine::kamailio(), machine::mariadb()),
            format!("Command: `{}`, {} s.", machine::command(), self.began.elapsed().as_secs()),
            format!(
                "CPU: user and system time of all processes of the server without its idle time, \
                 per operation: medians of {turns} turns in each of {rounds} rounds (one round with \
                 every manager after the first, and with databases), the least and the greatest in \
                 parentheses; ours / C is the median over the turns, in each of which one follows \
                 the other at once, and in parentheses where it lies 95 times of 100: a bar in \
                 there is neither met nor missed for sure. So is growth, of servers that stand side \
                 by side and have their turns together. {operation}"
            ),
            format!(
                "Same configuration for both but for `mpath`: {configured}, `wt_timer` \
                 of `tm` 250 ms, `-m` by the number of registrations, `-M {PRIVATE_MEGABYTES}`."
            ),
        ];
        notes.extend(more.iter().chain(&self.told).cloned());
        notes
    }
}

/// The scenes in groups whose servers may take `megabytes` together; one that takes more is alone.
fn batches<S: Scene>(scenes: &[S], megabytes: u64) -> Vec<Vec<S>> {
    let mut batches: Vec<Vec<S>> = Vec::new();
    let mut left = 0_u64;
    for scene in scenes {
        let needed = scene.megabytes();
        match batches.last_mut() {
            Some(batch) if needed <= left => batch.push(*scene),
            _ => {
                batches.push(vec![*scene]);
                left = megabytes;
            }
        }
        left = left.saturating_sub(needed);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_share_the_time_as_far_as_memory_goes() {
        assert_eq!(batches(&[1_usize, 2, 30, 40], 40), [vec![1, 2, 30], vec![40]]);
        assert_eq!(batches(&[50_usize, 50], 40), [vec![50], vec![50]]);
        assert!(batches::<usize>(&[], 40).is_empty());
    }
}
