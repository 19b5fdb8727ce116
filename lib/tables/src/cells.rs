//! One chunk of delimited text as cells: positions in the text, row after row. Quotes by RFC 4180, leniently: a quote
//! inside an unquoted cell is a character, text after a closing quote stays. Knows no types.

use memchr::{memchr, memchr_iter};

use crate::{Dialect, Limits, Reason, Refusal};

const QUOTED: u32 = 1 << 31;
const EXTRA: u32 = 1 << 30;
const LENGTH: u32 = EXTRA - 1;
const TEXT_KEPT_BYTES: usize = 4096;
/// So often a chunk is read anew after a quote left open; then every line that is left is refused.
const RESTARTS_MAX: usize = 64;

/// Where a cell stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    start: u32,
    tag: u32,
}

/// A chunk's cells, row after row, each row as wide as the table.
#[derive(Debug, Default)]
pub(crate) struct Cells<'a> {
    text: &'a [u8],
    /// Cells whose quotes had to be undone.
    extra: Vec<u8>,
    spans: Vec<Span>,
    width: usize,
}

/// What is read of a chunk besides its cells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) dialect: Dialect,
    pub(crate) limits: Limits,
    pub(crate) width: usize,
    pub(crate) first_line: u64,
    /// The first record is the header.
    pub(crate) skip_first: bool,
}

impl<'a> Cells<'a> {
    /// Reads a chunk that begins with a record and ends with one; rows of another width are refused.
    pub(crate) fn read(text: &'a [u8], reading: &Reading) -> (Cells<'a>, Vec<Refusal>) {
        let cells = Cells { text, width: reading.width, ..Cells::default() };
        let check_rows = simdutf8::basic::from_utf8(text).is_err();
        let mut scan = Scan {
            cells,
            reading,
            refusals: Vec::new(),
            check_rows,
            row_start: 0,
            row_span: 0,
            skip_record: reading.skip_first,
            counted: (0, reading.first_line),
        };
        scan.cells.spans.reserve(text.len() / 8);
        scan.all();
        (scan.cells, scan.refusals)
    }

    /// Rows given cell by cell: none is null, and the texts are kept apart from each other.
    pub(crate) fn from_rows(width: usize, rows: &[&[Option<String>]]) -> Cells<'static> {
        let mut cells = Cells { width, ..Cells::default() };
        for cell in rows.iter().copied().flatten() {
            let start = cells.extra.len() as u32;
            let given = cell.as_deref().unwrap_or_default();
            cells.extra.extend_from_slice(given.as_bytes());
            let quoted = if cell.is_some() { QUOTED } else { 0 };
            cells.spans.push(Span { start, tag: given.len() as u32 | EXTRA | quoted });
        }
        cells
    }

    pub(crate) fn rows(&self) -> usize {
        self.spans.len() / self.width.max(1)
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The cell, or none where nothing stands between its delimiters.
    #[inline]
    pub(crate) fn get(&self, row: usize, column: usize) -> Option<&[u8]> {
        let span = self.spans[row * self.width + column];
        let (start, length) = (span.start as usize, (span.tag & LENGTH) as usize);
        if span.tag & (LENGTH | QUOTED) == 0 {
            return None;
        }
        let from = if span.tag & EXTRA == 0 { self.text } else { &self.extra };
        Some(&from[start..start + length])
    }
}

/// Bytes equal to the needle, as the high bit of each of the eight.
#[inline]
fn equal(word: u64, needle: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let difference = word ^ needle;
    !(((difference & LOW) + LOW) | difference | LOW)
}

fn spread(byte: u8) -> u64 {
    u64::from(byte) * 0x0101_0101_0101_0101
}

struct Scan<'a, 'r> {
    cells: Cells<'a>,
    reading: &'r Reading,
    refusals: Vec<Refusal>,
    check_rows: bool,
    /// Where the row begins in the text.
    row_start: usize,
    /// Where the row begins among the spans.
    row_span: usize,
    skip_record: bool,
    /// Lines are counted only up to what was refused: (position, line).
    counted: (usize, u64),
}

/// The cell being read.
#[derive(Clone, Copy, Default)]
struct Open {
    start: usize,
    in_quotes: bool,
    quoted: bool,
    doubled: bool,
    /// The second of two quotes is passed over.
    skip: usize,
}

impl Scan<'_, '_> {
    fn all(&mut self) {
        let quote = self.reading.dialect.quote.filter(|quote| memchr(*quote, self.cells.text).is_some());
        let mut restarts = 0;
        let mut from = 0;
        while from < self.cells.text.len() {
            let open = match quote {
                None => self.pass::<false>(from, 0),
                Some(quote) => self.pass::<true>(from, quote),
            };
            if !open {
                return;
            }
            restarts += 1;
            let newline = self.reading.dialect.newline;
            let end =
                |start: usize, text: &[u8]| memchr(newline, &text[start..]).map_or(text.len(), |at| start + at + 1);
            from = end(self.row_start, self.cells.text);
            self.refuse(Reason::OpenQuote, from);
            while restarts > RESTARTS_MAX && from < self.cells.text.len() {
                self.row_start = from;
                from = end(from, self.cells.text);
                self.refuse(Reason::OpenQuote, from);
            }
            self.row_start = from;
        }
    }

