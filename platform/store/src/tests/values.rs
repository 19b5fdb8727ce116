//! Values go in and come out alike, sort alike, and may stand wherever a parameter may stand.

use proptest::prelude::*;
use yiwang_kernel::Id;
use yiwang_seal::DataKey;

use super::{ctx, stores};
use crate::{Migration, Sealed, Value};

const INSERT: &str = "INSERT INTO things (id, n, t, r, b) VALUES ($1, $2, $3, $4, $5)";

#[tokio::test]
async fn values_come_back_as_they_went_in() {
    let rows: Vec<[Value; 4]> = vec![
        [i64::MAX.into(), "a".into(), 0.5.into(), vec![0u8, 255, 0].into()],
        [i64::MIN.into(), "".into(), (-1e300).into(), Value::Bytes(Vec::new())],
        [0.into(), "市\u{200b}民\u{fe0f} 👨‍👩‍👧 𠮷".into(), f64::MIN_POSITIVE.into(), vec![7u8; 100_000].into()],
        [Value::Null, Value::Null, Value::Null, Value::Null],
        [1.into(), "it's \"quoted\" $1 ?1 -- ;\n".into(), 3.0.into(), "text".as_bytes().into()],
    ];
    for db in stores().await {
        for (place, row) in rows.iter().enumerate() {
            let id = place.to_be_bytes().to_vec();
            let mut given = vec![Value::from(id.clone())];
            given.extend(row.iter().cloned());
            db.execute(INSERT, &given).await.expect("inserts");
            let found = db.query_one("SELECT n, t, r, b FROM things WHERE id = $1", &[id.into()]).await;
            assert_eq!(found.expect("reads").expect("a row").values(), row, "{} row {place}", db.name);
        }
    }
}

#[tokio::test]
async fn every_kind_of_value_works_wherever_a_parameter_may_stand() {
    for db in stores().await {
        for n in 0..5 {
            let row = [vec![n].into(), n.into(), format!("t{n}").into(), f64::from(n).into(), Value::Null];
            db.execute(INSERT, &row).await.expect("inserts");
        }
        let count = async |condition: &str, parameters: &[Value]| {
            let sql = format!("SELECT count(*) AS n FROM things WHERE {condition}");
            db.query_one(&sql, parameters).await.expect("counts").expect("a row").int("n").expect("a number")
        };
        assert_eq!(count("n > $1 AND t <> $2", &[1.into(), "t4".into()]).await, 2, "{}", db.name);
        assert_eq!(count("r >= $1", &[2.into()]).await, 3, "a whole number for a float");
        assert_eq!(count("(n = $1 OR $1 IS NULL)", &[Value::Null]).await, 5);
        assert_eq!(count("(n = $1 OR $1 IS NULL)", &[3.into()]).await, 1);
        assert_eq!(count("id IN ($1, $2)", &[vec![0u8].into(), vec![3u8].into()]).await, 2);
        assert_eq!(count("n = $1", &[true.into()]).await, 1, "a boolean in an INTEGER column");
        assert_eq!(count("t LIKE $1", &["t%".into()]).await, 5);
        assert_eq!(count("t = COALESCE($1, t)", &[None::<String>.into()]).await, 5);
        let sql = "SELECT n FROM things ORDER BY n DESC NULLS LAST, id LIMIT $1 OFFSET $2";
        let page = db.query(sql, &[2.into(), 1.into()]).await.expect("a page");
        let page: Vec<i64> = page.iter().map(|row| row.int("n").expect("n")).collect();
        assert_eq!(page, [3, 2]);
        let sums = "SELECT sum(n) AS s, avg(r) AS a, max(t) AS m, n > 2 AS big FROM things GROUP BY n > 2 ORDER BY s";
        let sums = db.query(sums, &[]).await.expect("sums");
        let read =
            |row: &crate::Row| (row.int("s").expect("s"), row.float("a").expect("a"), row.bool("big").expect("b"));
        assert_eq!(sums.iter().map(read).collect::<Vec<_>>(), [(3, 1.0, false), (7, 3.5, true)], "{}", db.name);
    }
}

#[tokio::test]
async fn text_sorts_by_its_bytes_on_both() {
    let words = ["b", "B", "a", "ä", "Z", "中", "丂", "_", "10", "9", "", "a\u{200b}", "𠮷", "～", "aa", "A b"];
    let mut sorted = words;
    sorted.sort_unstable();
    for db in stores().await {
        for (place, word) in words.iter().enumerate() {
            let row = [place.to_be_bytes().into(), Value::Null, (*word).into(), Value::Null, Value::Null];
            db.execute(INSERT, &row).await.expect("inserts");
        }
        let rows = db.query("SELECT t FROM things ORDER BY t, id", &[]).await.expect("sorts");
        let found: Vec<String> = rows.iter().map(|row| row.text("t").expect("t")).collect();
        assert_eq!(found, sorted, "{}", db.name);
        let below = db.query_one("SELECT count(*) AS n FROM things WHERE t < $1", &["a".into()]).await;
        let expected = sorted.iter().filter(|word| **word < "a").count();
        assert_eq!(
            below.expect("compares").expect("a row").int("n").expect("n"),
            i64::try_from(expected).expect("small")
        );
    }
}

