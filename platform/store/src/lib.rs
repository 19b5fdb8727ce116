//! The product's own tables, on SQLite or PostgreSQL, behind one small interface: `Db::{query, execute, tx}` over
//! [`Value`] and [`Row`]. Callers write one SQL subset and cannot see which database answers; no driver type leaves
//! this crate. Holds migrations, the outbox, ledger requests, the portable snapshot and the claim on a place for a new
//! store; knows no capability's tables.

mod db;
pub mod decisions;
mod fault;
mod migrate;
pub mod outbox;
mod portable;
mod postgres;
mod row;
mod sealed;
mod sqlite;
pub mod testing;
mod translate;
mod tx;
mod vacant;
mod value;

pub use db::Db;
pub use migrate::{Applied, Migration, Standing};
pub use row::Row;
pub use sealed::Sealed;
pub use tx::Tx;
pub use vacant::Vacant;
pub use value::Value;

/// The store's own tables; part of every list of migrations, first.
pub const MIGRATIONS: &[Migration] = &[
    Migration { capability: "store", number: 1, sql: include_str!("../migrations/0001_outbox.sql") },
    Migration { capability: "store", number: 2, sql: include_str!("../migrations/0002_decisions.sql") },
];

#[cfg(test)]
mod tests;
