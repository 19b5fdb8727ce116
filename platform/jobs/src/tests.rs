//! What callers rely on, each on both databases: once per key, one node at a time, pauses that grow, an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use yiwang_kernel::{Actor, CivilDate, Ctx, Error, FixedClock, Id, PageRequest, Result, SeededRandom};
use yiwang_store::Db;
use yiwang_store::testing::{TestDb, databases};

use crate::{
    Handler, Job, MIGRATIONS, Order, Runner, Schedule, State, cancel, claim, counts, enqueue, enqueue_due, extend,
    fail, find, finish, list, prune, retry,
};

async fn queues() -> Vec<(TestDb, Ctx, Arc<FixedClock>)> {
    let noon = CivilDate::new(2026, 11, 22).expect("a day").start().plus_s(12 * 3600);
    let mut queues = Vec::new();
    for db in databases().await {
        db.migrate(MIGRATIONS).await.expect("migrates");
        let clock = Arc::new(FixedClock::at(noon));
        let ctx = Ctx::new(Actor::System("test"), clock.clone(), Arc::new(SeededRandom::new(5)));
        queues.push((db, ctx, clock));
    }
    queues
}

async fn order(db: &Db, ctx: &Ctx, order: &Order) -> Id {
    db.tx(|tx| Box::pin(async move { enqueue(tx, ctx, order).await })).await.expect("orders")
}

async fn load(db: &Db, ctx: &Ctx, key: &str) -> Id {
    order(db, ctx, &Order::new("collect.load", key, json!({"resource": key}))).await
}

async fn end(db: &Db, ctx: &Ctx, job: &Job, outcome: Result<()>) -> Result<()> {
    let outcome = &outcome;
    let ended = db.tx(|tx| {
        Box::pin(async move {
            match outcome {
                Ok(()) => finish(tx, ctx, job).await,
                Err(error) => fail(tx, ctx, job, error).await.map(drop),
            }
        })
    });
    ended.await
}

fn counting(count: &Arc<AtomicUsize>, outcome: impl Fn(&Job) -> Result<()> + Send + Sync + 'static) -> Handler {
    let (count, outcome) = (Arc::clone(count), Arc::new(outcome));
    Arc::new(move |_ctx, job| {
        count.fetch_add(1, Ordering::SeqCst);
        let outcome = Arc::clone(&outcome);
        Box::pin(async move { outcome(&job) })
    })
}

#[tokio::test]
async fn the_same_order_twice_is_one_job() {
    for (db, ctx, _) in queues().await {
        let first = load(&db, &ctx, "parking").await;
        assert_eq!(load(&db, &ctx, "parking").await, first, "{}", db.name);
        assert_ne!(load(&db, &ctx, "bridges").await, first);
        let job = find(&db, first).await.expect("finds");
        assert_eq!((job.state, job.body), (State::Waiting, json!({"resource": "parking"})));
    }
}

/// A clock that is a year ahead for a while, as a machine's is whose battery died.
#[tokio::test]
async fn work_ordered_or_begun_while_the_clock_was_ahead_is_done_when_it_is_back() {
    const YEAR_S: i64 = 365 * 24 * 3_600;
    for (db, ctx, clock) in queues().await {
        let later = Order { due_at: Some(ctx.now().plus_s(YEAR_S)), ..Order::new("collect.load", "later", json!({})) };
        let later = self::order(&db, &ctx, &later).await;
        for key in ["retried", "left"] {
            load(&db, &ctx, key).await;
        }
        clock.advance_s(YEAR_S - 60);
        let claimed = claim(&db, &ctx, &["collect.load"], 10).await.expect("claims");
        assert_eq!(claimed.len(), 2, "{}", db.name);
        let retried = claimed.iter().find(|job| job.key == "retried").expect("claimed");
        end(&db, &ctx, retried, Err(Error::Timeout)).await.expect("to be tried again");
        load(&db, &ctx, "ordered").await;
        clock.advance_s(60 - YEAR_S);
        let mut due = claim(&db, &ctx, &["collect.load"], 10).await.expect("claims");
        due.sort_by(|one, other| one.key.cmp(&other.key));
        let keys: Vec<&str> = due.iter().map(|job| job.key.as_str()).collect();
        assert_eq!(keys, ["left", "ordered", "retried"], "{}", db.name);
        assert_eq!(find(&db, later).await.expect("finds").state, State::Waiting, "what is for next year waits");
        assert!(claim(&db, &ctx, &["collect.load"], 10).await.expect("claims").is_empty(), "once");
    }
}

