//! What maps rely on: points land where every web map puts them, cutting and thinning keep shapes true, tiles read
//! back.

mod drawing;
mod numbers;
mod reader;
mod tiles;
