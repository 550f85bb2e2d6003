//! What a host is started with, and the configuration file that says so.

use crate::{
    DOMAIN,
    database::{Dialect, schema},
    install::Flavor,
};
use std::{borrow::Cow, fmt::Write as _, net::SocketAddr, path::Path};

/// The routing of the module's sample configuration; headers `X-…` of a request say where it goes
/// and what else is wanted of the route.
const ROUTES: &str = include_str!("route.cfg");

/// The database of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// An sqlite file of its own in the run folder, made from [`Setup::tables`].
    Own,
    /// The database at this address.
    At(String),
    /// No `db_url` and no driver.
    None,
}

/// A module that is loaded after the tested one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// One of Kamailio's own.
    Stock(&'static str),
    /// Another tested one.
    Subject(&'static str, Flavor),
}

/// Settings of one host.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Whose module is tested.
    pub flavor: Flavor,
    /// Name of the tested module.
    pub subject: &'static str,
    /// What is loaded after it, in this order.
    pub after: Vec<Load>,
    /// The host's address; an address that no other host has when `None`.
    pub address: Option<SocketAddr>,
    /// What the host calls its own.
    pub alias: &'static str,
    /// Whether it listens on TCP as well.
    pub tcp: bool,
    /// The tables of a database of its own, as SQL for sqlite.
    pub tables: fn() -> String,
    /// Where subscriptions are kept.
    pub storage: Storage,
    /// Shared memory in MB.
    pub shared: u32,
    /// Private memory of each process in MB.
    pub private: u32,
    /// Number of UDP workers.
    pub workers: u32,
    /// Memory manager: `qm`, `fm` or `tlsf`.
    pub manager: &'static str,
    /// Whether JSON-RPC is answered on a datagram socket.
    pub json: bool,
    /// Whether every process runs under valgrind.
    pub valgrind: bool,
    globals: String,
    modules: Vec<&'static str>,
    params: Vec<(String, String)>,
    routes: Option<String>,
    whole: Option<String>,
    files: Vec<(&'static str, Cow<'static, [u8]>)>,
    words: Vec<(&'static str, String)>,
}

/// A parameter's value as the configuration file writes it.
pub trait Value {
    /// Number or quoted text.
    fn written(self) -> String;
}

impl Value for i32 {
    fn written(self) -> String {
        self.to_string()
    }
}

impl Value for &str {
    fn written(self) -> String {
        format!("\"{self}\"")
    }
}

impl Value for String {
    fn written(self) -> String {
        self.as_str().written()
    }
}

impl Setup {
    /// A small host with `sca` and an sqlite file; purges rarely, so that only tests of it see it.
    pub fn new(flavor: Flavor) -> Self {
        Self { flavor, ..Self::of("sca") }
            .storage(Storage::Own)
            .sca("purge_expired_interval", 600)
            .sca("db_update_interval", 300)
            .param("tm", "fr_timer", 8000)
            .param("tm", "fr_inv_timer", 60_000)
    }

    /// A small host with another module of ours, without a database.
    pub fn of(subject: &'static str) -> Self {
        Self {
            flavor: Flavor::Ours,
            subject,
            after: Vec::new(),
            address: None,
            alias: DOMAIN,
            tcp: false,
            tables: || schema(Dialect::Sqlite),
            storage: Storage::None,
            shared: 32,
            private: 8,
            workers: 2,
            manager: "qm",
            json: false,
            valgrind: false,
            globals: String::new(),
            modules: Vec::new(),
            params: Vec::new(),
            routes: None,
            whole: None,
            files: Vec::new(),
            words: Vec::new(),
        }
    }

    /// Sets a parameter of `sca`; a later value replaces an earlier one.
    #[must_use]
    pub fn sca(self, name: &str, value: impl Value) -> Self {
        self.param("sca", name, value)
    }

    /// Sets a parameter of any module.
    #[must_use]
    pub fn param(mut self, module: &str, name: &str, value: impl Value) -> Self {
        let key = format!("\"{module}\", \"{name}\"");
        self.params.retain(|(known, _)| *known != key);
        self.params.push((key, value.written()));
        self
    }

    /// Leaves a parameter at its default.
    #[must_use]
    pub fn without(mut self, module: &str, name: &str) -> Self {
        let key = format!("\"{module}\", \"{name}\"");
        self.params.retain(|(known, _)| *known != key);
        self
    }

    /// Adds lines to the global part.
    #[must_use]
    pub fn global(mut self, lines: &str) -> Self {
        self.globals.push_str(lines);
        self.globals.push('\n');
        self
    }

    /// Loads another of Kamailio's modules, before the tested ones.
    #[must_use]
    pub fn module(mut self, name: &'static str) -> Self {
        self.modules.push(name);
        self
    }

    /// Does not load a module that [`Setup::module`] added, nor sets its parameters.
    #[must_use]
    pub fn without_module(mut self, name: &str) -> Self {
        let key = format!("\"{name}\", ");
        self.modules.retain(|known| *known != name);
        self.params.retain(|(known, _)| !known.starts_with(&key));
        self
    }

    /// Uses `routes` for all routing.
    #[must_use]
    pub fn routes(mut self, routes: &str) -> Self {
        self.routes = Some(routes.to_owned());
        self
    }

    /// Uses `text` as the whole configuration file. In it, as in every other text of a setup,
    /// `{address}`, `{ip}`, `{folder}` and `{stock}` stand for the host's SIP address, the IP
    /// address in it, its run folder and the folder of Kamailio's modules.
    #[must_use]
    pub fn whole(mut self, text: &str) -> Self {
        self.whole = Some(text.to_owned());
        self
    }

    /// Puts a file into the run folder before the start.
    #[must_use]
    pub fn with_file(mut self, name: &'static str, text: &str) -> Self {
        self.files.push((name, Cow::Owned(text.as_bytes().to_vec())));
        self
    }

    /// As [`Setup::with_file`], for bytes.
    #[must_use]
    pub fn with_bytes(mut self, name: &'static str, bytes: &'static [u8]) -> Self {
        self.files.push((name, Cow::Borrowed(bytes)));
        self
    }

    /// Puts `text` for every `word`, such as `{core}`, in the configuration file.
    #[must_use]
    pub fn word(mut self, word: &'static str, text: &str) -> Self {
        self.words.retain(|(known, _)| *known != word);
        self.words.push((word, text.to_owned()));
        self
    }

    /// The files that belong into the run folder.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.files.iter().map(|(name, bytes)| (*name, bytes.as_ref()))
    }

    /// The tested modules with whose they are, in the order in which they are loaded.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = (&'static str, Flavor)> {
        let more = self.after.iter().filter_map(|load| match load {
            Load::Stock(_) => None,
            Load::Subject(name, flavor) => Some((*name, *flavor)),
        });
        std::iter::once((self.subject, self.flavor)).chain(more)
    }

    /// Keeps subscriptions in `storage`.
    #[must_use]
    pub fn storage(mut self, storage: Storage) -> Self {
        self.storage = storage;
        self
    }

    /// Answers JSON-RPC too.
    #[must_use]
    pub fn json(mut self) -> Self {
        self.json = true;
        self
    }

    /// The configuration file of a host at `address` whose run folder is `folder`, both as the
    /// host sees them.
    pub fn file(&self, address: SocketAddr, folder: &Path, stock: &Path) -> String {
        let mut text = self.whole.clone().unwrap_or_else(|| self.composed());
        for (word, value) in &self.words {
            text = text.replace(word, value);
        }
        text.replace("{address}", &address.to_string())
            .replace("{ip}", &address.ip().to_string())
            .replace("{folder}", &folder.display().to_string())
            .replace("{stock}", &stock.display().to_string())
    }

    fn composed(&self) -> String {
        let mut text = format!(
            "debug=2\nlog_stderror=yes\nfork=yes\nchildren={}\nmemlog=5\n\
             dns=no\nrev_dns=no\nauto_aliases=no\nalias=\"{}\"\n\
             listen=udp:{{address}}\n{}\n{}\nmpath=\"{{stock}}\"\n",
            self.workers,
            self.alias,
            if self.tcp { "listen=tcp:{address}\ntcp_children=2" } else { "disable_tcp=yes" },
            self.globals
        );
        let (driver, url) = match &self.storage {
            Storage::None => (None, None),
            Storage::Own => (Some("db_sqlite"), Some("sqlite:///{folder}/sca.sqlite".to_owned())),
            Storage::At(url) => (Some(driver(url)), Some(url.clone())),
        };
        let base = ["tm", "sl", "rr", "pv", "textops", "siputils", "xlog", "kex", "corex", "ctl"];
        let json = self.json.then_some("jsonrpcs");
        let again = |module: &&&str| Some(**module) != driver;
        let more = self.modules.iter().filter(again);
        for module in base.iter().chain(&driver).chain(&json).chain(more) {
            writeln!(text, "loadmodule \"{module}.so\"").unwrap();
        }
        writeln!(text, "loadmodule \"{{folder}}/{}.so\"", self.subject).unwrap();
        for load in &self.after {
            match load {
                Load::Stock(name) => writeln!(text, "loadmodule \"{name}.so\"").unwrap(),
                Load::Subject(name, _) => {
                    writeln!(text, "loadmodule \"{{folder}}/{name}.so\"").unwrap();
                }
            }
        }
        let mut set = |key: &str, value: &str| {
            writeln!(text, "modparam({key}, {value})").unwrap();
        };
        set("\"ctl\", \"binrpc\"", "\"unix:{folder}/ctl\"");
        if self.json {
            set("\"jsonrpcs\", \"transport\"", "4");
            set("\"jsonrpcs\", \"dgram_socket\"", "\"udp:{ip}:8090\"");
        }
        if let Some(url) = url {
            set(&format!("\"{}\", \"db_url\"", self.subject), &url.written());
        }
        for (key, value) in &self.params {
            set(key, value);
        }
        text.push_str(self.routes.as_deref().unwrap_or(ROUTES));
        text
    }
}

/// The driver module for the address of a database.
fn driver(url: &str) -> &'static str {
    match url.split(':').next() {
        Some("mysql") => "db_mysql",
        Some("postgres") => "db_postgres",
        _ => "db_sqlite",
    }
}
