//! The places of rows, out of batches that came through the gate. What stands in a cell is taken as degrees or GeoJSON;
//! a cell that is neither has no place.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use arrow_array::types::Float64Type;
use arrow_schema::DataType;
use yiwang_kernel::{Error, Result};
use yiwang_tiles::{Bounds, Point, Shape};

use crate::download::Cells;
use crate::place::Place;

/// Where one row is.
#[derive(Debug, Clone)]
pub(super) enum Spot {
    /// At a point.
    Point(Point),
    /// In a shape, with its box.
    Shape(Box<Shape>, Bounds),
}

impl Spot {
    /// Its middle.
    pub(super) fn middle(&self) -> Point {
        match self {
            Spot::Point(point) => *point,
            Spot::Shape(_, bounds) => bounds.middle(),
        }
    }

    /// Its box.
    pub(super) fn bounds(&self) -> Bounds {
        match self {
            Spot::Point(point) => Bounds::at(*point),
            Spot::Shape(_, bounds) => *bounds,
        }
    }

    /// How many points its shape has.
    pub(super) fn size(&self) -> usize {
        match self {
            Spot::Point(_) => 1,
            Spot::Shape(shape, _) => {
                let lines: usize = shape.lines.iter().map(Vec::len).sum();
                shape.points.len() + lines + shape.areas.iter().flatten().map(Vec::len).sum::<usize>()
            }
        }
    }

    /// Itself as a shape.
    pub(super) fn shape(&self) -> std::borrow::Cow<'_, Shape> {
        match self {
            Spot::Point(point) => std::borrow::Cow::Owned(Shape::point(*point)),
            Spot::Shape(shape, _) => std::borrow::Cow::Borrowed(shape),
        }
    }
}

/// The place of each row of a batch, in its order.
pub(super) fn spots(batch: &RecordBatch, place: &Place) -> Result<Vec<Option<Spot>>> {
    let schema = batch.schema();
    let column = |name: &str| schema.index_of(name).map_err(|_| Error::refused("map-no-place"));
    match place {
        Place::Point { longitude, latitude } => {
            let (longitudes, latitudes) = (degrees(batch, column(longitude)?)?, degrees(batch, column(latitude)?)?);
            let spot = |(lon, lat): (&Option<f64>, &Option<f64>)| Some(Spot::Point(Point::new((*lon)?, (*lat)?)?));
            Ok(longitudes.iter().zip(&latitudes).map(spot).collect())
        }
        Place::Geometry(geometry) => {
            let cells = Cells::new(batch)?;
            let column = column(geometry)?;
            let spot = |row: usize| -> Result<Option<Spot>> {
                let shape = cells.text(column, row)?.and_then(|text| Shape::of_geojson(&text));
                Ok(shape.and_then(|shape| shape.bounds().map(|bounds| Spot::Shape(Box::new(shape), bounds))))
            };
            (0..cells.rows()).map(spot).collect()
        }
    }
}

fn degrees(batch: &RecordBatch, column: usize) -> Result<Vec<Option<f64>>> {
    let cast = arrow_cast::cast(batch.column(column), &DataType::Float64);
    let cast = cast.map_err(|_| Error::refused("map-no-place"))?;
    Ok(cast.as_primitive::<Float64Type>().iter().collect())
}

/// A number of degrees as a condition on a column of this type takes it, rounded down or up to what the column holds;
/// none for columns that hold no numbers.
pub(super) fn written(data_type: &DataType, degrees: f64, up: bool) -> Option<String> {
    let decimals = match data_type {
        DataType::Float64 => return Some(degrees.to_string()),
        DataType::Decimal128(_, scale) => usize::try_from(*scale).ok()?.min(12),
        DataType::Int64 => 0,
        _ => return None,
    };
    let unit = 10_f64.powi(i32::try_from(decimals).ok()?);
    let rounded = if up { (degrees * unit).ceil() } else { (degrees * unit).floor() };
    Some(format!("{:.decimals$}", rounded / unit))
}
