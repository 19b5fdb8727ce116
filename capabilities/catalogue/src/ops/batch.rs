//! Many entries at once: a table is checked (nothing changes), applied as one batch, and can be taken back as one. A
//! batch of any size is written in transactions of some hundred entries; where one fails, what was written is undone.

use std::collections::HashSet;

use yiwang_access::Scope;
use yiwang_host::Platform;
use yiwang_kernel::{Actor, Ctx, Error, Id, Result};
use yiwang_store::Tx;

use super::{IMPORT, Noted, REVIEW, decide, department_names, indexing, require, withholding, write};
use crate::model::{Entry, Fault, Imported, State, read_table, write_table};
use crate::store::{self, Batch, BatchState, Narrowing};

/// Entries written in one transaction.
const ENTRIES_PER_TX: usize = 200;
/// Entries an export holds at most.
const EXPORT_MAX: usize = 100_000;

/// What a dry run says.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The batch to apply; none when there are faults.
    pub batch: Option<Id>,
    /// Entries that would be made.
    pub new: u64,
    /// Entries that would be changed.
    pub changed: u64,
    /// Fields in the table.
    pub fields: u64,
    /// What is wrong, row by row.
    pub faults: Vec<Fault>,
}

/// 试导入: reads the table and says what would happen. Existing codes are a fault unless `update` is wished.
pub async fn check_table(platform: &Platform, ctx: &Ctx, table: &[u8], update: bool) -> Result<Checked> {
    platform.access.check_somewhere(ctx, IMPORT)?;
    let (entries, mut faults) = read_table(table)?;
    let existing = check_entries(platform, ctx, &entries, update, &mut faults).await?;
    faults.sort_by_key(|fault| fault.row);
    let fields: usize = entries.iter().map(|entry| entry.content.fields.len()).sum();
    let mut checked = Checked {
        batch: None,
        new: (entries.len() - existing) as u64,
        changed: existing as u64,
        fields: fields as u64,
        faults,
    };
    if checked.faults.is_empty() && !entries.is_empty() {
        let content =
            String::from_utf8(write_table(&entries)?).map_err(|error| Error::internal("keep a table", error))?;
        let batch = new_batch(ctx, BatchState::Checked, &entries, content);
        store_batch(platform, &batch).await?;
        checked.batch = Some(batch.id);
    }
    Ok(checked)
}

/// Applies a checked table. Entries that exist by now get its wording as their next one.
pub async fn apply(platform: &Platform, ctx: &Ctx, id: Id) -> Result<Batch> {
    let batch = own_batch(platform, ctx, id).await?;
    let (entries, faults) = read_table(batch.content.as_bytes())?;
    if !faults.is_empty() {
        return Err(Error::broken("a checked table has faults"));
    }
    let mut found = Vec::new();
    check_entries(platform, ctx, &entries, true, &mut found).await?;
    if let Some(fault) = found.into_iter().next() {
        return Err(fault.error.with("row", fault.row));
    }
    let (from, to) = (BatchState::Checked, BatchState::Applied);
    platform.db.tx(|tx| Box::pin(async move { store::set_batch_state(tx, id, from, to).await })).await?;
    if let Err(error) = write_all(platform, ctx, id, &entries).await {
        take_back(platform, ctx, id).await?;
        return Err(error);
    }
    Ok(Batch { state: BatchState::Applied, ..batch })
}

/// 撤销导入: takes a batch back as a whole; refused naming the entry when one was changed since.
pub async fn undo(platform: &Platform, ctx: &Ctx, id: Id) -> Result<Batch> {
    let batch = own_batch(platform, ctx, id).await?;
    if batch.state != BatchState::Applied {
        return Err(Error::conflict("catalogue-batch-state"));
    }
    take_back(platform, ctx, id).await?;
    Ok(Batch { state: BatchState::Undone, ..batch })
}

/// The newest imports; a department sees its own.
pub async fn import_batches(platform: &Platform, ctx: &Ctx) -> Result<Vec<Batch>> {
    platform.access.check_somewhere(ctx, IMPORT)?;
    let mut batches = store::batches(&platform.db).await?;
    let actor = ctx.actor.to_string();
    let all = platform.access.check(ctx, IMPORT, &Scope::CITY).is_ok();
    batches.retain(|batch| all || batch.actor == actor);
    Ok(batches)
}

