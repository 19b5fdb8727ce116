//! Sorted pages by rank: each is its part of the whole order, whatever lies in files, in the database or is removed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{
    Array as _, ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow_schema::{DataType, Field, Schema};
use proptest::prelude::*;
use yiwang_gate::{CountQuery, Filter, Grant, LoadSpec, Mask, Mode, Op, Query, RowsQuery, Sort, Why};
use yiwang_kernel::Id;
use yiwang_store::testing::sqlite;

use super::world::{PURPOSE, RESOURCE, World, all, page, people, spec, worlds};
use crate::order::rank::{self, Source};
use crate::order::run::{self, Entries, Fences, TRAILER_BYTES, Values};

const FIELDS: [&str; 4] = ["word", "n", "amount", "day"];

/// Shuffled rows with many equal and empty cells.
fn mixed(numbers: impl Iterator<Item = i64>) -> RecordBatch {
    let numbers: Vec<i64> = numbers.collect();
    let dice = |number: i64, salt: i64| (number * 7_919 + salt).wrapping_mul(2_654_435_761).rem_euclid(1_000_003);
    let some = |number: i64, salt: i64| Some(dice(number, salt)).filter(|value| value % 11 != 0);
    let code: StringArray = numbers.iter().map(|number| Some(format!("c{number:06}"))).collect();
    let word =
        |number: &i64| some(*number, 1).map(|value| "字ab".repeat((value % 5) as usize) + &(value % 40).to_string());
    let word: StringArray = numbers.iter().map(word).collect();
    let n: Int64Array = numbers.iter().map(|number| some(*number, 2).map(|value| value % 3_000 - 1_500)).collect();
    let amount = numbers.iter().map(|number| some(*number, 3).map(|value| i128::from(value) * 37 - 15_000_000));
    let amount = amount.collect::<Decimal128Array>().with_precision_and_scale(12, 2).expect("a decimal");
    let day = |number: &i64| some(*number, 4).and_then(|value| i32::try_from(value % 500 - 250).ok());
    let day: Date32Array = numbers.iter().map(day).collect();
    let arrays: Vec<ArrayRef> = vec![Arc::new(code), Arc::new(word), Arc::new(n), Arc::new(amount), Arc::new(day)];
    let field = |(name, array): (&str, &ArrayRef)| Field::new(name, array.data_type().clone(), true);
    let fields: Vec<Field> = ["code", "word", "n", "amount", "day"].into_iter().zip(&arrays).map(field).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("a batch")
}

async fn load_mixed(world: &World, mode: Mode, batch: &RecordBatch) {
    let sortable = FIELDS.map(str::to_owned).to_vec();
    let spec = LoadSpec { sortable, ..spec(Id::new(&world.ctx), mode, batch.schema()) };
    let mut loading = world.gate.load(&world.ctx, spec).await.expect("begun");
    loading.write(batch.clone()).await.expect("written");
    let staged = loading.finish().await.expect("finished");
    let (gate, ctx, staged) = (&world.gate, &world.ctx, &staged);
    world.store.tx(|tx| Box::pin(async move { gate.publish(tx, ctx, staged).await })).await.expect("published");
}

fn by(field: &str, descending: bool, query: RowsQuery) -> RowsQuery {
    RowsQuery { sort: Some(Sort { field: field.into(), descending }), ..query }
}

/// Every page as long as a page can be, and short ones here and there.
async fn pages_are_parts_of_the_whole(world: &World) {
    for (field, descending) in FIELDS.into_iter().flat_map(|field| [(field, false), (field, true)]) {
        let whole = world.rows(by(field, descending, all())).await.expect("the whole");
        let place = world.answer(page(0, 1)).await.expect("a page").schema.index_of(field).expect("a field");
        let empty = whole.iter().position(|row| row[place] == "-").expect("empty cells");
        assert!(whole[empty..].iter().all(|row| row[place] == "-"), "empty cells are last");
        let long = (0..whole.len() as u64).step_by(9_000).map(|offset| (offset, 9_000));
        let short = [1_023, 10_399, 10_400, 17_777, empty as u64 - 3, whole.len() as u64 - 2].map(|offset| (offset, 7));
        for (offset, rows) in long.chain(short) {
            let found = world.rows(by(field, descending, page(offset, rows))).await.expect("a page");
            let part = offset as usize..whole.len().min((offset + rows) as usize);
            assert!(found == whole[part], "{field} {descending} {offset} {}", world.store.name);
        }
        assert!(world.rows(by(field, descending, page(1_000_000, 5))).await.expect("a page").is_empty());
    }
}

