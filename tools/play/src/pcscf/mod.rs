//! Two telephones register through a P-CSCF, and one calls the other.

mod core;
pub(crate) mod records;
mod stage;
mod story;

use self::{core::Core, records::Records, stage::Stage};
use crate::{Error, screen, sip::phone::Phone};
use std::{
    net::{Ipv4Addr, SocketAddr},
    thread::sleep,
    time::{Duration, Instant},
};

/// Seconds that a registration lasts once the play is over.
const LASTING: u32 = 60;

/// Plays against the P-CSCF at `proxy` whose home network is at `home`. `records` are the sqlite
/// file and the table of its contacts, `ctl` is the socket for `kamcmd`. Unless it is to be played
/// `once`, both telephones then stay registered until somebody ends the program.
pub(crate) fn play(
    proxy: &str,
    home: &str,
    ctl: &str,
    [file, table]: [&str; 2],
    once: bool,
) -> Result<bool, Error> {
    let address = |text: &str| -> Result<SocketAddr, Error> {
        text.parse().map_err(|_| format!("{text} is no address, must be IP:PORT").into())
    };
    let (proxy, home) = (address(proxy)?, address(home)?);
    let phone = |name, last| Phone::new(name, core::HOME, Ipv4Addr::new(127, 0, 0, last), proxy);
    let phones = [phone("alice", 2)?, phone("bob", 3)?, phone("stranger", 5)?];
    let mut stage = Stage::new(Core::new(home)?, phones, Records::new(file, table));
    story::play(&mut stage)?;
    let good = stage.steps.close()?;
    if !once {
        let contact = stage.alice.contact();
        screen::invite_to_look(proxy, ctl, [file, table], &contact)?;
        stay(&mut stage)?;
    }
    Ok(good)
}

/// Keeps both telephones registered and reachable.
fn stay(stage: &mut Stage) -> Result<(), Error> {
    stage.core.open(LASTING);
    let mut due = Instant::now();
    loop {
        if Instant::now() >= due {
            stage.alice.register()?;
            stage.bob.register()?;
            due = Instant::now() + Duration::from_secs(u64::from(LASTING / 2));
        }
        stage.pump()?;
        // What is heard now tells nobody anything.
        stage.core.seen.clear();
        for phone in [&mut stage.alice, &mut stage.bob] {
            while phone.take(|_| true).is_some() {}
        }
        sleep(Duration::from_millis(20));
    }
}