/// The entries of a department, or of the city, as a table that can be imported again.
pub async fn export_table(platform: &Platform, ctx: &Ctx, provider: Option<&str>) -> Result<Vec<u8>> {
    let scope = provider.map_or(Scope::CITY, Scope::department);
    platform.access.check(ctx, IMPORT, &scope)?;
    let narrowing = Narrowing { provider: provider.map(str::to_owned), ..Narrowing::default() };
    let mut rows = Vec::new();
    let mut after = String::new();
    loop {
        let entries = store::entries(&platform.db, &narrowing, &after, ENTRIES_PER_TX).await?;
        let Some(last) = entries.last() else { break };
        after.clone_from(&last.code);
        for entry in &entries {
            let withheld = super::live_withheld(platform, ctx, &entry.code).await?;
            let whole = withheld.into_iter().find(|item| item.field.is_empty());
            let basis = whole.map(|item| (item.basis, item.ends));
            rows.push(Imported { row: 0, code: entry.code.clone(), content: entry.latest().clone(), basis });
        }
        if rows.len() >= EXPORT_MAX {
            return Err(Error::too_large("catalogue-export").with("limit", EXPORT_MAX));
        }
    }
    write_table(&rows)
}

/// Enters the city's whole guide: entries by the thousand, as drafts, without the table between. For sample builders.
pub async fn import_guide(platform: &Platform, ctx: &Ctx, rows: &[Imported]) -> Result<Id> {
    platform.access.check(ctx, IMPORT, &Scope::CITY)?;
    let mut faults = Vec::new();
    check_entries(platform, ctx, rows, true, &mut faults).await?;
    if let Some(fault) = faults.into_iter().next() {
        return Err(fault.error.with("row", fault.row));
    }
    let batch = new_batch(ctx, BatchState::Applied, rows, String::new());
    store_batch(platform, &batch).await?;
    if let Err(error) = write_all(platform, ctx, batch.id, rows).await {
        take_back(platform, ctx, batch.id).await?;
        return Err(error);
    }
    Ok(batch.id)
}

/// Approves many entries; how many. The rule that nobody approves what they wrote holds for each person; where the
/// platform itself builds a sample, it submits drafts and reviews its own.
pub async fn publish_many(platform: &Platform, ctx: &Ctx, codes: &[String]) -> Result<u64> {
    platform.access.check(ctx, REVIEW, &Scope::CITY)?;
    let reviewer = match ctx.actor {
        Actor::System(_) => format!("{}:review", ctx.actor),
        _ => ctx.actor.to_string(),
    };
    let reviewer = reviewer.as_str();
    for chunk in codes.chunks(ENTRIES_PER_TX) {
        platform
            .db
            .tx(|tx| {
                Box::pin(async move {
                    for code in chunk {
                        let before = require(tx, code).await?;
                        let mut entry = before.clone();
                        if entry.state == State::Draft && matches!(ctx.actor, Actor::System(_)) {
                            let author = entry.edited_by.clone();
                            entry.submit(&author)?;
                        }
                        entry.approve(reviewer, ctx.now())?;
                        let noted = Noted { word: "publish", note: "", batch: Some(Id::new(ctx)) };
                        write(tx, ctx, Some(&before), &mut entry, &noted).await?;
                    }
                    decide(tx, ctx, "publish", &chunk[0], serde_json::json!({ "codes": chunk })).await
                })
            })
            .await?;
    }
    refresh(platform, codes).await?;
    Ok(codes.len() as u64)
}

/// Adds to `faults` what only the city's own data can tell; how many of the entries exist already.
async fn check_entries(
    platform: &Platform,
    ctx: &Ctx,
    entries: &[Imported],
    update: bool,
    faults: &mut Vec<Fault>,
) -> Result<usize> {
    let departments = department_names(platform).await?;
    let mut existing = 0;
    let mut allowed: HashSet<&str> = HashSet::new();
    for chunk in entries.chunks(ENTRIES_PER_TX) {
        let codes: Vec<String> = chunk.iter().map(|entry| entry.code.clone()).collect();
        let known = store::entries_of(&platform.db, &codes).await?;
        existing += known.len();
        for entry in chunk {
            let provider = entry.content.provider.as_str();
            let mut fault = |field: &str, error: Error| {
                faults.push(Fault { row: entry.row, field: field.to_owned(), error });
            };
            if !departments.contains_key(provider) {
                fault("provider", Error::invalid("provider", "catalogue-provider-unknown").with("given", provider));
            } else if !allowed.contains(provider) {
                match platform.access.check(ctx, IMPORT, &Scope::department(provider)) {
                    Ok(()) => drop(allowed.insert(provider)),
                    Err(error) => fault("provider", error),
                }
            }
            let Some(old) = known.iter().find(|known| known.code == entry.code) else { continue };
            if !update {
                fault("code", Error::invalid("code", "catalogue-code-taken").with("given", &entry.code));
            } else if platform.access.check(ctx, IMPORT, &Scope::department(&old.content.provider)).is_err() {
                fault("code", Error::invalid("code", "catalogue-code-others").with("given", &entry.code));
            } else if let Err(error) = old.clone().reword(entry.content.clone(), "") {
                fault("code", error);
            }
        }
    }
    Ok(existing)
}

