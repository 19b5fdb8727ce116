//! What the tests need beside Rust: found, or installed, or started, or named as missing with the way to get it.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process;

const POSTGRES_DEFAULT: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// What a test run needs; a PostgreSQL of our own is ended when this is dropped.
pub(crate) struct Tools {
    /// Where the tests find PostgreSQL.
    pub(crate) postgres_url: String,
    /// The accessibility checker the browser tests inject.
    pub(crate) axe: PathBuf,
    /// The Python that has the engines which read what the product writes.
    pub(crate) python: PathBuf,
    started: Option<OwnPostgres>,
}

struct OwnPostgres {
    pg_ctl: PathBuf,
    folder: PathBuf,
    as_postgres: bool,
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        let data = self.folder.join("data");
        let words = [data.as_os_str(), "-m".as_ref(), "fast".as_ref()];
        let stopped = own_command(&self.pg_ctl, self.as_postgres).arg("stop").arg("-D").args(words).status();
        if stopped.is_ok() {
            drop(std::fs::remove_dir_all(&self.folder));
        }
    }
}

/// Finds or brings nextest, Chromium, axe-core, Python with its engines, and PostgreSQL.
pub(crate) fn ready() -> Result<Tools> {
    nextest()?;
    browser()?;
    let axe = axe()?;
    let python = python()?;
    postgres().map(|(postgres_url, started)| Tools { postgres_url, axe, python, started })
}

impl Tools {
    /// Tells a test run where things are.
    pub(crate) fn pass_to(&self, command: &mut Command) {
        command.env("YIWANG_TEST_POSTGRES", &self.postgres_url).env("YIWANG_TEST_AXE", &self.axe);
        command.env("YIWANG_TEST_PYTHON", &self.python);
    }

    /// Says what was found.
    pub(crate) fn print(&self) {
        let own = if self.started.is_some() { " (started for this run)" } else { "" };
        println!("tests use PostgreSQL at {}{own}", self.postgres_url);
    }
}

fn nextest() -> Result<()> {
    if process::output("cargo", &["nextest", "--version"]).is_some() {
        return Ok(());
    }
    println!("cargo-nextest is missing: installing it");
    let mut command = Command::new("cargo");
    process::run(command.args(["install", "cargo-nextest", "--locked"]), "cargo install cargo-nextest")
}

fn browser() -> Result<()> {
    let there = |name: &str| process::output(name, &["--version"]).is_some();
    if there("chromium") && there("chromedriver") {
        return Ok(());
    }
    install(&["chromium", "chromium-driver", "fonts-noto-cjk"])
        .context("the browser tests need chromium and chromedriver on the PATH")
}

/// axe-core, by the lock file under `tests/`, into the folder of built things.
fn axe() -> Result<PathBuf> {
    let folder = built_things()?.join("axe");
    let script = folder.join("node_modules/axe-core/axe.min.js");
    let tests = process::root().join("tests");
    let lock = std::fs::read(tests.join("package-lock.json")).context("tests/package-lock.json")?;
    let installed = std::fs::read(folder.join("package-lock.json")).unwrap_or_default();
    if installed != lock || !script.exists() {
        std::fs::create_dir_all(&folder)?;
        for name in ["package.json", "package-lock.json"] {
            std::fs::copy(tests.join(name), folder.join(name))?;
        }
        let mut command = Command::new("npm");
        command.current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        process::run(command.stdout(Stdio::null()), "npm ci").context("the browser tests need Node with npm")?;
    }
    Ok(script)
}

/// DuckDB, deltalake and Polars, by the lock file under `tests/`, into the folder of built things.
fn python() -> Result<PathBuf> {
    const NEEDED: &str = "the tests with other engines need Python 3.10 or newer with venv and pip, and PyPI";
    let folder = built_things()?.join("python");
    let python = folder.join("bin/python");
    let lock = process::root().join("tests/requirements.txt");
    let wanted = std::fs::read(&lock).context("tests/requirements.txt")?;
    let noted = folder.join("requirements.txt");
    if std::fs::read(&noted).unwrap_or_default() == wanted && python.exists() {
        return Ok(python);
    }
    if process::output("python3", &["-c", "import ensurepip, venv"]).is_none() {
        install(&["python3", "python3-venv"]).context(NEEDED)?;
    }
    println!("installing the engines of tests/requirements.txt");
    let mut command = Command::new("python3");
    command.args(["-m", "venv", "--clear"]).arg(&folder);
    process::run(&mut command, "python3 -m venv").context(NEEDED)?;
    let mut command = Command::new(&python);
    command.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    command.args(["--only-binary=:all:", "--require-hashes", "--requirement"]).arg(&lock);
    process::run(&mut command, "pip install").context(NEEDED)?;
    std::fs::write(&noted, wanted)?;
    Ok(python)
}

