//! The end of a term takes everything but the entry; earlier versions go when they are past what is kept.

use std::path::Path;

use yiwang_catalogue::ops as catalogue;
use yiwang_gate::{At, Mode, Query, RowsQuery, Why};
use yiwang_kernel::Error;

use super::city::{City, cities};
use crate::ops::{self, PURPOSE_OWN};
use crate::{LoadReport, LoadRequest, State};

const DAY_S: i64 = 24 * 3_600;

/// Rows enough to become a file of their own.
fn many() -> String {
    (0..12_000).fold("编号,名称\n".to_owned(), |text, row| text + &format!("A{row:05},第{row}处\n"))
}

async fn keep_until(city: &City, resource: &str, day: &str) {
    let steward = city.steward("C001");
    let entry = catalogue::entry(&city.platform, &steward, resource).await.expect("the entry");
    let mut content = entry.content.clone();
    content.retain_until = day.to_owned();
    catalogue::edit(&city.platform, &steward, resource, entry.revision, &content).await.expect("edited");
}

async fn rows(city: &City, resource: &str, at: At) -> yiwang_kernel::Result<usize> {
    let query = Query::Rows(RowsQuery { at, ..RowsQuery::all(resource) });
    let answer = city.platform.gate.read(&city.steward("C001"), &Why::purpose(PURPOSE_OWN), &query).await?;
    Ok(answer.collect().await?.iter().map(arrow_array::RecordBatch::num_rows).sum())
}

fn files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}

async fn loaded(city: &City) -> LoadReport {
    let report = city.load(&city.request("a.csv", &many())).await.expect("loaded");
    let resource = Some(report.resource.clone());
    let again = LoadRequest { resource, mode: Mode::Replace, ..city.request("b.csv", &many()) };
    assert_eq!(city.load(&again).await.expect("loaded").version, Some(2));
    report
}

#[tokio::test]
async fn when_the_term_is_over_rows_files_and_raw_files_are_gone_and_the_entry_stays() {
    for city in cities().await {
        let report = loaded(&city).await;
        let other = LoadRequest {
            resource: Some(report.resource.clone()),
            ..city.request("other columns.csv", "编号,名称,新列\nA1,某处,1\n")
        };
        assert_eq!(city.load(&other).await.expect("held").state, State::Held);
        keep_until(&city, &report.resource, "2026-11-21").await;
        assert_eq!(ops::end_terms(&city.platform, &city.system()).await.expect("looked"), 0, "the last day is kept");
        let early = ops::end_term(&city.platform, &city.steward("C001"), &report.resource).await;
        assert_eq!(early.expect_err("refused").code(), "load-term-runs");
        city.clock.advance_s(DAY_S);
        let stranger = ops::end_term(&city.platform, &city.steward("C002"), &report.resource).await;
        assert!(stranger.is_err(), "{}", city.name);
        assert_eq!(ops::end_terms(&city.platform, &city.system()).await.expect("removed"), 1);
        assert_eq!(rows(&city, &report.resource, At::Latest).await.expect("a table"), 0, "{}", city.name);
        for version in [1, 2] {
            let gone = rows(&city, &report.resource, At::Version(version)).await;
            assert!(matches!(gone, Err(Error::NotFound(_))), "{} version {version}", city.name);
        }
        for tree in ["lake", "files", "derived"] {
            assert_eq!(files(&city.platform.data_dir.join(tree)), 0, "{} {tree}", city.name);
        }
        let entry = catalogue::entry(&city.platform, &city.steward("C001"), &report.resource).await.expect("stays");
        assert_eq!(entry.attached.map(|attached| attached.rows), Some(0));
        let history = catalogue::history(&city.platform, &city.steward("C001"), &report.resource).await;
        assert!(history.expect("a history").1.iter().any(|change| change.act == "expire"), "{}", city.name);
        let line = ops::latest(&city.platform, &report.resource).await.expect("asked");
        assert_eq!(line.map(|line| line.raw), Some(None), "the report stays, the raw file is gone");
        assert_eq!(ops::end_terms(&city.platform, &city.system()).await.expect("again"), 1, "twice is no error");
    }
}

