//! The catalogue over HTTP, in process: what each kind of reader gets, in both languages, as page and as JSON.

use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use yiwang_access::Token;
use yiwang_host::{Faces, router};
use yiwang_kernel::{Ctx, Text};
use yiwang_store::testing::sqlite;

use super::city::{City, capabilities, city, content};
use crate::ops;

struct Site {
    city: City,
    router: Router,
}

struct Reader {
    token: Option<Token>,
}

impl Site {
    async fn new() -> Site {
        let city = city(sqlite().await).await;
        let router = router(&city.platform, &capabilities(), Faces::Both).expect("a router");
        Site { city, router }
    }

    async fn reader(&self, ctx: &Ctx) -> Reader {
        let account = ctx.actor.account().expect("an account");
        let (token, _) = self.city.platform.sessions.start(ctx, account, None, None).await.expect("a session");
        Reader { token: Some(token) }
    }

    async fn send(&self, reader: &Reader, request: http::request::Builder, body: Body) -> Response<Body> {
        let request = match &reader.token {
            Some(token) => request
                .header(header::COOKIE, format!("yiwang_session={}", token.as_str()))
                .header("x-csrf-token", token.csrf_token()),
            None => request,
        };
        self.router.clone().oneshot(request.body(body).expect("a request")).await.expect("an answer")
    }

    async fn page(&self, reader: &Reader, to: &str, lang: &str) -> (StatusCode, String) {
        let language = if to.contains('?') { format!("{to}&lang={lang}") } else { format!("{to}?lang={lang}") };
        let request = Request::get(language).header(header::ACCEPT, "text/html").header(header::HOST, "data.test");
        text(self.send(reader, request, Body::empty()).await).await
    }

