//! One row of an answer, read by column name. A wrong name or kind is our own mistake and becomes an internal error
//! that names the column, never its content.

use std::sync::Arc;

use yiwang_kernel::{CivilDate, Error, Id, Instant, Result};

use crate::Value;

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    pub(crate) fn new(columns: Arc<[String]>, values: Vec<Value>) -> Row {
        Row { columns, values }
    }

    /// The column names, in the order of the statement.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The values, in the order of the statement.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The values without the row.
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// The value of this column.
    pub fn value(&self, name: &str) -> Result<&Value> {
        let place = self.columns.iter().position(|column| column == name);
        let value = place.and_then(|place| self.values.get(place));
        value.ok_or_else(|| Error::broken(format!("no column {name} in this row")))
    }

    /// A whole number.
    pub fn int(&self, name: &str) -> Result<i64> {
        required(name, self.opt_int(name)?)
    }

    /// A whole number, or none for NULL.
    pub fn opt_int(&self, name: &str) -> Result<Option<i64>> {
        match self.value(name)? {
            Value::Null => Ok(None),
            Value::Int(value) => Ok(Some(*value)),
            Value::Bool(value) => Ok(Some(i64::from(*value))),
            Value::Float(_) | Value::Text(_) | Value::Bytes(_) => Err(wrong_kind(name, "a whole number")),
        }
    }

    /// True or false, however the database writes it.
    pub fn bool(&self, name: &str) -> Result<bool> {
        required(name, self.opt_bool(name)?)
    }

    /// True or false, or none for NULL.
    pub fn opt_bool(&self, name: &str) -> Result<Option<bool>> {
        Ok(self.opt_int(name)?.map(|value| value != 0))
    }

    /// A floating point number; whole numbers and exact decimals are taken too.
    pub fn float(&self, name: &str) -> Result<f64> {
        required(name, self.opt_float(name)?)
    }

    /// A floating point number, or none for NULL.
    pub fn opt_float(&self, name: &str) -> Result<Option<f64>> {
        match self.value(name)? {
            Value::Null => Ok(None),
            Value::Float(value) => Ok(Some(*value)),
            #[expect(clippy::cast_precision_loss, reason = "the caller asked for a float")]
            Value::Int(value) => Ok(Some(*value as f64)),
            Value::Text(value) => value.parse().map(Some).map_err(|_| wrong_kind(name, "a number")),
            Value::Bool(_) | Value::Bytes(_) => Err(wrong_kind(name, "a number")),
        }
    }

    /// Text.
    pub fn text(&self, name: &str) -> Result<String> {
        required(name, self.opt_text(name)?)
    }

    /// Text, or none for NULL.
    pub fn opt_text(&self, name: &str) -> Result<Option<String>> {
        match self.value(name)? {
            Value::Null => Ok(None),
            Value::Text(value) => Ok(Some(value.clone())),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Bytes(_) => Err(wrong_kind(name, "text")),
        }
    }

    /// Bytes.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        required(name, self.opt_bytes(name)?)
    }

    /// Bytes, or none for NULL.
    pub fn opt_bytes(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match self.value(name)? {
            Value::Null => Ok(None),
            Value::Bytes(value) => Ok(Some(value.clone())),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_) => Err(wrong_kind(name, "bytes")),
        }
    }

    /// An id.
    pub fn id(&self, name: &str) -> Result<Id> {
        required(name, self.opt_id(name)?)
    }

    /// An id, or none for NULL.
    pub fn opt_id(&self, name: &str) -> Result<Option<Id>> {
        self.opt_bytes(name)?.map(|bytes| Id::from_bytes(&bytes)).transpose()
    }

    /// An instant.
    pub fn instant(&self, name: &str) -> Result<Instant> {
        required(name, self.opt_instant(name)?)
    }

    /// An instant, or none for NULL.
    pub fn opt_instant(&self, name: &str) -> Result<Option<Instant>> {
        Ok(self.opt_int(name)?.map(Instant::from_micros))
    }

    /// A civil date.
    pub fn date(&self, name: &str) -> Result<CivilDate> {
        required(name, self.opt_date(name)?)
    }

    /// A civil date, or none for NULL.
    pub fn opt_date(&self, name: &str) -> Result<Option<CivilDate>> {
        let text = self.opt_text(name)?;
        text.map(|text| text.parse().map_err(|_| wrong_kind(name, "a date"))).transpose()
    }

    /// JSON kept as text.
    pub fn json(&self, name: &str) -> Result<serde_json::Value> {
        let text = self.text(name)?;
        serde_json::from_str(&text).map_err(|_| wrong_kind(name, "JSON"))
    }
}

fn required<T>(name: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::broken(format!("column {name} is NULL")))
}

fn wrong_kind(name: &str, wanted: &str) -> Error {
    Error::broken(format!("column {name} is not {wanted}"))
}
