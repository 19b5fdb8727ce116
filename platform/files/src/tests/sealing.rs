//! Sealed objects: ranges, sizes, alteration, moved files and chunks, keys.

use std::sync::Arc;

use object_store::path::Path;
use object_store::{GetRange, ObjectStore as _, ObjectStoreExt as _};
use proptest::prelude::*;
use yiwang_kernel::Error;
use yiwang_seal::MasterKey;

use super::{Bench, bench, content};
use crate::{Disk, KeyVault, SealedStore, refusal};

const CHUNK: usize = 64 * 1024;

async fn read(store: &SealedStore, path: &str) -> Result<Vec<u8>, Error> {
    let read = store.get(&Path::from(path)).await.map_err(refusal)?;
    Ok(read.bytes().await.map_err(refusal)?.to_vec())
}

fn edge_sizes() -> impl Strategy<Value = usize> {
    prop_oneof![0usize..40, CHUNK - 20..CHUNK + 20, 2 * CHUNK - 20..2 * CHUNK + 20, Just(17 * CHUNK), 0..3 * CHUNK]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_range_of_any_size_equals_the_plain_bytes(size in edge_sizes(), from in 0.0..1.0f64, share in 0.0..1.0f64) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let bench = bench().await;
            let plain = content(size);
            let path = Path::from("main/t1/a.parquet");
            bench.store.put(&path, plain.clone().into()).await.expect("puts");
            assert_eq!(bench.store.head(&path).await.expect("head").size, size as u64);
            assert_eq!(read(&bench.store, "main/t1/a.parquet").await.expect("whole"), plain);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small size")]
            let start = (from * size as f64) as usize;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small size")]
            let end = start + 1 + (share * (size - start) as f64) as usize;
            if start < size {
                let range = start as u64..end.min(size) as u64;
                let part = bench.store.get_range(&path, range).await.expect("a range");
                assert_eq!(&part[..], &plain[start..end.min(size)]);
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn several_ranges_at_once_equal_each_alone(
        size in 1usize..6 * CHUNK,
        shares in prop::collection::vec((0.0..1.0f64, 1usize..2 * CHUNK), 1..12),
    ) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let bench = bench().await;
            let plain = content(size);
            let path = Path::from("main/t1/a.parquet");
            bench.store.put(&path, plain.clone().into()).await.expect("puts");
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small size")]
            let range = |(share, length): &(f64, usize)| {
                let start = (share * size as f64) as usize;
                start..(start + length).min(size)
            };
            let ranges: Vec<_> = shares.iter().map(range).collect();
            let asked: Vec<_> = ranges.iter().map(|range| range.start as u64..range.end as u64).collect();
            for _ in 0..2 {
                let parts = bench.store.get_ranges(&path, &asked).await.expect("ranges");
                for (part, range) in parts.iter().zip(&ranges) {
                    assert!(part[..] == plain[range.clone()], "{range:?} of {size}");
                }
            }
        });
    }
}

#[tokio::test]
async fn an_object_written_anew_by_another_process_is_read_as_it_is_now() {
    let Bench { directory, db, master, store } = bench().await;
    let path = Path::from("main/t1/a");
    store.put(&path, content(3 * CHUNK).into()).await.expect("puts");
    store.get_ranges(&path, &[0..9, 70_000..70_009]).await.expect("reads and remembers");
    let disk = Arc::new(Disk::open(directory.path()).expect("opens"));
    let other = SealedStore::new(disk, KeyVault::new(db.db.clone(), master), "lake");
    other.put(&path, content(CHUNK + 7)[7..].to_vec().into()).await.expect("puts anew");
    let parts = store.get_ranges(&path, std::slice::from_ref(&(60_000..60_009))).await.expect("reads anew");
    assert_eq!(parts[0][..], content(CHUNK + 7)[60_007..60_016]);
    std::fs::write(directory.path().join("main/t1/a"), "no such thing").expect("writes");
    assert!(store.get_ranges(&path, std::slice::from_ref(&(0..9))).await.is_err(), "altered");
}

