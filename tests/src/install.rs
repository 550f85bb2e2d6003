//! The installed Kamailio: where it lies, which version it is, and the two `sca` modules.

use crate::process;
use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

/// Whose module is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// The module of this workspace.
    Ours,
    /// The C module that comes with Kamailio.
    C,
}

/// First two numbers of a Kamailio release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(
    /// The `6` of 6.0.1.
    pub u32,
    /// The `0` of 6.0.1.
    pub u32,
);

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.0, self.1)
    }
}

/// The Kamailio that the tests start.
///
/// `HOST_ROOT` names another root directory that holds it; the programs are then run through
/// `chroot`, and all paths in a configuration are seen from there. `KAMAILIO` names another
/// program than `kamailio`, `KAMAILIO_MODULES` another folder of C modules.
#[derive(Debug)]
pub struct Install {
    root: Option<PathBuf>,
    program: String,
    modules: PathBuf,
    version: Version,
}

static INSTALL: LazyLock<Install> = LazyLock::new(Install::find);

/// The one installation of this test run.
pub fn install() -> &'static Install {
    &INSTALL
}

impl Install {
    fn find() -> Self {
        let root = env::var_os("HOST_ROOT").filter(|root| !root.is_empty()).map(PathBuf::from);
        let program = env::var("KAMAILIO").unwrap_or_else(|_| "kamailio".to_owned());
        let mut found = Self { root, program, modules: PathBuf::new(), version: Version(0, 0) };
        found.modules = env::var_os("KAMAILIO_MODULES").map_or_else(
            || found.stock_modules(),
            |inside| {
                let inside = PathBuf::from(inside);
                inside
                    .strip_prefix(found.root.as_deref().unwrap_or(Path::new("")))
                    .map_or(inside.clone(), |below| Path::new("/").join(below))
            },
        );
        found.version = found.ask_version();
        found
    }

    fn stock_modules(&self) -> PathBuf {
        let libraries = self.outside(Path::new("/usr/lib"));
        let mut folders = vec![libraries.clone()];
        folders.extend(fs::read_dir(libraries).unwrap().map(|entry| entry.unwrap().path()));
        let found = folders
            .iter()
            .map(|folder| folder.join("kamailio/modules"))
            .find(|folder| folder.join("tm.so").exists())
            .expect("Kamailio's modules below /usr/lib; KAMAILIO_MODULES names another folder");
        self.inside(&found)
    }

    fn ask_version(&self) -> Version {
        let text = process::output(self.command(&self.program).arg("-v"));
        let number = text
            .split_whitespace()
            .skip_while(|word| *word != "kamailio")
            .nth(1)
            .unwrap_or_else(|| panic!("no version in what kamailio -v says: {text}"));
        let mut parts = number.split('.').map(|part| part.parse().unwrap_or(0));
        Version(parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }

    /// Which release this is.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The folder of Kamailio's own modules, as Kamailio sees it.
    pub fn modules(&self) -> &Path {
        &self.modules
    }

    /// Name of the program, as it is called where Kamailio lives.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Kamailio itself, not yet started.
    pub fn kamailio(&self) -> Command {
        self.command(&self.program)
    }

    /// `program` run where Kamailio lives.
    pub fn command(&self, program: &str) -> Command {
        let Some(root) = &self.root else { return Command::new(program) };
        let mut command = Command::new("chroot");
        command.arg(root).arg(program);
        command
    }

    /// A path of Kamailio as the test sees it.
    pub fn outside(&self, inside: &Path) -> PathBuf {
        match &self.root {
            None => inside.to_owned(),
            Some(root) => root.join(inside.strip_prefix("/").unwrap_or(inside)),
        }
    }

    /// A path of the test as Kamailio sees it.
    ///
    /// # Panics
    ///
    /// When Kamailio cannot see it.
    pub fn inside(&self, outside: &Path) -> PathBuf {
        match &self.root {
            None => outside.to_owned(),
            Some(root) => Path::new("/").join(outside.strip_prefix(root).unwrap()),
        }
    }

    /// Text of a file that comes with Kamailio.
    pub fn shipped(&self, path: &str) -> String {
        let path = self.outside(Path::new(path));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A new folder that Kamailio can see; goes when dropped.
    pub fn folder(&self) -> tempfile::TempDir {
        let below = match &self.root {
            None => env::temp_dir(),
            Some(root) => root.join("tmp"),
        };
        tempfile::Builder::new().prefix("sca-").tempdir_in(below).unwrap()
    }

    /// The file of module `name` in `flavor`, as the test sees it.
    pub fn module(&self, flavor: Flavor, name: &str) -> PathBuf {
        match flavor {
            Flavor::C => self.outside(&self.modules).join(format!("{name}.so")),
            Flavor::Ours => ours().join(format!("{name}.so")),
        }
    }

    /// Whether `program` is installed where Kamailio lives, and can look at processes there.
    pub fn has(&self, program: &str) -> bool {
        let exists = |path: &Path| self.outside(path).exists();
        let folders = ["/usr/bin", "/usr/sbin", "/usr/local/bin"];
        exists(Path::new("/proc/self/maps"))
            && folders.iter().any(|folder| exists(&Path::new(folder).join(program)))
    }
}

/// The folder of our built modules: `MODULES_DIR`, else `target/modules` of the workspace.
fn ours() -> PathBuf {
    env::var_os("MODULES_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/modules"),
        PathBuf::from,
    )
}
