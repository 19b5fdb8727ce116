//! CAT-11, sharing negative list: the clauses that need no data request.

use serde_json::Value;

use crate::city::City;
use crate::visitor::Visitor;

/// An entry whose data are not open: the register of the insured.
const CLOSED: &str = "307012-000001";

/// The planted entry of the test city: the persons' address.
fn planted(city: &City, day: &str) -> Value {
    let list = city.json(&format!("/negative-list?on={day}"));
    list["rows"].as_array().and_then(|rows| rows.first()).cloned().unwrap_or(Value::Null)
}

#[test]
fn withholding_without_legal_basis_is_refused_naming_the_field() {
    let city = City::demo();
    let bureau = Visitor::in_role(&city, "bureau");
    let action = format!("/catalogue/{CLOSED}/withhold");
    let (status, text) = bureau.submit(&action, &action, &[("basis", "")]);
    assert_eq!(status, 422, "{text}");
    assert!(text.contains("field-basis"), "the page leads to the field: {text}");
}

#[test]
fn with_a_basis_it_stands_on_the_public_list() {
    let city = City::demo();
    let bureau = Visitor::in_role(&city, "bureau");
    let action = format!("/catalogue/{CLOSED}/withhold");
    let basis = "测试市规定第七条";
    let (status, text) = bureau.submit(&action, &action, &[("basis", basis)]);
    assert_eq!(status, 303, "{text}");
    let (status, page) = Visitor::stranger(&city).get("/negative-list");
    assert!(status == 200 && page.contains(basis), "{page}");
}

#[test]
fn a_basis_whose_date_passed_holds_no_longer_and_the_list_can_be_read_as_of_any_day() {
    let city = City::demo();
    assert!(!planted(&city, "2026-11-25").is_null(), "it holds until the tenth day after the city's date");
    assert!(planted(&city, "2027-01-01").is_null(), "its basis has ended by then");
}