#[tokio::test]
async fn suffix_and_offset_ranges_count_plain_bytes() {
    let bench = bench().await;
    let plain = content(CHUNK + 100);
    let path = Path::from("main/t1/a");
    bench.store.put(&path, plain.clone().into()).await.expect("puts");
    for (range, expected) in [
        (GetRange::Suffix(150), &plain[CHUNK - 50..]),
        (GetRange::Offset(CHUNK as u64), &plain[CHUNK..]),
        (GetRange::Bounded(CHUNK as u64 - 1..u64::MAX), &plain[CHUNK - 1..]),
    ] {
        let options = object_store::GetOptions { range: Some(range), ..Default::default() };
        let part = bench.store.get_opts(&path, options).await.expect("a range").bytes().await.expect("bytes");
        assert_eq!(&part[..], expected);
    }
}

#[tokio::test]
async fn a_flipped_byte_anywhere_is_refused() {
    let bench = bench().await;
    let path = Path::from("main/t1/a");
    bench.store.put(&path, content(CHUNK + 300).into()).await.expect("puts");
    let file = bench.directory.path().join("main/t1/a");
    let sealed = std::fs::read(&file).expect("the sealed file");
    for place in (0..sealed.len()).step_by(509).chain([0, 8, 23, 24, sealed.len() - 1]) {
        let mut altered = sealed.clone();
        altered[place] ^= 1;
        std::fs::write(&file, altered).expect("writes");
        let error = read(&bench.store, "main/t1/a").await.expect_err("altered");
        assert_eq!(error.code(), "file-altered", "byte {place}");
    }
}

#[tokio::test]
async fn a_cut_or_lengthened_file_is_refused() {
    let bench = bench().await;
    let path = Path::from("main/t1/a");
    bench.store.put(&path, content(3 * CHUNK).into()).await.expect("puts");
    let file = bench.directory.path().join("main/t1/a");
    let sealed = std::fs::read(&file).expect("the sealed file");
    let two_chunks = 24 + 2 * (CHUNK + 16);
    for length in [two_chunks, two_chunks + 20, sealed.len() - 1, 24 + 16, 24] {
        std::fs::write(&file, &sealed[..length]).expect("writes");
        assert!(read(&bench.store, "main/t1/a").await.is_err(), "cut to {length}");
    }
    std::fs::write(&file, [sealed.as_slice(), &[0; 40]].concat()).expect("writes");
    assert!(read(&bench.store, "main/t1/a").await.is_err(), "lengthened");
}

#[tokio::test]
async fn a_file_or_chunk_moved_elsewhere_is_refused() {
    let bench = bench().await;
    for name in ["main/t1/a", "main/t1/b"] {
        bench.store.put(&Path::from(name), content(2 * CHUNK).into()).await.expect("puts");
    }
    let (a, b) = (bench.directory.path().join("main/t1/a"), bench.directory.path().join("main/t1/b"));
    let (sealed_a, sealed_b) = (std::fs::read(&a).expect("a"), std::fs::read(&b).expect("b"));
    let chunk = 24..24 + CHUNK + 16;
    let mut mixed = sealed_a.clone();
    mixed[chunk.clone()].copy_from_slice(&sealed_b[chunk.clone()]);
    std::fs::write(&a, &mixed).expect("writes");
    assert!(read(&bench.store, "main/t1/a").await.is_err(), "a chunk of another file");
    let mut swapped = sealed_a[..24].to_vec();
    swapped.extend_from_slice(&sealed_a[chunk.end..]);
    swapped.extend_from_slice(&sealed_a[chunk]);
    std::fs::write(&a, &swapped).expect("writes");
    assert!(read(&bench.store, "main/t1/a").await.is_err(), "chunks swapped");
    std::fs::write(&a, &sealed_b).expect("writes");
    assert!(read(&bench.store, "main/t1/a").await.is_err(), "another file under this name");
    assert!(read(&bench.store, "main/t1/b").await.is_ok());
}

#[tokio::test]
async fn copies_and_renames_open_under_their_new_path() {
    let bench = bench().await;
    let plain = content(CHUNK + 1);
    let [first, second, third] = ["main/t1/a", "main/t2/b", "main/t3/c"].map(Path::from);
    bench.store.put(&first, plain.clone().into()).await.expect("puts");
    bench.store.copy(&first, &second).await.expect("copies");
    bench.store.rename(&second, &third).await.expect("renames");
    assert_eq!(read(&bench.store, "main/t3/c").await.expect("reads"), plain);
    assert_eq!(read(&bench.store, "main/t2/b").await.expect_err("gone").status(), 404);
}

