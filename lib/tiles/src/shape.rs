//! One geometry with all its parts. Reads GeoJSON (RFC 7946); what is off the globe or no geometry is left out.

use serde_json::Value;

use crate::{Bounds, Point};

/// The parts of one geometry, whatever its nesting.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shape {
    /// Its points.
    pub points: Vec<Point>,
    /// Its lines, each of two points or more.
    pub lines: Vec<Vec<Point>>,
    /// Its areas: an outer ring, then its holes; the last point of a ring is not its first again.
    pub areas: Vec<Vec<Vec<Point>>>,
}

impl Shape {
    /// A shape of one point.
    pub fn point(point: Point) -> Shape {
        Shape { points: vec![point], ..Shape::default() }
    }

    /// The shape a text of GeoJSON describes: a geometry, not a feature. None where nothing can be drawn of it.
    pub fn of_geojson(text: &str) -> Option<Shape> {
        let mut shape = Shape::default();
        shape.take(&serde_json::from_str(text).ok()?);
        shape.bounds().is_some().then_some(shape)
    }

    /// Its box; none when it has no point.
    pub fn bounds(&self) -> Option<Bounds> {
        let lines = self.lines.iter().flatten();
        let rings = self.areas.iter().flatten().flatten();
        Bounds::of(self.points.iter().chain(lines).chain(rings))
    }

    fn take(&mut self, geometry: &Value) {
        let part = |name: &str| geometry.get(name).unwrap_or(&Value::Null);
        let coordinates = part("coordinates");
        match geometry.get("type").and_then(Value::as_str) {
            Some("Point") => self.points.extend(point(coordinates)),
            Some("MultiPoint") => self.points.extend(each(coordinates).filter_map(point)),
            Some("LineString") => self.lines.extend(line(coordinates)),
            Some("MultiLineString") => self.lines.extend(each(coordinates).filter_map(line)),
            Some("Polygon") => self.areas.extend(area(coordinates)),
            Some("MultiPolygon") => self.areas.extend(each(coordinates).filter_map(area)),
            Some("GeometryCollection") => each(part("geometries")).for_each(|part| self.take(part)),
            _ => {}
        }
    }
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn point(position: &Value) -> Option<Point> {
    Point::new(position.get(0)?.as_f64()?, position.get(1)?.as_f64()?)
}

fn line(positions: &Value) -> Option<Vec<Point>> {
    let points: Vec<Point> = each(positions).filter_map(point).collect();
    (points.len() > 1).then_some(points)
}

fn area(rings: &Value) -> Option<Vec<Vec<Point>>> {
    let mut whole: Vec<Vec<Point>> = Vec::new();
    for positions in each(rings) {
        let mut ring: Vec<Point> = each(positions).filter_map(point).collect();
        if ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
        match ring.len() {
            3.. => whole.push(ring),
            // Without its outer ring an area has no holes either.
            _ if whole.is_empty() => return None,
            _ => {}
        }
    }
    (!whole.is_empty()).then_some(whole)
}
