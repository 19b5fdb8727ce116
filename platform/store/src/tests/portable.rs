//! The portable snapshot: from either database to either, the same values, references and numbers; taken while others
//! write, of one moment; refused where it would overwrite or come from a newer program.

use std::path::PathBuf;

use yiwang_kernel::{Actor, Ctx, Ref};

use super::THINGS;
use crate::outbox::{self, Event};
use crate::testing::{TestDb, databases, postgres, sqlite};
use crate::{Db, MIGRATIONS, Migration, Value};

const KNOWN: [Migration; 2] = [MIGRATIONS[0], THINGS];
const TABLES: [&str; 5] = ["migrations", "store_outbox", "things", "things_parts", "free \"form\""];

/// A database with something of everything in it.
async fn filled(db: &Db) {
    db.migrate(&KNOWN).await.expect("migrates");
    db.execute("CREATE TABLE \"free \"\"form\"\"\"(row_id BIGINT, \"a b\" VARCHAR)", &[]).await.expect("a free table");
    db.execute("INSERT INTO \"free \"\"form\"\"\" (row_id, \"a b\") VALUES (1, '007'), (2, NULL)", &[])
        .await
        .expect("rows");
    let things: [[Value; 5]; 3] = [
        [vec![1u8].into(), i64::MAX.into(), "一网 'it''s' \"q\"".into(), (-0.1f64).into(), vec![0u8, 255].into()],
        [vec![2u8].into(), i64::MIN.into(), "".into(), 1e300f64.into(), Value::Bytes(Vec::new())],
        [vec![3u8].into(), Value::Null, Value::Null, Value::Null, Value::Null],
    ];
    for thing in things {
        db.execute("INSERT INTO things (id, n, t, r, b) VALUES ($1, $2, $3, $4, $5)", &thing).await.expect("a thing");
    }
    for number in 0..500 {
        let row = [Value::from(format!("part {number}")), vec![1u8].into(), number.into()];
        db.execute("INSERT INTO things_parts (name, thing, amount) VALUES ($1, $2, $3)", &row).await.expect("a part");
    }
    for _ in 0..3 {
        announce(db).await;
    }
    // The last number is given out, its row gone.
    db.execute("DELETE FROM store_outbox WHERE sequence = 3", &[]).await.expect("removes");
}

/// Announces something; the number it was given.
async fn announce(db: &Db) -> i64 {
    let subject = Ref { noun: "thing".to_owned(), key: "1".to_owned() };
    let event = Event { kind: "things.made".to_owned(), subject, body: serde_json::json!({}) };
    let (ctx, event) = (&Ctx::system(Actor::System("test")), &event);
    db.tx(|tx| Box::pin(outbox::announce(tx, ctx, event))).await.expect("announces");
    let last =
        db.query_one("SELECT max(sequence) AS last FROM store_outbox", &[]).await.expect("reads").expect("a row");
    last.int("last").expect("a number")
}

/// Every row of every table, in an order of its own making.
async fn content(db: &Db) -> Vec<Vec<String>> {
    let mut content = Vec::new();
    for table in TABLES {
        let table = table.replace('"', "\"\"");
        let rows = db.query(&format!("SELECT * FROM \"{table}\""), &[]).await.expect("reads");
        let mut rows: Vec<String> = rows.iter().map(|row| format!("{:?}", row.values())).collect();
        rows.sort();
        content.push(rows);
    }
    content
}

fn file(db: &TestDb, name: &str) -> PathBuf {
    db.directory().expect("a directory").join(name)
}

