//! Tables that people send in: the rows of a workbook's sheet as they are shown (numbers to the fifteen digits a sheet
//! shows, dates as dates, formulas as their last value), and a short list, CSV or XLSX, whole. Bounded in bytes, rows
//! and columns; unpacked bytes are counted before they are parsed. Knows no column's meaning.

use std::io::{self, Cursor, Read};
use std::sync::Arc;

use calamine::{DataRef, ExcelDateTime, Reader, Xlsx, XlsxError};
use yiwang_kernel::{Error, Result};

/// Columns of a sheet, as Excel has them.
const COLUMNS_MAX: u32 = 16_384;
/// Columns of a list at most.
const LIST_COLUMNS_MAX: usize = 200;
/// Unpacked bytes of a list sent as a workbook at most.
const UNPACKED_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Files inside a list sent as a workbook at most.
const ENTRIES_MAX: usize = 200;

/// A workbook held in memory. Whoever opens one has bounded what it unpacks to.
#[derive(Debug, Clone)]
pub struct Workbook {
    bytes: Arc<[u8]>,
}

/// Why a workbook cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is protected by a password.
    Password,
    /// It is no workbook, or a damaged one.
    Broken,
}

/// Takes a row of a sheet: its number, the first being 1, and its cells.
pub type TakeRow<'a> = dyn FnMut(u64, &[Option<String>]) -> io::Result<()> + 'a;

/// A row of a list: its number in the file, the first being 1, and its cells.
pub type ListRow = (u64, Vec<String>);

impl Workbook {
    /// A workbook of these bytes.
    pub fn new(bytes: Arc<[u8]>) -> Workbook {
        Workbook { bytes }
    }

    /// The names of its sheets, in order.
    pub fn sheets(&self) -> std::result::Result<Vec<String>, Unread> {
        Ok(self.open()?.sheet_names())
    }

    /// Hands on the rows that have cells, up to so many, each with its number; trailing empty cells are left out. The
    /// error is an [`Unread`] or whatever `take` gave.
    pub fn each_row(&self, sheet: &str, most: usize, take: &mut TakeRow<'_>) -> io::Result<()> {
        let failed = |source: XlsxError| io::Error::other(Unread::from(source));
        let mut workbook = self.open().map_err(io::Error::other)?;
        let mut cells = match workbook.worksheet_cells_reader(sheet) {
            // A sheet that is a chart has no rows.
            Err(XlsxError::NotAWorksheet(_)) => return Ok(()),
            cells => cells.map_err(failed)?,
        };
        let mut row: Vec<Option<String>> = Vec::new();
        let mut number = None;
        let mut taken = 0;
        loop {
            let cell = cells.next_cell().map_err(failed)?;
            let place = cell.as_ref().map(calamine::Cell::get_position);
            if place.map(|place| place.0) != number {
                if let Some(number) = number.filter(|_| row.iter().any(Option::is_some)) {
                    take(u64::from(number) + 1, &row)?;
                    taken += 1;
                }
                row.clear();
                number = place.map(|place| place.0);
            }
            let (Some(cell), Some((_, column)), true) = (cell, place, taken < most) else { return Ok(()) };
            if let Some(text) = shown(cell.get_value()).filter(|_| column < COLUMNS_MAX) {
                let column = column as usize;
                row.resize(row.len().max(column + 1), None);
                row[column] = Some(text);
            }
        }
    }

    fn open(&self) -> std::result::Result<Xlsx<Cursor<Arc<[u8]>>>, Unread> {
        Xlsx::new(Cursor::new(Arc::clone(&self.bytes))).map_err(Unread::from)
    }
}

impl From<XlsxError> for Unread {
    fn from(source: XlsxError) -> Unread {
        match source {
            XlsxError::Password => Unread::Password,
            _ => Unread::Broken,
        }
    }
}

impl std::fmt::Display for Unread {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Unread::Password => "a workbook with a password",
            Unread::Broken => "a workbook that cannot be read",
        })
    }
}

impl std::error::Error for Unread {}

impl From<Unread> for Error {
    fn from(unread: Unread) -> Error {
        match unread {
            Unread::Password => Error::invalid("file", "list-password"),
            Unread::Broken => Error::invalid("file", "list-unreadable"),
        }
    }
}

