//! Values to and from PostgreSQL's binary formats, by the type the server names for a parameter or column.
//! Types beyond the subset are taken where other programs' tables use them: uuid, timestamps, numeric.

use sqlx::postgres::{PgArguments, PgRow, PgTypeInfo, PgValueRef};
use sqlx::{Arguments as _, Row as _, TypeInfo as _, ValueRef as _};
use yiwang_kernel::Error;

use crate::Value;
use crate::fault::Fault;

/// Adds one parameter in the binary format of the expected type. The kind given to the driver plays no part: the
/// statement is prepared already.
pub(crate) fn add(
    arguments: &mut PgArguments,
    place: usize,
    value: &Value,
    expected: &PgTypeInfo,
) -> Result<(), Fault> {
    let bytes = match value {
        Value::Null => None,
        value => {
            let bytes = encode(value, expected.name());
            let wrong = || Error::broken(format!("parameter ${} does not fit {}", place + 1, expected.name()));
            Some(bytes.ok_or_else(wrong)?)
        }
    };
    arguments.add(bytes).map_err(sqlx::Error::Encode)?;
    Ok(())
}

/// Reads all columns of a row.
pub(crate) fn decode_row(row: &PgRow) -> Result<Vec<Value>, Fault> {
    (0..row.len()).map(|place| decode(row.try_get_raw(place)?)).collect()
}

fn encode(value: &Value, expected: &str) -> Option<Vec<u8>> {
    let whole = match value {
        Value::Int(value) => Some(*value),
        Value::Bool(value) => Some(i64::from(*value)),
        Value::Null | Value::Float(_) | Value::Text(_) | Value::Bytes(_) => None,
    };
    match expected {
        "INT8" => Some(whole?.to_be_bytes().to_vec()),
        "INT4" => Some(i32::try_from(whole?).ok()?.to_be_bytes().to_vec()),
        "INT2" => Some(i16::try_from(whole?).ok()?.to_be_bytes().to_vec()),
        "OID" => Some(u32::try_from(whole?).ok()?.to_be_bytes().to_vec()),
        "BOOL" => Some(vec![u8::from(whole? != 0)]),
        "FLOAT8" => Some(float(value)?.to_be_bytes().to_vec()),
        #[expect(clippy::cast_possible_truncation, reason = "the column holds single precision")]
        "FLOAT4" => Some((float(value)? as f32).to_be_bytes().to_vec()),
        "BYTEA" => match value {
            Value::Bytes(bytes) => Some(bytes.clone()),
            _ => None,
        },
        "NUMERIC" => Some(super::numeric::encode(&written(value)?)?),
        "UUID" => uuid(&written(value)?),
        "TIMESTAMPTZ" | "TIMESTAMP" => Some(super::time::encode(value)?.to_be_bytes().to_vec()),
        "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "unknown" | "UNKNOWN" => Some(written(value)?.into_bytes()),
        _ => None,
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(value) => Some(*value),
        #[expect(clippy::cast_precision_loss, reason = "SQLite converts a whole number for a REAL column the same way")]
        Value::Int(value) => Some(*value as f64),
        Value::Null | Value::Bool(_) | Value::Text(_) | Value::Bytes(_) => None,
    }
}

/// The value as text; SQLite writes numbers into TEXT columns the same way.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::Text(value) => Some(value.clone()),
        Value::Int(value) => Some(value.to_string()),
        Value::Float(value) => Some(value.to_string()),
        Value::Bool(value) => Some(i64::from(*value).to_string()),
        Value::Null | Value::Bytes(_) => None,
    }
}

fn decode(raw: PgValueRef<'_>) -> Result<Value, Fault> {
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info().name().to_owned();
    let bytes = raw.as_bytes().map_err(sqlx::Error::Decode)?;
    let value = decode_bytes(&kind, bytes);
    value.ok_or_else(|| Error::broken(format!("a column of type {kind} cannot be read")).into())
}

fn decode_bytes(kind: &str, bytes: &[u8]) -> Option<Value> {
    Some(match kind {
        "INT8" => Value::Int(i64::from_be_bytes(bytes.try_into().ok()?)),
        "INT4" => Value::Int(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        "INT2" => Value::Int(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        "OID" => Value::Int(u32::from_be_bytes(bytes.try_into().ok()?).into()),
        "BOOL" => Value::Bool(bytes.first()? != &0),
        "FLOAT8" => Value::Float(f64::from_be_bytes(bytes.try_into().ok()?)),
        "FLOAT4" => Value::Float(f32::from_be_bytes(bytes.try_into().ok()?).into()),
        "BYTEA" => Value::Bytes(bytes.to_vec()),
        "NUMERIC" => {
            let digits = super::numeric::decode(bytes)?;
            digits.parse().map_or(Value::Text(digits), Value::Int)
        }
        "UUID" => Value::Text(uuid_text(bytes)?),
        "TIMESTAMPTZ" => Value::Text(super::time::decode(i64::from_be_bytes(bytes.try_into().ok()?))? + "+00"),
        "TIMESTAMP" => Value::Text(super::time::decode(i64::from_be_bytes(bytes.try_into().ok()?))?),
        "VOID" => Value::Null,
        _ => Value::Text(std::str::from_utf8(bytes).ok()?.to_owned()),
    })
}

fn uuid(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    if digits.len() != 32 {
        return None;
    }
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map(byte).collect()
}

fn uuid_text(bytes: &[u8]) -> Option<String> {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| digits.get(from..to);
    Some(format!("{}-{}-{}-{}-{}", part(0, 8)?, part(8, 12)?, part(12, 16)?, part(16, 20)?, part(20, 32)?))
}
