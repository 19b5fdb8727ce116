//! Tiles by zoom, column and row, as every web map numbers them: at zoom z the square is 2^z tiles wide, counted from
//! the north-west.

use crate::{Bounds, Point};

/// The deepest zoom there is a tile for; beyond it, maps enlarge these.
pub const ZOOM_MAX: u8 = 16;
/// Units along a side of a tile.
pub const EXTENT: u32 = 4096;
/// The media type of a vector tile.
pub const MEDIA_TYPE: &str = "application/vnd.mapbox-vector-tile";

/// One tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    z: u8,
    x: u32,
    y: u32,
}

impl Tile {
    /// The tile of these numbers; none where there is no such tile.
    pub fn new(z: u8, x: u32, y: u32) -> Option<Tile> {
        (z <= ZOOM_MAX && x < 1 << z && y < 1 << z).then_some(Tile { z, x, y })
    }

    /// The tile a point belongs to at this zoom: each point belongs to exactly one.
    pub fn of(point: Point, z: u8) -> Tile {
        let z = z.min(ZOOM_MAX);
        let tiles = f64::from(1_u32 << z);
        let number = |part: f64| (part * tiles).floor().clamp(0.0, tiles - 1.0) as u32;
        let [x, y] = point.on_square();
        Tile { z, x: number(x), y: number(y) }
    }

    /// Whether the point belongs to it.
    pub fn has(self, point: Point) -> bool {
        Tile::of(point, self.z) == self
    }

    /// Zoom, column and row.
    pub fn numbers(self) -> (u8, u32, u32) {
        (self.z, self.x, self.y)
    }

    /// Its box, wider by this share of its side each way. The first and the last row reach to the poles, as the points
    /// there belong to them.
    pub fn bounds(self, margin: f64) -> Bounds {
        let [left, top] = self.corner();
        let side = self.side();
        let first = Point::of_square([left - margin * side, top - margin * side]);
        let last = Point::of_square([left + (1.0 + margin) * side, top + (1.0 + margin) * side]);
        let north = if self.y == 0 { 90.0 } else { first.lat };
        let south = if self.y + 1 == 1 << self.z { -90.0 } else { last.lat };
        Bounds { west: first.lon, south, east: last.lon, north }
    }

    /// Its north-west corner on the square.
    pub(crate) fn corner(self) -> [f64; 2] {
        [f64::from(self.x) * self.side(), f64::from(self.y) * self.side()]
    }

    /// The length of its side on the square.
    pub(crate) fn side(self) -> f64 {
        1.0 / f64::from(1_u32 << self.z)
    }
}