#[tokio::test]
async fn an_upload_in_parts_equals_one_in_a_piece() {
    let bench = bench().await;
    let plain = content(9 * 1024 * 1024 + 12_345);
    let path = Path::from("main/t1/a");
    let mut upload = bench.store.put_multipart(&path).await.expect("starts");
    for part in plain.chunks(100_001) {
        upload.put_part(part.to_vec().into()).await.expect("a part");
    }
    upload.complete().await.expect("completes");
    assert!(read(&bench.store, "main/t1/a").await.expect("reads") == plain);
    let listed: Vec<_> = futures::TryStreamExt::try_collect(bench.store.list(None)).await.expect("lists");
    let sizes: Vec<u64> = listed.iter().map(|meta: &object_store::ObjectMeta| meta.size).collect();
    assert_eq!(sizes, [plain.len() as u64]);
}

#[tokio::test]
async fn nothing_of_the_content_is_on_disk() {
    let bench = bench().await;
    let plain = "身份证 310101199001010016;".repeat(9000);
    bench.store.put(&Path::from("main/t1/a"), plain.into()).await.expect("puts");
    let sealed = std::fs::read(bench.directory.path().join("main/t1/a")).expect("the file");
    let shows = |needle: &[u8]| sealed.windows(needle.len()).any(|window| window == needle);
    assert!(!shows(b"31010119") && !shows("身份".as_bytes()));
}

#[tokio::test]
async fn another_master_key_opens_nothing() {
    let Bench { directory, db, store, .. } = bench().await;
    store.put(&Path::from("main/t1/a"), "secret".into()).await.expect("puts");
    let disk = Arc::new(Disk::open(directory.path()).expect("opens"));
    let other = SealedStore::new(disk, KeyVault::new(db.db.clone(), MasterKey::generate()), "lake");
    assert_eq!(read(&other, "main/t1/a").await.expect_err("refused").code(), "master-key-wrong");
}

#[tokio::test]
async fn a_rotated_master_key_takes_over_and_the_old_one_can_go() {
    let Bench { directory, db, mut master, store } = bench().await;
    store.put(&Path::from("main/t1/a"), "secret".into()).await.expect("puts");
    master.rotate();
    let rewrapped = KeyVault::new(db.db.clone(), master.clone()).rewrap().await.expect("rewraps");
    assert_eq!(rewrapped, 1);
    let text = master.to_text().lines().last().expect("the newest key").to_owned();
    let newest = MasterKey::parse(&text).expect("a ring of one");
    let disk = Arc::new(Disk::open(directory.path()).expect("opens"));
    let store = SealedStore::new(disk, KeyVault::new(db.db.clone(), newest), "lake");
    assert_eq!(read(&store, "main/t1/a").await.expect("reads"), b"secret");
}

#[tokio::test]
async fn a_destroyed_key_makes_its_scope_unreadable_and_no_other() {
    let Bench { directory, db, master, store } = bench().await;
    for name in ["main/t1/a", "main/t2/a"] {
        store.put(&Path::from(name), "secret".into()).await.expect("puts");
    }
    assert!(KeyVault::new(db.db.clone(), master.clone()).destroy("lake/main/t1").await.expect("destroys"));
    let disk = Arc::new(Disk::open(directory.path()).expect("opens"));
    let store = SealedStore::new(disk, KeyVault::new(db.db.clone(), master), "lake");
    assert!(read(&store, "main/t1/a").await.is_err());
    assert_eq!(read(&store, "main/t2/a").await.expect("reads"), b"secret");
}

#[tokio::test]
async fn create_does_not_overwrite() {
    let bench = bench().await;
    let path = Path::from("main/t1/a");
    let create = object_store::PutMode::Create;
    bench.store.put_opts(&path, "one".into(), create.clone().into()).await.expect("free");
    let error = bench.store.put_opts(&path, "two".into(), create.into()).await.expect_err("taken");
    assert_eq!(refusal(error).code(), "exists");
    assert_eq!(read(&bench.store, "main/t1/a").await.expect("reads"), b"one");
}

#[tokio::test]
async fn an_unsealed_store_keeps_plain_files() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = SealedStore::on_disk(directory.path(), "lake", None).expect("opens");
    store.put(&Path::from("main/t1/a"), "open data".into()).await.expect("puts");
    assert_eq!(std::fs::read(directory.path().join("lake/main/t1/a")).expect("the file"), b"open data");
    assert!(!store.is_sealed());
}
