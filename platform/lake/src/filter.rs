//! Conditions on batches: those of row rules on what is stored, those of readers on what they may see. A cell that is
//! empty fulfils no condition but being empty.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, Scalar, StringArray};
use arrow_schema::{DataType, SchemaRef};
use datafusion::arrow::compute::kernels::{boolean, cmp};
use yiwang_gate::{Filter, Op};
use yiwang_kernel::{Error, Result};

use crate::scan::arrow_error;
use crate::types;

/// Conditions on batches of one schema; all must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    all: Vec<Condition>,
}

#[derive(Debug, Clone)]
struct Condition {
    column: usize,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    Compare(Op, ArrayRef),
    OneOf(Arc<HashSet<String>>),
    Contains(String),
    IsNull,
}

impl Conditions {
    /// Fits the values to the columns; refuses unknown fields and values that are no such thing, naming the field.
    pub(crate) fn compile(filters: &[Filter], schema: &SchemaRef) -> Result<Conditions> {
        let condition = |filter: &Filter| {
            filter.check()?;
            let column = schema.index_of(&filter.field);
            let column = column.map_err(|_| Error::invalid(&filter.field, "field-unknown"))?;
            Ok(Condition { column, test: test(filter, schema.field(column).data_type())? })
        };
        Ok(Conditions { all: filters.iter().map(condition).collect::<Result<_>>()? })
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Which rows fulfil all of them; never empty in a place.
    pub(crate) fn holds(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        let mut held = BooleanArray::from(vec![true; batch.num_rows()]);
        for condition in &self.all {
            let one = condition.test.holds(batch.column(condition.column))?;
            held = boolean::and(&held, &without_nulls(&one)).map_err(arrow_error)?;
        }
        Ok(held)
    }
}

fn test(filter: &Filter, data_type: &DataType) -> Result<Test> {
    let values = filter.values.iter().map(|text| types::value_of(&filter.field, text, data_type));
    let first = || filter.values.first().cloned().unwrap_or_default();
    Ok(match filter.op {
        Op::IsNull => Test::IsNull,
        Op::Contains if *data_type == DataType::Utf8 => Test::Contains(first()),
        Op::Contains => return Err(Error::invalid(&filter.field, "gate-filter-text").with("field", &filter.field)),
        Op::In => {
            let texts = values.map(|value| Ok(types::texts(&value?)?.value(0).to_owned()));
            Test::OneOf(Arc::new(texts.collect::<Result<_>>()?))
        }
        op => Test::Compare(op, types::value_of(&filter.field, &first(), data_type)?),
    })
}

impl Test {
    fn holds(&self, column: &ArrayRef) -> Result<BooleanArray> {
        match self {
            Test::Compare(op, value) => compare(*op, column, value),
            Test::IsNull => boolean::is_null(column.as_ref()).map_err(arrow_error),
            Test::OneOf(values) => {
                let texts = types::texts(column)?;
                Ok(matching(&texts, |text| values.contains(text)))
            }
            Test::Contains(part) => {
                let texts = types::texts(column)?;
                Ok(matching(&texts, |text| text.contains(part.as_str())))
            }
        }
    }
}

fn matching(texts: &StringArray, fits: impl Fn(&str) -> bool) -> BooleanArray {
    texts.iter().map(|text| Some(text.is_some_and(&fits))).collect()
}

fn compare(op: Op, column: &ArrayRef, value: &ArrayRef) -> Result<BooleanArray> {
    let value = Scalar::new(Arc::clone(value));
    let compared = match op {
        Op::Eq => cmp::eq(column, &value),
        Op::Ne => cmp::neq(column, &value),
        Op::Lt => cmp::lt(column, &value),
        Op::Le => cmp::lt_eq(column, &value),
        Op::Gt => cmp::gt(column, &value),
        Op::Ge => cmp::gt_eq(column, &value),
        Op::In | Op::Contains | Op::IsNull => return Err(Error::broken("a condition that compares nothing")),
    };
    compared.map_err(arrow_error)
}

/// Empty places become false.
pub(crate) fn without_nulls(held: &BooleanArray) -> BooleanArray {
    match held.nulls() {
        Some(nulls) => BooleanArray::new(held.values() & nulls.inner(), None),
        None => held.clone(),
    }
}
