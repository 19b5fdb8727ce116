//! Damage: a torn tail vanishes and nothing acknowledged with it; any flipped byte is found and named.

use std::fs;

use super::{Log, citizen, common, fill, read_of, row};
use crate::segment::{Next, SegmentReader};
use crate::{Entry, Fault, Options};

/// Kills the machine, so to speak, at every byte of the last batch: its files as they were before it, plus so much.
#[tokio::test]
async fn a_batch_torn_at_any_byte_vanishes_and_the_one_before_stays() {
    let log = Log::with(Options { segment_bytes: 4 << 10, ..Options::small("yiwang.test/ledger") });
    let ledger = log.open();
    ledger.append(read_of("first").about(citizen(1), row("1"))).await.expect("appended");
    let before = log.copy();
    let head = ledger.head();
    let kept = content_bytes(&before);
    ledger.append(read_of("second").about(citizen(1), row("2"))).await.expect("appended");
    drop(ledger);
    let segment = fs::read(&log.segments()[0]).expect("the segment");
    let whole = content_bytes(&log);
    for end in kept..whole {
        let mut torn = segment[..end].to_vec();
        if end % 2 == 0 {
            torn.resize(segment.len(), 0);
        }
        fs::write(&before.segments()[0], &torn).expect("the torn segment");
        let ledger = before.open();
        assert_eq!((ledger.status().entries, ledger.head()), (1, head.clone()), "torn at byte {end}");
        drop(ledger);
        assert!(before.verify().is_whole(), "torn at byte {end}");
    }
    fs::write(&before.segments()[0], &segment[..whole]).expect("the whole segment");
    let ledger = before.open();
    assert_eq!(ledger.status().entries, 2, "a batch whole on disk counts, answered or not");
}

#[tokio::test]
async fn after_a_torn_tail_the_log_goes_on() {
    let log = Log::new();
    let ledger = log.open();
    ledger.append(read_of("first")).await.expect("appended");
    drop(ledger);
    let path = &log.segments()[0];
    let mut bytes = fs::read(path).expect("the segment");
    let end = content_bytes(&log);
    bytes.truncate(end);
    bytes.extend_from_slice(b"\0\0\x01\0torn");
    fs::write(path, bytes).expect("a torn tail");
    assert_eq!(log.verify().difference.expect("seen").fault, Fault::Tail);
    let ledger = log.open();
    assert_eq!(ledger.append(read_of("second")).await.expect("appended").index, 1);
    drop(ledger);
    assert!(log.verify().is_whole());
}

#[tokio::test]
async fn a_segment_torn_at_its_beginning_is_begun_again() {
    let log = Log::new();
    let ledger = log.open();
    ledger.append(read_of("first")).await.expect("appended");
    drop(ledger);
    let next = crate::segment::segment_path(&log.dir, 1);
    fs::write(&next, b"yiwang-led").expect("a torn segment");
    let ledger = log.open();
    assert_eq!(ledger.append(read_of("second")).await.expect("appended").index, 1);
    drop(ledger);
    assert!(log.verify().is_whole());
}

#[tokio::test]
async fn any_flipped_byte_in_any_segment_is_found_and_named() {
    let log = Log::with(Options { segment_bytes: 6 << 10, ..Options::small("yiwang.test/ledger") });
    let ledger = log.open();
    fill(&ledger).await;
    drop(ledger);
    assert!(log.verify().is_whole());
    let segments = log.segments();
    assert!(segments.len() > 1, "several segments");
    for path in segments {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let good = fs::read(&path).expect("the segment");
        for at in (0..good.len()).step_by(5) {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            fs::write(&path, &bad).expect("the altered segment");
            let difference = log.verify().difference.unwrap_or_else(|| panic!("byte {at} of {name} unseen"));
            assert_eq!(difference.segment, name, "byte {at}: {difference:?}");
            assert!(difference.offset as usize <= at, "byte {at}: {difference:?}");
        }
        fs::write(&path, &good).expect("the segment as it was");
    }
    assert!(log.verify().is_whole());
}

#[tokio::test]
async fn a_damaged_log_does_not_open() {
    let log = Log::new();
    let ledger = log.open();
    fill(&ledger).await;
    drop(ledger);
    let path = &log.segments()[0];
    let mut bytes = fs::read(path).expect("the segment");
    bytes[300] ^= 4;
    fs::write(path, bytes).expect("the altered segment");
    assert_eq!(log.try_open().err().expect("damaged").code(), "ledger-damaged");
}

