//! What a person decides about a load: accept or discard one that is held, take one back that became a version.

use std::sync::Arc;

use yiwang_catalogue::ops as catalogue;
use yiwang_gate::{LoadSpec, Mode, Staged, TableInfo};
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
            platform.gate.discard(tx, ctx, staged).await?;
            store::settle(tx, load, &[State::Held], report).await?;
            announce(tx, ctx, "discarded", load, report).await?;
            Ok(report.clone())
        })
    });
    discarded.await
}

/// 回退: the resource is again as it was before this version, at once and as a new version; the old one stays on
/// record. Loads are taken back from the newest on.
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
    require_newest(platform, &table, version).await?;
    let earlier = table.versions.iter().map(|known| known.number).filter(|number| *number < version).max();
    let emptied = match earlier {
        Some(_) => None,
        None => Some(nothing(platform, ctx, &table, reason).await?),
    };
    let (report, emptied) = (&line.report, &emptied);
    let undone = platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let mut report = report.clone();
                report.state = State::RolledBack;
                report.verdict = Some(reason.to_owned());
                let made = match emptied {
                    Some(staged) => platform.gate.publish(tx, ctx, staged).await?,
                    None => platform.gate.undo(tx, ctx, resource, earlier.unwrap_or(0)).await?,
                };
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

/// Refuses when a later version still stands that was not made by taking one back.
async fn require_newest(platform: &Platform, table: &TableInfo, version: u64) -> Result<()> {
    for later in table.versions.iter().filter(|known| known.number > version) {
        let Some(load) = later.load else { continue };
        let state = store::find(&platform.db, load).await?.map(|line| line.report.state);
        if state != Some(State::RolledBack) {
            return Err(Error::refused("load-newer"));
        }
    }
    Ok(())
}

/// A version without rows: for the undoing of the first load, and for the end of a term.
pub(super) async fn nothing(platform: &Platform, ctx: &Ctx, table: &TableInfo, reason: &str) -> Result<Staged> {
    let spec = LoadSpec {
        resource: table.resource.clone(),
        load: Id::new(ctx),
        mode: Mode::Replace,
        schema: Arc::clone(&table.schema),
        key: table.key.clone(),
        sortable: table.sortable.clone(),
        subject: None,
        reason: reason.to_owned(),
    };
    platform.gate.load(ctx, spec).await?.finish().await
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
