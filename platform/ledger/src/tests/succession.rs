//! Copies taken while the log is written to, logs that follow one another, and what was kept elsewhere: nobody puts
//! another log in the place of one whose key or head somebody has.

use std::fs;
use std::path::{Path, PathBuf};

use yiwang_seal::MasterKey;

use super::{Log, citizen, common, copy_dir, fill, read_of, row};
use crate::{Entry, Extent, Fault, Follows, Kept, Ledger, Options};

/// Copies an extent as a backup does.
fn take(from: &Path, extent: &Extent, to: &Path) {
    for piece in &extent.pieces {
        let target = to.join(&piece.path);
        fs::create_dir_all(target.parent().expect("below the copy")).expect("a directory");
        let mut bytes = match fs::read(from.join(&piece.path)) {
            Ok(bytes) => bytes,
            Err(error) => {
                assert!(piece.passing, "{}: {error}", piece.path);
                continue;
            }
        };
        bytes.truncate(piece.bytes.map_or(usize::MAX, |bytes| bytes as usize));
        fs::write(target, bytes).expect("a copy");
    }
    fs::write(to.join("checkpoint"), &extent.head).expect("the head");
}

/// A new log in a home of its own that follows a copy of this one as it stands.
async fn restored(log: &Log, ledger: &Ledger, witnessed: Option<&str>) -> (Log, Follows) {
    let extent = ledger.extent().await.expect("an extent");
    let next = Log { master: log.master.clone(), ..Log::new() };
    let old = next.dir.join("earlier").join(&extent.log);
    take(&log.dir, &extent, &old);
    if let Ok(listed) = fs::read_dir(old.join("earlier")) {
        for still_older in listed.flatten() {
            fs::rename(still_older.path(), next.dir.join("earlier").join(still_older.file_name())).expect("moves up");
        }
    }
    let follows = crate::follow(&old, witnessed).expect("a whole log");
    let opened = next.open();
    let receipt = opened.append(Entry::system(common("restore")).following(follows)).await.expect("appended");
    assert_eq!(receipt.index, 0);
    (next, follows)
}

fn checked(log: &Log, kept: &Kept) -> Vec<Option<Fault>> {
    let found = crate::verify_all(&log.dir, kept).expect("readable");
    found.into_iter().map(|log| log.report.difference.map(|difference| difference.fault)).collect()
}

