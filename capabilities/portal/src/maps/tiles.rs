//! Vector tiles of a resource: a layer of its rows with their open columns, or, where a tile would hold too many, a
//! layer of counts. A tile is bounded whatever the resource.

use arrow_schema::Schema;
use futures::StreamExt as _;
use yiwang_gate::{At, Filter, Op, RowsQuery};
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Result};
use yiwang_tiles::{Bounds, Drawn, Frame, Grid, Layer, Tile, Value, encode};

use super::rows::{Spot, spots, written};
use crate::download::{Cells, Shape};
use crate::ops;
use crate::place::Place;
use crate::resource::{FieldView, Resource, Shown};

/// The layer of rows.
pub(crate) const ROWS: &str = "rows";
/// The layer of counts.
pub(crate) const COUNTS: &str = "counts";
/// Rows one tile holds each by itself.
pub(super) const FEATURES_MAX: usize = 2_000;
/// Points their drawings may have together.
const VERTICES_MAX: usize = 100_000;
/// Columns a row carries.
const ATTRIBUTES_MAX: usize = 16;
/// Cells along a side of a tile.
const CELLS: f64 = 64.0;
/// The share of its side by which a tile's shapes reach into the next.
const MARGIN: f64 = 64.0 / 4096.0;

/// The tile that is wanted.
pub(super) struct Asked<'p> {
    /// Where a row's place stands.
    pub(super) place: &'p Place,
    /// Of which version.
    pub(super) at: At,
    /// Which tile.
    pub(super) tile: Tile,
    /// The first zoom whose tiles show rows.
    pub(super) rows_from: u8,
}

/// A tile on its way.
struct Making<'p> {
    tile: Tile,
    frame: Frame,
    place: &'p Place,
    rows: Layer,
    vertices: usize,
    overfull: bool,
    grid: Grid,
}

/// The open columns a row of a tile carries, those of its key first; the geometry itself is drawn.
pub(crate) fn attributes(resource: &Resource) -> Vec<&FieldView> {
    let key = resource.table.as_ref().map(|table| table.key.as_slice()).unwrap_or_default();
    let geometry = match resource.place() {
        Some(Place::Geometry(geometry)) => geometry,
        _ => String::new(),
    };
    let open = || resource.fields.iter().filter(|field| field.shown == Shown::Open && field.name != geometry);
    let (first, rest) = (open().filter(|field| key.contains(&field.name)), open());
    first.chain(rest.filter(|field| !key.contains(&field.name))).take(ATTRIBUTES_MAX).collect()
}

/// Makes the tile.
pub(super) async fn make(platform: &Platform, ctx: &Ctx, resource: &Resource, asked: &Asked<'_>) -> Result<Vec<u8>> {
    let Asked { place, at, tile, rows_from } = *asked;
    let frame = Frame::of_tile(tile);
    let cell = f64::from(yiwang_tiles::EXTENT) / CELLS;
    let new = || Making {
        tile,
        frame,
        place,
        rows: Layer::new(ROWS),
        vertices: 0,
        overfull: false,
        grid: Grid::new(frame, cell),
    };
    let place_columns: Vec<String> = place.columns().into_iter().map(str::to_owned).collect();
    let table = resource.table.as_ref();
    let filters = table.map(|table| conditions(&table.schema, place, tile.bounds(MARGIN))).unwrap_or_default();
    let query = RowsQuery { at, filters, fields: place_columns.clone(), ..RowsQuery::all(&resource.entry.code) };
    let is_large = table.is_some_and(|table| table.rows > FEATURES_MAX as u64);
    let is_far = tile.numbers().0 < rows_from;
    if is_far || (is_large && matches!(place, Place::Point { .. })) {
        // Counting reads two columns; only what is few enough to be shown is read with all of them.
        let mut counted = new();
        let mut rows = ops::rows(platform, ctx, resource, query.clone()).await?.rows;
        let mut n = 0;
        while let Some(batch) = rows.next().await {
            n += spots(&batch?, place)?.into_iter().flatten().filter(|spot| counted.count(spot)).count();
        }
        if is_far || n > FEATURES_MAX {
            return Ok(counted.counts());
        }
    }
    let mut fields = place_columns;
    let carried = attributes(resource).into_iter().map(|field| field.name.clone());
    let carried: Vec<String> = carried.collect();
    fields.extend(carried.iter().filter(|name| !place.columns().contains(&name.as_str())).cloned());
    let mut making = new();
    let mut rows = ops::rows(platform, ctx, resource, RowsQuery { fields, ..query }).await?.rows;
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        let (cells, schema) = (Cells::new(&batch)?, batch.schema());
        for (row, spot) in spots(&batch, place)?.into_iter().enumerate() {
            if let Some(spot) = spot {
                making.take(&spot, &|| values(&cells, &schema, row, &carried))?;
            }
        }
    }
    Ok(if making.overfull { making.counts() } else { encode(&[making.rows]) })
}

