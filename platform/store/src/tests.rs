//! What callers rely on, each on both databases.

mod decisions;
mod kill;
mod migrations;
mod outbox;
mod portable;
mod transactions;
mod vacant;
mod values;

use yiwang_kernel::{Actor, Ctx, FixedClock, Instant, SeededRandom};

use crate::testing::{TestDb, databases};
use crate::{MIGRATIONS, Migration};

const THINGS: Migration = Migration {
    capability: "things",
    number: 1,
    sql: "-- things and their parts
CREATE TABLE things (
    id BLOB PRIMARY KEY,
    n INTEGER,
    t TEXT,
    r REAL,
    b BLOB
) STRICT;

CREATE TABLE things_parts (
    name TEXT NOT NULL UNIQUE,
    thing BLOB NOT NULL REFERENCES things (id),
    amount INTEGER NOT NULL DEFAULT 0
) STRICT;
",
};

async fn stores() -> Vec<TestDb> {
    let databases = databases().await;
    for db in &databases {
        db.migrate(MIGRATIONS).await.expect("migrates");
        db.migrate(&[THINGS]).await.expect("migrates");
    }
    databases
}

fn ctx() -> Ctx {
    let clock = std::sync::Arc::new(FixedClock::at(Instant::from_micros(1_795_305_600_000_000)));
    Ctx::new(Actor::System("test"), clock, std::sync::Arc::new(SeededRandom::new(3)))
}
