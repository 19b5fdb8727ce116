//! Shapes in a frame: cut at its edges, thinned, never lost.

use crate::{Bounds, Frame, Grid, Heap, Point, Shape, Tile};

/// The tile around the middle of Guangdong at zoom 10, in units, by a text of GeoJSON in shares of its sides.
fn in_tile(kind: &str, coordinates: &str) -> crate::Drawn {
    let tile = Tile::of(Point { lon: 113.6, lat: 22.9 }, 10);
    let bounds = tile.bounds(0.0);
    let degrees = |x: f64, y: f64| {
        (bounds.west + x * (bounds.east - bounds.west), bounds.north - y * (bounds.north - bounds.south))
    };
    let mut text = String::new();
    for (at, part) in coordinates.split('|').enumerate() {
        if at % 2 == 0 {
            text.push_str(part);
        } else {
            let (x, y) = part.split_once(' ').expect("two numbers");
            let (lon, lat) = degrees(x.parse().expect("a number"), y.parse().expect("a number"));
            text.push_str(&format!("[{lon:.9},{lat:.9}]"));
        }
    }
    let shape = Shape::of_geojson(&format!("{{\"type\":\"{kind}\",\"coordinates\":{text}}}")).expect("a shape");
    Frame::of_tile(tile).draw(&shape)
}

#[test]
fn a_line_that_leaves_and_comes_back_is_two_lines() {
    let drawn = in_tile("LineString", "[|0.5 0.1|,|1.5 0.1|,|1.5 0.9|,|0.5 0.9|]");
    assert_eq!(drawn.lines.len(), 2, "{drawn:?}");
    assert!(drawn.lines.iter().flatten().all(|point| point[0] <= 4096 + 64), "{drawn:?}");
    assert!(drawn.points.is_empty() && drawn.areas.is_empty());
}

#[test]
fn a_ring_larger_than_the_tile_is_the_edge_of_the_tile_and_runs_clockwise() {
    let drawn = in_tile("Polygon", "[[|-3 -3|,|-3 4|,|4 4|,|4 -3|,|-3 -3|]]");
    let [area] = drawn.areas.as_slice() else { panic!("one area: {drawn:?}") };
    let ring = &area[0];
    let edges = [-64, 4096 + 64];
    assert!(ring.len() == 4 && ring.iter().flatten().all(|part| edges.contains(part)), "{ring:?}");
    let turn: i64 = (0..4)
        .map(|at| (ring[at], ring[(at + 1) % 4]))
        .map(|(one, next)| i64::from(one[0]) * i64::from(next[1]) - i64::from(next[0]) * i64::from(one[1]))
        .sum();
    assert!(turn > 0, "{ring:?}");
}

#[test]
fn a_hole_too_small_to_see_goes_and_an_area_too_small_becomes_a_point() {
    let hole =
        in_tile("Polygon", "[[|0.2 0.2|,|0.8 0.2|,|0.8 0.8|,|0.2 0.8|],[|0.5 0.5|,|0.50001 0.5|,|0.5 0.50001|]]");
    assert_eq!(hole.areas.iter().map(Vec::len).collect::<Vec<_>>(), [1], "{hole:?}");
    let tiny = in_tile("Polygon", "[[|0.5 0.5|,|0.50001 0.5|,|0.5 0.50001|]]");
    assert_eq!((tiny.points.len(), tiny.areas.len()), (1, 0), "{tiny:?}");
    let outside = in_tile("Polygon", "[[|2.5 0.5|,|2.6 0.5|,|2.5 0.6|]]");
    assert_eq!(outside, crate::Drawn::default());
}

#[test]
fn thinning_keeps_corners_and_drops_what_lies_on_the_way() {
    let drawn = in_tile("LineString", "[|0.1 0.1|,|0.2 0.1001|,|0.3 0.1|,|0.4 0.0999|,|0.5 0.1|,|0.5 0.6|]");
    assert_eq!(drawn.lines[0].len(), 3, "{drawn:?}");
}

#[test]
fn geometries_of_every_kind_are_read_and_nonsense_is_none() {
    let text = r#"{"type":"GeometryCollection","geometries":[
        {"type":"Point","coordinates":[113,22,7]},{"type":"MultiPoint","coordinates":[[113,22],[0,0],[999,1]]},
        {"type":"LineString","coordinates":[[113,22],[114,23]]},
        {"type":"MultiLineString","coordinates":[[[113,22],[114,23]],[[113,22]]]},
        {"type":"Polygon","coordinates":[[[113,22],[114,22],[114,23],[113,22]]]},
        {"type":"MultiPolygon","coordinates":[[[[113,22],[114,22],[114,23],[113,22]]],[[[1,1]]]]}]}"#;
    let shape = Shape::of_geojson(text).expect("a shape");
    assert_eq!((shape.points.len(), shape.lines.len(), shape.areas.len()), (2, 2, 2), "{shape:?}");
    assert_eq!(shape.areas[0][0].len(), 3, "a ring does not repeat its first point");
    for nonsense in
        ["", "null", "{}", "[]", "POINT(1 2)", r#"{"type":"Point"}"#, r#"{"type":"Point","coordinates":[]}"#]
    {
        assert_eq!(Shape::of_geojson(nonsense), None, "{nonsense}");
    }
}

#[test]
fn a_picture_holds_its_box_whatever_its_form() {
    let boxes = [(113.0, 22.0, 114.0, 22.2), (113.0, 22.0, 113.1, 25.0), (113.5, 22.5, 113.5, 22.5)];
    for (west, south, east, north) in boxes {
        let bounds = Bounds { west, south, east, north };
        let frame = Frame::of_bounds(bounds, 360.0, 12.0, (160.0, 320.0));
        let [width, height] = frame.size();
        assert!(width == 360.0 && (160.0..=320.0).contains(&height), "{bounds:?}");
        for (lon, lat) in [(west, south), (east, north)] {
            let at = frame.at(Point { lon, lat });
            let inside = at[0] >= 11.9 && at[0] <= width - 11.9 && at[1] >= 11.9 && at[1] <= height - 11.9;
            assert!(inside, "{bounds:?}: {at:?} in {width} x {height}");
        }
        let shown = frame.bounds();
        assert!(shown.west < west && shown.east > east && shown.south < south && shown.north > north);
    }
}

#[test]
fn a_grid_counts_every_point_once() {
    let tile = Tile::of(Point { lon: 113.6, lat: 22.9 }, 12);
    let mut grid = Grid::new(Frame::of_tile(tile), 64.0);
    let bounds = tile.bounds(0.0);
    for step in 0..1_000 {
        let share = f64::from(step) / 1_000.0;
        let lon = bounds.west + share * (bounds.east - bounds.west);
        grid.add(Point { lon, lat: bounds.middle().lat });
    }
    let heaps: Vec<Heap> = grid.heaps().collect();
    assert_eq!(heaps.iter().map(|heap| heap.count).sum::<u64>(), 1_000);
    assert_eq!(heaps.len(), 64, "one heap a cell");
}
