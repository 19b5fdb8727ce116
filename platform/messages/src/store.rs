//! SQL for the tables `messages_*`, split by noun; rows to model and back.

pub(crate) mod deliveries;
pub(crate) mod hooks;
pub(crate) mod inbox;
pub(crate) mod people;

use yiwang_kernel::{Cursor, Error, Id, Instant, PageRequest, Result};
use yiwang_store::{Row, Value};

/// Where a list of things by time goes on, newest first: before this instant, or at it before this id.
fn place(request: &PageRequest) -> Result<[Value; 2]> {
    let Some(Cursor(parts)) = &request.after else { return Ok([i64::MAX.into(), Value::Bytes(vec![0xff; 16])]) };
    let wrong = || Error::invalid("after", "cursor-format");
    let [time, id] = parts.as_slice() else { return Err(wrong()) };
    let id: Id = id.parse().map_err(|_| wrong())?;
    Ok([time.parse::<i64>().map_err(|_| wrong())?.into(), id.into()])
}

/// The cursor behind a thing of this time and id.
fn cursor(created: Instant, id: Id) -> Cursor {
    Cursor(vec![created.micros().to_string(), id.to_string()])
}

/// The number a count gave.
fn counted(row: Option<Row>) -> Result<u64> {
    let count = row.ok_or_else(|| Error::broken("a count without a row"))?.int("n")?;
    Ok(u64::try_from(count).unwrap_or(0))
}
