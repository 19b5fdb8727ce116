//! JSON-LD 1.1 with an inline context; nodes nested where they are used.

use serde_json::{Map, Value as Json, json};

use crate::graph::{Node, PREFIXES, Value};

/// The whole document.
pub(crate) fn write(node: &Node) -> Json {
    let context: Map<String, Json> =
        PREFIXES.iter().map(|(prefix, namespace)| ((*prefix).to_owned(), json!(namespace))).collect();
    let mut document = Map::new();
    document.insert("@context".to_owned(), Json::Object(context));
    document.extend(object(node));
    Json::Object(document)
}

fn object(node: &Node) -> Map<String, Json> {
    let mut object = Map::new();
    if let Some(iri) = &node.iri {
        object.insert("@id".to_owned(), json!(iri));
    }
    object.insert("@type".to_owned(), json!(node.class));
    for (property, value) in &node.properties {
        let values = object.entry(*property).or_insert_with(|| Json::Array(Vec::new()));
        if let Json::Array(values) = values {
            values.push(written(value));
        }
    }
    object
}

fn written(value: &Value) -> Json {
    match value {
        Value::Phrase(phrase) => json!({ "@value": phrase.text, "@language": phrase.lang }),
        Value::Literal(text) => json!({ "@value": text }),
        Value::Date(date) => json!({ "@value": date, "@type": "xsd:date" }),
        Value::Iri(iri) => json!({ "@id": iri }),
        Value::Node(node) => Json::Object(object(node)),
    }
}
