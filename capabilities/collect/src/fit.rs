//! Rows into the types of a table that exists already: what does not fit its column, or leaves its key empty, is
//! refused with its line. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, Schema};
use yiwang_gate::Refused;
use yiwang_tables::{Chunk, Dialect, Hint, Limits, Parsed, Plan, Result, Rows, Shape, Type};

/// Why a row is refused that is well written but does not fit.
pub(crate) const REASON_TYPE: &str = "type";
/// Why a row without key is refused.
pub(crate) const REASON_KEY: &str = "key_empty";
const TEXT_KEPT_BYTES: usize = 4096;
/// Characters up to which a whole number reads as one, its point counted; longer ones would be taken for names.
const INTEGER_CHARS_MAX: usize = 16;

/// Rows that fit, and those that do not.
pub(crate) struct Fitted {
    /// The rows taken.
    pub(crate) batch: RecordBatch,
    /// The types of its columns.
    pub(crate) types: Vec<Type>,
    /// The rows refused, by this and by the parser.
    pub(crate) refused: Vec<Refused>,
}

/// Fits a chunk's rows. `wanted` has the types that are settled, none for columns that may still widen; `key` the
/// places of the key's columns.
pub(crate) fn fit(
    chunk: &Chunk,
    plan: &Plan,
    parsed: Parsed,
    wanted: &[Option<Type>],
    key: &[usize],
) -> Result<Fitted> {
    let Parsed { batch, mut types, refusals, .. } = parsed;
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    // For each row that goes: the first column at fault and why.
    let mut faults: Vec<Option<(usize, &str)>> = vec![None; batch.num_rows()];
    for (place, wanted) in wanted.iter().enumerate() {
        let Some(wanted) = wanted.filter(|wanted| *wanted != types[place]) else { continue };
        let (array, misfits) = convert(&columns[place], wanted)?;
        columns[place] = array;
        types[place] = wanted;
        for row in misfits {
            faults[row].get_or_insert((place, REASON_TYPE));
        }
    }
    for place in key {
        for (row, fault) in faults.iter_mut().enumerate() {
            if columns[*place].is_null(row) {
                fault.get_or_insert((*place, REASON_KEY));
            }
        }
    }
    let mut refused: Vec<Refused> = refusals
        .iter()
        .map(|refusal| Refused {
            line: refusal.line,
            field: None,
            reason: refusal.reason.word().to_owned(),
            text: refusal.text.clone(),
        })
        .collect();
    let schema = Arc::new(yiwang_tables::schema(&plan.names, &types));
    let mut batch = batch_of(&schema, columns, batch.num_rows())?;
    if faults.iter().any(Option::is_some) {
        let skip: BTreeSet<u64> = refusals.iter().map(|refusal| refusal.line).collect();
        refused.extend(shown(chunk, plan.dialect, &skip, &faults, &plan.names));
        let taken: BooleanArray = faults.iter().map(|fault| Some(fault.is_none())).collect();
        let columns = batch.columns().iter().map(|column| arrow_select::filter::filter(column, &taken));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        batch = batch_of(&schema, columns, taken.true_count())?;
        refused.sort_by_key(|refused| refused.line);
    }
    Ok(Fitted { batch, types, refused })
}

fn batch_of(schema: &Arc<Schema>, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}

/// The column in the wanted type, and the rows whose value does not fit.
fn convert(column: &ArrayRef, wanted: Type) -> Result<(ArrayRef, Vec<usize>)> {
    if let (DataType::Decimal128(_, scale), Type::Decimal { scale: wanted_scale, .. }) = (column.data_type(), wanted)
        && *scale == wanted_scale
    {
        return Ok((arrow_cast::cast(column, &wanted.arrow())?, Vec::new()));
    }
    let options = FormatOptions::new();
    let format = ArrayFormatter::try_new(column.as_ref(), &options)?;
    let padded = column.data_type().is_decimal();
    let shown = |row: usize| format.value(row).to_string();
    let text = |row: usize| column.is_valid(row).then(|| if padded { short(shown(row)) } else { shown(row) });
    let texts: Vec<Vec<Option<String>>> = (0..column.len()).map(|row| vec![text(row)]).collect();
    let mut parts = Vec::new();
    let mut misfits = Vec::new();
    let limits = Limits { cell_bytes_max: usize::MAX, ..Limits::default() };
    let plan = yiwang_tables::plan_rows(vec!["v".to_owned()], limits)?;
    narrow(&texts, 0, wanted, &plan, &mut parts, &mut misfits)?;
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    let array = if parts.is_empty() {
        arrow_array::new_empty_array(&wanted.arrow())
    } else {
        arrow_select::concat::concat(&parts)?
    };
    Ok((array, misfits))
}

