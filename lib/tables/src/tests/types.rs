//! Types: the narrowest that holds every value exactly.

use proptest::prelude::*;

use super::{cells, table, texts, types};
use crate::shape::Shape;
use crate::value::Class;

/// The type of a column with these values.
fn type_of(values: &[&str]) -> String {
    types(&table(&format!("name,next\n{}\n", values.join(",x\n") + ",x"))).remove(0)
}

#[test]
fn each_type_is_the_narrowest() {
    for (values, expected) in [
        (&["true", "False"][..], "bool"),
        (&["1", "-20", "0"], "integer"),
        (&["1", "2.50", "-0.125"], "decimal(18,3)"),
        (&["12345678901234567.25", "1"], "decimal(38,2)"),
        (&["1e3", "2.5E-2"], "decimal(18,3)"),
        (&["1e300", "0.25"], "float"),
        (&["1898-06-11", "2026/1/5", "1949年10月1日"], "date"),
        (&["2026-11-21", "2026-11-21 08:30", "1899-12-31T23:59:59.123456"], "timestamp"),
        (&["2026-11-21T08:30:00+08:00", "2026-11-21T08:30:00Z"], "instant"),
        (&["2026-11-21T08:30:00Z", "2026-11-21T08:30:00"], "text"),
        (&["2026-02-29", "2026-02-28"], "text"),
        (&["true", "1"], "text"),
        (&["1", "2026-11-21"], "text"),
        (&["1,5", "2"], "text"),
    ] {
        let quoted: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
        assert_eq!(type_of(&quoted.iter().map(String::as_str).collect::<Vec<_>>()), expected, "{values:?}");
    }
}

#[test]
fn what_names_something_stays_text() {
    for values in [
        &["007", "12"][..],
        &["1234567890123456", "1"],
        &["440105199001010018", "123456789012345678"],
        &["13800138000", "13900139000", "13700137000", "13600136000", "13500135000"],
        &["440106", "440103", "440104", "440105", "440111"],
        &["+8613800138000"],
    ] {
        assert_eq!(type_of(values), "text", "{values:?}");
    }
    assert_eq!(texts(&table("code\n007\n0012\n\"\"\n")), ["007", "0012", ""]);
}

#[test]
fn numbers_come_out_exactly_as_they_went_in() {
    let given = table("a,b,c\n0.10,123456789012345,-5\n12345678901234567890.12345678,-1,0\n,,\n");
    assert_eq!(types(&given), ["decimal(38,8)", "integer", "integer"]);
    assert_eq!(
        cells(&given),
        [["0.10000000", "123456789012345", "-5"], ["12345678901234567890.12345678", "-1", "0"], ["∅", "∅", "∅"],]
    );
}

#[test]
fn dates_before_1900_and_times_survive() {
    let given = table(
        "d,t,i\n1644-10-30,1898-06-11 04:05:06.000007,2026-11-21T00:00:00+08:00\n\
         0001-01-01,2026/2/3 4:05,1969-12-31T23:59:59Z\n",
    );
    assert_eq!(types(&given), ["date", "timestamp", "instant"]);
    assert_eq!(
        cells(&given),
        [
            ["1644-10-30", "1898-06-11T04:05:06.000007", "2026-11-20T16:00:00Z"],
            ["0001-01-01", "2026-02-03T04:05:00", "1969-12-31T23:59:59Z"],
        ]
    );
    let profile = &given.columns()[0].profile;
    assert_eq!((profile.least.as_deref(), profile.greatest.as_deref()), (Some("0001-01-01"), Some("1644-10-30")));
    assert_eq!(given.columns()[1].profile.least.as_deref(), Some("1898-06-11T04:05:06.000007"));
}

#[test]
fn empty_is_null_and_quoted_empty_is_text() {
    assert_eq!(cells(&table("a,b\nx,\n\"\",1\n")), [["x", "∅"], ["", "1"]]);
    let numbers = table("a,b\n\"\",x\n1,y\nNA,z\n  ,w\n");
    assert_eq!(types(&numbers)[0], "integer");
    assert_eq!(numbers.batches[0].column(0).null_count(), 3);
    assert_eq!(numbers.columns()[0].profile.blanks, 3);
    assert_eq!(texts(&table("a,b\nNA,1\nword,2\n")), ["NA", "word"]);
    assert_eq!(texts(&table("a,b\nNA,1\n,2\n")), ["NA", "∅"]);
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[0-9]{1,20}",
        "-?[0-9]{1,12}\\.[0-9]{1,30}",
        "[0-9]\\.[0-9]{1,3}e-?[0-9]{1,3}",
        "(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]",
        "2026-01-0[1-9] [012][0-9]:[0-5][0-9]",
        "true|false|NA|",
        "\\PC{0,6}",
    ]
}

proptest! {
    #[test]
    fn the_order_of_values_does_not_change_the_type(
        values in prop::collection::vec(value(), 0..12),
        turn in 0..12usize,
    ) {
        let shape = |values: &[String]| {
            let mut shape = Shape::default();
            values.iter().for_each(|value| shape.see(&Class::of(value.as_bytes())));
            shape
        };
        let mut turned = values.clone();
        turned.rotate_left(turn.min(values.len()));
        prop_assert_eq!(shape(&values), shape(&turned));
        let (left, right) = values.split_at(turn.min(values.len()));
        prop_assert_eq!(shape(left).join(shape(right)), shape(&values));
        prop_assert_eq!(shape(&values).join(shape(&values)), shape(&values));
    }

    #[test]
    fn decimals_are_exact(mantissa in -999_999_999_999_999_999i64..999_999_999_999_999_999, scale in 1..16usize) {
        let digits = format!("{:0width$}", mantissa.unsigned_abs(), width = scale + 1);
        let (whole, rest) = digits.split_at(digits.len() - scale);
        let text = format!("{}{whole}.{rest}", if mantissa < 0 { "-" } else { "" });
        let given = table(&format!("a,b\n{text},x\n"));
        prop_assert_eq!(&cells(&given)[0][0], &text);
    }
}
