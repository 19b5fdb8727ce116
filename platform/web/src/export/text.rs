//! CSV and JSON, row by row.

use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use serde_json::{Map, Value};
use yiwang_kernel::{Error, Result};

use super::{Datum, Rows};

/// Excel shows longer runs of digits as powers of ten.
const DIGITS_SHOWN_MAX: usize = 11;

/// One CSV line, RFC 4180: quoted where needed, CRLF, values as they are.
pub fn csv(row: &[Datum], out: &mut Vec<u8>) {
    line(row, out, |datum| datum.as_text());
}

/// One CSV line for Excel: what Excel would run as a formula begins with an apostrophe, long runs of digits with a tab.
pub fn csv_for_excel(row: &[Datum], out: &mut Vec<u8>) {
    line(row, out, |datum| match datum {
        Datum::Text(text) => harmless(text),
        Datum::Int(number) => harmless(&number.to_string()),
        other => other.as_text(),
    });
}

/// An array of objects, a row a line.
pub(super) fn json(names: Vec<String>, rows: Rows) -> impl Stream<Item = Result<Bytes, Error>> + Send {
    let mut first = true;
    let lines = rows.map_ok(move |rows| {
        let mut out = String::new();
        for row in rows {
            let object: Map<String, Value> = names.iter().cloned().zip(row.into_iter().map(value)).collect();
            out.push_str(if first { "\n" } else { ",\n" });
            first = false;
            out.push_str(&Value::Object(object).to_string());
        }
        Bytes::from(out)
    });
    let start = stream::once(async { Ok(Bytes::from_static(b"[")) });
    start.chain(lines).chain(stream::once(async { Ok(Bytes::from_static(b"\n]\n")) }))
}

fn line(row: &[Datum], out: &mut Vec<u8>, text_of: impl Fn(&Datum) -> String) {
    for (position, datum) in row.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        let text = text_of(datum);
        let alone = row.len() == 1 && text.is_empty();
        if alone || text.contains(['"', ',', '\n', '\r']) {
            out.push(b'"');
            out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(text.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// Text that Excel neither runs nor rounds.
pub(super) fn harmless(text: &str) -> String {
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if runs && text.parse::<f64>().is_err() {
        return format!("'{text}");
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits > DIGITS_SHOWN_MAX && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("\t{text}");
    }
    text.to_owned()
}

fn value(datum: Datum) -> Value {
    match datum {
        Datum::Null => Value::Null,
        Datum::Bool(value) => value.into(),
        Datum::Int(value) => value.into(),
        Datum::Float(value) => value.into(),
        Datum::Text(value) => value.into(),
    }
}