#[tokio::test]
async fn wrong_columns_and_kinds_name_the_column_and_not_its_content() {
    for db in stores().await {
        let row = [vec![1u8].into(), Value::Null, "a secret".into(), Value::Null, Value::Null];
        db.execute(INSERT, &row).await.expect("inserts");
        let row = db.query_one("SELECT n, t FROM things", &[]).await.expect("reads").expect("a row");
        let faults =
            [row.int("t").map(drop), row.text("n").map(drop), row.text("absent").map(drop), row.id("t").map(drop)];
        for fault in faults {
            let fault = fault.expect_err("refused");
            assert_eq!(fault.status(), 500);
            assert!(!format!("{fault} {fault:?}").contains("secret"), "{}", db.name);
        }
        assert_eq!(row.opt_int("n").expect("NULL is none"), None);
    }
}

#[tokio::test]
async fn the_wrong_number_or_kind_of_parameters_is_an_error() {
    for db in stores().await {
        for parameters in [vec![], vec![Value::Null], vec![Value::Null; 3]] {
            let outcome = db.query("SELECT n FROM things WHERE n = $1 AND r = $2", &parameters).await;
            assert_eq!(outcome.expect_err("refused").status(), 500, "{}", db.name);
        }
        let row = [vec![1u8].into(), "not a number".into(), Value::Null, Value::Null, Value::Null];
        assert_eq!(db.execute(INSERT, &row).await.expect_err("refused").status(), 500, "{}", db.name);
    }
}

#[tokio::test]
async fn a_raw_migration_keeps_another_standards_types() {
    const FOREIGN: Migration = Migration {
        capability: "foreign",
        number: 1,
        sql: "-- raw
CREATE TABLE foreign_files (id BIGINT PRIMARY KEY, path VARCHAR, ok BOOLEAN, at VARCHAR, x INTEGER);
",
    };
    for db in stores().await {
        db.migrate(&[FOREIGN]).await.expect("migrates");
        let row = [i64::MAX.into(), "a/b.parquet".into(), true.into(), Value::Null, 7.into()];
        let sql = "INSERT INTO foreign_files (id, path, ok, at, x) VALUES ($1, $2, $3, $4, $5)";
        db.execute(sql, &row).await.expect("inserts");
        let found = db.query_one("SELECT id, path, ok, at, x FROM foreign_files WHERE ok = $1", &[true.into()]).await;
        let found = found.expect("reads").expect("a row");
        assert_eq!((found.int("id").expect("id"), found.bool("ok").expect("ok")), (i64::MAX, true), "{}", db.name);
        assert_eq!(
            (found.text("path").expect("path"), found.opt_text("at").expect("at")),
            ("a/b.parquet".into(), None)
        );
    }
}

#[tokio::test]
async fn a_sealed_column_is_found_by_its_index_and_opens_in_its_place_only() {
    let (key, other) = (DataKey::generate(), DataKey::generate());
    let phone = Sealed::new(&key, "accounts.phone", "13800000000");
    for db in stores().await {
        let row = [Id::new(&ctx()).into(), Value::Null, Value::Null, Value::Null, phone.value()];
        db.execute(INSERT, &row).await.expect("inserts");
        let row = db.query_one("SELECT b, n FROM things", &[]).await.expect("reads").expect("a row");
        assert_eq!(row.sealed("b", &key, "accounts.phone").expect("opens"), "13800000000", "{}", db.name);
        assert!(row.sealed("b", &key, "accounts.name").is_err() && row.sealed("b", &other, "accounts.phone").is_err());
    }
    assert_eq!(phone.index(), Sealed::find(&key, "accounts.phone", "13800000000"));
    assert_ne!(phone.index(), Sealed::find(&key, "accounts.phone", "13800000001"));
    assert_ne!(phone.index(), Sealed::find(&other, "accounts.phone", "13800000000"));
}

proptest! {
    #[test]
    fn exact_decimals_survive_the_binary_format(whole in 0u64..=u64::MAX, fraction in "[0-9]{0,9}", minus: bool) {
        let sign = if minus { "-" } else { "" };
        let text = if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") };
        let bytes = crate::postgres::numeric::encode(&text).expect("a decimal");
        prop_assert_eq!(crate::postgres::numeric::decode(&bytes), Some(text));
    }
}

#[tokio::test]
async fn columns_of_other_programs_tables_can_be_written_and_read() {
    const OTHER: Migration = Migration {
        capability: "other",
        number: 1,
        sql: "-- raw\nCREATE TABLE other (u UUID, at TIMESTAMPTZ, d NUMERIC, s SMALLINT, f FLOAT4);\n",
    };
    let db = crate::testing::postgres().await;
    db.migrate(&[OTHER]).await.expect("migrates");
    let uuid = "0199f0c5-1c1c-7000-8000-0123456789ab";
    let row = [uuid.into(), "2026-11-22T08:00:00.5+08:00".into(), "-1234567890.0625".into(), 7.into(), 0.5.into()];
    db.execute("INSERT INTO other (u, at, d, s, f) VALUES ($1, $2, $3, $4, $5)", &row).await.expect("inserts");
    let found =
        db.query_one("SELECT u, at, d, s, f, d * 0 + 12 AS t FROM other", &[]).await.expect("reads").expect("one");
    assert_eq!(found.text("u").expect("u"), uuid);
    assert_eq!(found.text("at").expect("at"), "2026-11-22 00:00:00.500000+00");
    assert_eq!(found.text("d").expect("d"), "-1234567890.0625");
    assert_eq!((found.int("s").expect("s"), found.float("f").expect("f")), (7, 0.5));
}
