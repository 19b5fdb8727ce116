//! The lake itself: what it is opened with, its own threads, and what it remembers between reads. All of the latter can
//! be thrown away at any time.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use object_store::ObjectStore;
use parquet::file::metadata::ParquetMetaData;
use tokio::sync::Semaphore;
use yiwang_files::{Files, KeyVault, SealedStore};
use yiwang_gate::QueueClass;
use yiwang_kernel::{Error, Result};
use yiwang_seal::DataKey;
use yiwang_store::Db;

use crate::admission::Admission;
use crate::chosen::Choices;
use crate::copies::Folder;
use crate::keys::KeyIndex;
use crate::order::{Live, Run};
use crate::rows::RowRun;

const FOOTERS_MAX: usize = 512;
const COUNTS_MAX: usize = 4_096;
const INDEXES_MAX: usize = 1_024;
const ORDERS_MAX: usize = 512;
const INLINED_ORDERS_MAX: usize = 32;
const ROW_RUNS_MAX: usize = 1_024;
/// How much lower the engine's threads stand with the operating system than those that serve pages.
const NICER_BY: i32 = 5;
const BLINDING_SCOPE: &str = "lake/blinding";

/// What a lake is opened with.
pub struct LakeOptions {
    /// The store with the metadata.
    pub db: Db,
    /// The keys of files, cells and masks.
    pub vault: KeyVault,
    /// The tree `lake`.
    pub objects: SealedStore,
    /// The tree `derived`: indexes that can be built anew.
    pub derived: SealedStore,
    /// Where plain copies lie, for other programs; none where there are to be none.
    pub out: Option<PathBuf>,
    /// Where large sorts may write; emptied by its owner at start.
    pub spill: PathBuf,
    /// Whole uploads, refused rows, exports.
    pub files: Files,
    /// Threads of the engine.
    pub threads: usize,
    /// Memory one query may take.
    pub query_memory_bytes: usize,
    /// How long one interactive query may take, seconds.
    pub query_wall_s: u64,
}

/// The lake. Cheap to clone.
#[derive(Clone)]
pub struct Lake {
    pub(crate) inside: Arc<Inside>,
}

pub(crate) struct Inside {
    pub(crate) db: Db,
    pub(crate) vault: KeyVault,
    pub(crate) objects: Arc<dyn ObjectStore>,
    pub(crate) sealed: bool,
    pub(crate) derived: Arc<dyn ObjectStore>,
    pub(crate) files: Files,
    pub(crate) spill: PathBuf,
    pub(crate) out: Option<Folder>,
    pub(crate) query_memory_bytes: usize,
    pub(crate) query_wall: Duration,
    pub(crate) threads: Threads,
    pub(crate) admission: Admission,
    pub(crate) footers: Remembered<Arc<ParquetMetaData>>,
    pub(crate) counts: Remembered<u64>,
    pub(crate) key_indexes: Remembered<Arc<KeyIndex>>,
    pub(crate) orders: Remembered<Arc<Run>>,
    pub(crate) live_orders: Remembered<Arc<Live>>,
    pub(crate) inlined_orders: Remembered<Arc<Run>>,
    /// Snapshots whose order sidecars are all there.
    pub(crate) ordered: Remembered<()>,
    pub(crate) choices: Choices,
    pub(crate) row_runs: Remembered<Option<Arc<RowRun>>>,
    pub(crate) building: Arc<Semaphore>,
}

