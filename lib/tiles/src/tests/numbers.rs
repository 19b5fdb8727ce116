//! Degrees, the square and the numbers of tiles.

use proptest::prelude::*;

use crate::{Bounds, Point, Tile, ZOOM_MAX};

#[test]
fn points_land_on_the_tiles_the_whole_web_puts_them_on() {
    // The worked example of the OpenStreetMap wiki (232798/103246 at zoom 18), and the middle of Beijing.
    let cases = [(139.7006793, 35.6590699, 16, (58_199, 25_811)), (116.3912, 39.9073, 16, (53_956, 24_832))];
    for (lon, lat, z, (x, y)) in cases {
        let point = Point::new(lon, lat).expect("on the globe");
        assert_eq!(Tile::of(point, z).numbers(), (z, x, y), "{lon} {lat}");
    }
}

#[test]
fn what_is_off_the_globe_or_not_known_is_no_point() {
    for (lon, lat) in [(181.0, 0.0), (0.0, 91.0), (f64::NAN, 1.0), (0.0, 0.0), (12_660_000.0, 2_590_000.0)] {
        assert_eq!(Point::new(lon, lat), None, "{lon} {lat}");
    }
    assert!(Point::new(0.0, 51.5).is_some() && Point::new(-180.0, -90.0).is_some());
}

#[test]
fn there_are_no_tiles_beyond_the_square_and_the_deepest_zoom() {
    assert!(Tile::new(0, 0, 0).is_some() && Tile::new(ZOOM_MAX, 65_535, 65_535).is_some());
    for (z, x, y) in [(0, 1, 0), (3, 0, 8), (ZOOM_MAX, 65_536, 0), (ZOOM_MAX + 1, 0, 0), (255, 0, 0)] {
        assert_eq!(Tile::new(z, x, y), None, "{z} {x} {y}");
    }
}

proptest! {
    #[test]
    fn a_point_belongs_to_one_tile_of_a_zoom_and_lies_in_its_box(
        lon in -180.0..180.0_f64, lat in -90.0..90.0_f64, z in 0..=ZOOM_MAX
    ) {
        let point = Point { lon, lat };
        let tile = Tile::of(point, z);
        prop_assert!(tile.has(point));
        prop_assert!(tile.bounds(1e-6).meets(Bounds::at(point)), "{tile:?}");
        let (_, x, y) = tile.numbers();
        let beside = Tile::new(z, x + 1, y).or_else(|| Tile::new(z, x, y + 1));
        prop_assert!(beside.is_none_or(|beside| !beside.has(point)));
        let back = Point::of_square(point.on_square());
        prop_assert!((back.lon - lon).abs() < 1e-9 && (lat.abs() > 85.0 || (back.lat - lat).abs() < 1e-9));
    }
}
