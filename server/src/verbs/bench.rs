//! `bench`: measures what the product does, inside one process and over the doors everybody uses. Prints medians;
//! comparisons with other programs are scripts under `bench/` that call this.

mod reads;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::TryStreamExt;
use serde_json::json;
use yiwang_gate::{At, Lookup, Page, Query, RowsQuery, Sort, SqlQuery, Why};
use yiwang_kernel::{Actor, Ctx};
use yiwang_ledger::{Common, Entry, Ledger, Options, ReadKind};
use yiwang_portal::cells;
use yiwang_seal::MasterKey;
use yiwang_web::Datum;

use crate::assemble::{City, OPERATION};
use crate::city::sources;
use crate::cli::{Bench, Shared};
use crate::output;

/// Runs one measurement.
pub(crate) async fn bench(shared: &Shared, what: &Bench) -> Result<()> {
    match what {
        Bench::Sql { sql, repeat } => run_sql(shared, sql, *repeat).await,
        Bench::Pages { resource, sort, repeat } => pages(shared, resource, sort, *repeat).await,
        Bench::Lookups { resource, calls, tasks, together } => {
            let calls = Calls { calls: (*calls).max(1), tasks: (*tasks).max(1), keys: (*together).max(1) };
            lookups(shared, resource, &calls).await
        }
        Bench::Reads { resource, rows, repeat } => reads::reads(shared, resource, *rows, *repeat).await,
        Bench::Ledger { entries, tasks } => ledger(shared, *entries, *tasks).await,
    }
}

async fn run_sql(shared: &Shared, texts: &[String], repeat: usize) -> Result<()> {
    let city = City::open(shared).await?;
    let ctx = operator(&city);
    let why = Why::purpose(OPERATION);
    let mut medians = Vec::new();
    for text in texts {
        let query = Query::Sql(SqlQuery { text: text.clone(), rows_max: None });
        medians.push(median(repeat, async || read(&city, &ctx, &why, &query).await).await?.as_secs_f64());
    }
    let document = json!({ "queries": texts, "repeat": repeat, "median_seconds": medians });
    output::result(shared, &document, || {
        texts.iter().zip(&medians).map(|(text, seconds)| format!("{seconds:.3} s  {text}\n")).collect()
    });
    city.close().await;
    Ok(())
}

/// Pages at five depths, unsorted and sorted either way; each time another page of the neighbourhood.
async fn pages(shared: &Shared, resource: &str, sorts: &[String], repeat: usize) -> Result<()> {
    const ROWS: u64 = 100;
    let city = City::open(shared).await?;
    let ctx = operator(&city);
    let why = Why::purpose(OPERATION);
    let table = city.platform.gate.table(resource).await?.context("the resource has no table")?;
    let started = Instant::now();
    city.platform.gate.build_derived(resource).await?;
    let built = started.elapsed().as_secs_f64();
    let last = table.rows.saturating_sub(1) / ROWS;
    let mut lines = Vec::new();
    let ways = sorts.iter().flat_map(|field| [(field, false), (field, true)]);
    let ways = ways.map(|(field, descending)| Sort { field: field.clone(), descending });
    for order in std::iter::once(None).chain(ways.map(Some)) {
        for depth in [0, last / 100, last / 2, last / 100 * 99, last] {
            let mut turn = 0;
            let mut next = || {
                turn += 1;
                let page = if depth * 2 < last { depth + turn - 1 } else { depth.saturating_sub(turn - 1) };
                Query::Rows(RowsQuery {
                    resource: resource.to_owned(),
                    sort: order.clone(),
                    page: Page::Offset { offset: page.min(last) * ROWS, rows: ROWS },
                    ..RowsQuery::default()
                })
            };
            let times = times(repeat, async || read(&city, &ctx, &why, &next()).await).await?;
            let named = order.as_ref().map(|sort| format!("{}{}", if sort.descending { "-" } else { "" }, sort.field));
            let [middle, slowest] = [times[times.len() / 2], times[times.len() - 1]].map(milliseconds);
            lines.push(json!({ "sort": named, "page": depth + 1, "median_ms": middle, "slowest_ms": slowest }));
        }
    }
    let document = json!({
        "resource": resource, "rows": table.rows, "rows_per_page": ROWS, "indexes_built_in_seconds": built,
        "pages": lines,
    });
    output::result(shared, &document, || lines.iter().map(|line| format!("{line}\n")).collect());
    city.close().await;
    Ok(())
}

/// How rows are asked for by key.
struct Calls {
    calls: usize,
    tasks: usize,
    keys: usize,
}

