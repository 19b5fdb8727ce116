//! RDF 1.1 Turtle: nested blank nodes in brackets, named nodes as subjects of their own.

use std::fmt::Write;

use crate::graph::{Node, PREFIXES, Value};

/// The whole document.
pub(crate) fn write(node: &Node) -> String {
    let mut out = String::new();
    for (prefix, namespace) in PREFIXES {
        // Writing into a String cannot fail.
        let _ = writeln!(out, "@prefix {prefix}: <{namespace}> .");
    }
    let mut waiting = vec![node.clone()];
    let mut written: Vec<Node> = Vec::new();
    while let Some(next) = waiting.pop() {
        if written.contains(&next) {
            continue;
        }
        out.push('\n');
        out.push_str(&format!("<{}> a {}", iri(next.iri.as_deref().unwrap_or_default()), next.class));
        properties(&next, 1, &mut out, &mut waiting);
        out.push_str(" .\n");
        written.push(next);
    }
    out
}

fn properties(node: &Node, depth: usize, out: &mut String, waiting: &mut Vec<Node>) {
    let indent = "    ".repeat(depth);
    for (property, value) in &node.properties {
        out.push_str(&format!(" ;\n{indent}{property} "));
        match value {
            Value::Phrase(phrase) => out.push_str(&format!("\"{}\"@{}", escaped(&phrase.text), phrase.lang)),
            Value::Literal(text) => out.push_str(&format!("\"{}\"", escaped(text))),
            Value::Date(date) => out.push_str(&format!("\"{}\"^^xsd:date", escaped(date))),
            Value::Iri(address) => out.push_str(&format!("<{}>", iri(address))),
            Value::Node(inner) => match &inner.iri {
                Some(address) => {
                    out.push_str(&format!("<{}>", iri(address)));
                    waiting.push(inner.clone());
                }
                None => {
                    out.push_str(&format!("[ a {}", inner.class));
                    properties(inner, depth + 1, out, waiting);
                    out.push_str(" ]");
                }
            },
        }
    }
}

/// A string literal's text: quotes, backslashes and control characters escaped.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(control))),
            other => out.push(other),
        }
    }
    out
}

/// What may not stand in an IRI reference is percent-encoded.
fn iri(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    for char in address.chars() {
        match char {
            '<' | '>' | '"' | '{' | '}' | '|' | '^' | '`' | '\\' | '\0'..=' ' => {
                out.push_str(&format!("%{:02X}", u32::from(char)));
            }
            other => out.push(other),
        }
    }
    out
}
