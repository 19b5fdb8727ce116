//! What kind of file it is, and its tables as delimited text that can be read from the beginning more than once.
//! Decides by content before name. Workbooks, JSON and archives are turned into text as they are read. Keeps nothing.

mod archive;
mod json;
mod parquet;
#[cfg(test)]
mod tests;
mod text;
mod workbook;

use std::io::{self, Read};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use flate2::read::MultiGzDecoder;
use yiwang_kernel::{Error, Result};
use yiwang_tables::{Dialect, Limits, Plan};

use crate::pour::{Open, Settled, sniff};

/// What a form or a command line may offer, for hints and errors.
pub(crate) const FORMATS: &str = "CSV, TSV, XLSX, JSON, JSON Lines, GeoJSON (.gz, .zst, .zip), Parquet";
/// Endings a form offers.
pub(crate) const ENDINGS: &str = ".csv,.tsv,.txt,.xlsx,.json,.jsonl,.ndjson,.geojson,.gz,.zst,.zip,.parquet";
/// Bytes a compressed file may unfold to.
const UNFOLDED_BYTES_MAX: u64 = 64 << 30;
/// How many times its size a compressed file may unfold to; tables of repeated values reach some hundreds.
const UNFOLDED_RATIO_MAX: u64 = 2_000;
/// Bytes looked at to tell JSON from delimited text.
const HEAD_BYTES: u64 = 1 << 10;

/// One table of a file.
pub(crate) struct Table {
    /// What it is called inside a workbook or archive.
    pub(crate) name: Option<String>,
    /// The format, for the report.
    pub(crate) format: &'static str,
    /// Its text from the beginning.
    pub(crate) open: Open,
    /// How the text is written, where that need not be guessed.
    told: Option<Dialect>,
    /// What the file itself says of each column's type; empty where it says nothing.
    pub(crate) declared: Vec<Declared>,
}

/// What a file says of a column's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declared {
    /// What is settled by it.
    pub(crate) settled: Settled,
    /// Why: a message code.
    pub(crate) why: String,
}

/// Opens the file's rows in the types it declares, where the gate's engine knows its format.
pub(crate) type Decode = Arc<dyn Fn() -> Result<DecodedRows> + Send + Sync>;

/// The rows of such a file, as blocking readers take them.
pub(crate) struct DecodedRows {
    /// Its columns.
    pub(crate) schema: SchemaRef,
    /// Its rows.
    pub(crate) batches: Box<dyn Iterator<Item = Result<RecordBatch>> + Send>,
}

/// Opens the raw bytes of the file from their beginning.
pub(crate) type OpenRaw = Arc<dyn Fn() -> io::Result<Box<dyn Read + Send>> + Send + Sync>;

impl Table {
    /// How the table is written and what its columns are called.
    pub(crate) fn plan(&mut self, limits: Limits) -> yiwang_tables::Result<Plan> {
        let Some(told) = self.told else { return sniff(&mut self.open, limits) };
        let mut head = Vec::new();
        (self.open)()?.take(limits.chunk_bytes as u64).read_to_end(&mut head)?;
        Plan::with_dialect(told, &head, limits)
    }
}

/// The tables of a file. Blocks: reads from the file.
pub(crate) fn tables(raw: &OpenRaw, size_bytes: u64, decode: &Decode) -> Result<Vec<Table>> {
    if size_bytes == 0 {
        return Err(Error::invalid("file", "load-file-empty"));
    }
    let head = head(raw, "csv")?;
    let unfolded_max = size_bytes.saturating_mul(UNFOLDED_RATIO_MAX).clamp(1 << 20, UNFOLDED_BYTES_MAX);
    let raw = Arc::clone(raw);
    match head.as_slice() {
        [0x1f, 0x8b, ..] => {
            let unfolded: OpenRaw = Arc::new(move || Ok(bounded(MultiGzDecoder::new(raw()?), unfolded_max)));
            Ok(vec![plain(&unfolded, ["csv.gz", "json.gz", "jsonl.gz", "geojson.gz"])?])
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let unfolded: OpenRaw =
                Arc::new(move || Ok(bounded(zstd::stream::read::Decoder::new(raw()?)?, unfolded_max)));
            Ok(vec![plain(&unfolded, ["csv.zst", "json.zst", "jsonl.zst", "geojson.zst"])?])
        }
        [b'P', b'A', b'R', b'1' | b'E', ..] => Ok(vec![parquet::table(decode, size_bytes)?]),
        [b'P', b'K', ..] => archive::tables(&raw, size_bytes),
        head if is_foreign(head) => Err(foreign()),
        _ => Ok(vec![plain(&raw, ["csv", "json", "jsonl", "geojson"])?]),
    }
}

/// A file that is neither compressed nor a workbook: delimited text, or JSON in one of its forms (named in this order).
fn plain(raw: &OpenRaw, formats: [&'static str; 4]) -> Result<Table> {
    let head = head(raw, formats[0])?;
    if is_foreign(&head) || head.starts_with(b"PK") {
        return Err(foreign());
    }
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).trim_ascii_start();
    if matches!(start, [b'{' | b'[', ..]) {
        return json::table(raw, formats);
    }
    let raw = Arc::clone(raw);
    let open = Box::new(move || raw());
    Ok(Table { name: None, format: formats[0], open, told: None, declared: Vec::new() })
}

/// The first bytes; a damaged file is told here.
fn head(raw: &OpenRaw, format: &'static str) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    let read = raw().and_then(|raw| raw.take(HEAD_BYTES).read_to_end(&mut head));
    read.map_err(|_| broken(format))?;
    Ok(head)
}

/// Files that are known and not read here, or not inside another: Parquet, old Office files, PDF.
fn is_foreign(head: &[u8]) -> bool {
    [&b"PAR1"[..], &[0xd0, 0xcf, 0x11, 0xe0], b"%PDF"].iter().any(|magic| head.starts_with(magic))
}

fn foreign() -> Error {
    Error::invalid("file", "load-format-unknown").with("formats", FORMATS)
}

fn broken(format: &'static str) -> Error {
    Error::invalid("file", "load-format-broken").with("format", format)
}

/// Stops at so many bytes with an error, so that a small file cannot unfold without end.
fn bounded(source: impl Read + Send + 'static, bytes_max: u64) -> Box<dyn Read + Send> {
    Box::new(Bounded { source: Box::new(source), left: bytes_max })
}

struct Bounded {
    source: Box<dyn Read + Send>,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other(Error::invalid("file", "load-ratio")))?;
        Ok(count)
    }
}
