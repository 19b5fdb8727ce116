//! Versions, exactly once, replace, upsert, delete, undo, held loads.

use yiwang_gate::{At, ChangesQuery, CountQuery, DeleteKeys, Lookup, Mode, Query, Refused, RowsQuery, Why};
use yiwang_kernel::{Error, Id};

use super::world::{PURPOSE, RESOURCE, all, lines, named, page, people, spec, worlds};

#[tokio::test]
async fn small_and_large_loads_are_one_table_and_every_version_stays_readable() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        let first = world.load(Mode::Append, &people(0..20)).await;
        let second = world.load(Mode::Append, &people(20..15_020)).await;
        let third = world.load(Mode::Append, &people(15_020..15_025)).await;
        assert_eq!([first.number, second.number, third.number], [1, 2, 3], "{}", world.store.name);
        assert_eq!([first.rows, second.rows, third.rows], [20, 15_020, 15_025]);
        for version in [&first, &second, &third] {
            let by_number = RowsQuery { at: At::Version(version.number), ..all() };
            assert_eq!(world.count_of(by_number).await, version.rows, "{}", world.store.name);
            let by_time = RowsQuery { at: At::Time(version.time.plus_s(1)), ..all() };
            assert_eq!(world.count_of(by_time).await, version.rows);
        }
        let codes: Vec<String> =
            world.rows(all()).await.expect("rows").into_iter().map(|mut row| row.swap_remove(0)).collect();
        let mut sorted = codes.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), 15_025, "each row once");
        let info = world.gate.table(RESOURCE).await.expect("a table").expect("known");
        assert_eq!((info.version, info.rows, info.versions.len()), (3, 15_025, 3));
    }
}

#[tokio::test]
async fn the_same_load_twice_is_one_version() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        let load = Id::new(&world.ctx);
        let mut loading =
            world.gate.load(&world.ctx, spec(load, Mode::Append, people(0..5).schema())).await.expect("begun");
        loading.write(people(0..5)).await.expect("written");
        let staged = loading.finish().await.expect("finished");
        let (gate, ctx, staged) = (&world.gate, &world.ctx, &staged);
        for _ in 0..2 {
            let version = world.store.tx(|tx| Box::pin(async move { gate.publish(tx, ctx, staged).await })).await;
            assert_eq!(version.expect("published").number, 1);
        }
        assert_eq!(world.count_of(all()).await, 5);
        let again = world.load_as(load, Mode::Append, &people(0..5)).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{}", world.store.name);
    }
}

#[tokio::test]
async fn an_upsert_replaces_rows_wherever_they_lie_and_keeps_the_last_of_a_key() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..12_000)).await;
        world.load(Mode::Append, &people(12_000..12_010)).await;
        let numbers = [5, 11_999, 12_003, 20_000, 20_000];
        let version = world.load(Mode::Upsert, &named(numbers.into_iter(), "new")).await;
        assert_eq!(version.rows, 12_011, "{}", world.store.name);
        let rows = world.rows(all()).await.expect("rows");
        assert_eq!(rows.len(), 12_011);
        let new: Vec<&str> = rows.iter().filter(|row| row[1].starts_with("new")).map(|row| row[0].as_str()).collect();
        assert_eq!(new, ["c000005", "c011999", "c012003", "c020000"]);
        let large = world.load(Mode::Upsert, &named(0..11_000, "large")).await;
        assert_eq!(large.rows, 12_011);
        assert_eq!(world.count_of(all()).await, 12_011);
    }
}

#[tokio::test]
async fn rows_are_removed_by_key_and_an_undo_brings_them_back() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..10_500)).await;
        world.load(Mode::Append, &people(10_500..10_510)).await;
        let before = world.rows(all()).await.expect("rows");
        let delete = DeleteKeys {
            resource: RESOURCE.into(),
            load: Id::new(&world.ctx),
            keys: vec![vec!["c000007".into()], vec!["c010505".into()], vec!["none".into()]],
            reason: "wrong".into(),
        };
        let staged = world.gate.delete_keys(&world.ctx, &delete).await.expect("prepared");
        assert_eq!(staged.replaced, 2);
        let (gate, ctx, staged) = (&world.gate, &world.ctx, &staged);
        let third = world.store.tx(|tx| Box::pin(async move { gate.publish(tx, ctx, staged).await })).await;
        assert_eq!(third.expect("published").rows, 10_508);
        let after = world.rows(all()).await.expect("rows");
        assert!(!after.iter().any(|row| row[0] == "c000007" || row[0] == "c010505"), "{}", world.store.name);
        assert_eq!(after.len(), 10_508);
        let undone = world.store.tx(|tx| Box::pin(async move { gate.undo(tx, ctx, RESOURCE, 2).await })).await;
        assert_eq!(undone.expect("undone").number, 4);
        let mut back = world.rows(all()).await.expect("rows");
        back.sort();
        let mut before = before;
        before.sort();
        assert_eq!(back, before, "{}", world.store.name);
        assert_eq!(world.count_of(RowsQuery { at: At::Version(3), ..all() }).await, 10_508);
    }
}

