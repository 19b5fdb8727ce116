//! Loads on both databases: types of the whole file, refused rows, held loads, exactly once, undo.

use yiwang_catalogue::ops as catalogue;
use yiwang_gate::{Mode, Page, Query, RowsQuery, Why};
use yiwang_kernel::{Error, Id, PageRequest};

use super::city::{City, cities};
use crate::ops::{self, PURPOSE_OWN, Running};
use crate::{LoadFilter, LoadReport, LoadRequest, State};

const PARKING: &str = "编号,名称,车位,启用日期\r\n007,东门停车场,120,2019-03-01\r\n008,西门停车场,85,1899-12-31\r\n";

/// The rows of a resource as its steward reads them.
async fn rows(city: &City, resource: &str) -> Vec<Vec<String>> {
    let query = Query::Rows(RowsQuery::all(resource));
    let answer = city.platform.gate.read(&city.steward("C001"), &Why::purpose(PURPOSE_OWN), &query).await;
    let mut rows = Vec::new();
    for batch in answer.expect("rows").collect().await.expect("rows") {
        let texts = crate::cells::texts(&batch).expect("texts");
        rows.extend(texts.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>()));
    }
    rows.sort();
    rows
}

fn type_of<'r>(report: &'r LoadReport, title: &str) -> &'r str {
    let field = report.fields.iter().find(|field| field.title == title).expect("the field");
    &field.r#type
}

#[tokio::test]
async fn a_file_becomes_a_version_with_a_drafted_entry_and_nothing_public() {
    for city in cities().await {
        let report = city.load(&city.request("停车场.csv", PARKING)).await.expect("loaded");
        assert_eq!((report.state, report.version), (State::Loaded, Some(1)), "{}", city.name);
        assert_eq!((report.rows_in, report.rows_loaded, report.rows_refused), (2, 2, 0));
        assert_eq!((report.encoding.as_str(), report.title.as_str()), ("UTF-8", "停车场"));
        assert_eq!(type_of(&report, "编号"), "text", "leading zeros survive");
        assert_eq!(type_of(&report, "车位"), "integer");
        assert_eq!(type_of(&report, "启用日期"), "date");
        let read = rows(&city, &report.resource).await;
        assert_eq!(read[0], ["007", "东门停车场", "120", "2019-03-01"]);
        assert_eq!(read[1][3], "1899-12-31");
        let steward = city.steward("C001");
        let entry = catalogue::entry(&city.platform, &steward, &report.resource).await.expect("drafted");
        assert_eq!(entry.attached.map(|attached| attached.rows), Some(2));
        assert!(!entry.published);
        let stranger = city.stranger();
        let query = Query::Rows(RowsQuery::all(&report.resource));
        let refused = city.platform.gate.read(&stranger, &Why::public(), &query).await;
        assert!(matches!(refused.err(), Some(Error::NotFound(_))), "{}", city.name);
    }
}

#[tokio::test]
async fn the_same_load_id_is_one_version_and_one_report() {
    for city in cities().await {
        let load = Some(Id::new(&city.steward("C001")));
        let request = LoadRequest { load, ..city.request("a.csv", PARKING) };
        let first = city.load(&request).await.expect("loaded");
        let again = city.load(&request).await.expect("the same");
        assert_eq!(first, again, "{}", city.name);
        let table = city.platform.gate.table(&first.resource).await.expect("a table").expect("known");
        assert_eq!((table.version, table.rows), (1, 2));
    }
}

#[tokio::test]
async fn types_are_those_of_the_whole_file() {
    let mut text = String::from("code,n\n");
    for number in 0..150_000 {
        text.push_str(&format!("{number},{number}\n"));
    }
    text.push_str("x-17,1.5\n");
    for city in cities().await {
        let report = city.load(&city.request("late.csv", &text)).await.expect("loaded");
        assert_eq!((report.state, report.rows_loaded), (State::Loaded, 150_001), "{}", city.name);
        assert_eq!((type_of(&report, "code"), type_of(&report, "n")), ("text", "decimal(18,1)"));
        let table = city.platform.gate.table(&report.resource).await.expect("a table").expect("known");
        assert_eq!(table.rows, 150_001);
    }
}

