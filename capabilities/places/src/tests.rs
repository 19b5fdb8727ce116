//! What a reader relies on: regions are found by name and by code, cities without counties have their streets.

use yiwang_codes::regions;

use crate::model;

#[test]
fn a_name_finds_the_region_and_those_below_it() {
    let found = model::search("东莞市").expect("a search");
    assert!(found.iter().any(|region| region.code == "441900"));
    assert!(found.iter().all(|region| region.code.starts_with("4419")), "东莞市 names nothing outside the city");
}

#[test]
fn a_code_finds_by_its_first_digits() {
    let found = model::search("4403").expect("a search");
    assert!(found.len() > 50 && found.iter().all(|region| region.code.starts_with("4403")));
}

#[test]
fn a_city_without_counties_has_streets_directly_below() {
    let below = regions::children("442000");
    assert!(below.len() > 20 && below.iter().all(|region| region.code.len() == 9));
}

#[test]
fn the_way_up_ends_at_the_province() {
    let street = regions::children("440103")[0];
    let above: Vec<&str> = model::above(street).iter().map(|region| region.code).collect();
    assert_eq!(above, ["440000", "440100", "440103"]);
}

#[test]
fn too_long_a_search_names_its_field() {
    let error = model::search(&"长".repeat(101)).expect_err("too long");
    assert!(error.to_string().contains('q'), "{error}");
}
