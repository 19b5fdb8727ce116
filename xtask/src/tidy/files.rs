//! The files git tracks, with their text.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// One tracked text file.
pub(crate) struct File {
    /// Path from the root, with `/`.
    pub(crate) path: String,
    /// Its text; files that are not UTF-8 are left out.
    pub(crate) text: String,
}

impl File {
    /// Whether the file is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the file holds tests, by the house's layout.
    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.starts_with("platform/testkit/")
            || self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
            || self.path.contains("/testing")
            || self.path.contains("/examples/")
    }

    /// The crate's folder (`platform/gate`), for files that belong to one.
    pub(crate) fn home(&self) -> &str {
        let mut slashes = self.path.match_indices('/').map(|(at, _)| at);
        let first = slashes.next().unwrap_or(0);
        let ranked = ["lib/", "platform/", "capabilities/"].iter().any(|rank| self.path.starts_with(rank));
        if ranked { &self.path[..slashes.next().unwrap_or(first)] } else { &self.path[..first] }
    }
}

/// Every tracked or new file git does not ignore.
pub(crate) fn tracked(root: &Path) -> Result<Vec<File>> {
    let words = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
    let output = Command::new("git").current_dir(root).args(words).output().context("cannot start git")?;
    if !output.status.success() {
        bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    }
    let paths = String::from_utf8(output.stdout).context("a tracked path is not UTF-8")?;
    let mut files = Vec::new();
    for path in paths.split('\0').filter(|path| !path.is_empty()) {
        if let Ok(text) = std::fs::read_to_string(root.join(path)) {
            files.push(File { path: path.to_owned(), text });
        }
    }
    Ok(files)
}
