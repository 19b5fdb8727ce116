//! Open data from load to take-down, over HTTP as strangers see it.

use std::collections::BTreeMap;

use http::Request;
use yiwang_catalogue::ops as catalogue;
use yiwang_gate::Mask;

use super::city::{City, cities};

const PARKING: &str = "编号,名称,联系电话,车位\r\n\
    007,东门停车场,13800138000,120\r\n008,西门停车场,13900139000,85\r\n009,南门停车场,13700137000,85\r\n";

/// The masks of the car parks: telephone numbers do not show.
pub(super) fn masks() -> BTreeMap<String, Mask> {
    BTreeMap::from([("lianxidianhua".to_owned(), Mask::Null)])
}

/// Open car parks: the resource's code.
pub(super) async fn opened(city: &City) -> String {
    city.open("停车场.csv", PARKING, masks()).await
}

#[tokio::test]
async fn what_is_loaded_is_not_there_for_strangers_until_it_is_opened() {
    for city in cities().await {
        let code = city.load("停车场.csv", PARKING).await.resource;
        for path in [
            format!("/catalogue/{code}"),
            format!("/catalogue/{code}/data"),
            format!("/catalogue/{code}/download/csv"),
            format!("/api/resources/{code}"),
            format!("/api/resources/{code}/rows"),
        ] {
            assert_eq!(city.get(&path).await.status, 404, "{} {path}", city.name);
        }
        assert_eq!(city.get("/api/resources").await.json()["total"], 0);
    }
}