/// Cargo's target folder, which may lie outside the clone.
fn built_things() -> Result<PathBuf> {
    let metadata = process::output("cargo", &["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata.context("cargo metadata fails")?)?;
    let target = metadata["target_directory"].as_str().context("cargo metadata names no target directory")?;
    Ok(PathBuf::from(target))
}

fn postgres() -> Result<(String, Option<OwnPostgres>)> {
    let postgres_url = std::env::var("YIWANG_TEST_POSTGRES").unwrap_or_else(|_| POSTGRES_DEFAULT.to_owned());
    if answers(&postgres_url) {
        return Ok((postgres_url, None));
    }
    let folder = match postgres_programs() {
        Some(folder) => folder,
        None => {
            install(&["postgresql"]).context("the tests need PostgreSQL 15 or newer")?;
            postgres_programs().context("PostgreSQL was installed, but its programs are not where Debian puts them")?
        }
    };
    start_postgres(&folder)
}

fn answers(url: &str) -> bool {
    let place = url.rsplit('@').next().unwrap_or_default().split('/').next().unwrap_or_default();
    let Ok(address) = place.parse() else { return false };
    TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok()
}

fn postgres_programs() -> Option<PathBuf> {
    if let Some(path) = process::output("pg_config", &["--bindir"]) {
        let folder = PathBuf::from(path.trim());
        if folder.join("initdb").exists() {
            return Some(folder);
        }
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.flatten().map(|version| version.path().join("bin"));
    folders.filter(|folder| folder.join("initdb").exists()).max()
}

fn start_postgres(programs: &Path) -> Result<(String, Option<OwnPostgres>)> {
    let folder = std::env::temp_dir().join(format!("yiwang-postgres-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let as_postgres = process::output("id", &["-u"]).is_some_and(|uid| uid.trim() == "0");
    if as_postgres {
        process::run(Command::new("chown").arg("postgres").arg(&folder), "chown postgres")?;
    }
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let data = folder.join("data");
    let mut initdb = own_command(&programs.join("initdb"), as_postgres);
    initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-D"]).arg(&data);
    process::run(initdb.stdout(Stdio::null()), "initdb")?;
    let pg_ctl = programs.join("pg_ctl");
    let options =
        format!("-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={}", folder.display());
    let mut start = own_command(&pg_ctl, as_postgres);
    start.arg("start").arg("-w").arg("-D").arg(&data).arg("-l").arg(folder.join("log")).arg("-o").arg(options);
    process::run(start.stdout(Stdio::null()), "pg_ctl start")?;
    let postgres_url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    Ok((postgres_url, Some(OwnPostgres { pg_ctl, folder, as_postgres })))
}

/// PostgreSQL refuses to run as root; then it runs as the user its package made.
fn own_command(program: &Path, as_postgres: bool) -> Command {
    if !as_postgres {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

fn install(packages: &[&str]) -> Result<()> {
    let root = process::output("id", &["-u"]).is_some_and(|uid| uid.trim() == "0");
    if !root || process::output("apt-get", &["--version"]).is_none() {
        bail!("missing: {}; install them with your system's package manager", packages.join(" "));
    }
    println!("installing {}", packages.join(" "));
    process::run(Command::new("apt-get").args(["update", "-q"]).stdout(Stdio::null()), "apt-get update")?;
    let mut command = Command::new("apt-get");
    command.args(["install", "-y", "-q"]).args(packages).env("DEBIAN_FRONTEND", "noninteractive");
    process::run(command.stdout(Stdio::null()), "apt-get install")
}
