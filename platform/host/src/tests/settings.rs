//! Settings as a person changes them: declared alone, checked, with a reason, entered, at once; and the checklist.

use axum::body::Body;
use http::{Request, StatusCode, header};
use yiwang_kernel::{Actor, Error, Role};

use super::world::{World, cookie};
use crate::Faces;

#[tokio::test]
async fn a_setting_is_changed_with_a_reason_and_holds_at_once() {
    for world in World::each(Faces::Both).await {
        let platform = &world.platform;
        let ctx = platform.ctx(Actor::System("test"));
        let change = async |name: &str, value: &str, reason: &str| {
            platform.settings.change(&platform.db, &ctx, name, value, reason).await
        };
        let field = |outcome: Result<(), Error>| match outcome {
            Err(Error::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(change("notes.limit", "ten", "a test").await), "notes.limit");
        assert_eq!(field(change("notes.limit", "20", "  ").await), "reason");
        assert_eq!(field(change("host.icp", "a\nb", "a test").await), "host.icp");
        for wrong in ["example.gov.cn", "https://", "https://a/b", "ftp://a", "https://a b"] {
            assert_eq!(field(change("host.address", wrong, "a test").await), "host.address", "{wrong}");
        }
        assert!(matches!(change("no.such", "1", "a test").await, Err(Error::NotFound(_))));
        assert_eq!(platform.settings.number("notes.limit").expect("a number"), 10, "nothing refused was kept");
        change("host.address", "https://data.example.gov.cn:8443", "the name is registered").await.expect("set");
        assert_eq!(platform.site().address, "https://data.example.gov.cn:8443");
        let kept = crate::store::changes(&platform.db, 10).await.expect("changes");
        assert_eq!(kept.len(), 1);
        assert_eq!((kept[0].reason.as_str(), kept[0].before.as_str()), ("the name is registered", ""));
    }
}

#[tokio::test]
async fn settings_are_the_system_administrators_and_a_change_is_an_act() {
    let world = World::serving(Faces::Both).await;
    for (role, status) in [(Role::SecurityAdmin, StatusCode::FORBIDDEN), (Role::Steward, StatusCode::FORBIDDEN)] {
        let session = world.sign_in(role).await;
        let request = Request::get("/settings").header(header::COOKIE, cookie(&session));
        assert_eq!(world.ask(request, Body::empty()).await.status(), status, "{role:?}");
    }
    let session = world.sign_in(Role::SystemAdmin).await;
    let form = |body: &str| {
        let request = Request::post("/settings/notes.limit")
            .header(header::COOKIE, cookie(&session))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        (request, format!("csrf={}&{body}", session.csrf_token()))
    };
    let (request, body) = form("value=20&reason=a+test");
    assert_eq!(world.ask(request, body).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(world.platform.settings.number("notes.limit").expect("a number"), 20);
    assert_eq!(world.acts().await, ["host.setting_changed"]);
}