async fn write_all(platform: &Platform, ctx: &Ctx, batch: Id, entries: &[Imported]) -> Result<()> {
    for chunk in entries.chunks(ENTRIES_PER_TX) {
        platform.db.tx(|tx| Box::pin(async move { write_chunk(tx, ctx, batch, chunk).await })).await?;
    }
    let codes: Vec<String> = entries.iter().map(|entry| entry.code.clone()).collect();
    refresh(platform, &codes).await
}

async fn write_chunk(tx: &mut Tx<'_>, ctx: &Ctx, batch: Id, chunk: &[Imported]) -> Result<()> {
    let actor = ctx.actor.to_string();
    let noted = Noted { word: "import", note: "", batch: Some(batch) };
    for imported in chunk {
        let before = store::entry_in(tx, &imported.code).await?;
        let entry = match &before {
            Some(before) => {
                let mut entry = before.clone();
                entry.reword(imported.content.clone(), &actor)?;
                write(tx, ctx, Some(before), &mut entry, &noted).await?;
                entry
            }
            None => {
                let code = imported.code.parse()?;
                store::raise_sequence(tx, &code).await?;
                let mut entry = Entry::draft(code, imported.content.clone(), &actor, ctx.now());
                write(tx, ctx, None, &mut entry, &noted).await?;
                entry
            }
        };
        if let Some((basis, ends)) = &imported.basis {
            let listed = store::negative_of_in(tx, &entry.code).await?;
            if !listed.iter().any(|item| item.field.is_empty() && item.holds_at(ctx.now())) {
                store::put_negative(tx, &withholding::item(ctx, &entry, "", basis, *ends)?).await?;
            }
        }
    }
    let codes: Vec<&str> = chunk.iter().map(|imported| imported.code.as_str()).collect();
    decide(tx, ctx, "import", codes[0], serde_json::json!({ "codes": codes, "batch": batch.to_string() })).await
}

/// Takes a batch back in one transaction: made entries go, changed ones get their former state.
async fn take_back(platform: &Platform, ctx: &Ctx, batch: Id) -> Result<()> {
    let codes = platform.db.tx(|tx| Box::pin(async move { take_back_in(tx, ctx, batch).await })).await?;
    refresh(platform, &codes).await
}

async fn take_back_in(tx: &mut Tx<'_>, ctx: &Ctx, batch: Id) -> Result<Vec<String>> {
    let mut codes = Vec::new();
    for (code, revision) in store::changes_of_batch(tx, batch).await? {
        let current = require(tx, &code).await?;
        if current.revision != revision {
            return Err(Error::conflict("catalogue-batch-changed-since").with("code", &code));
        }
        let former = store::snapshot_before(tx, &code, revision).await?;
        let undone = Noted { word: "undo", note: "", batch: None };
        match former {
            Some(former) if former.code == code && exists_before(&former) => {
                let mut entry = Entry { revision: current.revision, ..former };
                write(tx, ctx, Some(&current), &mut entry, &undone).await?;
            }
            _ => {
                let mut entry = current.clone();
                entry.state = State::Retired;
                write(tx, ctx, Some(&current), &mut entry, &undone).await?;
                store::delete_entry(tx, &code).await?;
            }
        }
        codes.push(code);
    }
    store::set_batch_state(tx, batch, BatchState::Applied, BatchState::Undone).await?;
    Ok(codes)
}

/// Whether the snapshot is of an entry that stood there, and not the last trace of one that was taken back.
fn exists_before(former: &Entry) -> bool {
    former.state != State::Retired || former.published_at.is_some()
}

/// Many entries at once: the whole part of the index anew where that is cheaper, and one commit.
async fn refresh(platform: &Platform, codes: &[String]) -> Result<()> {
    if codes.len() > ENTRIES_PER_TX {
        indexing::rebuild_index(platform).await?;
        return Ok(());
    }
    indexing::index(platform, codes).await
}

fn new_batch(ctx: &Ctx, state: BatchState, entries: &[Imported], content: String) -> Batch {
    let fields: usize = entries.iter().map(|entry| entry.content.fields.len()).sum();
    Batch {
        id: Id::new(ctx),
        at: ctx.now(),
        actor: ctx.actor.to_string(),
        state,
        entries: entries.len() as u64,
        fields: fields as u64,
        content,
    }
}

async fn store_batch(platform: &Platform, batch: &Batch) -> Result<()> {
    platform.db.tx(|tx| Box::pin(async move { store::put_batch(tx, batch).await })).await
}

/// The batch, for whoever checked it or imports for the whole city.
async fn own_batch(platform: &Platform, ctx: &Ctx, id: Id) -> Result<Batch> {
    let unknown = || Error::not_found("catalogue-batch-unknown");
    let batch = store::batch(&platform.db, id).await?.ok_or_else(unknown)?;
    if batch.actor != ctx.actor.to_string() {
        platform.access.check(ctx, IMPORT, &Scope::CITY)?;
    }
    Ok(batch)
}
