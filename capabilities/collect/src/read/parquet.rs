//! Parquet: the rows as the gate's engine decodes them, written as delimited text while they are read, with the types
//! the file declares. Text stays text; the other types give way where a value is an identifier. Decodes nothing itself.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::Array;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, Field};
use yiwang_kernel::{Error, Result};
use yiwang_tables::{Dialect, Type};

use super::text::{piped, write_row};
use super::{Declared, Decode, DecodedRows, Table, UNFOLDED_BYTES_MAX, UNFOLDED_RATIO_MAX, bounded};
use crate::fit::short;
use crate::pour::Settled;

/// Text that a small file may unfold to, whatever its ratio: columns of one value take no room at all in such a file.
const HARMLESS_BYTES: u64 = 1 << 30;

/// The table of a Parquet file.
pub(super) fn table(decode: &Decode, size_bytes: u64) -> Result<Table> {
    let schema = decode()?.schema;
    let declared = schema.fields().iter().map(|field| declared(field)).collect();
    let unfolded_max = size_bytes.saturating_mul(UNFOLDED_RATIO_MAX).clamp(HARMLESS_BYTES, UNFOLDED_BYTES_MAX);
    let decode = Arc::clone(decode);
    let open = move || {
        let decode = Arc::clone(&decode);
        let text = piped(move |out| write(decode().map_err(io::Error::other)?, out))?;
        Ok(bounded(text, unfolded_max))
    };
    Ok(Table { name: None, format: "parquet", open: Box::new(open), told: Some(Dialect::plain()), declared })
}

/// What the file says of a column. Identifiers in columns of numbers become text all the same.
fn declared(field: &Field) -> Declared {
    let settled = match field.data_type() {
        DataType::Boolean => Settled::AtLeast(Type::Bool),
        DataType::Int64 => Settled::AtLeast(Type::Integer),
        DataType::Decimal128(precision, scale) => {
            Settled::AtLeast(Type::Decimal { precision: *precision, scale: *scale })
        }
        DataType::Float64 => Settled::Exactly(Type::Float),
        DataType::Date32 => Settled::AtLeast(Type::Date),
        DataType::Timestamp(_, None) => Settled::AtLeast(Type::Timestamp),
        _ => Settled::Exactly(Type::Text),
    };
    Declared { settled, why: field.metadata().get(yiwang_gate::WHY).cloned().unwrap_or_default() }
}

fn write(rows: DecodedRows, out: &mut dyn Write) -> io::Result<()> {
    write_row(out, rows.schema.fields().iter().map(|field| Some(field.name().as_str())))?;
    let options = FormatOptions::new().with_display_error(false);
    let unwritten = |source| io::Error::other(Error::internal("a column does not write as text", source));
    for batch in rows.batches {
        let batch = batch.map_err(io::Error::other)?;
        let columns = batch.columns().iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options));
        let columns = columns.collect::<std::result::Result<Vec<_>, _>>().map_err(unwritten)?;
        let mut row: Vec<Option<String>> = vec![None; columns.len()];
        for number in 0..batch.num_rows() {
            for ((cell, column), array) in row.iter_mut().zip(&columns).zip(batch.columns()) {
                *cell = match array.is_valid(number) {
                    true if array.data_type().is_decimal() => {
                        Some(short(column.value(number).try_to_string().map_err(unwritten)?))
                    }
                    true => Some(column.value(number).try_to_string().map_err(unwritten)?),
                    false => None,
                };
            }
            write_row(out, row.iter().map(Option::as_deref))?;
        }
    }
    Ok(())
}
