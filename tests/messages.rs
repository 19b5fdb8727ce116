//! What the demo's roles find among their messages: the planted refused rows, the planted late unit.

use crate::city::City;
use crate::visitor::Visitor;

#[test]
fn the_demos_steward_and_bureau_are_told_what_waits_for_them() {
    let city = City::demo();
    let steward = Visitor::in_role(&city, "steward");
    let told = steward.json("/messages?rows=200&lang=en");
    let titles = |told: &serde_json::Value| -> Vec<String> {
        let rows = told["rows"].as_array().expect("a list");
        rows.iter().map(|row| row["title"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let loads = titles(&told);
    assert!(loads.iter().any(|title| title.ends_with(" refused")), "{loads:?}");
    let (status, page) = steward.get("/messages?lang=en");
    assert_eq!(status, 200);
    assert!(page.contains("class=\"waiting\""), "{page}");
    let linked = told["rows"][0]["path"].as_str().expect("a link");
    assert_eq!(steward.get(linked).0, 200, "{linked}");

    let bureau = Visitor::in_role(&city, "bureau");
    let late = titles(&bureau.json("/messages?lang=en"));
    assert!(late.iter().any(|title| title.contains("late")), "{late:?}");
    let (status, _) = bureau.submit("/messages", "/messages/read", &[("all", "1")]);
    assert_eq!(status, 303);
    assert_eq!(bureau.json("/messages")["unread"], 0);
    assert!(steward.json("/messages")["unread"].as_u64() > Some(0), "the own alone");
}
