//! Lists and tables as files: CSV byte for byte, CSV for Excel (byte-order mark, formulas neutralised), XLSX in sheets,
//! JSON. Streamed: never more than some rows in memory. Knows no query; the caller hands over rows.

use std::pin::Pin;

use axum::body::Body;
use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use yiwang_kernel::{Error, Result};

use crate::View;

mod text;
mod xlsx;

pub use text::{csv, csv_for_excel};
#[cfg(test)]
pub(crate) use xlsx::stream as sheets;

/// Rows on their way out, some at a time.
pub type Rows = Pin<Box<dyn Stream<Item = Result<Vec<Vec<Datum>>>> + Send>>;

/// A file format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// CSV, RFC 4180, UTF-8, values as they are.
    Csv,
    /// CSV with a byte-order mark; formulas neutralised, long digits kept as text.
    CsvExcel,
    /// XLSX; a sheet per 1,048,575 rows.
    Xlsx,
    /// JSON: an array of objects.
    Json,
}

/// One value on its way out.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A binary fraction.
    Float(f64),
    /// Text, and everything exact that is no whole number: decimals, dates, codes.
    Text(String),
}

/// An export under way: its format, its file's name without ending, its columns (name, title).
#[derive(Debug, Clone)]
pub struct Export {
    /// The format.
    pub format: Format,
    /// The file's name without its ending.
    pub file_name: String,
    /// Name and title of each column; files for people carry titles when `titled`.
    pub columns: Vec<(String, String)>,
    /// Whether heads show titles; JSON always uses names.
    pub titled: bool,
}

impl Format {
    /// All, in the order pages list them.
    pub const ALL: [Format; 4] = [Format::Csv, Format::CsvExcel, Format::Xlsx, Format::Json];

    /// From `?format=`: `csv`, `csv-excel`, `xlsx`, `json`.
    pub fn parse(word: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.word() == word)
    }

    /// Its word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::CsvExcel => "csv-excel",
            Format::Xlsx => "xlsx",
            Format::Json => "json",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Csv | Format::CsvExcel => "text/csv; charset=utf-8",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Json => "application/json",
        }
    }

    /// The ending of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Format::Csv | Format::CsvExcel => "csv",
            Format::Xlsx => "xlsx",
            Format::Json => "json",
        }
    }

    /// This very page in this format: address and words.
    pub(crate) fn link(self, view: &View) -> (String, String) {
        let to = view.address_setting(&[("format", self.word()), ("page", ""), ("after", "")]);
        (to, view.t(&format!("export-{}", self.word())))
    }
}

impl Export {
    /// The file's name with its ending.
    pub fn file(&self) -> String {
        format!("{}.{}", self.file_name, self.format.ending())
    }

    /// The file as a body; an error of the rows breaks the transfer off, so that no part passes for the whole.
    pub fn body(self, rows: Rows) -> Body {
        let heads: Vec<Datum> = self
            .columns
            .iter()
            .map(|(name, title)| Datum::Text(if self.titled { title } else { name }.clone()))
            .collect();
        match self.format {
            Format::Csv => Body::from_stream(lines(Bytes::new(), heads, rows, csv)),
            Format::CsvExcel => Body::from_stream(lines(Bytes::from_static(BOM), heads, rows, csv_for_excel)),
            Format::Json => {
                let names = self.columns.into_iter().map(|(name, _)| name).collect();
                Body::from_stream(text::json(names, rows))
            }
            Format::Xlsx => Body::from_stream(xlsx::stream(heads, rows, xlsx::SHEET_ROWS_MAX)),
        }
    }
}

impl Datum {
    /// The value as text; nothing for no value.
    pub fn as_text(&self) -> String {
        match self {
            Datum::Null => String::new(),
            Datum::Bool(value) => value.to_string(),
            Datum::Int(value) => value.to_string(),
            Datum::Float(value) => value.to_string(),
            Datum::Text(value) => value.clone(),
        }
    }
}

/// Rows held in memory, as an export takes them.
pub fn rows_of(rows: Vec<Vec<Datum>>) -> Rows {
    Box::pin(stream::once(async move { Ok(rows) }))
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A row as bytes.
type Writer = fn(&[Datum], &mut Vec<u8>);

fn lines(
    start: Bytes,
    heads: Vec<Datum>,
    rows: Rows,
    write: Writer,
) -> impl Stream<Item = Result<Bytes, Error>> + Send {
    let mut first = start.to_vec();
    write(&heads, &mut first);
    let rest = rows.map_ok(move |rows| {
        let mut out = Vec::with_capacity(rows.len() * 64);
        for row in &rows {
            write(row, &mut out);
        }
        Bytes::from(out)
    });
    stream::once(async move { Ok(Bytes::from(first)) }).chain(rest)
}
