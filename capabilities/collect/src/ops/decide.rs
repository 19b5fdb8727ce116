//! What a person decides about a load: accept or discard one that is held, take one back that became a version.

use yiwang_catalogue::ops as catalogue;
use yiwang_gate::Staged;
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Id, Result};

use super::load::{loaded, publish, require};
use super::{DECIDE, announce, check};
use crate::model::{LoadReport, State};
use crate::store;

/// Characters of a reason.
const REASON_CHARS_MAX: usize = 500;

/// 确认入库: the rows that wait become a version.
pub async fn accept_held(platform: &Platform, ctx: &Ctx, load: Id) -> Result<LoadReport> {
    let (report, staged) = held(platform, ctx, load).await?;
    publish(platform, ctx, load, &[State::Held], report, &staged).await
}

/// 放弃: the rows that wait are given up; the report stays.
pub async fn discard_held(platform: &Platform, ctx: &Ctx, load: Id) -> Result<LoadReport> {
    let (mut report, staged) = held(platform, ctx, load).await?;
    report.state = State::Cancelled;
    report.verdict = Some("cancelled".to_owned());
    let (report, staged) = (&report, &staged);
    let discarded = platform.db.tx(|tx| {
        Box::pin(async move {
            platform.gate.discard(tx, staged).await?;
            store::settle(tx, load, &[State::Held], report).await?;
            announce(tx, ctx, "discarded", load, report).await?;
            Ok(report.clone())
        })
    });
    discarded.await
}

/// 回退: the resource is again as it was before this version, at once and as a new version; the old one stays on
/// record. Only the newest version can be taken back.
pub async fn undo(platform: &Platform, ctx: &Ctx, resource: &str, version: u64, reason: &str) -> Result<LoadReport> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::invalid("reason", "field-missing"));
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(Error::invalid("reason", "text-too-long").with("limit", REASON_CHARS_MAX));
    }
    let table = platform.gate.table(resource).await?.ok_or_else(|| Error::not_found("load-unknown"))?;
    let load = table.versions.iter().find(|known| known.number == version).and_then(|known| known.load);
    let line = require(platform, load.ok_or_else(|| Error::refused("load-not-loaded"))?).await?;
    check(platform, ctx, DECIDE, &line.report.department)?;
    if line.report.state != State::Loaded {
        return Err(Error::refused("load-not-loaded"));
    }
    if table.version != version {
        return Err(Error::refused("load-newer"));
    }
    let earlier = table.versions.iter().map(|known| known.number).filter(|number| *number < version).max();
    let report = &line.report;
    let undone = platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let mut report = report.clone();
                report.state = State::RolledBack;
                report.verdict = Some(reason.to_owned());
                let made = platform.gate.undo(tx, ctx, resource, earlier.unwrap_or(0)).await?;
                let mut told = loaded(&report, made.number, made.rows);
                told.fields.clear();
                catalogue::draft_from_load(tx, ctx, &told).await?;
                store::settle(tx, line.id, &[State::Loaded], &report).await?;
                announce(tx, ctx, "undone", line.id, &report).await?;
                Ok(report)
            })
        })
        .await?;
    catalogue::index(platform, std::slice::from_ref(&undone.resource)).await?;
    Ok(undone)
}

/// A held load and its rows, for whoever may decide about it.
async fn held(platform: &Platform, ctx: &Ctx, load: Id) -> Result<(LoadReport, Staged)> {
    let line = require(platform, load).await?;
    check(platform, ctx, DECIDE, &line.report.department)?;
    if line.report.state != State::Held {
        return Err(Error::refused("load-not-held"));
    }
    let staged = platform.gate.staged(load).await?;
    Ok((line.report, staged.ok_or_else(|| Error::gone("load-unknown"))?))
}
