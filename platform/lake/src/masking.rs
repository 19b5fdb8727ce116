//! The policy, as the last step of every scan: which rows a reader sees, and what stands in their cells. Nothing a
//! reader asks (conditions, order, sums) sees anything but what comes out here.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use arrow_select::zip::zip;
use datafusion::arrow::compute::kernels::boolean;
use yiwang_gate::{Cell, Mask, Policy};
use yiwang_kernel::{Error, Result};
use yiwang_seal::{DataKey, blind_index};

use crate::catalog::view::View;
use crate::filter::Conditions;
use crate::lake::Lake;
use crate::scan::arrow_error;
use crate::types;

/// The column that carries whom a row is about, beside what the reader sees. Never handed on.
pub(crate) const SUBJECT_COLUMN: &str = "_subject";

/// A policy fitted to a view and the fields wanted.
pub(crate) struct Masking {
    /// Columns to scan, by their place in the view.
    pub(crate) raw: Vec<usize>,
    /// What comes out.
    pub(crate) schema: SchemaRef,
    columns: Vec<Masked>,
    grants: Vec<Rule>,
    subject: Option<usize>,
    every_row: bool,
}

struct Masked {
    /// Its place among the raw columns.
    raw: usize,
    data_type: DataType,
    /// Per grant; empty where every cell is shown.
    cells: Vec<Cell>,
}

struct Rule {
    conditions: Conditions,
    hash_key: Option<DataKey>,
}

impl Masking {
    /// Fields in the order wanted, none for all there are for this reader; with whom rows are about, if asked.
    pub(crate) async fn compile(
        lake: &Lake,
        view: &View,
        policy: &Policy,
        fields: &[String],
        with_subject: bool,
    ) -> Result<Masking> {
        let names = names(view, policy, fields)?;
        let mut raw: Vec<usize> = Vec::new();
        let mut columns = Vec::with_capacity(names.len());
        let mut out = Vec::with_capacity(names.len());
        for place in names {
            let column = &view.columns[place];
            // A visible row has a grant that holds, and each shows the column.
            let plain = policy.shows_plainly(&column.name);
            let text = policy.turns_to_text(&column.name);
            let data_type = if text { DataType::Utf8 } else { column.data_type()? };
            let cells = policy.grants.iter().map(|grant| grant.cell(&column.name));
            let cells = if plain { Vec::new() } else { cells.collect() };
            out.push(Field::new(&column.name, data_type.clone(), true));
            columns.push(Masked { raw: place_of(&mut raw, place), data_type, cells });
        }
        let subject = view.table.subject.as_ref().filter(|_| with_subject);
        let subject = subject.and_then(|subject| view.columns.iter().position(|column| column.name == subject.field));
        let subject = subject.map(|place| place_of(&mut raw, place));
        if subject.is_some() {
            out.push(Field::new(SUBJECT_COLUMN, DataType::Utf8, true));
        }
        let grants = rules(lake, view, policy, &mut raw).await?;
        Ok(Masking {
            raw,
            schema: Arc::new(Schema::new(out)),
            columns,
            grants,
            subject,
            every_row: policy.shows_every_row(),
        })
    }

    /// The columns to scan where what is stored comes out as it is: every row, and every cell plainly.
    pub(crate) fn passes(&self) -> Option<&[usize]> {
        let plain =
            self.columns.iter().enumerate().all(|(place, column)| column.raw == place && column.cells.is_empty());
        (plain && self.every_row && self.subject.is_none()).then(|| &self.raw[..self.columns.len()])
    }

    /// What the reader sees of these rows.
    pub(crate) fn apply(&self, raw: &RecordBatch) -> Result<RecordBatch> {
        let held = self.grants.iter().map(|rule| rule.conditions.holds(raw)).collect::<Result<Vec<_>>>()?;
        let visible = visible(&held)?;
        let mut columns = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            columns.push(self.masked(column, raw.column(column.raw), &held)?);
        }
        if let Some(subject) = self.subject {
            columns.push(types::convert(raw.column(subject), &DataType::Utf8)?);
        }
        let batch = types::batch_of(&self.schema, columns, raw.num_rows())?;
        match visible {
            Some(visible) => filter_record_batch(&batch, &visible).map_err(arrow_error),
            None => Ok(batch),
        }
    }

    fn masked(&self, column: &Masked, raw: &ArrayRef, held: &[BooleanArray]) -> Result<ArrayRef> {
        if column.cells.is_empty() {
            return types::convert(raw, &column.data_type);
        }
        let mut cells = arrow_array::new_null_array(&column.data_type, raw.len());
        for (place, cell) in column.cells.iter().enumerate().rev() {
            if let Cell::Masked(mask) = cell {
                let covered = self.covered(column, *mask, raw, place)?;
                cells = zip(&held[place], &covered, &cells).map_err(arrow_error)?;
            }
        }
        let shown = column.cells.iter().zip(held).filter(|(cell, _)| **cell == Cell::Shown).map(|(_, held)| held);
        if let Some(shown) = any(shown)? {
            let values = types::convert(raw, &column.data_type)?;
            cells = zip(&shown, &values, &cells).map_err(arrow_error)?;
        }
        Ok(cells)
    }

    fn covered(&self, column: &Masked, mask: Mask, raw: &ArrayRef, grant: usize) -> Result<ArrayRef> {
        match mask {
            Mask::Null | Mask::Drop => Ok(arrow_array::new_null_array(&column.data_type, raw.len())),
            Mask::Keep { first, last } => {
                let texts = types::texts(raw)?;
                let kept: StringArray = texts.iter().map(|text| text.map(|text| keep(text, first, last))).collect();
                Ok(Arc::new(kept))
            }
            Mask::Hash => {
                let key = self.grants[grant].hash_key.as_ref();
                let key = key.ok_or_else(|| Error::broken("a grant that hashes has no key"))?;
                let texts = types::texts(raw)?;
                let hash = |text: &str| yiwang_seal::hex(&blind_index(key, "mask", text)[..16]);
                let hashed: StringArray = texts.iter().map(|text| text.map(hash)).collect();
                Ok(Arc::new(hashed))
            }
        }
    }
}

