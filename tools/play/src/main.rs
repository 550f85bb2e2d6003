//! Plays one call among three phones that share a line and an outside party, step by step, against
//! a running Kamailio, and compares each step with what the line must do.
//!
//! `play PROXY CTL FOLDER [once]`: `PROXY` is the address of the server, `CTL` the socket that
//! `kamcmd` takes after `-s`, `FOLDER` takes the logs. The phones are `sipp` with the scenarios of
//! this package. Without `once` the phones stay after the call, and what they hear is shown until
//! somebody ends the program.

mod cast;
mod journal;
mod line;
mod notify;
mod screen;
mod sipp;
mod stage;
mod story;

use std::{env, io, path::PathBuf, process::ExitCode};

/// Anything that keeps the play from going on, as text for a person.
type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match play() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nobody is left to tell when this fails too.
            let _ = screen::trouble(&error);
            ExitCode::FAILURE
        }
    }
}

fn play() -> Result<bool, Error> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (proxy, ctl, folder, once) = match arguments.as_slice() {
        [proxy, ctl, folder] => (proxy, ctl, folder, false),
        [proxy, ctl, folder, last] if last == "once" => (proxy, ctl, folder, true),
        _ => return Err("usage: play PROXY CTL FOLDER [once]".into()),
    };
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", folder.display())))?;

    let cast = cast::Cast::enter(sipp::Sipp::new(proxy, folder))?;
    let mut stage = stage::Stage::new(cast, line::Line::new(ctl, &sipp::aor()));
    story::play(&mut stage)?;
    let good = stage.close()?;
    if !once {
        screen::invite(proxy, ctl, stage.contact_of_a())?;
        stage.listen()?;
    }
    Ok(good)
}
