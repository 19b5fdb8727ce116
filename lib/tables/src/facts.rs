//! What one chunk says about one column besides its values; facts of all chunks merge into the column's profile.

use std::ops::Range;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use yiwang_codes::Kind;

use crate::cells::Cells;
use crate::shape::{Shape, Type};
use crate::sketch::{Counts, Distinct, Frequent, hash};
use crate::value::is_blank;

/// Longer values are not kept as frequent ones.
const VALUE_BYTES_MAX: usize = 200;
/// So many rows of a chunk are looked at for patterns.
const PATTERN_ROWS_MAX: usize = 1024;
const PATTERN_CHARS_MAX: usize = 64;

/// The least and greatest value, by what they are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Extremes {
    Numbers { scale: u32, least: i128, greatest: i128 },
    Floats(f64, f64),
    Days(i32, i32),
    Times(i64, i64),
    Texts(String, String),
}

/// What one chunk, or many, say about a column.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub(crate) shape: Shape,
    pub(crate) rows: u64,
    pub(crate) nulls: u64,
    pub(crate) blanks: u64,
    pub(crate) bytes_min: Option<u64>,
    pub(crate) bytes_max: u64,
    pub(crate) kinds: [u64; Kind::ALL.len()],
    pub(crate) distinct: Distinct,
    pub(crate) frequent: Counts,
    pub(crate) patterns: Counts,
    pub(crate) extremes: Vec<Extremes>,
}

impl Facts {
    /// The kind that at least nine in ten values are of; kinds whose check is weak need a few values.
    pub fn kind(&self) -> Option<Kind> {
        let values = self.rows - self.nulls - self.blanks;
        let enough = |kind: &Kind| match kind {
            Kind::Citizen | Kind::Permit | Kind::Credit | Kind::Email | Kind::Plate => values > 0,
            _ => values >= 5,
        };
        let share = |kind: Kind| self.kinds[kind as usize];
        let fits = |kind: &Kind| enough(kind) && share(*kind) * 10 >= values * 9;
        let best = Kind::ALL.into_iter().filter(fits).map(share).max()?;
        Kind::ALL.into_iter().filter(fits).find(|kind| share(*kind) == best)
    }

    /// Whether one value in a hundred names a person by a strong check, or the column's kind is personal.
    pub fn names_persons(&self) -> bool {
        let values = self.rows - self.nulls;
        let strong = self.kinds[Kind::Citizen as usize] + self.kinds[Kind::Permit as usize];
        strong > 0 && strong * 100 >= values || self.kind().is_some_and(Kind::is_personal)
    }

    /// How many distinct values there are: exact where there are few, else an estimate.
    pub(crate) fn distinct(&self) -> u64 {
        let estimate = || self.distinct.estimate().min(self.rows - self.nulls);
        self.frequent.exact_distinct().unwrap_or_else(estimate)
    }

    /// Adds the least and greatest value, unless the column names persons.
    pub(crate) fn see_extremes(&mut self, given: Type, array: &ArrayRef) {
        if !self.names_persons() {
            self.extremes.extend(Extremes::of(given, array));
        }
    }

    /// Takes another chunk's facts in.
    pub(crate) fn merge(&mut self, other: &Facts) {
        self.shape = self.shape.join(other.shape);
        self.rows += other.rows;
        self.nulls += other.nulls;
        self.blanks += other.blanks;
        self.bytes_min = [self.bytes_min, other.bytes_min].into_iter().flatten().min();
        self.bytes_max = self.bytes_max.max(other.bytes_max);
        for (mine, other) in self.kinds.iter_mut().zip(other.kinds) {
            *mine += other;
        }
        self.distinct.merge(&other.distinct);
        self.frequent.merge(&other.frequent);
        self.patterns.merge(&other.patterns);
        self.merge_extremes(other);
    }

    /// The extremes alone: of a chunk that was parsed again with a wider type.
    pub(crate) fn merge_extremes(&mut self, other: &Facts) {
        for given in &other.extremes {
            let merged = self.extremes.iter_mut().any(|mine| mine.merge(given));
            if !merged {
                self.extremes.push(given.clone());
            }
        }
    }
}

impl Extremes {
    /// Takes another's in; false if they are of another sort.
    fn merge(&mut self, other: &Extremes) -> bool {
        match (&mut *self, other) {
            (
                Extremes::Numbers { scale, least, greatest },
                Extremes::Numbers { scale: other_scale, least: other_least, greatest: other_greatest },
            ) => {
                let common = (*scale).max(*other_scale);
                let (mine, others) = (10i128.pow(common - *scale), 10i128.pow(common - other_scale));
                *least = least.saturating_mul(mine).min(other_least.saturating_mul(others));
                *greatest = greatest.saturating_mul(mine).max(other_greatest.saturating_mul(others));
                *scale = common;
            }
            (Extremes::Floats(least, greatest), Extremes::Floats(other_least, other_greatest)) => {
                *least = least.min(*other_least);
                *greatest = greatest.max(*other_greatest);
            }
            (Extremes::Days(least, greatest), Extremes::Days(other_least, other_greatest)) => {
                *least = (*least).min(*other_least);
                *greatest = (*greatest).max(*other_greatest);
            }
            (Extremes::Times(least, greatest), Extremes::Times(other_least, other_greatest)) => {
                *least = (*least).min(*other_least);
                *greatest = (*greatest).max(*other_greatest);
            }
            (Extremes::Texts(least, greatest), Extremes::Texts(other_least, other_greatest)) => {
                if other_least < least {
                    least.clone_from(other_least);
                }
                if other_greatest > greatest {
                    greatest.clone_from(other_greatest);
                }
            }
            _ => return false,
        }
        true
    }

