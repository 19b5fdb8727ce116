//! GeoJSON (RFC 7946): one feature per row, from a column of geometries or from a pair of coordinates. Coordinates are
//! passed on as they are kept; nothing is converted between coordinate systems.

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use yiwang_kernel::{Error, Result};

use super::json::{columns, object};
use super::{Cells, Shape};
use crate::place::Place;

/// Writes one GeoJSON file.
#[derive(Debug)]
pub(super) struct Writer {
    columns: Vec<(String, Shape)>,
    place: Columns,
    first: bool,
}

#[derive(Debug, Clone, Copy)]
enum Columns {
    Geometry(usize),
    Point(usize, usize),
}

impl Writer {
    pub(super) fn new(schema: &Schema, place: Place) -> Result<Writer> {
        let column = |name: &str| schema.index_of(name).map_err(|_| Error::refused("download-no-place"));
        let place = match &place {
            Place::Geometry(geometry) => Columns::Geometry(column(geometry)?),
            Place::Point { longitude, latitude } => Columns::Point(column(longitude)?, column(latitude)?),
        };
        Ok(Writer { columns: columns(schema), place, first: true })
    }

    pub(super) fn head(&mut self) -> Vec<u8> {
        b"{\"type\":\"FeatureCollection\",\"features\":[".to_vec()
    }

    pub(super) fn batch(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        let cells = Cells::new(batch)?;
        let mut out = String::new();
        for row in 0..cells.rows() {
            out.push_str(if self.first { "\n" } else { ",\n" });
            self.first = false;
            out.push_str("{\"type\":\"Feature\",\"geometry\":");
            let except = match self.place {
                Columns::Geometry(column) => {
                    out.push_str(&geometry(cells.text(column, row)?.as_deref()));
                    Some(column)
                }
                Columns::Point(longitude, latitude) => {
                    let pair = (cells.text(longitude, row)?, cells.text(latitude, row)?);
                    out.push_str(&point(pair.0.as_deref(), pair.1.as_deref()));
                    None
                }
            };
            out.push_str(",\"properties\":");
            object(&mut out, &cells, row, &self.columns, except)?;
            out.push('}');
        }
        Ok(out.into_bytes())
    }

    pub(super) fn end(&mut self) -> Vec<u8> {
        b"\n]}\n".to_vec()
    }
}

/// A geometry as it is kept; `null` for what is none.
fn geometry(text: Option<&str>) -> String {
    let parsed = text.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    match parsed {
        Some(value) if value.get("type").is_some_and(serde_json::Value::is_string) => value.to_string(),
        _ => "null".to_owned(),
    }
}

/// A point, digit by digit; `null` when a coordinate is missing or off the globe.
fn point(longitude: Option<&str>, latitude: Option<&str>) -> String {
    let degrees = |text: Option<&str>, most: f64| {
        let text = text.map(str::trim)?;
        let value: f64 = text.parse().ok()?;
        (value.is_finite() && value.abs() <= most).then(|| value.to_string())
    };
    match (degrees(longitude, 180.0), degrees(latitude, 90.0)) {
        (Some(x), Some(y)) => format!("{{\"type\":\"Point\",\"coordinates\":[{x},{y}]}}"),
        _ => "null".to_owned(),
    }
}
