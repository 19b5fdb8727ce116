//! Brings the planned city in: departments, accounts, the catalogue as an import, each table as a load, openings as
//! the bureau's act. The same operations, checks and ledger entries as in a real city.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use yiwang_accounts::NewDepartment;
use yiwang_accounts::ops::DemoAccount;
use yiwang_catalogue::ops::OpenRequest;
use yiwang_collect::{LoadRequest, Source, State};
use yiwang_gate::{CountQuery, Mode, Query, Why};
use yiwang_kernel::{Actor, CivilDate, Ctx, FixedClock, Grade, SystemRandom, Text};

use super::REGION;
use super::guide;
use super::plan::{Plan, Table, Wish};
use crate::assemble::{BUREAU, City, OPERATION};
use crate::cli::Shared;
use crate::output;

/// The department of the demo's steward.
const STEWARD_OF: &str = "064";
/// The unit that is late on purpose, and by how many days.
const LATE_UNIT: &str = "038";
const LATE_DAYS: i64 = 60;
/// Days until the planted entry of the negative list ends.
const ENDING_DAYS: i64 = 10;

/// What was built.
pub(crate) struct Built {
    /// Accounts with their passwords of this run.
    pub(crate) accounts: Vec<DemoAccount>,
    /// Rows loaded.
    pub(crate) rows: u64,
    /// Rows refused.
    pub(crate) refused: u64,
}

