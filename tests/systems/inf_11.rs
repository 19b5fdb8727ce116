//! INF-11, data life-cycle duty and privacy: the clauses that need no case.

use crate::city::{City, yiwang};
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

/// A table of persons with valid numbers of an unused region; one row is broken on purpose.
fn persons() -> String {
    let mut text = "姓名,公民身份号码,住址\n".to_owned();
    for row in 0..300_u64 {
        text += &format!("示例{row},{},示例路{row}号\n", yiwang_codes::citizen::synthetic(row));
    }
    text + "坏行,449901199001010000,多,一列\n"
}

#[test]
fn when_the_retention_date_passes_the_rows_are_gone_and_the_entry_stays() {
    let city = City::demo();
    let steward = Visitor::in_role(&city, "steward");
    let (status, text) =
        steward.upload("/collect/load", "/collect/load", &[("department", "064")], ("人员.csv", &persons()));
    assert_eq!(status, 303, "{text}");
    let (_, listed) = steward.get("/collect/loads?format=json");
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    let code = listed["rows"][0]["resource"].as_str().expect("the resource of the load").to_owned();
    let rows = || {
        let sql = format!("SELECT count(*) AS n FROM \"{code}\"");
        let (_, text) = yiwang(&city.data, &["--json", "query", &sql, "--reason", "测试"]);
        serde_json::from_str::<serde_json::Value>(&text).ok().and_then(|answer| answer["rows"][0]["n"].as_u64())
    };
    assert_eq!(rows(), Some(300));
    let (loads, end) = (format!("/collect/loads?resource={code}"), format!("/collect/terms/{code}/end"));
    let edit = format!("/catalogue/{code}/edit");
    let (status, text) = steward.submit(&edit, &edit, &[("retain_until", "2999-12-31")]);
    assert_eq!(status, 303, "{text}");
    let (_, page) = steward.get(&loads);
    assert!(page.contains("2999-12-31") && !page.contains(&end), "nothing to press before the day: {page}");
    let (status, text) = steward.submit(&edit, &edit, &[("retain_until", "2020-01-31")]);
    assert_eq!(status, 303, "{text}");
    let (status, text) = steward.submit(&loads, &end, &[]);
    assert_eq!(status, 303, "{text}");
    assert_eq!(rows(), Some(0));
    let (status, entry) = steward.get(&format!("/catalogue/{code}/metadata?format=json"));
    assert!(status == 200 && entry.contains("公民身份号码"), "the entry stays: {entry}");
}

#[test]
fn the_logs_of_the_run_hold_no_citizen_number() {
    let city = City::demo();
    let steward = Visitor::in_role(&city, "steward");
    let (_, text) =
        steward.upload("/collect/load", "/collect/load", &[("department", "064")], ("人员.csv", &persons()));
    drop(text);
    let number = yiwang_codes::citizen::synthetic(7);
    let resource = crate::pages::open_resource(&city);
    let places = [format!("/catalogue?q={number}"), format!("{resource}/data?q={number}"), format!("/{number}")];
    for place in &places {
        steward.get(place);
    }
    steward.submit("/sign-in", "/sign-in", &[("name", &number), ("password", &number)]);
    let log = city.log();
    assert!(log.lines().count() > 10, "the log is talkative: {log}");
    let shown = (0..300).map(yiwang_codes::citizen::synthetic).find(|number| log.contains(number.as_str()));
    assert_eq!(shown, None, "a citizen number in the log");
}

#[test]
fn the_run_leaves_no_citizen_number_in_its_pages() {
    let city = City::demo();
    for page in crate::pages::open_pages(&city) {
        let (_, text) = city.get(&page);
        assert!(!text.contains("4499011"), "{page} shows the beginning of a citizen number");
    }
}
