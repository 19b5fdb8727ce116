//! Parquet out and in again: what a visitor downloads loads into the same rows and types, by API and by file, and shows
//! no more than the page does.

use axum::body::Body;
use http::Request;

use super::city::{City, cities};
use super::open_data::{masks, opened};

/// The rows of a resource as everybody's API tells them.
async fn rows(city: &City, code: &str) -> serde_json::Value {
    city.get(&format!("/api/resources/{code}/rows?sort=bianhao")).await.json()["rows"].clone()
}

#[tokio::test]
async fn a_download_loads_into_the_same_rows_and_types() {
    for city in cities().await {
        let code = opened(&city).await;
        for header in ["names", "titles"] {
            let path = format!("/catalogue/{code}/download/parquet?header={header}");
            let file = city.get(&path).await;
            assert_eq!(file.status, 200, "{} {}", city.name, file.text);
            assert_eq!(file.header("content-type"), "application/vnd.apache.parquet");
            assert!(file.header("content-disposition").contains(".parquet"));
            assert!(!file.text.contains("13800138000"), "the mask stands in the file too");
            let (cookie, token) = city.session(&city.steward("C001")).await;
            let load = Request::post(format!("/api/collect/loads?file_name={header}.parquet&department=C001"))
                .header("cookie", cookie)
                .header("x-csrf-token", token)
                .header("content-type", "application/octet-stream");
            let reply = city.ask(load, Body::from(file.bytes)).await;
            let report = reply.json()["loads"][0].clone();
            assert_eq!((report["state"].as_str(), report["format"].as_str()), (Some("loaded"), Some("parquet")));
            assert_eq!(report["rows_loaded"], 3, "{report}");
            let field = |title: &str| {
                let fields = report["fields"].as_array().expect("fields").clone();
                let found = fields.into_iter().find(|field| field["title"] == title);
                found.unwrap_or_else(|| panic!("{title} in {report}"))
            };
            let (number, places) = if header == "titles" { ("编号", "车位") } else { ("bianhao", "chewei") };
            assert_eq!(
                (field(number)["type"].as_str(), field(places)["type"].as_str()),
                (Some("text"), Some("integer"))
            );
            assert_eq!(field(places)["why"], "declared");
            let again = report["resource"].as_str().expect("a code");
            city.publish(again, masks()).await;
            let (first, second) = (rows(&city, &code).await, rows(&city, again).await);
            assert_eq!(first, second, "{}", city.name);
            assert_eq!(first.as_array().map(Vec::len), Some(3));
        }
        let used = city.get(&format!("/catalogue/{code}?format=json")).await.json();
        assert_eq!(used["uses"]["downloads"], 2, "{used}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused_with_the_way_out() {
    for city in cities().await {
        let (cookie, token) = city.session(&city.steward("C001")).await;
        let load = Request::post("/api/collect/loads?file_name=x.parquet&department=C001")
            .header("cookie", cookie)
            .header("x-csrf-token", token)
            .header("accept-language", "en")
            .header("content-type", "application/octet-stream");
        let reply = city.ask(load, Body::from(&b"PAR1 this is not the end PARE"[..])).await;
        assert_eq!(reply.status, 422, "{}", reply.text);
        assert!(reply.text.contains("without encryption"), "{}", reply.text);
    }
}
