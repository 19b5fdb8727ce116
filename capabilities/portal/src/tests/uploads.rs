//! Loading by browser and over HTTP: the same report, refusals beside the field, garbage turned away.

use axum::body::Body;
use http::Request;
use yiwang_testkit::Reply;

use super::city::{City, cities};

/// Parts of a form: name, file name, content.
type Parts<'p> = &'p [(&'p str, Option<&'p str>, &'p str)];

const CSV: &str = "编号,名称\r\n007,东门\r\n008,西门\r\n";

fn multipart(parts: Parts<'_>) -> String {
    let mut body = String::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        body.push_str(&format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"));
    }
    body.push_str("--cut--\r\n");
    body
}

async fn send(city: &City, parts: Parts<'_>) -> Reply {
    let (cookie, token) = city.session(&city.steward("C001")).await;
    let mut all = vec![("csrf", None, token.as_str())];
    all.extend_from_slice(parts);
    let request = Request::post("/collect/load")
        .header("cookie", cookie)
        .header("content-type", "multipart/form-data; boundary=cut");
    city.ask(request, Body::from(multipart(&all))).await
}

async fn signed_in(city: &City, path: &str) -> Reply {
    let (cookie, _) = city.session(&city.steward("C001")).await;
    city.ask(Request::get(path).header("cookie", cookie), Body::empty()).await
}

#[tokio::test]
async fn a_browser_loads_a_file_and_sees_its_report_and_can_undo() {
    for city in cities().await {
        let sent = send(&city, &[("mode", None, "append"), ("file", Some("停车场.csv"), CSV)]).await;
        assert_eq!(sent.status, 303, "{} {}", city.name, sent.text);
        let to = sent.headers["location"].to_str().expect("text").to_owned();
        let page = signed_in(&city, &to).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.contains("停车场.csv") && page.text.contains("bianhao"));
        let report = signed_in(&city, &format!("{to}?format=json")).await.json();
        assert_eq!((report["state"].as_str(), report["rows_loaded"].as_u64()), (Some("loaded"), Some(2)));
        let list = signed_in(&city, "/collect/loads?format=json").await.json();
        assert_eq!(list["total"], 1);
        assert_eq!(signed_in(&city, "/collect/loads").await.status, 200);
        let (cookie, token) = city.session(&city.steward("C001")).await;
        let undo = Request::post(format!("{to}/undo"))
            .header("cookie", cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        let undone = city.ask(undo, Body::from(format!("csrf={token}&reason=wrong"))).await;
        assert_eq!(undone.status, 303, "{} {}", city.name, undone.text);
        let report = signed_in(&city, &format!("{to}?format=json")).await.json();
        assert_eq!(report["state"], "rolled_back");
    }
}

#[tokio::test]
async fn a_program_loads_over_http_exactly_once() {
    for city in cities().await {
        let (cookie, _) = city.session(&city.steward("C001")).await;
        let load = "019a0000-0000-7000-8000-000000000001";
        for _ in 0..2 {
            let request = Request::post(format!("/api/collect/loads?file_name=a.csv&load={load}"))
                .header("cookie", &cookie)
                .header("content-type", "text/csv");
            let reply = city.ask(request, Body::from(CSV)).await;
            assert_eq!(reply.status, 201, "{} {}", city.name, reply.text);
            let report = &reply.json()["loads"][0];
            assert_eq!((report["load"].as_str(), report["version"].as_u64()), (Some(load), Some(1)));
        }
        let listed = signed_in(&city, "/collect/loads?format=json").await.json();
        assert_eq!(listed["total"], 1);
    }
}

#[tokio::test]
async fn a_form_that_cannot_be_loaded_comes_back_with_the_field_named() {
    let city = &cities().await[0];
    let cases: [(Parts<'_>, u16); 6] = [
        (&[("mode", None, "append")], 422),
        (&[("file", Some(""), "")], 422),
        (&[("file", Some("empty.csv"), "")], 422),
        (&[("mode", None, "sideways"), ("file", Some("a.csv"), CSV)], 422),
        (&[("mode", None, "upsert"), ("file", Some("a.csv"), CSV)], 422),
        (&[("department", None, "C999"), ("file", Some("a.csv"), CSV)], 422),
    ];
    for (parts, status) in cases {
        let reply = send(city, parts).await;
        assert_eq!(reply.status, status, "{parts:?}: {}", reply.text);
        assert!(reply.text.contains("id=\"error-"), "{parts:?}: {}", reply.text);
    }
}

#[tokio::test]
async fn garbage_is_turned_away_without_a_fault_of_ours() {
    let city = &cities().await[0];
    let (cookie, _) = city.session(&city.steward("C001")).await;
    let garbage: [&[u8]; 6] =
        [b"\x00\x01\x02\xff\xfe", b"PK\x03\x04broken", b"\x1f\x8bnot gzip", b"\"open", b"%PDF-1.7", b"\n\n\n"];
    for bytes in garbage {
        let request = Request::post("/api/collect/loads?file_name=x.csv")
            .header("cookie", &cookie)
            .header("content-type", "application/octet-stream");
        let reply = city.ask(request, Body::from(bytes)).await;
        assert!(!reply.status.is_server_error(), "{bytes:?}: {} {}", reply.status, reply.text);
    }
}

#[tokio::test]
async fn strangers_and_other_departments_are_refused() {
    let city = &cities().await[0];
    let stranger = city.ask(Request::get("/collect/loads").header("accept", "application/json"), Body::empty()).await;
    assert_eq!(stranger.status, 401, "{}", stranger.text);
    let report = city.load("a.csv", CSV).await;
    let (cookie, _) = city.session(&city.steward("C002")).await;
    let path = format!("/collect/loads/{}", report.load);
    let other = city.ask(Request::get(path).header("cookie", cookie), Body::empty()).await;
    assert_eq!(other.status, 403);
}
