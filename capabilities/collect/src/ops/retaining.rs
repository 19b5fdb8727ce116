//! How long data is kept: rows whose term is over go with everything made from them, earlier versions go when they are
//! past what is kept, files that nothing names go too. What is gone cannot be brought back; the entry says when.
//! Nothing goes while the machine's clock is in doubt.

use yiwang_catalogue::ops as catalogue;
use yiwang_gate::{Cleaned, Keep, TableInfo};
use yiwang_host::Platform;
use yiwang_kernel::{CivilDate, Ctx, Error, Ref, Result};
use yiwang_store::decisions::{self, Decision};
use yiwang_store::outbox::{self, Event};

use super::decide::nothing;
use super::{DECIDE, check};
use crate::model::{LoadLine, State};
use crate::store;

/// Why an empty version was made.
const REASON: &str = "retention";
const DAY_S: i64 = 24 * 3_600;

/// The last day the rows of a resource are kept, and whether it is over; none where nothing ends it.
pub async fn term(platform: &Platform, ctx: &Ctx, resource: &str) -> Result<Option<(CivilDate, bool)>> {
    let entry = catalogue::entry(platform, ctx, resource).await?;
    let until = entry.content.retained_until()?;
    Ok(until.map(|until| (until, until < ctx.now().date())))
}

/// 到期清除: removes the rows of a resource whose term is over, without waiting for the night.
pub async fn end_term(platform: &Platform, ctx: &Ctx, resource: &str) -> Result<()> {
    let entry = catalogue::entry(platform, ctx, resource).await?;
    check(platform, ctx, DECIDE, &entry.content.provider)?;
    platform.require_sure_clock(ctx).await?;
    match entry.content.retained_until()? {
        Some(until) if until < ctx.now().date() => remove(platform, ctx, resource).await,
        Some(until) => Err(Error::refused("load-term-runs").with("date", until)),
        None => Err(Error::refused("load-term-none")),
    }
}

/// Removes the rows of every resource whose term is over; how many resources. For a daily job.
pub async fn end_terms(platform: &Platform, ctx: &Ctx) -> Result<usize> {
    platform.require_sure_clock(ctx).await?;
    let past = catalogue::past_retention(platform, ctx.now().date()).await?;
    for resource in &past {
        remove(platform, ctx, resource).await?;
    }
    Ok(past.len())
}

/// Forgets earlier versions past what is kept, and deletes what is out of use; what went. For a daily job.
pub async fn forget_versions(platform: &Platform, ctx: &Ctx) -> Result<Cleaned> {
    platform.require_sure_clock(ctx).await?;
    let number = |name: &str| platform.settings.number(name);
    let keep = Keep {
        versions_max: usize::try_from(number("collect.versions_max")?).unwrap_or(1).max(1),
        since: ctx.now().plus_s(-number("collect.version_days")?.max(1) * DAY_S),
        at_once: false,
    };
    let mut all = Cleaned::default();
    for entry in catalogue::attached(platform, ctx).await? {
        let cleaned = platform.gate.clean(ctx, &entry.code, &keep).await?;
        all.versions += cleaned.versions;
        all.files += cleaned.files;
    }
    all.files += platform.gate.sweep(ctx).await?;
    Ok(all)
}

/// An empty version first, so that no reader sees the rows from then on; then raw files, then files and indexes. Cut
/// off anywhere, it goes on where it was.
async fn remove(platform: &Platform, ctx: &Ctx, resource: &str) -> Result<()> {
    let Some(table) = platform.gate.table(resource).await? else { return Ok(()) };
    let waiting = store::held(&platform.db, resource).await?;
    if table.rows > 0 || !waiting.is_empty() {
        empty(platform, ctx, &table, &waiting).await?;
    }
    for (load, raw) in store::raws_of(&platform.db, resource).await? {
        platform.files.delete(raw).await?;
        store::raw_gone(&platform.db, load).await?;
    }
    let keep = Keep { versions_max: 1, since: ctx.now(), at_once: true };
    platform.gate.clean(ctx, resource, &keep).await?;
    catalogue::index(platform, &[resource.to_owned()]).await
}

async fn empty(platform: &Platform, ctx: &Ctx, table: &TableInfo, waiting: &[LoadLine]) -> Result<()> {
    let staged = &nothing(platform, ctx, table, REASON).await?;
    let mut held = Vec::with_capacity(waiting.len());
    for line in waiting {
        held.push((line, platform.gate.staged(line.id).await?));
    }
    let held = &held;
    let emptied = platform.db.tx(|tx| {
        Box::pin(async move {
            let version = platform.gate.publish(tx, ctx, staged).await?;
            for (line, rows) in held {
                let mut report = line.report.clone();
                report.state = State::Cancelled;
                report.verdict = Some(REASON.to_owned());
                if let Some(rows) = rows {
                    platform.gate.discard(tx, ctx, rows).await?;
                }
                store::settle(tx, line.id, &[State::Held], &report).await?;
            }
            catalogue::expire(tx, ctx, &table.resource, version.number).await?;
            let subject = Ref { noun: "collect.resource".to_owned(), key: table.resource.clone() };
            let body = serde_json::json!({ "resource": table.resource, "version": version.number, "rows": table.rows });
            let kind = "collect.term_ended".to_owned();
            let decision = Decision::new(&kind, &table.resource).because(REASON);
            let id = outbox::announce(tx, ctx, &Event { kind, subject, body }).await?;
            decisions::decide(tx, ctx, id, &decision).await
        })
    });
    emptied.await
}
