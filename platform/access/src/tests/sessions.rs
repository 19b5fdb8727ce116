//! Sessions on both databases: tokens change at sign-in, end in time, are revoked at once here and soon elsewhere.

use std::sync::Arc;

use yiwang_kernel::{Account, Ctx, Face, FixedClock, Id, Role};
use yiwang_store::testing::{TestDb, databases};

use super::ctx_and_clock;
use crate::{IDLE_S, INSIDE_WHOLE_S, MIGRATIONS, PUBLIC_WHOLE_S, SESSIONS_PER_ACCOUNT_MAX, Sessions, Token};

const HOUR_S: i64 = 3600;

struct Bench {
    db: TestDb,
    sessions: Sessions,
    ctx: Ctx,
    clock: Arc<FixedClock>,
}

async fn benches() -> Vec<Bench> {
    let mut benches = Vec::new();
    for db in databases().await {
        db.migrate(MIGRATIONS).await.expect("migrates");
        let (ctx, clock) = ctx_and_clock();
        benches.push(Bench { sessions: Sessions::new(db.db.clone()), db, ctx, clock });
    }
    benches
}

impl Bench {
    fn account(&self, roles: &[Role]) -> Account {
        let department = Some("A".to_owned());
        Account { id: Id::new(&self.ctx), name: "steward".to_owned(), department, roles: roles.to_vec() }
    }

    async fn start(&self, account: &Account) -> Token {
        self.sessions.start(&self.ctx, account, None, None).await.expect("starts").0
    }

    async fn alive(&self, token: &Token) -> bool {
        self.sessions.find(&self.ctx, token).await.expect("asks").is_some()
    }

    async fn end_all(&self, sessions: &Sessions, account: &Account) {
        let id = account.id;
        self.db.tx(|tx| Box::pin(async move { sessions.end_all(tx, id).await })).await.expect("ends");
        sessions.forget_account(id);
    }
}

#[tokio::test]
async fn a_session_carries_its_account_and_the_store_no_token() {
    for bench in benches().await {
        let account = bench.account(&[Role::Steward, Role::Lead]);
        let token = bench.start(&account).await;
        let found = bench.sessions.find(&bench.ctx, &token).await.expect("asks").expect("alive");
        assert_eq!(found.account, account);
        let rows = bench.db.query("SELECT token_hash, roles FROM access_sessions", &[]).await.expect("reads");
        assert_eq!(rows.len(), 1);
        assert_ne!(yiwang_seal::hex(&rows[0].bytes("token_hash").expect("bytes")), token.as_str());
        let other = Token::new(&bench.ctx);
        assert!(!bench.alive(&other).await);
        assert!(Token::parse("../../etc").is_none());
    }
}

#[tokio::test]
async fn a_sign_in_never_keeps_the_token_it_came_with() {
    for bench in benches().await {
        let account = bench.account(&[Role::Clerk]);
        let planted = bench.start(&account).await;
        assert!(bench.alive(&planted).await);
        let victim = bench.account(&[Role::Clerk]);
        let (fresh, _) = bench.sessions.start(&bench.ctx, &victim, Some(&planted), None).await.expect("starts");
        assert!(fresh != planted);
        assert!(!bench.alive(&planted).await, "{}: the old token is dead at once", bench.db.name);
        assert!(bench.alive(&fresh).await);
    }
}

#[tokio::test]
async fn a_staff_session_ends_when_idle_and_at_last_even_in_use() {
    for bench in benches().await {
        let token = bench.start(&bench.account(&[Role::Steward])).await;
        for _ in 0..INSIDE_WHOLE_S / (11 * HOUR_S) {
            bench.clock.advance_s(11 * HOUR_S);
            assert!(bench.alive(&token).await, "used within the idle time");
        }
        bench.clock.advance_s(11 * HOUR_S);
        assert!(!bench.alive(&token).await, "over the whole time");
        let until = Some(bench.ctx.now().plus_s(HOUR_S));
        let lent = bench.sessions.start(&bench.ctx, &bench.account(&[Role::Clerk]), None, until).await;
        bench.clock.advance_s(HOUR_S);
        assert!(!bench.alive(&lent.expect("starts").0).await, "the loan of its roles is over");
        let idle = bench.start(&bench.account(&[Role::Steward])).await;
        bench.clock.advance_s(IDLE_S);
        assert!(!bench.alive(&idle).await);
        assert!(bench.sessions.sweep(&bench.ctx).await.expect("sweeps") >= 1);
    }
}

