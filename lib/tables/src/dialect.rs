//! How a file is written: encoding, delimiter, quotes, line ends, header or not, guessed from its first bytes.
//! Guesses only; whoever knows better sets the fields.

mod header;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use crate::cells::{Cells, Reading};
use crate::{Decoder, Limits};

/// Records looked at.
const SAMPLE_RECORDS_MAX: usize = 200;
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// The encoding of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Nothing but ASCII was seen; decided at the first other byte.
    Ascii,
    /// UTF-8.
    Utf8,
    /// Any other.
    Other(&'static encoding_rs::Encoding),
}

/// Why the first record was taken for a header, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderReason {
    /// There is no record at all.
    Empty,
    /// The first record has a number, a date or an identifier where a name should stand.
    ValueInFirst,
    /// The first record is text and below it stand numbers or dates.
    TypedBelow,
    /// The first record is text, each cell its own, none of them found again below.
    Unrepeated,
    /// The first record repeats below, or repeats itself.
    Repeated,
    /// The only column holds long texts, the first like the others.
    OneColumnAlike,
    /// Somebody said so.
    Told,
}

/// How a delimited file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Its encoding.
    pub encoding: Encoding,
    /// Bytes of byte order mark before the text.
    pub bom_bytes: usize,
    /// Between cells.
    pub delimiter: u8,
    /// Around cells; none where quotes are plain characters.
    pub quote: Option<u8>,
    /// The last byte of a line: line feed, or carriage return where nothing else is.
    pub newline: u8,
    /// Whether the first record names the columns.
    pub header: bool,
    /// Why so.
    pub header_reason: HeaderReason,
}

impl Encoding {
    /// The name in reports, such as `UTF-8` or `gb18030`.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Ascii => "ASCII",
            Encoding::Utf8 => "UTF-8",
            Encoding::Other(encoding) => encoding.name(),
        }
    }

    /// The encoding these bytes of text are most likely in; the last character may be cut. GBK is taken as GB18030.
    pub(crate) fn of_text(bytes: &[u8]) -> Encoding {
        if bytes.is_ascii() {
            return Encoding::Ascii;
        }
        let whole = match std::str::from_utf8(bytes) {
            Ok(_) => true,
            Err(fault) => fault.error_len().is_none() && fault.valid_up_to() > 0,
        };
        if whole || mostly_utf8(bytes) {
            return Encoding::Utf8;
        }
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(bytes, true);
        // Without a country few Chinese words may pass for Korean ones; with one, most other scripts for Chinese.
        let free = detector.guess(None, Utf8Detection::Deny);
        let others = [encoding_rs::BIG5, encoding_rs::SHIFT_JIS, encoding_rs::EUC_JP, encoding_rs::WINDOWS_1252];
        let guess = if others.contains(&free) { free } else { detector.guess(Some(b"cn"), Utf8Detection::Deny) };
        Encoding::Other(if guess == encoding_rs::GBK { encoding_rs::GB18030 } else { guess })
    }
}

