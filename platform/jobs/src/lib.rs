//! The one queue of the product, in the store: what a transaction wants done later, claimed under a lease by one node,
//! tried again with growing pauses, failed for good after a stated number of attempts. Knows no job's meaning: handlers
//! are registered by capabilities.

mod model;
mod queue;
mod runner;
mod schedule;
mod store;

use yiwang_store::Migration;

pub use model::{ATTEMPTS_MAX, Job, Order, State};
pub use queue::{cancel, claim, counts, enqueue, extend, fail, find, finish, list, prune, retry};
pub use runner::{Handler, Runner};
pub use schedule::{Schedule, enqueue_due};

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] =
    &[Migration { capability: "jobs", number: 1, sql: include_str!("../migrations/0001_jobs.sql") }];

#[cfg(test)]
mod tests;
