//! Format version 1, kept for good: a log written once (by `fill`, with its test key beside it), which every later
//! version must read, check and continue.

use std::path::Path;
use std::sync::Arc;

use yiwang_kernel::{FixedClock, Instant};
use yiwang_seal::MasterKey;

use super::{START_MICROS, citizen, copy_dir, page, read_of};
use crate::{Filter, Ledger, Options};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/golden-1");

fn open(dir: &Path, master: &MasterKey) -> Ledger {
    let clock = Arc::new(FixedClock::at(Instant::from_micros(START_MICROS)));
    let options = Options { segment_bytes: 4 << 10, ..Options::small("yiwang.test/golden") };
    Ledger::open(dir, master, clock, options).expect("a whole log opens")
}

#[tokio::test]
async fn a_log_of_format_version_1_is_read_checked_and_continued() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let dir = home.path().join("ledger");
    copy_dir(Path::new(GOLDEN), &dir);
    let master = MasterKey::parse(&std::fs::read_to_string(dir.join("master")).expect("its key")).expect("a ring");
    let key = crate::public_key(&dir).expect("the log file");
    let report = crate::verify(&dir, &key, &[]).expect("readable");
    assert!(report.is_whole(), "{:?}", report.difference);
    assert_eq!((report.entries, report.subjects, report.lists, report.epoch), (15, 5, 1, Some(14)));
    assert_eq!(
        report.log,
        std::fs::read_to_string(dir.join("log")).expect("the log file").lines().nth(1).expect("two lines")
    );

    let ledger = open(&dir, &master);
    assert_eq!(ledger.head(), report.head);
    let found = ledger.read(Filter::default(), page(50)).await.expect("readable");
    assert_eq!(found.rows.len(), 15);
    assert!(found.rows.iter().all(|entry| entry.common.is_some()));
    let chain = ledger.subject_entries(citizen(0), page(5)).await.expect("readable");
    assert_eq!(chain.rows[0].parts.as_ref().expect("its key lives")[0].row, "7");
    assert_eq!(ledger.append(read_of("parking")).await.expect("appended").index, 15);
}
