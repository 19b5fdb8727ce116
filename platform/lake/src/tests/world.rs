//! A throw-away lake behind its gate, with helpers that load and read small tables.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use tempfile::TempDir;
use yiwang_files::{Direct, Disk, Files, KeyVault, Medium, SealedStore};
use yiwang_gate::{
    Answer, Gate, Grant, Grantee, LoadSpec, Mode, Page, Query, RowsQuery, SqlQuery, Version, Why, grants,
};
use yiwang_kernel::{Account, Actor, Clock, Ctx, FixedClock, Id, Instant, Result, SeededRandom};
use yiwang_ledger::{Ledger, Options};
use yiwang_seal::MasterKey;
use yiwang_store::testing::{TestDb, databases};

use super::counted::Counted;
use crate::types;
use crate::{Lake, LakeOptions};

pub(crate) const RESOURCE: &str = "people";
pub(crate) const PURPOSE: &str = "audit";
const WALL_S: u64 = 30;

pub(crate) struct World {
    pub(crate) gate: Gate,
    pub(crate) ledger: Ledger,
    pub(crate) ctx: Ctx,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) directory: TempDir,
    pub(crate) store: TestDb,
    vault: KeyVault,
    bytes_read: Arc<AtomicU64>,
}

fn open_lake(
    store: &TestDb,
    sealing: Option<KeyVault>,
    vault: &KeyVault,
    medium: Arc<dyn Medium>,
    directory: &Path,
    bytes_read: &Arc<AtomicU64>,
    query_wall_s: u64,
) -> Lake {
    let tree = |name: &'static str, medium: &Arc<dyn Medium>| {
        let disk = Arc::new(Disk::on(&directory.join(name), Arc::clone(medium)).expect("a tree"));
        let bytes = if name == "files" { Arc::default() } else { Arc::clone(bytes_read) };
        let disk = Arc::new(Counted { inner: disk, bytes });
        match &sealing {
            Some(vault) => SealedStore::new(disk, vault.clone(), name),
            None => SealedStore::plain(disk),
        }
    };
    let sound: Arc<dyn Medium> = Arc::new(Direct);
    let spill = directory.join("spill");
    std::fs::create_dir_all(&spill).expect("a directory to spill to");
    let opened = Lake::open(LakeOptions {
        db: store.db.clone(),
        vault: vault.clone(),
        objects: tree("lake", &medium),
        derived: tree("derived", &sound),
        out: Some(directory.join("out")),
        spill,
        files: Files::new(store.db.clone(), tree("files", &sound)),
        threads: 2,
        query_memory_bytes: 64 << 20,
        query_wall_s,
    });
    opened.expect("a lake")
}

/// A world on each database.
pub(crate) async fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for store in databases().await {
        worlds.push(World::new(store, true).await);
    }
    worlds
}

impl World {
    pub(crate) async fn new(store: TestDb, sealed: bool) -> World {
        World::on(store, sealed, Arc::new(Direct), tempfile::tempdir().expect("a directory")).await
    }

    /// With the lake's files on this medium.
    pub(crate) async fn on(store: TestDb, sealed: bool, medium: Arc<dyn Medium>, directory: TempDir) -> World {
        let master = MasterKey::generate();
        store.migrate(yiwang_files::MIGRATIONS).await.expect("tables of files");
        store.migrate(grants::MIGRATIONS).await.expect("tables of the gate");
        store.migrate(crate::MIGRATIONS).await.expect("tables of the lake");
        let vault = KeyVault::new(store.db.clone(), master.clone());
        let bytes_read = Arc::default();
        let lake =
            open_lake(&store, sealed.then(|| vault.clone()), &vault, medium, directory.path(), &bytes_read, WALL_S);
        let clock = Arc::new(FixedClock::at(Instant::from_micros(1_795_305_600_000_000)));
        let log = directory.path().join("ledger");
        let times: Arc<dyn Clock> = clock.clone();
        let ledger = Ledger::open(&log, &master, Arc::clone(&times), Options::small("test")).expect("a ledger");
        let ctx = Ctx::new(Actor::Stranger, times, Arc::new(SeededRandom::new(7)));
        let account =
            Account { id: Id::new(&ctx), name: "reader".into(), department: Some("d1".into()), roles: Vec::new() };
        let ctx = ctx.acting_as(Actor::Account(account));
        let gate = Gate::new(store.db.clone(), ledger.clone(), Arc::new(lake));
        World { gate, ledger, ctx, clock, directory, store, vault, bytes_read }
    }

    /// Hands these bytes in as an upload.
    pub(crate) async fn upload(&self, bytes: &[u8]) -> Id {
        let objects = SealedStore::on_disk(self.directory.path(), "files", Some(self.vault.clone()));
        let files = Files::new(self.store.db.clone(), objects.expect("a tree"));
        let stream = futures::stream::iter([Ok(bytes::Bytes::copy_from_slice(bytes))]);
        files.put(&self.ctx, "uploads", Box::pin(stream), 1 << 30).await.expect("kept").id
    }

    /// The same store and files after a restart, on a sound disk.
    pub(crate) fn restarted(&mut self) {
        self.restarted_with_wall(WALL_S);
    }

