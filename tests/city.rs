//! A city to test: a small demo, built once per build of the binary and copied for each test, served by the binary
//! itself on a free port and ended with the test.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::UNIX_EPOCH;

use serde_json::Value;
use tempfile::TempDir;

/// The binary under test.
pub(crate) const YIWANG: &str = env!("CARGO_BIN_EXE_yiwang");
/// Rows of the test city.
pub(crate) const ROWS: &str = "30000";

/// A served city; ended and removed when dropped.
pub(crate) struct City {
    /// Where it listens.
    pub(crate) url: String,
    /// Its data directory.
    pub(crate) data: PathBuf,
    server: Child,
    _folder: TempDir,
}

impl City {
    /// A copy of the demo city, served.
    pub(crate) fn demo() -> City {
        let (folder, data) = City::demo_directory();
        City::serve(folder, data)
    }

    /// Everything the server wrote to its log so far, at its most talkative.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(log_file(&self.data)).expect("the log of the server")
    }

    /// Asks for a page or document and gives status and text.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        answer(agent().get(self.address(path)).call())
    }

    /// Asks for the JSON twin.
    pub(crate) fn json(&self, path: &str) -> Value {
        let (status, text) = answer(agent().get(self.address(path)).header("accept", "application/json").call());
        assert!(status < 300, "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path} is no JSON ({error}): {text}"))
    }

    /// The whole address.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// The demo city, not served yet, and the folder it lies in.
    pub(crate) fn demo_directory() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("city");
        copy(&template(), &data);
        copy_file(&beside(&template()), &beside(&data));
        (folder, data)
    }

    /// Ends the server as a power cut would, and serves the same directory again.
    pub(crate) fn kill_and_restart(&mut self) {
        self.restart_after(|_| {});
    }

    /// Ends the server as a power cut would; until it is served again nothing answers.
    pub(crate) fn kill(&mut self) {
        self.server.kill().expect("the server was running");
        self.server.wait().expect("the server ends");
    }

    /// Ends the server as a power cut would, does something to the directory, and serves it again.
    pub(crate) fn restart_after(&mut self, change: impl FnOnce(&Path)) {
        self.kill();
        change(&self.data);
        (self.server, self.url) = start(&self.data);
    }

    /// The city in this directory, served; the folder goes away with it.
    pub(crate) fn serve(folder: TempDir, data: PathBuf) -> City {
        let (server, url) = start(&data);
        City { url, data, server, _folder: folder }
    }
}

/// Whatever a test was about, no page it saw may have missed a text or an argument of one.
impl Drop for City {
    fn drop(&mut self) {
        if self.server.kill().is_ok() {
            drop(self.server.wait());
        }
        if !std::thread::panicking() {
            let log = std::fs::read_to_string(log_file(&self.data)).unwrap_or_default();
            let missed = log.lines().find(|line| line.contains("yiwang_web::texts"));
            assert!(missed.is_none(), "{missed:?}");
        }
    }
}

/// Runs the binary with these words on the data directory; gives exit code and standard output.
pub(crate) fn yiwang(data: &Path, words: &[&str]) -> (i32, String) {
    let (code, text, errors) = yiwang_whole(data, words);
    if code != 0 {
        eprintln!("{words:?}: {errors}");
    }
    (code, text)
}

/// As [`yiwang`], with standard error.
pub(crate) fn yiwang_whole(data: &Path, words: &[&str]) -> (i32, String, String) {
    yiwang_by(Command::new(YIWANG), data, words)
}

/// As [`yiwang_whole`], by a command that starts the binary in its own way.
pub(crate) fn yiwang_by(mut command: Command, data: &Path, words: &[&str]) -> (i32, String, String) {
    let output = command.arg("--data").arg(data).args(words).stdin(Stdio::null()).output();
    let output = output.expect("the binary starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8 on standard output");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or(-1), text, errors)
}

/// The key file beside a data directory.
pub(crate) fn beside(data: &Path) -> PathBuf {
    let mut keys = data.as_os_str().to_owned();
    keys.push(".keys");
    keys.into()
}

/// An agent that hands back every status instead of failing on it.
pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into()
}

/// Status and text of an answer.
pub(crate) fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> (u16, String) {
    let mut response = response.expect("the server answers");
    let status = response.status().as_u16();
    (status, response.body_mut().with_config().limit(512 << 20).read_to_string().expect("text"))
}

/// Starts the binary with these words and gives the document it prints first.
pub(crate) fn begin(data: &Path, words: &[&str]) -> (Child, Value) {
    begin_by(Command::new(YIWANG), data, words)
}

/// As [`begin`], by a command that starts the binary in its own way.
pub(crate) fn begin_by(mut command: Command, data: &Path, words: &[&str]) -> (Child, Value) {
    command.arg("--data").arg(data).arg("--json").args(words);
    let log = File::options().create(true).append(true).open(log_file(data)).expect("a file for the log");
    command.env("YIWANG_LOG", "debug").stderr(log);
    let mut server = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the binary starts");
    let mut line = String::new();
    let mut output = BufReader::new(server.stdout.take().expect("a standard output"));
    output.read_line(&mut line).expect("a line on standard output");
    let document = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: `{line}`"));
    (server, document)
}

fn start(data: &Path) -> (Child, String) {
    let (server, document) = begin(data, &["serve", "--listen", "127.0.0.1:0"]);
    (server, document["url"].as_str().expect("the address it listens on").to_owned())
}

/// Where a server's log goes.
fn log_file(data: &Path) -> PathBuf {
    data.with_extension("log")
}

/// The demo city all tests copy; built under a lock by whoever comes first after a new build of the binary.
fn template() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let built = std::fs::metadata(YIWANG).expect("the binary is there").modified().expect("a time of change");
    let stamp = built.duration_since(UNIX_EPOCH).expect("after 1970").as_micros();
    let data = folder.join(format!("demo-{stamp}"));
    let lock = File::create(folder.join("demo.lock")).expect("a lock file");
    lock.lock().expect("the lock");
    if !data.join("ready").exists() {
        remove_older(folder);
        let (code, _) = yiwang(&data, &["demo", "--no-serve", "--reset", "--rows", ROWS]);
        assert_eq!(code, 0, "the demo city is built");
        File::create(data.join("ready")).expect("a mark");
    }
    data
}

fn remove_older(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("the folder").flatten() {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with("demo-") {
            let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            removed.expect("an older city is removed");
        }
    }
}

/// Copies a folder with all in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder to copy").flatten() {
        let kind = entry.file_type().expect("a kind");
        let target = to.join(entry.file_name());
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_file() {
            copy_file(&entry.path(), &target);
        }
    }
}

/// Copies one file with its permissions: the key file stays private.
pub(crate) fn copy_file(from: &Path, to: &Path) {
    std::fs::copy(from, to).expect("a file is copied");
}
