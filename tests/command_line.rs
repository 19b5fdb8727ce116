//! The command-line contract: exit codes, one JSON document, refusals that name field and way out.

use std::path::Path;

use serde_json::Value;

use crate::city::{City, beside, yiwang};

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("not one JSON document ({error}): {text}"))
}

fn empty_city(folder: &Path) -> std::path::PathBuf {
    let data = folder.join("city");
    let (code, text) = yiwang(&data, &["--json", "init", "--name", "测试市", "--region", "449900"]);
    assert_eq!(code, 0, "{text}");
    data
}

#[test]
fn a_file_becomes_a_resource_that_can_be_queried_and_the_read_is_in_the_ledger() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = empty_city(folder.path());
    let file = folder.path().join("parking.csv");
    std::fs::write(&file, "编号,名称,泊位\n007,东屏停车场,120\n008,西浦停车场,80\n009,坏,行,多列\n").expect("a file");
    let words = ["--json", "load", file.to_str().expect("UTF-8"), "--grade", "1"];
    let (code, text) = yiwang(&data, &words);
    let report = document(&text)["loads"][0].clone();
    assert_eq!((code, report["rows_in"].as_u64(), report["rows_refused"].as_u64()), (3, Some(3), Some(1)), "{text}");
    assert_eq!(report["state"], "refused", "a third of the rows is more than a load may lose");

    std::fs::write(&file, "编号,名称,泊位\n007,东屏停车场,120\n008,西浦停车场,80\n").expect("a file");
    let (code, text) = yiwang(&data, &words);
    let report = document(&text)["loads"][0].clone();
    assert_eq!(
        (code, report["state"].as_str(), report["rows_loaded"].as_u64()),
        (0, Some("loaded"), Some(2)),
        "{text}"
    );

    let resource = report["resource"].as_str().expect("a code").to_owned();
    let (name, title) = (report["fields"][0]["name"].as_str().expect("a name"), &report["fields"][0]["title"]);
    assert_eq!(title, "编号");
    let sql = format!("SELECT {name} FROM \"{resource}\" ORDER BY {name}");
    let (code, text) = yiwang(&data, &["--json", "query", &sql, "--reason", "a test"]);
    let answer = document(&text);
    assert_eq!(code, 0, "{text}");
    assert_eq!(answer["rows"][0][name], "007", "leading zeros survive");
    assert!(answer["receipt"]["index"].is_u64(), "the read has a receipt: {text}");

    let (code, text) = yiwang(&data, &["--json", "verify"]);
    let verdict = document(&text);
    assert_eq!((code, &verdict["whole"]), (0, &Value::Bool(true)), "{text}");
    assert!(verdict["entries"].as_u64().is_some_and(|entries| entries >= 1));
    let copy = folder.path().join("tampered");
    let (code, text) = yiwang(&data, &["--json", "verify", "--tamper-copy", copy.to_str().expect("UTF-8")]);
    assert_eq!(code, 3, "one flipped byte is found: {text}");
}

#[test]
fn wrong_use_and_refusals_have_their_exit_codes() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("nowhere");
    assert_eq!(yiwang(&nowhere, &["no-such-verb"]).0, 2);
    assert_eq!(yiwang(&nowhere, &["resources"]).0, 3, "no city there");
    let (code, text) = yiwang(&nowhere, &["--json", "init", "--name", "市", "--region", "44"]);
    assert_eq!((code, document(&text)["error"]["field"].as_str()), (3, Some("region")));
    let data = empty_city(folder.path());
    assert_eq!(yiwang(&data, &["init", "--name", "市", "--region", "449900"]).0, 4, "a city stands there");
    assert_eq!(yiwang(&data, &["demo", "--no-serve", "--reset"]).0, 4, "the demo touches no city");
    std::fs::remove_file(beside(&data)).expect("the key file lies beside the directory");
    assert_eq!(yiwang(&data, &["resources"]).0, 5, "without its keys nothing opens");
}

#[test]
fn no_file_of_the_directory_shows_a_loaded_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = empty_city(folder.path());
    let file = folder.path().join("people.csv");
    let secret = "绝密地址九十九号";
    let rows: String = (0..20_000).map(|row| format!("{row},{secret}{row}\n")).collect();
    std::fs::write(&file, format!("序号,地址\n{rows}")).expect("a file");
    let (code, text) = yiwang(&data, &["--json", "load", file.to_str().expect("UTF-8")]);
    assert_eq!(code, 0, "{text}");
    let (mut files, mut pending) = (0, vec![data]);
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(std::fs::read_dir(&path).expect("a folder").flatten().map(|entry| entry.path()));
            continue;
        }
        let bytes = std::fs::read(&path).expect("a file");
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{} shows a value", path.display());
        files += 1;
    }
    assert!(files > 5);
}

#[test]
fn every_verb_explains_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut waiting: Vec<Vec<String>> = vec![Vec::new()];
    let mut explained = 0;
    while let Some(verb) = waiting.pop() {
        let words: Vec<&str> = verb.iter().map(String::as_str).chain(["--help"]).collect();
        let (code, text) = yiwang(&folder.path().join("none"), &words);
        assert!(code == 0 && text.contains("Usage"), "{verb:?}: {code} {text}");
        explained += 1;
        let below = text.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        let names = below.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
        let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
        waiting.extend(names.map(|name| verb.iter().cloned().chain([name.to_owned()]).collect()));
    }
    assert!(explained > 15, "only {explained} were found");
}

#[test]
fn every_measurement_measures() {
    let (_folder, data) = City::demo_directory();
    let lots = ["--resource", "307064-000001"];
    let runs: [(&[&str], &str); 4] = [
        (&["lookups", "--calls", "20", "--tasks", "2", "--together", "3"], "calls"),
        (&["reads", "--rows", "100", "--repeat", "2"], "rows"),
        (&["reads", "--rows", "0", "--repeat", "1"], "rows"),
        (&["pages", "--sort", "spaces", "--repeat", "1"], "rows"),
    ];
    for (words, counted) in runs {
        let (code, text) = yiwang(&data, &[&["--json", "bench"], words, &lots[..]].concat());
        assert!(code == 0 && document(&text)[counted].as_u64() > Some(0), "{words:?}: {code} {text}");
    }
    let (code, text) = yiwang(&data, &["--json", "bench", "ledger", "--entries", "50", "--tasks", "5"]);
    assert!(code == 0 && document(&text)["entries"].as_u64() >= Some(50), "{code} {text}");
}
