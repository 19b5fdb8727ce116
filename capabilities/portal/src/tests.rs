//! What visitors and programs rely on.

mod addresses;
mod city;
mod copies;
mod faults;
mod formats;
mod maps;
mod open_data;
mod parquet;
mod uploads;

/// Reads tiles back as their specification says, the same for all who test tiles.
#[path = "../../../lib/tiles/src/tests/reader.rs"]
mod reader;
