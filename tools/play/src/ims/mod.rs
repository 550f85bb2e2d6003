//! A whole IMS: an HSS, an S-CSCF, a P-CSCF, two users and an application server.

mod cast;
mod server;
mod stage;
mod story;

use self::{cast::Cast, stage::Stage};
use crate::{Error, screen};
use std::{
    net::SocketAddr,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

/// How often both users register again once the play is over.
const AGAIN: Duration = Duration::from_secs(300);

/// Plays against the P-CSCF and the S-CSCF, each an address and the socket for `kamcmd`. Unless it is
/// to be played `once`, both users then stay registered until somebody ends the program.
pub(crate) fn play(
    [proxy, pcscf]: [&str; 2],
    [scscf, ctl]: [&str; 2],
    folder: &str,
    once: bool,
) -> Result<bool, Error> {
    let address = |text: &str| -> Result<SocketAddr, Error> {
        text.parse().map_err(|_| format!("{text} is no address, must be IP:PORT").into())
    };
    let (proxy, home) = (address(proxy)?, address(scscf)?);
    let cast = Cast::enter(proxy, home, Path::new(folder))?;
    let mut stage = Stage::new(cast, [pcscf, ctl]);
    stage.wait_for_servers()?;
    story::play(&mut stage)?;
    let good = stage.steps.close()?;
    if !once {
        stage.sign_in()?;
        screen::invite_to_the_ims([proxy, home], [pcscf, ctl], &stage.cast.alice.identity())?;
        stay(&mut stage)?;
    }
    Ok(good)
}

/// Keeps both users registered and reachable.
fn stay(stage: &mut Stage) -> Result<(), Error> {
    let mut due = Instant::now() + AGAIN;
    loop {
        if Instant::now() >= due {
            stage.sign_in()?;
            due = Instant::now() + AGAIN;
        }
        stage.cast.pump()?;
        stage.cast.forget();
        sleep(Duration::from_millis(20));
    }
}
