//! What callers rely on: sealed files give back what went in, show nothing, and notice every change; what was
//! acknowledged outlives a power loss.

mod blobs;
mod power;
mod sealing;

use std::sync::Arc;

use yiwang_seal::MasterKey;
use yiwang_store::testing::TestDb;

use crate::{Disk, KeyVault, MIGRATIONS, SealedStore};

/// A sealed tree `lake` in a fresh directory, with its vault's store.
struct Bench {
    directory: tempfile::TempDir,
    db: TestDb,
    master: MasterKey,
    store: SealedStore,
}

async fn bench() -> Bench {
    let directory = tempfile::tempdir().expect("a directory");
    let db = yiwang_store::testing::sqlite().await;
    db.migrate(MIGRATIONS).await.expect("migrates");
    let master = MasterKey::generate();
    let disk = Disk::open(directory.path()).expect("opens");
    let store = SealedStore::new(Arc::new(disk), KeyVault::new(db.db.clone(), master.clone()), "lake");
    Bench { directory, db, master, store }
}

/// Bytes that repeat nowhere within a file.
fn content(count: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0u64..).flat_map(|number| (number * 2_654_435_761).to_le_bytes()).take(count).collect();
    bytes.truncate(count);
    bytes
}
