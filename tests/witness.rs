//! A witness on another machine: registers, follows the ledger, signs; a ledger put back is not served until that is
//! accepted on record, and the witness does not sign it.

use std::path::Path;

use serde_json::Value;

use crate::city::{City, copy, yiwang};
use crate::visitor::Visitor;

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("not one JSON document ({error}): {text}"))
}

/// Runs the witness's verb; exit code and document.
fn witness(city: &str, key: &Path, more: &[&str]) -> (i32, Value) {
    let mut words = vec!["--json", "witness", "--url", city, "--key", key.to_str().expect("UTF-8")];
    words.extend(more);
    let (code, text) = yiwang(&key.with_extension("nowhere"), &words);
    (code, document(&text))
}

#[test]
fn a_ledger_put_back_behind_a_witnessed_head_is_not_served_until_accepted_on_record() {
    let mut city = City::demo();
    let elsewhere = tempfile::tempdir().expect("another machine");
    let key = elsewhere.path().join("police.key");
    assert_eq!(witness(&city.url, &key, &[]).1["error"]["code"], "witness-name-missing");
    let (code, made) = witness(&city.url, &key, &["--name", "police.example"]);
    assert_eq!(code, 0, "{made}");
    let (code, unknown) = witness(&city.url, &key, &[]);
    assert_eq!((code, &unknown["error"]["code"]), (3, &Value::from("witness-refused")), "not registered yet");

    let security = Visitor::in_role(&city, "security");
    let verifier = made["verifier"].as_str().expect("a verifier key");
    let page = "/ledger/witnesses";
    assert_eq!(security.submit(page, page, &[("verifier", "nonsense")]).0, 422);
    assert_eq!(security.submit(page, page, &[("verifier", verifier)]).0, 303);
    let (code, first) = witness(&city.url, &key, &[]);
    assert_eq!(code, 0, "{first}");
    assert_eq!(city.json("/ledger")["witnessed"][0]["size"], first["size"]);

    let aside = elsewhere.path().join("ledger");
    city.restart_after(|data| copy(&data.join("ledger"), &aside));
    let auditor = Visitor::in_role(&city, "auditor");
    for _ in 0..20 {
        auditor.json("/ledger/reads");
    }
    let entries = auditor.json("/ledger/reads?kind=decision");
    let found = entries["rows"].as_array().expect("rows");
    let registered = found.iter().find(|row| row["common"]["act"] == "oversight.witness_registered");
    let registered = registered.unwrap_or_else(|| panic!("the registration is an entry: {entries}"));
    let receipt = security_receipt(&city, registered["event"].as_str().expect("an id"));
    assert_eq!((&receipt["state"], &receipt["index"]), (&Value::from("entered"), &registered["index"]));
    let (code, second) = witness(&city.url, &key, &[]);
    assert_eq!((code, &second["since"]), (0, &first["size"]), "{second}");
    assert!(second["size"].as_u64() > first["size"].as_u64());

    // The ledger as it was goes in the place of the one that was witnessed.
    city.restart_after(|data| {
        std::fs::remove_dir_all(data.join("ledger")).expect("gone");
        copy(&aside, &data.join("ledger"));
        let (code, text) = yiwang(data, &["--json", "serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(code, 4, "{text}");
        let error = &document(&text)["error"];
        assert_eq!(error["code"], "oversight-gap");
        assert!(error["text"].as_str().is_some_and(|words| words.contains("police.example")), "{error}");
        assert_eq!(yiwang(data, &["admin", "accept-gap", "--reason", " "]).0, 3);
        let (code, text) = yiwang(data, &["--json", "admin", "accept-gap", "--reason", "a test of 22 November"]);
        assert_eq!((code, &document(&text)["accepted"][0]["size"]), (0, &second["size"]), "{text}");
    });
    let (code, refused) = witness(&city.url, &key, &[]);
    assert_eq!((code, &refused["error"]["code"]), (4, &Value::from("witness-shrunk")), "{refused}");
    let auditor = Visitor::in_role(&city, "auditor");
    let entries = auditor.json("/ledger/reads?kind=decision");
    let found = entries["rows"].as_array().expect("rows").iter();
    let mut accepted = found.filter(|row| row["common"]["act"] == "oversight.gap_accepted");
    let accepted = accepted.next().unwrap_or_else(|| panic!("on record: {entries}"));
    assert_eq!(accepted["common"]["why"], "a test of 22 November");
}

fn security_receipt(city: &City, event: &str) -> Value {
    Visitor::in_role(city, "security").json(&format!("/ledger/decisions/{event}"))
}
