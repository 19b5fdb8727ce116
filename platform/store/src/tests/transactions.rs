//! Transactions: all or nothing, nothing lost between concurrent ones, repeated when they met another.

use std::sync::atomic::{AtomicU32, Ordering};

use yiwang_kernel::{Error, Result};

use super::stores;
use crate::{Db, Value};

async fn add_part(db: &Db, name: &str) {
    db.execute("INSERT INTO things (id) VALUES ($1) ON CONFLICT (id) DO NOTHING", &[vec![1u8].into()])
        .await
        .expect("inserts");
    let row = [name.into(), vec![1u8].into()];
    db.execute("INSERT INTO things_parts (name, thing) VALUES ($1, $2)", &row).await.expect("inserts");
}

async fn amount(db: &Db, name: &str) -> i64 {
    let row = db.query_one("SELECT amount FROM things_parts WHERE name = $1", &[name.into()]).await;
    row.expect("reads").expect("a row").int("amount").expect("an amount")
}

/// Reads, then writes what it read plus one: loses updates wherever transactions are not apart.
async fn increment(db: &Db, name: &str) -> Result<()> {
    let work = db.tx(|tx| {
        Box::pin(async move {
            let row = tx.query_one("SELECT amount FROM things_parts WHERE name = $1", &[name.into()]).await?;
            let amount = row.ok_or_else(|| Error::broken("no row"))?.int("amount")?;
            tokio::task::yield_now().await;
            let row = [name.into(), (amount + 1).into()];
            tx.execute("UPDATE things_parts SET amount = $2 WHERE name = $1", &row).await
        })
    });
    work.await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_increments_lose_nothing() {
    for db in stores().await {
        add_part(&db, "a").await;
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let db = db.db.clone();
                tokio::spawn(async move { increment(&db, "a").await })
            })
            .collect();
        for task in tasks {
            task.await.expect("ends").expect("increments");
        }
        assert_eq!(amount(&db, "a").await, 50, "{}", db.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_met_another_runs_again() {
    let stores = stores().await;
    let db = stores.iter().find(|db| db.name == "postgres").expect("PostgreSQL");
    add_part(db, "a").await;
    let runs = AtomicU32::new(0);
    let (runs, other) = (&runs, &db.db);
    let outcome = db.tx(|tx| {
        Box::pin(async move {
            let row = tx.query_one("SELECT amount FROM things_parts WHERE name = 'a'", &[]).await?;
            let amount = row.ok_or_else(|| Error::broken("no row"))?.int("amount")?;
            if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                increment(other, "a").await?;
            }
            tx.execute("UPDATE things_parts SET amount = $1 WHERE name = 'a'", &[(amount + 10).into()]).await
        })
    });
    outcome.await.expect("the second run");
    assert_eq!((runs.load(Ordering::SeqCst), amount(db, "a").await), (2, 11));
}

#[tokio::test]
async fn an_error_undoes_everything() {
    for db in stores().await {
        add_part(&db, "a").await;
        let outcome: Result<()> = db
            .tx(|tx| {
                Box::pin(async move {
                    tx.execute("UPDATE things_parts SET amount = 5", &[]).await?;
                    Err(Error::refused("not-today"))
                })
            })
            .await;
        assert_eq!(outcome.expect_err("refused").code(), "not-today");
        assert_eq!(amount(&db, "a").await, 0, "{}", db.name);
    }
}

#[tokio::test]
async fn a_failed_statement_ends_the_transaction_even_when_the_work_goes_on() {
    for db in stores().await {
        add_part(&db, "a").await;
        let outcome = db
            .tx(|tx| {
                Box::pin(async move {
                    tx.execute("UPDATE things_parts SET amount = 5", &[]).await?;
                    let row = [vec![1u8].into()];
                    let taken = tx.execute("INSERT INTO things_parts (name, thing) VALUES ('a', $1)", &row).await;
                    assert!(taken.is_err());
                    assert!(tx.query("SELECT name FROM things_parts", &[]).await.is_err(), "no statement after it");
                    Ok(())
                })
            })
            .await;
        assert_eq!(outcome.expect_err("undone").code(), "exists", "{}", db.name);
        assert_eq!(amount(&db, "a").await, 0);
    }
}

#[tokio::test]
async fn constraint_violations_say_which_and_where() {
    for db in stores().await {
        add_part(&db, "a").await;
        let code_and_table = |error: Error| {
            let detail = error.detail().cloned().expect("a detail");
            (error.status(), detail.code, detail.args.first().cloned())
        };
        let twice = db.execute("INSERT INTO things_parts (name, thing) VALUES ('a', $1)", &[vec![1u8].into()]).await;
        let expected = (409, "exists", Some(("table", "things_parts".to_owned())));
        assert_eq!(code_and_table(twice.expect_err("taken")), expected, "{}", db.name);
        let orphan = db.execute("INSERT INTO things_parts (name, thing) VALUES ('b', $1)", &[vec![9u8].into()]).await;
        assert_eq!(code_and_table(orphan.expect_err("no such thing")).1, "referenced", "{}", db.name);
        let used = db.execute("DELETE FROM things WHERE id = $1", &[vec![1u8].into()]).await;
        assert_eq!(code_and_table(used.expect_err("used")).1, "referenced", "{}", db.name);
        let ignored = "INSERT INTO things_parts (name, thing) VALUES ('a', $1) ON CONFLICT (name) DO NOTHING";
        assert_eq!(db.execute(ignored, &[vec![1u8].into()]).await.expect("ignored"), 0);
    }
}

#[tokio::test]
async fn reading_connections_cannot_write() {
    for db in stores().await {
        let write = db.query("INSERT INTO things (id) VALUES ($1) RETURNING id", &[vec![7u8].into()]).await;
        assert!(write.is_err(), "{}", db.name);
        let in_tx = db.tx(|tx| {
            Box::pin(
                async move { tx.query("INSERT INTO things (id) VALUES ($1) RETURNING id", &[vec![7u8].into()]).await },
            )
        });
        assert_eq!(in_tx.await.expect("writes").len(), 1);
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_nothing_behind() {
    for db in stores().await {
        add_part(&db, "a").await;
        let half = db.tx(|tx| {
            Box::pin(async move {
                tx.execute("UPDATE things_parts SET amount = 5", &[]).await?;
                std::future::pending::<Result<()>>().await
            })
        });
        let enough = async {
            // Until the update has run and the transaction stands open.
            for _ in 0..2000 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! { biased; _ = half => {}, () = enough => {} }
        increment(&db, "a").await.expect("the writer is free");
        assert_eq!(amount(&db, "a").await, 1, "{}", db.name);
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_between_two_others_leaves_nothing_in_their_commit() {
    for db in stores().await {
        add_part(&db, "kept").await;
        add_part(&db, "left").await;
        let mut kept = Box::pin(increment(&db, "kept"));
        let left = db.tx(|tx| {
            Box::pin(async move {
                tx.execute("UPDATE things_parts SET amount = 5 WHERE name = 'left'", &[]).await?;
                std::future::pending::<Result<()>>().await
            })
        });
        let mut left = Box::pin(left);
        let mut outcome = None;
        for _ in 0..3000 {
            if outcome.is_none()
                && let std::task::Poll::Ready(ended) = futures::poll!(&mut kept)
            {
                outcome = Some(ended);
            }
            assert!(futures::poll!(&mut left).is_pending());
            tokio::task::yield_now().await;
        }
        drop(left);
        match outcome {
            Some(outcome) => outcome.expect("increments"),
            None => kept.await.expect("commits once the other is gone"),
        }
        assert_eq!((amount(&db, "kept").await, amount(&db, "left").await), (1, 0), "{}", db.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_transaction_takes_no_other_with_it() {
    for db in stores().await {
        add_part(&db, "a").await;
        let tasks: Vec<_> = (0..60)
            .map(|number: u32| {
                let db = db.db.clone();
                tokio::spawn(async move {
                    if number.is_multiple_of(3) {
                        let row = ["a".into(), vec![1u8].into()];
                        let taken = db.execute("INSERT INTO things_parts (name, thing) VALUES ($1, $2)", &row).await;
                        assert_eq!(taken.expect_err("taken").code(), "exists");
                    } else {
                        let row: [Value; 2] = [format!("p{number}").into(), vec![1u8].into()];
                        db.execute("INSERT INTO things_parts (name, thing) VALUES ($1, $2)", &row).await.expect("kept");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("as expected");
        }
        let count = db.query_one("SELECT count(*) AS n FROM things_parts", &[]).await.expect("counts").expect("a row");
        assert_eq!(count.int("n").expect("n"), 41, "{}", db.name);
    }
}

#[tokio::test]
async fn a_snapshot_is_a_store_of_its_own() {
    let db = crate::testing::sqlite().await;
    db.migrate(&[super::THINGS]).await.expect("migrates");
    add_part(&db, "a").await;
    let path = db.directory().expect("a directory").join("snapshot.db");
    db.snapshot_to(&path, &[]).await.expect("copies");
    increment(&db, "a").await.expect("goes on");
    let copy = Db::open(&format!("sqlite:{}", path.display())).await.expect("opens");
    assert_eq!(amount(&copy, "a").await, 0);
    assert!(db.snapshot_to(&path, &[]).await.is_err(), "never over a file that is there");
}

#[tokio::test]
async fn the_location_shows_no_password() {
    let db = crate::testing::postgres().await;
    let url = db.url.replacen("postgres@", "postgres:a-secret@", 1);
    let location = Db::open(&url).await.expect("opens").location();
    assert!(location.starts_with("postgres://") && !location.contains("secret"), "{location}");
    assert_eq!(Db::open("mysql://x").await.err().expect("refused").code(), "store-address");
}