impl Making<'_> {
    /// Counts the row if it belongs to the tile.
    fn count(&mut self, spot: &Spot) -> bool {
        let belongs = self.tile.has(spot.middle());
        if belongs {
            self.grid.add(spot.middle());
        }
        belongs
    }

    /// Draws the row, while there is room.
    fn take(&mut self, spot: &Spot, values: &dyn Fn() -> Result<Vec<(String, Value)>>) -> Result<()> {
        let belongs = self.count(spot);
        let shows = match self.place {
            Place::Point { .. } => belongs,
            Place::Geometry(_) => spot.bounds().meets(self.tile.bounds(MARGIN)),
        };
        if !shows || self.overfull {
            return Ok(());
        }
        let drawn = self.frame.draw(&spot.shape());
        self.vertices += drawn.vertices();
        self.overfull = self.rows.len() >= FEATURES_MAX || self.vertices > VERTICES_MAX;
        if !self.overfull {
            let values = values()?;
            let named: Vec<(&str, Value)> = values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
            self.rows.add(&drawn, &named);
        }
        Ok(())
    }

    fn counts(self) -> Vec<u8> {
        let mut layer = Layer::new(COUNTS);
        for heap in self.grid.heaps() {
            let drawn = Drawn { points: vec![heap.at], ..Drawn::default() };
            layer.add(&drawn, &[("count", Value::Int(i64::try_from(heap.count).unwrap_or(i64::MAX)))]);
        }
        encode(&[layer])
    }
}

/// A row's open cells; empty ones are left out. Decimals stay text, digit by digit.
fn values(cells: &Cells<'_>, schema: &Schema, row: usize, names: &[String]) -> Result<Vec<(String, Value)>> {
    let mut values = Vec::with_capacity(names.len());
    for name in names {
        let Ok(column) = schema.index_of(name) else { continue };
        let Some(text) = cells.text(column, row)? else { continue };
        let data_type = schema.field(column).data_type();
        let value = match Shape::of(data_type) {
            Shape::Bool => Value::Bool(text == "true"),
            Shape::Number if data_type.is_integer() => text.parse().map_or(Value::Text(text), Value::Int),
            Shape::Number if data_type.is_floating() => text.parse().map_or(Value::Text(text), Value::Float),
            Shape::Number | Shape::Text => Value::Text(text),
        };
        values.push((name.clone(), value));
    }
    Ok(values)
}

/// The box as conditions on the columns of coordinates, so that whole files are passed over; none where they hold no
/// numbers.
fn conditions(schema: &Schema, place: &Place, bounds: Bounds) -> Vec<Filter> {
    let Place::Point { longitude, latitude } = place else { return Vec::new() };
    let edges = [
        (longitude, Op::Ge, bounds.west, false),
        (longitude, Op::Le, bounds.east, true),
        (latitude, Op::Ge, bounds.south, false),
        (latitude, Op::Le, bounds.north, true),
    ];
    let condition = |(column, op, degrees, up): (&String, Op, f64, bool)| {
        let field = schema.field_with_name(column).ok()?;
        Some(Filter::new(column, op, written(field.data_type(), degrees, up)?))
    };
    edges.into_iter().filter_map(condition).collect()
}
