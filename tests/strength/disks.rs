//! A disk that is full and a directory that nobody may write to: every way in says so with the way out, nothing is
//! lost, what needs no writing goes on, and with room again so does everything else. How: see `confined`.

use std::path::Path;

use serde_json::Value;

use crate::city::{City, beside, copy, copy_file, yiwang};
use crate::confined::{Confined, Served};
use crate::pages::open_resource;
use crate::visitor::Visitor;

/// Bytes of the disk beyond the city: room for an index, not for a filler's end.
const SPARE_BYTES: u64 = 48 << 20;
/// Small writes may still fit where a file has been given room before; so many do not.
const TRIES_MAX: usize = 400;
const FULL: &str = "磁盘满了";
const LEDGER_FULL: &str = "账本所在磁盘已满";

fn bytes_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let of = |path: &Path| if path.is_dir() { bytes_of(path) } else { path.metadata().map_or(0, |file| file.len()) };
    entries.map(|entry| of(&entry.path())).sum()
}

fn table(rows: usize) -> String {
    (0..rows).fold("编号,数量,说明\n".to_owned(), |text, row| text + &format!("K{row:06},{},值{row}\n", row * 7))
}

/// Those who write to a served city.
struct Writers {
    steward: Visitor,
    security: Visitor,
}

impl Writers {
    fn of(served: &Served) -> Writers {
        let in_role = |name| Visitor::in_role_at(&served.url, name);
        Writers { steward: in_role("steward"), security: in_role("security") }
    }

    fn upload(&self) -> (u16, String) {
        let table = table(20_000);
        self.steward.upload("/collect/load", "/collect/load", &[("department", "064")], ("upload.csv", &table))
    }

    fn make_account(&self, name: &str) -> (u16, String) {
        let new = [("name", name), ("display", "示例"), ("department", "064"), ("roles", "clerk")];
        self.security.submit("/accounts/new", "/accounts", &new)
    }

    /// Loads that are loaded, and accounts.
    fn standing(&self) -> (u64, u64) {
        let total = |page: Value| page["total"].as_u64().expect("a total");
        (total(self.steward.json("/collect/loads?state=loaded")), total(self.security.json("/accounts")))
    }
}

#[test]
fn a_full_disk_is_told_with_the_way_out_and_costs_nothing() {
    let (folder, demo) = City::demo_directory();
    let mount = folder.path().join("disk");
    std::fs::create_dir(&mount).expect("a folder");
    let disk = Confined::to_disk(&mount, bytes_of(&demo) + SPARE_BYTES);
    copy(&demo, &disk.seen("city"));
    copy_file(&beside(&demo), &beside(&disk.seen("city")));
    let data = disk.place("city");
    let file = folder.path().join("table.csv");
    std::fs::write(&file, table(20_000)).expect("a file");
    let load = ["--json", "load", file.to_str().expect("UTF-8")];
    let served = disk.serve(&data);
    let writers = Writers::of(&served);
    let (loads, accounts) = writers.standing();
    let code = Visitor::at(&served.url).json("/api/resources")["rows"][0]["code"].as_str().expect("a code").to_owned();
    let query = format!("SELECT count(*) AS n FROM \"{code}\"");
    let query = ["--json", "query", &query, "--reason", "a test"];

    disk.fill();
    let (status, text) = writers.upload();
    assert!(status == 503 && text.contains(FULL), "an upload: {status} {text}");
    let (status, text, _) = disk.yiwang(&data, &load);
    assert!(status == 5 && text.contains("disk-full"), "a load: {status} {text}");
    let mut made = 0;
    let refused = (0..TRIES_MAX).find_map(|number| match writers.make_account(&format!("full-{number}")) {
        (201, _) => {
            made += 1;
            None
        }
        refused => Some(refused),
    });
    let (status, text) = refused.expect("the store is refused in the end");
    assert!(status == 503 && (text.contains(FULL) || text.contains(LEDGER_FULL)), "an account: {status} {text}");
    let refused = (0..TRIES_MAX).map(|_| disk.yiwang(&data, &query)).find(|(code, ..)| *code != 0);
    let (status, text, _) = refused.expect("the ledger is refused in the end");
    assert!(status == 5 && text.contains("ledger-full"), "a read that is entered: {status} {text}");
    let stranger = Visitor::at(&served.url);
    let rows = stranger.json(&format!("/api/resources/{code}/rows"));
    assert!(rows["total"].as_u64() > Some(0), "open data are read as before: {rows}");

    disk.free();
    assert_eq!(writers.standing(), (loads, accounts + made), "what was refused is not there, what was not is");
    assert_eq!(writers.upload().0, 303);
    assert_eq!(writers.make_account("room-again").0, 201);
    for words in [&query[..], &load[..], &["--json", "verify"]] {
        let (status, text, _) = disk.yiwang(&data, words);
        assert_eq!(status, 0, "{words:?}: {text}");
    }
    drop(served);
    let served = disk.serve(&data);
    assert_eq!(Writers::of(&served).standing().1, accounts + made + 1, "and all of it outlives a kill");
    let (status, text, _) = disk.yiwang(&data, &["--json", "verify"]);
    assert_eq!(status, 0, "{text}");
}

#[test]
fn a_directory_nobody_may_write_to_is_told_by_every_verb() {
    let (folder, data) = City::demo_directory();
    let file = folder.path().join("table.csv");
    std::fs::write(&file, table(10)).expect("a file");
    let before = yiwang(&data, &["--json", "resources"]);
    let reading = Confined::to_reading(folder.path());
    let elsewhere = tempfile::tempdir().expect("a folder");
    let backup = elsewhere.path().join("backup");
    let verbs: [&[&str]; 7] = [
        &["serve", "--listen", "127.0.0.1:0"],
        &["load", file.to_str().expect("UTF-8")],
        &["resources"],
        &["query", "SELECT 1", "--reason", "a test"],
        &["backup", backup.to_str().expect("UTF-8")],
        &["rebuild"],
        &["doctor"],
    ];
    for verb in verbs {
        let (code, text, errors) = reading.yiwang(&data, &[&["--json"][..], verb].concat());
        let error = serde_json::from_str::<Value>(&text).unwrap_or_default()["error"].clone();
        assert_eq!((code, &error["code"]), (5, &"directory-readonly".into()), "{verb:?}: {text} {errors}");
        assert!(error["text"].as_str().is_some_and(|text| text.contains("city")), "it names the place: {error}");
    }
    let new = folder.path().join("new");
    let (code, text, _) = reading.yiwang(&new, &["--json", "init", "--name", "测试市", "--region", "449900"]);
    assert!(code == 5 && text.contains("directory-readonly"), "{code} {text}");
    let (code, text, _) = reading.yiwang(&data, &["--json", "verify"]);
    assert_eq!(code, 0, "the ledger is checked from its files alone: {text}");
    drop(reading);
    assert_eq!(yiwang(&data, &["--json", "resources"]), before, "nothing is lost");
    let city = City::serve(folder, data);
    assert_eq!(city.get(&open_resource(&city)).0, 200);
}