#[tokio::test]
async fn a_snapshot_goes_from_either_database_to_either() {
    let home = sqlite().await;
    for from in databases().await {
        filled(&from).await;
        let snapshot = file(&home, &format!("{}.db", from.name));
        from.snapshot_to(&snapshot, &KNOWN).await.expect("copies");
        let whole = content(&from).await;
        let before = std::fs::read(&snapshot).expect("the file");
        assert_eq!(content(&Db::open_snapshot(&snapshot).await.expect("opens")).await, whole, "{}", from.name);
        let elsewhere = postgres().await;
        for url in
            [format!("sqlite:{}", file(&home, &format!("from-{}.db", from.name)).display()), elsewhere.url.clone()]
        {
            assert!(Db::is_vacant(&url).await.expect("looks"), "{url}");
            Db::restore(&url, &snapshot, &KNOWN).await.unwrap_or_else(|error| panic!("{} {url}: {error:?}", from.name));
            let db = Db::open(&url).await.expect("opens");
            assert_eq!(content(&db).await, whole, "{} to {url}", from.name);
            db.migrate(&KNOWN).await.expect("nothing to do");
            assert_eq!(announce(&db).await, 4, "a number given out before is not given out again: {url}");
            let orphan = [Value::from("orphan"), vec![9u8].into()];
            let refused = db.execute("INSERT INTO things_parts (name, thing) VALUES ($1, $2)", &orphan).await;
            assert_eq!(refused.expect_err("no such thing").code(), "referenced", "{url}");
            assert!(!Db::is_vacant(&url).await.expect("looks"));
            let again = Db::restore(&url, &snapshot, &KNOWN).await.expect_err("something is there");
            assert_eq!(again.code(), "store-not-empty", "{url}");
        }
        assert_eq!(std::fs::read(&snapshot).expect("the file"), before, "looking changes nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_of_one_moment() {
    let home = sqlite().await;
    for db in databases().await {
        db.migrate(&KNOWN).await.expect("migrates");
        db.execute("INSERT INTO things (id, n) VALUES ($1, 0)", &[vec![1u8].into()]).await.expect("a thing");
        let writing = tokio::spawn({
            let db = db.db.clone();
            async move {
                for number in 1..150i64 {
                    let work = db.tx(|tx| {
                        Box::pin(async move {
                            let part = [Value::from(format!("{number}")), vec![1u8].into()];
                            tx.execute("INSERT INTO things_parts (name, thing) VALUES ($1, $2)", &part).await?;
                            tx.execute("UPDATE things SET n = $1", &[number.into()]).await
                        })
                    });
                    work.await.expect("writes");
                }
            }
        });
        let mut turn = 0;
        while !writing.is_finished() || turn == 0 {
            let path = file(&home, &format!("{}-{turn}.db", db.name));
            db.snapshot_to(&path, &KNOWN).await.expect("copies");
            let copy = Db::open_snapshot(&path).await.expect("opens");
            let sql = "SELECT n, (SELECT count(*) FROM things_parts) AS parts FROM things";
            let row = copy.query_one(sql, &[]).await.expect("reads").expect("a row");
            assert_eq!(row.int("n").expect("n"), row.int("parts").expect("parts"), "{}", db.name);
            turn += 1;
        }
        writing.await.expect("ends");
    }
}

#[tokio::test]
async fn a_store_says_how_it_stands_to_a_program() {
    let home = sqlite().await;
    for db in databases().await {
        let fresh = db.standing(&KNOWN).await.expect("looks");
        assert_eq!((fresh.applied, fresh.pending.len()), (0, 2), "{}", db.name);
        db.migrate(&KNOWN).await.expect("migrates");
        let more = Migration { number: 2, sql: "-- contract\nALTER TABLE things DROP COLUMN r;\n", ..THINGS };
        let standing = db.standing(&[KNOWN[0], THINGS, more]).await.expect("looks");
        assert_eq!((standing.applied, standing.pending[0].number), (2, 2));
        assert!(standing.pending[0].contracts() && !THINGS.contracts());
        standing.require_known().expect("nothing unknown");

        let older = db.standing(&KNOWN[..1]).await.expect("looks");
        assert_eq!(older.require_known().expect_err("a newer one was here").code(), "store-newer");
        let other = Migration { sql: "CREATE TABLE things (id BLOB) STRICT;\n", ..THINGS };
        let changed = db.standing(&[KNOWN[0], other]).await.expect("looks");
        assert_eq!(changed.require_known().expect_err("another text").code(), "migration-changed");

        let snapshot = file(&home, &format!("{}.db", db.name));
        db.snapshot_to(&snapshot, &KNOWN).await.expect("copies");
        let target = postgres().await;
        let refused = Db::restore(&target.url, &snapshot, &KNOWN[..1]).await.expect_err("from a newer program");
        assert_eq!(refused.code(), "store-newer");
        assert!(Db::is_vacant(&target.url).await.expect("looks"), "nothing of it stays");
    }
    let nowhere = format!("sqlite:{}", file(&home, "nowhere.db").display());
    assert!(Db::look(&nowhere).await.expect("looks").is_none());
    assert!(!file(&home, "nowhere.db").exists(), "looking makes nothing");
}
