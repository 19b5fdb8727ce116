//! Rows on their way out as files, batch by batch, so that a download of any size holds little in memory. Asks no
//! gate: it is handed an answer and writes it whole, or breaks the transfer off so that no cut file passes for a whole.

mod cells;
mod geojson;
mod json;

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};
use axum::body::{Body, Bytes};
use futures::stream::{self, StreamExt, TryStreamExt};
use yiwang_gate::{ByteStream, RowStream, TableFile};
use yiwang_kernel::{Error, Result};
use yiwang_web::{Datum, Export};

pub(crate) use cells::{Cells, Shape};
pub(crate) use json::rows as rows_json;

use crate::model::Format;
use crate::place::Place;

/// Digits a spreadsheet program keeps of a number.
const SPREADSHEET_DIGITS: usize = 15;

/// What a download is made of, besides its rows.
#[derive(Debug, Clone)]
pub(crate) struct File<'s> {
    /// The format.
    pub(crate) format: Format,
    /// The columns of the rows.
    pub(crate) schema: &'s Schema,
    /// The columns' titles, in the same order.
    pub(crate) titles: Vec<String>,
    /// Whether CSV and XLSX are headed by titles instead of names.
    pub(crate) titled: bool,
    /// Where a row's place stands, for GeoJSON.
    pub(crate) place: Option<Place>,
}

/// Writes the format that only the gate's engine knows.
pub(crate) type Encode<'e> = dyn Fn(&TableFile, RowStream) -> Result<ByteStream> + 'e;

/// The writer of the formats that are made here.
#[derive(Debug)]
enum Writer {
    Json(json::Writer),
    GeoJson(geojson::Writer),
}

impl File<'_> {
    /// The body of the download.
    pub(crate) fn body(self, rows: RowStream, encode: &Encode<'_>) -> Result<Body> {
        let writer = match self.format {
            Format::Parquet => {
                let file = TableFile::named(Arc::new(self.schema.clone()));
                let file = if self.titled { file.titled(&self.titles) } else { file };
                return Ok(Body::from_stream(encode(&file, rows)?.inspect_err(broken_off)));
            }
            Format::Csv => return Ok(self.export(yiwang_web::Format::Csv, rows)),
            Format::CsvExcel => return Ok(self.export(yiwang_web::Format::CsvExcel, rows)),
            Format::Xlsx => return Ok(self.export(yiwang_web::Format::Xlsx, rows)),
            Format::Json => Writer::Json(json::Writer::array(self.schema)),
            Format::JsonLines => Writer::Json(json::Writer::lines(self.schema)),
            Format::GeoJson => {
                let place = self.place.ok_or_else(|| Error::refused("download-no-place"))?;
                Writer::GeoJson(geojson::Writer::new(self.schema, place)?)
            }
        };
        Ok(Body::from_stream(streamed(writer, rows)))
    }

    fn export(self, format: yiwang_web::Format, rows: RowStream) -> Body {
        let names = self.schema.fields().iter().map(|field| field.name().clone());
        let columns = names.zip(self.titles).collect();
        let export = Export { format, file_name: String::new(), columns, titled: self.titled };
        let in_cells = format == yiwang_web::Format::Xlsx;
        export.body(Box::pin(rows.map(move |batch| data(&batch?, in_cells)).inspect_err(broken_off)))
    }
}

/// A batch as an export takes it. Text files show every value digit by digit; a spreadsheet's cells hold numbers where
/// none of their digits is lost.
fn data(batch: &RecordBatch, in_cells: bool) -> Result<Vec<Vec<Datum>>> {
    let cells = Cells::new(batch)?;
    let schema = batch.schema();
    let is_number = |data_type: &DataType| in_cells && Shape::of(data_type) == Shape::Number;
    let numbers: Vec<bool> = schema.fields().iter().map(|field| is_number(field.data_type())).collect();
    let datum = |column: usize, row: usize| -> Result<Datum> {
        let Some(text) = cells.text(column, row)? else { return Ok(Datum::Null) };
        let short = text.bytes().filter(u8::is_ascii_digit).count() <= SPREADSHEET_DIGITS;
        match text.parse::<f64>() {
            Ok(number) if numbers[column] && short => Ok(Datum::Float(number)),
            _ => Ok(Datum::Text(text)),
        }
    };
    (0..cells.rows()).map(|row| (0..cells.columns()).map(|column| datum(column, row)).collect()).collect()
}

/// A batch's rows as values, exactly: whole numbers and truth values as such, binary fractions too, the rest as text.
pub fn cells(batch: &RecordBatch) -> Result<Vec<Vec<Datum>>> {
    let cells = Cells::new(batch)?;
    let schema = batch.schema();
    let datum = |column: usize, row: usize| -> Result<Datum> {
        let Some(text) = cells.text(column, row)? else { return Ok(Datum::Null) };
        let data_type = schema.field(column).data_type();
        Ok(match Shape::of(data_type) {
            Shape::Bool => Datum::Bool(text == "true"),
            Shape::Number if data_type.is_integer() => text.parse().map_or(Datum::Text(text), Datum::Int),
            Shape::Number if data_type.is_floating() => text.parse().map_or(Datum::Text(text), Datum::Float),
            Shape::Number | Shape::Text => Datum::Text(text),
        })
    };
    (0..cells.rows()).map(|row| (0..cells.columns()).map(|column| datum(column, row)).collect()).collect()
}

enum Step {
    Head(Writer, RowStream),
    Rows(Writer, RowStream),
    Done,
}

fn streamed(writer: Writer, rows: RowStream) -> impl futures::Stream<Item = Result<Bytes>> + Send {
    let parts = stream::unfold(Step::Head(writer, rows), |step| async move {
        match step {
            Step::Head(mut writer, rows) => Some((Ok(Bytes::from(writer.head())), Step::Rows(writer, rows))),
            Step::Rows(mut writer, mut rows) => match rows.next().await {
                Some(batch) => match batch.and_then(|batch| writer.batch(&batch)) {
                    Ok(bytes) => Some((Ok(Bytes::from(bytes)), Step::Rows(writer, rows))),
                    Err(error) => Some((Err(error), Step::Done)),
                },
                None => Some((Ok(Bytes::from(writer.end())), Step::Done)),
            },
            Step::Done => None,
        }
    });
    parts.inspect_err(broken_off)
}

/// The connection is cut, so the reader's program sees that the file is not whole.
fn broken_off(error: &Error) {
    tracing::warn!(%error, "a download broke off");
}

impl Writer {
    fn head(&mut self) -> Vec<u8> {
        match self {
            Writer::Json(writer) => writer.head(),
            Writer::GeoJson(writer) => writer.head(),
        }
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        match self {
            Writer::Json(writer) => writer.batch(batch),
            Writer::GeoJson(writer) => writer.batch(batch),
        }
    }

    fn end(&mut self) -> Vec<u8> {
        match self {
            Writer::Json(writer) => writer.end(),
            Writer::GeoJson(writer) => writer.end(),
        }
    }
}
