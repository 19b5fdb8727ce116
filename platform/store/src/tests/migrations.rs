//! Migrations apply once, in order, and are never changed.

use super::{THINGS, stores};
use crate::testing::databases;
use crate::{Db, Migration};

#[tokio::test]
async fn each_applies_once() {
    for db in stores().await {
        db.migrate(&[THINGS]).await.expect("nothing to do");
        let more = Migration { number: 2, sql: "ALTER TABLE things ADD COLUMN extra TEXT;\n", ..THINGS };
        db.migrate(&[THINGS, more]).await.expect("the second");
        db.migrate(&[THINGS, more]).await.expect("nothing to do");
        db.execute("UPDATE things SET extra = $1", &["x".into()]).await.expect("the column is there");
        let sql = "SELECT capability, number FROM migrations WHERE capability = 'things' ORDER BY number";
        assert_eq!(db.query(sql, &[]).await.expect("reads").len(), 2, "{}", db.name);
    }
}

#[tokio::test]
async fn a_changed_one_is_refused() {
    for db in stores().await {
        let changed = Migration { sql: "CREATE TABLE things (id BLOB) STRICT;\n", ..THINGS };
        let error = db.migrate(&[changed]).await.expect_err("refused");
        assert_eq!(error.code(), "migration-changed", "{}", db.name);
    }
}

#[tokio::test]
async fn one_that_fails_leaves_nothing_and_may_be_mended() {
    for db in databases().await {
        let sql = "CREATE TABLE halves (a INTEGER) STRICT;\nCREATE TABLE halves (a INTEGER) STRICT;\n";
        let broken = Migration { capability: "halves", number: 1, sql };
        db.migrate(&[broken]).await.expect_err("the second statement fails");
        let mended = Migration { sql: "CREATE TABLE halves (a INTEGER) STRICT;\n", ..broken };
        db.migrate(&[mended]).await.unwrap_or_else(|error| panic!("{}: {error:?}", db.name));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_together_take_turns() {
    for db in databases().await {
        let starts: Vec<_> = (0..6)
            .map(|_| {
                let url = db.url.clone();
                tokio::spawn(async move { Db::open(&url).await?.migrate(&[THINGS]).await })
            })
            .collect();
        for start in starts {
            start.await.expect("ends").unwrap_or_else(|error| panic!("{}: {error:?}", db.name));
        }
    }
}
