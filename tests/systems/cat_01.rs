//! CAT-01, catalogue: the clauses that exist. The test city is itself imported from a table by the compiling guide.

use scraper::{Html, Selector};

use crate::city::City;
use crate::visitor::Visitor;

#[test]
fn the_guides_table_of_84_departments_is_loaded_whole() {
    let city = City::demo();
    let page = city.json("/catalogue");
    assert_eq!(page["total"].as_u64(), Some(1_322), "entries: {page}");
    let departments = city.json("/departments");
    assert_eq!(
        departments["total"].as_u64().or(departments["rows"].as_array().map(|rows| rows.len() as u64)),
        Some(84)
    );
}

#[test]
fn an_items_chinese_name_finds_its_entry_among_the_first_five() {
    let city = City::demo();
    for (words, title) in
        [("首小时收费", "停车场基本信息"), ("溶解氧", "地表水水质监测"), ("泊位总数", "停车场基本信息")]
    {
        let found = city.json(&format!("/catalogue?q={words}"));
        let rows = found["rows"].as_array().expect("rows");
        let among = rows.iter().take(5).any(|row| row["title"].to_string().contains(title));
        assert!(among, "{words} leads to {rows:?}");
    }
}

#[test]
fn one_entry_reads_as_core_metadata_and_as_dcat() {
    let city = City::demo();
    let code = crate::pages::open_resource(&city).rsplit('/').next().expect("a code").to_owned();
    let (status, turtle) = city.get(&format!("/catalogue/{code}/dcat.ttl"));
    assert!(status == 200 && turtle.contains("dcat:Dataset") && turtle.contains("dct:title"), "{turtle}");
    let (status, page) = city.get(&format!("/catalogue/{code}/metadata"));
    assert!(status == 200 && page.contains("21063"), "{page}");
}

#[test]
fn an_entry_without_sharing_class_counts_as_shareable() {
    let city = City::demo();
    let code = crate::pages::open_resource(&city).rsplit('/').next().expect("a code").to_owned();
    let entry = city.json(&format!("/catalogue/{code}/metadata"));
    assert!(entry.to_string().contains("unconditional"), "the demo's table states no class: {entry}");
}

#[test]
fn a_bureau_sees_the_import_page_and_a_stranger_does_not() {
    let city = City::demo();
    let (status, page) = Visitor::in_role(&city, "bureau").get("/catalogue/import");
    let file = Selector::parse("input[type=file]").expect("a selector");
    assert!(status == 200 && Html::parse_document(&page).select(&file).count() == 1);
    assert!(matches!(Visitor::stranger(&city).get("/catalogue/import").0, 303 | 401));
}