/// Builds the city.
pub(crate) async fn build(shared: &Shared, city: &City, plan: &Plan, wish: Wish) -> Result<Built> {
    let platform = &city.platform;
    let ctx = platform.ctx(Actor::System("demo"));
    name_city(city, &ctx).await?;
    let bar = bar(shared, "部门", "departments", plan.departments.len() as u64);
    for (place, department) in plan.departments.iter().enumerate() {
        let new = NewDepartment {
            code: department.code.clone(),
            name: Text::new(department.name.as_str(), department.english.as_str()),
            parent: None,
            place: place as i64,
            opened: CivilDate::new(2019, 1, 1),
        };
        yiwang_accounts::ops::create_department(platform, &ctx, &new).await?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let accounts = yiwang_accounts::ops::demo_accounts(platform, &ctx, BUREAU, STEWARD_OF).await?;
    catalogue(shared, city, &ctx, plan).await?;
    let mut built = Built { accounts, rows: 0, refused: 0 };
    load_tables(shared, city, plan, &mut built).await?;
    open_tables(shared, city, &ctx, plan).await?;
    plant_negative(city, &ctx, plan, wish).await?;
    yiwang_catalogue::ops::remind_late(platform, &ctx).await?;
    city.allow_operator(&ctx).await?;
    count_again(city, plan, built.rows).await?;
    Ok(built)
}

/// What was loaded can be read: counted once more through the gate, as the operator, each count an entry of the ledger.
async fn count_again(city: &City, plan: &Plan, loaded: u64) -> Result<()> {
    let ctx = city.platform.ctx(Actor::Operator { reason: "demo".to_owned() });
    let why = Why { purpose: OPERATION.to_owned(), case: None, basis: Some("建城后核对行数".to_owned()) };
    let mut rows = 0;
    for table in &plan.tables {
        let count = CountQuery { resource: table.code.clone(), ..CountQuery::default() };
        let answer = city.platform.gate.read(&ctx, &why, &Query::Count(count)).await?;
        rows += answer.total.context("a count has a total")?;
    }
    if rows != loaded {
        bail!("{loaded} rows were loaded, {rows} can be read");
    }
    Ok(())
}

async fn name_city(city: &City, ctx: &Ctx) -> Result<()> {
    let settings = &city.platform.settings;
    let values =
        &[("host.site_name_zh", "示例市数据平台"), ("host.site_name_en", "Sample City data"), ("host.phone", "12345")];
    let named = city.platform.db.tx(|tx| {
        Box::pin(async move {
            for (name, value) in values {
                settings.set(tx, ctx, name, value).await?;
            }
            Ok(())
        })
    });
    Ok(named.await?)
}

/// The catalogue comes in as a city's does: a table, checked, applied as one batch, published.
async fn catalogue(shared: &Shared, city: &City, ctx: &Ctx, plan: &Plan) -> Result<()> {
    let bar = bar(shared, "目录", "entries", plan.entries.len() as u64);
    let codes: Vec<String> = plan.entries.iter().map(|entry| entry.code.clone()).collect();
    let table = guide::table(plan, &plan.entries, REGION)?;
    let checked = yiwang_catalogue::ops::check_table(&city.platform, ctx, &table, false).await?;
    let Some(batch) = checked.batch else { bail!("the demo's catalogue has faults: {:?}", checked.faults.first()) };
    yiwang_catalogue::ops::apply(&city.platform, ctx, batch).await?;
    yiwang_catalogue::ops::publish_many(&city.platform, ctx, &codes).await?;
    bar.finish_and_clear();
    Ok(())
}

async fn load_tables(shared: &Shared, city: &City, plan: &Plan, built: &mut Built) -> Result<()> {
    let bar = bar(shared, "装载", "rows", plan.tables.iter().map(|table| table.rows).sum());
    for table in &plan.tables {
        bar.set_message(table.code.clone());
        let grade = plan.entries.iter().find(|entry| entry.code == table.code).map_or(1, |entry| entry.grade);
        let mut file = tempfile::Builder::new().suffix(".csv").tempfile().context("a temporary file")?;
        file.write_all(plan.csv(table)?.as_bytes()).context("writing a temporary file")?;
        let request = LoadRequest {
            load: None,
            source: Source::Path(file.path().to_owned()),
            file_name: format!("{}.csv", table.slug),
            department: Some(table.department.clone()),
            resource: Some(table.code.clone()),
            mode: Mode::Append,
            key: table.key.clone(),
            grade: Some(Grade::new(i64::from(grade))?),
            dry_run: false,
        };
        let reports = yiwang_collect::ops::load(&city.platform, &loader(city, table), request, &|_| {}).await?;
        for report in reports {
            if report.state != State::Loaded {
                bail!("{} was {}: {:?}", table.slug, report.state.word(), report.verdict);
            }
            built.rows += report.rows_loaded;
            built.refused += report.rows_refused;
        }
        bar.inc(table.rows);
    }
    bar.finish_and_clear();
    Ok(())
}

/// Who loads the table and when: the late unit did so some time ago.
fn loader(city: &City, table: &Table) -> Ctx {
    let ctx = city.platform.ctx(Actor::System("demo"));
    if table.department != LATE_UNIT {
        return ctx;
    }
    let then = ctx.now().plus_s(-LATE_DAYS * 86_400);
    Ctx::new(Actor::System("demo"), Arc::new(FixedClock::at(then)), Arc::new(SystemRandom))
}

async fn open_tables(shared: &Shared, city: &City, ctx: &Ctx, plan: &Plan) -> Result<()> {
    let open: Vec<&Table> = plan.tables.iter().filter(|table| table.open).collect();
    let bar = bar(shared, "开放", "opened", open.len() as u64);
    for table in open {
        yiwang_catalogue::ops::open(&city.platform, ctx, &table.code, &OpenRequest::default()).await?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

/// An entry of the negative list whose basis is about to end.
async fn plant_negative(city: &City, ctx: &Ctx, plan: &Plan, wish: Wish) -> Result<()> {
    let persons = plan.tables.iter().find(|table| table.slug.starts_with("persons")).context("the persons")?;
    let ends = wish.as_of.plus_days(ENDING_DAYS);
    let basis = "示例市数据局〔2024〕12号：户籍住址暂不共享";
    yiwang_catalogue::ops::withhold(&city.platform, ctx, &persons.code, "address", basis, Some(ends)).await?;
    Ok(())
}

fn bar(shared: &Shared, zh: &str, en: &str, length: u64) -> ProgressBar {
    let bar = if shared.json { ProgressBar::hidden() } else { ProgressBar::new(length) };
    let style = ProgressStyle::with_template("{prefix:12} {bar:36} {human_pos}/{human_len} {msg}");
    let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_prefix(output::say(shared, zh, en).to_owned());
    bar
}
