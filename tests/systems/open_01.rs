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

/// The numbers of a column, empty cells last.
fn sorted(rows: &[Value], field: &str) -> Vec<Option<i64>> {
    let mut values: Vec<Option<i64>> = rows.iter().map(|row| row[field].as_i64()).collect();
    values.sort_by_key(|value| (value.is_none(), *value));
    values
}

#[test]
fn a_page_far_down_a_sorted_table_holds_what_belongs_there_with_the_exact_total() {
    let city = City::demo();
    let mut looked = 0;
    for resource in city.json("/api/resources?rows=100")["rows"].as_array().expect("rows") {
        let code = resource["code"].as_str().expect("a code");
        let described = city.json(&format!("/api/resources/{code}"));
        let mut fields = described["fields"].as_array().expect("fields").iter();
        let Some(field) = fields.find(|field| field["sortable"] == true && field["type"] == "integer") else {
            continue;
        };
        let field = field["name"].as_str().expect("a name");
        let (_, whole) = city.get(&format!("/catalogue/{code}/download/json"));
        let all: Vec<Value> = serde_json::from_str(&whole).expect("JSON");
        let sorted = sorted(&all, field);
        for page in [1, 2, all.len() / 20, all.len() / 10] {
            let asked = format!("/api/resources/{code}/rows?rows=10&sort={field}&page={}", page.max(1));
            let answer = city.json(&asked);
            assert_eq!(answer["total"].as_u64(), Some(all.len() as u64), "{asked}");
            let shown = answer["rows"].as_array().expect("rows").iter().map(|row| row[field].as_i64());
            let first = (page.max(1) - 1) * 10;
            let expected = &sorted[first..all.len().min(first + 10)];
            assert_eq!(shown.collect::<Vec<_>>(), expected, "{asked}");
        }
        looked += 1;
        if looked == 3 {
            break;
        }
    }
    assert_eq!(looked, 3, "tables with a number to sort by");
}

/// The addresses that links of a page lead to.
fn links(page: &str) -> Vec<String> {
    let html = scraper::Html::parse_document(page);
    let anchors = scraper::Selector::parse("a[href]").expect("a selector");
    html.select(&anchors).filter_map(|link| link.value().attr("href").map(str::to_owned)).collect()
}

#[test]
fn without_script_a_visitor_gets_from_the_home_page_to_the_file() {
    let city = City::demo();
    let stranger = Visitor::stranger(&city);
    let page = |path: &str| {
        let (status, text) = stranger.get(path);
        assert_eq!(status, 200, "{path}: {text}");
        text
    };
    let home = page("/");
    let html = scraper::Html::parse_document(&home);
    let form = scraper::Selector::parse("form[method=get] input[name=q]").expect("a selector");
    let field = html.select(&form).next().expect("a search that is a form");
    let mut above = field.ancestors().filter_map(scraper::ElementRef::wrap);
    let action = above.find(|element| element.value().name() == "form").expect("its form");
    let action = action.value().attr("action").expect("where it goes").to_owned();
    let found = page(&format!("{action}?q=%E5%81%9C%E8%BD%A6"));
    let is_resource = |link: &&String| link.starts_with("/catalogue/") && link.matches('/').count() == 2;
    let overviews: Vec<String> = links(&found).iter().filter(is_resource).map(|link| page(link)).collect();
    let leading = |end: &str| {
        let ends = |overview: &String| links(overview).into_iter().find(|link| link.ends_with(end));
        overviews.iter().filter_map(ends).collect::<Vec<String>>()
    };
    let downloads = leading("/downloads").into_iter().next().expect("something found has a tab of downloads");
    let file = links(&page(&downloads)).into_iter().find(|link| link.contains("/download/csv"));
    let (status, csv) = stranger.get(&file.expect("a link to the file"));
    assert!(status == 200 && csv.lines().count() > 1, "{csv}");
    let second = |rows: String| links(&page(&rows)).into_iter().find(|link| link.contains("page=2"));
    let second = leading("/data").into_iter().find_map(second).expect("something found has a second page");
    assert!(page(&second).contains("<table"), "{second}");
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
