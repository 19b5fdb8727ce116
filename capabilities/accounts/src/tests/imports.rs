//! Many accounts at once over HTTP: every bad row with its reason, nothing made before the second press.

use axum::body::Body;
use http::{Request, StatusCode, header};
use yiwang_kernel::{PageRequest, Role};

use super::world::World;
use crate::ops::{self, PeopleFilter};

const LIST: &str = "name,display,department,roles
li.si,李四,A1,steward
li.si,李四,A1,clerk
Bad Name,某,A1,clerk
wang5,王五,ZZ,clerk
zhao6,赵六,A1,system_admin audit_admin
qian7,钱七,A1,wizard
sun8,孙八,,bureau
";

async fn upload(world: &World, cookie: &str, list: &str) -> serde_json::Value {
    let token = world.get("/accounts/import", cookie).await.form_token();
    let part = |name: &str, file: &str, content: &str| {
        format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n")
    };
    let body = part("csrf", "", &token) + &part("file", "; filename=\"people.csv\"", list) + "--edge--\r\n";
    let request = Request::post("/accounts/import")
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge");
    let answer = world.ask(request, Body::from(body)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let bytes = axum::body::to_bytes(answer.into_body(), 1_000_000).await.expect("a body");
    serde_json::from_slice(&bytes).expect("json")
}

#[tokio::test]
async fn a_list_is_checked_row_by_row_then_made_once() {
    for world in World::each().await {
        world.person("security1", None, &[Role::SecurityAdmin]).await;
        let cookie = world.sign_in("security1").await;
        let checked = upload(&world, &cookie, LIST).await;
        assert_eq!(checked["good"], 2, "{}: {checked}", world.name);
        let bad: Vec<i64> = checked["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .filter(|row| !row["problem"].is_null())
            .filter_map(|row| row["line"].as_i64())
            .collect();
        assert_eq!(bad, [3, 4, 5, 6, 7]);
        let count = async || {
            let (filter, request) = (PeopleFilter::default(), PageRequest::default());
            ops::people(&world.platform, &world.operator(), &filter, &request).await.expect("listed").total
        };
        assert_eq!(count().await, 1, "nothing is made yet");
        let fields = format!("import={}", checked["import"].as_str().expect("staged"));
        let made = world.submit("/accounts/import", "/accounts/import/apply", &cookie, &fields).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        assert_eq!(made.text.matches("/activate?link=").count(), 2);
        assert_eq!(count().await, 3);
        let again = world.submit("/accounts/import", "/accounts/import/apply", &cookie, &fields).await;
        assert_eq!(again.status, StatusCode::GONE, "once");
        assert_eq!(upload(&world, &cookie, LIST).await["good"], 0, "the names are taken now");
    }
}
