//! Decisions on their way to the ledger: each once, also after a kill between the two; none while the ledger is behind.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use http::StatusCode;
use http::header::{CONTENT_TYPE, COOKIE};
use tokio::sync::watch;
use yiwang_kernel::{Actor, Ctx, Id, PageRequest, Role, SystemClock};
use yiwang_ledger::{Common, Entry, Filter, Kind, Ledger, Options};
use yiwang_seal::MasterKey;
use yiwang_store::decisions::{Decision, decide};
use yiwang_store::{Db, MIGRATIONS};

use super::world::{World, cookie};
use super::{call, json};
use crate::{Faces, Relay};

const STORE_OF_CHILD: &str = "YIWANG_TEST_CHILD_STORE";
const LEDGER_OF_CHILD: &str = "YIWANG_TEST_CHILD_LEDGER";
const KEY_OF_CHILD: &str = "YIWANG_TEST_CHILD_KEY";
/// Set: the child enters what it decided and never takes the request away.
const HALF_OF_CHILD: &str = "YIWANG_TEST_CHILD_HALF";
const DECIDED_BEFORE_KILL: usize = 40;

async fn decide_one(db: &Db, ctx: &Ctx, about: &str) -> Id {
    let id = Id::new(ctx);
    let decision = &Decision::new("notes.kept", about).because("a test").naming(["title"]);
    db.tx(|tx| Box::pin(decide(tx, ctx, id, decision))).await.expect("decided");
    id
}

/// The decisions in the ledger.
async fn entered(ledger: &Ledger) -> Vec<(Id, Common)> {
    let filter = Filter { kind: Some(Kind::Decision), ..Filter::default() };
    let one = |logged: yiwang_ledger::Logged| {
        let event = logged.header.event.expect("a decision has its event");
        (Id::from_bytes(&event).expect("an id"), logged.common.expect("a kept key"))
    };
    let (mut found, mut request) = (Vec::new(), PageRequest::default());
    loop {
        let page = ledger.read(filter.clone(), request).await.expect("entries");
        found.extend(page.rows.into_iter().map(one));
        match page.next {
            Some(next) => request = PageRequest { rows: None, after: Some(next) },
            None => return found,
        }
    }
}

#[tokio::test]
async fn a_decision_is_entered_once_with_who_what_and_why() {
    for world in World::each(Faces::Both).await {
        let platform = &world.platform;
        let ctx = &platform.ctx(Actor::Operator { reason: "by hand".to_owned() });
        let id = decide_one(&platform.db, ctx, "n7").await;
        assert!(platform.relay.is_waiting(id).await.expect("asked") && platform.ledger.decision(id).is_none());
        let decided = ctx.now();
        world.clock.advance_s(5);
        assert_eq!(platform.relay.drain().await.expect("entered"), 1);
        assert_eq!(platform.relay.drain().await.expect("nothing left"), 0);
        assert!(!platform.relay.is_waiting(id).await.expect("asked"));
        let found = entered(&platform.ledger).await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, id);
        let wanted = Common {
            who: "operator".to_owned(),
            purpose: "decision".to_owned(),
            why: "a test".to_owned(),
            resource: Some("n7".to_owned()),
            fields: vec!["title".to_owned()],
            act: Some("notes.kept".to_owned()),
            decided: Some(decided.micros()),
            ..Common::default()
        };
        assert_eq!(found[0].1, wanted);
    }
}

#[tokio::test]
async fn what_was_entered_but_not_acknowledged_is_not_entered_again() {
    for world in World::each(Faces::Both).await {
        let platform = &world.platform;
        let ctx = &platform.ctx(Actor::System("test"));
        let id = decide_one(&platform.db, ctx, "n7").await;
        let entry = Entry::decision(Common::of(&ctx.actor, "decision"));
        let first = platform.ledger.append_idempotent(id, entry).await.expect("entered");
        platform.relay.drain().await.expect("goes on");
        assert_eq!(platform.ledger.decision(id), Some(first.index));
        assert_eq!(entered(&platform.ledger).await.len(), 1);
        assert_eq!(platform.relay.backlog().await.expect("asked").count, 0);
    }
}

#[tokio::test]
async fn a_route_that_decides_leaves_one_entry_and_a_refused_one_none() {
    for world in World::each(Faces::Both).await {
        let steward = world.sign_in(Role::Steward).await;
        let stamp = async |how: &str| {
            let request = call("/desk/stamp").method("POST").header(COOKIE, cookie(&steward));
            let body = format!("{{\"how\":\"{how}\"}}");
            world.ask(request.header(CONTENT_TYPE, "application/json"), body).await.status()
        };
        assert_eq!(stamp("refused").await, StatusCode::CONFLICT);
        assert!(world.acts().await.is_empty(), "nothing was decided");
        assert_eq!(stamp("yes").await, StatusCode::OK);
        assert_eq!(world.acts().await, ["notes.stamped"]);
        assert_eq!(stamp("nothing").await, StatusCode::OK);
        assert_eq!(world.acts().await, ["notes.stamped", "notes.stamped"], "the act itself is entered");
    }
}

