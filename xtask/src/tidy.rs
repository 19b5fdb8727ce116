//! `tidy` reads the repository and holds it to its own rules: ranks and edges, monopolies, sizes, file heads,
//! bans, words, docs. It changes nothing; each finding names the file and line and what to do.

mod docs;
mod edges;
mod files;
mod sources;

use std::path::Path;

use anyhow::{Result, bail};

/// What tidy found; empty when the house is in order.
#[derive(Default)]
pub(crate) struct Findings(Vec<String>);

impl Findings {
    /// Notes one finding.
    pub(crate) fn add(&mut self, place: impl std::fmt::Display, what: impl std::fmt::Display) {
        self.0.push(format!("{place}: {what}"));
    }
}

/// Runs every check and prints all findings.
pub(crate) fn tidy(root: &Path) -> Result<()> {
    let mut findings = Findings::default();
    let files = files::tracked(root)?;
    edges::check(root, &mut findings)?;
    sources::check(&files, &mut findings);
    docs::check(&files, &mut findings);
    if findings.0.is_empty() {
        println!("tidy: {} files in order", files.len());
        return Ok(());
    }
    for finding in &findings.0 {
        eprintln!("{finding}");
    }
    bail!("{} findings", findings.0.len())
}
