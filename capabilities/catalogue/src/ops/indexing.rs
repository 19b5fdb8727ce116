//! Entries as documents of the search index. Written right after the transaction; what a crash leaves out is made good
//! from the outbox at the next start.

use std::collections::{BTreeMap, HashSet};

use yiwang_host::Platform;
use yiwang_kernel::{Actor, Ctx, Error, Result, Text};
use yiwang_search::{Document, Facet};
use yiwang_store::outbox;

use super::department_names;
use crate::model::Entry;
use crate::store::{self, Narrowing};

/// The kind of the catalogue's documents.
pub(super) const KIND: &str = "resource";
const CONSUMER: &str = "catalogue.search";
const EVENTS_AT_ONCE: usize = 500;
const ENTRIES_AT_ONCE: usize = 500;
/// Entries indexed at most.
const ENTRIES_MAX: usize = 1_000_000;

/// Brings the index up to date for these entries and waits until that is visible (at most a second).
pub async fn index(platform: &Platform, codes: &[String]) -> Result<()> {
    put(platform, codes).await?;
    platform.search.visible().await;
    Ok(())
}

/// Builds the catalogue's part of the index anew from the store.
pub async fn rebuild_index(platform: &Platform) -> Result<u64> {
    let names = department_names(platform).await?;
    let today = today(platform);
    let whole: HashSet<String> = store::whole_held(&platform.db, today).await?.into_iter().collect();
    let mut documents = Vec::new();
    let mut after = String::new();
    loop {
        let entries = store::entries(&platform.db, &Narrowing::default(), &after, ENTRIES_AT_ONCE).await?;
        let Some(last) = entries.last() else { break };
        after.clone_from(&last.code);
        documents.extend(entries.iter().map(|entry| document(entry, &names, whole.contains(&entry.code))));
        if documents.len() >= ENTRIES_MAX {
            break;
        }
    }
    let search = platform.search.clone();
    let built = tokio::task::spawn_blocking(move || search.rebuild(KIND, &mut documents.into_iter())).await;
    built.map_err(|error| Error::internal("rebuild the catalogue's index", error))?
}

/// Deals with what was announced and not yet indexed; for the start and for a job. How many events there were.
pub async fn catch_up(platform: &Platform, ctx: &Ctx) -> Result<u64> {
    let mut done = 0;
    if platform.search.is_fresh() {
        rebuild_index(platform).await?;
    }
    loop {
        let events = outbox::read(&platform.db, CONSUMER, EVENTS_AT_ONCE).await?;
        let Some(last) = events.last().map(|event| event.sequence) else { return Ok(done) };
        let mut codes: Vec<String> = Vec::new();
        for event in events.iter().filter(|event| event.event.kind.starts_with("catalogue.")) {
            let listed = event.event.body.get("codes").and_then(serde_json::Value::as_array);
            codes.extend(listed.into_iter().flatten().filter_map(|code| code.as_str().map(str::to_owned)));
        }
        codes.sort();
        codes.dedup();
        put(platform, &codes).await?;
        platform.search.commit_now()?;
        done += events.len() as u64;
        tracing::debug!(events = events.len(), actor = %ctx.actor, "the catalogue's index caught up");
        platform.db.tx(|tx| Box::pin(async move { outbox::advance(tx, CONSUMER, last).await })).await?;
    }
}

/// After one change: what is no longer public is gone from the index, and a plain copy that shows what is no longer
/// open is gone from `out/`, before this goes on; then the new document.
pub(super) async fn follow(platform: &Platform, entry: &Entry) -> Result<()> {
    let reviewed = platform.gate.review_copy(&platform.ctx(Actor::System("catalogue")), &entry.code).await;
    if !entry.is_public() {
        platform.search.withdraw(KIND, &entry.code, entry.revision)?;
    }
    index(platform, std::slice::from_ref(&entry.code)).await?;
    // Told last, for nothing above may wait for a disk that refuses.
    reviewed
}

async fn put(platform: &Platform, codes: &[String]) -> Result<()> {
    if codes.is_empty() {
        return Ok(());
    }
    let names = department_names(platform).await?;
    let now = today(platform);
    let whole: HashSet<String> = store::whole_held(&platform.db, now).await?.into_iter().collect();
    for code in codes {
        match store::entry(&platform.db, code).await? {
            Some(entry) => platform.search.upsert(&document(&entry, &names, whole.contains(code)))?,
            None => {
                let last = store::last_revision(&platform.db, code).await?;
                platform.search.withdraw(KIND, code, last)?;
            }
        }
    }
    Ok(())
}

fn today(platform: &Platform) -> yiwang_kernel::CivilDate {
    platform.clock.now().date()
}

/// What is found of an entry, and by whom: everybody, staff, its department, the bureau.
fn document(entry: &Entry, names: &BTreeMap<String, Text>, withheld: bool) -> Document {
    let content = &entry.content;
    let mut acl = vec![format!("department:{}", content.provider), "bureau".to_owned()];
    if entry.published {
        acl.push("staff".to_owned());
    }
    if entry.is_public() {
        acl.push("public".to_owned());
    }
    let department = names.get(&content.provider).cloned().unwrap_or_default();
    let theme = crate::model::theme(&content.theme).map(|theme| format!("{} {}", theme.zh, theme.en));
    let body = [
        content.summary.zh.as_str(),
        &content.summary.en,
        &content.keywords,
        &department.zh,
        &department.en,
        theme.as_deref().unwrap_or_default(),
    ];
    let class = if withheld { "withheld" } else { content.sharing.word() };
    let mut facets = vec![
        Facet::new("department", &content.provider),
        Facet::new("theme", &content.theme),
        Facet::new("class", class),
        Facet::new("opening", entry.opened.word()),
        Facet::new("grade", entry.grade().value().to_string()),
        Facet::new("library", content.library.word()),
        Facet::new("state", entry.state.word()),
        Facet::new("attached", if entry.attached.is_some() { "attached" } else { "none" }),
    ];
    if !content.region.is_empty() {
        facets.push(Facet::new("region", &content.region));
    }
    Document {
        kind: KIND,
        key: entry.code.clone(),
        title: content.title.clone(),
        names: content.fields.iter().map(|field| field.title.clone()).collect(),
        body: body.join(" "),
        codes: vec![entry.code.clone()],
        facets,
        acl,
        version: entry.revision,
        stamp: entry.updated,
    }
}
