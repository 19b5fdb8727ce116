//! How a file's columns meet those of a resource: names, types, key, sorting; and why a type was chosen. Pure.

use arrow_schema::DataType;
use yiwang_catalogue::Field;
use yiwang_gate::TableInfo;
use yiwang_kernel::{Error, Result};
use yiwang_tables::{Column, Plan, Type};

use crate::pour::Settled;

/// Columns a table may be sorted by at most, besides its key.
const SORTABLE_MAX: usize = 8;

/// Calls the file's columns as the resource calls those of the same title or name.
pub(crate) fn rename(plan: &mut Plan, known: &[Field]) {
    for place in 0..plan.headers.len() {
        let header = plan.headers[place].trim();
        let same = |field: &&Field| !header.is_empty() && (field.title.zh == header || field.title.en == header);
        let Some(field) = known.iter().find(same) else { continue };
        if !plan.names.contains(&field.name) {
            plan.names[place].clone_from(&field.name);
        }
    }
}

/// What is settled of each column by the table that is there already,
/// or else by the file itself.
pub(crate) fn settled(names: &[String], table: &TableInfo, replaces: bool, by_file: &[Settled]) -> Vec<Settled> {
    let of = |(name, by_file): (&String, &Settled)| match kept(name, table) {
        Some(kept) if replaces => Settled::AtLeast(kept),
        Some(kept) => Settled::Exactly(kept),
        None => *by_file,
    };
    names.iter().zip(by_file).map(of).collect()
}

/// Whether the file has columns the table has not, or lacks some.
pub(crate) fn differ(names: &[String], table: &TableInfo) -> bool {
    names.len() != table.schema.fields().len() || names.iter().any(|name| table.schema.index_of(name).is_err())
}

/// Whether a column needs a wider type than the table has.
pub(crate) fn wider(names: &[String], types: &[Type], table: &TableInfo) -> bool {
    names.iter().zip(types).any(|(name, given)| kept(name, table).is_some_and(|kept| kept != *given))
}

fn kept(name: &str, table: &TableInfo) -> Option<Type> {
    match table.schema.field_with_name(name).ok()?.data_type() {
        DataType::Boolean => Some(Type::Bool),
        DataType::Int64 => Some(Type::Integer),
        DataType::Float64 => Some(Type::Float),
        DataType::Date32 => Some(Type::Date),
        DataType::Timestamp(_, None) => Some(Type::Timestamp),
        DataType::Decimal128(precision, scale) => Some(Type::Decimal { precision: *precision, scale: *scale }),
        _ => Some(Type::Text),
    }
}

/// The key's columns by name, given by title or name.
pub(crate) fn key(given: &[String], plan: &Plan) -> Result<Vec<String>> {
    let mut key = Vec::new();
    for word in given.iter().map(|word| word.trim()).filter(|word| !word.is_empty()) {
        let by_name = plan.names.iter().position(|name| name == word);
        let place = by_name.or_else(|| plan.headers.iter().position(|header| header.trim() == word));
        let place = place.ok_or_else(|| {
            Error::invalid("key", "load-key-column").with("given", word).with("columns", plan.headers.join(", "))
        })?;
        if !key.contains(&plan.names[place]) {
            key.push(plan.names[place].clone());
        }
    }
    Ok(key)
}

/// Columns the table may be sorted by: those it has, its key, numbers and times, and its first column of plain text.
pub(crate) fn sortable(
    names: &[String],
    types: &[Type],
    kinds: &[Option<String>],
    key: &[String],
    before: Option<&TableInfo>,
) -> Vec<String> {
    let mut chosen: Vec<String> = key.to_vec();
    if let Some(table) = before {
        chosen.extend(table.sortable.iter().filter(|name| names.contains(name)).cloned());
    }
    let measures = names.iter().zip(types).filter(|(_, given)| !matches!(given, Type::Text | Type::Bool));
    let plain = names.iter().zip(types).zip(kinds);
    let plain = plain.filter(|((_, given), kind)| **given == Type::Text && kind.is_none()).map(|((name, _), _)| name);
    for name in plain.take(1).chain(measures.map(|(name, _)| name)).take(SORTABLE_MAX) {
        chosen.push(name.clone());
    }
    let mut seen = std::collections::BTreeSet::new();
    chosen.retain(|name| seen.insert(name.clone()));
    chosen
}

/// Why a column has its type: a message code, `collect-why-<code>`.
pub(crate) fn why(column: &Column, given: Type) -> &'static str {
    let values = column.profile.rows - column.profile.nulls - column.profile.blanks;
    match given {
        Type::Text if column.kind.is_some() => "identifier",
        Type::Text if values == 0 => "empty",
        Type::Text if column.type_ == Type::Instant => "zone",
        Type::Text => "text",
        Type::Bool => "bool",
        Type::Integer => "integer",
        Type::Decimal { .. } => "decimal",
        Type::Float => "float",
        Type::Date => "date",
        Type::Timestamp | Type::Instant => "timestamp",
    }
}
