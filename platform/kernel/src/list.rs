//! How lists are asked for and answered: a limit on every list, keyset cursors, exact totals.

use crate::{Error, Result};

/// Rows a page shows when nobody asks for another number.
pub const ROWS_PER_PAGE: usize = 20;
/// Rows a page shows at most.
pub const ROWS_PER_PAGE_MAX: usize = 200;

/// Where a keyset list goes on: the last row's sort values, opaque to readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub Vec<String>);

impl Cursor {
    /// The cursor as it stands in an address: each value in hexadecimal, joined by `.`.
    pub fn encode(&self) -> String {
        let hex = |value: &String| value.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        self.0.iter().map(hex).collect::<Vec<_>>().join(".")
    }

    /// Reads what [`Cursor::encode`] wrote; anything else is refused naming `after`.
    pub fn decode(text: &str) -> Result<Cursor> {
        let wrong = || Error::invalid("after", "cursor-format");
        if text.len() > 4096 {
            return Err(wrong());
        }
        let value = |part: &str| -> Option<String> {
            let digits = part.as_bytes();
            if !digits.len().is_multiple_of(2) {
                return None;
            }
            let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
            String::from_utf8(digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>()?).ok()
        };
        text.split('.').map(value).collect::<Option<Vec<_>>>().map(Cursor).ok_or_else(wrong)
    }
}

/// What a reader asks of a list.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// Rows wanted; see [`PageRequest::rows`].
    pub rows: Option<usize>,
    /// Go on after this row.
    pub after: Option<Cursor>,
}

impl PageRequest {
    /// Rows to fetch, within the limit.
    pub fn rows(&self) -> usize {
        self.rows.unwrap_or(ROWS_PER_PAGE).clamp(1, ROWS_PER_PAGE_MAX)
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct ListPage<T> {
    /// The rows of this page.
    pub rows: Vec<T>,
    /// All rows that match, exactly.
    pub total: u64,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
}
