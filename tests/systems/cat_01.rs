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
fn a_duplicate_code_or_an_entry_without_provider_is_refused_naming_row_and_field() {
    let city = City::demo();
    let bureau = Visitor::in_role(&city, "bureau");
    let before = city.json("/catalogue")["total"].as_u64();
    let head = "信息资源代码,信息资源名称,信息资源提供方代码,信息项名称\n";
    let twice = "307064/009001,甲表,064,编号\n307064/009002,乙表,064,编号\n307064/009001,丙表,064,编号\n";
    let nobody = "307064/009003,丁表,064,编号\n307064/009004,戊表,,编号\n";
    for (rows, row, field) in [(twice, "4", "code"), (nobody, "3", "provider")] {
        let table = format!("{head}{rows}");
        let file = ("catalogue.csv", table.as_str());
        let (status, page) = bureau.upload("/catalogue/import", "/catalogue/import", &[], file);
        assert_eq!(status, 200, "{page}");
        assert!(!page.contains("/apply\""), "there is nothing to apply");
        let cells = Selector::parse("tbody tr").expect("a selector");
        let html = Html::parse_document(&page);
        let told: Vec<String> = html.select(&cells).map(|line| line.text().collect::<Vec<_>>().join(" ")).collect();
        assert!(told.iter().any(|line| line.contains(row) && line.contains(field)), "{field}: {told:?}");
    }
    assert_eq!(city.json("/catalogue")["total"].as_u64(), before, "nothing was changed");
}

#[test]
fn a_bureau_sees_the_import_page_and_a_stranger_does_not() {
    let city = City::demo();
    let (status, page) = Visitor::in_role(&city, "bureau").get("/catalogue/import");
    let file = Selector::parse("input[type=file]").expect("a selector");
    assert!(status == 200 && Html::parse_document(&page).select(&file).count() == 1);
    assert!(matches!(Visitor::stranger(&city).get("/catalogue/import").0, 303 | 401));
}
