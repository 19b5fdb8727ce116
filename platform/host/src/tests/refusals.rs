//! Refusals as page and as problem+json, in both languages; limits; what no error may show.

use http::StatusCode;
use http::header::{ACCEPT_LANGUAGE, ALLOW, CONTENT_TYPE, COOKIE, RETRY_AFTER};
use yiwang_kernel::Role;

use super::world::{World, cookie};
use super::{browse, call, header_of, json, text};
use crate::Faces;

#[tokio::test]
async fn a_stranger_is_asked_to_sign_in_and_comes_back() {
    let world = World::serving(Faces::Both).await;
    let page = world.ask(browse("/desk?q=a"), "").await;
    assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
    assert!(text(page).await.contains("href=\"/sign-in?next=%2Fdesk%3Fq%3Da\""));
    let problem = world.ask(call("/desk"), "").await;
    assert_eq!(header_of(&problem, "content-type"), "application/problem+json");
    assert_eq!(json(problem).await["code"], "unauthenticated");
}

#[tokio::test]
async fn the_wrong_role_is_refused_as_page_and_as_problem() {
    let world = World::serving(Faces::Both).await;
    let clerk = world.sign_in(Role::Clerk).await;
    let page = world.ask(browse("/desk").header(COOKIE, cookie(&clerk)), "").await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert!(text(page).await.contains("您的身份没有这项权限（notes.write）。"));
    let problem = world.ask(call("/desk?lang=en").header(COOKIE, cookie(&clerk)), "").await;
    assert_eq!(problem.status(), StatusCode::FORBIDDEN);
    let problem = json(problem).await;
    assert_eq!(problem["type"], "urn:yiwang:error:not-allowed");
    assert_eq!(problem["status"], 403);
    assert_eq!(problem["title"], "Your role does not have this permission (notes.write).");
    assert!(problem["instance"].as_str().is_some_and(|instance| instance.starts_with("urn:uuid:")));
}

#[tokio::test]
async fn a_refused_act_leaves_no_entry_and_an_allowed_one_does() {
    for world in World::each(Faces::Both).await {
        for (role, expected) in [(Role::Clerk, StatusCode::FORBIDDEN), (Role::Steward, StatusCode::OK)] {
            let token = world.sign_in(role).await;
            let request = call("/desk/clear").method("POST").header(COOKIE, cookie(&token));
            let answer = world.ask(request.header(CONTENT_TYPE, "application/json"), "{}").await;
            assert_eq!(answer.status(), expected);
        }
        assert_eq!(world.acts().await, ["notes.cleared"]);
    }
}

#[tokio::test]
async fn unknown_addresses_and_methods_answer_in_the_readers_language() {
    let world = World::serving(Faces::Both).await;
    let page = world.ask(browse("/nowhere"), "").await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert!(text(page).await.contains("没有这个页面"));
    let english = world.ask(browse("/nowhere").header(ACCEPT_LANGUAGE, "fr, en-GB;q=0.8, zh;q=0.2"), "").await;
    assert!(text(english).await.contains("There is no such page"));
    let method = world.ask(call("/notes").method("DELETE"), "").await;
    assert_eq!(method.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(header_of(&method, ALLOW.as_str()).contains("GET"));
    assert_eq!(json(method).await["code"], "method-unknown");
    assert_eq!(world.ask(browse("/assets/none.css"), "").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_invalid_field_is_named() {
    let world = World::serving(Faces::Both).await;
    let request = call("/notes").method("POST").header(CONTENT_TYPE, "application/json");
    let answer = world.ask(request, "{\"note\":\" \"}").await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let problem = json(answer).await;
    assert_eq!((problem["field"].as_str(), problem["code"].as_str()), (Some("note"), Some("field-missing")));
}

#[tokio::test]
async fn a_rule_that_says_no_speaks_the_capabilitys_words() {
    let world = World::serving(Faces::Both).await;
    for (lang, words) in [("zh", "今天不收便条。"), ("en", "No notes today.")] {
        let request = call(&format!("/notes?lang={lang}")).method("POST").header(CONTENT_TYPE, "application/json");
        let answer = world.ask(request, "{\"note\":\"secret\"}").await;
        assert_eq!(answer.status(), StatusCode::CONFLICT);
        assert_eq!(json(answer).await["title"], words);
    }
}

#[tokio::test]
async fn our_own_faults_show_nothing_of_their_cause() {
    let world = World::serving(Faces::Both).await;
    for path in ["/broken", "/panic"] {
        let page = world.ask(browse(path), "").await;
        assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        let html = text(page).await;
        assert!(html.contains("系统出错了") && html.contains("请求编号"), "{path}");
        assert!(!html.contains("hunter2") && !html.contains("panics"), "{path}");
    }
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let world = World::serving(Faces::Both).await;
    let answer = world.ask(call("/slow"), "").await;
    assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(json(answer).await["code"], "timeout");
}

#[tokio::test]
async fn bodies_beyond_their_limit_are_refused_announced_or_not() {
    let world = World::serving(Faces::Both).await;
    let token = world.sign_in(Role::Steward).await;
    let big = "x".repeat(20_000);
    let send = async |announced: bool| {
        let mut request = call("/notes/files").method("POST").header(COOKIE, cookie(&token));
        request = request.header(CONTENT_TYPE, "multipart/form-data; boundary=X");
        if announced {
            request = request.header("content-length", big.len());
        }
        let head = "--X\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n";
        let file = "\r\n--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n";
        let body = format!("{head}{}{file}{big}\r\n--X--\r\n", token.csrf_token());
        world.ask(request, body).await.status()
    };
    assert_eq!(send(true).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(send(false).await, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_cannot_be_read_is_malformed() {
    let world = World::serving(Faces::Both).await;
    let request = call("/notes").method("POST").header(CONTENT_TYPE, "application/json");
    let answer = world.ask(request, "{\"note\":").await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(json(answer).await["code"], "body-format");
    assert_eq!(world.ask(browse("/notes/not-an-id"), "").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_stranger_who_writes_too_often_waits() {
    let world = World::serving(Faces::Both).await;
    let send = async |from: &str| {
        let request = call("/notes").method("POST").header(CONTENT_TYPE, "application/json");
        world.ask(request.header("x-forwarded-for", from), "{\"note\":\"hello\"}").await
    };
    for _ in 0..300 {
        assert_eq!(send("203.0.113.9").await.status(), StatusCode::OK);
    }
    let refused = send("203.0.113.9").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(header_of(&refused, RETRY_AFTER.as_str()).parse::<u64>().is_ok_and(|seconds| seconds > 0));
    assert_eq!(send("203.0.113.10").await.status(), StatusCode::OK);
}
