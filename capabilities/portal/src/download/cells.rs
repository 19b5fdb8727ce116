//! Cells as text, exactly: whole numbers and decimals digit by digit, dates and times in ISO 8601, nothing for an
//! empty cell. The one place where values become text, for tables, JSON and files alike.

use arrow_array::{Array, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use yiwang_kernel::{Error, Result};

/// What a column's text stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `true` or `false`.
    Bool,
    /// A number, in digits.
    Number,
    /// Anything else.
    Text,
}

/// The cells of one batch.
pub(crate) struct Cells<'b> {
    batch: &'b RecordBatch,
    columns: Vec<ArrayFormatter<'b>>,
}

impl Shape {
    /// What columns of this type stand for.
    pub(crate) fn of(data_type: &DataType) -> Shape {
        match data_type {
            DataType::Boolean => Shape::Bool,
            other if other.is_numeric() => Shape::Number,
            _ => Shape::Text,
        }
    }
}

impl<'b> Cells<'b> {
    /// The cells of this batch.
    pub(crate) fn new(batch: &'b RecordBatch) -> Result<Cells<'b>> {
        let options = FormatOptions::new().with_null("").with_display_error(false);
        let format = |column: &'b arrow_array::ArrayRef| {
            ArrayFormatter::try_new(column.as_ref(), &options)
                .map_err(|source| Error::internal("a column does not write as text", source))
        };
        Ok(Cells { batch, columns: batch.columns().iter().map(format).collect::<Result<_>>()? })
    }

    /// Rows of the batch.
    pub(crate) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// Columns of the batch.
    pub(crate) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// A cell's text; none when it is empty.
    pub(crate) fn text(&self, column: usize, row: usize) -> Result<Option<String>> {
        if self.batch.column(column).is_null(row) {
            return Ok(None);
        }
        let mut out = String::new();
        let written = self.columns.get(column).map(|format| format.value(row).write(&mut out));
        match written {
            Some(Ok(())) => Ok(Some(out)),
            _ => Err(Error::broken("a cell does not write as text")),
        }
    }
}
