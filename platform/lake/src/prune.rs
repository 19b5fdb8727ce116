//! Leaving out row groups that cannot hold what is asked, by the least and greatest values in a file's footer. Only for
//! columns the reader sees plainly; it never decides what a reader sees, only what need not be read.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Scalar};
use arrow_schema::{DataType, Field, SchemaRef};
use datafusion::arrow::compute::kernels::cmp;
use parquet::arrow::arrow_reader::RowSelector;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::file::metadata::ParquetMetaData;
use parquet::schema::types::SchemaDescriptor;
use yiwang_gate::{Filter, Op, Policy};

use crate::catalog::view::View;
use crate::types;

/// Bounds on columns that all must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pruner {
    bounds: Vec<Bound>,
}

/// One column compared with one value.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    pub(crate) column_id: i64,
    pub(crate) op: Op,
    pub(crate) value: ArrayRef,
}

impl Pruner {
    /// From bounds; none where there is nothing to go by.
    pub(crate) fn of(bounds: Vec<Bound>) -> Option<Pruner> {
        (!bounds.is_empty()).then_some(Pruner { bounds })
    }

    /// From a reader's conditions on columns that are plain for this reader.
    pub(crate) fn for_filters(view: &View, policy: &Policy, filters: &[Filter]) -> Option<Pruner> {
        let bound = |filter: &Filter| {
            let column = view.columns.iter().find(|column| column.name == filter.field)?;
            let comparable = matches!(filter.op, Op::Eq | Op::Lt | Op::Le | Op::Gt | Op::Ge);
            if !comparable || !policy.shows_plainly(&column.name) {
                return None;
            }
            let value = types::value_of(&filter.field, filter.values.first()?, &column.data_type().ok()?).ok()?;
            Some(Bound { column_id: column.id, op: filter.op, value })
        };
        Pruner::of(filters.iter().filter_map(bound).collect())
    }

    /// The same runs with the row groups skipped that cannot hold a row asked for.
    pub(crate) fn cut(&self, footer: &ParquetMetaData, file: &SchemaRef, runs: Vec<RowSelector>) -> Vec<RowSelector> {
        let groups = footer.row_groups();
        let mut kept = vec![true; groups.len()];
        for bound in &self.bounds {
            let possible = possible(bound, footer, file).unwrap_or_default();
            for (keep, possible) in kept.iter_mut().zip(possible) {
                *keep &= possible;
            }
        }
        let sizes = groups.iter().map(|group| usize::try_from(group.num_rows()).unwrap_or(0));
        cut_runs(runs, sizes.zip(kept))
    }
}

/// The field of a file that holds a column.
pub(crate) fn field_of(file: &SchemaRef, column_id: i64) -> Option<&Arc<Field>> {
    let id = column_id.to_string();
    file.fields().iter().find(|field| field.metadata().values().any(|value| *value == id))
}

fn possible(bound: &Bound, footer: &ParquetMetaData, file: &SchemaRef) -> Option<Vec<bool>> {
    let field = field_of(file, bound.column_id)?;
    let is_text = |data_type: &DataType| matches!(data_type, DataType::Utf8 | DataType::Utf8View);
    let value = match (field.data_type(), bound.value.data_type()) {
        (kept, given) if kept == given => Arc::clone(&bound.value),
        (kept, given) if is_text(kept) && is_text(given) => types::convert(&bound.value, kept).ok()?,
        _ => return None,
    };
    let schema: &SchemaDescriptor = footer.file_metadata().schema_descr();
    let converter = StatisticsConverter::try_new(field.name(), file, schema).ok()?;
    let least = converter.row_group_mins(footer.row_groups()).ok()?;
    let greatest = converter.row_group_maxes(footer.row_groups()).ok()?;
    let value = Scalar::new(value);
    let holds = |compared: Result<BooleanArray, arrow_schema::ArrowError>| -> Option<Vec<bool>> {
        Some(compared.ok()?.iter().map(|held| held.unwrap_or(true)).collect())
    };
    match bound.op {
        Op::Eq => {
            let (low, high) = (holds(cmp::lt_eq(&least, &value))?, holds(cmp::gt_eq(&greatest, &value))?);
            Some(low.into_iter().zip(high).map(|(low, high)| low && high).collect())
        }
        Op::Lt => holds(cmp::lt(&least, &value)),
        Op::Le => holds(cmp::lt_eq(&least, &value)),
        Op::Gt => holds(cmp::gt(&greatest, &value)),
        Op::Ge => holds(cmp::gt_eq(&greatest, &value)),
        Op::Ne | Op::In | Op::Contains | Op::IsNull => None,
    }
}

fn cut_runs(runs: Vec<RowSelector>, groups: impl Iterator<Item = (usize, bool)>) -> Vec<RowSelector> {
    let mut runs = runs.into_iter();
    let mut run = runs.next();
    let mut cut = Vec::new();
    for (rows, keep) in groups {
        let mut left = rows;
        while left > 0 {
            let Some(mut here) = run.take().or_else(|| runs.next()) else { return cut };
            let count = here.row_count.min(left);
            let skip = here.skip || !keep;
            cut.push(if skip { RowSelector::skip(count) } else { RowSelector::select(count) });
            left -= count;
            here.row_count -= count;
            run = if here.row_count > 0 { Some(here) } else { runs.next() };
        }
    }
    cut
}
