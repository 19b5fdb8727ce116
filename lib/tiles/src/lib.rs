//! Maps without a map server: shapes out of GeoJSON, the square of Web Mercator, cutting and thinning, counting into a
//! grid, and vector tiles (Mapbox Vector Tile 2.1). Pure. Takes degrees as they are given: which coordinate system they
//! belong to is not its business, and it converts none into another.

mod bounds;
mod cut;
mod frame;
mod grid;
mod layer;
mod point;
mod shape;
mod thin;
mod tile;

pub use bounds::Bounds;
pub use frame::{Drawn, Frame};
pub use grid::{Grid, Heap};
pub use layer::{Layer, Value, encode};
pub use point::Point;
pub use shape::Shape;
pub use tile::{EXTENT, MEDIA_TYPE, Tile, ZOOM_MAX};

#[cfg(test)]
mod tests;
