//! The lake: resources as versioned tables in DuckLake's layout, metadata in the store's database, rows in sealed
//! Parquet files. Implements the gate's engine; the policy is the last step of each of its scans. The only crate that
//! sees DataFusion and Parquet. Knows no person, no page and no reason to read.

mod catalog;
mod changes;
mod compact;
mod engine;
mod filter;
mod keys;
mod lake;
mod load;
mod lookup;
mod masking;
mod order;
mod parquet_files;
mod prune;
mod read;
mod replace;
mod scan;
mod serve;
mod sort;
mod source;
mod sql;
mod types;

pub use catalog::MIGRATIONS;
pub use lake::{Lake, LakeOptions};

#[cfg(test)]
mod tests;
