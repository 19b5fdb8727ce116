//! Which rows of a file are read: runs of rows to take and to skip, and what they leave of its row groups. Arithmetic
//! only.

use std::ops::Range;

use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;

use crate::parquet_files::Reader;
use crate::scan::{Slice, to_usize};

/// These ascending positions of so many rows.
pub(crate) fn runs_of(rows: u64, positions: &[u64]) -> Vec<RowSelector> {
    let mut runs = Vec::with_capacity(positions.len() * 2);
    let mut at = 0;
    for position in positions {
        if *position > at {
            runs.push(RowSelector::skip(to_usize(position - at)));
        }
        runs.push(RowSelector::select(1));
        at = position + 1;
    }
    if rows > at {
        runs.push(RowSelector::skip(to_usize(rows - at)));
    }
    runs
}

/// Everything but the deleted positions, cut to the slice of what is left.
pub(crate) fn live_runs(rows: u64, deleted: &[u64], slice: Slice) -> Vec<RowSelector> {
    let mut runs = Vec::new();
    let (mut skip, mut take) = (slice.skip, slice.take);
    let mut at = 0;
    for next in deleted.iter().copied().chain([rows]) {
        let live = next - at;
        let skipped = skip.min(live);
        let taken = take.min(live - skipped);
        skip -= skipped;
        take -= taken;
        let runs_here = [
            RowSelector::skip(to_usize(skipped)),
            RowSelector::select(to_usize(taken)),
            RowSelector::skip(to_usize(live - skipped - taken + u64::from(next < rows))),
        ];
        runs.extend(runs_here.into_iter().filter(|run| run.row_count > 0));
        at = next + 1;
    }
    runs
}

/// The positions of the rows these runs take.
pub(crate) fn taken(runs: &[RowSelector]) -> Vec<Range<u64>> {
    let mut at = 0;
    let mut taken = Vec::new();
    for run in runs {
        let end = at + run.row_count as u64;
        if !run.skip {
            taken.push(at..end);
        }
        at = end;
    }
    taken
}

/// Reads these runs: row groups that hold none of them are not looked at, and where whole row groups are taken nothing
/// is chosen row by row.
pub(crate) fn choose(
    builder: ParquetRecordBatchStreamBuilder<Reader>,
    runs: Vec<RowSelector>,
) -> ParquetRecordBatchStreamBuilder<Reader> {
    let sizes = builder.metadata().row_groups().iter().map(|group| usize::try_from(group.num_rows()).unwrap_or(0));
    let (groups, chosen) = by_group(runs, sizes);
    let builder = builder.with_row_groups(groups);
    if chosen.iter().any(|run| run.skip) { builder.with_row_selection(RowSelection::from(chosen)) } else { builder }
}

/// The row groups that hold rows to be taken, and the runs within them.
fn by_group(runs: Vec<RowSelector>, sizes: impl Iterator<Item = usize>) -> (Vec<usize>, Vec<RowSelector>) {
    let mut runs = runs.into_iter();
    let mut begun = None;
    let (mut groups, mut chosen) = (Vec::new(), Vec::new());
    for (group, rows) in sizes.enumerate() {
        let (mut here, mut left) = (Vec::new(), rows);
        while left > 0 {
            let next = begun.take().or_else(|| runs.next());
            let RowSelector { row_count, skip } = next.unwrap_or_else(|| RowSelector::skip(left));
            let count = row_count.min(left);
            left -= count;
            here.push(RowSelector { row_count: count, skip });
            begun = (row_count > count).then(|| RowSelector { row_count: row_count - count, skip });
        }
        if here.iter().any(|run| !run.skip) {
            groups.push(group);
            chosen.append(&mut here);
        }
    }
    (groups, chosen)
}
