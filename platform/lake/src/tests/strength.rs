//! Nothing in clear on disk; nothing half-visible when a load dies.

use std::path::Path;
use std::sync::Arc;

use yiwang_files::Medium;
use yiwang_files::testing::Fault;
use yiwang_gate::Mode;
use yiwang_kernel::Id;
use yiwang_store::testing::sqlite;

use super::world::{World, all, people, spec, worlds};

fn files_below(directory: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files_below(&path, found) } else { found.push(path) }
    }
}

fn holds(directory: &Path, needle: &[u8]) -> bool {
    let mut found = Vec::new();
    files_below(directory, &mut found);
    assert!(!found.is_empty());
    found.iter().any(|path| {
        let bytes = std::fs::read(path).expect("a file");
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

#[tokio::test]
async fn no_file_shows_a_value_in_clear() {
    for sealed in [true, false] {
        let world = World::new(sqlite().await, sealed).await;
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..11_000)).await;
        world.load(Mode::Append, &people(800_000..800_010)).await;
        let held = people(900_000..900_010);
        let wanted = spec(Id::new(&world.ctx), Mode::Append, held.schema());
        let mut begun = world.gate.load(&world.ctx, wanted).await.expect("begun");
        begun.write(held).await.expect("written");
        begun.finish().await.expect("finished");
        assert_eq!(world.count_of(all()).await, 11_010);
        let store = world.store.directory().expect("a SQLite directory");
        assert_eq!(holds(store, b"c800003"), !sealed, "inlined rows");
        assert_eq!(holds(store, b"c900003"), !sealed, "waiting rows");
        assert_eq!(holds(&world.directory.path().join("lake"), b"PAR1"), !sealed, "files");
    }
}

#[tokio::test]
async fn a_load_that_is_given_up_leaves_no_trace_in_any_answer() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..10)).await;
        let batch = people(100..20_100);
        let mut loading =
            world.gate.load(&world.ctx, spec(Id::new(&world.ctx), Mode::Replace, batch.schema())).await.expect("begun");
        loading.write(batch).await.expect("written");
        drop(loading);
        assert_eq!(world.count_of(all()).await, 10, "{}", world.store.name);
    }
}

/// `cargo xtask e2e` asks for more.
fn trials() -> u64 {
    std::env::var("YIWANG_LOOPS").ok().and_then(|loops| loops.parse().ok()).unwrap_or(10)
}

#[tokio::test]
async fn what_was_published_survives_power_loss_and_nothing_else_shows() {
    for seed in 0..trials() {
        let directory = tempfile::tempdir().expect("a directory");
        let shadow = tempfile::tempdir().expect("a directory");
        std::fs::create_dir_all(directory.path().join("lake")).expect("a directory");
        let fault = Fault::new(&directory.path().join("lake"), shadow.path(), seed, 20 + seed * 13);
        let fault = Arc::new(fault.expect("a fault"));
        let mut world = World::on(sqlite().await, true, Arc::clone(&fault) as Arc<dyn Medium>, directory).await;
        world.grant(&world.whole_grant()).await;
        let mut published = 0;
        for part in 0..40 {
            let first = part * 10_000;
            let load = Id::new(&world.ctx);
            match world.load_as(load, Mode::Append, &people(first..first + 10_000)).await {
                Ok(version) => published = version.rows,
                Err(_) => break,
            }
        }
        fault.lose_power().expect("power lost");
        world.restarted();
        if published == 0 {
            assert!(world.gate.table(super::world::RESOURCE).await.expect("asked").is_none(), "seed {seed}");
            continue;
        }
        assert_eq!(world.count_of(all()).await, published, "seed {seed}");
    }
}

/// With YIWANG_KEEP_LAKE set, leaves an unsealed lake there for `tests/other_engines/duckdb_values.py`.
#[tokio::test]
async fn an_unsealed_lake_can_be_copied_for_readers_of_the_open_layout() {
    let world = World::new(sqlite().await, false).await;
    world.grant(&world.whole_grant()).await;
    world.load(Mode::Append, &people(0..20)).await;
    world.load(Mode::Append, &people(20..15_020)).await;
    world.load(Mode::Upsert, &super::world::named([5, 300, 40_000].into_iter(), "new")).await;
    let (gate, ctx) = (&world.gate, &world.ctx);
    let undone =
        world.store.tx(|tx| Box::pin(async move { gate.undo(tx, ctx, super::world::RESOURCE, 1).await })).await;
    assert_eq!(undone.expect("undone").rows, 20);
    world.load(Mode::Append, &people(50_000..62_000)).await;
    assert_eq!(world.count_of(all()).await, 12_020);
    let kept = match std::env::var_os("YIWANG_KEEP_LAKE") {
        Some(place) => std::path::PathBuf::from(place),
        None => world.directory.path().join("kept"),
    };
    std::fs::create_dir_all(&kept).expect("a directory");
    world.store.snapshot_to(&kept.join("store.db"), &[]).await.expect("a copy of the store");
    let mut found = Vec::new();
    let lake = world.directory.path().join("lake");
    files_below(&lake, &mut found);
    for file in found.iter().filter(|file| file.extension().is_some_and(|kind| kind == "parquet")) {
        let to = kept.join("lake").join(file.strip_prefix(&lake).expect("below the lake"));
        std::fs::create_dir_all(to.parent().expect("a directory")).expect("a directory");
        std::fs::copy(file, &to).expect("a copy of a file");
    }
    assert!(kept.join("store.db").exists());
}
