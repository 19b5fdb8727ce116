//! What readers of the two standards rely on.

use crate::{Access, Distribution, Frequency, Phrase, Resource, core_metadata, jsonld, turtle};

fn parking() -> Resource {
    Resource {
        uri: "https://data.example/catalogue/306001-000001".into(),
        identifier: "306001/000001".into(),
        record: "306001/000001#record".into(),
        title: vec![Phrase::new("zh", "停车场\"信息\""), Phrase::new("en", "Parking")],
        publisher_uri: "https://data.example/departments/C001".into(),
        publisher: vec![Phrase::new("zh", "交通运输局")],
        contact: Some("交通运输局数据科".into()),
        theme_uri: "https://data.example/themes/transport".into(),
        theme: vec![Phrase::new("zh", "交通运输")],
        classification: "306001".into(),
        issued: Some("2026-11-21".into()),
        frequency: Some(Frequency::Monthly),
        access: Access::Public,
        distributions: vec![Distribution {
            access_url: "https://data.example/catalogue/306001-000001 a".into(),
            media_type: "text/csv".into(),
            file_type: "CSV".into(),
            ..Distribution::default()
        }],
        ..Resource::default()
    }
}

#[test]
fn turtle_escapes_and_names_what_it_uses() {
    let text = turtle(&parking());
    for line in [
        "@prefix dcat: <http://www.w3.org/ns/dcat#> .",
        "<https://data.example/catalogue/306001-000001> a dcat:Dataset ;",
        "dct:title \"停车场\\\"信息\\\"\"@zh ;",
        "dct:issued \"2026-11-21\"^^xsd:date ;",
        "dcat:accessURL <https://data.example/catalogue/306001-000001%20a> ;",
        "<https://data.example/departments/C001> a foaf:Agent ;",
        "<http://publications.europa.eu/resource/authority/frequency/MONTHLY> a dct:Frequency ;",
    ] {
        assert!(text.contains(line), "{line}\nin\n{text}");
    }
}

#[test]
fn jsonld_says_the_same() {
    let json = jsonld(&parking());
    assert_eq!(json["@type"], "dcat:Dataset");
    assert_eq!(json["dct:title"][1]["@value"], "Parking");
    assert_eq!(json["dct:publisher"][0]["foaf:name"][0]["@value"], "交通运输局");
    assert_eq!(json["dcat:distribution"][0]["@type"], "dcat:Distribution");
}

#[test]
fn core_metadata_has_six_mandatory_and_six_optional_elements() {
    let elements = core_metadata(&parking());
    assert_eq!(elements.iter().filter(|element| element.mandatory).count(), 6);
    assert_eq!(elements.len(), 12);
    assert_eq!(elements[4].value, "306001/000001");
    assert_eq!(elements[0].value, "停车场\"信息\" / Parking");
}
