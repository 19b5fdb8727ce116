//! Ranks and edges: what each crate may depend on, as ARCHITECTURE.md draws it in its ```edges block, and which
//! outside crates are one crate's alone (the engine, the SQL driver, the crypto primitives).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Findings;
use crate::process;

/// Outside crates that only these workspace crates may name (house rules 29, decisions 3 and 5).
const MONOPOLIES: &[(&str, &[&str])] = &[
    ("datafusion", &["lake"]),
    ("parquet", &["lake"]),
    ("object_store", &["lake", "files"]),
    ("sqlx", &["store"]),
    ("tantivy", &["search"]),
    ("cedar-policy", &["access"]),
    ("ring", &["seal"]),
    ("argon2", &["seal"]),
    ("hmac", &["seal"]),
    ("ed25519-dalek", &["seal"]),
    ("curve25519-dalek", &["seal"]),
    ("getrandom", &["seal"]),
    ("sha1", &["seal"]),
    ("subtle", &["seal"]),
    ("anyhow", &["server", "xtask"]),
];

/// Crates that may know the engine: everybody else reads through the gate.
const ENGINE_USERS: &[&str] = &["server", "testkit"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

/// Compares Cargo's edges with the drawn ones.
pub(crate) fn check(root: &Path, findings: &mut Findings) -> Result<()> {
    let drawn = drawn(root)?;
    let cargo = process::output("cargo", &["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Metadata = serde_json::from_str(&cargo.context("cargo metadata fails")?)?;
    for package in &metadata.packages {
        let name = package.name.trim_start_matches("yiwang-");
        let place = format!("{name}/Cargo.toml");
        let Some(allowed) = drawn.get(name) else {
            findings.add("ARCHITECTURE.md", format!("the edges block has no line for `{name}`"));
            continue;
        };
        check_folder(package, name, findings);
        let mut used = BTreeSet::new();
        for dependency in package.dependencies.iter().filter(|dependency| dependency.kind.is_none()) {
            check_monopoly(name, &dependency.name, &place, findings);
            if let Some(other) = dependency.name.strip_prefix("yiwang-") {
                used.insert(other.to_owned());
            }
        }
        for other in used.difference(allowed) {
            findings.add(&place, format!("edge {name} -> {other} is not drawn in ARCHITECTURE.md"));
        }
        for other in allowed.difference(&used) {
            findings.add("ARCHITECTURE.md", format!("edge {name} -> {other} is drawn, but nobody uses it"));
        }
        if used.contains("lake") && !ENGINE_USERS.contains(&name) {
            findings.add(&place, "only server and testkit may know the lake: read through the gate");
        }
    }
    Ok(())
}

fn check_monopoly(name: &str, dependency: &str, place: &str, findings: &mut Findings) {
    let owners = MONOPOLIES.iter().find(|(outside, _)| *outside == dependency).map(|(_, owners)| *owners);
    if let Some(owners) = owners.filter(|owners| !owners.contains(&name)) {
        findings.add(place, format!("`{dependency}` is for {} alone", owners.join(", ")));
    }
}

fn check_folder(package: &Package, name: &str, findings: &mut Findings) {
    let folder = Path::new(&package.manifest_path).parent().and_then(Path::file_name);
    if folder.is_none_or(|folder| folder != name) {
        findings.add(&package.manifest_path, format!("the folder of `{}` must be `{name}`", package.name));
    }
}

/// The ```edges block: `gate -> access ledger store`, ranks in order; a crate names only crates above it.
fn drawn(root: &Path) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).context("ARCHITECTURE.md is missing")?;
    let block = text.split("```edges").nth(1).and_then(|rest| rest.split("```").next());
    let block = block.context("ARCHITECTURE.md has no ```edges block")?;
    let mut drawn: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in block.lines().filter(|line| !line.trim().is_empty()) {
        let (name, others) = line.split_once("->").unwrap_or((line, ""));
        let others: BTreeSet<String> = others.split_whitespace().map(str::to_owned).collect();
        for other in &others {
            anyhow::ensure!(drawn.contains_key(other), "`{}` uses `{other}`, which stands below it", name.trim());
        }
        drawn.insert(name.trim().to_owned(), others);
    }
    Ok(drawn)
}
