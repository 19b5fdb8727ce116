//! OpenAPI 3.1 made from the declared routes, so that it cannot differ from what is served. Describes answers only as
//! far as they are declared.

use serde_json::{Map, Value, json};
use yiwang_kernel::{Lang, Text};

use crate::{Method, Needs, Parameter, Route};

/// The description of these routes.
pub(crate) fn describe(routes: &[Route], title: &Text, lang: Lang) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let entry = paths.entry(route.path.replace("{*", "{")).or_insert_with(|| json!({}));
        if let Some(methods) = entry.as_object_mut() {
            methods.insert(route.method.word().to_ascii_lowercase(), operation(route, lang));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": title.get(lang), "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": {
            "schemas": { "Problem": problem() },
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": crate::cookies::SESSION },
            },
        },
    })
}

fn operation(route: &Route, lang: Lang) -> Value {
    let in_path = names(route.path)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let mut parameters: Vec<Value> = in_path.collect();
    let mut operation = Map::new();
    operation.insert("operationId".to_owned(), operation_id(route).into());
    operation.insert("summary".to_owned(), route.doc.get(lang).into());
    if route.method == Method::Get {
        parameters.extend(route.parameters.iter().map(|parameter| in_query(parameter, lang)));
    } else if !route.parameters.is_empty() {
        operation.insert("requestBody".to_owned(), body(route, lang));
    }
    operation.insert("parameters".to_owned(), parameters.into());
    let failed = json!({ "description": "RFC 9457", "content": {
        "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } });
    let done = json!({ "description": route.doc.get(lang), "content": { "application/json": {} } });
    operation.insert("responses".to_owned(), json!({ "200": done, "default": failed }));
    match route.needs {
        Needs::Open => {}
        Needs::SignedIn => drop(operation.insert("security".to_owned(), json!([{ "session": [] }]))),
        Needs::Permission(name) => {
            operation.insert("security".to_owned(), json!([{ "session": [] }]));
            operation.insert("x-permission".to_owned(), name.into());
        }
    }
    Value::Object(operation)
}

fn body(route: &Route, lang: Lang) -> Value {
    let property = |parameter: &Parameter| {
        (parameter.name.to_owned(), json!({ "type": "string", "description": parameter.doc.get(lang) }))
    };
    let properties: Map<String, Value> = route.parameters.iter().map(property).collect();
    let schema = json!({ "schema": { "type": "object", "properties": properties } });
    json!({ "content": { "application/json": schema.clone(), "application/x-www-form-urlencoded": schema } })
}

fn in_query(parameter: &Parameter, lang: Lang) -> Value {
    json!({ "name": parameter.name, "in": "query", "description": parameter.doc.get(lang),
        "schema": { "type": "string" } })
}

/// `get_catalogue_code_rows` for `GET /catalogue/{code}/rows`.
fn operation_id(route: &Route) -> String {
    let words = route.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(route.method.word().to_ascii_lowercase().as_str()).chain(words).collect::<Vec<_>>().join("_")
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| Some(part.strip_prefix('{')?.strip_suffix('}')?.trim_start_matches('*')))
}

fn problem() -> Value {
    json!({ "type": "object", "required": ["type", "title", "status", "code"], "properties": {
        "type": { "type": "string" },
        "title": { "type": "string" },
        "status": { "type": "integer" },
        "code": { "type": "string" },
        "field": { "type": "string" },
        "instance": { "type": "string" },
        "arguments": { "type": "object" },
    } })
}
