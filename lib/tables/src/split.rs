//! A stream of decoded text cut into chunks that begin and end with records, however the bytes arrive.
//! Holds at most one chunk and one unfinished record.

use memchr::{memchr, memchr_iter, memrchr};

use crate::dialect::read_cells;
use crate::{Dialect, Error, Limits, Result};

/// Quotes left open that long, so often: then the file is given up.
const OPEN_QUOTES_MAX: usize = 1_000;

/// Whole records of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Its place among the chunks, from 0.
    pub index: u64,
    /// The line of the file it begins with, from 1.
    pub first_line: u64,
    /// UTF-8, save for what could not be decoded.
    pub bytes: Vec<u8>,
}

/// Cuts text into chunks.
pub struct Splitter {
    dialect: Dialect,
    limits: Limits,
    held: Vec<u8>,
    index: u64,
    line: u64,
    open_quotes: usize,
}

impl Splitter {
    /// For a file of this dialect.
    pub fn new(dialect: Dialect, limits: Limits) -> Splitter {
        Splitter { dialect, limits, held: Vec::new(), index: 0, line: 1, open_quotes: 0 }
    }

    /// Where the next text is to be appended.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.held
    }

    /// Whether enough is held for a chunk.
    pub fn is_full(&self) -> bool {
        self.held.len() >= self.wanted()
    }

    /// The first chunk is small, so that the types are soon known.
    fn wanted(&self) -> usize {
        let wanted = self.limits.chunk_bytes();
        if self.index == 0 { (wanted / 8).max(1) } else { wanted }
    }

    /// The next chunk of what is held: none where more is needed. `last` says that no more will come; then chunks are
    /// taken until there is none. Where a chunk ends depends on the text alone, not on how it arrived.
    pub fn take(&mut self, last: bool) -> Result<Option<Chunk>> {
        if self.held.is_empty() || !(last || self.is_full()) {
            return Ok(None);
        }
        let length = self.held.len();
        let window = &self.held[..length.min(self.wanted())];
        let end = match last_record_end(window, &self.dialect) {
            _ if last && length <= self.wanted() => length,
            Some(end) => end,
            None => {
                let most = length.min(self.limits.record_bytes_max.max(1));
                match first_record_end(&self.held[..most], &self.dialect) {
                    Some(end) => end,
                    None if length > most => self.give_up_record()?,
                    None if last => length,
                    None => return Ok(None),
                }
            }
        };
        let rest = self.held.split_off(end);
        let bytes = std::mem::replace(&mut self.held, rest);
        let chunk = Chunk { index: self.index, first_line: self.line, bytes };
        self.index += 1;
        self.line += memchr_iter(self.dialect.newline, &chunk.bytes).count() as u64;
        Ok(Some(chunk))
    }

    /// A record beyond the limit: its first line goes out alone and will be refused.
    fn give_up_record(&mut self) -> Result<usize> {
        self.open_quotes += 1;
        if self.open_quotes > OPEN_QUOTES_MAX {
            return Err(Error::Broken { line: self.line });
        }
        Ok(memchr(self.dialect.newline, &self.held).map_or(self.held.len(), |at| at + 1))
    }
}

/// Where the quotes of a text open and close, by the same rule as the cells are read.
struct Quotes<'a> {
    text: &'a [u8],
    dialect: &'a Dialect,
    quote: u8,
    at: usize,
}

impl Quotes<'_> {
    /// The next quoted stretch that opens before the limit: where it opens, and after its closing quote (none if left
    /// open).
    fn next(&mut self, limit: usize) -> Option<(usize, Option<usize>)> {
        loop {
            let open = self.at + memchr(self.quote, self.text.get(self.at..limit)?)?;
            self.at = open + 1;
            let before = open.checked_sub(1).map(|before| self.text[before]);
            if before.is_none_or(|byte| byte == self.dialect.delimiter || byte == self.dialect.newline) {
                return Some((open, self.close()));
            }
        }
    }

    fn close(&mut self) -> Option<usize> {
        loop {
            let close = self.at + memchr(self.quote, &self.text[self.at..])?;
            self.at = close + 1;
            if self.text.get(self.at) != Some(&self.quote) {
                return Some(self.at);
            }
            self.at += 1;
        }
    }
}

/// The end of the last record that is certainly whole.
fn last_record_end(text: &[u8], dialect: &Dialect) -> Option<usize> {
    let newline = |from: usize, to: usize| memrchr(dialect.newline, &text[from..to]).map(|at| from + at + 1);
    let Some(quote) = dialect.quote.filter(|quote| memchr(*quote, text).is_some()) else {
        return newline(0, text.len());
    };
    let mut quotes = Quotes { text, dialect, quote, at: 0 };
    let mut outside = 0;
    let mut last = None;
    while let Some((open, close)) = quotes.next(text.len()) {
        last = newline(outside, open).or(last);
        let Some(close) = close else { return last };
        // A quote at the very end may be the first of two.
        if close == text.len() {
            return last;
        }
        outside = close;
    }
    newline(outside, text.len()).or(last)
}

/// The end of the first record; none if it has no end here.
pub(crate) fn first_record_end(text: &[u8], dialect: &Dialect) -> Option<usize> {
    let newline = |from: usize, to: usize| memchr(dialect.newline, &text[from..to]).map(|at| from + at + 1);
    let Some(quote) = dialect.quote else { return newline(0, text.len()) };
    let mut quotes = Quotes { text, dialect, quote, at: 0 };
    let mut outside = 0;
    loop {
        let end = newline(outside, text.len());
        match quotes.next(end.unwrap_or(text.len())) {
            Some((_, close)) => outside = close?,
            None => return end,
        }
    }
}

/// One record's cells as texts.
pub(crate) fn cells_of(record: &[u8], dialect: &Dialect) -> Vec<String> {
    let mut width = 1;
    let mut quotes = dialect.quote.map(|quote| Quotes { text: record, dialect, quote, at: 0 });
    let mut outside = 0;
    loop {
        let quoted = quotes.as_mut().and_then(|quotes| quotes.next(record.len()));
        let end = quoted.map_or(record.len(), |(open, _)| open);
        width += memchr_iter(dialect.delimiter, &record[outside..end]).count();
        match quoted {
            Some((_, Some(close))) => outside = close,
            _ => return read_cells(record, dialect, width),
        }
    }
}
