//! OPEN-01, unified open-data platform: the clauses that exist, at the scale of the test city.

use serde_json::Value;

use crate::city::City;
use crate::pages::open_resource;
use crate::visitor::Visitor;

/// Every format a visitor downloads.
const FORMATS: [&str; 4] = ["csv", "json", "jsonl", "xlsx"];

#[test]
fn a_visitor_without_account_finds_by_theme_and_unit() {
    let city = City::demo();
    let all = city.json("/api/resources");
    let first = &all["rows"][0];
    let (theme, unit) = (first["theme"].as_str().expect("a theme"), first["provider"].as_str().expect("a unit"));
    for query in [format!("theme={theme}"), format!("department={unit}")] {
        let found = city.json(&format!("/api/resources?{query}"));
        let (some, whole) = (found["total"].as_u64().expect("a total"), all["total"].as_u64().expect("a total"));
        assert!(some >= 1 && some < whole, "{query} narrows {whole} to {some}");
    }
}

#[test]
fn downloads_hold_as_many_rows_as_the_catalogue_says() {
    let city = City::demo();
    let resource = open_resource(&city);
    let code = resource.rsplit('/').next().expect("a code").to_owned();
    let listed = city.json("/api/resources");
    let told = listed["rows"].as_array().expect("rows").iter().find(|row| row["code"] == code.as_str());
    let rows = told.and_then(|row| row["rows"].as_u64()).expect("a number of rows");
    let (status, csv) = city.get(&format!("{resource}/download/csv"));
    assert_eq!((status, csv.lines().count() as u64), (200, rows + 1), "{resource}");
    let (status, json) = city.get(&format!("{resource}/download/json"));
    let document: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((status, document.as_array().map(|rows| rows.len() as u64)), (200, Some(rows)));
    let (status, lines) = city.get(&format!("{resource}/download/jsonl"));
    assert_eq!((status, lines.lines().count() as u64), (200, rows));
}

#[test]
fn the_last_page_is_there_with_the_exact_total() {
    let city = City::demo();
    let code = open_resource(&city).rsplit('/').next().expect("a code").to_owned();
    let first = city.json(&format!("/api/resources/{code}/rows?rows=10&page=1"));
    let total = first["total"].as_u64().expect("a total");
    let last = city.json(&format!("/api/resources/{code}/rows?rows=10&page={}", total.div_ceil(10)));
    assert_eq!(last["total"].as_u64(), Some(total));
    let left = if total.is_multiple_of(10) { 10 } else { total % 10 };
    assert_eq!(last["rows"].as_array().map(|rows| rows.len() as u64), Some(left));
}

#[test]
fn taken_down_is_gone_from_page_api_search_and_files() {
    let city = City::demo();
    let resource = open_resource(&city);
    let code = resource.rsplit('/').next().expect("a code").to_owned();
    let chief = Visitor::in_role(&city, "chief");
    let action = format!("/catalogue/{code}/take-down");
    let (status, text) = chief.submit(&action, &action, &[("reason", "个人信息误发"), ("confirm", "1")]);
    assert_eq!(status, 303, "{text}");
    let stranger = Visitor::stranger(&city);
    let mut places = vec![resource.clone(), format!("{resource}/data"), format!("/api/resources/{code}/rows")];
    places.push(format!("{resource}/data?version=1"));
    places.extend(FORMATS.map(|format| format!("{resource}/download/{format}")));
    for place in places {
        let (status, _) = stranger.get(&place);
        assert_eq!(status, 410, "{place}");
    }
    let listed = city.json(&format!("/api/resources?q={code}"));
    let rows = listed["rows"].as_array().expect("rows");
    assert!(rows.iter().all(|row| row["code"] != code.as_str()), "search forgot it at once");
}
