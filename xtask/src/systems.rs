//! `systems`: runs the end-to-end tests named after the rows of the systems table and prints, per row,
//! clauses passing / all. A clause is one test function in `tests/systems/<id>.rs`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::tools;

/// Runs the rows given (all where none is) and prints a line each; fails if a clause failed.
pub(crate) fn systems(root: &Path, rows: &[String]) -> Result<()> {
    let tools = tools::ready()?;
    let wanted: Vec<String> = rows.iter().map(|row| row.to_lowercase().replace('-', "_")).collect();
    let mut command = Command::new("cargo");
    command.current_dir(root).args(["nextest", "run", "--package", "yiwang-server", "--no-fail-fast"]);
    command.args(["--color", "never", "--status-level", "all", "-E", "test(/systems::/)"]);
    tools.pass_to(&mut command);
    command.stdin(Stdio::null());
    let output = command.output().context("cannot start `cargo nextest`")?;
    let text = String::from_utf8_lossy(&output.stderr);
    let clauses = count(&text, &wanted);
    if clauses.is_empty() {
        bail!("no clause ran; the runner said:\n{text}");
    }
    let mut all_passed = true;
    for (row, (passed, all)) in &clauses {
        println!("{:<8} {passed} / {all}", row.to_uppercase().replace('_', "-"));
        all_passed &= passed == all;
    }
    for row in wanted.iter().filter(|row| !clauses.contains_key(*row)) {
        println!("{:<8} no test", row.to_uppercase().replace('_', "-"));
        all_passed = false;
    }
    if all_passed { Ok(()) } else { bail!("not every clause passes") }
}

/// Reads the runner's `PASS`/`FAIL` lines: `PASS [   0.1s] yiwang-tests systems::cat_01::name`.
fn count(text: &str, wanted: &[String]) -> BTreeMap<String, (usize, usize)> {
    let mut clauses = BTreeMap::new();
    for line in text.lines() {
        let passed = line.trim_start().starts_with("PASS");
        let failed = line.trim_start().starts_with("FAIL") || line.contains("TIMEOUT");
        let Some((_, rest)) = line.split_once("systems::") else { continue };
        let Some((row, _)) = rest.split_once("::") else { continue };
        if !(passed || failed) || !(wanted.is_empty() || wanted.iter().any(|wanted| wanted == row)) {
            continue;
        }
        let entry = clauses.entry(row.to_owned()).or_insert((0, 0));
        entry.0 += usize::from(passed);
        entry.1 += 1;
    }
    clauses
}