fn old_of(log: &Log) -> PathBuf {
    crate::logs(&log.dir).expect("logs")[1].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_taken_while_entries_come_is_the_log_up_to_its_head() {
    let log = Log::with(Options { segment_bytes: 6 << 10, ..Options::small("yiwang.test/ledger") });
    let ledger = log.open();
    fill(&ledger).await;
    let writing = tokio::spawn({
        let ledger = ledger.clone();
        async move {
            for number in 0..120 {
                ledger.append(read_of("r").about(citizen(number % 3), row("1"))).await.expect("appended");
            }
            ledger.epoch().await.expect("made");
        }
    });
    let mut copies = 0;
    while !writing.is_finished() || copies == 0 {
        let extent = ledger.extent().await.expect("an extent");
        let home = tempfile::tempdir().expect("a home");
        take(&log.dir, &extent, home.path());
        let report =
            crate::verify(home.path(), &ledger.public_key(), std::slice::from_ref(&extent.head)).expect("readable");
        assert!(report.is_whole(), "{:?}", report.difference);
        assert_eq!((report.entries, report.head), (extent.entries, extent.head));
        crate::opens(home.path(), &log.master).expect("its keys come along");
        let other = crate::opens(home.path(), &MasterKey::generate()).expect_err("another ring");
        assert_eq!(other.code(), "master-key-wrong");
        copies += 1;
    }
    writing.await.expect("all appended");
}

#[tokio::test]
async fn an_empty_log_is_copied_and_followed_too() {
    let log = Log::new();
    let ledger = log.open();
    let (next, follows) = restored(&log, &ledger, None).await;
    assert_eq!((follows.size, follows.witnessed), (0, None));
    assert_eq!(checked(&next, &Kept::default()), [None, None]);
}

#[tokio::test]
async fn a_new_log_names_the_old_one_and_both_are_checked() {
    let log = Log::new();
    let ledger = log.open();
    fill(&ledger).await;
    let (next, follows) = restored(&log, &ledger, None).await;
    let found = crate::verify_all(&next.dir, &Kept::default()).expect("readable");
    assert_eq!(found.iter().map(|log| log.report.is_whole()).collect::<Vec<_>>(), [true, true]);
    assert_eq!((found[0].report.follows, found[1].report.follows), (Some(follows), None));
    assert_eq!(found[1].report.entries, follows.size);

    let again = next.open();
    let refused = again.append(Entry::system(common("restore")).following(follows)).await.expect_err("not the first");
    assert_eq!(refused.code(), "ledger-not-new");
    let (third, _) = restored(&next, &again, None).await;
    assert_eq!(checked(&third, &Kept::default()), [None, None, None]);

    fs::rename(old_of(&next), next.dir.join("gone")).expect("the old log goes");
    assert_eq!(checked(&next, &Kept::default()), [Some(Fault::Follows)]);
}

#[tokio::test]
async fn an_old_log_cut_or_exchanged_is_found() {
    let log = Log::new();
    let ledger = log.open();
    ledger.append(read_of("first")).await.expect("appended");
    let shorter = log.copy();
    ledger.append(read_of("second")).await.expect("appended");
    let (next, _) = restored(&log, &ledger, None).await;
    let old = old_of(&next);
    fs::remove_dir_all(&old).expect("the old log goes");
    copy_dir(&shorter.dir, &old);
    assert_eq!(checked(&next, &Kept::default()), [Some(Fault::Follows), None]);
}

#[tokio::test]
async fn what_was_lost_is_on_record_and_what_is_not_on_record_is_missed() {
    let log = Log::new();
    let ledger = log.open();
    ledger.append(read_of("first")).await.expect("appended");
    let backup = log.copy();
    for name in ["second", "third"] {
        ledger.append(read_of(name)).await.expect("appended");
    }
    let witnessed = ledger.head();
    let copied = backup.open();
    let (silent, _) = restored(&backup, &copied, None).await;
    let (open, follows) = restored(&backup, &copied, Some(&witnessed)).await;
    assert_eq!((follows.size, follows.witnessed.map(|(size, _)| size)), (1, Some(3)));
    let kept = Kept { heads: vec![witnessed], ..Kept::default() };
    assert_eq!(checked(&silent, &kept), [None, Some(Fault::Witness)]);
    assert_eq!(checked(&open, &kept), [None, None]);
    ledger.append(read_of("fourth")).await.expect("appended");
    let kept = Kept { heads: vec![ledger.head()], ..Kept::default() };
    assert_eq!(checked(&open, &kept), [None, Some(Fault::Witness)], "a head beyond the gap on record");
}

#[tokio::test]
async fn a_wholly_forged_log_is_found_by_a_key_or_a_head_kept_elsewhere() {
    let log = Log::new();
    let ledger = log.open();
    fill(&ledger).await;
    let kept = |keys, heads: Vec<String>| Kept { keys, heads };
    let (key, head) = (ledger.public_key(), ledger.head());
    let verifier = crate::verify(&log.dir, &key, &[]).expect("readable").verifier;
    assert_eq!(crate::parse_key(&verifier).expect("a verifier key"), key);
    assert_eq!(crate::parse_key("yiwang").expect_err("no key").code(), "ledger-key");
    let found = crate::verify_all(&log.dir, &kept(vec![key.clone()], vec![head.clone()])).expect("readable");
    assert!(found[0].key_kept && found[0].report.is_whole());

    let forged = Log::new();
    fill(&forged.open()).await;
    assert_eq!(checked(&forged, &Kept::default()), [None], "by itself it is whole");
    assert_eq!(checked(&forged, &kept(vec![key], Vec::new())), [Some(Fault::Key)]);
    assert_eq!(checked(&forged, &kept(Vec::new(), vec![head])), [Some(Fault::Witness)]);
    let no_head = crate::verify_all(&log.dir, &kept(Vec::new(), vec!["a note".to_owned()]));
    assert_eq!(no_head.expect_err("no head").code(), "ledger-head");
}

#[tokio::test]
async fn a_statement_holds_for_its_kind_and_text_alone() {
    let log = Log::new();
    let ledger = log.open();
    let (key, signature) = (ledger.public_key(), ledger.sign("backup", b"a manifest"));
    assert!(crate::statement_holds(&key, "backup", b"a manifest", &format!("{signature}\n")));
    assert!(!crate::statement_holds(&key, "backup", b"another", &signature));
    assert!(!crate::statement_holds(&key, "move", b"a manifest", &signature));
    assert!(!crate::statement_holds(&key, "backup", b"a manifest", "no signature"));
}

#[tokio::test]
async fn an_earlier_log_is_read_and_never_appended_to() {
    let log = Log::new();
    let ledger = log.open();
    let entries = fill(&ledger).await;
    let (next, follows) = restored(&log, &ledger, None).await;
    let opened = next.open();
    let id = yiwang_seal::hex(&follows.log);
    assert_eq!(opened.earlier().await.expect("listed"), std::slice::from_ref(&id));
    let old = opened.earlier_log(&id).await.expect("opens");
    let found = old.read(crate::Filter::default(), super::page(50)).await.expect("readable");
    assert_eq!(found.rows.len() as u64, entries);
    assert!(found.rows.iter().all(|entry| entry.common.is_some()), "its keys came along");
    assert_eq!(old.append(read_of("late")).await.expect_err("closed for good").code(), "ledger-unavailable");
    opened.earlier_log(&id).await.expect("again");
    assert_eq!(opened.earlier_log("../..").await.err().expect("no such log").code(), "ledger-log");
    assert!(opened.verify(Vec::new()).await.expect("readable").is_whole());
    fs::write(old_of(&next).join("log"), fs::read(log.dir.join("log")).expect("the file")).expect("the same");
    let segment = crate::segment::list_segments(&old_of(&next)).expect("segments")[0];
    let path = crate::segment::segment_path(&old_of(&next), segment);
    let mut bytes = fs::read(&path).expect("the segment");
    bytes[300] ^= 4;
    fs::write(path, bytes).expect("the altered segment");
    assert!(!opened.verify(Vec::new()).await.expect("readable").is_whole(), "damage of an earlier log shows");
}
