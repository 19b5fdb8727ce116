//! What a reader of files relies on: nothing is lost, types come of the whole file, chunks do not matter.

mod dialects;
mod loads;
mod names;
mod types;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_cast::display::{ArrayFormatter, FormatOptions};

use crate::{Limits, Table, collect};

/// A table of a text, whole.
fn table(text: &str) -> Table {
    collect(text.as_bytes(), None, Limits::default()).unwrap()
}

/// All cells as shown; nulls as `∅`.
fn cells(table: &Table) -> Vec<Vec<String>> {
    table.batches.iter().flat_map(rows).collect()
}

fn rows(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("∅");
    let shown: Vec<_> = batch.columns().iter().map(|array| ArrayFormatter::try_new(array, &options).unwrap()).collect();
    (0..batch.num_rows()).map(|row| shown.iter().map(|column| column.value(row).to_string()).collect()).collect()
}

/// The types as words.
fn types(table: &Table) -> Vec<String> {
    table.columns().iter().map(|column| column.type_.word()).collect()
}

/// The only column as texts.
fn texts(table: &Table) -> Vec<String> {
    let strings = table.batches.iter().flat_map(|batch| batch.column(0).as_string::<i32>().iter());
    strings.map(|text| text.unwrap_or("∅").to_owned()).collect()
}
