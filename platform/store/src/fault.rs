//! What a database says when it refuses, turned into the closed list of errors; decides what is worth another try.
//! Keeps code and message of the database, never its detail line (which quotes the row).

use std::fmt;

use sqlx::error::{DatabaseError, ErrorKind};
use yiwang_kernel::Error;

/// A failed statement: the error for the caller, and whether the whole transaction may simply run again.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) error: Error,
    pub(crate) again: bool,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault { error, again: false }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Fault {
        match error {
            sqlx::Error::Database(told) => from_database(told.as_ref()),
            sqlx::Error::PoolTimedOut => Error::unavailable("store-busy").into(),
            sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                tracing::warn!(%error, "the store does not answer");
                Error::unavailable("store-down").into()
            }
            other => Error::internal("a statement of the store failed", Told::new("", other.to_string())).into(),
        }
    }
}

fn from_database(told: &dyn DatabaseError) -> Fault {
    let code = told.code().unwrap_or_default().into_owned();
    let error = match told.kind() {
        ErrorKind::UniqueViolation => Error::conflict("exists").with("table", table_of(told)),
        ErrorKind::ForeignKeyViolation => Error::conflict("referenced").with("table", table_of(told)),
        _ => match condition(&code) {
            Condition::Again => return Fault { error: Error::unavailable("store-busy"), again: true },
            Condition::Busy => Error::unavailable("store-busy"),
            Condition::Full => Error::unavailable("disk-full"),
            Condition::ReadOnly => Error::unavailable("disk-readonly"),
            Condition::Down => Error::unavailable("store-down"),
            Condition::Timeout => Error::Timeout,
            Condition::Other => {
                Error::internal("a statement of the store failed", Told::new(&code, told.message().to_owned()))
            }
        },
    };
    error.into()
}

enum Condition {
    Again,
    Busy,
    Full,
    ReadOnly,
    Down,
    Timeout,
    Other,
}

/// SQLite's extended result codes (low byte: the primary one) and PostgreSQL's SQLSTATE never collide: the latter have
/// five characters.
fn condition(code: &str) -> Condition {
    match code {
        "40001" | "40P01" | "55P03" => Condition::Again,
        "53100" => Condition::Full,
        "57014" => Condition::Timeout,
        "57P01" | "57P02" | "57P03" | "53300" => Condition::Down,
        sqlite if sqlite.len() < 5 => match sqlite.parse::<u32>().unwrap_or(0) & 0xff {
            // Another process holds the file; the driver has waited for it already.
            5 | 6 => Condition::Busy,
            8 => Condition::ReadOnly,
            13 => Condition::Full,
            _ => Condition::Other,
        },
        _ => Condition::Other,
    }
}

/// The table a constraint belongs to. SQLite says `UNIQUE constraint failed: table.column`.
fn table_of(told: &dyn DatabaseError) -> String {
    if let Some(table) = told.table() {
        return table.to_owned();
    }
    let columns = told.message().split(": ").last().unwrap_or_default();
    columns.split_once('.').map(|(table, _)| table.to_owned()).unwrap_or_default()
}

/// Code and message of the database.
#[derive(Debug)]
struct Told {
    code: String,
    message: String,
}

impl Told {
    fn new(code: &str, message: String) -> Told {
        Told { code: code.to_owned(), message }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.code, self.message)
    }
}

impl std::error::Error for Told {}
