//! INF-10, data safety fence and disaster recovery: the clauses that need no grants with daily limits and no tasks.
//! That a restore older than the last witnessed head says so and names the gap is shown in `crate::backup`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::cat_05::{answers, questions};
use crate::backup::{Place, document, done, files, refused, run, text};
use crate::city::{City, beside, copy, copy_file, yiwang};
use crate::visitor::Visitor;

fn table(first: usize, rows: usize) -> String {
    (first..first + rows)
        .fold("编号,数量,说明\n".to_owned(), |text, row| text + &format!("K{row:06},{row},值{row}\n"))
}

#[test]
fn a_backup_under_load_and_a_restore_elsewhere_give_the_same_head_rows_and_a_hundred_answers() {
    let city = City::demo();
    let questions = questions(&city);
    assert_eq!(questions.len(), 100);
    let before = answers(&city, &questions);
    let elsewhere = tempfile::tempdir().expect("another machine");
    let (backup, restored) = (elsewhere.path().join("backup"), elsewhere.path().join("city"));
    let steward = Visitor::in_role(&city, "steward");
    let stop = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&stop);
    let loading = std::thread::spawn(move || {
        let mut count = 0;
        while !over.load(Ordering::SeqCst) || count == 0 {
            let rows = table(count * 12_000, 12_000);
            let file = ("load.csv", rows.as_str());
            let (status, text) = steward.upload("/collect/load", "/collect/load", &[("department", "064")], file);
            assert_eq!(status, 303, "{text}");
            count += 1;
        }
        count
    });
    let taken = done(&city.data, None, &["backup", text(&backup)]);
    stop.store(true, Ordering::SeqCst);
    assert!(loading.join().expect("the loads end") > 0);
    copy_file(&beside(&city.data), &beside(&restored));
    done(&restored, None, &["restore", text(&backup)]);
    let report = done(&restored, None, &["verify"]);
    let earlier = &report["earlier"][0];
    assert_eq!((&earlier["head"], &earlier["entries"]), (&taken["head"], &taken["entries"]), "{report}");
    let again = City::serve(elsewhere, restored);
    let rows = done(&again.data, None, &["resources"]);
    for row in rows["resources"].as_array().expect("resources") {
        let code = row["code"].as_str().expect("a code");
        let sql = format!("SELECT count(*) AS n FROM \"{code}\"");
        let counted = done(&again.data, None, &["query", &sql, "--reason", "a recovery test"]);
        assert_eq!(counted["rows"][0]["n"], row["rows"], "{code} is whole, or as it was before the load");
    }
    for ((before, after), question) in before.iter().zip(answers(&again, &questions)).zip(&questions) {
        assert_eq!(*before, after, "{question}");
    }
}

#[test]
fn a_backup_with_one_changed_byte_is_refused_naming_the_file_and_nothing_is_made() {
    let place = Place::new(None);
    let (backup, _) = place.backup("backup");
    let restored = place.vacant("restored");
    let manifest = document(&std::fs::read_to_string(backup.join("manifest.json")).expect("a manifest"));
    let listed: Vec<&str> = manifest["files"]
        .as_array()
        .expect("files")
        .iter()
        .map(|file| file["path"].as_str().expect("a path"))
        .collect();
    for tree in ["store.db", "city.toml", "ledger/segments/", "ledger/keys/", "lake/main/", "files/"] {
        let path = listed.iter().find(|path| path.starts_with(tree)).unwrap_or_else(|| panic!("no {tree}: {listed:?}"));
        let file = backup.join(path);
        let good = std::fs::read(&file).expect("a file");
        let mut bad = good.clone();
        bad[good.len() / 2] ^= 1;
        std::fs::write(&file, &bad).expect("altered");
        let (code, said) = run(&restored, None, &["restore", text(&backup)]);
        let error = &document(&said)["error"];
        assert_eq!((code, error["code"].as_str()), (3, Some("backup-altered")), "{path}: {said}");
        assert!(error["text"].as_str().is_some_and(|words| words.contains(path)), "{said}");
        std::fs::write(&file, &good[1..]).expect("cut");
        assert_eq!(refused(&restored, None, &["verify", "--backup", text(&backup)]).1, "backup-altered", "{path}");
        std::fs::remove_file(&file).expect("gone");
        assert_eq!(refused(&restored, None, &["restore", text(&backup)]), (3, "backup-missing".to_owned()), "{path}");
        std::fs::write(&file, &good).expect("as it was");
    }
    for name in ["manifest.json", "manifest.sig"] {
        let good = std::fs::read(backup.join(name)).expect("a file");
        let mut bad = good.clone();
        let digit = bad.iter().rposition(u8::is_ascii_digit).expect("a digit");
        bad[digit] = if bad[digit] == b'0' { b'1' } else { b'0' };
        std::fs::write(backup.join(name), &bad).expect("altered");
        assert_eq!(refused(&restored, None, &["restore", text(&backup)]), (3, "backup-unsigned".to_owned()), "{name}");
        std::fs::write(backup.join(name), good).expect("as it was");
    }
    assert!(!restored.exists(), "nothing was changed");
    done(&restored, None, &["restore", text(&backup)]);
}

