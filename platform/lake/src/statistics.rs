//! What a plan may know of a table before reading it: only where the reader sees the whole of it, plainly. Row counts
//! from the version; least, greatest and missing values from the footers of files, where nothing was removed since.

use std::cmp::Ordering;

use arrow_array::Array as _;
use arrow_schema::{DataType, SchemaRef};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::file::metadata::ParquetMetaData;
use yiwang_gate::Policy;
use yiwang_kernel::Result;

use crate::catalog::view::View;
use crate::lake::Lake;
use crate::parquet_files;
use crate::prune;
use crate::scan::{self, to_usize};
use crate::types::{Column, Texts};

/// Of more files no footer is read before a plan is made.
const FILES_MAX: usize = 64;

/// What files say of a column.
#[derive(Default)]
struct Known {
    empty: usize,
    least: Option<ScalarValue>,
    greatest: Option<ScalarValue>,
}

/// Statistics of these columns; none unless every row and cell of the table is this reader's to see.
pub(crate) async fn of(lake: &Lake, view: &View, policy: &Policy, names: &[String]) -> Result<Option<Statistics>> {
    let plain = view.columns.iter().all(|column| policy.shows_plainly(&column.name));
    if !plain || !policy.shows_every_row() || !view.tombstones.is_empty() {
        return Ok(None);
    }
    let named = names.iter().filter_map(|name| view.columns.iter().find(|column| column.name == *name));
    let named: Vec<&Column> = named.collect();
    let mut known: Vec<Option<Known>> = named.iter().map(|_| Some(Known::default())).collect();
    let in_files: u64 = view.files.iter().map(|file| file.rows).sum();
    let as_written = in_files == view.rows && view.files.iter().all(|file| file.deletes.is_none());
    if as_written && view.files.len() <= FILES_MAX {
        for file in &view.files {
            let file = parquet_files::open(lake, scan::path(view, &file.path), Texts::Plain).await?;
            for (known, column) in known.iter_mut().zip(&named) {
                *known = known.take().and_then(|known| known.and(column, file.metadata(), file.schema()));
            }
        }
    } else {
        known.iter_mut().for_each(|known| *known = None);
    }
    let column_statistics =
        known.into_iter().map(|known| known.map_or_else(ColumnStatistics::new_unknown, Known::told));
    Ok(Some(Statistics {
        num_rows: Precision::Exact(to_usize(view.rows)),
        total_byte_size: Precision::Absent,
        column_statistics: column_statistics.collect(),
    }))
}

impl Known {
    /// With what another file says; nothing where it does not say it exactly.
    fn and(mut self, column: &Column, footer: &ParquetMetaData, file: &SchemaRef) -> Option<Known> {
        let field = prune::field_of(file, column.id)?;
        if *field.data_type() != column.data_type().ok()? {
            return None;
        }
        let converter = StatisticsConverter::try_new(field.name(), file, footer.file_metadata().schema_descr()).ok()?;
        let converter = converter.with_missing_null_counts_as_zero(false);
        let groups = footer.row_groups();
        let empty = converter.row_group_null_counts(groups).ok()?;
        // Texts may be cut short in a footer, and numbers with a point have values that compare with nothing.
        let bounded = !matches!(field.data_type(), DataType::Utf8 | DataType::Float64);
        let bounds = if bounded {
            Some((converter.row_group_mins(groups).ok()?, converter.row_group_maxes(groups).ok()?))
        } else {
            None
        };
        for (place, group) in groups.iter().enumerate() {
            if empty.is_null(place) {
                return None;
            }
            self.empty += to_usize(empty.value(place));
            if let Some((least, greatest)) = bounds.as_ref().filter(|_| empty.value(place) < rows(group)) {
                if least.is_null(place) || greatest.is_null(place) {
                    return None;
                }
                let (low, high) =
                    (ScalarValue::try_from_array(least, place), ScalarValue::try_from_array(greatest, place));
                self.least = Some(outer(self.least, low.ok()?, Ordering::Less));
                self.greatest = Some(outer(self.greatest, high.ok()?, Ordering::Greater));
            }
        }
        Some(self)
    }

    fn told(self) -> ColumnStatistics {
        let exactly = |value: Option<ScalarValue>| value.map_or(Precision::Absent, Precision::Exact);
        ColumnStatistics {
            null_count: Precision::Exact(self.empty),
            min_value: exactly(self.least),
            max_value: exactly(self.greatest),
            ..ColumnStatistics::new_unknown()
        }
    }
}

fn rows(group: &parquet::file::metadata::RowGroupMetaData) -> u64 {
    u64::try_from(group.num_rows()).unwrap_or(0)
}

fn outer(one: Option<ScalarValue>, other: ScalarValue, wanted: Ordering) -> ScalarValue {
    match one {
        Some(one) if other.partial_cmp(&one) != Some(wanted) => one,
        _ => other,
    }
}
