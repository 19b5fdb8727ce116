//! Delimited text and other rows into Arrow batches at high speed, with types chosen from the whole file.
//! A file is cut at safe record ends ([`Splitter`]), each chunk is parsed on its own ([`parse()`]) and [`Load`] joins
//! what they say; a chunk whose types turn out too narrow is parsed again. Pure: knows no catalogue, store or lake.

mod cells;
mod column;
mod decode;
mod dialect;
mod error;
mod facts;
mod load;
mod names;
mod parse;
mod profile;
mod rows;
mod run;
mod shape;
mod sketch;
mod split;
mod value;

pub use decode::Decoder;
pub use dialect::{Dialect, Encoding, HeaderReason, text_of};
pub use error::{Error, Limits, Reason, Refusal, Result};
pub use facts::Facts;
pub use load::{Column, Load, Outcome};
pub use names::{draft_name, draft_names, is_personal_header};
pub use parse::{Parsed, Plan, parse, schema};
pub use profile::{Profile, TopValue};
pub use rows::{Rows, parse_rows, plan_rows};
pub use run::{Piece, Source, Table, collect, run};
pub use shape::{Hint, Shape, Type};
pub use split::{Chunk, Splitter};

#[cfg(test)]
mod tests;