/// Rows by key, from several tasks at once.
async fn lookups(shared: &Shared, resource: &str, asked: &Calls) -> Result<()> {
    let city = City::open(shared).await?;
    city.platform.gate.build_derived(resource).await?;
    let keys = Arc::new(some_keys(&city, resource).await?);
    let (calls, tasks) = (asked.calls.div_ceil(asked.tasks), asked.tasks);
    let started = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for task in 0..tasks {
        let (platform, keys, ctx) = (Arc::clone(&city.platform), Arc::clone(&keys), operator(&city));
        let (resource, together) = (resource.to_owned(), asked.keys);
        running.spawn(async move {
            let why = Why::purpose(OPERATION);
            let mut times = Vec::with_capacity(calls);
            for call in 0..calls {
                let first = (task * calls + call) * together;
                let wanted = (first..first + together).map(|place| keys[place % keys.len()].clone());
                let lookup =
                    Lookup { resource: resource.clone(), at: At::Latest, keys: wanted.collect(), fields: Vec::new() };
                let begun = Instant::now();
                let mut rows = platform.gate.lookup(&ctx, &why, &lookup).await?.rows;
                while rows.try_next().await?.is_some() {}
                times.push(begun.elapsed());
            }
            Ok::<_, yiwang_kernel::Error>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = running.join_next().await {
        times.extend(done.context("a task of the measurement")??);
    }
    let seconds = started.elapsed().as_secs_f64();
    times.sort();
    let [median, late] = [times[times.len() / 2], times[times.len() * 99 / 100]].map(milliseconds);
    let document = json!({
        "resource": resource, "calls": times.len(), "tasks": tasks, "keys_per_call": asked.keys, "seconds": seconds,
        "calls_per_second": times.len() as f64 / seconds,
        "rows_per_second": (times.len() * asked.keys) as f64 / seconds,
        "median_ms": median, "p99_ms": late,
    });
    output::result(shared, &document, || document.to_string());
    city.close().await;
    Ok(())
}

/// Keys from all over a table.
async fn some_keys(city: &City, resource: &str) -> Result<Vec<Vec<String>>> {
    const PLACES: u64 = 20;
    const ROWS: u64 = 500;
    let table = city.platform.gate.table(resource).await?.context("the resource has no table")?;
    anyhow::ensure!(!table.key.is_empty() && table.rows > 0, "the table has no key, or no rows");
    let mut keys = Vec::new();
    for place in 0..PLACES {
        let query = Query::Rows(RowsQuery {
            resource: resource.to_owned(),
            fields: table.key.clone(),
            page: Page::Offset { offset: table.rows / PLACES * place, rows: ROWS },
            ..RowsQuery::default()
        });
        let answer = city.platform.gate.read(&operator(city), &Why::purpose(OPERATION), &query).await?;
        for batch in answer.collect().await? {
            let text = |datum: &Datum| match datum {
                Datum::Null => String::new(),
                Datum::Bool(value) => value.to_string(),
                Datum::Int(value) => value.to_string(),
                Datum::Float(value) => value.to_string(),
                Datum::Text(value) => value.clone(),
            };
            keys.extend(cells(&batch)?.iter().map(|row| row.iter().map(text).collect::<Vec<String>>()));
        }
    }
    // Neighbours would share what is read for them.
    let count = keys.len();
    Ok((0..count).map(|place| keys[place * 7_919 % count].clone()).collect())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Entries acknowledged per second by so many waiting tasks, on a ledger of its own.
async fn ledger(shared: &Shared, entries: u64, tasks: u64) -> Result<()> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let (clock, _) = sources();
    let opened = Ledger::open(folder.path(), &MasterKey::generate(), clock, Options::small("yiwang/bench"))?;
    let started = Instant::now();
    let each = entries.div_ceil(tasks.max(1));
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..tasks.max(1) {
        let opened = opened.clone();
        running.spawn(async move {
            for _ in 0..each {
                opened.append(Entry::open(common())).await?;
            }
            Ok::<(), yiwang_kernel::Error>(())
        });
    }
    while let Some(done) = running.join_next().await {
        done.context("a task of the measurement")??;
    }
    let seconds = started.elapsed().as_secs_f64();
    let status = opened.status();
    let document = json!({
        "entries": status.entries, "batches": status.batches, "tasks": tasks, "seconds": seconds,
        "entries_per_second": status.entries as f64 / seconds,
    });
    output::result(shared, &document, || document.to_string());
    Ok(())
}

fn common() -> Common {
    Common { who: "system:bench".into(), read: Some(ReadKind::File), purpose: "bench".into(), ..Common::default() }
}

async fn read(city: &City, ctx: &Ctx, why: &Why, query: &Query) -> Result<()> {
    let mut rows = city.platform.gate.read(ctx, why, query).await?.rows;
    while rows.try_next().await?.is_some() {}
    Ok(())
}

async fn median(repeat: usize, work: impl AsyncFnMut() -> Result<()>) -> Result<Duration> {
    let times = times(repeat, work).await?;
    Ok(times[times.len() / 2])
}

/// How long each of several runs took, the quickest first; at least one.
async fn times(repeat: usize, mut work: impl AsyncFnMut() -> Result<()>) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..repeat.max(1) {
        let started = Instant::now();
        work().await?;
        times.push(started.elapsed());
    }
    times.sort();
    Ok(times)
}

fn operator(city: &City) -> Ctx {
    city.platform.ctx(Actor::Operator { reason: "yiwang bench".to_owned() })
}
