//! JSON as a table: an array of objects, an object that holds one, JSON Lines, GeoJSON. Read element by element, so a
//! large file is never held. Numbers keep their digits; nested values stay JSON text; a point gives lon and lat.

mod scan;

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use yiwang_kernel::{Error, Result};
use yiwang_tables::Dialect;

use self::scan::{Fields, Scanner, compact};
use super::text::{piped, write_row};
use super::{OpenRaw, Table, broken};

/// Bytes of one element.
const ELEMENT_BYTES_MAX: usize = 64 << 20;
/// A first object beyond this is taken for one that holds the table.
const FIRST_BYTES_MAX: usize = 4 << 20;
const COLUMNS_MAX: usize = 2_000;
/// How deep the array of objects may lie.
const DEPTH_MAX: usize = 4;

/// Where the elements stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One after the other.
    Lines,
    /// In an array that is the whole file.
    Array,
    /// In the first array of objects within an object.
    Within,
}

/// The table of a JSON file; `formats` names delimited text, JSON, JSON Lines and GeoJSON.
pub(super) fn table(raw: &OpenRaw, formats: [&'static str; 4]) -> Result<Table> {
    let failed = |source: io::Error| source.downcast::<Error>().unwrap_or_else(|_| broken(formats[1]));
    let form = form(raw).map_err(failed)?;
    let columns = columns(raw, form).map_err(failed)?;
    if columns.names.is_empty() {
        return Err(Error::invalid("file", "load-no-rows"));
    }
    let format = match form {
        _ if columns.geometry => formats[3],
        Form::Lines => formats[2],
        Form::Array | Form::Within => formats[1],
    };
    let (raw, columns) = (Arc::clone(raw), Arc::new(columns));
    let open = move || {
        let (raw, columns) = (Arc::clone(&raw), Arc::clone(&columns));
        piped(move |out| write(&raw, form, &columns, out))
    };
    Ok(Table { name: None, format, open: Box::new(open), told: Some(Dialect::plain()), declared: Vec::new() })
}

/// The columns: every key, in the order of its first appearance.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    places: HashMap<String, usize>,
    geometry: bool,
}

impl Columns {
    fn place(&mut self, name: &str) -> io::Result<usize> {
        if let Some(place) = self.places.get(name) {
            return Ok(*place);
        }
        if self.names.len() == COLUMNS_MAX {
            let error = Error::invalid("file", "load-too-wide").with("given", COLUMNS_MAX + 1);
            return Err(io::Error::other(error.with("limit", COLUMNS_MAX)));
        }
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), self.names.len() - 1);
        Ok(self.names.len() - 1)
    }
}

fn scanner(raw: &OpenRaw) -> io::Result<Scanner> {
    Ok(Scanner::new(raw()?))
}

fn form(raw: &OpenRaw) -> io::Result<Form> {
    let mut scanner = scanner(raw)?;
    if scanner.mark()? == Some(b'[') {
        return Ok(Form::Array);
    }
    let mut first = Vec::new();
    if !scanner.value(&mut first, FIRST_BYTES_MAX)? || scanner.mark()?.is_none() {
        let mut again = self::scanner(raw)?;
        return Ok(if again.seek_objects(DEPTH_MAX)? { Form::Within } else { Form::Lines });
    }
    Ok(Form::Lines)
}

/// Hands on the elements, each checked to be JSON.
fn each(raw: &OpenRaw, form: Form, take: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut scanner = scanner(raw)?;
    let inside = match form {
        Form::Lines => false,
        Form::Array => scanner.pass(b'[')?,
        Form::Within => scanner.seek_objects(DEPTH_MAX)?,
    };
    let mut element = Vec::new();
    loop {
        match scanner.mark()? {
            None => return if inside { Err(malformed()) } else { Ok(()) },
            Some(b']') if inside => return Ok(()),
            Some(b',') if inside => {
                scanner.pass(b',')?;
                continue;
            }
            Some(_) => {}
        }
        element.clear();
        if !scanner.value(&mut element, ELEMENT_BYTES_MAX)? {
            let error = Error::too_large("load-too-large").with("limit", "64 MiB");
            return Err(io::Error::other(error));
        }
        serde_json::from_slice::<serde::de::IgnoredAny>(&element).map_err(|_| malformed())?;
        take(&element)?;
    }
}

fn columns(raw: &OpenRaw, form: Form) -> io::Result<Columns> {
    let mut columns = Columns::default();
    each(raw, form, &mut |element| {
        cells(element, &mut |name, _| columns.place(name).map(|_| ()))?;
        columns.geometry |= is_feature(element);
        Ok(())
    })?;
    Ok(columns)
}

fn write(raw: &OpenRaw, form: Form, columns: &Columns, out: &mut dyn Write) -> io::Result<()> {
    write_row(out, columns.names.iter().map(|name| Some(name.as_str())))?;
    let mut row: Vec<Option<String>> = vec![None; columns.names.len()];
    each(raw, form, &mut |element| {
        row.fill(None);
        cells(element, &mut |name, value| {
            if let Some(place) = columns.places.get(name) {
                row[*place] = shown(value);
            }
            Ok(())
        })?;
        write_row(out, row.iter().map(Option::as_deref))
    })
}

/// Hands on an element's cells: name and JSON text.
fn cells(element: &[u8], take: &mut dyn FnMut(&str, &[u8]) -> io::Result<()>) -> io::Result<()> {
    if element.first() != Some(&b'{') {
        return take("value", element);
    }
    if !is_feature(element) {
        return Fields::of(element).try_for_each(|(name, value)| take(&text(name), value));
    }
    for (name, value) in Fields::of(element) {
        match name {
            b"\"properties\"" => Fields::of(value).try_for_each(|(name, value)| take(&text(name), value))?,
            b"\"id\"" => take("id", value)?,
            b"\"geometry\"" => {
                take("geometry", value)?;
                if let Some([lon, lat]) = point(value) {
                    take("lon", lon)?;
                    take("lat", lat)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether the element is a feature of GeoJSON (RFC 7946).
fn is_feature(element: &[u8]) -> bool {
    let field = |wanted: &[u8]| Fields::of(element).find(|(name, _)| *name == wanted).map(|(_, value)| value);
    field(b"\"type\"") == Some(b"\"Feature\"") && field(b"\"properties\"").is_some()
}

/// A point's first two coordinates.
fn point(geometry: &[u8]) -> Option<[&[u8]; 2]> {
    let field = |wanted: &[u8]| Fields::of(geometry).find(|(name, _)| *name == wanted).map(|(_, value)| value);
    if field(b"\"type\"")? != b"\"Point\"" {
        return None;
    }
    let inner = field(b"\"coordinates\"")?.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let mut numbers = inner.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    Some([numbers.next()?, numbers.next()?])
}

/// A value as a cell; none for null.
fn shown(value: &[u8]) -> Option<String> {
    match value.first() {
        Some(b'"') => Some(text(value)),
        Some(b'{' | b'[') => Some(compact(value)),
        _ if value == b"null" => None,
        _ => Some(String::from_utf8_lossy(value).into_owned()),
    }
}

/// A JSON string's text.
fn text(string: &[u8]) -> String {
    serde_json::from_slice(string).unwrap_or_default()
}

fn malformed() -> io::Error {
    io::Error::from(io::ErrorKind::InvalidData)
}