    fn of(given: Type, array: &ArrayRef) -> Option<Extremes> {
        Some(match given {
            Type::Bool => return None,
            Type::Integer => {
                let (least, greatest) = bounds(array.as_primitive::<Int64Type>().iter().flatten())?;
                Extremes::Numbers { scale: 0, least: least.into(), greatest: greatest.into() }
            }
            Type::Decimal { scale, .. } => {
                let (least, greatest) = bounds(array.as_primitive::<Decimal128Type>().iter().flatten())?;
                Extremes::Numbers { scale: scale.max(0) as u32, least, greatest }
            }
            Type::Float => {
                let (least, greatest) = bounds(array.as_primitive::<Float64Type>().iter().flatten())?;
                Extremes::Floats(least, greatest)
            }
            Type::Date => {
                let (least, greatest) = bounds(array.as_primitive::<Date32Type>().iter().flatten())?;
                Extremes::Days(least, greatest)
            }
            Type::Timestamp | Type::Instant => {
                let (least, greatest) = bounds(array.as_primitive::<TimestampMicrosecondType>().iter().flatten())?;
                Extremes::Times(least, greatest)
            }
            Type::Text => {
                let (least, greatest) = bounds(array.as_string::<i32>().iter().flatten())?;
                Extremes::Texts(shortened(least), shortened(greatest))
            }
        })
    }
}

fn bounds<T: PartialOrd + Copy>(mut values: impl Iterator<Item = T>) -> Option<(T, T)> {
    let first = values.next()?;
    Some(values.fold((first, first), |(least, greatest), value| {
        (if value < least { value } else { least }, if value > greatest { value } else { greatest })
    }))
}

fn shortened(text: &str) -> String {
    text.chars().take(VALUE_BYTES_MAX).collect()
}

/// Follows a column's cells as they are written.
#[derive(Default)]
pub(crate) struct Watcher {
    facts: Facts,
    frequent: Frequent,
}

impl Watcher {
    pub(crate) fn watch(&mut self, cells: &Cells<'_>, column: usize, rows: Range<usize>) {
        let facts = &mut self.facts;
        let (mut least, mut greatest, mut values) = (usize::MAX, 0, 0u64);
        let total = rows.len() as u64;
        for row in rows {
            let Some(cell) = cells.get(row, column) else { continue };
            values += 1;
            facts.blanks += u64::from(is_blank(cell));
            least = least.min(cell.len());
            greatest = greatest.max(cell.len());
            let hash = hash(cell);
            facts.distinct.add(hash);
            self.frequent.add(hash, row);
            let kinds = yiwang_codes::kinds(cell);
            if !kinds.is_empty() {
                for kind in Kind::ALL {
                    facts.kinds[kind as usize] += u64::from(kinds.contains(kind));
                }
            }
        }
        facts.rows += total;
        facts.nulls += total - values;
        if values > 0 {
            facts.bytes_min = Some(facts.bytes_min.unwrap_or(u64::MAX).min(least as u64));
            facts.bytes_max = facts.bytes_max.max(greatest as u64);
        }
    }

    /// Whether the values so far name something, so that they stay text whatever their digits.
    pub(crate) fn is_identifier(&self) -> bool {
        self.facts.kind().is_some()
    }

    /// The facts, once the column is written; a personal column's values are left behind and patterns kept.
    pub(crate) fn finish(mut self, cells: &Cells<'_>, column: usize, shape: Shape, personal: bool) -> Facts {
        self.facts.shape = shape;
        if personal || self.facts.names_persons() {
            for row in 0..cells.rows().min(PATTERN_ROWS_MAX) {
                if let Some(cell) = cells.get(row, column) {
                    self.facts.patterns.add(&pattern(&String::from_utf8_lossy(cell)), 1);
                }
            }
            return self.facts;
        }
        let (best, lost) = self.frequent.best();
        for (count, row) in best {
            let cell = cells.get(row as usize, column).unwrap_or_default();
            if cell.len() <= VALUE_BYTES_MAX {
                self.facts.frequent.add(&String::from_utf8_lossy(cell), u64::from(count));
            } else {
                self.facts.frequent.lose(1);
            }
        }
        self.facts.frequent.lose(lost);
        self.facts
    }
}

/// The value with digits as 9, capitals as A, small letters as a, Chinese characters as 字; marks stay.
fn pattern(value: &str) -> String {
    let sign = |given: char| match given {
        '0'..='9' => '9',
        'A'..='Z' => 'A',
        'a'..='z' => 'a',
        given if given.is_alphabetic() => '字',
        given => given,
    };
    value.chars().take(PATTERN_CHARS_MAX).map(sign).collect()
}
