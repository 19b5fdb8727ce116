//! `demo`: builds the demo city through the same operations a real city uses, and serves it. Everything in it is
//! invented; what is late, refused, claimed twice or about to end is planted on purpose.

mod build;
mod dice;
mod guide;
mod maker;
mod plan;
mod words;

use std::os::unix::process::CommandExt;
use std::time::Instant as Stopwatch;

use anyhow::Result;
use serde_json::json;
use yiwang_kernel::{Actor, Ctx, Error, Text};

use crate::assemble::City;
use crate::city::{Directory, Mark, remove_demo, write_durable};
use crate::cli::{Demo, Shared};
use crate::output;
use crate::verbs::{refuse_strangers, serve_city};

pub(crate) use plan::ROWS_DEFAULT;
use plan::{Plan, Wish};

/// Marks a demo that was built to its end; one without it is built anew.
pub(crate) const READY: &str = "demo-ready";
/// Names and passwords of the demo's accounts.
pub(crate) const ACCOUNTS: &str = "demo-accounts.txt";
const PHRASE: &str = "demo-phrase.txt";
/// 4499xx is in no use.
const REGION: &str = "449900";

/// Builds the demo unless it stands, and serves it unless told not to.
pub(crate) async fn demo(shared: &Shared, options: &Demo) -> Result<()> {
    if !options.no_serve && !options.share {
        refuse_strangers(options.listen.listen)?;
    }
    let built = !standing(shared, options)?;
    if built {
        build_anew(shared, options).await?;
    }
    if options.no_serve {
        return Ok(());
    }
    if built {
        begin_again();
    }
    let city = City::open(shared).await?;
    if options.share {
        share(shared, &city)?;
    }
    serve_city(shared, city, &options.listen).await
}

/// Becomes a process that has built nothing: it needs a third of the memory. Where that cannot be, this one serves.
fn begin_again() {
    let Ok(program) = std::env::current_exe() else { return };
    let words = std::env::args_os().skip(1).filter(|word| word != "--reset");
    let error = std::process::Command::new(program).args(words).exec();
    tracing::warn!(%error, "serving goes on in the process that built the demo");
}

/// Puts the switch of roles behind a pass phrase made for this run.
fn share(shared: &Shared, city: &City) -> Result<()> {
    let phrase = yiwang_accounts::ops::share_demo(&city.platform, &city.platform.ctx(Actor::System("demo")))?;
    let path = shared.data.join(PHRASE);
    match std::fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::internal("removing the pass phrase of an earlier run", error).into()),
    }
    write_durable(&path, format!("{phrase}\n").as_bytes(), 0o600)?;
    let words = match output::say(shared, "zh", "en") {
        "zh" => format!("共享演示  切换身份的口令 {phrase}  （也在 {}）", path.display()),
        _ => format!("Shared demo  pass phrase to switch roles {phrase}  (also in {})", path.display()),
    };
    // Standard output is for the one document; who asked for it finds the phrase in the file.
    if !shared.json {
        output::line(shared, &json!({}), &words);
    }
    Ok(())
}

/// Whether a demo stands that can be served as it is. Removes a half-built one; never touches a real city.
fn standing(shared: &Shared, options: &Demo) -> Result<bool> {
    if let Some(mark) = Mark::read(&shared.data)?
        && !mark.demo
    {
        return Err(Error::conflict("city-is-city").with("path", shared.data.display()).into());
    }
    if !options.reset && shared.data.join(READY).exists() {
        return Ok(true);
    }
    if shared.data.join("city.toml").exists() {
        remove_demo(shared)?;
    }
    Ok(false)
}

async fn build_anew(shared: &Shared, options: &Demo) -> Result<()> {
    let started = Stopwatch::now();
    let today = Ctx::system(Actor::System("demo")).now().date();
    let wish = Wish { seed: options.seed, as_of: options.as_of.unwrap_or(today), rows: options.rows };
    let plan = Plan::new(wish)?;
    let mark = Mark::new(Text::new("示例市", "Sample City"), REGION, true, true);
    let directory = Directory::create(shared, mark)?;
    directory.write_mark()?;
    let city = City::over(directory, shared).await?;
    let built = build::build(shared, &city, &plan, wish).await?;
    let mut text = String::from("# 演示账号，每次建城随机生成 · demo accounts, random for each build\n");
    for account in &built.accounts {
        text.push_str(&format!("{}\t{}\n", account.name, account.password));
    }
    write_durable(&shared.data.join(ACCOUNTS), text.as_bytes(), 0o600)?;
    write_durable(&shared.data.join(READY), b"", 0o644)?;
    let seconds = started.elapsed().as_secs_f64();
    let document = json!({
        "departments": plan.departments.len(), "entries": plan.entries.len(), "fields": plan.fields(),
        "tables": plan.tables.len(), "rows": built.rows, "refused": built.refused,
        "persons": plan.census.persons, "firms": plan.census.firms, "seconds": seconds,
        "seed": wish.seed, "as_of": wish.as_of, "accounts": shared.data.join(ACCOUNTS),
    });
    output::line(shared, &document, &banner(shared, &plan, &built, (wish, seconds)));
    city.close().await;
    Ok(())
}

fn banner(shared: &Shared, plan: &Plan, built: &build::Built, (wish, seconds): (Wish, f64)) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let accounts = shared.data.join(ACCOUNTS);
    let (departments, entries, fields) = (plan.departments.len(), plan.entries.len(), plan.fields());
    let (tables, rows, persons, firms) = (plan.tables.len(), built.rows, plan.census.persons, plan.census.firms);
    let (seed, as_of, accounts) = (wish.seed, wish.as_of, accounts.display());
    match output::say(shared, "zh", "en") {
        "zh" => format!(
            "一网 {version} · 演示城市 示例市（虚构，数据由种子 {seed} 按 {as_of} 生成）        用时 {seconds:.0} 秒
{departments} 部门 · {entries} 目录（{tables} 已挂接）· {fields} 信息项 · {rows} 行 · {persons} 人 · {firms} 企业
体验路线 /tour     切换身份 /demo（仅演示）
账号  局长 chief · 数据专员 steward · 窗口 clerk · 审批 approver
      市民 resident · 企业 agent · 审计 auditor · 运维 operator
口令见 {accounts}
停止  Ctrl-C（数据保留）   清除  yiwang demo --reset
换成真实城市  yiwang init --help"
        ),
        _ => format!(
            "Yiwang {version} · demo city Sample City (fictional, data of seed {seed} as of {as_of}) · {seconds:.0} s
{departments} departments · {entries} entries ({tables} attached) · {fields} fields
{rows} rows · {persons} persons · {firms} firms
Walk through /tour     switch role /demo (demo only)
Accounts  chief · steward · clerk · approver · resident · agent · auditor · operator
Passwords in {accounts}
Stop  Ctrl-C (data stay)   remove  yiwang demo --reset   a real city  yiwang init --help"
        ),
    }
}
