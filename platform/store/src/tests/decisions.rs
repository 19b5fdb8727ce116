//! Ledger requests: with the decision or not at all, each until its entry stands, none while the door is shut.

use yiwang_kernel::{Actor, Ctx, Error, Id, Result};

use super::stores;
use crate::Db;
use crate::decisions::{Decision, acknowledge, backlog, decide, is_waiting, waiting};

fn ctx() -> Ctx {
    Ctx::system(Actor::Operator { reason: "a test".to_owned() })
}

async fn decide_one(db: &Db, ctx: &Ctx, about: &str) -> Result<Id> {
    let id = Id::new(ctx);
    let decision = &Decision::new("things.kept", about).naming(["name", "phone"]).on(Some("Art. 3".to_owned()));
    db.tx(|tx| Box::pin(decide(tx, ctx, id, decision))).await.map(|()| id)
}

#[tokio::test]
async fn a_request_waits_until_it_is_acknowledged() {
    for db in stores().await {
        let ctx = &ctx();
        assert!(!ctx.has_decided());
        let (first, second) = (decide_one(&db, ctx, "a").await, decide_one(&db, ctx, "b").await);
        let (first, second) = (first.expect("decided"), second.expect("decided"));
        assert!(ctx.has_decided());
        db.decision_made().await;
        let found = waiting(&db, 0, 10).await.expect("reads");
        assert_eq!(found.iter().map(|request| request.id).collect::<Vec<_>>(), [first, second], "{}", db.name);
        let request = &found[0];
        assert_eq!(request.who, "operator");
        let wanted = Decision::new("things.kept", "a").naming(["name", "phone"]).on(Some("Art. 3".to_owned()));
        assert_eq!(request.decision, wanted.because("a test"), "an operator's reason is the decision's");
        let standing = backlog(&db).await.expect("counts");
        assert_eq!((standing.count, standing.oldest), (2, Some(request.at)));
        acknowledge(&db, &[request.sequence]).await.expect("taken away");
        assert!(!is_waiting(&db, first).await.expect("reads") && is_waiting(&db, second).await.expect("reads"));
        assert_eq!(backlog(&db).await.expect("counts").count, 1, "{}", db.name);
    }
}

#[tokio::test]
async fn what_is_rolled_back_was_never_decided() {
    for db in stores().await {
        let ctx = &ctx();
        let outcome: Result<()> = db
            .tx(|tx| {
                Box::pin(async move {
                    decide(tx, ctx, Id::new(ctx), &Decision::new("things.kept", "a")).await?;
                    Err(Error::refused("not-today"))
                })
            })
            .await;
        assert!(outcome.is_err());
        assert_eq!(backlog(&db).await.expect("counts").count, 0, "{}", db.name);
    }
}

#[tokio::test]
async fn while_the_door_is_shut_nothing_is_decided_and_nothing_changes() {
    for db in stores().await {
        let ctx = &ctx();
        db.shut_decisions(true);
        let refused: Result<()> = db
            .tx(|tx| {
                Box::pin(async move {
                    tx.execute("INSERT INTO things (id) VALUES ($1)", &[vec![7u8].into()]).await?;
                    decide(tx, ctx, Id::new(ctx), &Decision::new("things.kept", "a")).await
                })
            })
            .await;
        assert_eq!(refused.expect_err("shut").code(), "ledger-behind", "{}", db.name);
        assert!(db.query("SELECT id FROM things", &[]).await.expect("reads").is_empty());
        db.shut_decisions(false);
        decide_one(&db, ctx, "a").await.expect("open again");
    }
}
