//! One column of one chunk: cells into the narrowest Arrow array that holds them, begun anew when one does not fit.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::types::ByteArrayType;
use arrow_array::types::Utf8Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, GenericByteArray, Int64Array,
    TimestampMicrosecondArray,
};
use arrow_buffer::{Buffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};

use crate::cells::Cells;
use crate::shape::{Hint, Shape, Type, UTC};
use crate::value::{self, Class, Number};
use crate::{Error, Result};

const POWERS: [i128; 39] = {
    let mut powers = [1i128; 39];
    let mut exponent = 1;
    while exponent < 39 {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// The values so far.
enum Store {
    Undecided,
    Bool(Vec<bool>),
    Integer(Vec<i64>),
    Decimal { values: Vec<i128>, precision: u8, scale: u32 },
    Float(Vec<f64>),
    Date(Vec<i32>),
    Time { values: Vec<i64>, instant: bool },
    Text { ends: Vec<i32>, bytes: Vec<u8> },
}

/// A column being written.
pub(crate) struct Writer {
    column: usize,
    hint: Hint,
    /// What this chunk's values have in common.
    pub(crate) shape: Shape,
    store: Store,
    valid: NullBufferBuilder,
}

impl Writer {
    pub(crate) fn new(column: usize, hint: Hint, rows: usize) -> Writer {
        let shape = Shape::default();
        let store = store(hint.encode_as(), rows);
        Writer { column, hint, shape, store, valid: NullBufferBuilder::new(rows) }
    }

    /// Writes these rows; those before them are written already.
    pub(crate) fn write(&mut self, cells: &Cells<'_>, rows: Range<usize>) {
        let mut row = rows.start;
        while row < rows.end {
            row = self.write_fitting(cells, row..rows.end);
            if row < rows.end {
                self.widen(cells, row);
                row = 0;
            }
        }
    }

    /// Writes all rows anew as text, unless they are.
    pub(crate) fn make_text(&mut self, cells: &Cells<'_>) {
        if !matches!(self.store, Store::Text { .. }) {
            self.hint.identifier = true;
            self.begin(Type::Text, cells.rows());
            self.write(cells, 0..cells.rows());
        }
    }

    /// The array and its type.
    pub(crate) fn finish(mut self, cells: &Cells<'_>) -> Result<(Type, ArrayRef)> {
        if matches!(self.store, Store::Undecided) {
            self.make_text(cells);
        }
        let nulls = self.valid.finish();
        Ok(match self.store {
            Store::Bool(values) => (Type::Bool, Arc::new(BooleanArray::new(values.into(), nulls))),
            Store::Integer(values) => (Type::Integer, Arc::new(Int64Array::new(values.into(), nulls))),
            Store::Decimal { values, precision, scale } => {
                let array =
                    Decimal128Array::new(values.into(), nulls).with_precision_and_scale(precision, scale as i8)?;
                (Type::Decimal { precision, scale: scale as i8 }, Arc::new(array))
            }
            Store::Float(values) => (Type::Float, Arc::new(Float64Array::new(values.into(), nulls))),
            Store::Date(values) => (Type::Date, Arc::new(Date32Array::new(values.into(), nulls))),
            Store::Time { values, instant } => {
                let array = TimestampMicrosecondArray::new(values.into(), nulls);
                if instant {
                    (Type::Instant, Arc::new(array.with_timezone(UTC)))
                } else {
                    (Type::Timestamp, Arc::new(array))
                }
            }
            Store::Text { ends, bytes } => {
                let offsets = OffsetBuffer::new(ScalarBuffer::<<Utf8Type as ByteArrayType>::Offset>::from(ends));
                let array = GenericByteArray::<Utf8Type>::try_new(offsets, Buffer::from_vec(bytes), nulls);
                (Type::Text, Arc::new(array.map_err(Error::Build)?))
            }
            Store::Undecided => (Type::Text, Arc::new(arrow_array::StringArray::new_null(cells.rows()))),
        })
    }

    fn begin(&mut self, given: Type, rows: usize) {
        self.store = store(Some(given), rows);
        self.valid = NullBufferBuilder::new(rows);
    }

    /// The value in this row does not fit: the column is begun anew with a type that holds it too.
    fn widen(&mut self, cells: &Cells<'_>, row: usize) {
        let class = cells.get(row, self.column).map_or(Class::Blank, Class::of);
        self.shape.see(&class);
        let wider = self.hint.shape.join(self.shape).narrowest().unwrap_or(Type::Text);
        self.begin(wider, cells.rows());
    }

    /// Writes as long as values fit; the first row that does not, or the end.
    fn write_fitting(&mut self, cells: &Cells<'_>, rows: Range<usize>) -> usize {
        let Writer { column, hint, shape, store, valid } = self;
        let mut input = Input { cells, column: *column, rows, shape, valid };
        match store {
            Store::Undecided => input.pass_nulls(),
            Store::Bool(values) => input.each(
                values,
                |_| None,
                |class| match class {
                    Class::Bool(value) => Some(value),
                    _ => None,
                },
            ),
            Store::Integer(values) => input.integers(values),
            Store::Decimal { values, precision, scale } => input.decimals(values, u32::from(*precision), *scale),
            Store::Float(values) => input.each(
                values,
                |_| None,
                |class| match class {
                    Class::Float(value, _) => Some(value),
                    Class::Integer(value) => Some(value as f64),
                    Class::Decimal(number) if number.significant <= value::FLOAT_DIGITS_MAX => Some(as_float(&number)),
                    _ => None,
                },
            ),
            Store::Date(values) => input.each(values, value::time, |class| match class {
                Class::Date(days) => Some(days),
                _ => None,
            }),
            Store::Time { values, instant: false } => input.each(values, value::time, |class| match class {
                Class::Timestamp(micros) => Some(micros),
                Class::Date(days) => Some(i64::from(days) * 86_400_000_000),
                _ => None,
            }),
            Store::Time { values, instant: true } => input.each(values, value::time, |class| match class {
                Class::Instant(micros) => Some(micros),
                _ => None,
            }),
            Store::Text { ends, bytes } => {
                let settled = hint.shape.join(*input.shape).narrowest() == Some(Type::Text);
                input.texts(ends, bytes, settled)
            }
        }
    }
}

fn store(given: Option<Type>, rows: usize) -> Store {
    match given {
        None => Store::Undecided,
        Some(Type::Bool) => Store::Bool(Vec::with_capacity(rows)),
        Some(Type::Integer) => Store::Integer(Vec::with_capacity(rows)),
        Some(Type::Decimal { precision, scale }) => {
            Store::Decimal { values: Vec::with_capacity(rows), precision, scale: scale.max(0) as u32 }
        }
        Some(Type::Float) => Store::Float(Vec::with_capacity(rows)),
        Some(Type::Date) => Store::Date(Vec::with_capacity(rows)),
        Some(Type::Timestamp) => Store::Time { values: Vec::with_capacity(rows), instant: false },
        Some(Type::Instant) => Store::Time { values: Vec::with_capacity(rows), instant: true },
        Some(Type::Text) => {
            let mut ends = Vec::with_capacity(rows + 1);
            ends.push(0);
            Store::Text { ends, bytes: Vec::with_capacity(rows * 8) }
        }
    }
}

/// Correctly rounded, by the standard library's reader.
fn as_float(number: &Number) -> f64 {
    format!("{}e-{}", number.mantissa, number.scale).parse().unwrap_or(f64::NAN)
}

/// The rows to be written and what is learned of them.
struct Input<'a> {
    cells: &'a Cells<'a>,
    column: usize,
    rows: Range<usize>,
    shape: &'a mut Shape,
    valid: &'a mut NullBufferBuilder,
}

impl Input<'_> {
    /// Passes over cells that say nothing; they are written when the type is known.
    fn pass_nulls(&mut self) -> usize {
        let said = |row: &usize| self.cells.get(*row, self.column).is_some_and(|cell| !value::is_blank(cell));
        self.rows.clone().find(said).unwrap_or(self.rows.end)
    }

    /// Writes values that `fit` takes out of what the cell could be; `quick` is asked before the general reader.
    #[inline]
    fn each<T: Default>(
        &mut self,
        values: &mut Vec<T>,
        quick: impl Fn(&[u8]) -> Option<Class>,
        fit: impl Fn(Class) -> Option<T>,
    ) -> usize {
        for row in self.rows.clone() {
            let Some(cell) = self.cells.get(row, self.column) else {
                values.push(T::default());
                self.valid.append_null();
                continue;
            };
            let class = quick(cell).unwrap_or_else(|| Class::of(cell));
            if class == Class::Blank {
                values.push(T::default());
                self.valid.append_null();
                continue;
            }
            let Some(value) = fit(class) else { return row };
            self.shape.see(&class);
            values.push(value);
            self.valid.append_non_null();
        }
        self.rows.end
    }

    fn integers(&mut self, values: &mut Vec<i64>) -> usize {
        let (mut least, mut greatest) = (i64::MAX, i64::MIN);
        let mut end = self.rows.end;
        for row in self.rows.clone() {
            let cell = self.cells.get(row, self.column);
            let value = match cell.map(|cell| value::integer(cell).map_or_else(|| Class::of(cell), Class::Integer)) {
                Some(Class::Integer(value)) => value,
                None | Some(Class::Blank) => {
                    values.push(0);
                    self.valid.append_null();
                    continue;
                }
                Some(_) => {
                    end = row;
                    break;
                }
            };
            least = least.min(value);
            greatest = greatest.max(value);
            values.push(value);
            self.valid.append_non_null();
        }
        if least <= greatest {
            self.shape.see_integers(least, greatest);
        }
        end
    }

    fn decimals(&mut self, values: &mut Vec<i128>, precision: u32, scale: u32) -> usize {
        for row in self.rows.clone() {
            let cell = self.cells.get(row, self.column);
            let class = cell.map(|cell| value::decimal(cell).map_or_else(|| Class::of(cell), Class::Decimal));
            let number = match class {
                Some(Class::Decimal(number)) => number,
                Some(Class::Integer(value)) => {
                    let integer_digits = value.unsigned_abs().checked_ilog10().unwrap_or(0) + 1;
                    Number { mantissa: value.into(), scale: 0, integer_digits, significant: integer_digits }
                }
                None | Some(Class::Blank) => {
                    values.push(0);
                    self.valid.append_null();
                    continue;
                }
                Some(_) => return row,
            };
            if number.scale > scale || number.integer_digits + scale > precision {
                return row;
            }
            self.shape.see_decimals(number.integer_digits, number.scale, number.significant);
            values.push(number.mantissa * POWERS[(scale - number.scale) as usize]);
            self.valid.append_non_null();
        }
        self.rows.end
    }

    /// Texts always fit; where the column is not settled to be text, its shape is still followed.
    fn texts(&mut self, ends: &mut Vec<i32>, bytes: &mut Vec<u8>, settled: bool) -> usize {
        for row in self.rows.clone() {
            match self.cells.get(row, self.column) {
                Some(cell) => {
                    if !settled {
                        self.shape.see(&Class::of(cell));
                    }
                    bytes.extend_from_slice(cell);
                    self.valid.append_non_null();
                }
                None => self.valid.append_null(),
            }
            ends.push(bytes.len() as i32);
        }
        self.rows.end
    }
}
