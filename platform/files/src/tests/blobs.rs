//! Uploads: hash, limit, retention, and the errors of a disk that does not take them.

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use std::io::ErrorKind;
use std::sync::Arc;
use yiwang_kernel::{Actor, Ctx, Error, FixedClock, Id, Instant, Result, SeededRandom};

use super::bench;
use crate::testing::Fault;
use crate::{Disk, Files, SealedStore};

fn pieces(text: &'static str, count: usize) -> BoxStream<'static, Result<Bytes>> {
    stream::iter((0..count).map(move |_| Ok(Bytes::from_static(text.as_bytes())))).boxed()
}

fn ctx() -> (Ctx, Arc<FixedClock>) {
    let clock = Arc::new(FixedClock::at(Instant::from_micros(1_795_305_600_000_000)));
    (Ctx::new(Actor::System("test"), clock.clone(), Arc::new(SeededRandom::new(1))), clock)
}

#[tokio::test]
async fn an_upload_comes_back_whole_with_its_hash() {
    let bench = bench().await;
    let files = Files::new(bench.db.db.clone(), bench.store.clone());
    let blob = files.put(&ctx().0, "uploads", pieces("停车场,", 30_000), 1 << 20).await.expect("puts");
    let whole = "停车场,".repeat(30_000);
    assert_eq!(blob.bytes, whole.len() as u64);
    assert_eq!(blob.sha256, yiwang_seal::sha256(whole.as_bytes()));
    let read: Vec<Bytes> = files.open(blob.id).await.expect("opens").try_collect().await.expect("reads");
    assert_eq!(read.concat(), whole.as_bytes());
    assert_eq!(files.find(blob.id).await.expect("finds"), blob);
}

#[tokio::test]
async fn a_held_file_is_deleted_when_the_last_hold_ends() {
    let bench = bench().await;
    let db = bench.db.db.clone();
    let files = Files::new(db.clone(), SealedStore::on_disk(bench.directory.path(), "files", None).expect("opens"));
    let (first, second) = (files.hold(), files.hold());
    let blob = files.put(&ctx().0, "uploads", pieces("a", 10), 100).await.expect("puts");
    let path = bench.directory.path().join("files").join("uploads").join(blob.id.to_string());
    assert_eq!(crate::named_files(&db).await.expect("lists"), [format!("uploads/{}", blob.id)]);
    files.delete(blob.id).await.expect("deletes");
    assert_eq!(files.find(blob.id).await.expect_err("its row is gone").status(), 404);
    drop(first);
    assert!(path.exists(), "somebody may still be copying it");
    drop(second);
    assert!(!path.exists(), "what was kept back goes");
    let after = files.put(&ctx().0, "uploads", pieces("a", 10), 100).await.expect("puts");
    files.delete(after.id).await.expect("deletes");
    assert_eq!(std::fs::read_dir(path.parent().expect("a folder")).expect("lists").count(), 0, "no hold, no delay");
}

#[tokio::test]
async fn an_upload_over_the_limit_leaves_nothing() {
    let bench = bench().await;
    let files = Files::new(bench.db.db.clone(), bench.store.clone());
    let error = files.put(&ctx().0, "uploads", pieces("0123456789", 11), 100).await.expect_err("too large");
    assert_eq!((error.status(), error.code()), (413, "file-too-large"));
    let uploads = bench.directory.path().join("uploads");
    assert_eq!(std::fs::read_dir(uploads).expect("the directory").count(), 0);
}

#[tokio::test]
async fn a_stream_that_breaks_leaves_nothing() {
    let bench = bench().await;
    let files = Files::new(bench.db.db.clone(), bench.store.clone());
    let broken = pieces("0123456789", 3).chain(stream::iter([Err(Error::Timeout)])).boxed();
    assert_eq!(files.put(&ctx().0, "uploads", broken, 100).await.expect_err("broken").status(), 504);
    let uploads = bench.directory.path().join("uploads");
    assert_eq!(std::fs::read_dir(uploads).expect("the directory").count(), 0);
}

#[tokio::test]
async fn blobs_go_when_their_time_is_over() {
    let bench = bench().await;
    let files = Files::new(bench.db.db.clone(), bench.store.clone());
    let (ctx, clock) = ctx();
    let short = files.put(&ctx, "refused", pieces("a", 1), 10).await.expect("puts");
    let long = files.put(&ctx, "refused", pieces("b", 1), 10).await.expect("puts");
    files.keep_until(short.id, Some(ctx.now().plus_s(60))).await.expect("keeps");
    assert_eq!(files.delete_expired(&ctx).await.expect("nothing yet"), 0);
    clock.advance_s(61);
    assert_eq!(files.delete_expired(&ctx).await.expect("one"), 1);
    assert_eq!(files.find(short.id).await.expect_err("gone").status(), 404);
    assert_eq!(files.read(long.id, 10).await.expect("stays"), "b");
    files.delete(short.id).await.expect("twice is no error");
}

#[tokio::test]
async fn bytes_without_a_row_go_after_a_day_and_no_others() {
    let bench = bench().await;
    let files = Files::new(bench.db.db.clone(), bench.store.clone());
    let (ctx, clock) = ctx();
    let kept = files.put(&ctx, "uploads", pieces("a", 1), 10).await.expect("puts");
    let orphan = Path::from_iter(["uploads".to_owned(), Id::new(&ctx).to_string()]);
    bench.store.put(&orphan, "b".into()).await.expect("puts");
    clock.advance_s(-100 * 365 * 24 * 3600);
    assert_eq!(files.delete_orphans(&ctx).await.expect("too early"), 0);
    clock.advance_s(200 * 365 * 24 * 3600);
    assert_eq!(files.delete_orphans(&ctx).await.expect("one"), 1);
    assert_eq!(files.read(kept.id, 10).await.expect("stays"), "a");
}

#[tokio::test]
async fn a_disk_that_takes_nothing_has_a_code_of_its_own() {
    for (kind, code) in [
        (ErrorKind::StorageFull, "disk-full"),
        (ErrorKind::ReadOnlyFilesystem, "disk-readonly"),
        (ErrorKind::PermissionDenied, "disk-readonly"),
    ] {
        for steps in 0..8 {
            let [root, shadow] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
            let fault = Fault::new(root.path(), shadow.path(), steps, steps).expect("a fault").saying(kind);
            let bench = bench().await;
            let disk = Disk::on(root.path(), Arc::new(fault)).expect("opens");
            let files = Files::new(bench.db.db.clone(), SealedStore::plain(Arc::new(disk)));
            match files.put(&ctx().0, "uploads", pieces("a", 1), 10).await {
                Ok(blob) => assert_eq!(files.read(blob.id, 10).await.expect("reads"), "a"),
                Err(error) => assert_eq!((error.status(), error.code()), (503, code)),
            }
        }
    }
}