/// Whether some file of the tree holds these bytes.
fn holds(tree: &Path, needle: &[u8]) -> Option<std::path::PathBuf> {
    let holds = |path: &Path| {
        let bytes = std::fs::read(path).expect("a file");
        bytes.windows(needle.len()).any(|window| window == needle)
    };
    files(tree).into_iter().find(|path| holds(path))
}

#[test]
fn a_copy_of_the_disk_shows_no_personal_value_and_opens_to_nobody_without_the_key() {
    let (folder, data) = City::demo_directory();
    let people: String =
        (0..12_000).map(|row| format!("示例{row},{},示例路{row}号\n", yiwang_codes::citizen::synthetic(row))).collect();
    let file = folder.path().join("people.csv");
    std::fs::write(&file, format!("姓名,公民身份号码,住址\n{people}")).expect("a file");
    let report = done(&data, None, &["load", text(&file), "--department", "064"]);
    let resource = report["loads"][0]["resource"].as_str().expect("a code").to_owned();
    let field = report["loads"][0]["fields"][1]["name"].as_str().expect("a name").to_owned();
    let small = folder.path().join("few.csv");
    std::fs::write(&small, format!("姓名,公民身份号码,住址\n示例,{},某路\n", yiwang_codes::citizen::synthetic(99_999)))
        .expect("a file");
    done(&data, None, &["load", text(&small), "--resource", &resource]);
    let sql = format!("SELECT {field} FROM \"{resource}\" ORDER BY 1 LIMIT 3");
    let shown = done(&data, None, &["query", &sql, "--reason", "a test"]);
    assert_eq!(shown["rows"].as_array().map(Vec::len), Some(3), "with the key it is there: {shown}");

    for row in [0, 7, 11_999, 99_999] {
        let number = yiwang_codes::citizen::synthetic(row);
        assert_eq!(holds(&data, number.as_bytes()), None, "a file shows the number of row {row}");
    }
    assert_eq!(holds(&data, "示例路7号".as_bytes()), None, "an address");
    let stolen = folder.path().join("stolen");
    copy(&data, &stolen);
    let code = |words: &[&str]| {
        let (code, text) = yiwang(&stolen, &[&["--json"][..], words].concat());
        let document: Value = serde_json::from_str(&text).expect("one document");
        (code, document["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    let query = ["query", &sql, "--reason", "a thief's"];
    assert_eq!(code(&query), (5, "keys-missing".to_owned()));
    let another = folder.path().join("another");
    done(&another, None, &["init", "--name", "测试市", "--region", "449900"]);
    copy_file(&beside(&another), &beside(&stolen));
    for words in [&query[..], &["resources"]] {
        assert_eq!(code(words), (5, "master-key-wrong".to_owned()), "the key of another city opens nothing: {words:?}");
    }
}
