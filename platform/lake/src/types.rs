//! The column types of the lake: DuckLake's names for them, their Arrow form, and values as text both ways.
//! A closed list; what is not on it is refused when a load begins.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_cast::cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;
use yiwang_kernel::{Error, Result};

/// A column of a table: its id never changes, whatever it is called.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Column {
    /// Unique within the table; the field id in Parquet.
    pub(crate) id: i64,
    /// Its name.
    pub(crate) name: String,
    /// Its type, in DuckLake's words.
    pub(crate) type_name: String,
}

/// How texts are held in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Texts {
    /// One after the other: what readers are given.
    Plain,
    /// As views into what was read, copied nowhere: what SQL works on.
    Views,
}

impl Column {
    /// The Arrow type.
    pub(crate) fn data_type(&self) -> Result<DataType> {
        data_type(&self.type_name)
    }

    /// The Arrow field, with its id where Parquet looks for it.
    pub(crate) fn field(&self) -> Result<Field> {
        let id = [(PARQUET_FIELD_ID_META_KEY.to_owned(), self.id.to_string())];
        Ok(Field::new(&self.name, self.data_type()?, true).with_metadata(id.into()))
    }
}

/// The Arrow schema of these columns, for files (with ids).
pub(crate) fn file_schema(columns: &[Column]) -> Result<SchemaRef> {
    let fields: Vec<Field> = columns.iter().map(Column::field).collect::<Result<_>>()?;
    Ok(Arc::new(Schema::new(fields)))
}

/// The Arrow schema of these columns, as readers see it.
pub(crate) fn schema(columns: &[Column]) -> Result<SchemaRef> {
    let field = |column: &Column| Ok(Field::new(&column.name, column.data_type()?, true));
    Ok(Arc::new(Schema::new(columns.iter().map(field).collect::<Result<Vec<_>>>()?)))
}

/// The same columns with texts as views.
pub(crate) fn with_views(schema: &SchemaRef) -> SchemaRef {
    with_texts(schema, &DataType::Utf8, &DataType::Utf8View)
}

/// The same columns with texts one after the other.
pub(crate) fn without_views(schema: &SchemaRef) -> SchemaRef {
    with_texts(schema, &DataType::Utf8View, &DataType::Utf8)
}

fn with_texts(schema: &SchemaRef, from: &DataType, to: &DataType) -> SchemaRef {
    let field = |field: &Arc<Field>| match field.data_type() {
        given if given == from => Arc::new(field.as_ref().clone().with_data_type(to.clone())),
        _ => Arc::clone(field),
    };
    let fields: Vec<Arc<Field>> = schema.fields().iter().map(field).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// The batch's columns, in their order, in the types of this schema.
pub(crate) fn retyped(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(array, field)| convert(array, field.data_type()));
    batch_of(schema, columns.collect::<Result<_>>()?, batch.num_rows())
}

/// DuckLake's word for an Arrow type, after widening to the closed list; refuses the rest naming the field.
pub(crate) fn type_name(field: &Field) -> Result<String> {
    let name = match field.data_type() {
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => "int64".to_owned(),
        DataType::Float32 | DataType::Float64 => "float64".to_owned(),
        DataType::Decimal128(precision, scale) if *scale >= 0 => format!("decimal({precision},{scale})"),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(_, None) => "timestamp".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => "varchar".to_owned(),
        other => return Err(Error::invalid(field.name(), "load-type").with("given", other)),
    };
    Ok(name)
}

/// The Arrow type of DuckLake's word.
pub(crate) fn data_type(name: &str) -> Result<DataType> {
    let known = match name {
        "boolean" => DataType::Boolean,
        "int64" => DataType::Int64,
        "float64" => DataType::Float64,
        "date" => DataType::Date32,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, None),
        "varchar" => DataType::Utf8,
        other => return decimal(other).ok_or_else(|| Error::broken("an unknown column type in the lake")),
    };
    Ok(known)
}

fn decimal(name: &str) -> Option<DataType> {
    let (precision, scale) = name.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
    Some(DataType::Decimal128(precision.parse().ok()?, scale.parse().ok()?))
}

/// Whether values of one type may be kept in a column of another without loss.
pub(crate) fn fits(given: &str, kept: &str) -> bool {
    given == kept
        || kept == "varchar"
        || (given == "int64" && (kept == "float64" || kept.starts_with("decimal(")))
        || (given.starts_with("decimal(") && kept.starts_with("decimal(") && decimal_fits(given, kept))
        || (given == "date" && kept == "timestamp")
}

fn decimal_fits(given: &str, kept: &str) -> bool {
    match (decimal(given), decimal(kept)) {
        (Some(DataType::Decimal128(digits, scale)), Some(DataType::Decimal128(kept_digits, kept_scale))) => {
            scale <= kept_scale
                && i16::from(digits) - i16::from(scale) <= i16::from(kept_digits) - i16::from(kept_scale)
        }
        _ => false,
    }
}

/// The batch in exactly these columns, cast where needed; columns it lacks are empty.
pub(crate) fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let column = |field: &Arc<Field>| match batch.column_by_name(field.name()) {
        Some(array) => convert(array, field.data_type()).map_err(|_| Error::invalid(field.name(), "load-value")),
        None => Ok(arrow_array::new_null_array(field.data_type(), batch.num_rows())),
    };
    let columns = schema.fields().iter().map(column).collect::<Result<Vec<_>>>()?;
    batch_of(schema, columns, batch.num_rows())
}

/// A batch of these columns; keeps the row count where there is no column.
pub(crate) fn batch_of(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|error| Error::internal("putting a batch together", error))
}

/// The array in another type; a value that does not fit is an error, never silently empty.
pub(crate) fn convert(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(array, to, &options).map_err(|error| Error::internal("converting a column", error))
}

/// The array's values as text, the form of keys and inlined rows.
pub(crate) fn texts(array: &ArrayRef) -> Result<StringArray> {
    let array = convert(array, &DataType::Utf8)?;
    let texts = array.as_any().downcast_ref::<StringArray>();
    texts.cloned().ok_or_else(|| Error::broken("a text column is not text"))
}

/// One text as an array of one value of this type; refuses what is no such value, naming the field.
pub(crate) fn value_of(field: &str, text: &str, to: &DataType) -> Result<ArrayRef> {
    let one: ArrayRef = Arc::new(StringArray::from(vec![text.trim()]));
    let one = if *to == DataType::Utf8 { Arc::new(StringArray::from(vec![text])) as ArrayRef } else { one };
    let value = convert(&one, to).map_err(|_| Error::invalid(field, "gate-filter-type").with("field", field))?;
    if value.is_null(0) { Err(Error::invalid(field, "gate-filter-type").with("field", field)) } else { Ok(value) }
}
