//! Which routes stand on which face, who is where, what the menu shows.

use http::StatusCode;
use http::header::COOKIE;
use yiwang_kernel::{Role, Text};

use super::world::{World, cookie};
use super::{browse, call, json, text};
use crate::{Capability, Faces, get, router};

async fn nothing(call: crate::Call) -> crate::Answer {
    call.redirect("/")
}

#[tokio::test]
async fn a_face_serves_only_its_own_routes() {
    let public = World::serving(Faces::Public).await;
    let inside = World::serving(Faces::Inside).await;
    let status = async |world: &World, path: &str| world.ask(browse(path), "").await.status();
    assert_eq!(status(&public, "/hall").await, StatusCode::OK);
    assert_eq!(status(&public, "/desk").await, StatusCode::NOT_FOUND);
    assert_eq!(status(&inside, "/hall").await, StatusCode::NOT_FOUND);
    assert_eq!(status(&inside, "/desk").await, StatusCode::UNAUTHORIZED);
    for world in [&public, &inside] {
        assert_eq!(status(world, "/notes").await, StatusCode::OK);
    }
}

#[tokio::test]
async fn both_faces_at_once_tell_staff_from_residents() {
    for world in World::each(Faces::Both).await {
        let steward = world.sign_in(Role::Steward).await;
        let answer = world.ask(call("/desk").header(COOKIE, cookie(&steward)), "").await;
        assert_eq!(answer.status(), StatusCode::OK);
        let who = json(answer).await["who"].as_str().unwrap_or_default().to_owned();
        assert!(who.starts_with("account:"), "{who}");
        let resident = world.sign_in(Role::Resident).await;
        let answer = world.ask(call("/desk").header(COOKIE, cookie(&resident)), "").await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn the_menu_shows_what_the_reader_may_open() {
    let world = World::serving(Faces::Both).await;
    let stranger = text(world.ask(browse("/notes"), "").await).await;
    assert!(stranger.contains("href=\"/notes\" aria-current=\"page\"") && !stranger.contains("href=\"/desk\""));
    let token = world.sign_in(Role::Steward).await;
    let steward = text(world.ask(browse("/notes/form").header(COOKIE, cookie(&token)), "").await).await;
    assert!(steward.contains("href=\"/desk\"") && steward.contains("href=\"/notes\" aria-current=\"true\""));
    let desk = steward.find("/desk").unwrap_or(usize::MAX);
    assert!(desk < steward.find("\"/notes\" aria").unwrap_or(0), "in the order declared");
}

#[tokio::test]
async fn an_ended_session_is_a_stranger() {
    for world in World::each(Faces::Both).await {
        let token = world.sign_in(Role::Steward).await;
        let ask = async || world.ask(call("/mine").header(COOKIE, cookie(&token)), "").await.status();
        assert_eq!(ask().await, StatusCode::OK);
        world.clock.advance_s(13 * 3600);
        assert_eq!(ask().await, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn an_address_declared_twice_is_refused() {
    let world = World::serving(Faces::Both).await;
    let route = || get("/licences", nothing).open().audit_none("a test").doc("重复", "twice");
    let twice = Capability::new("twice", Text::new("重复", "Twice")).route(route());
    assert!(router(&world.platform, &[twice], Faces::Both).is_err());
}
