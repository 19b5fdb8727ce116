//! How an address asks for rows; without a database.

use yiwang_gate::{At, Op, Page};
use yiwang_web::Fields;

use crate::model::{API_ROWS_MAX, Asked, asked, asked_whole};

fn ask(query: &str) -> yiwang_kernel::Result<Asked> {
    asked("306001-000001", &Fields::of_query(query).expect("a query"), 100, API_ROWS_MAX)
}

#[test]
fn an_address_says_fields_conditions_order_and_place() {
    let asked =
        ask("fields=a,b&n__ge=10&name=%E4%B8%9C&kind__in=x,y&gone__null=1&sort=-n&rows=50&page=3").expect("read");
    assert_eq!(asked.query.fields, ["a", "b"]);
    let conditions: Vec<(&str, Op, usize)> =
        asked.query.filters.iter().map(|filter| (filter.field.as_str(), filter.op, filter.values.len())).collect();
    assert_eq!(conditions, [("n", Op::Ge, 1), ("name", Op::Eq, 1), ("kind", Op::In, 2), ("gone", Op::IsNull, 0)]);
    assert_eq!(asked.query.page, Page::Offset { offset: 100, rows: 50 });
    let sort = asked.query.sort.expect("an order");
    assert!(sort.descending && sort.field == "n");
    assert!(ask("sort=n&dir=desc").expect("read").query.sort.expect("an order").descending);
}

#[test]
fn a_field_called_like_a_word_of_the_address_is_filtered_by_its_long_form() {
    let asked = ask("rows=5&rows__eq=7&version=2&empty=").expect("read");
    assert_eq!((asked.rows, asked.query.at), (5, At::Version(2)));
    assert_eq!(asked.query.filters.len(), 1);
    assert_eq!(asked.query.filters[0].field, "rows");
}

#[test]
fn what_is_wrong_names_its_part() {
    let cases = [
        ("rows=0", "rows"),
        ("rows=10001", "rows"),
        ("rows=many", "rows"),
        ("page=0", "page"),
        ("page=1&after=x", "page"),
        ("Name=1", "Name"),
        ("name__like=1", "name__like"),
        ("fields=a;b", "fields"),
        ("version=-1", "version"),
    ];
    for (query, part) in cases {
        match ask(query).expect_err(query) {
            yiwang_kernel::Error::Invalid { field, .. } => assert_eq!(field, part, "{query}"),
            other => panic!("{query}: {other:?}"),
        }
    }
}

#[test]
fn a_download_takes_every_row_the_conditions_leave() {
    let query = asked_whole("x", &Fields::of_query("rows=5&page=2&a=1").expect("a query")).expect("read");
    assert_eq!((query.page, query.filters.len()), (Page::All, 1));
}
