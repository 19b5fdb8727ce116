//! Rows in the order of one column, empty cells last, ties in the order of the table: sorted after the policy, within
//! the memory of one query. A page keeps only as many rows as it needs.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, UInt64Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef, SortOptions};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan as _;
use datafusion::physical_plan::sorts::sort::SortExec;
use futures::{StreamExt as _, TryStreamExt as _};
use yiwang_gate::Sort;
use yiwang_kernel::{Error, Result};

use crate::read::Reading;
use crate::scan::{Batches, Slice, to_usize};
use crate::source::{MakeBatches, SourceExec};
use crate::sql;
use crate::types;

const PLACE_COLUMN: &str = "_place";

/// Rows in order from `offset`; so many, or all.
pub(crate) async fn sorted(reading: &Arc<Reading>, sort: &Sort, offset: u64, rows: Option<u64>) -> Result<Batches> {
    let schema = with_place(&reading.masking.schema);
    let column = schema.index_of(&sort.field).map_err(|_| Error::invalid("sort", "field-unknown"))?;
    let order =
        [expression(&sort.field, column, sort.descending), expression(PLACE_COLUMN, schema.fields().len() - 1, false)];
    let order = LexOrdering::new(order).ok_or_else(|| Error::broken("an order without columns"))?;
    let source = SourceExec::new(Arc::clone(&schema), 1, numbered(reading, &schema).await?);
    let fetch = rows.map(|rows| to_usize(offset.saturating_add(rows)));
    let plan = SortExec::new(order, Arc::new(source)).with_fetch(fetch);
    let task = sql::task_context(&reading.lake, false)?;
    let batches = plan.execute(0, task).map_err(sql::engine_error)?;
    let width = schema.fields().len() - 1;
    let skip = Mutex::new(to_usize(offset));
    let cut = move |batch: arrow_array::RecordBatch| {
        let mut skip = skip.lock().unwrap_or_else(PoisonError::into_inner);
        let skipped = (*skip).min(batch.num_rows());
        *skip -= skipped;
        let batch = batch.slice(skipped, batch.num_rows() - skipped);
        batch.project(&(0..width).collect::<Vec<_>>()).map_err(crate::scan::arrow_error)
    };
    Ok(batches.map_err(sql::engine_error).map(move |batch| cut(batch?)).boxed())
}

/// The rows with their running number, which settles ties.
async fn numbered(reading: &Arc<Reading>, schema: &SchemaRef) -> Result<MakeBatches> {
    let once = Mutex::new(Some(reading.stream(Slice::ALL).await?));
    let schema = Arc::clone(schema);
    Ok(Arc::new(move |_| {
        let batches = once.lock().unwrap_or_else(PoisonError::into_inner).take();
        let schema = Arc::clone(&schema);
        let mut next = 0_u64;
        let number = move |batch: Result<arrow_array::RecordBatch>| {
            let batch = batch?;
            let after = next + batch.num_rows() as u64;
            let places: ArrayRef = Arc::new(UInt64Array::from_iter_values(next..after));
            next = after;
            let columns = batch.columns().iter().cloned().chain([places]).collect();
            types::batch_of(&schema, columns, batch.num_rows())
        };
        match batches {
            Some(batches) => batches.map(number).boxed(),
            None => futures::stream::empty().boxed(),
        }
    }))
}

fn with_place(schema: &SchemaRef) -> SchemaRef {
    let place = Arc::new(Field::new(PLACE_COLUMN, DataType::UInt64, false));
    Arc::new(Schema::new(schema.fields().iter().cloned().chain([place]).collect::<Vec<_>>()))
}

fn expression(name: &str, place: usize, descending: bool) -> PhysicalSortExpr {
    PhysicalSortExpr::new(Arc::new(Column::new(name, place)), SortOptions { descending, nulls_first: false })
}
