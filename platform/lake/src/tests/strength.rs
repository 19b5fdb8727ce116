//! Nothing in clear on disk; nothing half-visible when a load dies.

use std::path::Path;

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
        let mut loading = world.gate.load(&world.ctx, spec(Id::new(&world.ctx), Mode::Append, held.schema()));
        let loading_now = &mut loading;
        let mut begun = loading_now.await.expect("begun");
        begun.write(held).await.expect("written");
        begun.finish().await.expect("finished");
        assert_eq!(world.count_of(all()).await, 11_010);
        let store = world.store.directory().expect("a SQLite directory");
        assert_eq!(holds(store, b"c800003"), !sealed, "inlined rows");
        assert_eq!(holds(store, b"c900003"), !sealed, "waiting rows");
        assert_eq!(holds(&world.directory.path().join("lake"), b"person 7"), !sealed, "files");
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