/// The first and last characters, stars between; all stars where nothing would be covered.
fn keep(text: &str, first: usize, last: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    let all = characters.len();
    let shown = |place: usize| all > first.saturating_add(last) && (place < first || place >= all - last);
    characters.iter().enumerate().map(|(place, character)| if shown(place) { *character } else { '*' }).collect()
}

fn names(view: &View, policy: &Policy, fields: &[String]) -> Result<Vec<usize>> {
    if fields.is_empty() {
        let granted = view.columns.iter().enumerate().filter(|(_, column)| policy.has(&column.name));
        return Ok(granted.map(|(place, _)| place).collect());
    }
    let place = |field: &String| {
        let place = view.columns.iter().position(|column| column.name == *field);
        let place = place.ok_or_else(|| Error::invalid(field, "field-unknown"))?;
        let granted = policy.has(field);
        let refusal =
            || Error::forbidden("gate-field-not-granted").with("field", field).with("resource", &policy.resource);
        if granted { Ok(place) } else { Err(refusal()) }
    };
    fields.iter().map(place).collect()
}

async fn rules(lake: &Lake, view: &View, policy: &Policy, raw: &mut Vec<usize>) -> Result<Vec<Rule>> {
    if policy.whole {
        return Ok(Vec::new());
    }
    let asked = policy.grants.iter().filter_map(|grant| grant.rows.as_ref()).flat_map(|rule| &rule.all);
    for filter in asked {
        let place = view.columns.iter().position(|column| column.name == filter.field);
        let unknown = || Error::refused("gate-rule-field").with("field", &filter.field);
        place_of(raw, place.ok_or_else(unknown)?);
    }
    let columns: Vec<_> = raw.iter().map(|place| view.columns[*place].clone()).collect();
    let schema = types::schema(&columns)?;
    let mut rules = Vec::with_capacity(policy.grants.len());
    for grant in &policy.grants {
        let filters = grant.rows.as_ref().map_or(&[][..], |rule| &rule.all);
        let hashes = grant.masks.values().any(|mask| *mask == Mask::Hash);
        let hash_key = if hashes { Some(lake.blinding_key().await?.derive(&grant.id.to_string())) } else { None };
        rules.push(Rule { conditions: Conditions::compile(filters, &schema)?, hash_key });
    }
    Ok(rules)
}

fn place_of(raw: &mut Vec<usize>, place: usize) -> usize {
    match raw.iter().position(|there| *there == place) {
        Some(there) => there,
        None => {
            raw.push(place);
            raw.len() - 1
        }
    }
}

/// Rows some grant holds on; none where all are.
fn visible(held: &[BooleanArray]) -> Result<Option<BooleanArray>> {
    if held.is_empty() || held.iter().any(|held| held.true_count() == held.len()) {
        return Ok(None);
    }
    any(held.iter())
}

fn any<'a>(mut held: impl Iterator<Item = &'a BooleanArray>) -> Result<Option<BooleanArray>> {
    let Some(first) = held.next() else { return Ok(None) };
    let mut together = first.clone();
    for more in held {
        together = boolean::or(&together, more).map_err(arrow_error)?;
    }
    Ok(Some(together))
}

/// The batch's columns without the subject's, and the subjects.
pub(crate) fn split_subject(batch: &RecordBatch) -> Result<(RecordBatch, Vec<String>)> {
    let Ok(place) = batch.schema().index_of(SUBJECT_COLUMN) else { return Ok((batch.clone(), Vec::new())) };
    let texts = types::texts(batch.column(place))?;
    let subjects = texts.iter().flatten().map(str::to_owned).collect();
    let kept: Vec<usize> = (0..batch.num_columns()).filter(|other| *other != place).collect();
    Ok((batch.project(&kept).map_err(arrow_error)?, subjects))
}