#[tokio::test]
async fn every_page_of_a_sorted_table_is_that_part_of_the_whole_order() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        load_mixed(&world, Mode::Append, &mixed((0..10_400).rev())).await;
        load_mixed(&world, Mode::Append, &mixed(20_000..30_100)).await;
        load_mixed(&world, Mode::Append, &mixed(40_000..40_040)).await;
        pages_are_parts_of_the_whole(&world).await;
        assert_eq!(sidecars(&world).len(), 2 * 2 * FIELDS.len(), "{}", world.store.name);
        let replaced = (0..900).chain(25_000..25_003).chain(40_003..40_006).chain([50_000]);
        load_mixed(&world, Mode::Upsert, &mixed(replaced.map(|number| number / 2 * 2))).await;
        pages_are_parts_of_the_whole(&world).await;
        assert_eq!(sidecars(&world).len(), 2 * 2 * FIELDS.len(), "removed rows need no other sidecars");
    }
}

#[tokio::test]
async fn the_order_of_a_masked_column_is_never_taken_from_a_sidecar() {
    for world in worlds().await {
        let open = Grant { rows: None, masks: [("word".to_owned(), Mask::Null)].into(), ..world.whole_grant() };
        world.grant(&open).await;
        load_mixed(&world, Mode::Append, &mixed((0..10_400).rev())).await;
        let first = world.rows(by("word", false, page(0, 3))).await.expect("a page");
        let codes: Vec<&str> = first.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(codes, ["c010399", "c010398", "c010397"], "the order tells nothing {}", world.store.name);
        assert!(sidecars(&world).is_empty());
        // A second grant shows the column on some rows: only those rows may be told apart.
        let some = yiwang_gate::RowRule { all: vec![Filter::new("code", Op::Lt, "c000003")] };
        world.grant(&Grant { rows: Some(some), ..world.whole_grant() }).await;
        let shown = world.rows(by("word", true, page(0, 6))).await.expect("a page");
        assert!(shown.iter().skip(3).all(|row| row[1] == "-"), "masked cells are empty and last");
        assert!(sidecars(&world).is_empty(), "{}", world.store.name);
    }
}

#[tokio::test]
async fn a_row_rule_or_an_erasure_leaves_the_order_to_the_scan() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        load_mixed(&world, Mode::Append, &mixed(0..10_400)).await;
        let before = world.rows(by("n", false, page(0, 3))).await.expect("a page");
        let erasure = yiwang_gate::Erasure {
            resource: RESOURCE.into(),
            field: "code".into(),
            value: before[0][0].clone(),
            basis: "request".into(),
        };
        let (gate, ctx, erasure) = (&world.gate, &world.ctx, &erasure);
        world.store.tx(|tx| Box::pin(async move { gate.erase(tx, ctx, erasure).await })).await.expect("erased");
        let after = world.rows(by("n", false, page(0, 2))).await.expect("a page");
        assert_eq!(after, before[1..], "{}", world.store.name);
    }
}

#[tokio::test]
async fn sidecars_come_back_byte_for_byte() {
    let world = World::new(sqlite().await, false).await;
    world.grant(&world.whole_grant()).await;
    load_mixed(&world, Mode::Append, &mixed((0..10_400).rev())).await;
    load_mixed(&world, Mode::Append, &mixed(20_000..20_100)).await;
    let first = world.rows(by("word", true, page(5_000, 40))).await.expect("a page");
    world.gate.rebuild_derived(RESOURCE).await.expect("built");
    let built = sidecars(&world);
    assert_eq!(built.len(), 2 * FIELDS.len());
    for path in built.keys() {
        std::fs::remove_file(path).expect("removed");
    }
    assert_eq!(world.rows(by("word", true, page(5_000, 40))).await.expect("a page"), first, "while they are gone");
    world.gate.rebuild_derived(RESOURCE).await.expect("rebuilt");
    assert!(sidecars(&world) == built, "the same bytes");
    assert_eq!(world.rows(by("word", true, page(5_000, 40))).await.expect("a page"), first);
}

#[tokio::test]
async fn a_deep_page_reads_its_own_rows_and_a_total_is_counted_once() {
    for world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..140_000)).await;
        let whole = world.bytes_read_by(world.count_of(all())).await;
        let read = world.bytes_read_by(world.count_of(page(139_000, 20))).await;
        assert!(read * 4 < whole, "{read} of {whole} {}", world.store.name);
        let count = Query::Count(CountQuery {
            resource: RESOURCE.into(),
            filters: vec![Filter::new("name", Op::Eq, "person 7")],
            ..CountQuery::default()
        });
        let why = Why::purpose(PURPOSE);
        let ask = async || world.gate.read(&world.ctx, &why, &count).await.expect("a count").total;
        assert!(world.bytes_read_by(async { assert_eq!(ask().await, Some(140)) }).await > 0);
        assert_eq!(world.bytes_read_by(async { assert_eq!(ask().await, Some(140)) }).await, 0, "remembered");
    }
}

fn sidecars(world: &World) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    gather(&world.directory.path().join("derived").join("order"), &mut found);
    found
}

fn gather(directory: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            gather(&path, found);
        } else {
            found.insert(path.display().to_string(), std::fs::read(&path).expect("a file"));
        }
    }
}

