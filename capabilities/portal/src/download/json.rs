//! JSON and JSON Lines: one object per row, numbers digit by digit as they are kept, `null` for an empty cell.

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use yiwang_kernel::Result;

use super::{Cells, Shape};

/// Writes one JSON file.
#[derive(Debug)]
pub(super) struct Writer {
    columns: Vec<(String, Shape)>,
    lines: bool,
    first: bool,
}

impl Writer {
    pub(super) fn array(schema: &Schema) -> Writer {
        Writer { columns: columns(schema), lines: false, first: true }
    }

    pub(super) fn lines(schema: &Schema) -> Writer {
        Writer { lines: true, ..Writer::array(schema) }
    }

    pub(super) fn head(&mut self) -> Vec<u8> {
        if self.lines { Vec::new() } else { b"[".to_vec() }
    }

    pub(super) fn batch(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        let cells = Cells::new(batch)?;
        let mut out = String::new();
        for row in 0..cells.rows() {
            if !self.lines {
                out.push_str(if self.first { "\n" } else { ",\n" });
                self.first = false;
            }
            object(&mut out, &cells, row, &self.columns, None)?;
            if self.lines {
                out.push('\n');
            }
        }
        Ok(out.into_bytes())
    }

    pub(super) fn end(&mut self) -> Vec<u8> {
        if self.lines { Vec::new() } else { b"\n]\n".to_vec() }
    }
}

/// The rows of batches as an array of objects.
pub(crate) fn rows(out: &mut String, schema: &Schema, batches: &[RecordBatch]) -> Result<()> {
    let columns = columns(schema);
    out.push('[');
    let mut first = true;
    for batch in batches {
        let cells = Cells::new(batch)?;
        for row in 0..cells.rows() {
            if !first {
                out.push(',');
            }
            first = false;
            object(out, &cells, row, &columns, None)?;
        }
    }
    out.push(']');
    Ok(())
}

/// Names, quoted for JSON, and shapes of the columns.
pub(super) fn columns(schema: &Schema) -> Vec<(String, Shape)> {
    let fields = schema.fields().iter();
    fields.map(|field| (quoted(field.name()), Shape::of(field.data_type()))).collect()
}

/// One row as an object, without the column `except`.
pub(super) fn object(
    out: &mut String,
    cells: &Cells<'_>,
    row: usize,
    columns: &[(String, Shape)],
    except: Option<usize>,
) -> Result<()> {
    out.push('{');
    let mut first = true;
    for (column, (name, shape)) in columns.iter().enumerate().filter(|(column, _)| Some(*column) != except) {
        if !first {
            out.push(',');
        }
        first = false;
        out.push_str(name);
        out.push(':');
        value(out, cells.text(column, row)?.as_deref(), *shape);
    }
    out.push('}');
    Ok(())
}

/// A JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn value(out: &mut String, text: Option<&str>, shape: Shape) {
    match (text, shape) {
        (None, _) => out.push_str("null"),
        (Some(text), Shape::Text) => out.push_str(&quoted(text)),
        (Some(text), Shape::Bool) => out.push_str(text),
        // JSON knows no infinity and no not-a-number.
        (Some(text), Shape::Number) if text.ends_with(|last: char| last.is_ascii_digit()) => out.push_str(text),
        (Some(_), Shape::Number) => out.push_str("null"),
    }
}
