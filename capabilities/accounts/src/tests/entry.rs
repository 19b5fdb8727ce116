//! Signing in over HTTP: alike answers, the lock, fixation, forgery, links that work once, the demo's switch.

use axum::body::Body;
use http::{Request, StatusCode, header};
use yiwang_kernel::Role;

use super::world::{PASSWORD, World};
use crate::{State, ops};

async fn try_in(world: &World, name: &str, password: &str) -> (StatusCode, String) {
    let answer = world.submit("/sign-in", "/sign-in", "", &format!("name={name}&password={password}")).await;
    let told = answer.text.split("role=\"alert\"").nth(1).and_then(|rest| rest.split("</div>").next());
    (answer.status, told.unwrap_or_default().to_owned())
}

fn right() -> String {
    PASSWORD.replace(' ', "+")
}

#[tokio::test]
async fn the_right_password_signs_in_and_signing_out_ends_it() {
    for world in World::each().await {
        world.person("zhang.san", Some("A1"), &[Role::Steward]).await;
        let cookie = world.sign_in("Zhang.San").await;
        let account = world.get("/account?format=json", &cookie).await;
        assert!(account.text.contains("\"zhang.san\""), "{}", account.text);
        let out = world.submit("/account", "/sign-out", &cookie, "").await;
        assert_eq!(out.status, StatusCode::SEE_OTHER);
        assert_eq!(world.get("/account?format=json", &cookie).await.status, StatusCode::UNAUTHORIZED, "{}", world.name);
    }
}

#[tokio::test]
async fn every_failure_is_answered_alike() {
    for world in World::each().await {
        let steward = world.person("steward1", Some("A1"), &[Role::Steward]).await;
        world.invited("invited1", Some("A1"), &[Role::Clerk]).await.expect("made");
        let wrong = try_in(&world, "steward1", "wrong+password").await;
        assert_eq!(wrong.0, StatusCode::FORBIDDEN);
        assert!(wrong.1.contains("登录名或密码不对"), "{}", wrong.1);
        for (name, password) in
            [("nobody1", "wrong+password"), ("invited1", "wrong+password"), ("", ""), ("%27--", "x")]
        {
            assert_eq!(try_in(&world, name, password).await, wrong, "{}: {name}", world.name);
        }
        ops::lock(&world.platform, &world.operator(), steward.id).await.expect("locked");
        assert_eq!(try_in(&world, "steward1", &right()).await, wrong, "a shut account, the right password");
    }
}

#[tokio::test]
async fn a_name_shut_while_the_clock_was_ahead_is_open_when_it_is_back() {
    const YEAR_S: i64 = 365 * 24 * 3_600;
    for world in World::each().await {
        world.person("steward1", Some("A1"), &[Role::Steward]).await;
        world.clock.advance_s(YEAR_S);
        for _ in 0..10 {
            try_in(&world, "steward1", "wrong+password").await;
        }
        assert_eq!(try_in(&world, "steward1", &right()).await.0, StatusCode::FORBIDDEN, "shut");
        world.clock.advance_s(60 - YEAR_S);
        world.sign_in("steward1").await;
    }
}

#[tokio::test]
async fn ten_wrong_tries_shut_a_name_for_a_quarter_of_an_hour_known_or_not() {
    for world in World::each().await {
        let person = world.person("steward1", Some("A1"), &[Role::Steward]).await;
        for _ in 0..10 {
            try_in(&world, "steward1", "wrong+password").await;
        }
        assert_eq!(try_in(&world, "steward1", &right()).await.0, StatusCode::FORBIDDEN, "shut");
        let now = world.operator().now();
        assert_eq!(world.again(&person).await.state_at(now), State::Locked);
        world.clock.advance_s(15 * 60);
        world.sign_in("steward1").await;
        for _ in 0..10 {
            try_in(&world, "steward1", "wrong+password").await;
        }
        assert_eq!(try_in(&world, "steward1", &right()).await.0, StatusCode::FORBIDDEN);
        ops::unlock(&world.platform, &world.operator(), person.id).await.expect("unlocked");
        world.sign_in("steward1").await;
    }
}

