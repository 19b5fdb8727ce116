//! CAT-11, sharing negative list: the clauses that need no data request.

use serde_json::Value;

use crate::city::City;
use crate::visitor::Visitor;

/// An entry whose data are not open: the register of the insured.
const CLOSED: &str = "307012-000001";

/// What the list holds on a day, or today: the test city has one entry, whose basis is about to end.
fn on_list(city: &City, day: &str) -> Vec<Value> {
    let list = city.json(&format!("/negative-list{day}"));
    list["items"].as_array().expect("items").clone()
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
    let today = on_list(&city, "");
    let until = today[0]["until"].as_str().expect("the last day of its basis");
    assert_eq!(on_list(&city, &format!("?on={until}")).len(), 1, "it holds on its last day");
    let year: i32 = until[..4].parse().expect("a year");
    assert!(on_list(&city, &format!("?on={}{}", year + 1, &until[4..])).is_empty(), "a year later it has ended");
}
