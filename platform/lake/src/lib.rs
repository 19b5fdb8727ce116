//! The lake: resources as versioned tables in DuckLake's layout, metadata in the store's database, rows in sealed
//! Parquet files. Implements the gate's engine; the policy is the last step of each of its scans. The only crate that
//! sees DataFusion and Parquet. Knows no person, no page and no reason to read.

mod admission;
mod catalog;
mod changes;
mod chosen;
mod clean;
mod compact;
mod copies;
mod derive;
mod engine;
mod filter;
mod foreign;
mod keys;
mod lake;
mod load;
mod lookup;
mod masking;
mod order;
mod parquet_files;
mod plain;
mod prune;
mod read;
mod replace;
mod rows;
mod runs;
mod scan;
mod serve;
mod sort;
mod source;
mod sql;
mod statistics;
mod types;

pub use catalog::{MIGRATIONS, erased_resources, named_files};
pub use lake::{Lake, LakeOptions};

#[cfg(test)]
mod tests;
