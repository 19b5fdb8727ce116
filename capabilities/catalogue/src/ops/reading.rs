//! Reading the catalogue: one entry, a search, lists of work. What a reader may not see is not there for them.

use std::collections::{BTreeMap, HashMap};

use yiwang_access::Scope;
use yiwang_host::Platform;
use yiwang_kernel::{Actor, Ctx, Cursor, Error, ListPage, PageRequest, Result, Role, Text};
use yiwang_search::{FacetCount, Piece, Query, Sort};

use super::indexing::KIND;
use super::{REVIEW, VIEW, not_found};
use crate::model::{Entry, Opened, State, Withheld};
use crate::store::{self, Change, Claim, Counts, Narrowing};

/// The dimensions a search counts.
const DIMENSIONS: [&str; 8] = ["department", "theme", "class", "opening", "grade", "library", "attached", "region"];

/// Entries with data read at once.
const ATTACHED_PER_READ: usize = 500;

/// What a reader searches for.
#[derive(Debug, Clone, Default)]
pub struct Find {
    /// Words, pinyin, initials or a code; empty to browse.
    pub text: String,
    /// Chosen facet values.
    pub facets: Vec<(&'static str, Vec<String>)>,
    /// The order.
    pub sort: Sort,
    /// The page, from 1.
    pub page: usize,
    /// Rows of a page, at most 200.
    pub rows: usize,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// All entries that match, exactly.
    pub total: u64,
    /// Those of this page.
    pub rows: Vec<FoundEntry>,
    /// How many each facet value has.
    pub facets: Vec<FacetCount>,
}

/// An entry and where the search met its title.
#[derive(Debug, Clone)]
pub struct FoundEntry {
    /// The entry.
    pub entry: Entry,
    /// Its title in the reader's language, in pieces.
    pub marked: Vec<Piece>,
}

/// The facet dimension of this name, if there is one.
pub(crate) fn dimension(name: &str) -> Option<&'static str> {
    DIMENSIONS.into_iter().find(|dimension| *dimension == name)
}

/// Searches what this reader may see. Each hit is compared with the store before it is shown.
pub async fn find(platform: &Platform, ctx: &Ctx, find: &Find) -> Result<Found> {
    let rows = find.rows.clamp(1, yiwang_search::ROWS_MAX);
    let hits = platform.search.find(&Query {
        text: find.text.clone(),
        kind: Some(KIND),
        facets: find.facets.clone(),
        count: DIMENSIONS.to_vec(),
        acl: terms(&ctx.actor),
        sort: find.sort,
        offset: find.page.saturating_sub(1).saturating_mul(rows),
        limit: rows,
        lang: ctx.lang,
    })?;
    let codes: Vec<String> = hits.rows.iter().map(|hit| hit.key.clone()).collect();
    let stored = store::entries_of(&platform.db, &codes).await?;
    let mut stored: HashMap<String, Entry> = stored.into_iter().map(|entry| (entry.code.clone(), entry)).collect();
    let found = hits.rows.into_iter().filter_map(|hit| {
        let entry = stored.remove(&hit.key).filter(|entry| may_see(platform, ctx, entry))?;
        Some(FoundEntry { entry, marked: hit.marked })
    });
    Ok(Found { total: hits.total, rows: found.collect(), facets: hits.facets })
}

/// One entry as this reader may see it. Not found for whom it is not; gone (410) where it was taken down or retired.
pub async fn entry(platform: &Platform, ctx: &Ctx, code: &str) -> Result<Entry> {
    let found = store::entry(&platform.db, code).await?.ok_or_else(|| not_found(code))?;
    if may_see(platform, ctx, &found) {
        return Ok(found);
    }
    if found.opened == Opened::TakenDown {
        return Err(Error::gone("catalogue-taken-down").with("code", code));
    }
    if found.state == State::Retired {
        return Err(Error::gone("catalogue-retired-gone").with("code", code));
    }
    Err(not_found(code))
}

/// The changes of an entry, newest first; for those who see its drafts.
pub async fn history(platform: &Platform, ctx: &Ctx, code: &str) -> Result<(Entry, Vec<Change>)> {
    let entry = store::entry(&platform.db, code).await?.ok_or_else(|| not_found(code))?;
    platform.access.check(ctx, VIEW, &Scope::department(&entry.content.provider))?;
    let changes = store::changes(&platform.db, code).await?;
    Ok((entry, changes))
}