    /// Reads from here to the end; true if a quote is still open there.
    fn pass<const QUOTES: bool>(&mut self, from: usize, quote: u8) -> bool {
        let text = self.cells.text;
        let Dialect { delimiter, newline, .. } = self.reading.dialect;
        let (delimiters, newlines, quotes) = (spread(delimiter), spread(newline), spread(quote));
        let mut open = Open { start: from, ..Open::default() };
        let words = text[from..].chunks_exact(8);
        let tail = text.len() - words.remainder().len();
        for (number, word) in words.enumerate() {
            let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
            let mut hits = equal(word, delimiters) | equal(word, newlines);
            if QUOTES {
                hits |= equal(word, quotes);
            }
            while hits != 0 {
                self.hit::<QUOTES>(&mut open, from + number * 8 + hits.trailing_zeros() as usize / 8, quote);
                hits &= hits - 1;
            }
        }
        for (offset, byte) in text[tail..].iter().enumerate() {
            if *byte == delimiter || *byte == newline || (QUOTES && *byte == quote) {
                self.hit::<QUOTES>(&mut open, tail + offset, quote);
            }
        }
        let ended = self.row_start >= text.len();
        if !ended && !open.in_quotes {
            self.end_row::<QUOTES>(&open, text.len());
        }
        open.in_quotes
    }

    #[inline]
    fn hit<const QUOTES: bool>(&mut self, open: &mut Open, at: usize, quote: u8) {
        let text = self.cells.text;
        let byte = text[at];
        if QUOTES {
            if at < open.skip {
                return;
            }
            if byte == quote {
                if open.in_quotes {
                    if text.get(at + 1) == Some(&quote) {
                        (open.doubled, open.skip) = (true, at + 2);
                    } else {
                        open.in_quotes = false;
                    }
                } else if at == open.start {
                    (open.in_quotes, open.quoted) = (true, true);
                }
                return;
            }
            if open.in_quotes {
                return;
            }
        }
        if byte == self.reading.dialect.newline {
            self.end_row::<QUOTES>(open, at);
            self.row_start = at + 1;
        } else {
            self.end_cell::<QUOTES>(open, at);
        }
        *open = Open { start: at + 1, ..Open::default() };
    }

    #[inline]
    fn end_cell<const QUOTES: bool>(&mut self, open: &Open, end: usize) {
        let (start, length) = (open.start, end - open.start);
        let span = if QUOTES && open.quoted {
            let closed = length >= 2 && Some(self.cells.text[end - 1]) == self.reading.dialect.quote;
            if closed && !open.doubled {
                Span { start: start as u32 + 1, tag: (length as u32 - 2) | QUOTED }
            } else {
                self.undo_quotes(start, end)
            }
        } else {
            Span { start: start as u32, tag: length as u32 & LENGTH }
        };
        self.cells.spans.push(span);
    }

    /// Undoes doubled quotes, and keeps what follows a closing quote.
    fn undo_quotes(&mut self, start: usize, end: usize) -> Span {
        let quote = self.cells.text[start];
        let begin = self.cells.extra.len();
        let mut inside = false;
        let mut bytes = self.cells.text[start..end].iter().peekable();
        while let Some(byte) = bytes.next() {
            if *byte != quote {
                self.cells.extra.push(*byte);
            } else if inside && bytes.peek() == Some(&&quote) {
                bytes.next();
                self.cells.extra.push(quote);
            } else if self.cells.extra.len() == begin || inside {
                inside = !inside;
            } else {
                self.cells.extra.push(quote);
            }
        }
        let length = (self.cells.extra.len() - begin) as u32;
        Span { start: begin as u32, tag: length | QUOTED | EXTRA }
    }

    #[inline]
    fn end_row<const QUOTES: bool>(&mut self, open: &Open, end: usize) {
        let carriage = self.reading.dialect.newline == b'\n' && end > open.start && self.cells.text[end - 1] == b'\r';
        self.end_cell::<QUOTES>(open, if carriage { end - 1 } else { end });
        let count = self.cells.spans.len() - self.row_span;
        if count == 1 && self.cells.spans[self.row_span].tag == 0 {
            self.cells.spans.truncate(self.row_span);
            return;
        }
        if self.skip_record {
            self.skip_record = false;
            self.cells.spans.truncate(self.row_span);
            return;
        }
        if count != self.cells.width || self.check_rows || end - self.row_start > self.reading.limits.cell_bytes_max {
            self.check_row(count, end);
        }
        self.row_span = self.cells.spans.len();
    }

    /// The rare row that may have to be refused.
    fn check_row(&mut self, count: usize, end: usize) {
        let row = &self.cells.text[self.row_start..end];
        let long = |span: &Span| (span.tag & LENGTH) as usize > self.reading.limits.cell_bytes_max;
        if self.check_rows && simdutf8::basic::from_utf8(row).is_err() {
            self.refuse(Reason::Undecodable, end);
        } else if self.cells.spans[self.row_span..].iter().any(long) {
            self.refuse(Reason::CellTooLong, end);
        } else if count != self.cells.width {
            self.refuse(Reason::Ragged, end);
        }
    }

    fn refuse(&mut self, reason: Reason, end: usize) {
        let cells = self.cells.spans.len() - self.row_span;
        self.cells.spans.truncate(self.row_span);
        let row = &self.cells.text[self.row_start..end];
        let row = row.strip_suffix(b"\n").unwrap_or(row);
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        let text = String::from_utf8_lossy(&row[..row.len().min(TEXT_KEPT_BYTES)]).into_owned();
        let (position, line) = self.counted;
        let passed = memchr_iter(self.reading.dialect.newline, &self.cells.text[position..self.row_start]).count();
        self.counted = (self.row_start, line + passed as u64);
        self.refusals.push(Refusal { line: self.counted.1, reason, cells, text });
    }
}
