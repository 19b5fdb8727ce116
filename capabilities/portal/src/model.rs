//! How rows are asked for in an address, and in which formats they leave. Pure; reads nothing.

use yiwang_gate::{Filter, Op, Page, RowsQuery, Sort};
use yiwang_kernel::{Error, Result};
use yiwang_tiles::{Tile, ZOOM_MAX};
use yiwang_web::Fields;

/// Rows a page of a data table shows when nobody asks for another number.
pub(crate) const ROWS_PER_PAGE: u64 = 20;
/// Rows one call of the API may ask for.
pub(crate) const API_ROWS_MAX: u64 = 10_000;
/// Fields one call may name.
pub(crate) const FIELDS_MAX: usize = 500;

/// Words of the address that are no fields; a field of such a name is filtered as `NAME__eq`.
const RESERVED: [&str; 11] =
    ["fields", "sort", "dir", "rows", "page", "after", "version", "format", "header", "lang", "large"];

/// The formats whole resources are downloaded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    /// RFC 4180, UTF-8 without mark.
    Csv,
    /// As spreadsheet programs open it by double-click: UTF-8 with mark, long digits kept as text.
    CsvExcel,
    /// A workbook; more rows than a sheet holds go on in the next sheet.
    Xlsx,
    /// One array of objects.
    Json,
    /// One object a line.
    JsonLines,
    /// Columns in their own types, for programs.
    Parquet,
    /// RFC 7946, for resources with a place per row.
    GeoJson,
}

/// Which words head the columns of a CSV or XLSX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Header {
    /// The fields' names, as the API uses them.
    #[default]
    Names,
    /// The fields' titles, as people read them.
    Titles,
}

/// What an address asks of a resource's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The question for the gate.
    pub(crate) query: RowsQuery,
    /// Rows wanted.
    pub(crate) rows: u64,
    /// The page by number, from 1, when it was asked for so.
    pub(crate) page: Option<u64>,
}

impl Format {
    /// Every format, in the order pages offer them.
    pub(crate) const ALL: [Format; 7] = [
        Format::Csv,
        Format::CsvExcel,
        Format::Xlsx,
        Format::Json,
        Format::JsonLines,
        Format::Parquet,
        Format::GeoJson,
    ];

    /// The word in addresses.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::CsvExcel => "csv-excel",
            Format::Xlsx => "xlsx",
            Format::Json => "json",
            Format::JsonLines => "jsonl",
            Format::Parquet => "parquet",
            Format::GeoJson => "geojson",
        }
    }

    /// From its word.
    pub(crate) fn parse(word: &str) -> Result<Format> {
        let known = Format::ALL.into_iter().find(|format| format.word() == word);
        known.ok_or_else(|| Error::not_found("download-format-unknown").with("given", word))
    }

    /// What people call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Format::Csv => "CSV",
            Format::CsvExcel => "CSV (Excel)",
            Format::Xlsx => "XLSX",
            Format::Json => "JSON",
            Format::JsonLines => "JSON Lines",
            Format::Parquet => "Parquet",
            Format::GeoJson => "GeoJSON",
        }
    }

    /// The ending of file names.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Format::CsvExcel => "csv",
            other => other.word(),
        }
    }

    /// The media type.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Format::Csv | Format::CsvExcel => "text/csv; charset=utf-8; header=present",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Json => "application/json",
            Format::JsonLines => "application/jsonl; charset=utf-8",
            Format::Parquet => "application/vnd.apache.parquet",
            Format::GeoJson => "application/geo+json",
        }
    }
}

impl Header {
    /// From `names` or `titles`; names when nothing is said.
    pub(crate) fn parse(word: Option<&str>) -> Result<Header> {
        match word {
            None | Some("" | "names") => Ok(Header::Names),
            Some("titles") => Ok(Header::Titles),
            Some(other) => Err(Error::invalid("header", "download-header-unknown").with("given", other)),
        }
    }
}

