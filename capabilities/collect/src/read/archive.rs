//! Zip archives: a workbook, or files of which each is a table. Limits on entries, sizes and ratio; names that lead
//! out of the archive are refused. Archives inside archives are not opened.

use std::io::{self, Cursor, Read};
use std::sync::Arc;

use yiwang_kernel::{Error, Result};
use zip::ZipArchive;

use super::text::piped;
use super::{OpenRaw, Table, bounded, broken, foreign, plain, workbook};

/// Bytes of an archive or workbook: it is held in memory while it is read.
const ARCHIVE_BYTES_MAX: u64 = 512 << 20;
const ENTRIES_MAX: usize = 1_000;
/// How many times its size an archive may unfold to, beyond a size that does no harm.
const RATIO_MAX: u64 = 200;
const HARMLESS_BYTES: u64 = 64 << 20;
/// Bytes a workbook may unfold to: its texts are held in memory.
const WORKBOOK_BYTES_MAX: u64 = 2 << 30;
/// Tables of one archive.
const TABLES_MAX: usize = 100;

type Archive = ZipArchive<Cursor<Arc<[u8]>>>;

/// The tables of an archive or workbook.
pub(super) fn tables(raw: &OpenRaw, size_bytes: u64) -> Result<Vec<Table>> {
    if size_bytes > ARCHIVE_BYTES_MAX {
        return Err(Error::too_large("load-too-large").with("limit", "512 MiB"));
    }
    let mut bytes = Vec::new();
    let read = raw().and_then(|raw| raw.take(ARCHIVE_BYTES_MAX).read_to_end(&mut bytes));
    read.map_err(|source| Error::internal("a file was not read", source))?;
    let bytes: Arc<[u8]> = Arc::from(bytes);
    let mut archive = open(&bytes).map_err(|_| broken("zip"))?;
    let entries = check(&mut archive, size_bytes)?;
    if entries.iter().any(|entry| entry.name == "xl/workbook.xml") {
        let total: u64 = entries.iter().map(|entry| entry.bytes).sum();
        if total > WORKBOOK_BYTES_MAX {
            return Err(Error::invalid("file", "load-ratio"));
        }
        check_unfolded(&mut archive, &entries)?;
        return workbook::tables(&bytes);
    }
    let files: Vec<Entry> = entries.into_iter().filter(Entry::is_table).collect();
    if files.is_empty() {
        return Err(foreign());
    }
    if files.len() > TABLES_MAX {
        return Err(Error::invalid("file", "load-entries").with("limit", TABLES_MAX));
    }
    files.into_iter().map(|entry| table(&bytes, entry)).collect()
}

/// A file of the archive.
struct Entry {
    index: usize,
    name: String,
    bytes: u64,
}

impl Entry {
    /// Whether its name says that it is a table; what systems leave in archives is not.
    fn is_table(&self) -> bool {
        const ENDINGS: [&str; 8] = [".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".geojson", ".tab"];
        let name = self.name.to_lowercase();
        let hidden = name.starts_with("__macosx/") || name.rsplit('/').next().is_some_and(|last| last.starts_with('.'));
        !hidden && self.bytes > 0 && ENDINGS.iter().any(|ending| name.ends_with(ending))
    }
}

/// The archive's files, if all of them keep to the limits.
fn check(archive: &mut Archive, size_bytes: u64) -> Result<Vec<Entry>> {
    if archive.len() > ENTRIES_MAX {
        return Err(Error::invalid("file", "load-entries").with("limit", ENTRIES_MAX));
    }
    let mut entries = Vec::with_capacity(archive.len());
    let mut total = 0u64;
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index).map_err(|_| broken("zip"))?;
        if file.enclosed_name().is_none() {
            return Err(Error::invalid("file", "load-path"));
        }
        if file.encrypted() {
            return Err(Error::invalid("file", "load-password"));
        }
        total = total.saturating_add(file.size());
        if !file.is_dir() {
            let name = yiwang_tables::text_of(file.name_raw());
            entries.push(Entry { index, name, bytes: file.size() });
        }
    }
    if total > size_bytes.saturating_mul(RATIO_MAX).max(HARMLESS_BYTES) {
        return Err(Error::invalid("file", "load-ratio"));
    }
    Ok(entries)
}

/// Unfolds what a workbook's reader takes into memory once into nothing: the size an entry states may be a lie.
fn check_unfolded(archive: &mut Archive, entries: &[Entry]) -> Result<()> {
    for entry in entries.iter().filter(|entry| !entry.name.starts_with("xl/media/")) {
        let file = archive.by_index(entry.index).map_err(|_| broken("xlsx"))?;
        let unfolded = io::copy(&mut file.take(entry.bytes + 1), &mut io::sink());
        if unfolded.map_err(|_| broken("xlsx"))? > entry.bytes {
            return Err(Error::invalid("file", "load-ratio"));
        }
    }
    Ok(())
}

/// One file of the archive as a table, named by its file.
fn table(bytes: &Arc<[u8]>, entry: Entry) -> Result<Table> {
    let bytes = Arc::clone(bytes);
    let (index, size) = (entry.index, entry.bytes);
    let raw: OpenRaw = Arc::new(move || {
        let bytes = Arc::clone(&bytes);
        let text = piped(move |out| {
            let mut archive = open(&bytes)?;
            let mut file = archive.by_index(index).map_err(io::Error::from)?;
            io::copy(&mut file, out).map(|_| ())
        })?;
        // The size an entry states may be a lie.
        Ok(bounded(text, size))
    });
    let mut table = plain(&raw, ["csv.zip", "json.zip", "jsonl.zip", "geojson.zip"])?;
    let file_name = entry.name.rsplit('/').next().unwrap_or(&entry.name);
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    table.name = Some(stem.to_owned());
    Ok(table)
}

fn open(bytes: &Arc<[u8]>) -> io::Result<Archive> {
    ZipArchive::new(Cursor::new(Arc::clone(bytes))).map_err(io::Error::from)
}
