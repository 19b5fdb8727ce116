//! The second step: a code serves once, recovery codes too, tickets run out, the secret is sealed in the store.

use http::StatusCode;
use yiwang_kernel::Role;
use yiwang_seal::totp;

use super::world::{PASSWORD, Page, World};
use crate::ops;

fn unix_s(world: &World) -> u64 {
    u64::try_from(world.operator().now().micros() / 1_000_000).expect("after 1970")
}

/// Enrols over HTTP; the secret and the recovery codes.
async fn enrolled(world: &World, cookie: &str) -> (Vec<u8>, Vec<String>) {
    let page = world.submit("/account", "/account/second-step", cookie, "").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("otpauth://totp/"));
    let secret = page.text.split("<code>").nth(1).and_then(|rest| rest.split('<').next()).expect("the secret");
    let secret = data_of(secret);
    let code = totp::code_at(&secret, unix_s(world));
    let page = world.submit("/account", "/account/second-step/confirm", cookie, &format!("code={code}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let codes = page.text.split("<code>").skip(1).filter_map(|rest| rest.split('<').next()).map(str::to_owned);
    (secret, codes.collect())
}

/// Base32 without padding, RFC 4648.
fn data_of(text: &str) -> Vec<u8> {
    let mut bits = 0u64;
    let mut count = 0;
    let mut bytes = Vec::new();
    for letter in text.bytes() {
        let value = if letter.is_ascii_digit() { letter - b'2' + 26 } else { letter - b'A' };
        bits = (bits << 5) | u64::from(value);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).expect("a byte"));
        }
    }
    bytes
}

async fn first_step(world: &World) -> Page {
    let fields = format!("name=steward1&password={}", PASSWORD.replace(' ', "+"));
    let page = world.submit("/sign-in", "/sign-in", "", &fields).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert_eq!(page.cookie("yiwang_session"), None, "not signed in yet");
    page
}

async fn with_code(world: &World, ticket: &str, code: &str) -> Page {
    world.submit("/sign-in", "/sign-in/code", "", &format!("ticket={ticket}&code={code}")).await
}

#[tokio::test]
async fn a_code_and_a_recovery_code_serve_once() {
    for world in World::each().await {
        world.person("steward1", Some("A1"), &[Role::Steward]).await;
        let cookie = world.sign_in("steward1").await;
        let (secret, recovery) = enrolled(&world, &cookie).await;
        assert_eq!(recovery.len(), 10);
        let used = totp::code_at(&secret, unix_s(&world));
        let ticket = first_step(&world).await.value_of("ticket");
        assert_eq!(
            with_code(&world, &ticket, &used).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "used at enrolment"
        );
        world.clock.advance_s(60);
        let code = totp::code_at(&secret, unix_s(&world));
        let entered = with_code(&world, &ticket, &code).await;
        assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}: {}", world.name, entered.text);
        assert!(entered.cookie("yiwang_session").is_some());
        assert_eq!(with_code(&world, &ticket, &code).await.status, StatusCode::GONE, "the ticket is spent");
        for (expected, code) in
            [(StatusCode::SEE_OTHER, &recovery[3]), (StatusCode::UNPROCESSABLE_ENTITY, &recovery[3])]
        {
            let ticket = first_step(&world).await.value_of("ticket");
            assert_eq!(with_code(&world, &ticket, &code.to_lowercase()).await.status, expected);
        }
    }
}

#[tokio::test]
async fn a_code_used_while_the_clock_was_ahead_shuts_nobody_out() {
    const YEAR_S: i64 = 365 * 24 * 3_600;
    for world in World::each().await {
        world.person("steward1", Some("A1"), &[Role::Steward]).await;
        let cookie = world.sign_in("steward1").await;
        let (secret, _) = enrolled(&world, &cookie).await;
        let signs_in = async || {
            let ticket = first_step(&world).await.value_of("ticket");
            with_code(&world, &ticket, &totp::code_at(&secret, unix_s(&world))).await.status
        };
        world.clock.advance_s(YEAR_S);
        assert_eq!(signs_in().await, StatusCode::SEE_OTHER);
        world.clock.advance_s(60 - YEAR_S);
        assert_eq!(signs_in().await, StatusCode::SEE_OTHER, "{}", world.name);
        assert_eq!(signs_in().await, StatusCode::UNPROCESSABLE_ENTITY, "and a code serves once all the same");
    }
}

#[tokio::test]
async fn a_ticket_runs_out_by_time_and_by_tries() {
    for world in World::each().await {
        world.person("steward1", Some("A1"), &[Role::Steward]).await;
        let cookie = world.sign_in("steward1").await;
        let (secret, _) = enrolled(&world, &cookie).await;
        world.clock.advance_s(60);
        let ticket = first_step(&world).await.value_of("ticket");
        for _ in 0..4 {
            assert_eq!(with_code(&world, &ticket, "000").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        assert_eq!(with_code(&world, &ticket, "000").await.status, StatusCode::GONE, "the fifth");
        let code = totp::code_at(&secret, unix_s(&world));
        assert_eq!(with_code(&world, &ticket, &code).await.status, StatusCode::GONE, "{}", world.name);
        let ticket = first_step(&world).await.value_of("ticket");
        world.clock.advance_s(300);
        let code = totp::code_at(&secret, unix_s(&world));
        assert_eq!(with_code(&world, &ticket, &code).await.status, StatusCode::GONE, "five minutes");
    }
}

#[tokio::test]
async fn the_secret_is_sealed_and_the_administrator_can_turn_it_off() {
    for world in World::each().await {
        let person = world.person("steward1", Some("A1"), &[Role::Steward]).await;
        let cookie = world.sign_in("steward1").await;
        let (secret, _) = enrolled(&world, &cookie).await;
        let rows = world.platform.db.query("SELECT totp FROM accounts_people", &[]).await.expect("read");
        let sealed = rows[0].bytes("totp").expect("a secret");
        assert!(!sealed.windows(secret.len()).any(|part| part == secret), "{}", world.name);
        ops::turn_off_of(&world.platform, &world.operator(), person.id).await.expect("off");
        assert_eq!(world.get("/account", &cookie).await.status, StatusCode::UNAUTHORIZED, "the sessions ended");
        world.sign_in("steward1").await;
    }
}
