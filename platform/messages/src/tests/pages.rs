//! The pages over HTTP: the badge, the list and its twin, the forms, who gets where.

use axum::body::Body;
use http::{Request, StatusCode, header};
use yiwang_kernel::{Ctx, Lang, Role};
use yiwang_testkit::Reply;
use yiwang_web::{TEXTS, Texts};

use super::peers::Peer;
use super::world::{City, INSIDE_ONLY, cities, city, id_of, note};

async fn get(city: &City, who: &Ctx, path: &str) -> Reply {
    let (cookie, _) = city.session(who).await;
    let request = Request::get(path).header(header::COOKIE, cookie).header(header::ACCEPT, "text/html");
    city.ask(request.header("accept-language", "en"), Body::empty()).await
}

async fn post(city: &City, who: &Ctx, path: &str, form: &str) -> Reply {
    let (cookie, token) = city.session(who).await;
    let request = Request::post(path)
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    city.ask(request.header("accept-language", "en"), format!("csrf={token}&{form}")).await
}

#[tokio::test]
async fn every_page_says_how_much_is_unread_and_the_list_has_a_twin() {
    for city in cities().await {
        let zhang = city.acting("zhang", "C001", Role::Steward);
        let empty = get(&city, &zhang, "/messages").await;
        assert_eq!(empty.status, StatusCode::OK, "{}: {}", city.name, empty.text);
        assert!(empty.text.contains("No messages here") && !empty.text.contains("class=\"waiting\""));
        city.send(&[id_of(&zhang)], &note("a", "C001")).await;
        city.send(&[id_of(&zhang)], &note("b", "C001")).await;
        let page = get(&city, &zhang, "/messages/settings").await;
        assert!(page.text.contains("<span class=\"waiting\">2</span>"), "{}", page.text);
        let page = get(&city, &zhang, "/messages").await;
        assert!(page.text.contains("<a href=\"/notes/a\">1,234 rows in Car parks</a>"), "{}", page.text);
        assert!(page.text.contains(INSIDE_ONLY), "the body stands inside");
        let twin = get(&city, &zhang, "/messages?format=json&rows=1").await.json();
        assert_eq!((&twin["total"], &twin["unread"]), (&2.into(), &2.into()));
        assert_eq!(twin["rows"][0]["title"], "1,234 rows in Car parks");
        let id = twin["rows"][0]["id"].as_str().expect("an id");
        let read = post(&city, &zhang, "/messages/read", &format!("id={id}")).await;
        assert_eq!(read.status, StatusCode::SEE_OTHER, "{}", read.text);
        let page = get(&city, &zhang, "/messages?show=unread").await;
        assert!(page.text.contains("<span class=\"waiting\">1</span>"));
        post(&city, &zhang, "/messages/read", "all=1").await;
        assert!(!get(&city, &zhang, "/messages").await.text.contains("class=\"waiting\""));
        let chinese = get(&city, &zhang, "/messages?lang=zh").await;
        assert!(chinese.text.contains("《停车场》有 1,234 行"));
    }
}

#[tokio::test]
async fn who_may_not_is_refused() {
    let city = city().await;
    let stranger = city.get("/messages").await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    let steward = city.steward("C001");
    for path in ["/messages/channels", "/messages/deliveries"] {
        assert_eq!(get(&city, &steward, path).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(get(&city, &city.operator(), path).await.status, StatusCode::OK, "{path}");
    }
    let resident = city.acting("resident", "C001", Role::Clerk);
    assert_eq!(get(&city, &resident, "/messages/hooks").await.status, StatusCode::FORBIDDEN);
    assert_eq!(post(&city, &steward, "/messages/channels", "smtp_host=x").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn settings_and_channels_show_what_is_wrong_and_keep_what_is_right() {
    let city = city().await;
    let zhang = city.acting("zhang", "C001", Role::Steward);
    let wrong = post(&city, &zhang, "/messages/settings", "address=nobody&mail=daily&lang=en").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("This is not a mail address."));
    let right = post(&city, &zhang, "/messages/settings", "address=zhang%40city.example&mail=at_once&lang=en").await;
    assert_eq!(right.header("location"), "/messages/settings?done=saved");
    assert!(get(&city, &zhang, "/messages/settings").await.text.contains("value=\"zhang@city.example\""));

    let operator = city.operator();
    let form = "smtp_host=mail.city.example&smtp_port=587&smtp_tls=starttls&smtp_user=u&smtp_password=hunter2\
        &smtp_from=noreply%40city.example&digest_hour=8&http_allowed=&trusted=&address=";
    let refused = post(&city, &operator, "/messages/channels", &form.replace("=587", "=0")).await;
    assert!(refused.text.contains("A port is between 1 and 65535."), "{}", refused.text);
    assert!(!refused.text.contains("hunter2"));
    let kept = post(&city, &operator, "/messages/channels", form).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.text);
    let shown = get(&city, &operator, "/messages/channels").await;
    assert!(shown.text.contains("mail.city.example") && !shown.text.contains("hunter2"));
    let trial = post(&city, &operator, "/messages/channels/test", "").await;
    assert!(trial.text.contains("You have no mail address yet"), "{}", trial.text);
}

#[tokio::test]
async fn a_hook_is_registered_seen_tried_and_removed() {
    let city = city().await;
    let peer = Peer::http(&["HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"]).await;
    city.set(&[("messages.http_allowed", &peer.entry())]).await;
    let steward = city.steward("C001");
    let wrong = post(&city, &steward, "/messages/hooks", "url=ftp%3A%2F%2Fx&department=C001").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let url = format!("http%3A%2F%2F127.0.0.1%3A{}%2Fhook", peer.port);
    let made = post(&city, &steward, "/messages/hooks", &format!("url={url}&department=C001")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert!(made.text.contains("whsec_"));
    let list = get(&city, &steward, "/messages/hooks").await;
    assert!(list.text.contains(&peer.entry()) && !list.text.contains("whsec_"));
    let twin = get(&city, &steward, "/messages/hooks?format=json").await.json();
    let to = format!("/messages/hooks/{}", twin["rows"][0]["id"].as_str().expect("an id"));
    post(&city, &steward, &format!("{to}/test"), "").await;
    city.work().await;
    let shown = get(&city, &steward, &to).await;
    assert!(shown.text.contains("The other side says the address is gone (410)."), "{}", shown.text);
    let failed = get(&city, &steward, &format!("{to}?format=json")).await.json();
    let delivery = failed["deliveries"]["rows"][0]["id"].as_str().expect("an id");
    let pressed = post(&city, &steward, "/messages/deliveries/retry", &format!("id={delivery}")).await;
    assert_eq!(pressed.header("location"), format!("{to}?done=queued"));
    city.work().await;
    assert!(get(&city, &city.operator(), "/messages/deliveries?state=sent").await.text.contains("Trial"));
    let removed = post(&city, &steward, &format!("{to}/remove"), "").await;
    assert_eq!(removed.header("location"), "/messages/hooks?done=removed");
    assert_eq!(get(&city, &steward, &to).await.status, StatusCode::NOT_FOUND);
}

#[test]
fn every_text_exists_in_both_languages() {
    let own = crate::capability().texts;
    let texts = Texts::load(&[TEXTS, own].concat()).expect("parse");
    assert_eq!(texts.missing(), Vec::<String>::new());
    let permissions = crate::ops::PERMISSIONS.iter().map(yiwang_access::Permission::title_id);
    for id in permissions {
        assert!(Lang::ALL.iter().all(|lang| texts.has(*lang, &id)), "{id}");
    }
}