/// Reads an address: `fields=a,b`, `FIELD=value`, `FIELD__ge=value`, `sort=-field` (or `sort=field&dir=desc`),
/// `rows=`, `page=` or `after=`, `version=`. What is wrong is refused naming the part at fault.
pub(crate) fn asked(code: &str, given: &Fields, rows_default: u64, rows_max: u64) -> Result<Asked> {
    let rows = whole(given, "rows")?.unwrap_or(rows_default);
    if rows == 0 || rows > rows_max {
        return Err(Error::invalid("rows", "rows-range").with("limit", rows_max));
    }
    let page = whole(given, "page")?;
    let part = match (given.filled("after"), page) {
        (Some(_), Some(_)) => return Err(Error::invalid("page", "page-and-after")),
        (Some(cursor), None) => Page::After { cursor: cursor.to_owned(), rows },
        (None, Some(0)) => return Err(Error::invalid("page", "page-range")),
        (None, number) => Page::Offset { offset: (number.unwrap_or(1) - 1).saturating_mul(rows), rows },
    };
    let query = RowsQuery {
        resource: code.to_owned(),
        at: version(given)?,
        fields: fields(given)?,
        filters: filters(given)?,
        sort: sort(given),
        page: part,
    };
    Ok(Asked { query, rows, page })
}

/// As [`asked`], but every matching row: what a download takes.
pub(crate) fn asked_whole(code: &str, given: &Fields) -> Result<RowsQuery> {
    let query = RowsQuery { resource: code.to_owned(), at: version(given)?, ..RowsQuery::default() };
    Ok(RowsQuery { fields: fields(given)?, filters: filters(given)?, sort: sort(given), page: Page::All, ..query })
}

/// The conditions of an address: `FIELD=value` and `FIELD__op=value`; an empty value is no condition.
pub(crate) fn filters(given: &Fields) -> Result<Vec<Filter>> {
    let mut filters = Vec::new();
    for (name, value) in given.pairs() {
        let (field, op) = match name.rsplit_once("__") {
            Some((field, word)) => (field, Op::parse(word).ok_or_else(|| unknown_op(name, word))?),
            None if RESERVED.contains(&name.as_str()) => continue,
            None => (name.as_str(), Op::Eq),
        };
        if !yiwang_gate::is_name(field) {
            return Err(Error::invalid(field, "field-unknown"));
        }
        if value.is_empty() && op != Op::IsNull {
            continue;
        }
        let values = match op {
            Op::IsNull => Vec::new(),
            Op::In => value.split(',').map(str::to_owned).collect(),
            _ => vec![value.clone()],
        };
        filters.push(Filter { field: field.to_owned(), op, values });
    }
    Ok(filters)
}

/// The tile of an address: zoom, column and row, which may end in `.mvt`.
pub(crate) fn tile(z: &str, x: &str, y: &str) -> Result<Tile> {
    let y = y.strip_suffix(".mvt").unwrap_or(y);
    let z: u8 = z
        .parse()
        .ok()
        .filter(|z| *z <= ZOOM_MAX)
        .ok_or_else(|| Error::invalid("z", "tile-zoom").with("limit", ZOOM_MAX))?;
    let last = (1_u32 << z) - 1;
    let number = |name: &str, text: &str| {
        let number = text.parse().ok().filter(|number| *number <= last);
        number.ok_or_else(|| Error::invalid(name, "tile-number").with("zoom", z).with("limit", last))
    };
    let (x, y) = (number("x", x)?, number("y", y)?);
    Tile::new(z, x, y).ok_or_else(|| Error::invalid("z", "tile-zoom").with("limit", ZOOM_MAX))
}

/// The version an address asks for; the newest when it asks for none.
pub(crate) fn version(given: &Fields) -> Result<yiwang_gate::At> {
    Ok(whole(given, "version")?.map_or(yiwang_gate::At::Latest, yiwang_gate::At::Version))
}

fn unknown_op(name: &str, word: &str) -> Error {
    Error::invalid(name, "filter-op-unknown").with("given", word)
}

fn fields(given: &Fields) -> Result<Vec<String>> {
    let Some(list) = given.filled("fields") else { return Ok(Vec::new()) };
    let fields: Vec<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
    if fields.len() > FIELDS_MAX {
        return Err(Error::invalid("fields", "fields-many").with("limit", FIELDS_MAX));
    }
    match fields.iter().find(|name| !yiwang_gate::is_name(name)) {
        Some(wrong) => Err(Error::invalid("fields", "field-unknown").with("given", wrong)),
        None => Ok(fields),
    }
}

fn sort(given: &Fields) -> Option<Sort> {
    let word = given.filled("sort")?;
    let down = given.get("dir") == Some("desc");
    let (field, descending) = word.strip_prefix('-').map_or((word, down), |field| (field, true));
    Some(Sort { field: field.to_owned(), descending })
}

fn whole(given: &Fields, name: &str) -> Result<Option<u64>> {
    let number = given.number(name)?;
    number.map(|number| u64::try_from(number).map_err(|_| Error::invalid(name, "field-number"))).transpose()
}
