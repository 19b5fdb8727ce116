//! XLSX workbooks: a table for each sheet that has rows, its cells as they are shown (numbers to the fifteen digits a
//! sheet shows, dates as dates). Formulas give their last value. Title lines above the header are passed over.

use std::io::{self, Cursor, Read, Write};
use std::sync::Arc;

use calamine::{DataRef, ExcelDateTime, Reader, Xlsx, XlsxError};
use yiwang_kernel::{Error, Result};
use yiwang_tables::Dialect;

use super::text::{piped, write_row};
use super::{Table, broken};

/// Sheets of a workbook that are read.
const SHEETS_MAX: usize = 100;
const COLUMNS_MAX: u32 = 16_384;
/// Rows looked at to find where a table begins.
const HEAD_ROWS: usize = 50;
const HEAD_BYTES: u64 = 1 << 18;

/// The tables of a workbook.
pub(super) fn tables(bytes: &Arc<[u8]>) -> Result<Vec<Table>> {
    let names = open(bytes).map_err(fault)?.sheet_names();
    let mut tables = Vec::new();
    for name in names.into_iter().take(SHEETS_MAX) {
        let mut head = Vec::new();
        each_row(bytes, &name, HEAD_ROWS, &mut |row| {
            head.push(row.to_vec());
            Ok(())
        })
        .map_err(|source| source.downcast::<Error>().unwrap_or_else(|_| broken("xlsx")))?;
        if head.is_empty() {
            continue;
        }
        tables.push(table(bytes, name, first_row(&head))?);
    }
    if tables.is_empty() {
        return Err(Error::invalid("file", "load-no-rows"));
    }
    Ok(tables)
}

fn table(bytes: &Arc<[u8]>, name: String, skipped: usize) -> Result<Table> {
    let (bytes, sheet) = (Arc::clone(bytes), name.clone());
    let open = move || {
        let (bytes, sheet) = (Arc::clone(&bytes), sheet.clone());
        piped(move |out| write(&bytes, &sheet, skipped, out))
    };
    let mut head = Vec::new();
    let read = open().and_then(|text| text.take(HEAD_BYTES).read_to_end(&mut head));
    read.map_err(|_| broken("xlsx"))?;
    let guessed = Dialect::sniff(&head);
    let told = Dialect { header: guessed.header, header_reason: guessed.header_reason, ..Dialect::plain() };
    Ok(Table { name: Some(name), format: "xlsx", open: Box::new(open), told: Some(told), declared: Vec::new() })
}

/// Writes a sheet's rows, all as wide as the widest of the first rows or wider.
fn write(bytes: &Arc<[u8]>, sheet: &str, skipped: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut width = 0;
    let mut skipped = skipped;
    let mut held: Vec<Vec<Option<String>>> = Vec::new();
    let mut writing = false;
    let mut emit = |row: &[Option<String>], width: usize| {
        let cells = row.iter().map(Option::as_deref).chain(std::iter::repeat(None));
        write_row(out, cells.take(width.max(row.len())))
    };
    each_row(bytes, sheet, usize::MAX, &mut |row| {
        if skipped > 0 {
            skipped -= 1;
            return Ok(());
        }
        if writing {
            return emit(row, width);
        }
        width = width.max(row.len());
        held.push(row.to_vec());
        writing = held.len() == HEAD_ROWS;
        if writing {
            for row in held.drain(..) {
                emit(&row, width)?;
            }
        }
        Ok(())
    })?;
    held.iter().try_for_each(|row| emit(row, width))
}

/// Where the table begins: title lines have one or two cells where the widest row has three or more.
fn first_row(head: &[Vec<Option<String>>]) -> usize {
    let filled = |row: &Vec<Option<String>>| row.iter().flatten().filter(|cell| !cell.trim().is_empty()).count();
    let widest = head.iter().map(filled).max().unwrap_or(0);
    if widest < 3 {
        return 0;
    }
    head.iter().position(|row| filled(row) * 2 > widest).unwrap_or(0)
}

/// Hands on the rows that have cells, up to so many; trailing empty cells are left out.
fn each_row(
    bytes: &Arc<[u8]>,
    sheet: &str,
    most: usize,
    take: &mut dyn FnMut(&[Option<String>]) -> io::Result<()>,
) -> io::Result<()> {
    let failed = |source: XlsxError| io::Error::other(fault(source));
    let mut workbook = open(bytes).map_err(failed)?;
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
            if row.iter().any(Option::is_some) {
                take(&row)?;
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

fn open(bytes: &Arc<[u8]>) -> Result<Xlsx<Cursor<Arc<[u8]>>>, XlsxError> {
    Xlsx::new(Cursor::new(Arc::clone(bytes)))
}

fn fault(source: XlsxError) -> Error {
    match source {
        XlsxError::Password => Error::invalid("file", "load-password"),
        _ => broken("xlsx"),
    }
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