/// Halves the values until each part fits whole or is one value that does not.
fn narrow(
    texts: &[Vec<Option<String>>],
    from: usize,
    wanted: Type,
    plan: &Plan,
    parts: &mut Vec<ArrayRef>,
    misfits: &mut Vec<usize>,
) -> Result<()> {
    if texts.is_empty() {
        return Ok(());
    }
    let rows = Rows { index: 0, first_row: 1, rows: texts.to_vec() };
    let hint = Hint { shape: Shape::of(wanted), identifier: wanted == Type::Text };
    let parsed = yiwang_tables::parse_rows(&rows, plan, &[hint])?;
    if let Some(array) = fitting(parsed.batch.column(0), parsed.types[0], wanted)? {
        parts.push(array);
        return Ok(());
    }
    if texts.len() == 1 {
        parts.push(arrow_array::new_null_array(&wanted.arrow(), 1));
        misfits.push(from);
        return Ok(());
    }
    let half = texts.len() / 2;
    narrow(&texts[..half], from, wanted, plan, parts, misfits)?;
    narrow(&texts[half..], from + half, wanted, plan, parts, misfits)
}

fn fitting(array: &ArrayRef, given: Type, wanted: Type) -> Result<Option<ArrayRef>> {
    match (given, wanted) {
        _ if given == wanted => Ok(Some(Arc::clone(array))),
        (Type::Decimal { precision, scale }, Type::Decimal { precision: most, scale: wanted_scale })
            if scale == wanted_scale && precision <= most =>
        {
            Ok(Some(arrow_cast::cast(array, &wanted.arrow())?))
        }
        _ => Ok(None),
    }
}

/// The refused rows with line and text: the records of the chunk, without header, blank lines and what the parser
/// refused already, are its rows in order.
fn shown(
    chunk: &Chunk,
    dialect: Dialect,
    skip: &BTreeSet<u64>,
    faults: &[Option<(usize, &str)>],
    names: &[String],
) -> Vec<Refused> {
    let header = usize::from(chunk.index == 0 && dialect.header);
    let records = records(&chunk.bytes, dialect, chunk.first_line).into_iter().skip(header);
    let rows = records.filter(|(line, _)| !skip.contains(line));
    let refused = rows.zip(faults).filter_map(|((line, text), fault)| {
        let (place, reason) = (*fault)?;
        let text = String::from_utf8_lossy(&text[..text.len().min(TEXT_KEPT_BYTES)]).into_owned();
        Some(Refused { line, field: Some(names[place].clone()), reason: reason.to_owned(), text })
    });
    refused.collect()
}

/// The records that are not blank: their first line and their text.
fn records(text: &[u8], dialect: Dialect, first_line: u64) -> Vec<(u64, &[u8])> {
    let mut found = Vec::new();
    let (mut start, mut start_line, mut line, mut in_quotes, mut cell_start) = (0, first_line, first_line, false, true);
    for (at, byte) in text.iter().enumerate() {
        if Some(*byte) == dialect.quote && (in_quotes || cell_start) {
            in_quotes = !in_quotes;
            // A doubled quote closes and opens again.
            cell_start = !in_quotes;
            continue;
        }
        cell_start = *byte == dialect.delimiter || *byte == dialect.newline;
        if *byte == dialect.newline {
            line += 1;
            if !in_quotes {
                push(&mut found, start_line, &text[start..at]);
                (start, start_line) = (at + 1, line);
            }
        }
    }
    push(&mut found, start_line, &text[start..]);
    found
}

fn push<'t>(found: &mut Vec<(u64, &'t [u8])>, line: u64, record: &'t [u8]) {
    let record = record.strip_suffix(b"\r").unwrap_or(record);
    if !record.is_empty() {
        found.push((line, record));
    }
}

/// A decimal without the zeros its column pads it with: 1.50 fits where one digit stands after the point.
pub(crate) fn short(mut text: String) -> String {
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').len());
        if text.ends_with('.') && text.len() <= INTEGER_CHARS_MAX {
            text.pop();
        } else if text.ends_with('.') {
            text.push('0');
        }
    }
    text
}
