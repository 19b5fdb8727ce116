//! CAT-05, unified library: the clauses that need no grants between departments and no second engine. That a column
//! without grant is refused by its name is shown in the lake's tests of policies; here, of a name that is not there.

use crate::city::{City, yiwang};
use crate::visitor::Visitor;

/// Questions asked before and after.
const QUESTIONS: usize = 100;

/// Rows as they stand and sorted both ways, with their totals, over the open resources, until there are enough.
pub(crate) fn questions(city: &City) -> Vec<String> {
    let listed = city.json("/api/resources?rows=100");
    let mut asked = Vec::new();
    for row in listed["rows"].as_array().expect("rows") {
        let code = row["code"].as_str().expect("a code");
        let rows = format!("/api/resources/{code}/rows");
        let resource = city.json(&format!("/api/resources/{code}"));
        asked.push(format!("{rows}?rows=7"));
        let fields = resource["fields"].as_array().expect("fields");
        for field in fields.iter().filter(|field| field["sortable"] == true).take(3) {
            let name = field["name"].as_str().expect("a name");
            asked.push(format!("{rows}?rows=9&sort={name}&page=2"));
            asked.push(format!("{rows}?rows=9&sort=-{name}"));
        }
    }
    asked.truncate(QUESTIONS);
    asked
}

/// What the city answers to each.
pub(crate) fn answers(city: &City, questions: &[String]) -> Vec<(u16, String)> {
    questions.iter().map(|question| city.get(question)).collect()
}

#[test]
fn derived_indexes_are_deleted_and_a_hundred_answers_are_the_same_bytes() {
    let mut city = City::demo();
    let questions = questions(&city);
    assert_eq!(questions.len(), QUESTIONS);
    let before = answers(&city, &questions);
    for ((status, text), question) in before.iter().zip(&questions) {
        assert_eq!(*status, 200, "{question}: {text}");
    }
    city.restart_after(|data| {
        std::fs::remove_dir_all(data.join("derived")).expect("the derived things");
    });
    for ((before, after), question) in before.iter().zip(answers(&city, &questions)).zip(&questions) {
        assert_eq!(*before, after, "{question}");
    }
}

#[test]
fn the_integration_page_shows_each_units_share_against_both_targets() {
    let city = City::demo();
    let bureau = Visitor::in_role(&city, "bureau");
    let shown = bureau.json("/catalogue/integration");
    assert_eq!(shown["targets"], serde_json::json!([80, 90]));
    let rows = shown["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 84, "every unit of the demo publishes");
    let of = |row: &serde_json::Value, name: &str| row[name].as_u64().expect("a number");
    for row in rows {
        let (entries, attached) = (of(row, "entries"), of(row, "attached"));
        assert_eq!(of(row, "permille"), attached * 1_000 / entries, "{row}");
        let reached = [80, 90].map(|percent| attached * 100 >= percent * entries);
        assert_eq!(row["reached"], serde_json::json!(reached), "{row}");
    }
    let sum = |name: &str| rows.iter().map(|row| of(row, name)).sum::<u64>();
    let city_wide = &shown["city"];
    assert_eq!((of(city_wide, "entries"), of(city_wide, "attached")), (sum("entries"), sum("attached")));
    assert_eq!(sum("attached"), yiwang_resources(&city), "what has rows in the lake");
    let (status, csv) = bureau.get("/catalogue/integration?format=csv");
    assert_eq!((status, csv.lines().count()), (200, 85));
    for (language, words) in [("zh", "挂接率"), ("en", "Attachment rate")] {
        let (status, page) = bureau.get(&format!("/catalogue/integration?lang={language}"));
        assert!(status == 200 && page.contains(words), "{language}: {page}");
    }
    assert!(matches!(Visitor::stranger(&city).get("/catalogue/integration").0, 303 | 401));
    let system = Visitor::in_role(&city, "system");
    let setting = "/settings/catalogue.centre_percent";
    let change = |value: &str| system.submit(setting, setting, &[("value", value), ("reason", "测试")]).0;
    assert_eq!((change("101"), change("0")), (422, 303));
    let reached = bureau.json("/catalogue/integration");
    assert!(reached["rows"].as_array().expect("rows").iter().all(|row| row["reached"][0] == true), "{reached}");
}

/// Published resources with rows, as the operator's list has them.
fn yiwang_resources(city: &City) -> u64 {
    let (code, text) = yiwang(&city.data, &["--json", "resources"]);
    assert_eq!(code, 0, "{text}");
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let rows = document["resources"].as_array().expect("resources").iter();
    rows.filter(|row| row["rows"].as_u64() > Some(0) && row["state"] == "published").count() as u64
}

#[test]
fn one_query_joins_a_base_library_with_a_theme() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("city");
    assert_eq!(yiwang(&data, &["init", "--name", "测试市", "--region", "449900"]).0, 0);
    let load = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("a file");
        let (code, text) = yiwang(&data, &["--json", "load", file.to_str().expect("UTF-8")]);
        assert_eq!(code, 0, "{text}");
        let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let report = &report["loads"][0];
        let field = |place: usize| report["fields"][place]["name"].as_str().expect("a name").to_owned();
        (report["resource"].as_str().expect("a code").to_owned(), field(0), field(1))
    };
    let people = load("人口.csv", "编号,户籍区\nP1,东屏区\nP2,西浦区\nP3,东屏区\n");
    let firms = load("法人.csv", "法人编号,负责人编号\nF1,P1\nF2,P3\n");
    let permits = load("许可.csv", "持证法人,许可事项\nF1,餐饮\nF1,烟草\nF2,餐饮\n");
    let sql = format!(
        "SELECT p.{district} AS district, count(*) AS permits FROM \"{permits}\" l
        JOIN \"{firms}\" f ON l.{holder} = f.{firm} JOIN \"{people}\" p ON f.{head} = p.{person}
        GROUP BY p.{district} ORDER BY 1",
        district = people.2,
        permits = permits.0,
        firms = firms.0,
        holder = permits.1,
        firm = firms.1,
        people = people.0,
        head = firms.2,
        person = people.1,
    );
    let (code, text) = yiwang(&data, &["--json", "query", &sql, "--reason", "测试"]);
    let answer: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(code, 0, "{text}");
    assert_eq!(answer["rows"], serde_json::json!([{ "district": "东屏区", "permits": 3 }]), "{text}");
    let other = sql.replace(&format!("p.{} AS", people.2), "p.no_such_field AS");
    let (code, text) = yiwang(&data, &["--json", "query", &other, "--reason", "测试"]);
    let answer: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((code, &answer["error"]["code"]), (3, &"sql-name-unknown".into()), "{text}");
    assert!(answer["error"]["text"].as_str().is_some_and(|text| text.contains("no_such_field")), "by name: {text}");
}
