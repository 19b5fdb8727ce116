//! Reading loads: lists, reports, the rows that were refused and those that wait. Rows come through the gate, under
//! the grant of the department that answers for them.

use yiwang_gate::{Answer, At, Page, Query, RowsQuery};
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Id, ListPage, PageRequest, Result, Text};

use super::load::require;
use super::{LOAD, check, why_own};
use crate::model::{LoadFilter, LoadLine, LoadReport, State};
use crate::store;

/// Rows a preview shows.
pub const PREVIEW_ROWS: u64 = 20;

/// Some rows of a load.
pub struct Preview {
    /// Titles of the columns.
    pub columns: Vec<String>,
    /// Rows as text; none is an empty cell.
    pub rows: Vec<Vec<Option<String>>>,
}

/// Whether any load ever became a version: a step of setting a city up.
pub async fn any_loaded(platform: &Platform) -> Result<bool> {
    store::any_loaded(&platform.db).await
}

/// Loads of the departments this reader may see, newest first.
pub async fn list(
    platform: &Platform,
    ctx: &Ctx,
    filter: &LoadFilter,
    page: &PageRequest,
) -> Result<ListPage<LoadLine>> {
    let mut filter = filter.clone();
    if platform.access.check(ctx, LOAD, &yiwang_access::Scope::CITY).is_err() {
        let own = filter.department.as_deref().or(ctx.actor.department()).unwrap_or_default().to_owned();
        check(platform, ctx, LOAD, &own)?;
        filter.department = Some(own);
    }
    store::list(&platform.db, &filter, page).await
}

/// The departments this actor may load for, by code.
pub async fn departments(platform: &Platform, ctx: &Ctx) -> Result<Vec<(String, Text)>> {
    let known = yiwang_catalogue::ops::department_names(platform).await?;
    Ok(known.into_iter().filter(|(code, _)| check(platform, ctx, LOAD, code).is_ok()).collect())
}

/// A load, for whoever may see it.
pub async fn find(platform: &Platform, ctx: &Ctx, load: Id) -> Result<LoadLine> {
    let line = require(platform, load).await?;
    check(platform, ctx, LOAD, &line.report.department)?;
    Ok(line)
}

/// The report of a load, for whoever may see it.
pub async fn report(platform: &Platform, ctx: &Ctx, load: Id) -> Result<LoadReport> {
    Ok(find(platform, ctx, load).await?.report)
}

/// The newest load of a resource, for other capabilities; none when it never had one.
pub async fn latest(platform: &Platform, resource: &str) -> Result<Option<LoadLine>> {
    let filter = LoadFilter { resource: Some(resource.to_owned()), state: Some(State::Loaded), department: None };
    let page = PageRequest { rows: Some(1), after: None };
    Ok(store::list(&platform.db, &filter, &page).await?.rows.into_iter().next())
}

/// The rows a load refused: columns `line`, `field`, `reason`, `text`.
pub async fn refused_rows(platform: &Platform, ctx: &Ctx, load: Id, page: Page) -> Result<Answer> {
    let line = find(platform, ctx, load).await?;
    read(platform, ctx, &line, At::Refused(load), page).await
}

/// The first rows of a load that is held, or that was refused whole.
pub async fn preview(platform: &Platform, ctx: &Ctx, load: Id) -> Result<Preview> {
    let line = find(platform, ctx, load).await?;
    let page = Page::Offset { offset: 0, rows: PREVIEW_ROWS };
    let answer = read(platform, ctx, &line, At::Staged(load), page).await?;
    let title = |name: &String| {
        let known = line.report.fields.iter().find(|field| field.name == *name);
        known.map_or_else(|| name.clone(), |field| field.title.clone())
    };
    let columns = answer.schema.fields().iter().map(|field| title(field.name())).collect();
    let mut rows = Vec::new();
    for batch in answer.collect().await? {
        rows.extend(crate::cells::texts(&batch)?);
    }
    Ok(Preview { columns, rows })
}

async fn read(platform: &Platform, ctx: &Ctx, line: &LoadLine, at: At, page: Page) -> Result<Answer> {
    let query = RowsQuery { resource: line.report.resource.clone(), at, page, ..RowsQuery::default() };
    platform.gate.read(ctx, &why_own(), &Query::Rows(query)).await
}
