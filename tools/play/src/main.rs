//! Plays a call against a running Kamailio, step by step, and compares each step with what the
//! server must do.
//!
//! `play sca PROXY CTL FOLDER [once]`: three phones share a line and talk to an outside party.
//! `PROXY` is the address of the server, `CTL` the socket that `kamcmd` takes after `-s`, `FOLDER`
//! takes the logs. The phones are `sipp` with the scenarios of this package. Without `once` the
//! phones stay after the call, and what they hear is shown until somebody ends the program.
//!
//! `play pcscf PROXY HOME CTL FILE TABLE [once]`: two telephones register through a P-CSCF and one
//! calls the other. `HOME` is the address of the home network, `FILE` and `TABLE` say where the
//! server stores contacts. The telephones and the home network are of this program.
//!
//! `play ims PROXY PCSCF_CTL SCSCF SCSCF_CTL FOLDER [once]`: two users of a whole IMS register, watch
//! their registrations and call each other. The HSS, the telephones and an application server are of
//! this program: it writes `scscf.xml` for the Diameter client of the S-CSCF into `FOLDER` and waits for
//! both servers.

mod cast;
mod ims;
mod journal;
mod line;
mod notify;
mod pcscf;
mod screen;
mod sip;
mod sipp;
mod stage;
mod steps;
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
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let once = arguments.pop_if(|last| last == "once").is_some();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["sca", proxy, ctl, folder] => shared_line(proxy, ctl, folder, once),
        ["pcscf", proxy, home, ctl, file, table] => {
            pcscf::play(proxy, home, ctl, [file, table], once)
        }
        ["ims", proxy, pcscf, scscf, ctl, folder] => {
            ims::play([proxy, pcscf], [scscf, ctl], folder, once)
        }
        _ => Err("usage: play sca PROXY CTL FOLDER [once], \
                  play pcscf PROXY HOME CTL FILE TABLE [once], or \
                  play ims PROXY PCSCF_CTL SCSCF SCSCF_CTL FOLDER [once]"
            .into()),
    }
}

fn shared_line(proxy: &str, ctl: &str, folder: &str, once: bool) -> Result<bool, Error> {
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", folder.display())))?;

    let cast = cast::Cast::enter(sipp::Sipp::new(proxy, folder))?;
    let mut stage = stage::Stage::new(cast, line::Line::new(ctl, &sipp::aor()));
    story::play(&mut stage)?;
    let good = stage.steps.close()?;
    if !once {
        screen::invite(proxy, ctl, stage.contact_of_a())?;
        stage.listen()?;
    }
    Ok(good)
}
