//! Backup and restore as an operator meets them: the same rows, the same resources, both ledgers whole; nothing half
//! taken or in the way is ever restored; derived things come back by themselves. A damaged one: `systems::inf_10`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use yiwang_store::testing::{TestDb, postgres};

use crate::city::{City, YIWANG, beside, copy_file, yiwang};
use crate::pages::open_resource;

/// Rows of the large table: enough for a file of its own.
const ROWS: usize = 12_000;

/// A city with a large and a small table, on SQLite or PostgreSQL.
pub(crate) struct Place {
    folder: TempDir,
    data: PathBuf,
    store: Option<TestDb>,
    resources: Vec<String>,
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

/// Does this to a store behind the city's back.
fn change(url: &str, sql: &str) {
    runtime().block_on(async {
        let db = yiwang_store::Db::open(url).await.expect("opens");
        db.execute(sql, &[]).await.expect("changes");
        db.close().await;
    });
}

pub(crate) fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("not one JSON document ({error}): {text}"))
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Runs a verb on this directory and this store.
pub(crate) fn run(data: &Path, store: Option<&TestDb>, words: &[&str]) -> (i32, String) {
    let mut all = vec!["--json"];
    if let Some(store) = store {
        all.extend(["--store", store.url.as_str()]);
    }
    all.extend(words);
    yiwang(data, &all)
}

pub(crate) fn done(data: &Path, store: Option<&TestDb>, words: &[&str]) -> Value {
    let (code, text) = run(data, store, words);
    assert_eq!(code, 0, "{words:?}: {text}");
    document(&text)
}

/// The code of the error a verb ends with.
pub(crate) fn refused(data: &Path, store: Option<&TestDb>, words: &[&str]) -> (i32, String) {
    let (code, text) = run(data, store, words);
    (code, document(&text)["error"]["code"].as_str().unwrap_or_default().to_owned())
}

