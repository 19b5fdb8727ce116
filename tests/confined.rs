//! A machine with a disk of so many bytes, or with a directory that nobody may write to. Both are mounts in a mount and
//! user namespace of its own (`unshare`, `nsenter` of util-linux): permissions would not stop a test that runs as root,
//! and nothing outside sees the mounts.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::city::{YIWANG, begin_by, yiwang_by};

/// Makes `$1` a disk of `$2` bytes.
const DISK: &str = r#"mount -t tmpfs -o "size=$2,mode=0700" tmpfs "$1""#;
/// Makes `$1` a directory that nobody may write to, as a disk is that the kernel found damaged.
const READ_ONLY: &str = r#"mount --bind "$1" "$1" && mount -o remount,bind,ro "$1""#;

/// Where the binary runs with other mounts than the test; they go when this is dropped.
pub(crate) struct Confined {
    keeper: Child,
    folder: PathBuf,
}

/// A city served in there; killed when dropped.
pub(crate) struct Served {
    /// Where it listens.
    pub(crate) url: String,
    server: Child,
}

impl Confined {
    /// With a disk of so many bytes at this empty folder.
    pub(crate) fn to_disk(folder: &Path, bytes: u64) -> Confined {
        Confined::by(DISK, folder, bytes)
    }

    /// With this folder as it is, but read only.
    pub(crate) fn to_reading(folder: &Path) -> Confined {
        Confined::by(READ_ONLY, folder, 0)
    }

    fn by(mount: &str, folder: &Path, bytes: u64) -> Confined {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
        command.arg(format!("{mount} && echo ready && exec cat")).arg("sh").arg(folder).arg(bytes.to_string());
        let mut keeper = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("unshare of util-linux");
        let mut line = String::new();
        let mut output = BufReader::new(keeper.stdout.take().expect("its output"));
        output.read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n", "namespaces for mounts are to be had");
        Confined { keeper, folder: folder.to_owned() }
    }

    /// A place of the mounted folder as the test reaches it.
    pub(crate) fn seen(&self, place: &str) -> PathBuf {
        let folder = self.folder.strip_prefix("/").expect("an absolute path");
        PathBuf::from(format!("/proc/{}/root", self.keeper.id())).join(folder).join(place)
    }

    /// A place of the mounted folder as the binary in there calls it.
    pub(crate) fn place(&self, place: &str) -> PathBuf {
        self.folder.join(place)
    }

    /// Runs the binary in there; exit code, standard output and standard error.
    pub(crate) fn yiwang(&self, data: &Path, words: &[&str]) -> (i32, String, String) {
        yiwang_by(self.command(), data, words)
    }

    /// Serves the city in there.
    pub(crate) fn serve(&self, data: &Path) -> Served {
        let (server, document) = begin_by(self.command(), data, &["serve", "--listen", "127.0.0.1:0"]);
        Served { url: document["url"].as_str().expect("the address it listens on").to_owned(), server }
    }

    /// Writes to the disk until not one byte more goes on it.
    pub(crate) fn fill(&self) {
        let mut filler = File::create(self.seen("filler")).expect("a file");
        for bytes in [1 << 20, 1 << 12, 1] {
            let piece = vec![7_u8; bytes];
            while filler.write_all(&piece).is_ok() {}
        }
    }

    /// Gives the space back.
    pub(crate) fn free(&self) {
        std::fs::remove_file(self.seen("filler")).expect("it was filled");
    }

    fn command(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.arg("--target").arg(self.keeper.id().to_string());
        command.args(["--user", "--mount", "--preserve-credentials", "--", YIWANG]);
        command
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if self.server.kill().is_ok() {
            drop(self.server.wait());
        }
    }
}

impl Drop for Confined {
    fn drop(&mut self) {
        if self.keeper.kill().is_ok() {
            drop(self.keeper.wait());
        }
    }
}
