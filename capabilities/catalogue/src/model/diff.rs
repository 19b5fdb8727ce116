//! What differs between two snapshots of an entry, as a list a page can show. Fields are matched by their names.

use std::collections::BTreeMap;

use serde_json::Value;

/// One part that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where: `content.title.zh`, `content.fields.mc.mask`.
    pub path: String,
    /// Before; empty when it was not there.
    pub before: String,
    /// After; empty when it is no longer there.
    pub after: String,
}

/// Parts that change with every change and say nothing.
const NOISE: [&str; 4] = ["revision", "updated", "edited_by", "submitted_by"];

/// The differences, in the order of their paths.
pub fn differences(before: Option<&Value>, after: &Value) -> Vec<Difference> {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    if let Some(before) = before {
        flatten("", before, &mut old);
    }
    flatten("", after, &mut new);
    let mut paths: Vec<&String> = old.keys().chain(new.keys()).collect();
    paths.sort();
    paths.dedup();
    let empty = String::new();
    paths
        .into_iter()
        .filter(|path| !NOISE.contains(&path.as_str()))
        .filter_map(|path| {
            let (before, after) = (old.get(path).unwrap_or(&empty), new.get(path).unwrap_or(&empty));
            (before != after).then(|| Difference { path: path.clone(), before: before.clone(), after: after.clone() })
        })
        .collect()
}

fn flatten(path: &str, value: &Value, parts: &mut BTreeMap<String, String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Null => {}
        Value::Object(object) => object.iter().for_each(|(name, value)| flatten(&below(name), value, parts)),
        Value::Array(values) => {
            for (place, value) in values.iter().enumerate() {
                let named = value.get("name").and_then(Value::as_str).map(str::to_owned);
                flatten(&below(&named.unwrap_or_else(|| place.to_string())), value, parts);
            }
        }
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => drop(parts.insert(path.to_owned(), text.clone())),
        other => drop(parts.insert(path.to_owned(), other.to_string())),
    }
}
