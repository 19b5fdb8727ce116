//! Power loss at every step, by seeds: what was acknowledged is there and whole, what was not is whole or not there.

use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode};
use yiwang_kernel::SeededRandom;
use yiwang_seal::MasterKey;
use yiwang_store::testing::TestDb;

use crate::testing::Fault;
use crate::{Disk, KeyVault, MIGRATIONS, SealedStore, refusal};

struct Trial {
    db: TestDb,
    master: MasterKey,
    root: tempfile::TempDir,
    shadow: tempfile::TempDir,
}

impl Trial {
    async fn new() -> Trial {
        let db = yiwang_store::testing::sqlite().await;
        db.migrate(MIGRATIONS).await.expect("migrates");
        let [root, shadow] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
        Trial { db, master: MasterKey::generate(), root, shadow }
    }

    fn store(&self, fault: Option<&Arc<Fault>>) -> SealedStore {
        let disk = match fault {
            Some(fault) => Disk::on(self.root.path(), fault.clone()),
            None => Disk::open(self.root.path()),
        };
        let vault = KeyVault::new(self.db.db.clone(), self.master.clone());
        SealedStore::new(Arc::new(disk.expect("opens")), vault, "lake")
    }
}

/// What each path held at the last acknowledged write, and what a write in flight wanted it to hold.
#[derive(Default)]
struct Expected {
    kept: Option<String>,
    attempted: Option<String>,
}

async fn write(store: &SealedStore, path: &Path, text: &str, kind: u64) -> Result<(), object_store::Error> {
    match kind {
        0 => store.put(path, text.to_owned().into()).await.map(drop),
        1 => store.put_opts(path, text.to_owned().into(), PutMode::Create.into()).await.map(drop),
        _ => {
            let mut upload = store.put_multipart(path).await?;
            for part in text.as_bytes().chunks(70_000) {
                upload.put_part(part.to_vec().into()).await?;
            }
            upload.complete().await.map(drop)
        }
    }
}

async fn trial(seed: u64) {
    let trial = Trial::new().await;
    let random = SeededRandom::new(seed);
    let steps = 1 + random.next() % 60;
    let fault = Arc::new(Fault::new(trial.root.path(), trial.shadow.path(), seed, steps).expect("a fault"));
    let store = trial.store(Some(&fault));
    let paths: Vec<Path> = (0..4).map(|number| Path::from(format!("main/t{number}/file"))).collect();
    let mut expected: Vec<Expected> = paths.iter().map(|_| Expected::default()).collect();
    for round in 0u64.. {
        let place = usize::try_from(random.next() % 4).expect("small");
        let text = format!("{round:04}").repeat(1 + usize::try_from(random.next() % 30_000).expect("small"));
        match write(&store, &paths[place], &text, random.next() % 3).await {
            Ok(()) => expected[place] = Expected { kept: Some(text), attempted: None },
            Err(object_store::Error::AlreadyExists { .. }) => {}
            Err(_) => {
                expected[place].attempted = Some(text);
                break;
            }
        }
    }
    drop(store);
    fault.lose_power().expect("loses power");
    let store = trial.store(None);
    for (path, expected) in paths.iter().zip(&expected) {
        let found = match store.get(path).await {
            Ok(read) => Some(String::from_utf8(read.bytes().await.expect("whole").to_vec()).expect("our text")),
            Err(object_store::Error::NotFound { .. }) => None,
            Err(error) => panic!("seed {seed}, {path}: {}", refusal(error)),
        };
        let fits = found == expected.kept || (found.is_some() && found == expected.attempted);
        assert!(fits, "seed {seed}, {path}: found {:?} bytes", found.map(|text| text.len()));
    }
    let listed: Vec<_> = futures::TryStreamExt::try_collect(store.list(None)).await.expect("lists");
    assert!(listed.iter().all(|meta: &object_store::ObjectMeta| paths.contains(&meta.location)));
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_power_loss() {
    let trials = std::env::var("YIWANG_LOOPS").ok().and_then(|loops| loops.parse().ok()).unwrap_or(40);
    for seed in 0..trials {
        trial(seed).await;
    }
}

#[tokio::test]
async fn a_directory_that_another_writer_made_just_now_is_made_durable_too() {
    for seed in 0..20 {
        let trial = Trial::new().await;
        let fault = Fault::new(trial.root.path(), trial.shadow.path(), seed, u64::MAX).expect("a fault");
        let fault = Arc::new(fault);
        let store = trial.store(Some(&fault));
        let root = trial.root.path().canonicalize().expect("a path");
        for directory in ["main", "main/t1"] {
            crate::Medium::create_directory(&*fault, &root.join(directory)).expect("the other writer");
        }
        let path = Path::from("main/t1/file");
        store.put(&path, "kept".into()).await.expect("acknowledged");
        fault.lose_power().expect("loses power");
        let kept = trial.store(None).get(&path).await.expect("there").bytes().await.expect("whole");
        assert_eq!(kept, "kept", "seed {seed}");
    }
}

#[tokio::test]
async fn the_fault_does_lose_what_was_not_synced() {
    let [root, shadow] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let mut lost = 0;
    for seed in 0..20 {
        let fault = Fault::new(root.path(), shadow.path(), seed, u64::MAX).expect("a fault");
        let path = root.path().canonicalize().expect("a path").join(seed.to_string());
        let file = crate::Medium::create(&fault, &path).expect("creates");
        crate::Medium::write_at(&fault, &path, &file, 0, b"0123456789").expect("writes");
        fault.lose_power().expect("loses power");
        lost += usize::from(std::fs::read(&path).ok().as_deref() != Some(b"0123456789"));
    }
    assert!(lost > 10, "only {lost} of 20 lost");
}