/// A short text of unknown encoding, such as a file's name in an archive, as text; what cannot be decoded is replaced.
pub fn text_of(bytes: &[u8]) -> String {
    match Encoding::of_text(bytes) {
        Encoding::Other(encoding) => encoding.decode(bytes).0.into_owned(),
        Encoding::Ascii | Encoding::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// A few wrong bytes do not make a file another encoding: at least 50 good characters to each bad place.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad * 50
}

impl Dialect {
    /// Comma, double quotes, line feeds, a header, in UTF-8: what the product itself writes.
    pub fn plain() -> Dialect {
        Dialect {
            encoding: Encoding::Utf8,
            bom_bytes: 0,
            delimiter: b',',
            quote: Some(b'"'),
            newline: b'\n',
            header: true,
            header_reason: HeaderReason::Told,
        }
    }

    /// Guesses from the first bytes of a file; a megabyte is plenty.
    pub fn sniff(head: &[u8]) -> Dialect {
        let (encoding, bom_bytes) = sniff_encoding(head);
        let mut text = Vec::with_capacity(head.len());
        Decoder::new(encoding, bom_bytes).decode(head, false, &mut text);
        let newline = if !text.contains(&b'\n') && text.contains(&b'\r') { b'\r' } else { b'\n' };
        let plain = Dialect { encoding, bom_bytes, newline, ..Dialect::plain() };
        let complete = head.len() < 1024 || text.ends_with(&[newline]);
        let candidates = DELIMITERS
            .into_iter()
            .flat_map(|delimiter| [Some(b'"'), None].map(|quote| Dialect { delimiter, quote, ..plain }));
        let mut best = plain;
        let mut best_score = (0, 0, 0);
        for candidate in candidates {
            let records = sample(&text, &candidate, complete);
            let score = regularity(&records);
            if score > best_score {
                (best, best_score) = (candidate, score);
            }
        }
        let records = sample(&text, &best, complete);
        let (header, header_reason) = header::decide(&records);
        Dialect { header, header_reason, ..best }
    }

    /// The names in the first record of the file's first bytes, or as many empty ones as most records have cells.
    pub(crate) fn headers(&self, head: &[u8]) -> Vec<String> {
        let mut text = Vec::with_capacity(head.len());
        Decoder::new(self.encoding, self.bom_bytes).decode(head, false, &mut text);
        let records = sample(&text, self, false);
        let usual = usual_width(&records);
        let mut names = match records.first() {
            Some(first) if self.header => first.iter().map(|cell| cell.trim().to_owned()).collect(),
            Some(_) => vec![String::new(); usual],
            None => Vec::new(),
        };
        if usual > names.len() {
            names.resize(usual, String::new());
        }
        names
    }
}

fn sniff_encoding(head: &[u8]) -> (Encoding, usize) {
    if let Some((encoding, length)) = encoding_rs::Encoding::for_bom(head) {
        let utf8 = encoding == encoding_rs::UTF_8;
        return (if utf8 { Encoding::Utf8 } else { Encoding::Other(encoding) }, length);
    }
    let sample = &head[..head.len().min(4096) & !1];
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, third) = (zeros(0), zeros(1), sample.len() / 6);
    match (even, odd) {
        (_, odd) if third > 0 && odd > third && even == 0 => (Encoding::Other(encoding_rs::UTF_16LE), 0),
        (even, _) if third > 0 && even > third && odd == 0 => (Encoding::Other(encoding_rs::UTF_16BE), 0),
        _ => (Encoding::of_text(head), 0),
    }
}

/// The first records as texts; the last of them is left out where it may be cut.
pub(crate) fn sample(text: &[u8], dialect: &Dialect, complete: bool) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let mut from = 0;
    while records.len() < SAMPLE_RECORDS_MAX && from < text.len() {
        let end = crate::split::first_record_end(&text[from..], dialect).map(|end| from + end);
        if end.is_none() && !complete && !records.is_empty() {
            break;
        }
        let record = &text[from..end.unwrap_or(text.len())];
        from += record.len();
        let line = record.strip_suffix(&[dialect.newline]).unwrap_or(record);
        if !line.strip_suffix(b"\r").unwrap_or(line).is_empty() {
            records.push(crate::split::cells_of(record, dialect));
        }
    }
    records
}

/// Reads one record's cells, whatever their number.
pub(crate) fn read_cells(record: &[u8], dialect: &Dialect, width: usize) -> Vec<String> {
    let limits = Limits { cell_bytes_max: usize::MAX, ..Limits::default() };
    let reading = Reading { dialect: *dialect, limits, width, first_line: 1, skip_first: false };
    let (cells, _) = Cells::read(record, &reading);
    let text = |column| cells.get(0, column).map(|cell| String::from_utf8_lossy(cell).into_owned()).unwrap_or_default();
    if cells.rows() == 0 { vec![String::new(); width] } else { (0..width).map(text).collect() }
}

/// How many cells most records have.
fn usual_width(records: &[Vec<String>]) -> usize {
    let mut widths: Vec<usize> = records.iter().map(Vec::len).collect();
    widths.sort_unstable();
    let mut best = (0, 0);
    for run in widths.chunk_by(|left, right| left == right) {
        best = best.max((run.len(), run[0]));
    }
    best.1
}

/// How table-like the records are: more than one column, share of records of the usual width (in 1/20), columns.
fn regularity(records: &[Vec<String>]) -> (usize, usize, usize) {
    let width = usual_width(records);
    let usual = records.iter().filter(|record| record.len() == width).count();
    let share = usual * 20 / records.len().max(1);
    (usize::from(width > 1 && share >= 10), share, width)
}
