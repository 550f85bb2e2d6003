//! What a host is started with, and the configuration file that says so.

use crate::{DOMAIN, install::Flavor};
use std::{fmt::Write as _, path::Path};

/// The routing of the module's sample configuration; headers `X-…` of a request say where it goes
/// and what else is wanted of the route.
const ROUTES: &str = include_str!("route.cfg");

/// The database of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// An sqlite file of its own in the run folder, made from the shipped schema.
    Own,
    /// The database at this address.
    At(String),
    /// No `db_url` and no driver.
    None,
}

/// Settings of one host.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Which `sca.so` is loaded.
    pub flavor: Flavor,
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
}

/// A parameter's value as the configuration file writes it.
pub trait Value {
    /// Number or quoted text.
    fn written(&self) -> String;
}

impl Value for i64 {
    fn written(&self) -> String {
        self.to_string()
    }
}

impl Value for &str {
    fn written(&self) -> String {
        format!("\"{self}\"")
    }
}

impl Value for String {
    fn written(&self) -> String {
        self.as_str().written()
    }
}

impl Setup {
    /// A small host with an sqlite file; purges rarely, so that only tests of it see it.
    pub fn new(flavor: Flavor) -> Self {
        Self {
            flavor,
            storage: Storage::Own,
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
        }
        .sca("purge_expired_interval", 600)
        .sca("db_update_interval", 300)
        .param("tm", "fr_timer", 8000)
        .param("tm", "fr_inv_timer", 60_000)
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

    /// Adds lines to the global part.
    #[must_use]
    pub fn global(mut self, lines: &str) -> Self {
        self.globals.push_str(lines);
        self.globals.push('\n');
        self
    }

    /// Loads another of Kamailio's modules, before `sca`.
    #[must_use]
    pub fn module(mut self, name: &'static str) -> Self {
        self.modules.push(name);
        self
    }

    /// Uses `routes` for all routing.
    #[must_use]
    pub fn routes(mut self, routes: &str) -> Self {
        self.routes = Some(routes.to_owned());
        self
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
    pub fn file(&self, address: &str, folder: &Path, stock: &Path) -> String {
        let at = |name: &str| folder.join(name).display().to_string();
        let mut text = format!(
            "debug=2\nlog_stderror=yes\nfork=yes\nchildren={}\ndisable_tcp=yes\nmemlog=5\n\
             dns=no\nrev_dns=no\nauto_aliases=no\nalias=\"{DOMAIN}\"\nlisten=udp:{address}\n\
             {}\nmpath=\"{}\"\n",
            self.workers,
            self.globals,
            stock.display()
        );
        let driver = match &self.storage {
            Storage::None => None,
            Storage::Own => Some("db_sqlite"),
            Storage::At(url) if url.starts_with("mysql") => Some("db_mysql"),
            Storage::At(url) if url.starts_with("postgres") => Some("db_postgres"),
            Storage::At(_) => Some("db_sqlite"),
        };
        let base = ["tm", "sl", "rr", "pv", "textops", "siputils", "xlog", "kex", "ctl"];
        let json = self.json.then_some("jsonrpcs");
        for module in base.iter().chain(&driver).chain(&json).chain(&self.modules) {
            writeln!(text, "loadmodule \"{module}.so\"").unwrap();
        }
        writeln!(text, "loadmodule \"{}\"", at("sca.so")).unwrap();
        let mut set = |key: &str, value: &str| {
            writeln!(text, "modparam({key}, {value})").unwrap();
        };
        set("\"ctl\", \"binrpc\"", &format!("unix:{}", at("ctl")).written());
        if self.json {
            set("\"jsonrpcs\", \"transport\"", "4");
            set("\"jsonrpcs\", \"dgram_socket\"", &at("json").written());
        }
        let url = match &self.storage {
            Storage::None => None,
            Storage::Own => Some(format!("sqlite:///{}", at("sca.sqlite"))),
            Storage::At(url) => Some(url.clone()),
        };
        if let Some(url) = url {
            set("\"sca\", \"db_url\"", &url.written());
        }
        for (key, value) in &self.params {
            set(key, value);
        }
        text.push_str(self.routes.as_deref().unwrap_or(ROUTES));
        text
    }
}