#[tokio::test]
async fn a_replacement_may_change_columns_and_the_old_version_keeps_its_own() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..30)).await;
        let other = people(0..3).project(&[0, 2]).expect("fewer columns");
        let mut loading = world
            .gate
            .load(
                &world.ctx,
                yiwang_gate::LoadSpec {
                    sortable: Vec::new(),
                    ..spec(Id::new(&world.ctx), Mode::Replace, other.schema())
                },
            )
            .await
            .expect("begun");
        loading.write(other).await.expect("written");
        let staged = loading.finish().await.expect("finished");
        let (gate, ctx, staged) = (&world.gate, &world.ctx, &staged);
        world.store.tx(|tx| Box::pin(async move { gate.publish(tx, ctx, staged).await })).await.expect("published");
        let now = world.answer(all()).await.expect("an answer");
        assert_eq!(now.schema.fields().len(), 2, "{}", world.store.name);
        assert_eq!(lines(now).await.expect("rows").len(), 3);
        let then = world.answer(RowsQuery { at: At::Version(1), ..all() }).await.expect("an answer");
        assert_eq!(then.schema.fields().len(), 3);
        assert_eq!(lines(then).await.expect("rows").len(), 30);
    }
}

#[tokio::test]
async fn a_held_load_shows_in_its_preview_alone() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..10)).await;
        for numbers in [100..105, 1_000..13_000] {
            let load = Id::new(&world.ctx);
            let rows = numbers.clone().count() as u64;
            let batch = people(numbers);
            let mut loading =
                world.gate.load(&world.ctx, spec(load, Mode::Append, batch.schema())).await.expect("begun");
            loading.write(batch).await.expect("written");
            let refused = Refused { line: 7, field: Some("n".into()), reason: "type".into(), text: "x,y".into() };
            loading.refuse(refused).await.expect("refused");
            let staged = loading.finish().await.expect("finished");
            assert_eq!((staged.rows, staged.refused), (rows, 1));
            assert_eq!(world.count_of(all()).await, 10, "{}", world.store.name);
            assert_eq!(world.count_of(RowsQuery { at: At::Staged(load), ..all() }).await, rows);
            let refused = world.rows(RowsQuery { at: At::Refused(load), ..all() }).await.expect("refused rows");
            assert_eq!(refused, [["7", "n", "type", "x,y"]]);
            let (gate, ctx, staged) = (&world.gate, &world.ctx, &staged);
            world.store.tx(|tx| Box::pin(async move { gate.discard(tx, ctx, staged).await })).await.expect("discarded");
            assert!(world.gate.staged(load).await.expect("asked").is_none());
        }
    }
}

#[tokio::test]
async fn changes_between_versions_name_what_came_and_went() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..10_100)).await;
        world.load(Mode::Append, &people(10_100..10_102)).await;
        world.load(Mode::Upsert, &named([3, 10_100, 30_000].into_iter(), "new")).await;
        let query = Query::Changes(ChangesQuery { resource: RESOURCE.into(), from: 2, to: None });
        let answer = world.gate.read(&world.ctx, &Why::purpose(PURPOSE), &query).await.expect("changes");
        let rows = lines(answer).await.expect("rows");
        let mut named: Vec<String> = rows.iter().map(|row| format!("{} {}", row[3], row[0])).collect();
        named.sort();
        let expected = ["delete c000003", "delete c010100", "insert c000003", "insert c010100", "insert c030000"];
        assert_eq!(named, expected, "{}", world.store.name);
    }
}

#[tokio::test]
async fn compaction_changes_files_but_no_answer() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        for part in 0..10 {
            let first = part * 10_000;
            world.load(Mode::Append, &people(first..first + 10_000)).await;
        }
        world.load(Mode::Append, &people(200_000..200_003)).await;
        let before = world.rows(all()).await.expect("rows");
        assert!(world.gate.compact(&world.ctx, RESOURCE).await.expect("compacted"), "{}", world.store.name);
        assert!(!world.gate.compact(&world.ctx, RESOURCE).await.expect("asked again"));
        assert_eq!(world.rows(all()).await.expect("rows"), before);
        assert_eq!(world.count_of(RowsQuery { at: At::Version(3), ..all() }).await, 30_000);
        let count = Query::Count(CountQuery { resource: RESOURCE.into(), ..CountQuery::default() });
        let answer = world.gate.read(&world.ctx, &Why::purpose(PURPOSE), &count).await.expect("a count");
        assert_eq!(answer.total, Some(100_003));
        assert_eq!(world.rows(page(100_000, 10)).await.expect("a page").len(), 3);
        let lookup = Lookup {
            resource: RESOURCE.into(),
            keys: vec![vec!["c200001".into()]],
            fields: vec!["n".into()],
            ..Lookup::default()
        };
        let found = world.gate.lookup(&world.ctx, &Why::purpose(PURPOSE), &lookup).await.expect("found");
        assert_eq!(lines(found).await.expect("rows"), [["200001"]]);
    }
}
