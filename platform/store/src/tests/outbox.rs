//! The outbox: in order, with the transaction or not at all, each consumer at its own pace.

use serde_json::json;
use yiwang_kernel::{Error, Ref, Result};

use super::{ctx, stores};
use crate::Db;
use crate::outbox::{Event, advance, announce, behind, read};

fn event(number: u32) -> Event {
    let subject = Ref { noun: "catalogue.resource".into(), key: number.to_string() };
    Event { kind: "catalogue.published".into(), subject, body: json!({"number": number}) }
}

async fn announce_one(db: &Db, number: u32) -> Result<()> {
    let (ctx, event) = (&ctx(), &event(number));
    let ctx = &ctx.acting_as(yiwang_kernel::Actor::Stranger);
    db.tx(|tx| {
        Box::pin(async move {
            // Ids come from a repeatable source here, so they are made distinct by hand.
            let id = announce(tx, ctx, event).await?;
            let own = yiwang_seal::sha256(&number.to_be_bytes())[..16].to_vec();
            tx.execute("UPDATE store_outbox SET id = $1 WHERE id = $2", &[own.into(), id.into()]).await
        })
    })
    .await
    .map(drop)
}

#[tokio::test]
async fn consumers_read_in_order_and_keep_their_own_cursor() {
    for db in stores().await {
        for number in 0..5 {
            announce_one(&db, number).await.expect("announces");
        }
        let first = read(&db, "search", 3).await.expect("reads");
        let events: Vec<Event> = first.iter().map(|announced| announced.event.clone()).collect();
        assert_eq!(events, [event(0), event(1), event(2)], "{}", db.name);
        assert_eq!(first[0].at, ctx().now());
        let cursor = first[2].sequence;
        db.tx(|tx| Box::pin(advance(tx, "search", cursor))).await.expect("advances");
        let rest = read(&db, "search", 10).await.expect("reads");
        assert_eq!(rest.iter().map(|one| one.event.clone()).collect::<Vec<_>>(), [event(3), event(4)]);
        assert_eq!(read(&db, "facts", 10).await.expect("another consumer").len(), 5);
        db.tx(|tx| Box::pin(advance(tx, "search", 1))).await.expect("never backwards");
        assert_eq!((behind(&db, "search").await.expect("counts"), behind(&db, "facts").await.expect("counts")), (2, 5));
    }
}

#[tokio::test]
async fn what_is_rolled_back_was_never_announced() {
    for db in stores().await {
        let (ctx, event) = (&ctx(), &event(1));
        let outcome: Result<()> = db
            .tx(|tx| {
                Box::pin(async move {
                    announce(tx, ctx, event).await?;
                    Err(Error::refused("not-today"))
                })
            })
            .await;
        assert!(outcome.is_err());
        assert!(read(&db, "search", 10).await.expect("reads").is_empty(), "{}", db.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_never_passes_an_event_that_commits_late() {
    for db in stores().await {
        let writers: Vec<_> = (0..30)
            .map(|number| {
                let db = db.db.clone();
                tokio::spawn(async move { announce_one(&db, number).await })
            })
            .collect();
        let mut seen = Vec::new();
        while seen.len() < 30 {
            for announced in read(&db, "search", 7).await.expect("reads") {
                seen.push(announced.event.subject.key);
                let sequence = announced.sequence;
                db.tx(|tx| Box::pin(advance(tx, "search", sequence))).await.expect("advances");
            }
            tokio::task::yield_now().await;
        }
        for writer in writers {
            writer.await.expect("ends").expect("announces");
        }
        seen.sort_by_key(|key| key.parse::<u32>().expect("a number"));
        let all: Vec<String> = (0..30).map(|number: u32| number.to_string()).collect();
        assert_eq!(seen, all, "{}", db.name);
    }
}