#[tokio::test]
async fn tries_are_limited_by_address_too() {
    let world = World::one(false).await;
    let form = world.get("/sign-in", "").await;
    let (token, visit) = (form.form_token(), form.cookie("yiwang_visit").expect("a visit"));
    let mut refused = 0;
    for number in 0..70 {
        let request = Request::post("/sign-in")
            .header(header::COOKIE, &visit)
            .header("x-forwarded-for", "203.0.113.9")
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = format!("csrf={token}&name=name{number}&password={}", "x".repeat(500));
        let answer = world.ask(request, body).await;
        refused += usize::from(answer.status() == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(refused, 0, "what is refused unread costs no try");
    for number in 0..61 {
        let request = Request::post("/sign-in")
            .header(header::COOKIE, &visit)
            .header("x-forwarded-for", "198.51.100.7, 203.0.113.9")
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = world.ask(request, format!("csrf={token}&name=name{number}&password=x")).await;
        refused += usize::from(answer.status() == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(refused, 1);
}

#[tokio::test]
async fn a_planted_session_does_not_survive_the_sign_in() {
    for world in World::each().await {
        world.person("attacker", Some("A1"), &[Role::Clerk]).await;
        world.person("victim1", Some("A1"), &[Role::Steward]).await;
        let planted = world.sign_in("attacker").await;
        let fields = format!("name=victim1&password={}", right());
        let answer = world.submit("/sign-in", "/sign-in", &planted, &fields).await;
        let fresh = answer.cookie("yiwang_session").expect("a session");
        assert_ne!(fresh, planted);
        assert_eq!(
            world.get("/account?format=json", &planted).await.status,
            StatusCode::UNAUTHORIZED,
            "{}",
            world.name
        );
        assert!(world.get("/account?format=json", &fresh).await.text.contains("victim1"));
        let made_up = format!("yiwang_session={}", "a".repeat(64));
        let answer = world.submit("/sign-in", "/sign-in", &made_up, &fields).await;
        assert_ne!(answer.cookie("yiwang_session"), Some(made_up), "a token of the visitor's own making");
    }
}

#[tokio::test]
async fn a_form_of_another_visit_or_none_is_refused() {
    let world = World::one(false).await;
    world.person("steward1", Some("A1"), &[Role::Steward]).await;
    let cookie = world.sign_in("steward1").await;
    let foreign = world.get("/sign-in", "").await.form_token();
    for body in [format!("csrf={foreign}"), "csrf=".to_owned(), String::new()] {
        for to in ["/account/sessions/end", "/account/password", "/sign-out"] {
            let request = Request::post(to)
                .header(header::COOKIE, &cookie)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let answer = world.ask(request, Body::from(body.clone())).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{to}");
        }
    }
    assert_eq!(world.get("/account", &cookie).await.status, StatusCode::OK, "nothing happened");
}

#[tokio::test]
async fn after_signing_in_one_stays_on_this_site() {
    let world = World::one(false).await;
    world.person("steward1", Some("A1"), &[Role::Steward]).await;
    for (next, to) in [("/departments", "/departments"), ("//evil.example", "/"), ("https://evil.example", "/")] {
        let fields = format!("name=steward1&password={}&next={}", right(), yiwang_web::encode(next));
        let answer = world.submit("/sign-in", "/sign-in", "", &fields).await;
        assert_eq!(answer.headers[header::LOCATION], to);
    }
}

#[tokio::test]
async fn an_activation_link_works_once_and_for_72_hours() {
    for world in World::each().await {
        let invited = world.invited("new.one", Some("A1"), &[Role::Clerk]).await.expect("made");
        let page = format!("/activate?link={}", invited.link.token);
        assert!(world.get(&page, "").await.text.contains("new.one"));
        let fields = |password: &str| format!("link={}&password={password}&again={password}", invited.link.token);
        assert_eq!(
            world.submit(&page, "/activate", "", &fields("short")).await.status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        assert_eq!(world.submit(&page, "/activate", "", &fields(&right())).await.status, StatusCode::SEE_OTHER);
        assert_eq!(world.get(&page, "").await.status, StatusCode::GONE, "{}: used", world.name);
        world.sign_in("new.one").await;
        let late = world.invited("late.one", Some("A1"), &[Role::Clerk]).await.expect("made");
        world.clock.advance_s(72 * 3600);
        assert_eq!(world.get(&format!("/activate?link={}", late.link.token), "").await.status, StatusCode::GONE);
    }
}

#[tokio::test]
async fn the_operator_resets_a_password_and_the_old_sessions_end() {
    for world in World::each().await {
        let person = world.person("steward1", Some("A1"), &[Role::Steward]).await;
        let cookie = world.sign_in("steward1").await;
        let link = ops::reset_password(&world.platform, &world.operator(), " Steward1 ").await.expect("a link");
        assert_eq!(world.get("/account", &cookie).await.status, StatusCode::UNAUTHORIZED);
        let fresh = "another good one 9";
        ops::activate(&world.platform, &world.operator(), &link.token, fresh).await.expect("opened");
        assert_eq!(try_in(&world, "steward1", &right()).await.0, StatusCode::FORBIDDEN, "{}", world.name);
        assert_eq!(try_in(&world, "steward1", &fresh.replace(' ', "+")).await.0, StatusCode::SEE_OTHER);
        assert_eq!(world.again(&person).await.state, State::Active);
    }
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_needs_the_old_one() {
    for world in World::each().await {
        world.person("steward1", Some("A1"), &[Role::Steward]).await;
        let (here, elsewhere) = (world.sign_in("steward1").await, world.sign_in("steward1").await);
        let wrong = world.submit("/account", "/account/password", &here, "old=wrong&password=n&again=n").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let fields = format!("old={}&password=quite+another+1&again=quite+another+1", right());
        let done = world.submit("/account", "/account/password", &here, &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        let fresh = done.cookie("yiwang_session").expect("a session");
        assert_eq!(world.get("/account", &fresh).await.status, StatusCode::OK);
        for old in [here, elsewhere] {
            assert_eq!(world.get("/account", &old).await.status, StatusCode::UNAUTHORIZED, "{}", world.name);
        }
    }
}

#[tokio::test]
async fn only_a_demo_switches_roles() {
    let city = World::one(false).await;
    assert_eq!(city.get("/demo", "").await.status, StatusCode::NOT_FOUND);
    let refused = city.submit("/sign-in", "/demo", "", "name=chief").await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert_eq!(refused.cookie("yiwang_session"), None);
    assert!(ops::demo_accounts(&city.platform, &city.operator(), "A1", "B2").await.is_err());

    let demo = World::one(true).await;
    let accounts = ops::demo_accounts(&demo.platform, &demo.operator(), "A1", "B2").await.expect("accounts");
    assert_eq!(accounts.len(), Role::ALL.len());
    let mut cookie = String::new();
    for account in &accounts {
        let answer = demo.submit("/demo", "/demo", &cookie, &format!("name={}", account.name)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        cookie = answer.cookie("yiwang_session").expect("a session");
        let own = demo.get("/account?format=json", &cookie).await;
        assert!(own.text.contains(account.role.word()), "{}", own.text);
    }
    let outsider = demo.person("real.one", Some("A1"), &[Role::Clerk]).await;
    let refused = demo.submit("/demo", "/demo", &cookie, &format!("name={}", outsider.name)).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND, "no account but the demo's own");
    let forged = Request::post("/demo").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    assert_eq!(demo.ask(forged, "name=chief").await.status(), StatusCode::FORBIDDEN);
    let again = ops::demo_accounts(&demo.platform, &demo.operator(), "A1", "B2").await.expect("again");
    assert_ne!(again[0].password, accounts[0].password, "random for each run");
}

#[tokio::test]
async fn a_shared_demo_asks_its_pass_phrase_once() {
    let city = World::one(false).await;
    assert!(ops::share_demo(&city.platform, &city.operator()).is_err(), "a city is not shared");
    let demo = World::one(true).await;
    ops::demo_accounts(&demo.platform, &demo.operator(), "A1", "B2").await.expect("accounts");
    let phrase = ops::share_demo(&demo.platform, &demo.operator()).expect("a pass phrase");
    for wrong in ["", "guess", &phrase[1..]] {
        let refused = demo.submit("/demo", "/demo", "", &format!("name=chief&phrase={wrong}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert_eq!(refused.cookie("yiwang_session"), None);
    }
    let typed = phrase.to_lowercase().replace('-', "+");
    let entered = demo.submit("/demo", "/demo", "", &format!("name=chief&phrase={typed}")).await;
    let cookie = entered.cookie("yiwang_session").expect("a session");
    let switched = demo.submit("/demo", "/demo", &cookie, "name=steward").await;
    assert_eq!(switched.status, StatusCode::SEE_OTHER, "who is in switches on");
}
