//! Files at rest: every object sealed in 64 KiB chunks under a key of its scope ([`SealedStore`], [`KeyVault`]),
//! durable when acknowledged ([`Disk`]), and whole uploads with hash and retention ([`Files`]). Knows no format and no
//! grant; who may read a blob is the gate's to say.

mod blobs;
mod disk;
mod medium;
mod refusal;
mod sealed;
mod store;
pub mod testing;
mod vault;

use yiwang_store::Migration;

pub use blobs::{Blob, Files, named_files};
pub use disk::Disk;
pub use disk::hold::Hold;
pub use medium::{Direct, Medium};
pub use refusal::refusal;
pub use sealed::SealedStore;
pub use vault::KeyVault;

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] =
    &[Migration { capability: "files", number: 1, sql: include_str!("../migrations/0001_files.sql") }];

#[cfg(test)]
mod tests;
