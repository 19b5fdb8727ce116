//! Documents kept true with the tree: the ones that must stand, their sizes, a page per capability, an ADR
//! number once, and no word of the workshop in the product.

use super::Findings;
use super::files::File;

const STANDING: &[&str] = &[
    "README.md",
    "README.zh-CN.md",
    "ARCHITECTURE.md",
    "GLOSSARY.md",
    "CHANGELOG.md",
    "LICENSE",
    "docs/ways.md",
    "docs/benchmarks.md",
    "docs/operate/trust.md",
    ".ci/run",
];
const ARCHITECTURE_LINES_MAX: usize = 250;

/// Words that mean another thing here; the glossary's word stands instead, in public names.
const WORDS: &[(&str, &str)] = &[
    ("fn get_dataset", "the catalogue's word is `resource`"),
    ("struct Dataset ", "the catalogue's word is `resource`"),
    ("struct User ", "the word is `Account` or `party`"),
    ("mod utils", "name the noun"),
    ("mod common", "name the noun"),
    ("mod helpers", "name the noun"),
    ("mod prelude", "name what is used"),
];

/// Checks documents and words.
pub(crate) fn check(files: &[File], findings: &mut Findings) {
    for path in STANDING.iter().filter(|path| !files.iter().any(|file| file.path == **path)) {
        findings.add(path, "is missing");
    }
    let architecture = files.iter().find(|file| file.path == "ARCHITECTURE.md");
    let lines = architecture.map_or(0, |file| file.text.lines().count());
    if lines > ARCHITECTURE_LINES_MAX {
        findings.add("ARCHITECTURE.md", format!("{lines} lines, at most {ARCHITECTURE_LINES_MAX}"));
    }
    capabilities(files, architecture, findings);
    decisions(files, findings);
    words(files, findings);
}

fn capabilities(files: &[File], architecture: Option<&File>, findings: &mut Findings) {
    for file in files.iter().filter(|file| file.path.ends_with("Cargo.toml") && file.path.matches('/').count() == 2) {
        let name = file.home().rsplit('/').next().unwrap_or_default();
        let page = format!("docs/{name}.md");
        if file.path.starts_with("capabilities/") && !files.iter().any(|file| file.path == page) {
            findings.add(&page, format!("the capability `{name}` has no page"));
        }
        let entry = format!("**{name}**");
        if architecture.is_some_and(|architecture| !architecture.text.contains(&entry)) {
            findings.add("ARCHITECTURE.md", format!("has no paragraph opening with {entry}"));
        }
    }
}

fn decisions(files: &[File], findings: &mut Findings) {
    let mut numbers = std::collections::BTreeMap::new();
    for file in files.iter().filter(|file| file.path.starts_with("docs/decisions/")) {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let number = name.split('-').next().unwrap_or_default().to_owned();
        if number.len() != 4 || number.parse::<u16>().is_err() {
            findings.add(&file.path, "is named NNNN-title.md");
        } else if let Some(other) = numbers.insert(number, file.path.clone()) {
            findings.add(&file.path, format!("has the number of {other}"));
        }
    }
}

fn words(files: &[File], findings: &mut Findings) {
    for file in files.iter().filter(|file| file.is_rust() && file.home() != "xtask") {
        for (number, line) in file.text.lines().enumerate() {
            for (word, instead) in WORDS.iter().filter(|(word, _)| line.contains(word)) {
                findings.add(format!("{}:{}", file.path, number + 1), format!("`{word}`: {instead}"));
            }
        }
    }
}
