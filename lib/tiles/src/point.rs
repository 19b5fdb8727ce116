//! A point on the globe and where it lies on the square of Web Mercator (EPSG:3857), the plane of all web maps.

use std::f64::consts::PI;

/// The square ends at this latitude, north and south.
const LAT_MAX: f64 = 85.051_128_779_806_6;

/// Longitude and latitude in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// East of the zero meridian; negative to the west.
    pub lon: f64,
    /// North of the equator; negative to the south.
    pub lat: f64,
}

impl Point {
    /// A point on the globe. None for what lies off it, and none for 0, 0, which in exports means "not known".
    pub fn new(lon: f64, lat: f64) -> Option<Point> {
        let on_globe = lon.is_finite() && lat.is_finite() && lon.abs() <= 180.0 && lat.abs() <= 90.0;
        (on_globe && (lon != 0.0 || lat != 0.0)).then_some(Point { lon, lat })
    }

    /// Where it lies on the square: 0 to 1 from the west and from the north.
    pub fn on_square(self) -> [f64; 2] {
        let sine = self.lat.clamp(-LAT_MAX, LAT_MAX).to_radians().sin();
        let y = 0.5 - ((1.0 + sine) / (1.0 - sine)).ln() / (4.0 * PI);
        [self.lon / 360.0 + 0.5, y.clamp(0.0, 1.0)]
    }

    /// The point at this place of the square.
    pub fn of_square([x, y]: [f64; 2]) -> Point {
        let lat = (PI * (1.0 - 2.0 * y)).sinh().atan().to_degrees();
        Point { lon: (x - 0.5) * 360.0, lat }
    }
}
