//! The IMS examples of Kamailio's own source, `misc/examples/ims`, as an operator starts from them.

use crate::install::{Version, install};
use std::{env, fs, path::PathBuf};

/// The release whose examples the tests know: others name their paths and tables otherwise, and load
/// modules that are not built for a test.
const RELEASE: Version = Version(5, 6);

/// Why there is no example for a case, if so.
pub fn unfit() -> Option<&'static str> {
    (install().version() != RELEASE).then_some("its steps are those of the example of 5.6")
}

/// One of the examples.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Its folder, which is part of the paths in it: `pcscf` or `scscf`.
    pub role: &'static str,
    /// The line that takes in the file with what differs between sites.
    pub site: &'static str,
}

impl Example {
    /// A file of it; a path within its folder.
    ///
    /// # Panics
    ///
    /// When it is not there.
    pub fn file(&self, name: &str) -> String {
        let tree = env::var_os("KAMAILIO_SRC").expect("KAMAILIO_SRC, the source of the host");
        let path = PathBuf::from(tree).join("misc/examples/ims").join(self.role).join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The whole configuration with `site` for what differs between sites, and the paths of a test.
    /// What it says of `dispatcher` is left out where that module has dropped it.
    pub fn whole(&self, site: &str) -> String {
        /// Answers the test that waits for the host.
        const ANSWER: &str =
            "route {\n    if (is_method(\"OPTIONS\")) { sl_send_reply(\"200\", \"OK\"); exit; }\n";
        let folder = format!("/etc/kamailio_{}/", self.role);
        let rpc = "modparam(\"jsonrpcs\", \"pretty_format\", 1)";
        let sockets = format!(
            "{rpc}\nmodparam(\"jsonrpcs\", \"fifo_name\", \"{{folder}}/fifo\")\n\
             modparam(\"jsonrpcs\", \"dgram_socket\", \"{{folder}}/sock\")"
        );
        let text = self
            .file("kamailio.cfg")
            .replacen(self.site, site, 1)
            .replacen("route {", ANSWER, 1)
            .replace("log_stderror=no", "log_stderror=yes")
            // Each of them has connections to the database.
            .replace("children=12", "children=2")
            .replace("children=16", "children=2")
            .replace(rpc, &sockets)
            .replace(&format!("unix:/run/kamailio_{}/kamailio_ctl", self.role), "unix:{folder}/ctl")
            .replace(&folder, "{folder}/")
            .replace("include_file \"route/", "include_file \"{folder}/");
        let lines = text.lines().filter(|line| !line.contains("$avp(DISPATCHER_"));
        let own = |line| if str::starts_with(line, "mpath=") { MODULES } else { line };
        lines.map(own).collect::<Vec<_>>().join("\n")
    }
}

/// The tested modules, and Kamailio's own ones.
const MODULES: &str = "mpath=\"{folder}:{stock}\"";

/// The list of a `dispatcher` that nobody answers.
pub const DISPATCHER: &str = "1 sip:127.0.0.1:9\n";