impl Place {
    pub(crate) fn new(store: Option<TestDb>) -> Place {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("city");
        done(&data, store.as_ref(), &["init", "--name", "测试市", "--region", "449900"]);
        let mut place = Place { folder, data, store, resources: Vec::new() };
        for (name, rows) in [("large.csv", ROWS), ("small.csv", 7)] {
            let rows: String = (0..rows).map(|row| format!("K{row:06},{},值{row}\n", row * 7)).collect();
            let file = place.path(name);
            std::fs::write(&file, format!("编号,数量,说明\n{rows}")).expect("a file");
            let report = done(&place.data, place.store.as_ref(), &["load", text(&file), "--grade", "1"]);
            place.resources.push(report["loads"][0]["resource"].as_str().expect("a code").to_owned());
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn backup(&self, name: &str) -> (PathBuf, Value) {
        let to = self.path(name);
        let document = done(&self.data, self.store.as_ref(), &["backup", text(&to)]);
        (to, document)
    }

    /// A place for a new city, its key put beside it.
    pub(crate) fn vacant(&self, name: &str) -> PathBuf {
        let data = self.path(name);
        copy_file(&beside(&self.data), &beside(&data));
        data
    }

    /// What the city answers: its resources, and what is in them.
    fn answers(&self, data: &Path, store: Option<&TestDb>) -> Vec<Value> {
        let mut answers = vec![done(data, store, &["resources"])];
        for resource in &self.resources {
            let sql = format!("SELECT * FROM \"{resource}\" ORDER BY 1 LIMIT 20");
            answers.push(done(data, store, &["query", &sql, "--reason", "a test"])["rows"].clone());
        }
        answers
    }
}

/// Takes a backup of a city, goes on, and restores it to another store.
fn there_and_back(from: Option<TestDb>, to: Option<TestDb>) {
    let place = Place::new(from);
    let before = place.answers(&place.data, place.store.as_ref());
    let (backup, document) = place.backup("backup");
    assert!(document["entries"].as_u64().is_some_and(|entries| entries > 0), "{document}");
    assert_eq!(document["missing"], serde_json::json!([]));
    assert!(!backup.join("city.keys").exists() && !contains_key(&backup, &beside(&place.data)), "no master key in it");
    let report = done(&place.data, place.store.as_ref(), &["verify", "--backup", text(&backup)]);
    assert_eq!(report["whole"], true, "{report}");
    let said = done(&place.data, place.store.as_ref(), &["doctor"])["backup"].clone();
    assert_eq!((&said["age_hours"], &said["entries"]), (&Value::from(0), &document["entries"]), "{said}");
    let more = place.path("large.csv");
    done(&place.data, place.store.as_ref(), &["load", text(&more), "--resource", &place.resources[1]]);

    let restored = place.vacant("restored");
    let document = done(&restored, to.as_ref(), &["restore", text(&backup)]);
    assert_eq!(document["follows"]["lost"], 0, "{document}");
    assert_eq!(place.answers(&restored, to.as_ref()), before, "the same as at the time of the backup");
    let report = done(&restored, to.as_ref(), &["verify"]);
    assert_eq!(
        (&report["whole"], report["earlier"].as_array().map(Vec::len)),
        (&Value::Bool(true), Some(1)),
        "{report}"
    );
    assert_eq!(report["follows"]["log"], document["follows"]["log"]);
    assert_eq!(report["earlier"][0]["entries"], document["follows"]["entries"]);
    assert_ne!(report["log"], report["earlier"][0]["log"], "a new log");
    let said = done(&restored, to.as_ref(), &["doctor"]);
    assert_eq!(said["restored"]["follows"], document["follows"]["log"]);

    // A backup of the restored city brings both ledgers along; it is restored in its turn.
    let again = place.path("again");
    done(&restored, to.as_ref(), &["backup", text(&again)]);
    let third = place.vacant("third");
    done(&third, None, &["restore", text(&again)]);
    let report = done(&third, None, &["verify"]);
    assert_eq!(
        (&report["whole"], report["earlier"].as_array().map(Vec::len)),
        (&Value::Bool(true), Some(2)),
        "{report}"
    );
    assert_eq!(place.answers(&third, None), before);
}

/// Whether some file of the tree holds a line of the key file.
fn contains_key(tree: &Path, keys: &Path) -> bool {
    let key = std::fs::read_to_string(keys).expect("the key file");
    let secret = key.lines().next().and_then(|line| line.rsplit(':').next()).expect("a key").as_bytes().to_vec();
    files(tree).iter().any(|path| {
        let bytes = std::fs::read(path).expect("a file");
        bytes.windows(secret.len()).any(|window| window == secret)
    })
}

pub(crate) fn files(tree: &Path) -> Vec<PathBuf> {
    let (mut found, mut pending) = (Vec::new(), vec![tree.to_owned()]);
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(std::fs::read_dir(&path).expect("a folder").flatten().map(|entry| entry.path()));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn a_city_on_sqlite_comes_back_as_it_was() {
    there_and_back(None, None);
}

#[test]
fn a_city_on_postgresql_comes_back_as_it_was() {
    let runtime = runtime();
    there_and_back(Some(runtime.block_on(postgres())), Some(runtime.block_on(postgres())));
}

#[test]
fn a_city_moves_from_sqlite_to_postgresql_by_its_backup() {
    there_and_back(None, Some(runtime().block_on(postgres())));
}

#[test]
fn what_is_in_the_way_or_missing_is_said_with_its_exit_code() {
    let place = Place::new(None);
    let (backup, _) = place.backup("backup");
    let (full, nowhere) = (text(&backup).to_owned(), place.path("nowhere"));
    assert_eq!(refused(&place.data, None, &["backup", &full]), (4, "backup-not-empty".to_owned()));
    let inside = place.data.join("out").join("backup");
    assert_eq!(refused(&place.data, None, &["backup", text(&inside)]), (3, "backup-inside".to_owned()));
    assert_eq!(refused(&place.data, None, &["restore", &full]), (4, "city-directory-not-empty".to_owned()));
    assert_eq!(refused(&place.path("new"), None, &["restore", text(&nowhere)]), (3, "backup-none".to_owned()));
    assert_eq!(refused(&place.path("new"), None, &["restore", &full]), (5, "restore-keys-missing".to_owned()));
    let other = Place::new(None);
    let foreign = other.vacant("new");
    assert_eq!(refused(&foreign, None, &["restore", &full]), (5, "master-key-wrong".to_owned()));
    let taken = runtime().block_on(postgres());
    let restored = place.vacant("restored");
    change(&taken.url, "CREATE TABLE something (a INTEGER)");
    assert_eq!(refused(&restored, Some(&taken), &["restore", &full]), (4, "store-not-empty".to_owned()));
    assert!(!restored.exists(), "nothing was changed");
    assert_eq!(yiwang(&place.data, &["upgrade"]).0, 2, "an upgrade is checked; there is nothing else to it");
}

#[test]
fn entries_known_to_be_lost_need_a_reason_and_go_on_record() {
    let place = Place::new(None);
    let (backup, document) = place.backup("backup");
    let entries = document["entries"].as_u64().expect("a number");
    let sql = format!("SELECT count(*) AS n FROM \"{}\"", place.resources[0]);
    done(&place.data, None, &["query", &sql, "--reason", "after the backup"]);
    let head = place.path("head.txt");
    let now = done(&place.data, None, &["verify"]);
    std::fs::write(&head, now["head"].as_str().expect("a head")).expect("kept");
    let lost = now["entries"].as_u64().expect("a number") - entries;
    assert!(lost > 0);
    let restored = place.vacant("restored");
    let words = ["restore", text(&backup), "--head", text(&head)];
    assert_eq!(refused(&restored, None, &words), (3, "restore-gap".to_owned()));
    assert!(!restored.exists());
    let reason = ["--accept-gap", "the disk is gone"];
    let document = done(&restored, None, &[&words[..], &reason[..]].concat());
    assert_eq!(document["follows"]["lost"], lost);
    let report = done(&restored, None, &["verify", "--head", text(&head)]);
    assert_eq!((&report["whole"], &report["follows"]["lost"]), (&Value::Bool(true), &Value::from(lost)), "{report}");
    let silent = place.vacant("silent");
    done(&silent, None, &["restore", text(&backup)]);
    let (code, said) = run(&silent, None, &["verify", "--head", text(&head)]);
    assert_eq!(
        (code, document_fault(&said)),
        (3, Some("witness".to_owned())),
        "a kept head finds what is not on record"
    );
}

#[test]
fn what_was_decided_after_the_backup_is_listed_where_the_old_ledger_is_at_hand() {
    let place = Place::new(None);
    let (backup, _) = place.backup("backup");
    let more = place.path("small.csv");
    done(&place.data, None, &["load", text(&more), "--resource", &place.resources[1]]);
    let (restored, old) = (place.vacant("restored"), place.data.join("ledger"));
    let words = ["restore", text(&backup), "--old-ledger", text(&old)];
    assert_eq!(refused(&restored, None, &words), (3, "restore-gap".to_owned()), "the old ledger says what is lost");
    let document = done(&restored, None, &[&words[..], &["--accept-gap", "the disk is gone"]].concat());
    let undone = document["undone"].as_array().expect("a list");
    let about = |entry: &Value| entry["common"]["resource"].as_str().is_some_and(|it| it.contains(&place.resources[1]));
    let loads: Vec<&Value> = undone.iter().filter(|entry| entry["common"]["act"] == "collect.loaded").collect();
    assert_eq!(loads.len(), 1, "{document}");
    assert!(about(loads[0]), "{document}");
    let other = Place::new(None);
    let (new, foreign) = (place.vacant("new"), other.data.join("ledger"));
    let words = ["restore", text(&backup), "--old-ledger", text(&foreign)];
    assert_eq!(refused(&new, None, &words), (3, "ledger-other".to_owned()));
}

fn document_fault(said: &str) -> Option<String> {
    document(said)["difference"]["fault"].as_str().map(str::to_owned)
}

#[test]
fn a_head_or_a_key_kept_elsewhere_finds_a_ledger_replaced_as_a_whole() {
    let place = Place::new(None);
    place.answers(&place.data, None);
    let report = done(&place.data, None, &["verify"]);
    let (head, key) = (report["head"].as_str().expect("a head"), report["verifier"].as_str().expect("a key"));
    let report = done(&place.data, None, &["verify", "--head", head.trim_end(), "--key", key]);
    assert_eq!((&report["whole"], &report["key_kept"]), (&Value::Bool(true), &Value::Bool(true)));
    let other = Place::new(None);
    other.answers(&other.data, None);
    std::fs::remove_dir_all(place.data.join("ledger")).expect("the ledger goes");
    std::fs::rename(other.data.join("ledger"), place.data.join("ledger")).expect("another comes");
    assert_eq!(run(&place.data, None, &["verify"]).0, 0, "by itself it is whole");
    for (option, kept, fault) in [("--head", head, "witness"), ("--key", key, "key")] {
        let (code, said) = run(&place.data, None, &["verify", option, kept]);
        assert_eq!((code, document_fault(&said)), (3, Some(fault.to_owned())), "{said}");
    }
    let file = place.path("key.txt");
    std::fs::write(&file, key).expect("kept");
    assert_eq!(run(&place.data, None, &["verify", "--key", text(&file)]).0, 3, "a file is as good as its text");
    assert_eq!(refused(&place.data, None, &["verify", "--key", "nonsense"]), (3, "ledger-key".to_owned()));
    assert_eq!(refused(&place.data, None, &["verify", "--head", "nonsense"]), (3, "ledger-head".to_owned()));
}

#[test]
fn a_backup_killed_at_any_moment_is_refused_or_whole() {
    let place = Place::new(None);
    let whole = files(&place.backup("whole").0).len();
    let mut unfinished = 0;
    let loops: usize = std::env::var("YIWANG_LOOPS").ok().and_then(|loops| loops.parse().ok()).unwrap_or(10);
    for turn in 0..loops {
        let to = place.path(&format!("killed-{turn}"));
        killed_backup(&place.data, &to, 1 + turn * whole / loops);
        let (code, said) = run(&place.data, None, &["verify", "--backup", text(&to)]);
        if code != 0 {
            assert_eq!((code, document(&said)["error"]["code"].as_str()), (3, Some("backup-unfinished")), "{said}");
            let restored = place.vacant("restored");
            assert_eq!(refused(&restored, None, &["restore", text(&to)]).1, "backup-unfinished");
            unfinished += 1;
        }
    }
    assert!(unfinished > 0, "some were killed half way");
    assert_eq!(run(&place.data, None, &["verify"]).0, 0);
    let restored = place.vacant("restored");
    done(&restored, None, &["restore", text(&place.backup("after").0)]);
    assert_eq!(place.answers(&restored, None), place.answers(&place.data, None));
}

/// Starts a backup and kills it as soon as so many files are there.
fn killed_backup(data: &Path, to: &Path, count: usize) {
    let mut command = Command::new(YIWANG);
    command.arg("--data").arg(data).arg("backup").arg(to);
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut backup = quiet.spawn().expect("the binary starts");
    while backup.try_wait().expect("a status").is_none() && (!to.exists() || files(to).len() < count) {
        std::thread::yield_now();
    }
    // It may have ended by itself.
    drop(backup.kill());
    backup.wait().expect("it ends");
}

#[test]
fn an_upgrade_is_told_of_before_it_is_made_and_a_newer_store_is_refused() {
    for store in [None, Some(runtime().block_on(postgres()))] {
        let place = Place::new(store);
        let store = place.store.as_ref();
        let told = done(&place.data, store, &["upgrade", "--check"]);
        assert_eq!((&told["possible"], &told["pending"]), (&Value::Bool(true), &serde_json::json!([])), "{told}");
        assert!(told["applied"].as_u64().is_some_and(|applied| applied > 5));
        let url = store
            .map_or_else(|| format!("sqlite:{}", place.data.join("store.db").display()), |store| store.url.clone());
        change(&url, "DELETE FROM migrations WHERE capability = 'portal'");
        let told = done(&place.data, store, &["upgrade", "--check"]);
        assert_eq!(
            (&told["pending"][0]["capability"], &told["pending"][0]["kind"]),
            (&"portal".into(), &"expand".into())
        );
        change(
            &url,
            "INSERT INTO migrations (capability, number, hash) SELECT 'portal', 1, hash FROM migrations LIMIT 1",
        );
        assert_eq!(run(&place.data, store, &["upgrade", "--check"]).0, 4, "another step than ours");
        change(&url, "UPDATE migrations SET number = 99 WHERE capability = 'portal'");
        let (code, said) = run(&place.data, store, &["upgrade", "--check"]);
        assert_eq!((code, &document(&said)["newer"][0]["number"]), (4, &Value::from(99)), "{said}");
        assert_eq!(refused(&place.data, store, &["resources"]), (4, "store-newer".to_owned()), "nor is it opened");
    }
}

#[test]
fn derived_things_thrown_away_and_built_anew_give_the_same_answers() {
    let mut city = City::demo();
    let code = open_resource(&city).rsplit('/').next().expect("a code").to_owned();
    let resource = city.json(&format!("/api/resources/{code}"));
    let fields = resource["fields"].as_array().expect("fields").iter().map(|field| field["name"].as_str());
    let mut asked: Vec<String> = ["停车", "che", &code[..6]].map(|words| format!("/api/resources?q={words}")).to_vec();
    for field in fields.flatten() {
        asked.extend(["", "-"].map(|turn| format!("/api/resources/{code}/rows?sort={turn}{field}&rows=20&page=2")));
    }
    // A refusal carries the number of its request.
    let answer = |city: &City, path: &String| Some(city.get(path)).filter(|(status, _)| *status == 200);
    let answers = |city: &City| asked.iter().map(|path| answer(city, path)).collect::<Vec<_>>();
    city.restart_after(|data| {
        assert_eq!(done(data, None, &["rebuild"])["documents"].as_u64().map(|n| n > 0), Some(true))
    });
    let before = answers(&city);
    assert!(before[3..].iter().any(Option::is_some), "some field can be sorted by: {before:?}");
    city.restart_after(|data| {
        let derived = data.join("derived");
        std::fs::write(derived.join("search").join("meta.json"), b"nonsense").expect("a damaged index");
        for folder in ["order", "keys"] {
            drop(std::fs::remove_dir_all(derived.join(folder)));
        }
        done(data, None, &["rebuild", "--search"]);
        assert!(done(data, None, &["rebuild", "--indexes"])["tables"].as_u64().is_some_and(|tables| tables > 0));
    });
    assert_eq!(answers(&city), before);
}

#[test]
fn sidecars_are_built_anew_for_the_same_files() {
    let place = Place::new(None);
    let names = || -> Vec<PathBuf> {
        assert!(done(&place.data, None, &["rebuild", "--indexes"])["tables"] == 2);
        files(&place.data.join("derived").join("order"))
    };
    let before = names();
    assert!(!before.is_empty(), "a large table has an order index");
    for sidecar in &before {
        std::fs::write(sidecar, b"nonsense").expect("damaged");
    }
    assert_eq!(names(), before);
    assert!(before.iter().all(|sidecar| std::fs::read(sidecar).expect("a sidecar") != b"nonsense"));
}

#[test]
fn a_backup_taken_while_tables_are_loaded_is_of_one_moment() {
    let place = Place::new(None);
    let served = City::serve(tempfile::tempdir().expect("a folder"), place.data.clone());
    let (data, file, resource) = (place.data.clone(), place.path("large.csv"), place.resources[0].clone());
    let loading = std::thread::spawn(move || {
        let load = |_| run(&data, None, &["load", text(&file), "--resource", &resource]).0;
        (0..3).map(load).collect::<Vec<i32>>()
    });
    let mut backups = Vec::new();
    while !loading.is_finished() || backups.is_empty() {
        backups.push(place.backup(&format!("backup-{}", backups.len())).0);
    }
    assert_eq!(loading.join().expect("loads"), [0, 0, 0]);
    let report = done(&place.data, None, &["verify"]);
    assert_eq!(report["whole"], true, "the owner checks it while it is written to: {report}");
    drop(served);
    let mut before = 0;
    for (turn, backup) in backups.iter().enumerate().step_by(backups.len().div_ceil(3)) {
        let restored = place.vacant(&format!("restored-{turn}"));
        done(&restored, None, &["restore", text(backup)]);
        assert_eq!(done(&restored, None, &["verify"])["whole"], true);
        let listed = done(&restored, None, &["resources"]);
        let rows = listed["resources"].as_array().expect("resources").iter();
        let told = rows.clone().find(|row| row["code"] == place.resources[0].as_str()).expect("it")["rows"].as_u64();
        let sql = format!("SELECT count(*) AS n FROM \"{}\"", place.resources[0]);
        let counted = done(&restored, None, &["query", &sql, "--reason", "a test"])["rows"][0]["n"].to_string();
        let counted: usize = counted.trim_matches('"').parse().expect("a number");
        assert_eq!((counted % ROWS, told), (0, Some(counted as u64)), "no load is half in it");
        assert!(counted >= before, "a later backup holds no less");
        before = counted;
    }
}
