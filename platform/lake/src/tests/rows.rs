//! Rows that lie anywhere: read from row runs and order sidecars where these are there, from the data files where they
//! are not, with the same answers.

use yiwang_gate::{Lookup, Mode, RowsQuery, Sort, Why};
use yiwang_store::testing::sqlite;

use super::world::{PURPOSE, RESOURCE, World, all, lines, page, people};

/// More rows than one row group.
const ROWS: i64 = 140_000;

fn sorted(offset: u64, rows: u64) -> RowsQuery {
    RowsQuery { sort: Some(Sort { field: "name".into(), descending: true }), ..page(offset, rows) }
}

async fn loaded(sealed: bool) -> World {
    let world = World::new(sqlite().await, sealed).await;
    world.grant(&world.whole_grant()).await;
    world.load(Mode::Append, &people(0..ROWS)).await;
    world
}

async fn looked_up(world: &World, keys: &[i64]) -> Vec<Vec<String>> {
    let lookup = Lookup {
        resource: RESOURCE.into(),
        keys: keys.iter().map(|key| vec![format!("c{key:06}")]).collect(),
        ..Lookup::default()
    };
    let answer = world.gate.lookup(&world.ctx, &Why::purpose(PURPOSE), &lookup).await.expect("a lookup");
    let mut found = lines(answer).await.expect("rows");
    found.sort();
    found
}

async fn ready(world: &World) -> bool {
    world.gate.table(RESOURCE).await.expect("a table").expect("there").sorts_quickly
}

/// Pages and lookups, as texts.
async fn answers(world: &World) -> Vec<Vec<String>> {
    let mut answers = Vec::new();
    for offset in [0, 70_000, 131_000, 139_990] {
        answers.extend(world.rows(sorted(offset, 40)).await.expect("a page"));
    }
    answers.extend(looked_up(world, &[5, 131_071, 131_072, 139_999, 700_000]).await);
    answers
}

#[tokio::test]
async fn answers_are_the_same_with_and_without_what_is_derived() {
    let mut world = loaded(true).await;
    assert!(!ready(&world).await, "a large table is sorted slowly at first");
    let from_files = answers(&world).await;
    assert_eq!(from_files.len(), 3 * 40 + 10 + 4);
    world.gate.build_derived(RESOURCE).await.expect("built");
    assert!(ready(&world).await);
    assert!(answers(&world).await == from_files);
    let derived = world.directory.path().join("derived");
    std::fs::remove_dir_all(derived.join("rows")).expect("removed while they are in use");
    assert!(answers(&world).await == from_files, "row runs are gone");
    std::fs::remove_dir_all(derived.join("order")).expect("removed while they are in use");
    assert!(answers(&world).await == from_files, "order is gone");
    world.restarted();
    world.gate.build_derived(RESOURCE).await.expect("built again");
    assert!(ready(&world).await && derived.join("rows").exists());
    assert!(answers(&world).await == from_files);
}

#[tokio::test]
async fn replaced_rows_and_later_columns_are_as_they_are_now() {
    let world = loaded(true).await;
    world.gate.build_derived(RESOURCE).await.expect("built");
    world.load(Mode::Upsert, &super::world::named((0..ROWS).step_by(1_000), "other")).await;
    let all_at_once = world.sql("select name from people order by name desc, code limit 200").await.expect("rows");
    let names: Vec<String> =
        world.rows(sorted(0, 200)).await.expect("a page").iter().map(|row| row[1].clone()).collect();
    assert_eq!(names, all_at_once.concat());
    assert_eq!(looked_up(&world, &[3_000, 3_001]).await.concat()[1], "other 0");
}

#[tokio::test]
async fn a_deep_sorted_page_reads_little() {
    let world = loaded(false).await;
    world.gate.build_derived(RESOURCE).await.expect("built");
    let whole = world.bytes_read_by(world.count_of(all())).await;
    world.rows(sorted(0, 20)).await.expect("a page; now fences and places are remembered");
    for offset in [20, 70_000, 139_000] {
        let read = world.bytes_read_by(world.rows(sorted(offset, 20))).await;
        assert!(read * 4 < whole, "{read} of {whole} at {offset}");
    }
    let read = world.bytes_read_by(looked_up(&world, &[77_777])).await;
    assert!(read * 10 < whole, "{read} of {whole} for one key");
}

#[tokio::test]
async fn counts_and_bounds_of_the_whole_table_are_known_without_reading_it() {
    let world = loaded(true).await;
    let sql = "select count(*), count(n), min(n), max(n) from people";
    let expected = [["140000", "126000", "0", "139998"].map(str::to_owned)];
    assert_eq!(world.sql(sql).await.expect("footers are read"), expected);
    let read = world.bytes_read_by(async { assert_eq!(world.sql(sql).await.expect("known"), expected) }).await;
    assert_eq!(read, 0);
    world.load(Mode::Upsert, &people([139_998, 200_007].into_iter())).await;
    let now = world.sql(sql).await.expect("read through");
    assert_eq!(now, [["140001", "126001", "0", "200007"].map(str::to_owned)], "what was replaced counts once");
}
