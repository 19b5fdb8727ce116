//! What callers rely on, each on both databases.

use crate::testing::databases;
use crate::{Migration, Value};

const THINGS: Migration = Migration {
    capability: "things",
    number: 1,
    sql: "CREATE TABLE things (\n id BLOB PRIMARY KEY,\n n INTEGER,\n t TEXT,\n r REAL,\n b BLOB\n) STRICT;\n",
};

#[tokio::test]
async fn values_come_back_as_they_went_in() {
    for db in databases().await {
        db.migrate(&[THINGS]).await.expect("migrates");
        let row = [vec![1u8].into(), i64::MAX.into(), "a".into(), 0.5.into(), Value::Null];
        db.execute("INSERT INTO things (id, n, t, r, b) VALUES ($1, $2, $3, $4, $5)", &row).await.expect("inserts");
        let name = "a".to_owned();
        let name = &name;
        let found = db
            .tx(|tx| {
                Box::pin(
                    async move { tx.query_one("SELECT id, n, t, r, b FROM things WHERE t = $1", &[name.into()]).await },
                )
            })
            .await
            .expect("reads")
            .expect("a row");
        assert_eq!(found.values(), row, "{}", db.name);
    }
}
