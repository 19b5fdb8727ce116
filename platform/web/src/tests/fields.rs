//! Queries, forms and JSON read one way.

use proptest::prelude::*;
use serde_json::json;
use yiwang_kernel::Error;

use crate::{FIELDS_MAX, Fields, encode};

proptest! {
    #[test]
    fn what_is_encoded_is_read_back(pairs in proptest::collection::vec((".{0,12}", ".{0,24}"), 0..8)) {
        let named: Vec<(String, String)> = pairs.into_iter().map(|(name, value)| (format!("n{name}"), value)).collect();
        let query: Vec<String> = named.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
        let fields = Fields::of_query(&query.join("&")).expect("encoded text is well formed");
        prop_assert_eq!(fields.pairs(), named.as_slice());
    }

    #[test]
    fn no_query_panics(query in ".{0,200}") {
        let _ = Fields::of_query(&query);
    }
}

#[test]
fn plus_is_a_space_and_broken_percents_stay() {
    let fields = Fields::of_query("q=a+b%20c&x=100%&y=%zz").expect("readable");
    assert_eq!(fields.get("q"), Some("a b c"));
    assert_eq!(fields.get("x"), Some("100%"));
    assert_eq!(fields.get("y"), Some("%zz"));
}

#[test]
fn json_reads_like_a_form() {
    let json = json!({ "title": "停车场", "rows": 3, "tags": ["a", "b"], "none": null, "open": true });
    let fields = Fields::of_json(&json).expect("an object");
    assert_eq!(fields.get("title"), Some("停车场"));
    assert_eq!(fields.number("rows").expect("a number"), Some(3));
    assert_eq!(fields.all("tags").collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(fields.get("none"), None);
    assert!(fields.ticked("open"));
    assert!(Fields::of_json(&json!(["a"])).is_err());
}

#[test]
fn wrong_fields_are_named() {
    let fields = Fields::of_query("empty=++&number=three").expect("readable");
    for (outcome, name) in
        [(fields.required("empty").map(drop), "empty"), (fields.number("number").map(drop), "number")]
    {
        let Err(Error::Invalid { field, .. }) = outcome else { panic!("{name} passed") };
        assert_eq!(field, name);
    }
}

#[test]
fn too_many_fields_are_refused() {
    let query = "a=1&".repeat(FIELDS_MAX + 1);
    assert!(matches!(Fields::of_query(&query), Err(Error::TooLarge(_))));
}
