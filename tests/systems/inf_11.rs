//! INF-11, data life-cycle duty and privacy: the clauses that need no case.

use crate::city::City;
use crate::visitor::Visitor;

#[test]
fn publishing_without_a_named_person_for_a_step_is_refused_naming_the_step() {
    let city = City::demo();
    let steward = Visitor::in_role(&city, "steward");
    let code = "307064-009000";
    let given = [("title_zh", "没有责任人的表"), ("code", code), ("provider", "064")];
    let (status, text) = steward.submit("/catalogue/new", "/catalogue/new", &given);
    assert_eq!(status, 303, "{text}");
    let (edit, submit) = (format!("/catalogue/{code}/edit"), format!("/catalogue/{code}/submit"));
    let (status, text) = steward.submit(&edit, &submit, &[]);
    assert_eq!(status, 422, "{text}");
    assert!(text.contains("field-duty_collect"), "the page leads to the step: {text}");
}

#[test]
fn the_run_leaves_no_citizen_number_in_its_pages() {
    let city = City::demo();
    for page in crate::pages::open_pages(&city) {
        let (_, text) = city.get(&page);
        assert!(!text.contains("4499011"), "{page} shows the beginning of a citizen number");
    }
}
