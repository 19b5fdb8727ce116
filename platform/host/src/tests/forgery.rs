//! Forms of other sites are refused, forms of this site pass, with and without session, plain and with files.

use http::StatusCode;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN};
use yiwang_kernel::Role;

use super::world::{World, cookie, form_of, set_cookie};
use super::{browse, header_of, json, text};
use crate::{Faces, cookies};

const FORM: &str = "application/x-www-form-urlencoded";

fn post(path: &str) -> http::request::Builder {
    browse(path).method("POST")
}

#[tokio::test]
async fn a_form_without_its_token_is_refused() {
    let world = World::serving(Faces::Both).await;
    let answer = world.ask(post("/notes").header(CONTENT_TYPE, FORM), "note=hello").await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(text(answer).await.contains("表单已过期"));
}

#[tokio::test]
async fn a_stranger_fills_a_form_bound_to_the_visit() {
    let world = World::serving(Faces::Both).await;
    let page = world.ask(browse("/notes/form"), "").await;
    let visit = set_cookie(&page, cookies::VISIT).expect("a page with a form sets the visit");
    let token = form_of(&text(page).await);
    let body = format!("csrf={token}&note=hello");
    let sent = world.ask(post("/notes").header(CONTENT_TYPE, FORM).header(COOKIE, &visit), body.clone()).await;
    assert_eq!((sent.status(), header_of(&sent, LOCATION.as_str())), (StatusCode::SEE_OTHER, "/notes"));
    let without_visit = world.ask(post("/notes").header(CONTENT_TYPE, FORM), body).await;
    assert_eq!(without_visit.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_page_without_form_leaves_no_cookie() {
    let world = World::serving(Faces::Both).await;
    let page = world.ask(browse("/notes"), "").await;
    assert!(page.headers().get("set-cookie").is_none());
}

#[tokio::test]
async fn a_token_of_another_session_is_refused() {
    let world = World::serving(Faces::Both).await;
    let (mine, theirs) = (world.sign_in(Role::Steward).await, world.sign_in(Role::Steward).await);
    let send = async |token: &str| {
        let request = post("/desk/clear").header(CONTENT_TYPE, FORM).header(COOKIE, cookie(&mine));
        world.ask(request, format!("csrf={token}")).await.status()
    };
    assert_eq!(send(&theirs.csrf_token()).await, StatusCode::FORBIDDEN);
    assert_eq!(send(&mine.csrf_token()).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn another_sites_call_is_refused_whatever_it_carries() {
    let world = World::serving(Faces::Both).await;
    let token = world.sign_in(Role::Steward).await;
    let body = || format!("csrf={}", token.csrf_token());
    let from = |name: &'static str, value: &'static str| {
        post("/desk/clear").header(CONTENT_TYPE, FORM).header(COOKIE, cookie(&token)).header(name, value)
    };
    for (name, value) in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        let answer = world.ask(from(name, value), body()).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let own = world.ask(from("origin", "https://city.example"), body()).await;
    assert_eq!(own.status(), StatusCode::SEE_OTHER);
    assert_eq!(world.acts().await, ["notes.cleared"]);
}

#[tokio::test]
async fn json_of_this_site_passes_and_plain_text_does_not() {
    let world = World::serving(Faces::Both).await;
    let token = world.sign_in(Role::Steward).await;
    let send = async |kind: &str| {
        let request = post("/notes").header(CONTENT_TYPE, kind).header(COOKIE, cookie(&token));
        world.ask(request.header(ORIGIN, "https://city.example"), "{\"note\":\"hello\"}").await.status()
    };
    assert_eq!(send("application/json").await, StatusCode::SEE_OTHER);
    assert_eq!(send("text/plain").await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_upload_carries_its_token_first() {
    let world = World::serving(Faces::Both).await;
    let token = world.sign_in(Role::Steward).await;
    let part =
        |name: &str, value: &str| format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let file = [
        "--X\r\nContent-Disposition: form-data; name=\"table\"; filename=\"C:/a/停车场.csv\"\r\n\r\n",
        "编号\r\n1\r\n--X--\r\n",
    ]
    .concat();
    let file = file.as_str();
    let send = async |body: String| {
        let request = post("/notes/files").header(CONTENT_TYPE, "multipart/form-data; boundary=X");
        world.ask(request.header(COOKIE, cookie(&token)), body).await
    };
    let good = send(part("csrf", &token.csrf_token()) + file).await;
    assert_eq!(good.status(), StatusCode::OK);
    let parts = json(good).await;
    assert_eq!(parts.as_array().map(Vec::len), Some(1), "the token is no part of the upload: {parts}");
    assert_eq!(parts[0]["file"], "停车场.csv");
    assert_eq!(parts[0]["text"], "编号\r\n1");
    assert_eq!(send(part("csrf", "wrong") + file).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        send(part("note", "x") + &part("csrf", &token.csrf_token()) + file).await.status(),
        StatusCode::FORBIDDEN
    );
    assert_eq!(send(String::new()).await.status(), StatusCode::FORBIDDEN);
}