    /// The same with so many seconds for a query.
    pub(crate) fn restarted_with_wall(&mut self, query_wall_s: u64) {
        let vault = Some(self.vault.clone());
        let (medium, directory) = (Arc::new(Direct), self.directory.path());
        let lake = open_lake(&self.store, vault, &self.vault, medium, directory, &self.bytes_read, query_wall_s);
        self.gate = Gate::new(self.store.db.clone(), self.ledger.clone(), Arc::new(lake));
    }

    /// A grant of everything in the resource to the department the reader works for.
    pub(crate) fn whole_grant(&self) -> Grant {
        let from = Instant::from_micros(0);
        Grant::whole(Id::new(&self.ctx), RESOURCE, Grantee::Department("d1".into()), PURPOSE, from)
    }

    pub(crate) async fn grant(&self, grant: &Grant) {
        self.store.tx(|tx| Box::pin(grants::put(tx, grant))).await.expect("a grant");
    }

    /// Loads rows and publishes them.
    pub(crate) async fn load(&self, mode: Mode, batch: &RecordBatch) -> Version {
        self.load_as(Id::new(&self.ctx), mode, batch).await.expect("a load")
    }

    pub(crate) async fn load_as(&self, load: Id, mode: Mode, batch: &RecordBatch) -> Result<Version> {
        let mut loading = self.gate.load(&self.ctx, spec(load, mode, batch.schema())).await?;
        let mut at = 0;
        while at < batch.num_rows() {
            let rows = 3_000.min(batch.num_rows() - at);
            loading.write(batch.slice(at, rows)).await?;
            at += rows;
        }
        let staged = loading.finish().await?;
        let (gate, ctx, staged) = (&self.gate, &self.ctx, &staged);
        let version = self.store.tx(|tx| Box::pin(async move { gate.publish(tx, ctx, staged).await })).await;
        self.clock.advance_s(60);
        version
    }

    pub(crate) async fn rows(&self, query: RowsQuery) -> Result<Vec<Vec<String>>> {
        lines(self.gate.read(&self.ctx, &Why::purpose(PURPOSE), &Query::Rows(query)).await?).await
    }

    pub(crate) async fn answer(&self, query: RowsQuery) -> Result<Answer> {
        self.gate.read(&self.ctx, &Why::purpose(PURPOSE), &Query::Rows(query)).await
    }

    pub(crate) async fn sql(&self, text: &str) -> Result<Vec<Vec<String>>> {
        let query = Query::Sql(SqlQuery { text: text.into(), rows_max: None });
        lines(self.gate.read(&self.ctx, &Why::purpose(PURPOSE), &query).await?).await
    }

    /// Bytes read from the trees `lake` and `derived` meanwhile.
    pub(crate) async fn bytes_read_by<T>(&self, work: impl Future<Output = T>) -> u64 {
        let before = self.bytes_read.load(Ordering::Relaxed);
        work.await;
        self.bytes_read.load(Ordering::Relaxed) - before
    }

    pub(crate) async fn count_of(&self, query: RowsQuery) -> u64 {
        self.rows(query).await.expect("rows").len() as u64
    }
}

pub(crate) fn spec(load: Id, mode: Mode, schema: SchemaRef) -> LoadSpec {
    LoadSpec {
        resource: RESOURCE.into(),
        load,
        mode,
        schema,
        key: vec!["code".into()],
        sortable: vec!["n".into(), "name".into()],
        subject: None,
        reason: mode.word().into(),
    }
}

/// Rows `code`, `name`, `n` for these numbers; every tenth has no `n`.
pub(crate) fn people(numbers: impl Iterator<Item = i64> + Clone) -> RecordBatch {
    named(numbers, "person")
}

pub(crate) fn named(numbers: impl Iterator<Item = i64> + Clone, word: &str) -> RecordBatch {
    let code: StringArray = numbers.clone().map(|number| Some(format!("c{number:06}"))).collect();
    let name: StringArray = numbers.clone().map(|number| Some(format!("{word} {}", number * 7 % 1000))).collect();
    let n: Int64Array = numbers.map(|number| (number % 10 != 9).then_some(number)).collect();
    let fields = vec![
        Field::new("code", DataType::Utf8, true),
        Field::new("name", DataType::Utf8, true),
        Field::new("n", DataType::Int64, true),
    ];
    let arrays: Vec<ArrayRef> = vec![Arc::new(code), Arc::new(name), Arc::new(n)];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("a batch")
}

/// Each row as texts; an empty cell is `-`.
pub(crate) async fn lines(answer: Answer) -> Result<Vec<Vec<String>>> {
    let mut lines = Vec::new();
    for batch in answer.collect().await? {
        let texts: Vec<StringArray> =
            batch.columns().iter().map(|column| types::texts(column).expect("texts")).collect();
        for row in 0..batch.num_rows() {
            let cell = |texts: &StringArray| if texts.is_valid(row) { texts.value(row).to_owned() } else { "-".into() };
            lines.push(texts.iter().map(cell).collect());
        }
    }
    Ok(lines)
}

pub(crate) fn all() -> RowsQuery {
    RowsQuery::all(RESOURCE)
}

pub(crate) fn page(offset: u64, rows: u64) -> RowsQuery {
    RowsQuery { page: Page::Offset { offset, rows }, ..all() }
}
