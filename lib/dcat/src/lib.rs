//! One description of a data resource, three ways to read it: DCAT-AP 3.0.1 as Turtle and as JSON-LD, and the core
//! metadata of GB/T 21063.3. Pure; knows no catalogue and no address but those it is given.

mod core;
mod graph;
mod jsonld;
mod resource;
mod turtle;

pub use core::{Element, core_metadata};
pub use resource::{Access, Distribution, Frequency, Phrase, Resource};

#[cfg(test)]
mod tests;

/// The resource as DCAT-AP in Turtle (media type `text/turtle`).
pub fn turtle(resource: &Resource) -> String {
    turtle::write(&graph::of(resource))
}

/// The resource as DCAT-AP in JSON-LD (media type `application/ld+json`).
pub fn jsonld(resource: &Resource) -> serde_json::Value {
    jsonld::write(&graph::of(resource))
}
