//! The list beside a map: three bands each way, how many rows lie in each of the nine fields, and the conditions that
//! find them in the table, so that the counts of both agree.

use yiwang_gate::TableInfo;
use yiwang_tiles::{Bounds, Point};

use super::rows::written;
use crate::place::Place;

/// One field of the nine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Band {
    /// From the west: 0, 1, 2.
    pub(crate) column: usize,
    /// From the north: 0, 1, 2.
    pub(crate) row: usize,
    /// Rows in it.
    pub(crate) rows: u64,
    /// The conditions of an address that find them: name and value; none where the table cannot be asked so.
    pub(crate) conditions: Vec<(String, String)>,
}

/// The nine fields while their rows are counted.
#[derive(Debug)]
pub(super) struct Bands {
    longitudes: Cuts,
    latitudes: Cuts,
    rows: [[u64; 3]; 3],
}

/// Three bands along one axis, from the least value up.
#[derive(Debug)]
struct Cuts {
    /// The column, where conditions on it can be written.
    column: Option<String>,
    /// Least, two cuts, greatest: as written and as a number.
    at: [(String, f64); 4],
}

impl Cuts {
    /// Without a column that holds numbers the bands are as good, but lead nowhere.
    fn new(column: Option<(&str, &TableInfo)>, least: f64, greatest: f64) -> Cuts {
        let data_type = column
            .and_then(|(name, table)| table.schema.field_with_name(name).ok().map(|field| field.data_type().clone()));
        let third = (greatest - least) / 3.0;
        let cut = |degrees: f64, up: bool| {
            let text = data_type.as_ref().and_then(|given| written(given, degrees, up));
            let text = text.unwrap_or_else(|| degrees.to_string());
            let value = text.parse().unwrap_or(degrees);
            (text, value)
        };
        let at = [cut(least, false), cut(least + third, false), cut(least + 2.0 * third, false), cut(greatest, true)];
        let has_numbers = data_type.as_ref().is_some_and(|given| written(given, 0.0, false).is_some());
        Cuts { column: column.filter(|_| has_numbers).map(|(name, _)| name.to_owned()), at }
    }

    /// A column of one value, or nearly, has one band: the middle one.
    fn is_one(&self) -> bool {
        let values = self.at.each_ref().map(|(_, value)| *value);
        !values.windows(2).all(|pair| pair[0] < pair[1])
    }

    fn band(&self, value: f64) -> usize {
        match self {
            one if one.is_one() => 1,
            cuts if value < cuts.at[1].1 => 0,
            cuts if value < cuts.at[2].1 => 1,
            _ => 2,
        }
    }

    fn conditions(&self, band: usize) -> Option<[(String, String); 2]> {
        let column = self.column.as_ref()?;
        let (first, last) = if self.is_one() { (0, 3) } else { (band, band + 1) };
        let upper = if last == 3 { "le" } else { "lt" };
        let condition = |op: &str, at: usize| (format!("{column}__{op}"), self.at[at].0.clone());
        Some([condition("ge", first), condition(upper, last)])
    }
}

impl Bands {
    /// The bands of a box.
    pub(super) fn new(table: &TableInfo, place: &Place, bounds: Bounds) -> Bands {
        let (longitude, latitude) = match place {
            Place::Point { longitude, latitude } => {
                (Some((longitude.as_str(), table)), Some((latitude.as_str(), table)))
            }
            Place::Geometry(_) => (None, None),
        };
        Bands {
            longitudes: Cuts::new(longitude, bounds.west, bounds.east),
            latitudes: Cuts::new(latitude, bounds.south, bounds.north),
            rows: [[0; 3]; 3],
        }
    }

    /// Counts a row.
    pub(super) fn add(&mut self, point: Point) {
        let (column, row) = (self.longitudes.band(point.lon), 2 - self.latitudes.band(point.lat));
        self.rows[row][column] += 1;
    }

    /// The fields, line by line from the north-west.
    pub(super) fn list(&self) -> Vec<Band> {
        let band = |place: usize| {
            let (row, column) = (place / 3, place % 3);
            let conditions = self.longitudes.conditions(column).zip(self.latitudes.conditions(2 - row));
            let conditions = conditions.map(|(first, second)| [first, second].concat()).unwrap_or_default();
            Band { column, row, rows: self.rows[row][column], conditions }
        };
        (0..9).map(band).collect()
    }
}