/// Entries waiting for a reviewer, by code.
pub async fn to_review(platform: &Platform, ctx: &Ctx, page: &PageRequest) -> Result<ListPage<Entry>> {
    platform.access.check(ctx, REVIEW, &Scope::CITY)?;
    let narrowing = Narrowing { state: Some(State::Review), ..Narrowing::default() };
    listed(platform, &narrowing, page).await
}

/// Every entry with data that this reader may see, by code.
pub async fn attached(platform: &Platform, ctx: &Ctx) -> Result<Vec<Entry>> {
    let narrowing = Narrowing { attached: true, ..Narrowing::default() };
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let entries = store::entries(&platform.db, &narrowing, &after, ATTACHED_PER_READ).await?;
        let Some(last) = entries.last() else { return Ok(seen) };
        after.clone_from(&last.code);
        seen.extend(entries.into_iter().filter(|entry| may_see(platform, ctx, entry)));
    }
}

/// Claims on the same datum by more than one field, the standing claim first; for those who review, or for one entry.
pub async fn conflicts(platform: &Platform, ctx: &Ctx, code: Option<&str>) -> Result<Vec<Claim>> {
    match code {
        Some(code) => drop(entry(platform, ctx, code).await?),
        None => platform.access.check(ctx, REVIEW, &Scope::CITY)?,
    }
    store::conflicts(&platform.db, code).await
}

/// The items of an entry that are withheld at this moment.
pub async fn live_withheld(platform: &Platform, ctx: &Ctx, code: &str) -> Result<Vec<Withheld>> {
    let mut items = store::negative_of(&platform.db, code).await?;
    items.retain(|item| item.holds_at(ctx.now()));
    Ok(items)
}

/// Numbers of the whole catalogue as everybody may know them.
pub async fn numbers(platform: &Platform) -> Result<Counts> {
    store::city_counts(&platform.db, true).await
}

/// How far a new city's first table has come: graded by a person, published, open; a step of the checklist each.
pub async fn progress(platform: &Platform, step: usize) -> Result<bool> {
    Ok(store::progress(&platform.db).await?.get(step).is_some_and(|entries| *entries > 0))
}

/// The departments' names by code, closed ones too.
pub async fn department_names(platform: &Platform) -> Result<BTreeMap<String, Text>> {
    let ctx = platform.ctx(Actor::System("catalogue"));
    let departments = yiwang_accounts::ops::departments(platform, &ctx, ctx.now().date(), true).await?;
    Ok(departments.into_iter().map(|department| (department.code, department.name)).collect())
}

/// Whether this reader may see the entry.
pub(crate) fn may_see(platform: &Platform, ctx: &Ctx, entry: &Entry) -> bool {
    let drafts = || platform.access.check(ctx, VIEW, &Scope::department(&entry.content.provider)).is_ok();
    entry.is_public() || (entry.published && is_staff(&ctx.actor)) || drafts()
}

/// The ACL terms this reader holds in the index.
fn terms(actor: &Actor) -> Vec<String> {
    let mut terms = vec!["public".to_owned()];
    if is_staff(actor) {
        terms.push("staff".to_owned());
    }
    terms.extend(actor.department().map(|code| format!("department:{code}")));
    let bureau = actor.is(Role::Bureau) || actor.is(Role::Chief);
    if bureau || matches!(actor, Actor::Operator { .. } | Actor::System(_)) {
        terms.push("bureau".to_owned());
    }
    terms
}

fn is_staff(actor: &Actor) -> bool {
    match actor {
        Actor::Stranger => false,
        Actor::Account(account) => account.roles.iter().any(|role| !matches!(role, Role::Resident | Role::Agent)),
        Actor::Operator { .. } | Actor::System(_) => true,
    }
}

async fn listed(platform: &Platform, narrowing: &Narrowing, page: &PageRequest) -> Result<ListPage<Entry>> {
    let after = page.after.as_ref().and_then(|cursor| cursor.0.first().cloned()).unwrap_or_default();
    let wanted = page.rows();
    let mut rows = store::entries(&platform.db, narrowing, &after, wanted + 1).await?;
    let total = store::count_entries(&platform.db, narrowing).await?;
    let more = rows.len() > wanted;
    rows.truncate(wanted);
    let next = rows.last().filter(|_| more).map(|entry| Cursor(vec![entry.code.clone()]));
    Ok(ListPage { rows, total, next })
}