#[tokio::test]
async fn refused_rows_keep_their_line_and_hold_a_load_until_somebody_decides() {
    let mut text = String::from("编号,名称\n");
    for number in 0..20 {
        text.push_str(&format!("a{number},名{number}\n"));
    }
    text.push_str("a20,太,多\n");
    for city in cities().await {
        let report = city.load(&city.request("held.csv", &text)).await.expect("a report");
        assert_eq!((report.state, report.version), (State::Held, None), "{}", city.name);
        assert_eq!((report.rows_in, report.rows_refused), (21, 1));
        assert_eq!((report.refusals[0].reason.as_str(), report.refusals[0].line_first), ("ragged", 22));
        let steward = city.steward("C001");
        let load: Id = report.load.parse().expect("an id");
        let refused = ops::refused_rows(&city.platform, &steward, load, Page::All).await.expect("refused rows");
        let batches = refused.collect().await.expect("rows");
        let texts = crate::cells::texts(&batches[0]).expect("texts");
        assert_eq!(texts[0][0].as_deref(), Some("22"));
        assert_eq!(texts[0][3].as_deref(), Some("a20,太,多"));
        let preview = ops::preview(&city.platform, &steward, load).await.expect("a preview");
        assert_eq!((preview.columns, preview.rows.len()), (vec!["编号".to_owned(), "名称".to_owned()], 20));
        let other = city.steward("C002");
        assert!(matches!(ops::accept_held(&city.platform, &other, load).await, Err(Error::Forbidden(_))));
        let accepted = ops::accept_held(&city.platform, &steward, load).await.expect("accepted");
        assert_eq!((accepted.state, accepted.version), (State::Loaded, Some(1)));
        assert!(matches!(ops::accept_held(&city.platform, &steward, load).await, Err(Error::Refused(_))));
        assert_eq!(rows(&city, &report.resource).await.len(), 20);
    }
}

#[tokio::test]
async fn a_cell_over_the_limit_costs_its_row_alone() {
    let city = &cities().await[0];
    let rows = (0..200).fold("编号,说明\n".to_owned(), |text, row| text + &format!("a{row},好\n"));
    let text = format!("{rows}长,{}\nz,好\n", "字".repeat(400_000));
    let report = city.load(&city.request("long.csv", &text)).await.expect("loaded");
    assert_eq!((report.state, report.rows_loaded, report.rows_refused), (State::Loaded, 201, 1));
    let refusal = &report.refusals[0];
    assert_eq!((refusal.reason.as_str(), refusal.line_first), ("cell_too_long", 202));
}

#[tokio::test]
async fn too_many_refused_rows_refuse_the_load_and_a_held_one_can_be_discarded() {
    for city in cities().await {
        let report = city.load(&city.request("bad.csv", "a,b\n1,2\n3\n4\n5,6\n")).await.expect("a report");
        assert_eq!((report.state, report.rows_refused, report.rows_loaded), (State::Refused, 2, 0), "{}", city.name);
        assert!(city.platform.gate.table(&report.resource).await.expect("asked").is_none());
        let held = city.load(&city.request("held.csv", "a,b\n1,2\n3\n4,5\n6,7\n8,9\n1,1\n")).await.expect("held");
        assert_eq!(held.state, State::Held);
        let load = held.load.parse().expect("an id");
        let gone = ops::discard_held(&city.platform, &city.steward("C001"), load).await.expect("discarded");
        assert_eq!(gone.state, State::Cancelled);
    }
}

#[tokio::test]
async fn appended_rows_keep_the_types_of_the_table_and_misfits_are_refused_by_line() {
    for city in cities().await {
        let first = city.load(&city.request("停车场.csv", PARKING)).await.expect("loaded");
        let mut more = String::from("编号,名称,车位,启用日期\n");
        for number in 0..200 {
            more.push_str(&format!("{number},新,{number},2024-01-01\n"));
        }
        more.push_str("x,坏,很多,2024-01-01\n");
        let request = LoadRequest { resource: Some(first.resource.clone()), ..city.request("more.csv", &more) };
        let report = city.load(&request).await.expect("loaded");
        assert_eq!((report.state, report.version), (State::Loaded, Some(2)), "{}", city.name);
        assert_eq!((report.rows_loaded, report.rows_refused), (200, 1));
        let refusal = &report.refusals[0];
        assert_eq!((refusal.reason.as_str(), refusal.line_first), ("type", 202));
        assert_eq!(type_of(&report, "编号"), "text");
        assert_eq!(rows(&city, &first.resource).await.len(), 202);
    }
}

#[tokio::test]
async fn other_columns_hold_a_load() {
    for city in cities().await {
        let first = city.load(&city.request("停车场.csv", PARKING)).await.expect("loaded");
        let request = LoadRequest {
            resource: Some(first.resource.clone()),
            mode: Mode::Replace,
            ..city.request("other.csv", "编号,电话\n007,2288\n")
        };
        let report = city.load(&request).await.expect("a report");
        assert_eq!((report.state, report.verdict.as_deref()), (State::Held, Some("fields")), "{}", city.name);
        assert_eq!(rows(&city, &first.resource).await.len(), 2, "nobody sees the rows that wait");
    }
}

