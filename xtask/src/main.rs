//! The repository's own verbs: `cargo xtask check | run | seed | e2e | systems | release`.
//! Each verb is one module; nothing here is part of the product.

mod check;
mod process;
mod systems;
mod tidy;
mod tools;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "usage: cargo xtask VERB
  check              fmt, tidy, all tests, clippy: what CI runs
  tidy               only the repository-reading checks
  run [ARG...]       the product in the dev profile
  seed [ARG...]      build the demo city and stop: the product's `demo --no-serve`
  e2e                the kill, fault and browser loops at their full count
  systems [ID...]    the systems' end-to-end tests: clauses passing / all, per row
  release            the shipped binary (profile dist)";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let verb = words.next().unwrap_or_default();
    let rest: Vec<String> = words.collect();
    match act(&verb, &rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {verb}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn act(verb: &str, rest: &[String]) -> Result<()> {
    let root = process::root();
    match verb {
        "check" => check::check(&root),
        "tidy" => tidy::tidy(&root),
        "run" => process::cargo(&root, &["run", "--package", "yiwang-server", "--"], rest),
        "seed" => {
            process::cargo(&root, &["run", "--release", "--package", "yiwang-server", "--", "demo", "--no-serve"], rest)
        }
        "e2e" => check::loops(&root),
        "systems" => systems::systems(&root, rest),
        "release" => process::cargo(&root, &["build", "--profile", "dist", "--package", "yiwang-server"], rest),
        _ => bail!("{USAGE}"),
    }
}
