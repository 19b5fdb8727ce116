//! SQL of `catalogue_*`: rows to model and back. No rule and no permission here; see `ops`.

mod batches;
mod changes;
mod claims;
mod entries;
mod negative;

pub use batches::{Batch, BatchState};
pub(crate) use batches::{batch, batches, put_batch, set_batch_state};
pub use changes::Change;
pub(crate) use changes::{changes, changes_of_batch, last_revision, last_revision_in, put_change, snapshot_before};
pub use claims::Claim;
pub(crate) use claims::{conflicts, put_claims};
pub use entries::Counts;
pub(crate) use entries::{
    Narrowing, city_counts, count_entries, delete_entry, entries, entries_of, entry, entry_in, exists_in, insert_entry,
    integration, next_sequence, progress, raise_sequence, update_entry,
};
pub(crate) use negative::{
    lapsed, negative_in, negative_list, negative_of, negative_of_in, put_negative, remove_negative, whole_held,
};

/// The capability's tables.
pub(crate) const MIGRATION: &str = include_str!("../migrations/0001_catalogue.sql");