#[tokio::test]
async fn an_open_resource_is_listed_previewed_and_downloaded_whole() {
    for city in cities().await {
        let code = opened(&city).await;
        let page = city.get(&format!("/catalogue/{code}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.contains("停车场"));
        let data = city.get(&format!("/catalogue/{code}/data")).await.text;
        assert!(data.contains("东门停车场") && data.contains("007"), "{data}");
        let csv = city.get(&format!("/catalogue/{code}/download/csv?fields=bianhao,mingcheng,chewei")).await;
        assert_eq!(csv.status, 200, "{}", csv.text);
        let expected = "bianhao,mingcheng,chewei\r\n007,东门停车场,120\r\n008,西门停车场,85\r\n009,南门停车场,85\r\n";
        assert_eq!(csv.text, expected, "{}", city.name);
        let titled = city.get(&format!("/catalogue/{code}/download/csv?fields=bianhao&header=titles")).await.text;
        assert!(titled.starts_with("编号\r\n"));
        let named = csv.headers["content-disposition"].to_str().expect("text");
        assert!(named.starts_with("attachment;") && named.contains(&code));
        let rows = city.get(&format!("/api/resources/{code}/rows?chewei=85&sort=-bianhao&rows=1")).await.json();
        assert_eq!((rows["total"].as_u64(), rows["rows"].as_array().map(Vec::len)), (Some(2), Some(1)), "{rows}");
        assert_eq!(rows["rows"][0]["bianhao"], "009");
        assert_eq!(city.get("/api/resources").await.json()["total"], 1);
        assert_eq!(city.get("/search?q=tingche&format=json").await.json()["total"], 1);
        for format in ["csv-excel", "xlsx", "json", "jsonl"] {
            let file = city.get(&format!("/catalogue/{code}/download/{format}")).await;
            assert_eq!(file.status, 200, "{format}");
        }
        city.load("not open.csv", PARKING).await;
        let figures = city.get("/?format=json").await.json()["figures"].clone();
        assert_eq!(figures, serde_json::json!({ "resources": 1, "rows": 3, "departments": 1 }), "{}", city.name);
        assert!(city.get("/sitemap.xml").await.text.contains(&format!("/catalogue/{code}<")));
    }
}

#[tokio::test]
async fn a_masked_column_never_shows_in_rows_conditions_order_counts_or_errors() {
    for city in cities().await {
        let code = opened(&city).await;
        let field = "lianxidianhua";
        let meta = city.get(&format!("/api/resources/{code}")).await.json();
        let fields = meta["fields"].as_array().expect("fields");
        let masked = fields.iter().find(|known| known["name"] == field).expect("the field");
        assert_eq!(masked["open"], "masked");
        for path in [
            format!("/catalogue/{code}"),
            format!("/catalogue/{code}/data"),
            format!("/catalogue/{code}/data?{field}=13800138000"),
            format!("/catalogue/{code}/data?sort={field}"),
            format!("/catalogue/{code}/download/csv"),
            format!("/catalogue/{code}/download/jsonl"),
            format!("/api/resources/{code}/rows?{field}__ge=138"),
            format!("/api/resources/{code}/rows?{field}__contains=9001"),
        ] {
            let text = city.get(&path).await.text;
            // What the reader wrote into the address may be echoed; nothing else may.
            let secrets = ["13800138000", "13900139000", "13700137000"];
            for secret in secrets.into_iter().filter(|secret| !path.contains(secret)) {
                assert!(!text.contains(secret), "{} {path}", city.name);
            }
        }
        let total = |query: String| {
            let city = &city;
            let code = &code;
            async move {
                let reply = city.get(&format!("/api/resources/{code}/rows?{query}")).await;
                if reply.status == 200 { reply.json()["total"].as_u64() } else { Some(0) }
            }
        };
        assert_eq!(total(format!("{field}=13800138000")).await, Some(0), "{}", city.name);
        assert_eq!(total(format!("{field}__ge=138")).await, Some(0));
        assert_eq!(total(format!("{field}__null=1")).await, Some(3), "every cell is the mask");
    }
}

#[tokio::test]
async fn a_take_down_is_410_on_page_api_download_and_old_versions() {
    for city in cities().await {
        let code = opened(&city).await;
        catalogue::take_down(&city.platform, &city.steward("C001"), &code, "涉及个人信息").await.expect("taken down");
        for path in [
            format!("/catalogue/{code}"),
            format!("/catalogue/{code}/data"),
            format!("/catalogue/{code}/data?version=1"),
            format!("/catalogue/{code}/versions"),
            format!("/catalogue/{code}/download/csv"),
            format!("/api/resources/{code}"),
            format!("/api/resources/{code}/rows?version=1"),
        ] {
            assert_eq!(city.get(&path).await.status, 410, "{} {path}", city.name);
        }
        assert_eq!(city.get("/search?q=停车场&format=json").await.json()["total"], 0);
    }
}

#[tokio::test]
async fn uses_are_counted_by_kind_and_never_by_person() {
    for city in cities().await {
        let code = opened(&city).await;
        city.get(&format!("/catalogue/{code}")).await;
        city.get(&format!("/catalogue/{code}/download/csv")).await;
        city.get(&format!("/api/resources/{code}/rows")).await;
        let uses = city.get(&format!("/catalogue/{code}?format=json")).await.json()["uses"].clone();
        assert_eq!(uses, serde_json::json!({ "views": 2, "downloads": 1, "calls": 1 }), "{}", city.name);
    }
}

#[tokio::test]
async fn wrong_questions_get_a_sentence_that_names_the_part() {
    let city = &cities().await[0];
    let code = opened(city).await;
    let cases = [
        (format!("/api/resources/{code}/rows?rows=0"), 422),
        (format!("/api/resources/{code}/rows?nothing=1"), 422),
        (format!("/api/resources/{code}/rows?fields=nothing"), 403),
        (format!("/api/resources/{code}/rows?chewei__like=1"), 422),
        (format!("/api/resources/{code}/rows?version=99"), 404),
        (format!("/catalogue/{code}/download/docx"), 404),
        (format!("/catalogue/{code}/download/geojson"), 409),
        ("/api/resources/999999-000001".to_owned(), 404),
    ];
    for (path, status) in cases {
        let reply = city.ask(Request::get(&path).header("accept", "application/json"), axum::body::Body::empty()).await;
        assert!(reply.status == status, "{path}: {}", reply.text);
        assert!(reply.json()["title"].is_string(), "{path}: {}", reply.text);
    }
}

#[tokio::test]
async fn every_public_page_speaks_both_languages_without_a_missing_text() {
    let city = &cities().await[0];
    let code = opened(city).await;
    let tabs = ["", "/data", "/versions", "/downloads", "/api"].map(|tab| format!("/catalogue/{code}{tab}"));
    let pages = ["/", "/search", "/search?q=x", "/fault", "/help", "/privacy", "/accessibility"].map(str::to_owned);
    for path in tabs.iter().chain(&pages) {
        for lang in ["zh", "en"] {
            let sign = if path.contains('?') { '&' } else { '?' };
            let page = city.get(&format!("{path}{sign}lang={lang}")).await;
            assert_eq!(page.status, 200, "{path}");
            let text = page.text;
            for prefix in ["portal-", "catalogue-", "collect-"] {
                let missing = text.split(['>', '<']).find(|part| part.starts_with(prefix));
                assert!(missing.is_none(), "{path} {lang}: {missing:?}");
            }
        }
    }
}
