//! What callers of loading rely on.

mod arrivals;
mod city;
mod indexing;
mod loads;
mod model;
mod parquet;
mod retaining;
mod strength;
mod telling;
