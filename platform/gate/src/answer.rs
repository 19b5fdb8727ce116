//! What comes back through the gate: a stream of rows with its schema, version, exact total and receipt.
//! Arrow batches are the currency; nobody outside the engine sees files.

use std::pin::Pin;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use yiwang_kernel::{Id, Instant, Result};

use crate::stream::{Closing, Sending};

/// Rows as they come; dropping it cancels the work behind it.
pub type RowStream = Pin<Box<dyn Stream<Item = Result<RecordBatch>> + Send>>;
/// Bytes as they come.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// A granted and, unless open data, logged answer.
pub struct Answer {
    /// The columns of `rows`.
    pub schema: SchemaRef,
    /// The version read; 0 for held loads, and for SQL see `versions`.
    pub version: u64,
    /// Every resource read with its version.
    pub versions: Vec<(String, u64)>,
    /// Exactly how many rows match in all, where known without reading them.
    pub total: Option<u64>,
    /// Where the next page begins; none on the last or when everything was asked.
    pub next: Option<String>,
    /// The rows.
    pub rows: RowStream,
    /// The ledger's entry; none for open data.
    pub receipt: Option<Receipt>,
    /// The entry that will say how the stream ended; none where there is no need of one.
    pub(crate) closing: Option<Closing>,
}

/// Bytes that left through the gate.
pub struct BlobAnswer {
    /// The bytes.
    pub bytes: ByteStream,
    /// How many.
    pub size_bytes: u64,
    /// The ledger's entry.
    pub receipt: Option<Receipt>,
}

/// Names the ledger's entry of a read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Receipt {
    /// The entry's number in the log.
    pub index: u64,
    /// The batch whose signed head first covers it.
    pub batch: u64,
    /// The read.
    pub read: Id,
}

/// A version of a resource.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Version {
    /// 1, 2, 3 ... per resource.
    pub number: u64,
    /// The lake's snapshot.
    pub snapshot: u64,
    /// Rows in it.
    pub rows: u64,
    /// When it became visible.
    pub time: Instant,
    /// The load that made it.
    pub load: Option<Id>,
    /// Why it was made.
    pub reason: String,
}

/// What is known of a resource's table without reading a value.
#[derive(Debug, Clone)]
pub struct TableInfo {
    /// The resource's code.
    pub resource: String,
    /// Its columns, newest version.
    pub schema: SchemaRef,
    /// The columns of its key; empty when it has none.
    pub key: Vec<String>,
    /// Columns it may be sorted by.
    pub sortable: Vec<String>,
    /// Whether its order indexes are there; until then sorted pages are sorted anew each time.
    pub sorts_quickly: bool,
    /// The newest version.
    pub version: u64,
    /// Rows in it.
    pub rows: u64,
    /// Bytes of its files.
    pub size_bytes: u64,
    /// Kept versions, newest first.
    pub versions: Vec<Version>,
}

impl Answer {
    /// Says that the rows leave as bytes, made of them by the caller: to be called before the first row is taken, and
    /// the bytes pass [`Sending::over`]. The closing entry then has their number and their SHA-256.
    pub fn sending(&self) -> Sending {
        self.closing.clone().map_or_else(Sending::nothing, Closing::sending)
    }

    /// Every batch at once; for pages and tests, whose answers are limited.
    pub async fn collect(self) -> Result<Vec<RecordBatch>> {
        self.rows.try_collect().await
    }
}
