//! What a load is: where it goes, how it meets what is there, and what stands ready when it is done.
//! The rows come typed; parsing and rules are the loader's business.

use arrow_schema::SchemaRef;
use yiwang_kernel::{Error, Id, Result};

/// Rows a load may refuse before it is given up.
pub const REFUSED_MAX: u64 = 1_000_000;
/// Columns of one table.
pub const COLUMNS_MAX: usize = 2_000;
/// Characters of a column's name.
pub const NAME_CHARS_MAX: usize = 63;

/// A load into one resource.
#[derive(Debug, Clone)]
pub struct LoadSpec {
    /// The resource's code; its table is made by the first load.
    pub resource: String,
    /// Names the load: the same id twice makes one version.
    pub load: Id,
    /// How it meets what is there.
    pub mode: Mode,
    /// Columns, named `[a-z][a-z0-9_]{0,62}`.
    pub schema: SchemaRef,
    /// The columns of the key; needed for [`Mode::Upsert`] and lookups.
    pub key: Vec<String>,
    /// Columns the table may be sorted by.
    pub sortable: Vec<String>,
    /// The column that names whom a row is about.
    pub subject: Option<SubjectField>,
    /// Why, for the list of versions.
    pub reason: String,
}

/// How a load meets what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Its rows come to the ones there.
    Append,
    /// Its rows take the place of all there.
    Replace,
    /// Its rows take the place of those with the same key, the others come to the ones there.
    Upsert,
}

/// The column that names whom a row is about, and which kind of identifier it holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SubjectField {
    /// The column.
    pub field: String,
    /// The kind of identifier: `resident_id`, `credit_code` ...
    pub kind: String,
}

/// A row that was not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its line (or row) in the source, from 1.
    pub line: u64,
    /// The field at fault, where one is.
    pub field: Option<String>,
    /// A message code: why.
    pub reason: String,
    /// The row as it stood in the source.
    pub text: String,
}

/// A finished load that nobody sees yet: publish it inside a store transaction, hold it or discard it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// The load.
    pub load: Id,
    /// Its resource.
    pub resource: String,
    /// How it meets what is there.
    pub mode: Mode,
    /// Rows ready.
    pub rows: u64,
    /// Rows refused.
    pub refused: u64,
    /// Of `rows`, those that take the place of an older row (upsert).
    pub replaced: u64,
    /// Rows left out because a later row of the same load has their key.
    pub duplicates: u64,
    /// Bytes of its files.
    pub size_bytes: u64,
}

impl Mode {
    /// The word in the store, in addresses and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Mode::Append => "append",
            Mode::Replace => "replace",
            Mode::Upsert => "upsert",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Result<Mode> {
        let known = [Mode::Append, Mode::Replace, Mode::Upsert].into_iter().find(|mode| mode.word() == word);
        known.ok_or_else(|| Error::invalid("mode", "load-mode-unknown").with("given", word))
    }
}

impl LoadSpec {
    /// Refuses bad names, keys that are no columns, too many columns; names the field at fault.
    pub fn check(&self) -> Result<()> {
        let fields = self.schema.fields();
        if self.resource.is_empty() || self.resource.len() > 200 {
            return Err(Error::invalid("resource", "resource-code"));
        }
        if fields.is_empty() || fields.len() > COLUMNS_MAX {
            return Err(Error::invalid("fields", "load-columns").with("limit", COLUMNS_MAX));
        }
        for (place, field) in fields.iter().enumerate() {
            if !is_name(field.name()) {
                return Err(Error::invalid(field.name(), "field-name"));
            }
            if fields.iter().take(place).any(|earlier| earlier.name() == field.name()) {
                return Err(Error::invalid(field.name(), "field-twice"));
            }
        }
        let subject = self.subject.iter().map(|subject| &subject.field);
        for name in self.key.iter().chain(&self.sortable).chain(subject) {
            if self.schema.index_of(name).is_err() {
                return Err(Error::invalid(name, "field-unknown"));
            }
        }
        if self.mode == Mode::Upsert && self.key.is_empty() {
            return Err(Error::invalid("key", "load-key-missing"));
        }
        Ok(())
    }
}

/// Whether a field may be called so: `[a-z][a-z0-9_]{0,62}`.
pub fn is_name(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.len() <= NAME_CHARS_MAX
}