#[tokio::test]
async fn a_session_begun_while_the_clock_was_ahead_does_not_outlive_it() {
    for bench in benches().await {
        let before = bench.start(&bench.account(&[Role::Steward])).await;
        bench.clock.advance_s(2 * HOUR_S);
        let ahead = bench.start(&bench.account(&[Role::Steward])).await;
        assert!(bench.alive(&ahead).await);
        bench.clock.advance_s(-2 * HOUR_S);
        assert!(!bench.alive(&ahead).await, "{}", bench.db.name);
        assert!(bench.alive(&before).await, "one begun before is as good as it was");
    }
}

#[tokio::test]
async fn only_a_resident_on_the_public_face_has_a_long_session() {
    for bench in benches().await {
        let mut public = bench.ctx.clone();
        public.face = Face::Public;
        for (ctx, roles, lasts_s) in [
            (&public, &[Role::Resident][..], PUBLIC_WHOLE_S),
            (&public, &[Role::Resident, Role::Steward], IDLE_S),
            (&public, &[], IDLE_S),
            (&bench.ctx, &[Role::Resident], IDLE_S),
        ] {
            let (_, session) = bench.sessions.start(ctx, &bench.account(roles), None, None).await.expect("starts");
            assert_eq!(session.ends, session.started.plus_s(lasts_s), "{roles:?}");
        }
    }
}

#[tokio::test]
async fn an_ended_session_is_dead_at_once_here_and_within_a_minute_elsewhere() {
    for bench in benches().await {
        let elsewhere = Sessions::new(bench.db.db.clone());
        let account = bench.account(&[Role::Steward]);
        let (one, two) = (bench.start(&account).await, bench.start(&account).await);
        assert!(elsewhere.find(&bench.ctx, &two).await.expect("asks").is_some());
        assert_eq!(bench.sessions.list(&bench.ctx, account.id).await.expect("lists").len(), 2);
        bench.sessions.end(&one).await.expect("ends");
        assert!(!bench.alive(&one).await);
        assert!(bench.alive(&two).await);
        bench.end_all(&bench.sessions, &account).await;
        assert!(!bench.alive(&two).await);
        bench.clock.advance_s(60);
        assert!(elsewhere.find(&bench.ctx, &two).await.expect("asks").is_none());
    }
}

#[tokio::test]
async fn an_account_holds_a_bounded_number_of_sessions() {
    for bench in benches().await {
        let account = bench.account(&[Role::Steward]);
        let first = bench.start(&account).await;
        for _ in 0..SESSIONS_PER_ACCOUNT_MAX {
            bench.clock.advance_s(1);
            bench.start(&account).await;
        }
        bench.clock.advance_s(60);
        assert!(!bench.alive(&first).await, "the oldest made room");
        let listed = bench.sessions.list(&bench.ctx, account.id).await.expect("lists");
        assert_eq!(listed.len(), SESSIONS_PER_ACCOUNT_MAX);
    }
}

#[test]
fn a_form_token_fits_only_its_own_cookie() {
    let (ctx, _) = ctx_and_clock();
    let (mine, yours) = (Token::new(&ctx), Token::new(&ctx));
    assert!(mine.csrf_check(&mine.csrf_token()).is_ok());
    assert!(mine.csrf_check(&yours.csrf_token()).is_err());
    assert!(mine.csrf_check("").is_err());
    assert!(mine.csrf_check(mine.as_str()).is_err());
}
