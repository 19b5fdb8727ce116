//! A box of degrees. Knows no box across the 180th meridian: such shapes get the long way round.

use crate::Point;

/// From west to east and from south to north, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Least longitude.
    pub west: f64,
    /// Least latitude.
    pub south: f64,
    /// Greatest longitude.
    pub east: f64,
    /// Greatest latitude.
    pub north: f64,
}

impl Bounds {
    /// The box of one point.
    pub fn at(point: Point) -> Bounds {
        Bounds { west: point.lon, south: point.lat, east: point.lon, north: point.lat }
    }

    /// The box of all these points; none of none.
    pub fn of<'p>(mut points: impl Iterator<Item = &'p Point>) -> Option<Bounds> {
        let first = Bounds::at(*points.next()?);
        Some(points.fold(first, |bounds, point| bounds.with(*point)))
    }

    /// The box that holds this point too.
    #[must_use]
    pub fn with(self, point: Point) -> Bounds {
        self.and(Bounds::at(point))
    }

    /// The box of both.
    #[must_use]
    pub fn and(self, other: Bounds) -> Bounds {
        Bounds {
            west: self.west.min(other.west),
            south: self.south.min(other.south),
            east: self.east.max(other.east),
            north: self.north.max(other.north),
        }
    }

    /// Whether the two have a point in common.
    pub fn meets(self, other: Bounds) -> bool {
        let apart = self.east < other.west || other.east < self.west;
        !apart && self.north >= other.south && other.north >= self.south
    }

    /// Its middle.
    pub fn middle(self) -> Point {
        Point { lon: f64::midpoint(self.west, self.east), lat: f64::midpoint(self.south, self.north) }
    }
}