#[tokio::test]
async fn many_claimers_get_every_job_exactly_once() {
    for (db, ctx, _) in queues().await {
        for number in 0..40 {
            load(&db, &ctx, &number.to_string()).await;
        }
        let claimers = (0..8).map(|_| claim(&db, &ctx, &["collect.load"], 10));
        let claimed = futures::future::try_join_all(claimers).await.expect("claims");
        let mut keys: Vec<String> = claimed.concat().into_iter().map(|job| job.key).collect();
        keys.extend(claim(&db, &ctx, &["collect.load"], 100).await.expect("the rest").into_iter().map(|job| job.key));
        keys.sort_by_key(|key| key.parse::<u32>().expect("a number"));
        let all: Vec<String> = (0..40).map(|number| number.to_string()).collect();
        assert_eq!(keys, all, "{}", db.name);
    }
}

#[tokio::test]
async fn only_kinds_with_a_handler_are_claimed_and_only_when_due() {
    for (db, ctx, clock) in queues().await {
        load(&db, &ctx, "now").await;
        let later = Order { due_at: Some(ctx.now().plus_s(60)), ..Order::new("collect.load", "later", json!(null)) };
        order(&db, &ctx, &later).await;
        assert!(claim(&db, &ctx, &["search.index"], 10).await.expect("none").is_empty());
        let keys = |jobs: Vec<Job>| jobs.into_iter().map(|job| job.key).collect::<Vec<_>>();
        assert_eq!(keys(claim(&db, &ctx, &["search.index", "collect.load"], 10).await.expect("one")), ["now"]);
        clock.advance_s(60);
        assert_eq!(keys(claim(&db, &ctx, &["collect.load"], 10).await.expect("one")), ["later"]);
    }
}

#[tokio::test]
async fn a_job_whose_node_died_goes_to_another_which_alone_may_end_it() {
    for (db, ctx, clock) in queues().await {
        load(&db, &ctx, "a").await;
        let lost = claim(&db, &ctx, &["collect.load"], 1).await.expect("claims").remove(0);
        assert!(claim(&db, &ctx, &["collect.load"], 1).await.expect("leased").is_empty());
        clock.advance_s(100);
        extend(&db, &ctx, &lost).await.expect("still its own");
        clock.advance_s(100);
        assert!(claim(&db, &ctx, &["collect.load"], 1).await.expect("extended").is_empty());
        clock.advance_s(21);
        let taken = claim(&db, &ctx, &["collect.load"], 1).await.expect("claims").remove(0);
        assert_eq!(taken.attempts, 2);
        assert_eq!(end(&db, &ctx, &lost, Ok(())).await.expect_err("late").code(), "job-lost");
        assert_eq!(extend(&db, &ctx, &lost).await.expect_err("late").code(), "job-lost");
        end(&db, &ctx, &taken, Ok(())).await.expect("its own");
        assert_eq!(find(&db, taken.id).await.expect("finds").state, State::Succeeded, "{}", db.name);
    }
}

#[tokio::test]
async fn pauses_grow_until_the_job_fails_for_good_and_a_person_may_retry() {
    for (db, ctx, clock) in queues().await {
        let order_of_three = Order { attempts_max: 3, ..Order::new("collect.load", "a", json!(null)) };
        let id = order(&db, &ctx, &order_of_three).await;
        for pause_s in [10, 20] {
            let job = claim(&db, &ctx, &["collect.load"], 1).await.expect("claims").remove(0);
            end(&db, &ctx, &job, Err(Error::Timeout)).await.expect("fails");
            let job = find(&db, id).await.expect("finds");
            assert_eq!((job.state, job.due_at), (State::Retrying, ctx.now().plus_s(pause_s)));
            clock.advance_s(pause_s);
        }
        let job = claim(&db, &ctx, &["collect.load"], 1).await.expect("claims").remove(0);
        end(&db, &ctx, &job, Err(Error::Timeout)).await.expect("fails");
        let job = find(&db, id).await.expect("finds");
        assert_eq!((job.state, job.error.as_deref()), (State::Failed, Some("timeout")), "{}", db.name);
        db.tx(|tx| Box::pin(retry(tx, &ctx, id))).await.expect("begins anew");
        assert_eq!(claim(&db, &ctx, &["collect.load"], 1).await.expect("claims").remove(0).attempts, 1);
        let again = db.tx(|tx| Box::pin(retry(tx, &ctx, id))).await;
        assert_eq!(again.expect_err("it runs").code(), "job-not-failed");
    }
}

#[tokio::test]
async fn what_can_never_succeed_is_tried_once() {
    for (db, ctx, _) in queues().await {
        let id = load(&db, &ctx, "a").await;
        let job = claim(&db, &ctx, &["collect.load"], 1).await.expect("claims").remove(0);
        end(&db, &ctx, &job, Err(Error::invalid("file", "format-unknown"))).await.expect("fails");
        assert_eq!(find(&db, id).await.expect("finds").state, State::Failed, "{}", db.name);
    }
}

