//! The closing entry of a stream says what left and how it ended: whole, left by its reader, revoked, failed.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use yiwang_gate::{ByteStream, Mode, RowStream, TableFile, Why, grants};
use yiwang_kernel::{Error, PageRequest};
use yiwang_ledger::{End, Filter, Kind, Outcome};
use yiwang_seal::{hex, sha256};

use super::world::{PURPOSE, RESOURCE, World, all, people, worlds};

/// What the last closing entry says, once nothing is open any more.
async fn closed(world: &World) -> Outcome {
    while world.ledger.status().opens > 0 {
        tokio::task::yield_now().await;
    }
    let filter = Filter { kind: Some(Kind::Close), ..Filter::default() };
    let page = world.ledger.read(filter, PageRequest::default()).await.expect("entries");
    let last = page.rows.into_iter().next().expect("a closing entry");
    last.common.expect("a kept key").outcome.expect("a close says how it ended")
}

/// A line of bytes for each batch.
fn lines(rows: RowStream) -> ByteStream {
    Box::pin(rows.map(|batch| Ok(Bytes::from(format!("{} rows\n", batch?.num_rows())))))
}

async fn filled() -> Vec<World> {
    let worlds = worlds().await;
    for world in &worlds {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..60_000)).await;
    }
    worlds
}

#[tokio::test]
async fn a_file_sent_whole_is_on_record_with_its_hash() {
    for world in filled().await {
        let answer = world.answer(all()).await.expect("an answer");
        let sending = answer.sending();
        let file = TableFile::named(answer.schema.clone());
        let bytes = sending.over(world.gate.encode(&file, answer.rows).expect("begun"));
        let sent: Vec<Bytes> = bytes.try_collect().await.expect("whole");
        let sent = sent.concat();
        let wanted =
            Outcome { end: End::Complete, rows: 60_000, bytes: sent.len() as u64, sha256: Some(hex(&sha256(&sent))) };
        assert_eq!(closed(&world).await, wanted, "{}", world.store.name);
    }
}

#[tokio::test]
async fn what_a_reader_left_is_on_record_as_far_as_it_went() {
    for world in filled().await {
        let answer = world.answer(all()).await.expect("an answer");
        let mut bytes = answer.sending().over(lines(answer.rows));
        let first = bytes.next().await.expect("a piece").expect("bytes");
        drop(bytes);
        let outcome = closed(&world).await;
        assert_eq!((outcome.end, outcome.bytes), (End::Client, first.len() as u64), "{}", world.store.name);
        assert_eq!(outcome.sha256, Some(hex(&sha256(&first))));
        assert!(outcome.rows < 60_000);
    }
}

#[tokio::test]
async fn a_grant_that_ends_meanwhile_and_a_failure_are_told_apart() {
    for world in filled().await {
        let answer = world.answer(all()).await.expect("an answer");
        let sending = answer.sending();
        let failing = lines(answer.rows).take(1).chain(futures::stream::iter([Err(Error::broken("a full disk"))]));
        let failed: Result<Vec<Bytes>, Error> = sending.over(Box::pin(failing)).try_collect().await;
        assert!(failed.is_err());
        assert_eq!(closed(&world).await.end, End::Failed, "{}", world.store.name);
        let wanted = grants::FindGrants { resource: Some(RESOURCE.to_owned()), ..grants::FindGrants::default() };
        let grant = grants::find(&world.store, &wanted).await.expect("found").remove(0);
        let answer = world.answer(all()).await.expect("an answer");
        let mut bytes = answer.sending().over(lines(answer.rows));
        bytes.next().await.expect("a piece").expect("bytes");
        let now = world.ctx.now();
        world.store.tx(|tx| Box::pin(grants::revoke(tx, grant.id, now))).await.expect("revoked");
        world.clock.advance_s(5);
        let ended: Result<Vec<Bytes>, Error> = bytes.try_collect().await;
        assert!(matches!(ended, Err(Error::Gone(_))));
        let outcome = closed(&world).await;
        assert_eq!(outcome.end, End::Revoked, "{}", world.store.name);
        assert!(outcome.rows < 60_000 && outcome.sha256.is_some());
    }
}

#[tokio::test]
async fn rows_that_do_not_leave_as_bytes_are_counted() {
    for world in filled().await {
        let answer = world.answer(all()).await.expect("an answer");
        let rows: usize = answer.collect().await.expect("rows").iter().map(arrow_array::RecordBatch::num_rows).sum();
        let outcome = closed(&world).await;
        assert_eq!((outcome.end, outcome.rows, outcome.sha256), (End::Complete, rows as u64, None));
    }
}

#[tokio::test]
async fn a_blob_has_its_closing_entry_too() {
    for world in filled().await {
        let blob = world.upload(b"as it came").await;
        let answer = world.gate.open_blob(&world.ctx, &Why::purpose(PURPOSE), RESOURCE, blob).await.expect("opened");
        assert_eq!(world.ledger.status().opens, 1);
        let sent: Vec<Bytes> = answer.bytes.try_collect().await.expect("whole");
        assert_eq!(sent.concat(), b"as it came");
        let outcome = closed(&world).await;
        assert_eq!((outcome.end, outcome.bytes), (End::Complete, 10), "{}", world.store.name);
        assert_eq!(outcome.sha256, Some(hex(&sha256(b"as it came"))));
    }
}
