//! What visitors and programs rely on.

mod addresses;
mod city;
mod copies;
mod faults;
mod formats;
mod open_data;
mod parquet;
mod uploads;
