//! Cells as text for previews and for the list of refused rows. Nothing for an empty cell.

use arrow_array::{Array, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use yiwang_kernel::{Error, Result};

/// A batch's rows as text.
pub(crate) fn texts(batch: &RecordBatch) -> Result<Vec<Vec<Option<String>>>> {
    let failed = |source| Error::internal("a column does not write as text", source);
    let options = FormatOptions::new();
    let formats = batch.columns().iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options));
    let formats = formats.collect::<std::result::Result<Vec<_>, _>>().map_err(failed)?;
    let cell =
        |row: usize, column: usize| batch.column(column).is_valid(row).then(|| formats[column].value(row).to_string());
    let row = |row: usize| (0..formats.len()).map(|column| cell(row, column)).collect();
    Ok((0..batch.num_rows()).map(row).collect())
}
