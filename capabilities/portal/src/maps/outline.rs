//! The outline of a resource: its rows drawn in one small picture, each by itself while they are few, counted into
//! cells when they are many. Two passes over the rows at most; what is held is bounded.

use std::collections::HashMap;

use futures::StreamExt as _;
use yiwang_gate::{At, RowsQuery};
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Result};
use yiwang_tiles::{Bounds, Drawn, Frame, Grid, Heap, Tile};

use super::bands::{Band, Bands};
use super::rows::{Spot, spots};
use super::tiles::FEATURES_MAX;
use crate::ops;
use crate::place::Place;
use crate::resource::Resource;

/// Rows drawn each by itself.
const SPOTS_MAX: usize = 1_000;
/// Points their shapes may have before they are drawn.
const POINTS_MAX: usize = 500_000;
/// Points of the drawing; shapes beyond are counted into cells, so that a page stays light.
const VERTICES_MAX: usize = 3_000;
/// Units of the picture's width; a unit is about a pixel on a phone.
pub(crate) const WIDTH: f64 = 360.0;
const MARGIN: f64 = 14.0;
/// Least and greatest height.
const HEIGHTS: (f64, f64) = (160.0, 320.0);
/// The zoom at which rows are counted by tile; there, tiles are some 9 km wide.
const CROWD_ZOOM: u8 = 12;
/// Units along a side of a cell.
const CELL: f64 = 10.0;

/// An outline.
#[derive(Debug)]
pub(crate) struct Outline {
    /// The box of all rows that have a place.
    pub(crate) bounds: Bounds,
    /// Rows that have one.
    pub(crate) placed: u64,
    /// Rows that have none.
    pub(crate) unplaced: u64,
    /// The frame of the picture.
    pub(crate) frame: Frame,
    /// What is drawn by itself.
    pub(crate) drawn: Drawn,
    /// What is counted.
    pub(crate) heaps: Vec<Heap>,
    /// The list beside it.
    pub(crate) bands: Vec<Band>,
    /// The first zoom whose tiles show rows: before it at least one would hold too many, and all hold counts, so that
    /// a map does not change its manner from tile to tile.
    pub(crate) rows_from: u8,
}

/// What the first pass finds.
#[derive(Default)]
struct Found {
    bounds: Option<Bounds>,
    placed: u64,
    unplaced: u64,
    points: usize,
    crowds: HashMap<Tile, usize>,
    /// The spots themselves; none once there are too many.
    spots: Option<Vec<Spot>>,
}

impl Found {
    fn take(&mut self, spot: Option<Spot>) {
        let Some(spot) = spot else {
            self.unplaced += 1;
            return;
        };
        self.placed += 1;
        self.points += spot.size();
        *self.crowds.entry(Tile::of(spot.middle(), CROWD_ZOOM)).or_default() += 1;
        self.bounds = Some(self.bounds.map_or(spot.bounds(), |bounds| bounds.and(spot.bounds())));
        let room = self.points <= POINTS_MAX;
        match &mut self.spots {
            Some(spots) if spots.len() < SPOTS_MAX && room => spots.push(spot),
            spots => *spots = None,
        }
    }
}

/// The zoom after the last one that has a tile of too many rows.
fn rows_from(crowds: &HashMap<Tile, usize>) -> u8 {
    let has_crowd = |z: &u8| {
        let mut sums: HashMap<(u32, u32), usize> = HashMap::new();
        for (tile, rows) in crowds {
            let (zoom, x, y) = tile.numbers();
            *sums.entry((x >> (zoom - z), y >> (zoom - z))).or_default() += rows;
        }
        sums.values().any(|rows| *rows > FEATURES_MAX)
    };
    (0..=CROWD_ZOOM).rev().find(has_crowd).map_or(0, |z| z + 1)
}

/// Draws the outline; none when no row has a place.
pub(super) async fn make(
    platform: &Platform,
    ctx: &Ctx,
    resource: &Resource,
    place: &Place,
    version: u64,
) -> Result<Option<Outline>> {
    let mut found = Found { spots: Some(Vec::new()), ..Found::default() };
    each(platform, ctx, resource, place, version, &mut |spot| found.take(spot)).await?;
    let Some(bounds) = found.bounds else { return Ok(None) };
    let table = resource.table.as_ref().ok_or_else(|| Error::broken("an open resource without a table"))?;
    let frame = Frame::of_bounds(bounds, WIDTH, MARGIN, HEIGHTS);
    let (mut bands, mut grid, mut drawn) = (Bands::new(table, place, bounds), Grid::new(frame, CELL), Drawn::default());
    match &found.spots {
        Some(spots) => {
            for spot in spots {
                bands.add(spot.middle());
                draw(&mut drawn, &mut grid, &frame, spot);
            }
        }
        None => {
            let mut count = |spot: Option<Spot>| {
                for middle in spot.iter().map(Spot::middle) {
                    bands.add(middle);
                    grid.add(middle);
                }
            };
            each(platform, ctx, resource, place, version, &mut count).await?;
        }
    }
    Ok(Some(Outline {
        bounds,
        placed: found.placed,
        unplaced: found.unplaced,
        frame,
        drawn,
        heaps: grid.heaps().collect(),
        bands: bands.list(),
        rows_from: rows_from(&found.crowds),
    }))
}

fn draw(drawn: &mut Drawn, grid: &mut Grid, frame: &Frame, spot: &Spot) {
    let one = frame.draw(&spot.shape());
    if drawn.vertices() + one.vertices() > VERTICES_MAX {
        grid.add(spot.middle());
        return;
    }
    drawn.points.extend(one.points);
    drawn.lines.extend(one.lines);
    drawn.areas.extend(one.areas);
}

/// Hands on where each row of a version is.
async fn each(
    platform: &Platform,
    ctx: &Ctx,
    resource: &Resource,
    place: &Place,
    version: u64,
    take: &mut (dyn FnMut(Option<Spot>) + Send),
) -> Result<()> {
    let fields = place.columns().into_iter().map(str::to_owned).collect();
    let query = RowsQuery { at: At::Version(version), fields, ..RowsQuery::all(&resource.entry.code) };
    let mut rows = ops::rows(platform, ctx, resource, query).await?.rows;
    while let Some(batch) = rows.next().await {
        spots(&batch?, place)?.into_iter().for_each(&mut *take);
    }
    Ok(())
}
