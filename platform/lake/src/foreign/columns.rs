//! Columns of somebody else's Parquet file in types whose text is exact; a reason where one stands as text. Refuses
//! what has no honest text, naming the column.

use std::sync::Arc;

use arrow_array::types::{
    ArrowTimestampType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch, StringViewArray};
use arrow_cast::cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use yiwang_gate::WHY;
use yiwang_kernel::{Error, Result};

use crate::types;

const DECLARED: &str = "declared";
const ZONE: &str = "zone";

/// The file's own schema with texts as views: a long text that stands once in the file is then held once.
pub(super) fn lean(given: &Schema) -> SchemaRef {
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 => field.as_ref().clone().with_data_type(DataType::Utf8View),
        DataType::Binary => field.as_ref().clone().with_data_type(DataType::BinaryView),
        _ => field.as_ref().clone(),
    };
    Arc::new(Schema::new_with_metadata(given.fields().iter().map(field).collect::<Vec<_>>(), given.metadata().clone()))
}

/// The columns as they are handed on.
pub(super) fn schema(given: &Schema) -> Result<SchemaRef> {
    let fields = given.fields().iter().map(|given| field(given)).collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(Schema::new(fields)))
}

fn field(given: &Field) -> Result<Field> {
    let (data_type, why) = match given.data_type() {
        DataType::Boolean | DataType::Date32 | DataType::Timestamp(_, None) => (given.data_type().clone(), DECLARED),
        DataType::Decimal128(_, scale) if *scale >= 0 => (given.data_type().clone(), DECLARED),
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => (DataType::Int64, DECLARED),
        DataType::UInt64 => (DataType::Decimal128(20, 0), DECLARED),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => (DataType::Float64, DECLARED),
        DataType::Timestamp(_, Some(_)) => (DataType::Utf8View, ZONE),
        DataType::Utf8View
        | DataType::BinaryView
        | DataType::Null
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => (DataType::Utf8View, DECLARED),
        other => return Err(Error::invalid(given.name(), "load-parquet-type").with("given", other)),
    };
    Ok(Field::new(given.name(), data_type, true).with_metadata([(WHY.to_owned(), why.to_owned())].into()))
}

/// The batch in these columns.
pub(super) fn handed_on(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(array, field)| column(array, field));
    types::batch_of(schema, columns.collect::<Result<Vec<_>>>()?, batch.num_rows())
}

fn column(array: &ArrayRef, field: &Field) -> Result<ArrayRef> {
    let to = field.data_type();
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let cast = |array: &ArrayRef, to: &DataType| cast_with_options(array, to, &options);
    match array.data_type() {
        from if from == to => Ok(Arc::clone(array)),
        DataType::Null => Ok(arrow_array::new_null_array(to, array.len())),
        DataType::BinaryView => cast(array, to).map_err(|_| Error::invalid(field.name(), "load-parquet-binary")),
        DataType::Timestamp(unit, Some(_)) => {
            let texts = match unit {
                TimeUnit::Second => utc::<TimestampSecondType>(array),
                TimeUnit::Millisecond => utc::<TimestampMillisecondType>(array),
                TimeUnit::Microsecond => utc::<TimestampMicrosecondType>(array),
                TimeUnit::Nanosecond => utc::<TimestampNanosecondType>(array),
            };
            texts.ok_or_else(|| Error::invalid(field.name(), "load-value"))
        }
        _ => cast(array, to).map_err(|_| Error::invalid(field.name(), "load-value")),
    }
}

/// Points in time as text in UTC, which is how Parquet holds them.
fn utc<T: ArrowTimestampType>(array: &ArrayRef) -> Option<ArrayRef> {
    let points = array.as_any().downcast_ref::<PrimitiveArray<T>>()?;
    let plain: ArrayRef = Arc::new(points.clone().with_timezone_opt(None::<Arc<str>>));
    let texts = types::texts(&plain).ok()?;
    let marked = texts.iter().map(|text| text.map(|text| format!("{text}Z")));
    Some(Arc::new(marked.collect::<StringViewArray>()))
}
