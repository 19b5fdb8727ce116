//! XLSX workbooks: a table for each sheet that has rows, its cells as they are shown (numbers to the fifteen digits a
//! sheet shows, dates as dates). Formulas give their last value. Title lines above the header are passed over.

use std::io::{self, Read, Write};
use std::sync::Arc;

use yiwang_kernel::{Error, Result};
use yiwang_tables::Dialect;
use yiwang_web::{Unread, Workbook};

use super::text::{piped, write_row};
use super::{Table, broken};

/// Sheets of a workbook at most.
const SHEETS_MAX: usize = 100;
/// Rows looked at to find where a table begins.
const HEAD_ROWS: usize = 50;
const HEAD_BYTES: u64 = 1 << 18;

/// The tables of a workbook.
pub(super) fn tables(bytes: &Arc<[u8]>) -> Result<Vec<Table>> {
    let workbook = Workbook::new(Arc::clone(bytes));
    let names = workbook.sheets().map_err(unread)?;
    if names.len() > SHEETS_MAX {
        return Err(Error::invalid("file", "load-entries").with("limit", SHEETS_MAX));
    }
    let mut tables = Vec::new();
    for name in names {
        let mut head = Vec::new();
        let mut keep = |_: u64, row: &[Option<String>]| {
            head.push(row.to_vec());
            Ok(())
        };
        workbook
            .each_row(&name, HEAD_ROWS, &mut keep)
            .map_err(|source| unread(source.downcast().unwrap_or(Unread::Broken)))?;
        if head.is_empty() {
            continue;
        }
        tables.push(table(&workbook, name, first_row(&head))?);
    }
    if tables.is_empty() {
        return Err(Error::invalid("file", "load-no-rows"));
    }
    Ok(tables)
}

fn table(workbook: &Workbook, name: String, skipped: usize) -> Result<Table> {
    let (workbook, sheet) = (workbook.clone(), name.clone());
    let open = move || {
        let (workbook, sheet) = (workbook.clone(), sheet.clone());
        piped(move |out| write(&workbook, &sheet, skipped, out))
    };
    let mut head = Vec::new();
    let read = open().and_then(|text| text.take(HEAD_BYTES).read_to_end(&mut head));
    read.map_err(|_| broken("xlsx"))?;
    let guessed = Dialect::sniff(&head);
    let told = Dialect { header: guessed.header, header_reason: guessed.header_reason, ..Dialect::plain() };
    Ok(Table { name: Some(name), format: "xlsx", open: Box::new(open), told: Some(told), declared: Vec::new() })
}

/// Writes a sheet's rows, all as wide as the widest of the first rows or wider.
fn write(workbook: &Workbook, sheet: &str, skipped: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut width = 0;
    let mut skipped = skipped;
    let mut held: Vec<Vec<Option<String>>> = Vec::new();
    let mut writing = false;
    let mut emit = |row: &[Option<String>], width: usize| {
        let cells = row.iter().map(Option::as_deref).chain(std::iter::repeat(None));
        write_row(out, cells.take(width.max(row.len())))
    };
    let mut take = |_: u64, row: &[Option<String>]| {
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
    };
    let read = workbook.each_row(sheet, usize::MAX, &mut take);
    read.map_err(|source| source.downcast().map_or_else(|source| source, |why| io::Error::other(unread(why))))?;
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

fn unread(unread: Unread) -> Error {
    match unread {
        Unread::Password => Error::invalid("file", "load-password"),
        Unread::Broken => broken("xlsx"),
    }
}