impl Lake {
    /// Opens the lake and starts its threads.
    pub fn open(options: LakeOptions) -> Result<Lake> {
        let sealed = options.objects.is_sealed();
        let inside = Inside {
            db: options.db,
            vault: options.vault,
            objects: Arc::new(options.objects),
            sealed,
            derived: Arc::new(options.derived),
            files: options.files,
            spill: options.spill,
            out: options.out.map(Folder::open).transpose()?,
            query_memory_bytes: options.query_memory_bytes,
            query_wall: Duration::from_secs(options.query_wall_s),
            threads: Threads::start(options.threads)?,
            admission: Admission::new(),
            footers: Remembered::new(FOOTERS_MAX),
            counts: Remembered::new(COUNTS_MAX),
            key_indexes: Remembered::new(INDEXES_MAX),
            orders: Remembered::new(ORDERS_MAX),
            live_orders: Remembered::new(ORDERS_MAX),
            inlined_orders: Remembered::new(INLINED_ORDERS_MAX),
            ordered: Remembered::new(ORDERS_MAX),
            choices: Choices::default(),
            row_runs: Remembered::new(ROW_RUNS_MAX),
            building: Arc::new(Semaphore::new(1)),
        };
        Ok(Lake { inside: Arc::new(inside) })
    }

    /// The key under which a value is recognised without being kept: tombstones and hashed cells.
    pub(crate) async fn blinding_key(&self) -> Result<DataKey> {
        self.inside.vault.key(BLINDING_SCOPE).await
    }

    /// The key of a table's inlined cells; none where the directory is not sealed.
    pub(crate) async fn cell_key(&self, table_name: &str) -> Result<Option<DataKey>> {
        if !self.inside.sealed {
            return Ok(None);
        }
        self.inside.vault.key(&format!("lake/main/{table_name}")).await.map(Some)
    }

    /// Work somebody waits for, on the engine's threads: in its turn and within its wall time.
    pub(crate) fn interactive<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> BoxFuture<'_, Result<T>> {
        let (wall, work) = (self.inside.query_wall, Box::pin(work));
        let watched = async move { tokio::time::timeout(wall, work).await.unwrap_or(Err(Error::Timeout)) };
        self.in_turn(QueueClass::Interactive, watched)
    }

    /// Work on the engine's threads when it is its turn. Boxed: work is large, and whoever waits need not carry it.
    pub(crate) fn in_turn<T: Send + 'static>(
        &self,
        class: QueueClass,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> BoxFuture<'_, Result<T>> {
        let work = Box::pin(work);
        Box::pin(async move {
            let turn = self.inside.admission.turn(class).await?;
            let work = async move {
                let _turn = turn;
                work.await
            };
            self.on_engine(work).await
        })
    }

    /// Runs work on the engine's threads and waits for it.
    async fn on_engine<T: Send + 'static>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        let task = AbortOnDrop(self.inside.threads.handle.spawn(work));
        task.await
    }
}

/// A task of the engine that ends with whoever waits for it.
pub(crate) struct AbortOnDrop<T>(pub(crate) tokio::task::JoinHandle<Result<T>>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T>;

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Result<T>> {
        let polled = std::pin::Pin::new(&mut self.0).poll(context);
        polled.map(|joined| joined.unwrap_or_else(|error| Err(Error::internal("the engine's task ended", error))))
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The engine's own threads, beside those that serve requests.
pub(crate) struct Threads {
    pub(crate) handle: tokio::runtime::Handle,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Threads {
    fn start(threads: usize) -> Result<Threads> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .thread_name("engine")
            .on_thread_start(|| {
                // Whoever answers a page comes first. Where the system refuses, the engine is merely not polite.
                rustix::process::nice(NICER_BY).ok();
            })
            .enable_all()
            .build()
            .map_err(|error| Error::internal("starting the engine's threads", error))?;
        Ok(Threads { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }
}

/// Ends without waiting: a runtime must not be dropped inside another.
impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A bounded memory of things that can be found again; when full, it starts over.
pub(crate) struct Remembered<T> {
    limit: usize,
    known: Mutex<HashMap<String, T>>,
}

impl<T: Clone> Remembered<T> {
    fn new(limit: usize) -> Remembered<T> {
        Remembered { limit, known: Mutex::new(HashMap::new()) }
    }

    pub(crate) fn get(&self, name: &str) -> Option<T> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(crate) fn put(&self, name: String, value: T) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= self.limit {
            known.clear();
        }
        known.insert(name, value);
    }

    /// Forgets every name that begins like this.
    pub(crate) fn forget_below(&self, beginning: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|name, _| !name.starts_with(beginning));
    }
}