#[tokio::test]
async fn an_upsert_goes_by_the_key_and_an_undo_brings_the_old_rows_back() {
    for city in cities().await {
        let request = LoadRequest { key: vec!["编号".into()], ..city.request("停车场.csv", PARKING) };
        let first = city.load(&request).await.expect("loaded");
        let before = rows(&city, &first.resource).await;
        let text = "编号,名称,车位,启用日期\n008,西门新场,90,2020-01-01\n009,北门,10,2020-01-01\n";
        let request = LoadRequest {
            resource: Some(first.resource.clone()),
            mode: Mode::Upsert,
            ..city.request("more.csv", text)
        };
        let second = city.load(&request).await.expect("loaded");
        assert_eq!((second.version, second.rows_loaded, second.rows_replaced), (Some(2), 2, 1), "{}", city.name);
        assert_eq!(rows(&city, &first.resource).await.len(), 3);
        let steward = city.steward("C001");
        let undo = |version| ops::undo(&city.platform, &steward, &first.resource, version, "装错了");
        assert!(matches!(undo(1).await, Err(Error::Refused(_))), "only the newest");
        let undone = undo(2).await.expect("undone");
        assert_eq!(undone.state, State::RolledBack);
        assert_eq!(rows(&city, &first.resource).await, before);
        let entry = catalogue::entry(&city.platform, &steward, &first.resource).await.expect("the entry");
        assert_eq!(entry.attached.map(|attached| (attached.version, attached.rows)), Some((3, 2)));
        undo(1).await.expect("then the one before");
        assert!(rows(&city, &first.resource).await.is_empty(), "{}", city.name);
    }
}

#[tokio::test]
async fn a_dry_run_reports_and_keeps_nothing() {
    for city in cities().await {
        let request = LoadRequest { dry_run: true, ..city.request("a.csv", PARKING) };
        let report = city.load(&request).await.expect("a report");
        assert_eq!(
            (report.state, report.rows_loaded, report.resource.as_str()),
            (State::Tried, 2, ""),
            "{}",
            city.name
        );
        let steward = city.steward("C001");
        let listed = ops::list(&city.platform, &steward, &LoadFilter::default(), &PageRequest::default()).await;
        assert_eq!(listed.expect("a list").total, 0);
    }
}

#[tokio::test]
async fn columns_of_persons_are_recognised_and_grade_three_is_proposed() {
    let text = "姓名,身份证号\n张三,110101199003077512\n李四,11010119900307803X\n";
    for city in cities().await {
        let report = city.load(&city.request("人员.csv", text)).await.expect("loaded");
        assert_eq!((report.grade, report.grade_proposed), (3, true), "{}", city.name);
        assert!(report.fields.iter().all(|field| field.personal), "{:?}", report.fields);
        let entry = catalogue::entry(&city.platform, &city.steward("C001"), &report.resource).await.expect("drafted");
        assert!(entry.content.fields.iter().all(|field| field.personal && field.mask.is_some()));
        assert_eq!(entry.grade().value(), 3, "until a person sets one");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_request_names_its_field() {
    let city = &cities().await[0];
    let good = || city.request("a.csv", PARKING);
    let with_key = |key: &str| LoadRequest { key: vec![key.into()], ..good() };
    let wide: Vec<String> = (0..=yiwang_gate::COLUMNS_MAX).map(|column| format!("c{column}")).collect();
    let wide = format!("{0}\n{0}\n", wide.join(","));
    let cases = [
        (city.request("empty.csv", ""), "file", "load-file-empty"),
        (city.request("header.csv", "编号,名称\n"), "file", "load-no-rows"),
        (city.request("wide.csv", &wide), "file", "load-too-wide"),
        (LoadRequest { department: Some("C999".into()), ..good() }, "department", "load-department-unknown"),
        (LoadRequest { mode: Mode::Upsert, ..good() }, "key", "load-key-needed"),
        (with_key("没有"), "key", "load-key-column"),
        (LoadRequest { file_name: "..".into(), ..good() }, "file", "file-name"),
        (city.request("a.pdf", "%PDF-1.7"), "file", "load-format-unknown"),
    ];
    for (request, field, code) in cases {
        let error = city.load(&request).await.expect_err(code);
        assert_eq!(error.code(), code);
        assert!(matches!(&error, Error::Invalid { field: named, .. } if named == field), "{error:?}");
    }
    let other = LoadRequest { department: Some("C002".into()), ..good() };
    assert!(matches!(city.load(&other).await, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn a_load_that_was_cut_off_is_settled_at_the_next_start() {
    for city in cities().await {
        let steward = city.steward("C001");
        let report = city.load(&city.request("a.csv", PARKING)).await.expect("loaded");
        let report = LoadReport { state: State::Running, ..report };
        let id = Id::new(&steward);
        let line = crate::LoadLine { id, started: steward.now(), actor: "x".into(), raw: None, report };
        crate::store::begin(&city.platform.db, &line, None).await.expect("begun");
        let settled = ops::settle_cut_off(&city.platform, &Running::default()).await.expect("settled");
        assert_eq!(settled, 1, "{}", city.name);
        let found = ops::find(&city.platform, &steward, id).await.expect("the load");
        assert_eq!(found.report.state, State::Cancelled);
    }
}