#[tokio::test]
async fn the_runner_survives_handlers_that_fail_and_break_off() {
    for (db, ctx, _) in queues().await {
        for key in ["good", "bad", "broken"] {
            load(&db, &ctx, key).await;
        }
        let count = Arc::new(AtomicUsize::new(0));
        let handler = counting(&count, |job| match job.key.as_str() {
            "bad" => Err(Error::Timeout),
            "broken" => panic!("a handler breaks off"),
            _ => Ok(()),
        });
        let runner = Runner::new(db.db.clone(), 2).with("collect.load", handler);
        assert_eq!(runner.run_due(&ctx).await.expect("runs"), 3);
        assert_eq!(count.load(Ordering::SeqCst), 3);
        let mut counted = counts(&db).await.expect("counts");
        counted.sort_by_key(|(state, _)| state.word());
        assert_eq!(counted, [(State::Retrying, 2), (State::Succeeded, 1)], "{}", db.name);
    }
}

#[tokio::test]
async fn a_served_queue_stops_when_told_and_finishes_what_runs() {
    for (db, ctx, _) in queues().await {
        let id = load(&db, &ctx, "a").await;
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let stop = Arc::new(stop);
        let handler: Handler = Arc::new(move |_ctx, _job| {
            let stop = Arc::clone(&stop);
            Box::pin(async move {
                stop.send_replace(true);
                tokio::task::yield_now().await;
                Ok(())
            })
        });
        Runner::new(db.db.clone(), 2).with("collect.load", handler).serve(&ctx, stopped).await;
        assert_eq!(find(&db, id).await.expect("finds").state, State::Succeeded, "{}", db.name);
    }
}

#[tokio::test]
async fn a_round_is_ordered_once_and_not_before_its_time() {
    for (db, ctx, clock) in queues().await {
        let schedules = [
            ("catalogue.nightly", Schedule::Daily { hour: 13, minute: 30 }),
            ("ledger.epoch", Schedule::Every { seconds: 600 }),
        ];
        let kinds = ["catalogue.nightly", "ledger.epoch"];
        let mut seen = Vec::new();
        for _ in 0..(24 * 6) {
            enqueue_due(&db, &ctx, &schedules).await.expect("orders");
            enqueue_due(&db, &ctx, &schedules).await.expect("orders once");
            for job in claim(&db, &ctx, &kinds, 10).await.expect("claims") {
                end(&db, &ctx, &job, Ok(())).await.expect("ends");
                seen.push((job.kind, ctx.now().minute()));
            }
            clock.advance_s(600);
        }
        let nightly: Vec<_> = seen.iter().filter(|(kind, _)| kind == "catalogue.nightly").collect();
        assert_eq!(nightly, [&("catalogue.nightly".to_owned(), "2026-11-22 13:30".to_owned())], "{}", db.name);
        assert_eq!(seen.len() - 1, 24 * 6);
    }
}

#[tokio::test]
async fn lists_page_through_all_jobs_newest_first() {
    for (db, ctx, clock) in queues().await {
        for number in 0..7 {
            load(&db, &ctx, &number.to_string()).await;
            clock.advance_s(number % 2);
        }
        let mut keys = Vec::new();
        let mut page = PageRequest { rows: Some(3), after: None };
        loop {
            let listed = list(&db, Some(State::Waiting), &page).await.expect("lists");
            assert_eq!(listed.total, 7);
            keys.extend(listed.rows.into_iter().map(|job| job.key));
            match listed.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        keys.sort();
        assert_eq!(keys, ["0", "1", "2", "3", "4", "5", "6"], "{}", db.name);
        assert_eq!(list(&db, Some(State::Failed), &PageRequest::default()).await.expect("lists").total, 0);
    }
}

#[tokio::test]
async fn what_has_not_begun_can_be_taken_back_and_what_ended_long_ago_goes() {
    for (db, ctx, clock) in queues().await {
        let [taken_back, ended] = [load(&db, &ctx, "a").await, load(&db, &ctx, "b").await];
        db.tx(|tx| Box::pin(cancel(tx, taken_back))).await.expect("takes back");
        assert_eq!(find(&db, taken_back).await.expect_err("gone").status(), 404);
        let job = claim(&db, &ctx, &["collect.load"], 1).await.expect("claims").remove(0);
        let late = db.tx(|tx| Box::pin(cancel(tx, ended))).await;
        assert_eq!(late.expect_err("it runs").code(), "job-begun");
        assert!(!job.is_backlog(ctx.now().plus_s(10_000)), "a running job is no backlog");
        end(&db, &ctx, &job, Ok(())).await.expect("ends");
        assert_eq!(prune(&db, ctx.now()).await.expect("not yet"), 0);
        clock.advance_s(1);
        assert_eq!(prune(&db, ctx.now()).await.expect("one"), 1, "{}", db.name);
    }
}
