//! One chunk into one batch: a pure function, so that chunks are parsed on as many threads as there are.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::RecordBatchOptions;
use arrow_schema::{Field, Schema};

use crate::cells::{Cells, Reading};
use crate::column::Writer;
use crate::facts::Watcher;
use crate::names::{draft_names, is_personal_header};
use crate::{Chunk, Dialect, Error, Facts, Hint, Limits, Refusal, Result, Shape, Type};

/// Cells looked at before the next column's turn: they stay in the processor's cache.
const BLOCK_CELLS: usize = 16_384;

/// What is known of a table before its rows are read.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How the file is written.
    pub dialect: Dialect,
    /// The columns' headers as they stand, empty where there is none.
    pub headers: Vec<String>,
    /// The columns' drafted names, unique.
    pub names: Vec<String>,
    /// How much is read.
    pub limits: Limits,
}

/// A chunk's rows and what they say.
#[derive(Debug)]
pub struct Parsed {
    /// The chunk's place.
    pub index: u64,
    /// The rows, typed as narrowly as this chunk and its hints allow.
    pub batch: RecordBatch,
    /// The columns' types in this batch.
    pub types: Vec<Type>,
    /// What the columns say.
    pub facts: Vec<Facts>,
    /// Rows that were not taken.
    pub refusals: Vec<Refusal>,
}

impl Plan {
    /// Guesses from the first bytes of a file; a megabyte is plenty.
    pub fn sniff(head: &[u8], limits: Limits) -> Result<Plan> {
        Plan::with_dialect(Dialect::sniff(head), head, limits)
    }

    /// The plan of a file whose dialect is known.
    pub fn with_dialect(dialect: Dialect, head: &[u8], limits: Limits) -> Result<Plan> {
        Plan::with_headers(dialect, dialect.headers(head), limits)
    }

    pub(crate) fn with_headers(dialect: Dialect, headers: Vec<String>, limits: Limits) -> Result<Plan> {
        if headers.len() > limits.columns_max {
            return Err(Error::TooWide { given: headers.len(), limit: limits.columns_max });
        }
        let names = draft_names(&headers);
        Ok(Plan { dialect, headers, names, limits })
    }
}

/// Parses a chunk. `hints` has one entry a column, or none at all where nothing is known yet.
pub fn parse(chunk: &Chunk, plan: &Plan, hints: &[Hint]) -> Result<Parsed> {
    let reading = Reading {
        dialect: plan.dialect,
        limits: plan.limits,
        width: plan.headers.len(),
        first_line: chunk.first_line,
        skip_first: chunk.index == 0 && plan.dialect.header,
    };
    let (cells, refusals) = Cells::read(&chunk.bytes, &reading);
    write(&cells, refusals, chunk.index, plan, hints)
}

/// Writes cells column by column, in blocks of rows.
pub(crate) fn write(
    cells: &Cells<'_>,
    refusals: Vec<Refusal>,
    index: u64,
    plan: &Plan,
    hints: &[Hint],
) -> Result<Parsed> {
    let (rows, width) = (cells.rows(), cells.width());
    let hint = |column: usize| hints.get(column).copied().unwrap_or_default();
    let mut writers: Vec<Writer> = (0..width).map(|column| Writer::new(column, hint(column), rows)).collect();
    let mut watchers: Vec<Watcher> = (0..width).map(|_| Watcher::default()).collect();
    let block_rows = (BLOCK_CELLS / width.max(1)).max(1);
    for from in (0..rows).step_by(block_rows) {
        let block = from..rows.min(from + block_rows);
        for (column, (writer, watcher)) in writers.iter_mut().zip(&mut watchers).enumerate() {
            writer.write(cells, block.clone());
            watcher.watch(cells, column, block.clone());
        }
    }
    let mut columns = Vec::with_capacity(width);
    let mut types = Vec::with_capacity(width);
    let mut facts = Vec::with_capacity(width);
    for (column, (mut writer, watcher)) in writers.into_iter().zip(watchers).enumerate() {
        if hint(column).shape == Shape::default() && watcher.is_identifier() {
            writer.make_text(cells);
        }
        let personal = is_personal_header(&plan.headers[column]);
        let mut fact = watcher.finish(cells, column, writer.shape, personal);
        let (given, array) = writer.finish(cells)?;
        if !personal {
            fact.see_extremes(given, &array);
        }
        columns.push(array);
        types.push(given);
        facts.push(fact);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(Arc::new(schema(&plan.names, &types)), columns, &options)?;
    Ok(Parsed { index, batch, types, facts, refusals })
}

/// The Arrow schema of these columns; every column may hold nulls.
pub fn schema(names: &[String], types: &[Type]) -> Schema {
    let fields = names.iter().zip(types).map(|(name, given)| Field::new(name, given.arrow(), true));
    Schema::new(fields.collect::<Vec<_>>())
}
