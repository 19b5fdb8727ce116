//! The log of a Delta table with one file, after the Delta transaction protocol (delta-io/delta, PROTOCOL.md): a commit
//! is a file of JSON lines whose number says its place. Pure: makes and reads the text, touches no disk.

use std::fmt::Write as _;

use arrow_schema::{DataType, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yiwang_gate::StagedCopy;
use yiwang_kernel::{Error, Instant, Result};

/// What the newest commit says of a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stand {
    /// The resource's version.
    pub(super) version: u64,
    /// A hash of the policies it was read under and of what is erased.
    pub(super) basis: String,
    /// A hash of the columns and of those that tell no least and greatest value.
    pub(super) shape: String,
    pub(super) rows: u64,
    pub(super) size_bytes: u64,
    /// The file it is read from.
    pub(super) file: String,
    /// The file the commit before was read from; readers of that may still be at it.
    pub(super) earlier: Option<String>,
}

/// The name of a commit.
pub(super) fn commit_name(number: u64) -> String {
    format!("{number:020}.json")
}

/// The number of a commit's file.
pub(super) fn commit_number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".json").filter(|digits| digits.len() == 20)?;
    digits.parse().ok()
}

/// A commit: the first of a table, or one that puts a new file in the place of the one before.
pub(super) fn commit(staged: &StagedCopy, stand: &Stand, first: bool, now: Instant) -> Result<String> {
    let ms = now.micros() / 1_000;
    let mut actions = vec![json!({ "commitInfo": {
        "timestamp": ms,
        "operation": "WRITE",
        "operationParameters": { "mode": "Overwrite" },
        "engineInfo": "yiwang",
        "yiwang": serde_json::to_string(stand).map_err(unwritten)?,
    }})];
    if first {
        actions.push(protocol(&staged.schema));
        actions.push(json!({ "metaData": {
            "id": staged.id.to_string(),
            "name": staged.copy.resource,
            "format": { "provider": "parquet", "options": {} },
            "schemaString": schema_string(&staged.schema)?,
            "partitionColumns": [],
            "configuration": {},
            "createdTime": ms,
        }}));
    }
    if let Some(earlier) = &stand.earlier {
        actions.push(json!({ "remove": { "path": earlier, "deletionTimestamp": ms, "dataChange": true } }));
    }
    actions.push(json!({ "add": {
        "path": stand.file,
        "partitionValues": {},
        "size": stand.size_bytes,
        "modificationTime": ms,
        "dataChange": true,
        "stats": statistics(staged).to_string(),
    }}));
    let mut text = String::new();
    for action in actions {
        writeln!(text, "{action}").map_err(unwritten)?;
    }
    Ok(text)
}

/// What a commit says; none where it is not one of ours.
pub(super) fn stand(text: &str) -> Option<Stand> {
    let actions = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut told = actions.filter_map(|action| action["commitInfo"]["yiwang"].as_str().map(str::to_owned));
    serde_json::from_str(&told.next()?).ok()
}

/// Readers of version 1 do; times without zone are a feature they must know.
fn protocol(schema: &Schema) -> Value {
    let zoneless = schema.fields().iter().any(|field| matches!(field.data_type(), DataType::Timestamp(_, None)));
    if zoneless {
        return json!({ "protocol": {
            "minReaderVersion": 3, "minWriterVersion": 7,
            "readerFeatures": ["timestampNtz"], "writerFeatures": ["timestampNtz"],
        }});
    }
    json!({ "protocol": { "minReaderVersion": 1, "minWriterVersion": 2 } })
}

fn schema_string(schema: &Schema) -> Result<String> {
    let mut fields = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let name = match field.data_type() {
            DataType::Boolean => "boolean".to_owned(),
            DataType::Int64 => "long".to_owned(),
            DataType::Float64 => "double".to_owned(),
            DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
            DataType::Date32 => "date".to_owned(),
            DataType::Timestamp(_, None) => "timestamp_ntz".to_owned(),
            DataType::Utf8 | DataType::Utf8View => "string".to_owned(),
            _ => return Err(Error::broken("a column type that no plain copy holds")),
        };
        fields.push(json!({ "name": field.name(), "type": name, "nullable": true, "metadata": {} }));
    }
    serde_json::to_string(&json!({ "type": "struct", "fields": fields })).map_err(unwritten)
}

/// Counts alone: least and greatest values stand in the file, for the columns that may tell them.
fn statistics(staged: &StagedCopy) -> Value {
    let counted = staged.schema.fields().iter().zip(&staged.nulls);
    let told = counted.filter(|(field, _)| !staged.copy.quiet.contains(field.name()));
    let nulls = told.map(|(field, nulls)| (field.name().clone(), Value::from(*nulls)));
    json!({ "numRecords": staged.rows, "nullCount": nulls.collect::<serde_json::Map<_, _>>() })
}

fn unwritten(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::internal("writing a commit", error)
}
