//! What others rely on: nothing acknowledged is lost, nothing altered goes unseen, proofs convince an outsider.

mod append;
mod damage;
mod format;
mod golden;
mod proofs;
mod subjects;
mod succession;
mod witness;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use yiwang_kernel::{Actor, FixedClock, Instant, PageRequest};
use yiwang_seal::MasterKey;

use crate::{Common, Entry, Identifier, Ledger, Options, Part, Report};

/// 2026-11-22 10:00 in China.
const START_MICROS: i64 = 1_795_312_800_000_000;

/// A log in a directory of its own, its key and its clock.
struct Log {
    _home: TempDir,
    dir: PathBuf,
    master: MasterKey,
    clock: Arc<FixedClock>,
    options: Options,
}

impl Log {
    fn new() -> Log {
        Log::with(Options { segment_bytes: 16 << 10, ..Options::small("yiwang.test/ledger") })
    }

    fn with(options: Options) -> Log {
        let home = tempfile::tempdir().expect("a temporary directory");
        let dir = home.path().join("ledger");
        std::fs::create_dir(&dir).expect("a fresh directory");
        let clock = Arc::new(FixedClock::at(Instant::from_micros(START_MICROS)));
        Log { _home: home, dir, master: MasterKey::generate(), clock, options }
    }

    fn open(&self) -> Ledger {
        self.try_open().expect("a whole log opens")
    }

    fn try_open(&self) -> yiwang_kernel::Result<Ledger> {
        Ledger::open(&self.dir, &self.master, self.clock.clone(), self.options.clone())
    }

    /// The same log, key and clock over a copy of the files.
    fn copy(&self) -> Log {
        let home = tempfile::tempdir().expect("a temporary directory");
        let dir = home.path().join("ledger");
        copy_dir(&self.dir, &dir);
        Log { _home: home, dir, master: self.master.clone(), clock: self.clock.clone(), options: self.options.clone() }
    }

    fn verify(&self) -> Report {
        let key = crate::public_key(&self.dir).expect("the log file");
        crate::verify(&self.dir, &key, &[]).expect("readable files")
    }

    fn segments(&self) -> Vec<PathBuf> {
        let firsts = crate::segment::list_segments(&self.dir).expect("the segments");
        firsts.into_iter().map(|first| crate::segment::segment_path(&self.dir, first)).collect()
    }
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a fresh directory");
    for found in std::fs::read_dir(from).expect("a directory") {
        let found = found.expect("an entry");
        let target = to.join(found.file_name());
        if found.path().is_dir() {
            copy_dir(&found.path(), &target);
        } else {
            std::fs::copy(found.path(), target).expect("a copy");
        }
    }
}

fn common(purpose: &str) -> Common {
    Common::of(&Actor::System("test"), purpose)
}

fn read_of(resource: &str) -> Entry {
    Entry::open(Common { resource: Some(resource.into()), ..common("check") })
}

fn citizen(number: u32) -> Identifier {
    Identifier::new("citizen", format!("{number:018}"))
}

fn row(row: &str) -> Part {
    Part { row: row.into(), fields: vec!["name".into()] }
}

fn page(rows: usize) -> PageRequest {
    PageRequest { rows: Some(rows), after: None }
}

/// Fills a log with every kind of entry; gives how many.
async fn fill(ledger: &Ledger) -> u64 {
    for number in 0..12 {
        ledger.append(read_of("parking").about(citizen(number % 5), row("7"))).await.expect("appended");
    }
    let listed = (0..40).map(citizen).collect();
    let bulk = ledger.append(read_of("parking").streaming(40)).await.expect("appended");
    let outcome = crate::Outcome { end: crate::End::Complete, rows: 40, bytes: 4_000, sha256: None };
    ledger.append(Entry::close(bulk.index, common("check"), outcome).listing(listed)).await.expect("appended");
    ledger.epoch().await.expect("made").expect("an epoch");
    ledger.status().entries
}
