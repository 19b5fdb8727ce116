//! A verb on a directory that a server owns: asked of the server, told the same, with the same exit code, given up
//! with Ctrl-C; and the socket behind it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::city::{City, YIWANG, yiwang, yiwang_whole};
use crate::visitor::Visitor;

const TABLE: &str = "编号,名称,泊位\n007,东屏停车场,120\n008,西浦停车场,80\n";
const BROKEN: &str = "编号,名称,泊位\n007,东屏停车场,120\n008,西浦停车场,80\n009,坏,行,多列\n";

/// What differs from one run to the next, taken out of a report.
fn settled(text: &str) -> Value {
    let mut document: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    for report in document["loads"].as_array_mut().into_iter().flatten() {
        for name in ["load", "resource", "address", "seconds"] {
            report[name] = Value::Null;
        }
    }
    for name in [
        "receipt",
        "ledger_entries",
        "ledger_waiting",
        "ledger_waiting_since",
        "free_bytes",
        "entries",
        "heads",
        "bytes",
        "head",
    ] {
        if document.get(name).is_some() {
            document[name] = Value::Null;
        }
    }
    document
}

#[test]
fn a_verb_says_the_same_whether_a_server_owns_the_directory_or_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("city");
    assert_eq!(yiwang(&data, &["init", "--name", "测试市", "--region", "449900"]).0, 0);
    let (table, broken) = (folder.path().join("parking.csv"), folder.path().join("broken.csv"));
    std::fs::write(&table, TABLE).expect("a file");
    std::fs::write(&broken, BROKEN).expect("a file");
    let (table, broken) = (table.to_str().expect("UTF-8"), broken.to_str().expect("UTF-8"));
    let first: Value = serde_json::from_str(&yiwang(&data, &["--json", "load", table]).1).expect("a report");
    let resource = first["loads"][0]["resource"].as_str().expect("a code").to_owned();
    let field = first["loads"][0]["fields"][0]["name"].as_str().expect("a name").to_owned();
    let sql = format!("SELECT {field} FROM \"{resource}\" ORDER BY {field}");
    let wrong = format!("SELECT nothing FROM \"{resource}\"");
    let nowhere = folder.path().join("nowhere.csv");
    let nowhere = nowhere.to_str().expect("UTF-8");
    let said: [&[&str]; 6] = [
        &["resources"],
        &["query", &sql, "--reason", "a test", "--csv"],
        &["query", &wrong, "--reason", "a test"],
        &["query", &sql, "--reason", " "],
        &["load", nowhere],
        &["--lang", "en", "admin", "reset", "nobody", "--reason", "a test"],
    ];
    let documents: [&[&str]; 6] = [
        &["--json", "query", &sql, "--reason", "a test"],
        &["--json", "verify"],
        &["--json", "doctor"],
        &["--json", "load", broken],
        &["--json", "load", table, "--dry-run"],
        &["--json", "load", nowhere],
    ];
    let told: Vec<_> = said.iter().map(|words| yiwang_whole(&data, words)).collect();
    let reported: Vec<_> = documents.iter().map(|words| yiwang_whole(&data, words)).collect();

    let city = City::serve(folder, data.clone());
    for (words, alone) in said.iter().zip(told) {
        assert_eq!(yiwang_whole(&data, words), alone, "{words:?}");
    }
    for (words, (code, text, errors)) in documents.iter().zip(reported) {
        let served = yiwang_whole(&data, words);
        assert_eq!((served.0, served.2), (code, errors), "{words:?}");
        assert_eq!(settled(&served.1), settled(&text), "{words:?}");
    }
    let rows = |text: &str| settled(text)["loads"][0]["rows_loaded"].as_u64();
    let (code, text) = yiwang(&data, &["--json", "load", table, "--resource", &resource]);
    assert_eq!((code, rows(&text)), (0, Some(2)), "{text}");
    let (_, text) = yiwang(&data, &["query", &sql, "--reason", "a test"]);
    assert_eq!(text.lines().count(), 5, "the rows of both loads are there: {text}");
    drop(city);
}

#[test]
fn the_socket_is_its_users_alone_and_one_left_by_a_kill_is_replaced() {
    let mut city = City::demo();
    let socket = city.data.join("SOCKET");
    let mode = |path: &Path| std::fs::metadata(path).expect("a socket").permissions().mode() & 0o777;
    assert_eq!(mode(&socket), 0o600);
    city.kill_and_restart();
    assert_eq!(mode(&socket), 0o600);
    let (code, text) = yiwang(&city.data, &["--json", "resources"]);
    let document: Value = serde_json::from_str(&text).expect("one document");
    assert!(code == 0 && document["resources"].as_array().is_some_and(|rows| rows.len() > 20), "{code} {text}");
}

#[test]
fn ctrl_c_gives_up_a_load_that_the_server_runs() {
    let (folder, data) = City::demo_directory();
    let file = folder.path().join("large.csv");
    let rows: String = (0..100_000).map(|row| format!("K{row:06},{},值{row}\n", row * 7)).collect();
    std::fs::write(&file, format!("编号,数量,说明\n{rows}")).expect("a file");
    let city = City::serve(folder, data.clone());
    let bureau = Visitor::in_role(&city, "bureau");
    let total = |state: &str| bureau.json(&format!("/collect/loads?state={state}"))["total"].as_u64();
    let mut load = Command::new(YIWANG)
        .arg("--data")
        .arg(&data)
        .args(["load", file.to_str().expect("UTF-8")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    while total("running") != Some(1) {
        assert!(load.try_wait().expect("a status").is_none(), "the load ended before it was seen");
    }
    let process = rustix::process::Pid::from_child(&load);
    rustix::process::kill_process(process, rustix::process::Signal::INT).expect("the load is running");
    assert_eq!(load.wait().expect("the load ends").code(), Some(3), "given up, nothing changed");
    assert_eq!((total("running"), total("cancelled")), (Some(0), Some(1)));
}
