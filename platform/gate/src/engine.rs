//! What the gate asks of an engine. Values come only against a [`Permit`], which only the gate makes; metadata and
//! writes need none, for they show nothing. The one trait with a single implementation: it keeps the gate engine-free.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use yiwang_kernel::{Ctx, Id, Instant, Result};
use yiwang_store::Tx;

use crate::{
    ByteStream, Copies, Decoded, LoadSpec, Lookup, Permit, Query, Refused, RowStream, Staged, TableFile, TableInfo,
    Version,
};

/// The engine behind the gate.
#[async_trait]
pub trait Engine: Send + Sync {
    /// What is known of a resource's table; none if it has no rows yet and never had.
    async fn table(&self, resource: &str) -> Result<Option<TableInfo>>;

    /// The resources a SELECT names; refuses anything but one SELECT.
    fn resources(&self, sql: &str) -> Result<Vec<String>>;

    /// Rows, a count, SQL or changes, as far as the permit goes.
    async fn read(&self, permit: Permit, query: &Query) -> Result<Answered>;

    /// Rows by key, as far as the permit goes.
    async fn lookup(&self, permit: Permit, lookup: &Lookup) -> Result<Answered>;

    /// The bytes of a blob.
    async fn blob(&self, permit: Permit, blob: Id) -> Result<(ByteStream, u64)>;

    /// The rows of an uploaded file in the engine's format, before they are city data.
    async fn decode(&self, blob: Id) -> Result<Decoded>;

    /// Rows that were handed out already, as a file in the engine's format.
    fn encode(&self, file: &TableFile, rows: RowStream) -> Result<ByteStream>;

    /// Where it keeps plain copies; none where it keeps none.
    fn copies(&self) -> Option<&dyn Copies>;

    /// Begins a load.
    async fn load(&self, ctx: &Ctx, spec: LoadSpec) -> Result<Box<dyn Loader>>;

    /// Prepares the removal of rows by key, to be published like a load.
    async fn delete_keys(&self, ctx: &Ctx, delete: &DeleteKeys) -> Result<Staged>;

    /// A finished load that waits.
    async fn staged(&self, load: Id) -> Result<Option<Staged>>;

    /// Makes a staged load the newest version; the same load twice is the same version.
    async fn publish(&self, tx: &mut Tx<'_>, ctx: &Ctx, staged: &Staged) -> Result<Version>;

    /// Gives a staged load up.
    async fn discard(&self, tx: &mut Tx<'_>, ctx: &Ctx, staged: &Staged) -> Result<()>;

    /// A new version with the rows of an older one.
    async fn undo(&self, tx: &mut Tx<'_>, ctx: &Ctx, resource: &str, to_version: u64) -> Result<Version>;

    /// Hides a resource's table with all versions.
    async fn drop_table(&self, tx: &mut Tx<'_>, ctx: &Ctx, resource: &str) -> Result<()>;

    /// Brings a hidden table back.
    async fn recover_table(&self, tx: &mut Tx<'_>, ctx: &Ctx, resource: &str) -> Result<()>;

    /// From now on no read of any version shows rows whose field has this value.
    async fn erase(&self, tx: &mut Tx<'_>, ctx: &Ctx, erasure: &Erasure) -> Result<()>;

    /// Rewrites a table's files where they are too many; whether it did.
    async fn compact(&self, ctx: &Ctx, resource: &str) -> Result<bool>;

    /// Throws derived indexes of a resource away and builds them anew.
    async fn rebuild_derived(&self, resource: &str) -> Result<()>;

    /// Forgets versions that are not kept any more, with the files that only they used.
    async fn clean(&self, ctx: &Ctx, resource: &str, keep: &Keep) -> Result<Cleaned>;

    /// Deletes files that nothing names any more; how many.
    async fn sweep(&self, ctx: &Ctx) -> Result<u64>;

    /// Builds the derived indexes of a resource that are not there yet.
    async fn build_derived(&self, resource: &str) -> Result<()> {
        self.rebuild_derived(resource).await
    }

    /// Who works and who waits now, class by class.
    fn queues(&self) -> Vec<Queue> {
        Vec::new()
    }
}

/// A kind of work on the engine's threads, which waits for its like only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueClass {
    /// Somebody waits for it: SQL, sorting and counting. Has a wall time.
    Interactive,
    /// Files being written for loads.
    Load,
    /// Indexes and compaction.
    Background,
}

impl QueueClass {
    /// The word in logs and addresses.
    pub fn word(self) -> &'static str {
        match self {
            QueueClass::Interactive => "interactive",
            QueueClass::Load => "load",
            QueueClass::Background => "background",
        }
    }
}

/// A queue of the engine at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// What stands in it.
    pub class: QueueClass,
    /// How many of the class work at once, at most.
    pub at_once: usize,
    /// How many work.
    pub working: usize,
    /// How many wait: the next to come has the place after them.
    pub waiting: usize,
}

/// A load in progress. Dropping it gives it up.
#[async_trait]
pub trait Loader: Send {
    /// Rows in the schema of the load.
    async fn write(&mut self, batch: RecordBatch) -> Result<()>;

    /// A row that is not loaded.
    async fn refuse(&mut self, refused: Refused) -> Result<()>;

    /// Makes everything durable, visible to nobody yet.
    async fn finish(self: Box<Self>) -> Result<Staged>;
}

/// What the engine yields; the gate turns it into an [`crate::Answer`].
pub struct Answered {
    /// The columns of `rows`.
    pub schema: SchemaRef,
    /// Every resource read with its version.
    pub versions: Vec<(String, u64)>,
    /// Exactly how many rows match in all, where known.
    pub total: Option<u64>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// The rows.
    pub rows: RowStream,
    /// Whom the rows are about, where the table says so and the answer is one page.
    pub subjects: Vec<Subject>,
}

/// Whom a row is about: kind and value of the identifier as read. The ledger keeps a label, never the value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The kind of identifier.
    pub kind: String,
    /// The identifier.
    pub value: String,
}

/// How much of a table's past is kept. The newest version always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Versions at most.
    pub versions_max: usize,
    /// Versions made before are not kept.
    pub since: Instant,
    /// Whether files go at once, also from under whoever is reading them: the rows may not be there any more.
    pub at_once: bool,
}

/// What a cleaning took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cleaned {
    /// Versions that cannot be read any more.
    pub versions: u64,
    /// Files deleted; those that went out of use just now follow with a later cleaning.
    pub files: u64,
}

/// Rows to be removed by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteKeys {
    /// The resource's code.
    pub resource: String,
    /// Names the removal, like a load's id.
    pub load: Id,
    /// Key values, one list per row, in the order of the table's key.
    pub keys: Vec<Vec<String>>,
    /// Why, for the list of versions.
    pub reason: String,
}

/// Whose rows are to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The resource's code.
    pub resource: String,
    /// The field that names the subject.
    pub field: String,
    /// Its value; kept as a keyed hash only.
    pub value: String,
    /// Why it must go.
    pub basis: String,
}
