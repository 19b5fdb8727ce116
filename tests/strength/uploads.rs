//! The server is killed at some moment of an upload by browser: what the steward was told is there once and whole, what
//! was cut off shows nowhere, and what is derived comes back by itself.

use serde_json::Value;

use super::{loops, report, until};
use crate::city::{City, yiwang};
use crate::systems::cat_05::{answers, questions};
use crate::visitor::{Visitor, told};

/// Rows of each upload: enough for a file of their own in the lake.
const ROWS: usize = 12_000;
const FORM: &str = "/collect/load";

#[test]
fn an_upload_killed_at_any_moment_is_whole_or_not_there() {
    let mut city = City::demo();
    let table: String = (0..ROWS).map(|row| format!("K{row:06},{},值{row}\n", row * 7)).collect();
    let table = format!("编号,数量,说明\n{table}");
    let before = loads(&city).len();
    let (mut acknowledged, mut loaded) = (0, 0);
    for turn in 0..loops() {
        acknowledged += usize::from(killed_upload(&mut city, &table, turn));
        loaded = whole(&city, before, loaded);
        assert!(loaded >= acknowledged, "an acknowledged upload is gone: {loaded} of {acknowledged}");
        acknowledged = loaded;
    }
    assert!(loaded > 0, "some uploads were quicker than the kill");
    let report = report(&city, &["verify"]);
    assert_eq!(report["whole"], true, "{report}");
    let questions = questions(&city);
    let found = |city: &City| Visitor::in_role(city, "steward").json("/catalogue?q=upload")["total"].clone();
    let before = (answers(&city, &questions), found(&city));
    city.restart_after(|data| std::fs::remove_dir_all(data.join("derived")).expect("the derived things"));
    assert_eq!((answers(&city, &questions), found(&city)), before, "what is derived is built anew");
}

/// Begins an upload and kills the server after a moment that depends on the turn; whether it was acknowledged before.
fn killed_upload(city: &mut City, table: &str, turn: u64) -> bool {
    let steward = Visitor::in_role(city, "steward");
    let (_, form) = steward.get(FORM);
    let (name, table) = (format!("upload-{turn}.csv"), table.to_owned());
    let sending =
        std::thread::spawn(move || told(steward.upload_of(&form, FORM, &[("department", "064")], (&name, &table))));
    until(5 + turn * 7919 % 900, || sending.is_finished());
    city.kill();
    let answer = sending.join().expect("the sender ends");
    city.kill_and_restart();
    answer.is_some_and(|(status, _)| status == 303)
}

/// Every load of the list, the newest first.
fn loads(city: &City) -> Vec<Value> {
    let steward = Visitor::in_role(city, "steward");
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let listed = steward.json(&format!("/collect/loads?rows=100{after}"));
        all.extend(listed["rows"].as_array().expect("rows").iter().cloned());
        let Some(next) = listed["next"].as_str() else { return all };
        after = format!("&after={next}");
    }
}

/// Looks at every load but the first ones: none runs, a loaded one has its rows, another has no table. How many are
/// loaded; those seen before are not counted again.
fn whole(city: &City, first: usize, seen: usize) -> usize {
    let all = loads(city);
    let uploads = &all[..all.len() - first];
    assert!(uploads.iter().all(|load| load["state"] == "loaded" || load["state"] == "cancelled"), "{uploads:?}");
    let (loaded, cut_off): (Vec<&Value>, Vec<&Value>) = uploads.iter().partition(|load| load["state"] == "loaded");
    let tables = report(city, &["resources"])["resources"].to_string();
    for load in cut_off {
        let code = load["resource"].as_str().expect("a code");
        assert!(!tables.contains(code), "{code} is half visible: {load}");
    }
    for load in loaded.iter().take(loaded.len() - seen) {
        let code = load["resource"].as_str().expect("a code");
        let sql = format!("SELECT count(*) AS n FROM \"{code}\"");
        let (_, text) = yiwang(&city.data, &["--json", "query", &sql, "--reason", "a test"]);
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(answer["rows"][0]["n"], ROWS, "{code}");
    }
    loaded.len()
}
