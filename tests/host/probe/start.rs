//! A host with the module `probe`.

use host_tests::{Flavor, Host, Message, Phone, Setup, install::install, wait::until};
use std::{env, fs, path::PathBuf, time::Duration};

/// A small host; `call` is what its route does before it replies with what came of it.
pub(crate) fn setup(call: &str) -> Setup {
    let routes = format!(
        "request_route {{\n$var(n) = 4;\n{call}\n$var(rc) = $rc;\n\
         sl_send_reply(\"200\", \"rc $var(rc)\");\n}}\n"
    );
    Setup::new(Flavor::C).module("cfg_rpc").routes(&routes)
}

/// Starts it. The stock `sca` is loaded as well, as in every host of this suite; nobody calls it.
pub(crate) fn start(setup: Setup) -> Host {
    let (setup, folder) = prepare(setup);
    Host::start_in(setup, folder)
}

/// Starts it and expects it to refuse; gives its log.
pub(crate) fn refused(setup: Setup) -> String {
    let (setup, folder) = prepare(setup);
    Host::refused_in(setup, folder)
}

/// The module and a folder that has it; the run folder outlives this function.
fn prepare(setup: Setup) -> (Setup, tempfile::TempDir) {
    let folder = install().folder();
    fs::copy(probe(), folder.path().join("probe.so"))
        .unwrap_or_else(|error| panic!("{}: {error}", probe().display()));
    let inside = install().inside(folder.path()).join("probe");
    (setup.module(String::leak(inside.display().to_string())), folder)
}

/// The built module: `PROBE`, else `probe.so` beside the modules of this workspace.
fn probe() -> PathBuf {
    if let Some(path) = env::var_os("PROBE") {
        return PathBuf::from(path);
    }
    let modules = env::var_os("MODULES_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/modules"),
        PathBuf::from,
    );
    modules.join("probe.so")
}

/// Waits until `host` has logged so many lines with `text`: the log comes through a pipe.
pub(crate) fn told(host: &Host, text: &str, times: usize) {
    until(&format!("{times} log lines with {text:?}"), Duration::from_secs(10), || {
        (host.journal().count(text) >= times).then_some(())
    });
}

/// What the route of `host` came to for an OPTIONS request: the text behind the status.
pub(crate) fn call(host: &Host) -> String {
    ask(host).status_line().trim_start_matches("200 ").to_owned()
}

/// The whole reply to an OPTIONS request with a body.
pub(crate) fn ask(host: &Host) -> Message {
    let phone = Phone::new(host.address(), "alice");
    phone.ask(&phone.request("OPTIONS", "sip:alice@voice.example.com"))
}
