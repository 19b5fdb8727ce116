//! The frame a map is drawn in, a tile or a picture: turns degrees into whole units of a plane, cuts at its edges and
//! thins what is too fine to see.

use crate::cut::{self, Window};
use crate::thin::thin;
use crate::{Bounds, EXTENT, Point, Shape, Tile};

/// Units a tile's shapes go on beyond its edge, so that no seam shows.
const TILE_MARGIN: f64 = 64.0;
/// Units a drawn line of a tile may be off: 4096 of them are 512 pixels and more on the screen.
const TILE_TOLERANCE: f64 = 4.0;
/// Units a drawn line of a picture may be off.
const PICTURE_TOLERANCE: f64 = 0.5;
/// A picture of less than this is a picture of this: about 200 m at the equator.
const SPAN_MIN: f64 = 0.002 / 360.0;

/// A frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    corner: [f64; 2],
    /// Units along the whole square.
    scale: f64,
    size: [f64; 2],
    window: Window,
    tolerance: f64,
}

/// A shape as it is drawn in a frame, in whole units.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drawn {
    /// Points.
    pub points: Vec<[i32; 2]>,
    /// Lines, each of two points or more.
    pub lines: Vec<Vec<[i32; 2]>>,
    /// Areas: the outer ring clockwise on the screen, holes against it; the first point is not repeated.
    pub areas: Vec<Vec<Vec<[i32; 2]>>>,
}

impl Frame {
    /// The frame of a tile: [`EXTENT`] units wide.
    pub fn of_tile(tile: Tile) -> Frame {
        let extent = f64::from(EXTENT);
        Frame {
            corner: tile.corner(),
            scale: extent / tile.side(),
            size: [extent; 2],
            window: Window { least: [-TILE_MARGIN; 2], greatest: [extent + TILE_MARGIN; 2] },
            tolerance: TILE_TOLERANCE,
        }
    }

    /// A picture of this box, so many units wide with a margin inside; its height follows the box, between the two
    /// given.
    pub fn of_bounds(bounds: Bounds, width: f64, margin: f64, heights: (f64, f64)) -> Frame {
        let first = Point { lon: bounds.west, lat: bounds.north }.on_square();
        let last = Point { lon: bounds.east, lat: bounds.south }.on_square();
        let span = [0, 1].map(|axis| (last[axis] - first[axis]).max(SPAN_MIN));
        let inner = width - 2.0 * margin;
        let height = (inner * span[1] / span[0] + 2.0 * margin).clamp(heights.0, heights.1).round();
        let scale = (inner / span[0]).min((height - 2.0 * margin) / span[1]);
        let size = [width, height];
        let corner = [0, 1].map(|axis| f64::midpoint(first[axis], last[axis]) - size[axis] / scale / 2.0);
        let window = Window { least: [0.0; 2], greatest: size };
        Frame { corner, scale, size, window, tolerance: PICTURE_TOLERANCE }
    }

    /// Width and height in units.
    pub fn size(&self) -> [f64; 2] {
        self.size
    }

    /// Where a point lies in it, in units from its north-west corner.
    pub fn at(&self, point: Point) -> [f64; 2] {
        let place = point.on_square();
        [0, 1].map(|axis| (place[axis] - self.corner[axis]) * self.scale)
    }

    /// The box of what it shows.
    pub fn bounds(&self) -> Bounds {
        let last = [0, 1].map(|axis| self.corner[axis] + self.size[axis] / self.scale);
        let (first, last) = (Point::of_square(self.corner), Point::of_square(last));
        Bounds { west: first.lon, south: last.lat, east: last.lon, north: first.lat }
    }

    /// The shape as it is drawn here. What would vanish in the drawing stands there as a point, so that small things
    /// are seen from afar.
    pub fn draw(&self, shape: &Shape) -> Drawn {
        let mut drawn = Drawn::default();
        for point in &shape.points {
            drawn.points.extend(self.dot(*point));
        }
        for line in &shape.lines {
            let before = drawn.lines.len();
            for piece in cut::line(&self.all_at(line), &self.window) {
                let piece = whole(&thin(&piece, self.tolerance));
                drawn.lines.extend((piece.len() > 1).then_some(piece));
            }
            if drawn.lines.len() == before {
                drawn.points.extend(Bounds::of(line.iter()).and_then(|bounds| self.dot(bounds.middle())));
            }
        }
        for area in &shape.areas {
            let rings: Vec<Vec<[i32; 2]>> =
                area.iter().enumerate().map_while(|(at, ring)| self.ring(ring, at == 0)).flatten().collect();
            if rings.is_empty() {
                drawn.points.extend(Bounds::of(area[0].iter()).and_then(|bounds| self.dot(bounds.middle())));
            } else {
                drawn.areas.push(rings);
            }
        }
        drawn
    }

    fn dot(&self, point: Point) -> Option<[i32; 2]> {
        let at = self.at(point);
        self.window.has(at).then(|| unit(at))
    }

    fn all_at(&self, points: &[Point]) -> Vec<[f64; 2]> {
        points.iter().map(|point| self.at(*point)).collect()
    }

    /// A ring as it is drawn, or that it vanished; none ends an area: its outer ring is not there.
    fn ring(&self, points: &[Point], outer: bool) -> Option<Option<Vec<[i32; 2]>>> {
        let cut = cut::ring(&self.all_at(points), &self.window);
        let mut ring = Vec::new();
        if let Some(first) = cut.first() {
            let mut closed = cut.clone();
            closed.push(*first);
            ring = whole(&thin(&closed, self.tolerance));
            if ring.len() > 1 && ring.first() == ring.last() {
                ring.pop();
            }
        }
        let area = twice_the_area(&ring);
        if ring.len() < 3 || area == 0 {
            return if outer { None } else { Some(None) };
        }
        if (area > 0) != outer {
            ring.reverse();
        }
        Some(Some(ring))
    }
}

impl Drawn {
    /// How many points its drawing takes.
    pub fn vertices(&self) -> usize {
        let lines: usize = self.lines.iter().map(Vec::len).sum();
        self.points.len() + lines + self.areas.iter().flatten().map(Vec::len).sum::<usize>()
    }
}

/// Positive for rings that go clockwise where y grows downwards (the surveyor's formula of the tile specification).
fn twice_the_area(ring: &[[i32; 2]]) -> i64 {
    let next = |at: usize| ring[(at + 1) % ring.len()];
    let part = |(at, point): (usize, &[i32; 2])| {
        i64::from(point[0]) * i64::from(next(at)[1]) - i64::from(next(at)[0]) * i64::from(point[1])
    };
    ring.iter().enumerate().map(part).sum()
}

/// In whole units, none twice in a row.
fn whole(points: &[[f64; 2]]) -> Vec<[i32; 2]> {
    let mut whole: Vec<[i32; 2]> = points.iter().map(|point| unit(*point)).collect();
    whole.dedup();
    whole
}

fn unit(point: [f64; 2]) -> [i32; 2] {
    point.map(|part| part.round() as i32)
}
