//! What survives: the process is killed at some moment of a load, an upload, a change of accounts, a read; whatever was
//! acknowledged is there once, nothing is half visible, the ledger verifies. And disks that are full or read only.

mod accounts;
mod disks;
mod entries;
mod uploads;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::city::{City, YIWANG, yiwang};
use crate::visitor::Visitor;

/// Loops of this test; `cargo xtask e2e` asks for more.
fn loops() -> u64 {
    std::env::var("YIWANG_LOOPS").ok().and_then(|loops| loops.parse().ok()).unwrap_or(10)
}

/// Waits so many milliseconds, or until it is over by itself.
fn until(milliseconds: u64, is_over: impl Fn() -> bool) {
    let (patience, started) = (Duration::from_millis(milliseconds), Instant::now());
    while started.elapsed() < patience && !is_over() {
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// The document a verb prints over this city.
fn report(city: &City, words: &[&str]) -> Value {
    let (code, text) = yiwang(&city.data, &[&["--json"][..], words].concat());
    assert_eq!(code, 0, "{words:?}: {text}");
    serde_json::from_str(&text).expect("one document")
}

#[test]
fn a_load_killed_at_any_moment_is_whole_or_not_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("city");
    assert_eq!(yiwang(&data, &["init", "--name", "测试市", "--region", "449900"]).0, 0);
    let file = folder.path().join("table.csv");
    let rows: String = (0..30_000).map(|row| format!("K{row:06},{},值{row}\n", row * 7)).collect();
    std::fs::write(&file, format!("编号,数量,说明\n{rows}")).expect("a file");
    let path = file.to_str().expect("UTF-8");
    let (code, text) = yiwang(&data, &["--json", "load", path]);
    assert_eq!(code, 0, "{text}");
    let report: Value = serde_json::from_str(&text).expect("a report");
    let resource = report["loads"][0]["resource"].as_str().expect("a code").to_owned();
    let mut acknowledged = 1;
    for turn in 0..loops() {
        acknowledged += u64::from(killed_load(&data, path, &resource, turn));
        let sql = format!("SELECT count(*) AS n FROM \"{resource}\"");
        let (code, text) = yiwang(&data, &["--json", "query", &sql, "--reason", "a test"]);
        assert_eq!(code, 0, "{text}");
        let answer: Value = serde_json::from_str(&text).expect("an answer");
        let rows: u64 = answer["rows"][0]["n"].to_string().trim_matches('"').parse().expect("a number");
        assert_eq!(rows % 30_000, 0, "no load is half visible");
        assert!(rows >= acknowledged * 30_000, "an acknowledged load is gone: {rows} rows of {acknowledged} loads");
        acknowledged = rows / 30_000;
    }
    assert_eq!(yiwang(&data, &["verify"]).0, 0);
}

/// Starts a load and kills it after a moment that depends on the turn; whether it was acknowledged before.
fn killed_load(data: &std::path::Path, path: &str, resource: &str, turn: u64) -> bool {
    let mut load = Command::new(YIWANG)
        .arg("--data")
        .arg(data)
        .args(["--json", "load", path, "--resource", resource])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let patience = Duration::from_millis(20 + turn * 7919 % 1500);
    let started = Instant::now();
    while started.elapsed() < patience {
        if let Some(status) = load.try_wait().expect("a status") {
            return status.success();
        }
        std::thread::yield_now();
    }
    load.kill().expect("the load was running");
    load.wait().expect("the load ends");
    false
}

#[test]
fn a_killed_server_serves_the_same_city_again() {
    let mut city = City::demo();
    let before = city.json("/api/resources");
    city.kill_and_restart();
    assert_eq!(city.json("/api/resources")["total"], before["total"]);
}

#[test]
fn a_load_cut_off_by_a_kill_is_settled_when_the_city_is_served_again() {
    let (folder, data) = City::demo_directory();
    let file = folder.path().join("table.csv");
    let rows: String = (0..60_000).map(|row| format!("K{row:06},{},值{row}\n", row * 7)).collect();
    std::fs::write(&file, format!("编号,数量,说明\n{rows}")).expect("a file");
    let mut server = City::serve(folder, data.clone());
    let bureau = Visitor::in_role(&server, "bureau");
    let mut load = Command::new(YIWANG)
        .arg("--data")
        .arg(&data)
        .args(["--json", "load", file.to_str().expect("UTF-8")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let running = |visitor: &Visitor| visitor.json("/collect/loads?state=running")["total"].as_u64();
    while running(&bureau) != Some(1) {
        assert!(load.try_wait().expect("a status").is_none(), "the load ended before it was seen");
    }
    server.kill_and_restart();
    assert!(!load.wait().expect("the load ends").success(), "a load cut off is no success");
    let bureau = Visitor::in_role(&server, "bureau");
    assert_eq!(running(&bureau), Some(0), "no load counts as running for ever");
    let cancelled = bureau.json("/collect/loads?state=cancelled");
    assert_eq!(cancelled["total"].as_u64(), Some(1), "{cancelled}");
}