/// The rows of a list that have cells, its header among them: CSV (UTF-8 or GB 18030) or a workbook's first sheet.
pub fn list(bytes: &[u8], rows_max: usize) -> Result<Vec<ListRow>> {
    let mut rows: Vec<ListRow> = Vec::new();
    let mut keep = |number: u64, cells: Vec<String>| {
        if cells.iter().all(|cell| cell.is_empty()) {
            return Ok(());
        }
        if rows.len() > rows_max {
            return Err(Error::too_large("list-rows").with("limit", rows_max));
        }
        if cells.len() > LIST_COLUMNS_MAX {
            return Err(Error::too_large("list-columns").with("limit", LIST_COLUMNS_MAX));
        }
        rows.push((number, cells));
        Ok(())
    };
    if bytes.starts_with(b"PK\x03\x04") {
        workbook_list(bytes, &mut keep)?
    } else {
        text_list(bytes, &mut keep)?
    }
    Ok(rows)
}

fn text_list(bytes: &[u8], keep: &mut dyn FnMut(u64, Vec<String>) -> Result<()>) -> Result<()> {
    let unreadable = || Error::invalid("file", "list-unreadable");
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::GB18030
            .decode_without_bom_handling_and_without_replacement(bytes)
            .ok_or_else(unreadable)?
            .into_owned(),
    };
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    for (place, record) in reader.records().enumerate() {
        let number = place as u64 + 1;
        let record = record.map_err(|_| unreadable().with("row", number))?;
        keep(number, record.iter().map(|cell| cell.trim().to_owned()).collect())?;
    }
    Ok(())
}

fn workbook_list(bytes: &[u8], keep: &mut dyn FnMut(u64, Vec<String>) -> Result<()>) -> Result<()> {
    check_unpacked(bytes)?;
    let workbook = Workbook::new(bytes.into());
    let sheets = workbook.sheets()?;
    let first = sheets.first().ok_or(Unread::Broken)?;
    let mut take = |number: u64, row: &[Option<String>]| {
        let cells = row.iter().map(|cell| cell.as_deref().unwrap_or_default().trim().to_owned());
        keep(number, cells.collect()).map_err(io::Error::other)
    };
    workbook.each_row(first, usize::MAX, &mut take).map_err(|source| match source.downcast::<Error>() {
        Ok(error) => error,
        Err(other) => other.downcast::<Unread>().unwrap_or(Unread::Broken).into(),
    })
}

/// Unpacks everything once into nothing, so that no small file becomes a large one in memory.
fn check_unpacked(bytes: &[u8]) -> Result<()> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| Unread::Broken)?;
    if archive.len() > ENTRIES_MAX {
        return Err(Error::too_large("list-unpacked"));
    }
    let mut left = UNPACKED_BYTES_MAX;
    for entry in 0..archive.len() {
        let entry = archive.by_index(entry).map_err(|_| Unread::Broken)?;
        let unpacked = io::copy(&mut entry.take(left + 1), &mut io::sink()).map_err(|_| Unread::Broken)?;
        left = left.checked_sub(unpacked).ok_or_else(|| Error::too_large("list-unpacked"))?;
    }
    Ok(())
}

/// The cell as it is shown; none where it is empty or an error.
fn shown(value: &DataRef<'_>) -> Option<String> {
    match value {
        DataRef::Empty | DataRef::Error(_) => None,
        DataRef::Int(number) => Some(number.to_string()),
        DataRef::Float(number) => Some(number_shown(*number)),
        DataRef::String(text) => Some(text.clone()),
        DataRef::SharedString(text) => Some((*text).to_owned()),
        DataRef::Bool(truth) => Some(truth.to_string()),
        DataRef::DateTime(time) => Some(time_shown(time)),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Some(text.clone()),
    }
}

/// Fifteen digits, as sheets show and keep them: 0.1 + 0.2 is 0.3.
fn number_shown(number: f64) -> String {
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    if rounded.abs() >= 1e21 || (rounded != 0.0 && rounded.abs() < 1e-12) {
        return format!("{rounded:e}");
    }
    rounded.to_string()
}

fn time_shown(time: &ExcelDateTime) -> String {
    let days = time.as_f64();
    let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
    let fraction = if milli == 0 { String::new() } else { format!(".{milli:03}") };
    if time.is_duration() || (0.0..1.0).contains(&days) {
        let seconds = (days * 86_400.0).round() as i64;
        return format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    match (hour, minute, second, milli) {
        (0, 0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{fraction}"),
    }
}
