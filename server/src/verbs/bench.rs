//! `bench`: measures what the product does, inside one process and over the doors everybody uses. Prints medians;
//! comparisons with other programs are scripts under `bench/` that call this.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::TryStreamExt;
use serde_json::json;
use yiwang_gate::{Page, Query, RowsQuery, Sort, SqlQuery, Why};
use yiwang_kernel::{Actor, Ctx};
use yiwang_ledger::{Common, Entry, Ledger, Options, ReadKind};
use yiwang_seal::MasterKey;

use crate::assemble::{City, OPERATION};
use crate::city::sources;
use crate::cli::{Bench, Shared};
use crate::output;

/// Runs one measurement.
pub(crate) async fn bench(shared: &Shared, what: &Bench) -> Result<()> {
    match what {
        Bench::Sql { sql, repeat } => run_sql(shared, sql, *repeat).await,
        Bench::Pages { resource, sort, repeat } => pages(shared, resource, sort.as_deref(), *repeat).await,
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
    city.platform.db.close().await;
    Ok(())
}

/// The first, a middle and the last page of a table, unsorted and sorted.
async fn pages(shared: &Shared, resource: &str, sort: Option<&str>, repeat: usize) -> Result<()> {
    const ROWS: u64 = 100;
    let city = City::open(shared).await?;
    let ctx = operator(&city);
    let why = Why::purpose(OPERATION);
    let table = city.platform.gate.table(resource).await?.context("the resource has no table")?;
    let last = table.rows.saturating_sub(1) / ROWS;
    let mut lines = Vec::new();
    let orders = std::iter::once(None).chain(sort.map(Some));
    for order in orders {
        for page in [0, last / 2, last] {
            let query = Query::Rows(RowsQuery {
                resource: resource.to_owned(),
                sort: order.map(|field| Sort { field: field.to_owned(), descending: false }),
                page: Page::Offset { offset: page * ROWS, rows: ROWS },
                ..RowsQuery::default()
            });
            let time = median(repeat, async || read(&city, &ctx, &why, &query).await).await?;
            lines.push(json!({ "sort": order, "page": page + 1, "median_ms": time.as_secs_f64() * 1000.0 }));
        }
    }
    let document = json!({ "resource": resource, "rows": table.rows, "rows_per_page": ROWS, "pages": lines });
    output::result(shared, &document, || lines.iter().map(|line| format!("{line}\n")).collect());
    city.platform.db.close().await;
    Ok(())
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

async fn median(repeat: usize, mut work: impl AsyncFnMut() -> Result<()>) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..repeat.max(1) {
        let started = Instant::now();
        work().await?;
        times.push(started.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}

fn operator(city: &City) -> Ctx {
    city.platform.ctx(Actor::Operator { reason: "yiwang bench".to_owned() })
}
