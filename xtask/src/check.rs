//! `check`: fmt, tidy, one nextest run over everything, clippy last. `e2e`: the long loops.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{process, tidy, tools};

/// The tests that go round: kills, power losses, disks, browsers.
const LOOPS: &str = "test(/strength|power|kill/) + test(/^browser::/)";

/// All that CI runs, in the order that fails soonest.
pub(crate) fn check(root: &Path) -> Result<()> {
    step("fmt");
    process::cargo(root, &["fmt", "--all", "--check"], &[])?;
    step("tidy");
    tidy::tidy(root)?;
    let tools = tools::ready()?;
    tools.print();
    step("tests");
    let everything = if root.join("../shared/data").exists() {
        "all()"
    } else {
        println!("not run: real_data (there is no ../shared/data beside the repository)");
        "not test(/^real_data::/)"
    };
    let counts = nextest(root, &tools, &[], everything)?;
    step("clippy");
    process::cargo(root, &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"], &[])?;
    println!("{counts}");
    Ok(())
}

/// The kill, fault and browser loops at their full count (check runs them at 10).
pub(crate) fn loops(root: &Path) -> Result<()> {
    let tools = tools::ready()?;
    nextest(root, &tools, &[("YIWANG_LOOPS", "200")], LOOPS).map(drop)
}

/// One nextest run over the workspace; its output is shown as it comes, its closing counts are handed back.
fn nextest(root: &Path, tools: &tools::Tools, environment: &[(&str, &str)], which: &str) -> Result<String> {
    let mut command = Command::new("cargo");
    command.current_dir(root).args(["nextest", "run", "--workspace", "--locked", "--no-fail-fast", "-E", which]);
    tools.pass_to(&mut command);
    command.envs(environment.iter().copied());
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().context("cannot start nextest")?;
    let lines = BufReader::new(child.stderr.take().context("nextest has no standard error")?).lines();
    let mut counts = String::new();
    for line in lines {
        let line = line?;
        eprintln!("{line}");
        if line.trim_start().starts_with("Summary") {
            counts = line;
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`cargo nextest run` ended with {status}: {counts}");
    }
    Ok(counts)
}

fn step(name: &str) {
    println!("── {name}");
}
