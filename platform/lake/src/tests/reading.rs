//! Pages, totals, sorting, conditions, SQL, lookups.

use futures::StreamExt as _;
use yiwang_gate::{CountQuery, Filter, Lookup, Mode, Op, Page, Query, RowsQuery, Sort, Why};
use yiwang_kernel::Error;

use super::world::{PURPOSE, RESOURCE, all, lines, page, people, worlds};

#[tokio::test]
async fn pages_cover_the_table_once_with_an_exact_total() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..10_050)).await;
        world.load(Mode::Append, &people(10_050..10_075)).await;
        let whole = world.rows(all()).await.expect("rows");
        let answer = world.answer(page(10_040, 20)).await.expect("a page");
        assert_eq!(answer.total, Some(10_075), "{}", world.store.name);
        let cursor = answer.next.clone().expect("a next page");
        assert_eq!(lines(answer).await.expect("rows"), whole[10_040..10_060]);
        let last = world.answer(RowsQuery { page: Page::After { cursor, rows: 20 }, ..all() }).await.expect("a page");
        assert!(last.next.is_none());
        assert_eq!(lines(last).await.expect("rows"), whole[10_060..]);
    }
}

#[tokio::test]
async fn a_sorted_table_has_empty_cells_last_either_way() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..10_030)).await;
        world.load(Mode::Append, &people(20_000..20_010)).await;
        for descending in [false, true] {
            let sort = Some(Sort { field: "n".into(), descending });
            let fields = vec!["n".to_owned()];
            let first = RowsQuery { sort: sort.clone(), fields: fields.clone(), ..page(0, 3) };
            let expected = if descending { ["20008", "20007", "20006"] } else { ["0", "1", "2"] };
            assert_eq!(world.rows(first).await.expect("a page").concat(), expected, "{}", world.store.name);
            let last = RowsQuery { sort, fields, ..page(10_037, 3) };
            assert_eq!(world.rows(last).await.expect("a page").concat(), ["-", "-", "-"]);
        }
        let unsortable = RowsQuery { sort: Some(Sort { field: "code".into(), descending: false }), ..page(0, 3) };
        assert!(matches!(world.rows(unsortable).await, Err(Error::Invalid { field, .. }) if field == "sort"));
    }
}

#[tokio::test]
async fn conditions_mean_what_they_say() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..10_020)).await;
        world.load(Mode::Append, &people(30_000..30_010)).await;
        let several = |op, values: &[&str]| Filter {
            field: "n".into(),
            op,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let cases = [
            (Filter::new("n", Op::Eq, "30001"), 1),
            (Filter::new("n", Op::Ge, "30000"), 9),
            (Filter::new("n", Op::Lt, "5"), 5),
            (Filter::new("n", Op::Ne, "5"), 9_018 + 9 - 1),
            (several(Op::In, &["1", "2", "30002", "9"]), 3),
            (several(Op::IsNull, &[]), 1_002 + 1),
            (Filter::new("name", Op::Contains, "person 70"), 10_020 / 1_000 * 11 + 2 + 1),
        ];
        for (filter, expected) in cases {
            let matching = world.rows(RowsQuery { filters: vec![filter.clone()], ..all() }).await.expect("rows");
            let text = format!("where {} {:?}", filter.field, filter.op);
            if filter.op != Op::Contains {
                assert_eq!(matching.len(), expected, "{text} {}", world.store.name);
            }
            let count = Query::Count(CountQuery {
                resource: RESOURCE.into(),
                filters: vec![filter.clone()],
                ..CountQuery::default()
            });
            let answer = world.gate.read(&world.ctx, &Why::purpose(PURPOSE), &count).await.expect("a count");
            assert_eq!(answer.total, Some(matching.len() as u64), "{text}");
            let paged = world.answer(RowsQuery { filters: vec![filter], ..page(0, 2) }).await.expect("a page");
            assert_eq!(paged.total, Some(matching.len() as u64), "{text}");
            assert_eq!(lines(paged).await.expect("rows"), matching[..matching.len().min(2)]);
        }
        let wrong = RowsQuery { filters: vec![Filter::new("n", Op::Eq, "abc")], ..all() };
        assert!(matches!(world.rows(wrong).await, Err(Error::Invalid { field, .. }) if field == "n"));
    }
}

