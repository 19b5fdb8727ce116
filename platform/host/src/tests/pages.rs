//! What every answer carries, both shapes of one address, language and large mode, host's own pages, settings.

use http::StatusCode;
use http::header::{ACCEPT_ENCODING, COOKIE, LOCATION};
use yiwang_kernel::Actor;

use super::world::{World, named, set_cookie};
use super::{browse, call, header_of, json, text};
use crate::{Faces, Settings, cookies};

#[tokio::test]
async fn every_answer_carries_the_safe_headers() {
    let world = World::serving(Faces::Both).await;
    for path in ["/notes", "/nowhere", "/panic", "/openapi.json", "/assets/none.js"] {
        let answer = world.ask(browse(path), "").await;
        let policy = header_of(&answer, "content-security-policy");
        assert!(policy.starts_with("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(header_of(&answer, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header_of(&answer, "referrer-policy"), "same-origin", "{path}");
    }
}

#[tokio::test]
async fn one_address_gives_page_and_json() {
    let world = World::serving(Faces::Both).await;
    let page = world.ask(browse("/notes"), "").await;
    assert_eq!(header_of(&page, "content-type"), "text/html; charset=utf-8");
    assert!(header_of(&page, "vary").contains("accept"));
    for request in [call("/notes"), browse("/notes?format=json")] {
        assert_eq!(json(world.ask(request, "").await).await["who"], "stranger");
    }
}

#[tokio::test]
async fn words_of_the_query_are_escaped() {
    let world = World::serving(Faces::Both).await;
    let html = text(world.ask(browse("/notes?q=%3Cscript%3Ealert(1)%3C/script%3E"), "").await).await;
    assert!(!html.contains("<script>alert"));
}

#[tokio::test]
async fn language_and_large_mode_are_chosen_in_the_address_and_remembered() {
    let world = World::serving(Faces::Both).await;
    let chosen = world.ask(browse("/notes?lang=en&large=1"), "").await;
    let cookies = [set_cookie(&chosen, cookies::LANG), set_cookie(&chosen, cookies::LARGE)];
    let cookies = cookies.map(|cookie| cookie.expect("a cookie")).join("; ");
    assert!(text(chosen).await.contains("<html lang=\"en\" class=\"large\">"));
    let later = text(world.ask(browse("/notes").header(COOKIE, &cookies), "").await).await;
    assert!(later.contains("<html lang=\"en\" class=\"large\">"));
    let left = world.ask(browse("/notes?large=0").header(COOKIE, &cookies), "").await;
    assert_eq!(set_cookie(&left, cookies::LARGE).as_deref(), Some("yiwang_large="));
    assert!(text(left).await.contains("<html lang=\"en\">"));
}

#[tokio::test]
async fn every_declared_route_is_in_the_description_and_on_its_page() {
    let world = World::serving(Faces::Both).await;
    let description = json(world.ask(call("/openapi.json"), "").await).await;
    assert_eq!(description["openapi"], "3.1.0");
    let page = text(world.ask(browse("/api"), "").await).await;
    assert!(page.contains("http://city.example/notes<"), "a call to copy");
    for (method, path) in [
        ("get", "/notes"),
        ("post", "/notes"),
        ("get", "/notes/{id}"),
        ("post", "/desk/clear"),
        ("get", "/hall"),
        ("get", "/healthz"),
        ("get", "/licences"),
    ] {
        let operation = &description["paths"][path][method];
        assert!(operation["summary"].as_str().is_some_and(|words| !words.is_empty()), "{method} {path}");
        assert!(page.contains(path), "{path}");
    }
    assert_eq!(description["paths"]["/notes/{id}"]["get"]["parameters"][0]["name"], "id");
    assert_eq!(description["paths"]["/desk/clear"]["post"]["x-permission"], "notes.write");
    let served = World::serving(Faces::Public).await;
    let public = json(served.ask(call("/openapi.json"), "").await).await;
    assert!(public["paths"].get("/desk").is_none(), "a face describes only what it serves");
}

#[tokio::test]
async fn operation_ids_are_unique() {
    let world = World::serving(Faces::Both).await;
    let description = json(world.ask(call("/openapi.json"), "").await).await;
    let paths = description["paths"].as_object().expect("paths");
    let methods = paths.values().filter_map(|path| path.as_object()).flat_map(|methods| methods.values());
    let mut ids: Vec<&str> = methods.filter_map(|operation| operation["operationId"].as_str()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[tokio::test]
async fn files_of_the_pages_are_kept_for_ever_under_their_hash() {
    let world = World::serving(Faces::Both).await;
    let html = text(world.ask(browse("/notes"), "").await).await;
    let style = html.split("<link rel=\"stylesheet\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let answer = world.ask(browse(style.expect("a style sheet")), "").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(header_of(&answer, "cache-control").contains("immutable"));
    assert_eq!(header_of(&answer, "content-type"), "text/css; charset=utf-8");
}

#[tokio::test]
async fn pages_are_compressed_and_kept_by_nobody() {
    let world = World::serving(Faces::Both).await;
    let answer = world.ask(browse("/api").header(ACCEPT_ENCODING, "br"), "").await;
    assert_eq!(header_of(&answer, "content-encoding"), "br");
    assert_eq!(header_of(&answer, "cache-control"), "no-store");
}

#[tokio::test]
async fn health_and_licences_answer() {
    for world in World::each(Faces::Both).await {
        assert_eq!(json(world.ask(call("/healthz"), "").await).await["status"], "ok");
        let page = text(world.ask(browse("/licences"), "").await).await;
        for library in yiwang_web::libraries() {
            assert!(page.contains(library.name) && page.contains(library.licence));
        }
    }
}

#[tokio::test]
async fn settings_have_defaults_keep_changes_and_show_on_pages() {
    for world in World::each(Faces::Both).await {
        let (settings, db) = (&world.platform.settings, &world.platform.db);
        assert_eq!(settings.number("notes.limit").expect("a default"), 10);
        assert!(settings.get("notes.unknown").is_err());
        let ctx = &world.platform.ctx(Actor::System("test"));
        for (name, value) in [("host.site_name_zh", "示例市"), ("notes.limit", "20")] {
            let set = db.tx(|tx| Box::pin(async move { settings.set(tx, ctx, name, value).await })).await;
            set.expect("a setting");
        }
        let wrong = db.tx(|tx| Box::pin(async move { settings.set(tx, ctx, "notes.limit", "many").await })).await;
        assert!(wrong.is_err());
        settings.reload(db).await.expect("settings");
        assert_eq!(settings.number("notes.limit").expect("a value"), 20);
        assert_eq!(named(&settings.site(false).expect("a site")), "示例市");
        let other_node = Settings::load(db, &[]).await.expect("settings");
        assert_eq!(other_node.get("host.site_name_zh").expect("a value"), "示例市");
    }
}

#[tokio::test]
async fn no_redirect_leaves_the_site() {
    let world = World::serving(Faces::Both).await;
    let to = async |to: &str| world.ask(browse(&format!("/leave?to={to}")), "").await;
    assert_eq!(header_of(&to("/desk%3Fq%3D1").await, LOCATION.as_str()), "/desk?q=1");
    for elsewhere in ["https://evil.example", "//evil.example", "/%5Cevil.example", "evil"] {
        assert_eq!(to(elsewhere).await.status(), StatusCode::INTERNAL_SERVER_ERROR, "{elsewhere}");
    }
}
