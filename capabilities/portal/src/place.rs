//! Where a row's place stands among the columns, and in which coordinate system the source says it is. Recognised by
//! name and title; nothing is converted, and what nobody said is not guessed.

const LONGITUDES: [&str; 7] = ["lon", "lng", "long", "longitude", "jingdu", "jing_du", "经度"];
const LATITUDES: [&str; 5] = ["lat", "latitude", "weidu", "wei_du", "纬度"];
const GEOMETRIES: [&str; 4] = ["geometry", "geom", "the_geom", "几何"];

/// Where a row's place stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A column of GeoJSON geometries.
    Geometry(String),
    /// A column each of longitudes and latitudes, in degrees.
    Point {
        /// The longitudes.
        longitude: String,
        /// The latitudes.
        latitude: String,
    },
}

/// The coordinate system of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    /// The source says nothing: as given.
    AsGiven,
    /// WGS 84, that of satellite receivers.
    Wgs84,
    /// CGCS2000, China's own; a metre from WGS 84 at most.
    Cgcs2000,
    /// GCJ-02, the shifted one of Chinese web maps: 300 to 500 m off the two above.
    Gcj02,
    /// BD-09, the shifted one of one provider, a second shift on top.
    Bd09,
}

impl Place {
    /// The place of rows whose columns are called so: name and title each. What stands in brackets in a title does not
    /// count: 经度（GCJ-02） is 经度.
    pub(crate) fn find<'n>(columns: impl Iterator<Item = (&'n str, &'n str)> + Clone) -> Option<Place> {
        let called = |words: &[&str]| {
            let fits = |word: &str| words.contains(&plain(word).to_lowercase().as_str());
            columns.clone().find(|(name, title)| fits(name) || fits(title)).map(|(name, _)| name.to_owned())
        };
        if let Some(geometry) = called(&GEOMETRIES) {
            return Some(Place::Geometry(geometry));
        }
        Some(Place::Point { longitude: called(&LONGITUDES)?, latitude: called(&LATITUDES)? })
    }

    /// The columns it stands in.
    pub(crate) fn columns(&self) -> Vec<&str> {
        match self {
            Place::Geometry(geometry) => vec![geometry],
            Place::Point { longitude, latitude } => vec![longitude, latitude],
        }
    }
}

impl System {
    /// The system these words name; the first that is named counts.
    pub(crate) fn told<'w>(words: impl Iterator<Item = &'w str>) -> System {
        const NAMES: [(&str, System); 12] = [
            ("cgcs2000", System::Cgcs2000),
            ("国家2000", System::Cgcs2000),
            ("2000国家大地", System::Cgcs2000),
            ("epsg:4490", System::Cgcs2000),
            ("gcj02", System::Gcj02),
            ("火星坐标", System::Gcj02),
            ("bd09", System::Bd09),
            ("百度坐标", System::Bd09),
            ("wgs84", System::Wgs84),
            ("wgs1984", System::Wgs84),
            ("epsg:4326", System::Wgs84),
            ("crs84", System::Wgs84),
        ];
        for words in words {
            let flat: String = words.to_lowercase().chars().filter(|letter| !" -_".contains(*letter)).collect();
            if let Some((_, system)) = NAMES.iter().find(|(name, _)| flat.contains(name)) {
                return *system;
            }
        }
        System::AsGiven
    }

    /// The word in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            System::AsGiven => "as-given",
            System::Wgs84 => "WGS84",
            System::Cgcs2000 => "CGCS2000",
            System::Gcj02 => "GCJ-02",
            System::Bd09 => "BD-09",
        }
    }

    /// The message id of what is said about it.
    pub(crate) fn text_id(self) -> &'static str {
        match self {
            System::AsGiven => "portal-map-system-as-given",
            System::Wgs84 => "portal-map-system-wgs84",
            System::Cgcs2000 => "portal-map-system-cgcs2000",
            System::Gcj02 => "portal-map-system-gcj02",
            System::Bd09 => "portal-map-system-bd09",
        }
    }
}

/// A title without what stands in brackets.
fn plain(title: &str) -> &str {
    title.split(['(', '（']).next().unwrap_or(title).trim()
}