#[tokio::test]
async fn pages_of_chosen_rows_are_parts_of_the_whole_with_an_exact_total() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..10_100)).await;
        world.load(Mode::Append, &people(20_000..30_100)).await;
        world.load(Mode::Upsert, &people((9_000..9_030).chain(40_000..40_030))).await;
        let filters = vec![Filter::new("n", Op::Ge, "3000"), Filter::new("name", Op::Contains, "1")];
        let order = |field: &str, descending| Some(Sort { field: field.into(), descending });
        for sort in [None, order("n", false), order("n", true), order("name", true)] {
            let query = RowsQuery { filters: filters.clone(), sort, ..all() };
            let whole = world.rows(query.clone()).await.expect("the whole");
            assert!(whole.len() > 1_000 && whole.len() < 17_000);
            let deep = whole.len() - 25;
            for offset in [0, 7, whole.len() / 2, deep, whole.len(), 100_000] {
                let paged = RowsQuery { page: page(offset as u64, 20).page, ..query.clone() };
                let answer = world.answer(paged).await.expect("a page");
                assert_eq!(answer.total, Some(whole.len() as u64));
                let until = whole.len().min(offset + 20);
                let part = whole.get(offset..until).unwrap_or_default();
                let found = lines(answer).await.expect("rows");
                assert!(found == part, "{:?} {offset} {}", query.sort, world.store.name);
            }
        }
    }
}

#[tokio::test]
async fn sql_counts_what_the_table_holds_and_pruning_loses_nothing() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..140_000)).await;
        world.load(Mode::Append, &people(150_000..150_010)).await;
        let counted = world.sql("select count(*), count(n), sum(n) from people").await.expect("counted");
        let sum: i64 = (0..140_000).chain(150_000..150_010).filter(|n| n % 10 != 9).sum();
        assert_eq!(counted, [["140010".to_owned(), "126009".to_owned(), sum.to_string()]], "{}", world.store.name);
        let some = world.sql("select code from people where n >= 139999 or n = 5 order by n").await.expect("rows");
        assert_eq!(some.len(), 10);
        let bounded = world.sql("select code from people where n > 150000 and n <= 150003 order by 1").await;
        assert_eq!(bounded.expect("rows").concat(), ["c150001", "c150002", "c150003"]);
        let joined = "with low as (select code, n from people where n < 100)
            select count(*) from people p join low on p.code = low.code";
        assert_eq!(world.sql(joined).await.expect("joined").concat(), ["90"]);
    }
}

#[tokio::test]
async fn only_one_select_over_granted_resources_runs() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..10)).await;
        let refused = [
            ("drop table people", "sql-select-only"),
            ("select 1; select 2", "sql-select-only"),
            ("explain analyze select * from people", "sql-select-only"),
            ("copy people to 'x.csv'", "sql-select-only"),
            ("select * from information_schema.tables", "sql-table-name"),
            ("select * frm people", "sql-syntax"),
            ("select nothing from people", "sql-name-unknown"),
            ("select * from other", "gate-grant-missing"),
            ("select cast(name as bigint) from people", "sql-evaluate"),
        ];
        for (text, code) in refused {
            let error = world.sql(text).await.expect_err(text);
            assert_eq!(error.code(), code, "{text}");
            let said = format!("{error} {:?}", error.detail());
            assert!(!said.contains("person"), "an error quotes a value: {said}");
        }
    }
}

#[tokio::test]
async fn keys_find_their_rows_in_files_and_in_the_database() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..10_300)).await;
        world.load(Mode::Append, &people(10_300..10_305)).await;
        world.load(Mode::Upsert, &super::world::named([44].into_iter(), "new")).await;
        let key = |code: &str| vec![code.to_owned()];
        let lookup = Lookup {
            resource: RESOURCE.into(),
            keys: vec![key("c000044"), key("c010299"), key("c010301"), key("absent")],
            ..Lookup::default()
        };
        let answer = world.gate.lookup(&world.ctx, &Why::purpose(PURPOSE), &lookup).await.expect("found");
        assert!(answer.receipt.is_some());
        let mut found = lines(answer).await.expect("rows");
        found.sort();
        let codes: Vec<&str> = found.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(codes, ["c000044", "c010299", "c010301"], "{}", world.store.name);
        assert!(found[0][1].starts_with("new"));
        world.gate.rebuild_derived(RESOURCE).await.expect("rebuilt");
        let again = world.gate.lookup(&world.ctx, &Why::purpose(PURPOSE), &lookup).await.expect("found");
        assert_eq!(lines(again).await.expect("rows").len(), 3);
        let wrong = Lookup { resource: RESOURCE.into(), keys: vec![vec![]], ..Lookup::default() };
        assert!(world.gate.lookup(&world.ctx, &Why::purpose(PURPOSE), &wrong).await.is_err());
    }
}

#[tokio::test]
async fn a_stream_that_is_dropped_ends_its_work_and_has_a_closing_entry() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..60_000)).await;
        let entries = world.ledger.status().entries;
        let mut answer = world.answer(all()).await.expect("an answer");
        assert!(answer.receipt.is_some());
        assert_eq!(world.ledger.status().entries, entries + 1, "entered before the first byte");
        answer.rows.next().await.expect("a batch").expect("rows");
        assert_eq!(world.ledger.status().opens, 1);
        drop(answer);
        while world.ledger.status().opens > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(world.ledger.status().entries, entries + 2);
    }
}
