//! A place for a new store: claimed once at a time, refused where something is, cleared of what came of a failure.

use super::THINGS;
use crate::testing::{TestDb, postgres, sqlite};
use crate::{Db, Vacant};

/// Addresses at which nothing is, and what has to outlive them.
async fn places() -> Vec<(String, TestDb)> {
    let (file, server) = (sqlite().await, postgres().await);
    let beside = file.directory().expect("a directory").join("other.db");
    vec![(format!("sqlite:{}", beside.display()), file), (server.url.clone(), server)]
}

#[tokio::test]
async fn what_was_made_at_a_claimed_place_can_be_taken_away() {
    for (url, test) in places().await {
        let claimed = Vacant::claim(&url).await.expect("nothing is there");
        let db = Db::open(&url).await.expect("opens");
        db.migrate(&[THINGS]).await.expect("migrates");
        db.execute("INSERT INTO things (id) VALUES ($1)", &[vec![1u8].into()]).await.expect("inserts");
        db.close().await;
        drop(db);
        claimed.clear().await.expect("cleared");
        assert!(Db::is_vacant(&url).await.expect("asked"), "{}", test.name);
        Vacant::claim(&url).await.expect("as it was");
    }
}

#[tokio::test]
async fn a_place_that_holds_something_or_is_somebodys_is_refused() {
    let server = postgres().await;
    let first = Vacant::claim(&server.url).await.expect("nothing is there");
    let second = Vacant::claim(&server.url).await.err().expect("another process makes a store there");
    assert_eq!(second.code(), "store-not-empty");
    drop(first);
    for store in super::stores().await {
        let refused = Vacant::claim(&store.url).await.err().expect("it holds something");
        assert_eq!(refused.code(), "store-not-empty", "{}", store.name);
        assert!(store.query("SELECT 1 AS one FROM things", &[]).await.is_ok(), "nothing was taken away");
    }
}
