//! Each source file: its head, its size, the bans with what to use instead, where SQL and IO may stand,
//! and that a capability's tables are named by their owner alone.

use super::Findings;
use super::files::File;

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_CHARS_MAX: usize = 120;

/// Words no source may hold, and what to do instead.
const BANS: &[(&str, &str)] = &[
    (concat!("TO", "DO"), "finish it or leave it out"),
    (concat!("FIX", "ME"), "mend it"),
    (concat!("dbg", "!("), "use tracing"),
    (concat!("todo", "!("), "finish it or leave it out"),
    (concat!("unimplemented", "!("), "finish it or leave it out"),
    (concat!("#[", "ignore"), "a test runs or is not there"),
    (concat!("thread::", "sleep"), "wait for an event"),
    (concat!("time::", "sleep"), "wait for an event or a job's due time"),
];

/// Bans with the crates that are excepted, each for its reason.
const PLACED: &[(&str, &[&str], &str)] = &[
    (concat!("SystemTime::", "now"), &["platform/kernel"], "time comes from kernel::Ctx"),
    (concat!("Timestamp::", "now"), &["platform/kernel"], "time comes from kernel::Ctx"),
    (
        concat!("std::", "fs::"),
        &["platform/files", "platform/ledger", "platform/lake", "platform/search", "platform/store", "server", "xtask"],
        "files are the business of files, ledger, lake, search and server",
    ),
];

/// Files where SQL may stand, beside `store.rs` and `store/`.
const SQL_HOMES: &[&str] = &["platform/store/", "platform/lake/src/catalog"];

/// Checks every source file.
pub(crate) fn check(files: &[File], findings: &mut Findings) {
    for file in files.iter().filter(|file| file.is_rust()) {
        head(file, findings);
        sizes(file, findings);
        bans(file, findings);
        if !file.is_test() {
            functions(file, findings);
            sql(file, findings);
        }
    }
}

fn head(file: &File, findings: &mut Findings) {
    let lines = file.text.lines().take_while(|line| line.starts_with("//!")).count();
    if lines == 0 {
        findings.add(&file.path, "opens without a `//!` head: say what it is for and what it does not do");
    }
}

fn sizes(file: &File, findings: &mut Findings) {
    let lines = file.text.lines().count();
    if lines > FILE_LINES_MAX {
        findings.add(&file.path, format!("{lines} lines, at most {FILE_LINES_MAX}: make it a folder, split by noun"));
    }
    for (number, line) in file.text.lines().enumerate() {
        if line.chars().count() > LINE_CHARS_MAX {
            findings.add(format!("{}:{}", file.path, number + 1), "line longer than 120 characters");
        }
    }
}

fn bans(file: &File, findings: &mut Findings) {
    let home = file.home();
    for (number, line) in file.text.lines().enumerate() {
        let place = format!("{}:{}", file.path, number + 1);
        for (word, instead) in BANS.iter().filter(|(word, _)| line.contains(word)) {
            findings.add(&place, format!("`{word}`: {instead}"));
        }
        let placed = PLACED.iter().filter(|(word, homes, _)| line.contains(word) && !homes.contains(&home));
        for (word, _, instead) in placed.filter(|_| !file.is_test() && !file.path.ends_with("build.rs")) {
            findings.add(&place, format!("`{word}`: {instead}"));
        }
        if !file.is_test() && home != "xtask" && (line.contains(".unwrap()") || line.contains(".expect(\"\")")) {
            findings.add(&place, "unwrap: return the error, or `expect` saying why it cannot fail");
        }
    }
}

/// Functions as rustfmt lays them out: from the `fn` line to the closing brace at the same indentation.
fn functions(file: &File, findings: &mut Findings) {
    let mut open: Option<(usize, usize)> = None;
    for (number, line) in file.text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        match open {
            None if starts_function(line) && !line.trim_end().ends_with(['}', ';']) => open = Some((number, indent)),
            Some((start, at)) if indent == at && line.trim_start().starts_with('}') => {
                let lines = number + 1 - start;
                if lines > FUNCTION_LINES_MAX {
                    let place = format!("{}:{}", file.path, start + 1);
                    findings.add(place, format!("function of {lines} lines, at most {FUNCTION_LINES_MAX}"));
                }
                open = None;
            }
            _ => {}
        }
    }
}

fn starts_function(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let qualifiers = |word: &&str| matches!(*word, "const" | "async" | "extern") || word.starts_with("pub");
    words.find(|word| !qualifiers(word)).is_some_and(|word| word == "fn")
}

fn sql(file: &File, findings: &mut Findings) {
    let is_store = file.path.ends_with("/store.rs") || file.path.contains("/store/");
    let may_hold_sql = is_store || SQL_HOMES.iter().any(|home| file.path.starts_with(home));
    let owner = file.home().rsplit('/').next().unwrap_or_default();
    for (number, line) in file.text.lines().enumerate() {
        let Some(start) = statement_start(line) else { continue };
        let place = format!("{}:{}", file.path, number + 1);
        if !may_hold_sql && owner != "xtask" {
            findings.add(&place, "SQL outside store.rs");
        }
        for table in tables(&line[start..]) {
            let prefix = table.split('_').next().unwrap_or_default();
            let foreign = prefix != owner && table.contains('_') && !matches!(prefix, "ducklake" | "pg" | "sqlite");
            if foreign && file.path.starts_with("capabilities/") {
                findings.add(&place, format!("table `{table}` belongs to `{prefix}`: call its operations"));
            }
        }
    }
}

/// Where a string literal with an SQL statement begins in the line.
fn statement_start(line: &str) -> Option<usize> {
    const STARTS: [&str; 4] = ["\"SELECT ", "\"INSERT INTO ", "\"UPDATE ", "\"DELETE FROM "];
    STARTS.iter().find_map(|start| line.find(start))
}

fn tables(statement: &str) -> Vec<&str> {
    let mut words = statement.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let mut tables = Vec::new();
    while let Some(word) = words.next() {
        if matches!(word, "FROM" | "INTO" | "UPDATE" | "JOIN")
            && let Some(table) = words.next()
        {
            tables.push(table);
        }
    }
    tables
}
