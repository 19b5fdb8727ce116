//! The full-text index over metadata and open text, kept under `derived/search/`: Chinese words, bigrams, pinyin,
//! codes by prefix, facets, and the reader's ACL terms inside every query. It is derived: any copy may be deleted and
//! rebuilt from the store. It knows no capability, and never holds rows of city data.

mod document;
mod find;
mod fold;
mod index;
mod marks;
mod schema;
mod sound;
mod tombstones;
mod words;

pub use document::{Document, Facet};
pub use find::{FacetCount, Hit, Hits, Query, ROWS_MAX, Sort};
pub use fold::{fold, fold_code};
pub use index::Search;
pub use marks::{Piece, marked};

#[cfg(test)]
mod tests;
