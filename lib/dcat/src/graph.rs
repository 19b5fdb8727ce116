//! The resource as a tree of RDF nodes, written by `turtle` and `jsonld` alike. Properties follow DCAT-AP 3.0.1.

use crate::{Distribution, Phrase, Resource};

const AUTHORITY: &str = "http://publications.europa.eu/resource/authority";

/// A node with its properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// Its address; none for a blank node.
    pub(crate) iri: Option<String>,
    /// Its class, as a prefixed name.
    pub(crate) class: &'static str,
    /// Prefixed property and value.
    pub(crate) properties: Vec<(&'static str, Value)>,
}

/// What a property may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Phrase(Phrase),
    Literal(String),
    Date(String),
    Iri(String),
    Node(Node),
}

/// The prefixes used, in the order they are written.
pub(crate) const PREFIXES: [(&str, &str); 8] = [
    ("adms", "http://www.w3.org/ns/adms#"),
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dct", "http://purl.org/dc/terms/"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

/// The tree of a resource.
pub(crate) fn of(resource: &Resource) -> Node {
    let mut node = Node { iri: Some(resource.uri.clone()), class: "dcat:Dataset", properties: Vec::new() };
    node.phrases("dct:title", &resource.title);
    let described = if resource.description.is_empty() { &resource.title } else { &resource.description };
    node.phrases("dct:description", described);
    node.add("dct:identifier", Value::Literal(resource.identifier.clone()));
    node.phrases("dcat:keyword", &resource.keywords);
    node.named("dct:publisher", "foaf:Agent", &resource.publisher_uri, "foaf:name", &resource.publisher);
    if let Some(contact) = &resource.contact {
        let name = vec![("vcard:fn", Value::Literal(contact.clone()))];
        node.add("dcat:contactPoint", Value::Node(Node { iri: None, class: "vcard:Kind", properties: name }));
    }
    node.named("dcat:theme", "skos:Concept", &resource.theme_uri, "skos:prefLabel", &resource.theme);
    if let Some(spatial) = &resource.spatial_uri {
        node.bare("dct:spatial", "dct:Location", spatial);
    }
    for (property, date) in [("dct:issued", &resource.issued), ("dct:modified", &resource.modified)] {
        if let Some(date) = date {
            node.add(property, Value::Date(date.clone()));
        }
    }
    if let Some(frequency) = resource.frequency {
        node.listed("dct:accrualPeriodicity", "dct:Frequency", "frequency", frequency.authority());
    }
    node.listed("dct:accessRights", "dct:RightsStatement", "access-right", resource.access.authority());
    for distribution in &resource.distributions {
        node.add("dcat:distribution", Value::Node(distributed(distribution, &resource.conditions)));
    }
    node
}

fn distributed(distribution: &Distribution, conditions: &[Phrase]) -> Node {
    let mut node = Node { iri: None, class: "dcat:Distribution", properties: Vec::new() };
    node.add("dcat:accessURL", Value::Iri(distribution.access_url.clone()));
    if let Some(url) = &distribution.download_url {
        node.add("dcat:downloadURL", Value::Iri(url.clone()));
    }
    node.phrases("dct:title", &distribution.title);
    let media = format!("https://www.iana.org/assignments/media-types/{}", distribution.media_type);
    node.bare("dcat:mediaType", "dct:MediaType", &media);
    node.listed("dct:format", "dct:MediaTypeOrExtent", "file-type", &distribution.file_type);
    if !conditions.is_empty() {
        let mut rights = Node { iri: None, class: "dct:RightsStatement", properties: Vec::new() };
        rights.phrases("rdfs:label", conditions);
        node.add("dct:rights", Value::Node(rights));
    }
    node
}

impl Node {
    fn add(&mut self, property: &'static str, value: Value) {
        self.properties.push((property, value));
    }

    fn phrases(&mut self, property: &'static str, phrases: &[Phrase]) {
        for phrase in phrases.iter().filter(|phrase| !phrase.text.is_empty()) {
            self.add(property, Value::Phrase(phrase.clone()));
        }
    }

    /// A node that is only named and classed.
    fn bare(&mut self, property: &'static str, class: &'static str, iri: &str) {
        self.add(property, Value::Node(Node { iri: Some(iri.to_owned()), class, properties: Vec::new() }));
    }

    /// An entry of one of the Publications Office's lists.
    fn listed(&mut self, property: &'static str, class: &'static str, list: &str, word: &str) {
        let scheme = format!("{AUTHORITY}/{list}");
        let properties = vec![("skos:inScheme", Value::Iri(scheme.clone()))];
        self.add(property, Value::Node(Node { iri: Some(format!("{scheme}/{word}")), class, properties }));
    }

    fn named(
        &mut self,
        property: &'static str,
        class: &'static str,
        iri: &str,
        naming: &'static str,
        names: &[Phrase],
    ) {
        if iri.is_empty() {
            return;
        }
        let mut named = Node { iri: Some(iri.to_owned()), class, properties: Vec::new() };
        named.phrases(naming, names);
        self.add(property, Value::Node(named));
    }
}
