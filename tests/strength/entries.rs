//! The server is killed at some moment of reads that are entered in the ledger: every receipt that was given has its
//! entry, the log goes on from the head it had, and it verifies.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::{loops, report, until};
use crate::city::{City, YIWANG};
use crate::pages::open_resource;

#[test]
fn entries_of_a_killed_ledger_stand_as_they_were_acknowledged() {
    let mut city = City::demo();
    let code = open_resource(&city).rsplit('/').next().expect("a code").to_owned();
    let sql = format!("SELECT count(*) AS n FROM \"{code}\"");
    let mut head = report(&city, &["verify"])["head"].as_str().expect("a head").to_owned();
    let mut acknowledged = 0;
    for turn in 0..loops() {
        let receipts = killed_reads(&mut city, &sql, turn);
        acknowledged += receipts.len();
        let report = report(&city, &["verify", "--head", &head]);
        assert_eq!(report["whole"], true, "turn {turn}: {report}");
        let entries = report["entries"].as_u64().expect("a number");
        assert!(receipts.iter().all(|receipt| *receipt < entries), "turn {turn}: {receipts:?} of {entries} entries");
        report["head"].as_str().expect("a head").clone_into(&mut head);
    }
    assert!(acknowledged > 0, "some reads were quicker than the kill");
}

/// Reads until the server is killed after a moment that depends on the turn; the entries the receipts name.
fn killed_reads(city: &mut City, sql: &str, turn: u64) -> Vec<u64> {
    let (data, sql) = (city.data.clone(), sql.to_owned());
    let over = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&over);
    let reading = std::thread::spawn(move || {
        let mut receipts = Vec::new();
        // A verb that finds no server opens the directory itself: none is begun once the server is to be killed.
        while !stop.load(Ordering::SeqCst) {
            let mut query = Command::new(YIWANG);
            query.arg("--data").arg(&data).args(["--json", "query", &sql, "--reason", "a test"]);
            let output = query.stdin(Stdio::null()).output().expect("the binary starts");
            let answer = serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default();
            receipts.extend(answer["receipt"]["index"].as_u64());
        }
        receipts
    });
    until(100 + turn * 7919 % 700, || reading.is_finished());
    over.store(true, Ordering::SeqCst);
    city.kill();
    let receipts = reading.join().expect("the reader ends");
    city.kill_and_restart();
    receipts
}