#[tokio::test]
async fn acknowledged_entries_cut_off_are_missed() {
    let log = Log::new();
    let ledger = log.open();
    ledger.append(read_of("first")).await.expect("appended");
    let (end, witnessed) = (content_bytes(&log), ledger.head());
    ledger.append(read_of("second")).await.expect("appended");
    let last = ledger.head();
    drop(ledger);
    let path = &log.segments()[0];
    let bytes = fs::read(path).expect("the segment");
    fs::write(path, &bytes[..end]).expect("the cut segment");
    let difference = log.verify().difference.expect("the checkpoint knows of more");
    assert_eq!((difference.entry, difference.fault), (1, Fault::Checkpoint));
    assert_eq!(log.try_open().err().expect("behind its checkpoint").code(), "ledger-damaged");
    fs::remove_file(log.dir.join("checkpoint")).expect("the checkpoint goes too");
    assert!(log.verify().is_whole(), "from the files alone nothing is missing any more");
    let key = crate::public_key(&log.dir).expect("the log file");
    let verify = |head: &str| crate::verify(&log.dir, &key, &[head.to_owned()]).expect("readable").difference;
    assert_eq!(verify(&witnessed), None);
    assert_eq!(verify(&last).expect("a witness knows better").fault, Fault::Witness);
}

#[tokio::test]
async fn a_log_rewritten_under_another_key_is_found() {
    let log = Log::new();
    let ledger = log.open();
    fill(&ledger).await;
    let key = yiwang_seal::SigningKey::generate().verifying_key();
    drop(ledger);
    let report = crate::verify(&log.dir, &key, &[]).expect("readable");
    assert_eq!(report.difference.expect("not its key").fault, Fault::HeadSignature);
}

/// Somebody with the disk and a CRC at hand, but without the keys.
#[tokio::test]
async fn sealed_parts_replaced_with_a_fitting_checksum_are_found() {
    let log = Log::new();
    let ledger = log.open();
    ledger.append(Entry::system(common("check"))).await.expect("appended");
    drop(ledger);
    let path = &log.segments()[0];
    let mut bytes = fs::read(path).expect("the segment");
    let length = u32::from_be_bytes(bytes[64..68].try_into().expect("four bytes")) as usize;
    bytes[72 + length - 10] ^= 1;
    let check = crate::segment::crc32(&bytes[72..72 + length]);
    bytes[68..72].copy_from_slice(&check.to_be_bytes());
    fs::write(path, bytes).expect("the altered segment");
    assert_eq!(log.verify().difference.expect("seen").fault, Fault::Body);
}

#[tokio::test]
async fn a_list_altered_or_lost_is_found() {
    let log = Log::new();
    let ledger = log.open();
    fill(&ledger).await;
    drop(ledger);
    let list = fs::read_dir(log.dir.join("lists")).expect("lists").next().expect("one").expect("an entry").path();
    let mut bytes = fs::read(&list).expect("the list");
    bytes[5] ^= 1;
    fs::write(&list, &bytes).expect("the altered list");
    let difference = log.verify().difference.expect("altered");
    assert_eq!((difference.fault, difference.entry), (Fault::List, 13));
    fs::remove_file(&list).expect("the list goes");
    assert_eq!(log.verify().difference.expect("lost").fault, Fault::List);
}

#[tokio::test]
async fn a_tampered_copy_is_found_and_the_original_stays_whole() {
    let log = Log::new();
    let ledger = log.open();
    fill(&ledger).await;
    let to = log.dir.parent().expect("a home").join("copy");
    let tampered = crate::tamper_copy(&log.dir, &to).expect("a copy, from under an open log");
    assert!(!to.join("keys").exists(), "keys are not copied");
    let difference = crate::verify(&to, &ledger.public_key(), &[]).expect("readable").difference.expect("found");
    assert_eq!(difference.segment, tampered.segment);
    assert!(difference.offset <= tampered.offset);
    drop(ledger);
    assert!(log.verify().is_whole());
    assert_eq!(crate::tamper_copy(&log.dir, &to).expect_err("it exists").code(), "ledger-copy-exists");
}

/// Where the records of the first segment end.
fn content_bytes(log: &Log) -> usize {
    let (mut reader, _) = SegmentReader::open(&log.segments()[0]).expect("the segment");
    while let Ok(Next::Record(_)) = reader.next() {}
    reader.offset as usize
}
