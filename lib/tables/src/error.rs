//! What can go wrong with a whole file ([`Error`]), with one row of it ([`Refusal`]), and the limits both obey.

use std::io;

/// The result of an operation on a whole file.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source failed.
    #[error("cannot read the source")]
    Read(#[from] io::Error),
    /// More columns than the limit.
    #[error("{given} columns, at most {limit} are read")]
    TooWide {
        /// Columns found.
        given: usize,
        /// Columns allowed.
        limit: usize,
    },
    /// So many quotes are left open that nothing can be made of the file.
    #[error("quotes left open, last on line {line}")]
    Broken {
        /// Where the last of them opened.
        line: u64,
    },
    /// The receiver of the batches gave up.
    #[error("the receiver stopped: {0}")]
    Stopped(String),
    /// A batch could not be built; a fault of this crate.
    #[error("cannot build a batch")]
    Build(#[from] arrow_schema::ArrowError),
}

/// Why a row is refused. Types widen instead of refusing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// More or fewer cells than the header has.
    Ragged,
    /// Bytes that are no text in the file's encoding.
    Undecodable,
    /// A quote that is never closed.
    OpenQuote,
    /// A cell over the limit.
    CellTooLong,
}

impl Reason {
    /// The word in reports and message codes.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Ragged => "ragged",
            Reason::Undecodable => "undecodable",
            Reason::OpenQuote => "open_quote",
            Reason::CellTooLong => "cell_too_long",
        }
    }
}

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its first line in the file, from 1 (its record number where the source has no lines).
    pub line: u64,
    /// Why.
    pub reason: Reason,
    /// How many cells it has.
    pub cells: usize,
    /// The row as it stands, cut at 4 KiB; what is no text is replaced.
    pub text: String,
}

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Columns of a table.
    pub columns_max: usize,
    /// Bytes of one cell.
    pub cell_bytes_max: usize,
    /// Bytes of one record; a record beyond is taken as an open quote.
    pub record_bytes_max: usize,
    /// Bytes of one chunk.
    pub chunk_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { columns_max: 2_000, cell_bytes_max: 1 << 20, record_bytes_max: 4 << 20, chunk_bytes: 8 << 20 }
    }
}

impl Limits {
    /// Chunks stay far below the 4 GiB a cell's position can name.
    pub(crate) fn chunk_bytes(&self) -> usize {
        self.chunk_bytes.clamp(1, 64 << 20)
    }
}