    async fn get(&self, reader: &Reader, to: &str) -> (StatusCode, Value) {
        let request = Request::get(to).header(header::ACCEPT, "application/json").header(header::HOST, "data.test");
        let (status, body) = text(self.send(reader, request, Body::empty()).await).await;
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    async fn post(&self, reader: &Reader, to: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::post(to)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json");
        let (status, body) = text(self.send(reader, request, body.to_string().into()).await).await;
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    async fn published(&self, title: &str) -> String {
        let platform = &self.city.platform;
        let steward = self.city.steward("C002");
        let entry = ops::create(platform, &steward, None, &content(title, "C002")).await.expect("made");
        ops::submit(platform, &steward, &entry.code).await.expect("submitted");
        ops::approve(platform, &self.city.bureau(), &entry.code).await.expect("approved");
        entry.code
    }
}

async fn text(response: Response<Body>) -> (StatusCode, String) {
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

const STRANGER: Reader = Reader { token: None };

#[tokio::test]
async fn every_page_stands_in_both_languages_without_a_missing_text() {
    let site = Site::new().await;
    let code = site.published("停车场").await;
    let waiting = ops::create(&site.city.platform, &site.city.steward("C002"), None, &content("路灯", "C002")).await;
    let waiting = waiting.expect("made").code;
    ops::submit(&site.city.platform, &site.city.steward("C002"), &waiting).await.expect("submitted");
    ops::withhold(&site.city.platform, &site.city.bureau(), &code, "dz", "《某法》第一条", None).await.expect("listed");
    let down = site.published("桥梁").await;
    ops::take_down(&site.city.platform, &site.city.bureau(), &down, "演练").await.expect("taken down");
    open(&site, &code).await;
    let bureau = site.reader(&site.city.bureau()).await;
    let outside = ["/catalogue", "/catalogue?q=tcc&theme=transport", "/catalogue?q=zzz", "/themes", "/negative-list"];
    let mut pages: Vec<(String, &Reader)> = outside.iter().map(|to| ((*to).to_owned(), &STRANGER)).collect();
    pages.push(("/departments/C002/catalogue".into(), &STRANGER));
    pages.push((format!("/catalogue/{code}/metadata"), &STRANGER));
    for act in ["metadata", "edit", "open", "take-down", "withhold", "retire", "history"] {
        pages.push((format!("/catalogue/{code}/{act}"), &bureau));
    }
    pages.push((format!("/catalogue/{down}/metadata"), &bureau));
    pages.push((format!("/catalogue/{down}/take-down"), &bureau));
    for to in ["/catalogue", "/catalogue/new", "/catalogue/review", "/catalogue/import"] {
        pages.push((to.to_owned(), &bureau));
    }
    pages.push((format!("/catalogue/{waiting}/review"), &bureau));
    for (to, reader) in pages {
        for lang in ["zh", "en"] {
            let (status, body) = site.page(reader, &to, lang).await;
            assert_eq!(status, StatusCode::OK, "{to} {lang}: {body}");
            for sign in [">catalogue-", " catalogue-", ">error-", ">permission-"] {
                assert!(!body.contains(sign), "{to} {lang} lacks a text near {:?}", near(&body, sign));
            }
        }
        let (status, json) = site.get(reader, &to).await;
        assert!(status == StatusCode::OK && json.is_object(), "{to} has a JSON twin");
    }
}

/// Binds data to the entry and opens one field of it.
async fn open(site: &Site, code: &str) {
    let column = ops::LoadedField { name: "mc".into(), r#type: "text".into(), ..ops::LoadedField::default() };
    let loaded = ops::LoadedTable {
        resource: code.into(),
        title: Text::new("停车场", ""),
        department: "C002".into(),
        fields: vec![column],
        version: 1,
        rows: 3,
        grade: None,
    };
    let (ctx, loaded) = (&site.city.system(), &loaded);
    let platform = &site.city.platform;
    let bound = platform.db.tx(|tx| Box::pin(async move { ops::draft_from_load(tx, ctx, loaded).await })).await;
    bound.expect("bound");
    let request = ops::OpenRequest { fields: vec!["mc".into()], ..ops::OpenRequest::default() };
    ops::open(platform, &site.city.bureau(), code, &request).await.expect("opened");
}

fn near(body: &str, sign: &str) -> String {
    body.split(sign).nth(1).unwrap_or_default().chars().take(40).collect()
}

#[tokio::test]
async fn a_list_answers_what_the_filter_shows_in_every_format() {
    let site = Site::new().await;
    for title in ["停车场", "停车收费", "路灯"] {
        site.published(title).await;
    }
    let (_, body) = site.page(&STRANGER, "/catalogue?q=tingche", "zh").await;
    assert!(body.contains("<mark>停车</mark>"), "{body}");
    let (_, json) = site.get(&STRANGER, "/catalogue?q=tingche").await;
    assert_eq!(json["total"], 2);
    assert!(json["facets"].as_array().expect("facets").iter().any(|facet| facet["value"] == "transport"));
    let csv = Request::get("/catalogue?q=tingche&format=csv");
    let (status, csv) = text(site.send(&STRANGER, csv, Body::empty()).await).await;
    assert_eq!((status, csv.lines().count()), (StatusCode::OK, 3), "{csv}");
    let (_, none) = site.get(&STRANGER, "/catalogue?q=tingche&theme=culture").await;
    assert_eq!(none["total"], 0);
    let (status, _) = site.get(&STRANGER, "/departments/C999/catalogue").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_entry_is_written_reviewed_read_and_taken_down_over_http() {
    let site = Site::new().await;
    let steward = site.reader(&site.city.steward("C002")).await;
    let bureau = site.reader(&site.city.bureau()).await;
    let mut form = json!({
        "title_zh": "停车场", "provider": "C002", "theme": "transport", "format": "table", "library": "business",
        "sharing": "", "opening": "unconditional", "cycle": "monthly", "grade": "1", "f0_title_zh": "名称",
        "duty_collect": "甲", "duty_transfer": "乙", "duty_store": "丙", "duty_use": "丁",
    });
    assert_eq!(site.post(&STRANGER, "/catalogue/new", form.clone()).await.0, StatusCode::UNAUTHORIZED);
    let (status, made) = site.post(&steward, "/catalogue/new", form.clone()).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    assert_eq!(
        (made["sharing"].as_str(), made["fields"][0]["name"].as_str()),
        (Some("unconditional"), Some("mingcheng"))
    );
    let code = made["code"].as_str().expect("a code").to_owned();
    let (status, refused) = site.post(&steward, &format!("/catalogue/{code}/submit"), json!({})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
    assert!(refused.to_string().contains("duty_open"), "{refused}");
    form["duty_open"] = json!("戊");
    form["revision"] = json!("1");
    form["f0_name"] = json!("mingcheng");
    assert_eq!(site.post(&steward, &format!("/catalogue/{code}/edit"), form).await.0, StatusCode::OK);
    assert_eq!(site.post(&steward, &format!("/catalogue/{code}/submit"), json!({})).await.0, StatusCode::OK);
    let metadata = format!("/catalogue/{code}/metadata");
    assert_eq!(site.get(&STRANGER, &metadata).await.0, StatusCode::NOT_FOUND);
    let decision = json!({ "decision": "approve" });
    assert_eq!(site.post(&bureau, &format!("/catalogue/{code}/review"), decision).await.0, StatusCode::OK);
    let (status, entry) = site.get(&STRANGER, &metadata).await;
    assert_eq!((status, entry["state"].as_str()), (StatusCode::OK, Some("published")));
    assert_eq!(entry["core_metadata"].as_array().expect("elements").len(), 12);
    let turtle = Request::get(format!("/catalogue/{code}/dcat.ttl")).header(header::HOST, "data.test");
    let (status, turtle) = text(site.send(&STRANGER, turtle, Body::empty()).await).await;
    assert!(status == StatusCode::OK && turtle.contains("\"停车场\"@zh"), "{turtle}");

    let reason = json!({ "reason": "发现问题" });
    let down = format!("/catalogue/{code}/take-down");
    assert_eq!(site.post(&steward, &down, reason).await.0, StatusCode::OK);
    assert_eq!(site.get(&STRANGER, &metadata).await.0, StatusCode::GONE);
    assert_eq!(site.get(&STRANGER, "/catalogue?q=停车场").await.1["total"], 0);
    let (_, history) = site.get(&steward, &format!("/catalogue/{code}/history")).await;
    assert_eq!(history["changes"].as_array().expect("changes").len(), 5);
    assert_eq!(site.get(&STRANGER, &format!("/catalogue/{code}/history")).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_form_comes_back_with_what_is_wrong_beside_its_field() {
    let site = Site::new().await;
    let steward = site.reader(&site.city.steward("C002")).await;
    let mut lacking = content("井盖", "C002");
    lacking.duties.open.clear();
    let entry = ops::create(&site.city.platform, &site.city.steward("C002"), None, &lacking).await.expect("made");
    let request = Request::post(format!("/catalogue/{}/submit", entry.code))
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let (status, body) = text(site.send(&steward, request, Body::empty()).await).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("还缺：开放") && body.contains("name=\"duty_open\""), "{body}");
}

#[tokio::test]
async fn the_negative_list_is_public_and_dated() {
    let site = Site::new().await;
    let code = site.published("案件").await;
    let steward = site.reader(&site.city.steward("C002")).await;
    let to = format!("/catalogue/{code}/withhold");
    let (status, refused) = site.post(&steward, &to, json!({ "field": "dz", "basis": "" })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
    let item = json!({ "field": "dz", "basis": "《某法》第一条", "until": "2026-12-31" });
    let (status, item) = site.post(&steward, &to, item).await;
    assert_eq!(status, StatusCode::OK, "{item}");
    assert_eq!(site.get(&STRANGER, "/negative-list").await.1["total"], 1);
    assert_eq!(site.get(&STRANGER, "/negative-list?on=2026-11-01").await.1["total"], 0);
    assert_eq!(site.get(&STRANGER, "/negative-list?on=2027-01-01").await.1["total"], 0);
    assert_eq!(site.get(&STRANGER, "/negative-list?on=gestern").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let release = format!("/negative-list/{}/release", item["id"].as_str().expect("an id"));
    assert_eq!(site.post(&steward, &release, json!({})).await.0, StatusCode::OK);
    assert_eq!(site.get(&STRANGER, "/negative-list").await.1["total"], 0);
}

#[tokio::test]
async fn a_table_is_tried_applied_and_undone_over_http() {
    let site = Site::new().await;
    let steward = site.reader(&site.city.steward("C002")).await;
    let table = "code,title,provider,field_title\n300002/000001,停车场,C002,名称\n300002/000002,路灯,,编号\n";
    let (status, tried) = upload(&site, &steward, table).await;
    assert_eq!(status, StatusCode::OK, "{tried}");
    assert_eq!((tried["faults"][0]["row"].as_u64(), tried["faults"][0]["field"].as_str()), (Some(3), Some("provider")));
    let (_, tried) = upload(&site, &steward, &table.replace("路灯,,", "路灯,C002,")).await;
    let batch = tried["batch"].as_str().expect("no faults").to_owned();
    let (status, applied) = site.post(&steward, &format!("/catalogue/import/{batch}/apply"), json!({})).await;
    assert_eq!((status, applied["state"].as_str()), (StatusCode::OK, Some("applied")));
    assert_eq!(site.get(&steward, "/catalogue").await.1["total"], 2);
    let (status, exported) = text(site.send(&steward, Request::get("/catalogue/export"), Body::empty()).await).await;
    assert!(status == StatusCode::OK && exported.contains("300002/000002"), "{exported}");
    assert_eq!(site.post(&steward, &format!("/catalogue/import/{batch}/undo"), json!({})).await.0, StatusCode::OK);
    assert_eq!(site.get(&steward, "/catalogue").await.1["total"], 0);
}

async fn upload(site: &Site, reader: &Reader, table: &str) -> (StatusCode, Value) {
    let body = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"t.csv\"\r\n\r\n{table}\r\n--edge--\r\n"
    );
    let request = Request::post("/catalogue/import")
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge");
    let (status, body) = text(site.send(reader, request, body.into()).await).await;
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}