fn values(array: ArrayRef) -> Values {
    let mut values = Values::default();
    values.extend(&array).expect("an ordered type");
    values
}

fn fences(bytes: &[u8]) -> Fences {
    let at = Fences::place(&bytes[bytes.len() - TRAILER_BYTES..]).expect("a run");
    Fences::parse(&bytes[at as usize..]).expect("fences")
}

/// Cells of a run with whether each was removed.
fn cells() -> impl Strategy<Value = Vec<(Option<String>, bool)>> {
    prop::collection::vec((prop::option::weighted(0.9, "[ab]{0,3}"), prop::bool::weighted(0.2)), 0..40)
}

proptest! {
    #[test]
    fn places_by_rank_are_places_in_the_whole_order(
        runs in prop::collection::vec(cells(), 0..6),
        descending: bool,
        entries_per_fence in 1_usize..6,
        skip in 0_u64..120,
        take in 0_u64..30,
    ) {
        let texts = |run: &Vec<(Option<String>, bool)>| -> StringArray {
            run.iter().map(|(text, _)| text.clone()).collect()
        };
        let encoded: Vec<Vec<u8>> = runs
            .iter()
            .map(|run| run::encode(&values(Arc::new(texts(run))), descending, entries_per_fence).expect("a run"))
            .collect();
        let fences: Vec<Fences> = encoded.iter().map(|bytes| fences(bytes)).collect();
        let holds = |source: usize| { let runs = &runs; move |row: u32| !runs[source][row as usize].1 };
        let before: Vec<Vec<u64>> = fences.iter().enumerate().map(|(source, fences)| {
            let kept = fences.kept(&(0..fences.blocks()), &encoded[source], holds(source)).expect("counts");
            kept.iter().fold(vec![0], |mut before, count| { before.push(before[before.len() - 1] + count); before })
        }).collect();
        let sources: Vec<Source<'_>> = fences.iter().zip(&before)
            .map(|(fences, before)| Source { firsts: &fences.firsts, before }).collect();
        let (spans, passed) = rank::spans(&sources, descending, skip, take);
        let entries: Vec<Entries> = spans.iter().enumerate().map(|(source, blocks)| {
            let place = fences[source].bytes_of(blocks);
            let bytes = &encoded[source][place.start as usize..place.end as usize];
            fences[source].read(blocks, bytes, holds(source)).expect("entries")
        }).collect();
        prop_assert!(passed <= skip);
        let found = rank::select(&entries, descending, skip - passed, take as usize);

        let mut expected: Vec<(Option<&str>, usize, u32)> = runs.iter().enumerate().flat_map(|(source, run)| {
            let live = run.iter().zip(0_u32..).filter(|((_, removed), _)| !removed);
            live.map(move |((text, _), row)| (text.as_deref(), source, row))
        }).collect();
        expected.sort_by(|one, other| {
            let values = match descending { true => other.0.cmp(&one.0), false => one.0.cmp(&other.0) };
            let empty = one.0.is_none().cmp(&other.0.is_none());
            empty.then(values).then((one.1, one.2).cmp(&(other.1, other.2)))
        });
        let expected: Vec<(usize, u32)> = expected.into_iter().skip(skip as usize).take(take as usize)
            .map(|(_, source, row)| (source, row)).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn numbers_keep_their_order(floats in prop::collection::vec(prop::num::f64::ANY, 0..50),
        decimals in prop::collection::vec(-10_i128.pow(37)..10_i128.pow(37), 0..50), descending: bool) {
        let mut by_rank = rows(&values(Arc::new(Float64Array::from(floats.clone()))), descending);
        let sorted = |compare: &dyn Fn(&usize, &usize) -> std::cmp::Ordering, count: usize| {
            let mut rows: Vec<usize> = (0..count).collect();
            rows.sort_by(|one, other| if descending { compare(other, one) } else { compare(one, other) }
                .then(one.cmp(other)));
            rows
        };
        prop_assert_eq!(by_rank, sorted(&|one, other| floats[*one].total_cmp(&floats[*other]), floats.len()));
        let array = Decimal128Array::from(decimals.clone()).with_precision_and_scale(38, 4).expect("decimals");
        prop_assert_eq!(array.data_type(), &DataType::Decimal128(38, 4));
        by_rank = rows(&values(Arc::new(array)), descending);
        prop_assert_eq!(by_rank, sorted(&|one, other| decimals[*one].cmp(&decimals[*other]), decimals.len()));
    }
}

/// The rows of a run in its order.
fn rows(values: &Values, descending: bool) -> Vec<usize> {
    let bytes = run::encode(values, descending, 4).expect("a run");
    let fences = fences(&bytes);
    let entries = fences.read(&(0..fences.blocks()), &bytes, |_| true).expect("entries");
    (0..entries.len()).map(|place| entries.key(place, 0).row as usize).collect()
}