#[tokio::test]
async fn nothing_is_decided_while_the_ledger_is_too_far_behind() {
    for world in World::each(Faces::Both).await {
        let platform = &world.platform;
        let steward = world.sign_in(Role::Steward).await;
        let stamp = async || {
            let request = call("/desk/stamp?lang=en").method("POST").header(COOKIE, cookie(&steward));
            world.ask(request.header(CONTENT_TYPE, "application/json"), "{\"how\":\"yes\"}").await
        };
        let ctx = &platform.ctx(Actor::System("test"));
        decide_one(&platform.db, ctx, "late").await;
        world.clock.advance_s(11);
        platform.relay.judge().await.expect("judged");
        let refused = stamp().await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(json(refused).await["code"], "ledger-behind");
        platform.relay.drain().await.expect("caught up");
        assert_eq!(stamp().await.status(), StatusCode::OK);
        platform.relay.drain().await.expect("entered");
        let many = (0..1_001).map(|number| Decision::new("notes.kept", number.to_string()));
        let many = &many.collect::<Vec<_>>();
        let made = platform.db.tx(|tx| {
            Box::pin(async move {
                for decision in many {
                    decide(tx, ctx, Id::new(ctx), decision).await?;
                }
                Ok(())
            })
        });
        made.await.expect("decided");
        platform.relay.judge().await.expect("judged");
        assert_eq!(stamp().await.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(platform.relay.drain().await.expect("caught up"), 1_001);
        assert_eq!(stamp().await.status(), StatusCode::OK);
    }
}

/// The child's work when this test is run by its parent; nothing to do otherwise.
#[test]
fn the_child_decides_until_it_is_killed() {
    let Ok(url) = std::env::var(STORE_OF_CHILD) else { return };
    let set = |name: &str| std::env::var(name).expect("set by the parent");
    let master = MasterKey::parse(&set(KEY_OF_CHILD)).expect("a key");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let db = Db::open(&url).await.expect("opens");
        let ledger = open(Path::new(&set(LEDGER_OF_CHILD)), &master);
        let ctx = &Ctx::system(Actor::System("test"));
        let half = std::env::var(HALF_OF_CHILD).is_ok();
        let relay = Relay::new(db.clone(), ledger.clone(), Arc::new(SystemClock));
        let (_stop, stopping) = watch::channel(false);
        let serving = async { if half { std::future::pending().await } else { relay.serve(stopping).await } };
        let deciding = async |worker: u32| {
            for number in 0u32.. {
                let id = decide_one(&db, ctx, &format!("{worker}-{number}")).await;
                if half {
                    let entry = Entry::decision(Common::of(&ctx.actor, "decision"));
                    ledger.append_idempotent(id, entry).await.expect("entered");
                }
                let mut out = std::io::stdout().lock();
                writeln!(out, "decided {id}").and_then(|()| out.flush()).expect("the parent reads");
            }
        };
        futures::join!(serving, deciding(1), deciding(2), deciding(3));
    });
}

#[tokio::test]
async fn every_decision_is_entered_once_whenever_the_process_is_killed() {
    for (round, half) in [false, true].into_iter().enumerate() {
        for db in yiwang_store::testing::databases().await {
            db.migrate(MIGRATIONS).await.expect("tables");
            let home = tempfile::tempdir().expect("a directory");
            let (dir, master) = (home.path().join("ledger"), MasterKey::generate());
            let decided = run_and_kill(&db.url, &dir, &master, half);
            let again = Db::open(&db.url).await.expect("opens after the kill");
            let ledger = open(&dir, &master);
            let relay = Relay::new(again, ledger.clone(), Arc::new(SystemClock));
            relay.drain().await.expect("what waited is entered");
            let ids: Vec<Id> = decided.iter().map(|id| id.parse().expect("an id")).collect();
            let missing: Vec<&Id> = ids.iter().filter(|id| ledger.decision(**id).is_none()).collect();
            assert!(missing.is_empty(), "{} {round}: decided and not entered: {missing:?}", db.name);
            let entries = entered(&ledger).await;
            let mut distinct: Vec<Id> = entries.iter().map(|(id, _)| *id).collect();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), entries.len(), "{} {round}: an entry stands twice", db.name);
            assert_eq!(relay.backlog().await.expect("asked").count, 0);
            assert!(ledger.verify(Vec::new()).await.expect("readable").is_whole());
        }
    }
}

fn open(dir: &Path, master: &MasterKey) -> Ledger {
    Ledger::open(dir, master, Arc::new(SystemClock), Options::small("test/ledger")).expect("a whole log opens")
}

/// Lets a child decide, kills it in the middle; the ids it said were decided.
fn run_and_kill(url: &str, ledger: &Path, master: &MasterKey, half: bool) -> Vec<String> {
    std::fs::create_dir_all(ledger).expect("a directory");
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    command
        .args(["--exact", "tests::relay::the_child_decides_until_it_is_killed", "--nocapture"])
        .env(STORE_OF_CHILD, url)
        .env(LEDGER_OF_CHILD, ledger)
        .env(KEY_OF_CHILD, master.to_text().as_str())
        .stdout(Stdio::piped());
    if half {
        command.env(HALF_OF_CHILD, "1");
    }
    let mut child = command.spawn().expect("a child");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut next = || loop {
        let line = lines.next()?.ok()?;
        if let Some((_, id)) = line.split_once("decided ") {
            return Some(id.to_owned());
        }
    };
    let mut decided: Vec<String> = std::iter::from_fn(&mut next).take(DECIDED_BEFORE_KILL).collect();
    assert_eq!(decided.len(), DECIDED_BEFORE_KILL, "the child ended by itself");
    child.kill().expect("kills");
    child.wait().expect("is gone");
    decided.extend(std::iter::from_fn(&mut next));
    decided
}
