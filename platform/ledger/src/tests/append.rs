//! Appending: numbers without gaps from many tasks, closes, decisions once, limits, full disks, restarts.

use std::collections::BTreeSet;

use yiwang_kernel::{Actor, Ctx, Error, Id};

use super::{Log, citizen, common, fill, page, read_of, row};
use crate::{End, Entry, Filter, Kind, Ledger, Options, Outcome};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_appends_at_once_are_numbered_without_gaps() {
    let log = Log::with(Options::small("yiwang.test/ledger"));
    let ledger = log.open();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..1_000 {
        let ledger = ledger.clone();
        tasks.spawn(async move { ledger.append(read_of("r").about(citizen(number % 7), row("1"))).await });
    }
    let receipts = tasks.join_all().await.into_iter().map(|done| done.expect("appended")).collect::<Vec<_>>();
    let numbers: BTreeSet<u64> = receipts.iter().map(|receipt| receipt.index).collect();
    assert!(numbers.into_iter().eq(0..1_000));
    let status = ledger.status();
    assert_eq!((status.entries, status.subjects), (1_000, 7));
    assert!(status.batches < 1_000, "appends that wait together share a head: {} batches", status.batches);
    drop(ledger);
    let report = log.verify();
    assert!(report.is_whole(), "{:?}", report.difference);
    assert_eq!((report.entries, report.heads), (1_000, status.batches));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_whole_while_it_is_written_to() {
    let log = Log::new();
    let ledger = log.open();
    ledger.append(read_of("r")).await.expect("appended");
    let writing = tokio::spawn({
        let ledger = ledger.clone();
        async move {
            for number in 0..200 {
                ledger.append(read_of("r").about(citizen(number % 3), row("1"))).await.expect("appended");
            }
        }
    });
    while !writing.is_finished() {
        let size = ledger.status().entries;
        let report = ledger.verify(vec![ledger.head()]).await.expect("readable");
        assert_eq!(report.difference, None);
        assert!(report.entries >= size);
    }
    writing.await.expect("all appended");
}

#[tokio::test]
async fn a_log_opened_again_goes_on_where_it_stood() {
    let log = Log::new();
    let ledger = log.open();
    let entries = fill(&ledger).await;
    let (status, head) = (ledger.status(), ledger.head());
    drop(ledger);
    let ledger = log.open();
    assert_eq!((ledger.status(), ledger.head()), (status, head));
    assert_eq!(ledger.append(read_of("r")).await.expect("appended").index, entries);
    for _ in 0..100 {
        ledger.append(read_of("r")).await.expect("appended");
    }
    drop(ledger);
    assert!(log.segments().len() > 1, "the log went on in further segments");
    let report = log.verify();
    assert!(report.is_whole(), "{:?}", report.difference);
    assert_eq!(report.entries, entries + 101);
}

#[tokio::test]
async fn a_log_is_open_once_at_a_time_and_with_its_own_key() {
    let log = Log::new();
    let ledger = log.open();
    assert!(matches!(log.try_open(), Err(Error::Unavailable(detail)) if detail.code == "ledger-locked"));
    drop(ledger);
    let stranger = Log { master: yiwang_seal::MasterKey::generate(), ..log.copy() };
    assert!(stranger.try_open().is_err());
    log.open();
}

#[tokio::test]
async fn a_streamed_read_is_closed_once() {
    let log = Log::new();
    let ledger = log.open();
    let open = ledger.append(read_of("r").streaming(500)).await.expect("appended");
    let outcome = Outcome { end: End::Client, rows: 12, bytes: 345, sha256: Some("ab".repeat(32)) };
    let close = || Entry::close(open.index, common("check"), outcome.clone());
    assert_eq!(ledger.status().opens, 1);
    let closed = ledger.append(close()).await.expect("appended");
    assert_eq!(ledger.status().opens, 0);
    let shown = ledger.entry(closed.index).await.expect("readable");
    assert_eq!(shown.header.refers, Some(open.index));
    assert_eq!(shown.common.expect("the month's key is kept").outcome, Some(outcome.clone()));
    let again = ledger.append(close()).await.expect_err("closed already");
    assert_eq!(again.code(), "ledger-close-unknown");
    let unknown = ledger.append(Entry::close(99, common("check"), outcome)).await.expect_err("never opened");
    assert_eq!(unknown.code(), "ledger-close-unknown");
}

#[tokio::test]
async fn an_open_found_without_its_close_is_closed_as_cut() {
    let log = Log::new();
    let ledger = log.open();
    let open = ledger.append(read_of("r").streaming(500)).await.expect("appended");
    drop(ledger);
    let ledger = log.open();
    assert_eq!(ledger.status().opens, 0);
    let found = ledger.read(Filter { kind: Some(Kind::Close), ..Filter::default() }, page(5)).await.expect("readable");
    let [close] = found.rows.as_slice() else { panic!("one close, not {}", found.rows.len()) };
    assert_eq!(close.header.refers, Some(open.index));
    let outcome = close.common.as_ref().and_then(|common| common.outcome.clone()).expect("an outcome");
    assert_eq!((outcome.end, outcome.rows), (End::Cut, 500));
    drop(ledger);
    assert_eq!(log.open().status().entries, 2, "closed once, not at every start");
}

#[tokio::test]
async fn a_decision_is_entered_once_however_often_it_is_relayed() {
    let log = Log::new();
    let ledger = log.open();
    let event = Id::new(&Ctx::system(Actor::System("test")));
    let decision = || Entry::decision(common("publish"));
    let first = ledger.append_idempotent(event, decision()).await.expect("appended");
    let again = ledger.append_idempotent(event, decision()).await.expect("known");
    assert_eq!(first, again);
    let (left, right) =
        tokio::join!(ledger.append_idempotent(event, decision()), ledger.append_idempotent(event, decision()));
    assert_eq!((left.expect("known"), right.expect("known")), (first, first));
    drop(ledger);
    let ledger = log.open();
    assert_eq!(ledger.append_idempotent(event, decision()).await.expect("known"), first);
    assert_eq!(ledger.status().entries, 1);
}

#[tokio::test]
async fn what_is_over_the_limits_is_refused_by_field() {
    let log = Log::new();
    let ledger = log.open();
    let too_many = (0..101).fold(read_of("r"), |entry, number| entry.about(citizen(number), row("1")));
    let too_long = read_of("r").about(crate::Identifier::new("citizen", "1".repeat(300)), row("1"));
    let too_wordy = Entry::open(crate::Common { why: "x".repeat(70_000), ..common("check") });
    for (entry, named) in [(too_many, "subjects"), (too_long, "identifier"), (too_wordy, "common")] {
        let error = ledger.append(entry).await.expect_err("over the limit");
        assert!(matches!(error, Error::Invalid { ref field, .. } if field == named), "{named}: {error}");
    }
    assert_eq!(ledger.status().entries, 0);
}

/// The next segment cannot be made, as on a full disk: something else stands in its place.
#[tokio::test]
async fn without_room_for_a_segment_nothing_is_acknowledged_until_there_is() {
    let log = Log::new();
    let ledger = log.open();
    let error = loop {
        if let Err(error) = try_fill(&log, &ledger).await {
            break error;
        }
    };
    assert!(matches!(error, Error::Unavailable(_)), "{error}");
    let entries = ledger.status().entries;
    assert!(ledger.append(read_of("r")).await.is_err(), "still no room");
    assert_eq!(ledger.status().entries, entries);
    std::fs::remove_dir(next_segment(&log, entries)).expect("the obstacle goes");
    assert_eq!(ledger.append(read_of("r")).await.expect("room again").index, entries);
    drop(ledger);
    let report = log.verify();
    assert!(report.is_whole(), "{:?}", report.difference);
    assert_eq!(report.entries, entries + 1);
}

/// Appends one entry with an obstacle where the next segment would be.
async fn try_fill(log: &Log, ledger: &Ledger) -> yiwang_kernel::Result<()> {
    let obstacle = next_segment(log, ledger.status().entries);
    if ledger.status().entries > 0 {
        std::fs::create_dir(&obstacle).expect("an obstacle");
    }
    ledger.append(read_of("r")).await?;
    if obstacle.is_dir() {
        std::fs::remove_dir(obstacle).expect("the obstacle goes");
    }
    Ok(())
}

fn next_segment(log: &Log, first: u64) -> std::path::PathBuf {
    crate::segment::segment_path(&log.dir, first)
}

#[tokio::test]
async fn a_clock_that_goes_back_is_an_entry() {
    let log = Log::new();
    let ledger = log.open();
    ledger.append(read_of("r")).await.expect("appended");
    log.clock.advance_s(-30);
    ledger.append(read_of("r")).await.expect("appended");
    assert_eq!(ledger.status().entries, 2, "half a minute is no jump");
    log.clock.advance_s(-120);
    assert_eq!(ledger.append(read_of("r")).await.expect("appended").index, 3);
    let jump = ledger.entry(2).await.expect("readable").common.expect("the month's key is kept");
    assert_eq!((jump.act.as_deref(), jump.who.as_str()), (Some("clock.jumped"), "system:ledger"));
}
