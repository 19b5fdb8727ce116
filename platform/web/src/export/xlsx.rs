//! XLSX through a temporary file: rows go to disk as they come, a full sheet is followed by the next. Text longer than
//! a cell holds is cut there and ends with `…`; whole numbers beyond 2^53 are text.

use std::io::{Read, Seek, SeekFrom};

use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use tempfile::SpooledTempFile;
use tokio::sync::mpsc;
use yiwang_kernel::{Error, Result};

use super::{Datum, Rows};

/// Rows below the head of one sheet.
pub(super) const SHEET_ROWS_MAX: u32 = 1_048_575;
const COLUMNS_MAX: usize = 16_384;
const CELL_CHARS_MAX: usize = 32_767;
const EXACT_INT_MAX: i64 = 1 << 53;
/// A workbook larger than this waits on disk.
const MEMORY_BYTES_MAX: usize = 1024 * 1024;
const PIECE_BYTES: usize = 64 * 1024;

/// The workbook's bytes, once its last row is written.
pub(crate) fn stream(
    heads: Vec<Datum>,
    mut rows: Rows,
    sheet_rows_max: u32,
) -> impl Stream<Item = Result<Bytes, Error>> + Send {
    let (sender, receiver) = mpsc::channel::<Vec<Vec<Datum>>>(4);
    let feed = async move {
        while let Some(batch) = rows.next().await {
            if sender.send(batch?).await.is_err() {
                break;
            }
        }
        Ok::<(), Error>(())
    };
    let made = async move {
        let writing = tokio::task::spawn_blocking(move || write(&heads, receiver, sheet_rows_max));
        let fed = feed.await;
        let file = writing.await.map_err(|source| Error::internal("a workbook was not written", source))?;
        fed?;
        file
    };
    stream::once(made).flat_map(|file| match file {
        Ok(file) => pieces(file).left_stream(),
        Err(error) => stream::iter([Err(error)]).right_stream(),
    })
}

fn pieces(file: SpooledTempFile) -> impl Stream<Item = Result<Bytes, Error>> + Send {
    stream::unfold(Some(file), |file| async move {
        let mut file = file?;
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE_BYTES];
            let count = file.read(&mut piece)?;
            piece.truncate(count);
            Ok::<_, std::io::Error>((piece, file))
        });
        match read.await {
            Ok(Ok((piece, _))) if piece.is_empty() => None,
            Ok(Ok((piece, file))) => Some((Ok(Bytes::from(piece)), Some(file))),
            Ok(Err(source)) => Some((Err(Error::internal("a workbook was not read", source)), None)),
            Err(source) => Some((Err(Error::internal("a workbook was not read", source)), None)),
        }
    })
}

fn write(
    heads: &[Datum],
    mut receiver: mpsc::Receiver<Vec<Vec<Datum>>>,
    sheet_rows_max: u32,
) -> Result<SpooledTempFile> {
    if heads.len() > COLUMNS_MAX {
        return Err(Error::refused("export-columns").with("limit", COLUMNS_MAX));
    }
    let failed = |source: XlsxError| Error::internal("a workbook was not written", source);
    let mut workbook = Workbook::new();
    let mut sheet = next_sheet(&mut workbook, heads).map_err(failed)?;
    let mut row_number = 0;
    while let Some(batch) = receiver.blocking_recv() {
        for row in &batch {
            if row_number == sheet_rows_max {
                sheet = next_sheet(&mut workbook, heads).map_err(failed)?;
                row_number = 0;
            }
            row_number += 1;
            cells(sheet, row_number, row, &Format::new()).map_err(failed)?;
        }
    }
    let mut file = tempfile::spooled_tempfile(MEMORY_BYTES_MAX);
    workbook.save_to_writer(&mut file).map_err(failed)?;
    file.seek(SeekFrom::Start(0)).map_err(|source| Error::internal("a workbook was not read", source))?;
    Ok(file)
}

fn next_sheet<'w>(workbook: &'w mut Workbook, heads: &[Datum]) -> Result<&'w mut Worksheet, XlsxError> {
    let number = workbook.worksheets().len() + 1;
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(number.to_string())?;
    sheet.set_freeze_panes(1, 0)?;
    cells(sheet, 0, heads, &Format::new().set_bold())?;
    Ok(sheet)
}

fn cells(sheet: &mut Worksheet, row_number: u32, row: &[Datum], format: &Format) -> Result<(), XlsxError> {
    for (position, datum) in row.iter().enumerate().take(COLUMNS_MAX) {
        let column = u16::try_from(position).unwrap_or(u16::MAX);
        match datum {
            Datum::Null => {}
            Datum::Bool(value) => {
                sheet.write_boolean_with_format(row_number, column, *value, format)?;
            }
            Datum::Int(value) if value.abs() <= EXACT_INT_MAX => {
                sheet.write_number_with_format(row_number, column, *value as f64, format)?;
            }
            Datum::Float(value) if value.is_finite() => {
                sheet.write_number_with_format(row_number, column, *value, format)?;
            }
            other => {
                sheet.write_string_with_format(row_number, column, cut(other.as_text()), format)?;
            }
        }
    }
    Ok(())
}

fn cut(text: String) -> String {
    if text.encode_utf16().count() <= CELL_CHARS_MAX {
        return text;
    }
    let mut kept = 0;
    let mut short: String = text
        .chars()
        .take_while(|character| {
            kept += character.len_utf16();
            kept < CELL_CHARS_MAX
        })
        .collect();
    short.push('…');
    short
}
