//! Rows that come split already (spreadsheets, JSON): the same types, facts and names as delimited text gets.

use crate::cells::Cells;
use crate::parse::write;
use crate::{Dialect, Hint, Limits, Parsed, Plan, Reason, Refusal, Result};

const TEXT_KEPT_CHARS: usize = 1024;

/// Some rows of a source that has cells, not lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// Their place among the pieces, from 0.
    pub index: u64,
    /// The number of the first, from 1.
    pub first_row: u64,
    /// Cells as texts, none where nothing stands; numbers as they are shown.
    pub rows: Vec<Vec<Option<String>>>,
}

/// The plan of a source with these headers.
pub fn plan_rows(headers: Vec<String>, limits: Limits) -> Result<Plan> {
    Plan::with_headers(Dialect { header: false, ..Dialect::plain() }, headers, limits)
}

/// Parses rows. A row with more or fewer cells than there are headers is refused; so is one with a cell over the limit.
pub fn parse_rows(given: &Rows, plan: &Plan, hints: &[Hint]) -> Result<Parsed> {
    let width = plan.headers.len();
    let mut refusals = Vec::new();
    let mut taken = Vec::with_capacity(given.rows.len());
    for (offset, row) in given.rows.iter().enumerate() {
        let long = row.iter().flatten().any(|cell| cell.len() > plan.limits.cell_bytes_max);
        if row.len() == width && !long {
            taken.push(row.as_slice());
            continue;
        }
        let reason = if long { Reason::CellTooLong } else { Reason::Ragged };
        let texts: Vec<&str> = row.iter().map(|cell| cell.as_deref().unwrap_or_default()).collect();
        let text = texts.join(",").chars().take(TEXT_KEPT_CHARS).collect();
        refusals.push(Refusal { line: given.first_row + offset as u64, reason, cells: row.len(), text });
    }
    write(&Cells::from_rows(width, &taken), refusals, given.index, plan, hints)
}