/// A clock that jumps years ahead must not cost a row; a person says that the time is right, or the clock comes back.
#[tokio::test]
async fn a_clock_that_jumps_ahead_removes_nothing_until_somebody_confirms_it() {
    for city in cities().await {
        let (platform, system) = (&city.platform, &city.system());
        let report = loaded(&city).await;
        keep_until(&city, &report.resource, "2027-12-31").await;
        let clock = yiwang_host::runner(platform, &[], 1);
        assert!(clock.run_due(system).await.expect("noted") > 0);
        city.clock.advance_s(5 * 365 * DAY_S);
        clock.run_due(system).await.expect("looked");
        let everything = async || {
            let steward = city.steward("C001");
            [
                ops::end_terms(platform, system).await.map(drop),
                ops::end_term(platform, &steward, &report.resource).await,
                ops::forget_versions(platform, system).await.map(drop),
                ops::forget_raw(platform, system).await.map(drop),
            ]
        };
        for outcome in everything().await {
            assert_eq!(outcome.expect_err("held up").code(), "clock-doubtful", "{}", city.name);
        }
        for at in [At::Latest, At::Version(1)] {
            assert_eq!(rows(&city, &report.resource, at).await.expect("rows"), 12_000, "{}", city.name);
        }
        city.clock.advance_s(-5 * 365 * DAY_S);
        assert_eq!(ops::end_terms(platform, system).await.expect("the clock is back"), 0);
        city.clock.advance_s(5 * 365 * DAY_S);
        let administrator = city.acting("system", "C001", yiwang_kernel::Role::SystemAdmin);
        let (cookie, token) = city.session(&administrator).await;
        let page = city.get_with("/settings", &cookie).await;
        assert!(page.text.contains("action=\"/settings/clock\""), "the way out is on the page: {}", page.text);
        let confirm = async |reason: &str| {
            let request = http::Request::post("/settings/clock")
                .header(http::header::COOKIE, &cookie)
                .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            city.ask(request, format!("csrf={token}&reason={reason}")).await
        };
        assert_eq!(confirm("").await.status, 422, "not without a reason");
        assert_eq!(confirm("five+years+in+a+cellar").await.status, 303, "{}", city.name);
        for outcome in everything().await {
            outcome.expect("done");
        }
        assert_eq!(rows(&city, &report.resource, At::Latest).await.expect("a table"), 0, "{}", city.name);
        let page = city.get_with("/settings", &cookie).await;
        assert!(!page.text.contains("/settings/clock") && page.text.contains("five years in a cellar"));
    }
}

#[tokio::test]
async fn a_resource_without_a_term_is_not_emptied() {
    for city in cities().await {
        let report = loaded(&city).await;
        let refused = ops::end_term(&city.platform, &city.steward("C001"), &report.resource).await;
        assert_eq!(refused.expect_err("refused").code(), "load-term-none", "{}", city.name);
        assert_eq!(rows(&city, &report.resource, At::Latest).await.expect("rows"), 12_000);
    }
}

#[tokio::test]
async fn earlier_versions_go_after_their_days_and_the_newest_stays() {
    for city in cities().await {
        let report = loaded(&city).await;
        let early = ops::forget_versions(&city.platform, &city.system()).await.expect("looked");
        assert_eq!(early.versions, 0, "{}", city.name);
        city.clock.advance_s(800 * DAY_S);
        let late = ops::forget_versions(&city.platform, &city.system()).await.expect("forgotten");
        assert_eq!(late.versions, 1, "{}", city.name);
        assert_eq!(rows(&city, &report.resource, At::Latest).await.expect("rows"), 12_000);
        assert!(rows(&city, &report.resource, At::Version(1)).await.is_err());
    }
}
