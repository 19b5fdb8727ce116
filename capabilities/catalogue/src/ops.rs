//! What people do with the catalogue. Every rule and permission check stands here; pages and other capabilities call
//! these and nothing below them. Each change is one transaction (entry, claims, history, event); the index follows.

mod batch;
mod drafting;
mod indexing;
mod integrating;
mod loading;
mod opening;
mod reading;
mod retaining;
mod review;
mod telling;
mod withholding;

use yiwang_access::{Permission, Reach, Scope};
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Id, Ref, Result, Role};
use yiwang_store::Tx;
use yiwang_store::decisions::{self, Decision};
use yiwang_store::outbox::{self, Event};

pub use batch::{Checked, apply, check_table, export_table, import_batches, import_guide, publish_many, undo};
pub use drafting::{create, edit, new_code};
pub use indexing::{catch_up, index, rebuild_index};
pub(crate) use integrating::{TARGETS, not_a_percentage};
pub use integrating::{integration, targets};
pub use loading::{LoadedField, LoadedTable, draft_from_load};
pub use opening::{OpenRequest, ask_to_open, open, restore, take_down, withdraw_opening};
pub(crate) use reading::dimension;
pub use reading::{
    Find, Found, FoundEntry, attached, conflicts, department_names, entry, find, history, live_withheld, numbers,
    progress, to_review,
};
pub use retaining::{expire, past_retention};
pub use review::{approve, retire, revive, send_back, submit};
pub use telling::remind_late;
pub use withholding::{lapsed, negative_list, note_ended, release, withhold};

use crate::model::{Entry, Opened, State};
use crate::store::{self, Change};

/// The permission to write entries.
pub const EDIT: &str = "catalogue.edit";
/// The permission to see what is not published.
pub const VIEW: &str = "catalogue.view";
/// The permission to approve entries or send them back, and to retire them.
pub const REVIEW: &str = "catalogue.review";
/// The permission to open data to the public.
pub const OPEN: &str = "catalogue.open";
/// The permission to take data down in an emergency.
pub const TAKE_DOWN: &str = "catalogue.take_down";
/// The permission to put items on the negative list and take them off.
pub const WITHHOLD: &str = "catalogue.withhold";
/// The permission to import and export the catalogue as a table.
pub const IMPORT: &str = "catalogue.import";

/// All of them.
pub const PERMISSIONS: [Permission; 7] = [
    Permission::usual(EDIT, &[Role::Steward, Role::Lead, Role::Bureau]),
    Permission::usual(VIEW, &[Role::Steward, Role::Lead, Role::Clerk, Role::Approver, Role::Bureau, Role::Chief]),
    Permission::usual(REVIEW, &[Role::Bureau, Role::Chief]),
    Permission::usual(OPEN, &[Role::Bureau, Role::Chief]),
    Permission::roles(
        TAKE_DOWN,
        &[
            (Role::Steward, Reach::OwnDepartment),
            (Role::Lead, Reach::OwnDepartment),
            (Role::Bureau, Reach::City),
            (Role::Chief, Reach::City),
            (Role::Operator, Reach::City),
        ],
    ),
    Permission::usual(WITHHOLD, &[Role::Steward, Role::Lead, Role::Bureau]),
    Permission::usual(IMPORT, &[Role::Steward, Role::Lead, Role::Bureau]),
];

/// What is done to one entry.
struct Act<'a> {
    code: &'a str,
    permission: &'a str,
    /// The word in the history and, as `catalogue.<word>`, of the event.
    word: &'static str,
    note: &'a str,
}

/// Does it: reads the entry, checks the permission for its department, changes, writes, indexes.
async fn act(
    platform: &Platform,
    ctx: &Ctx,
    act: &Act<'_>,
    change: &(dyn Fn(&mut Entry) -> Result<()> + Sync),
) -> Result<Entry> {
    let entry = platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let before = require(tx, act.code).await?;
                platform.access.check(ctx, act.permission, &Scope::department(&before.content.provider))?;
                let mut entry = before.clone();
                change(&mut entry)?;
                write(tx, ctx, Some(&before), &mut entry, &Noted { word: act.word, note: act.note, batch: None })
                    .await?;
                Ok(entry)
            })
        })
        .await?;
    indexing::follow(platform, &entry).await?;
    Ok(entry)
}

/// The entry with this code, or not found.
async fn require(tx: &mut Tx<'_>, code: &str) -> Result<Entry> {
    store::entry_in(tx, code).await?.ok_or_else(|| not_found(code))
}

/// How a change is noted.
struct Noted<'a> {
    word: &'static str,
    note: &'a str,
    batch: Option<Id>,
}

/// Writes the entry, its claims and its history, and announces it unless a batch announces for all.
async fn write(tx: &mut Tx<'_>, ctx: &Ctx, before: Option<&Entry>, entry: &mut Entry, noted: &Noted<'_>) -> Result<()> {
    entry.updated = ctx.now().micros();
    if let Some(before) = before {
        entry.revision += 1;
        if before.opened == Opened::Open && entry.opened == Opened::Open {
            opening::follow_wording(tx, ctx, before, entry).await?;
        }
        store::update_entry(tx, entry).await?;
    } else {
        entry.revision = store::last_revision_in(tx, &entry.code).await? + 1;
        store::insert_entry(tx, entry).await?;
    }
    store::put_claims(tx, before.map(|before| &before.content), entry).await?;
    let change = Change {
        id: Id::new(ctx),
        code: entry.code.clone(),
        revision: entry.revision,
        at: ctx.now(),
        actor: ctx.actor.to_string(),
        act: noted.word.to_owned(),
        note: noted.note.to_owned(),
        snapshot: serde_json::Value::Null,
        batch: noted.batch,
    };
    store::put_change(tx, &change, entry).await?;
    if noted.batch.is_none() {
        let body = serde_json::json!({ "codes": [entry.code], "revision": entry.revision });
        let id = announce(tx, ctx, noted.word, &entry.code, body).await?;
        if let Some(decision) = decision(before, entry, noted) {
            decisions::decide(tx, ctx, id, &decision).await?;
        }
        telling::tell(tx, ctx, before, entry, (noted.word, noted.note)).await?;
    }
    Ok(())
}

/// What the ledger shall say of a change; nothing where it decides nothing: drafts, wishes, and what a load's own
/// decision says already.
fn decision(before: Option<&Entry>, entry: &Entry, noted: &Noted<'_>) -> Option<Decision> {
    let act = match noted.word {
        "create" | "edit" | "submit" | "ask_to_open" | "expire" => return None,
        // A load that shows something personal closes what was open.
        "load" => before.filter(|before| before.opened != entry.opened).map(|_| "take_down")?,
        word => word,
    };
    let opened = entry.opened_fields.iter().filter(|_| act == "open").map(String::as_str);
    Some(Decision::new(format!("catalogue.{act}"), &entry.code).because(noted.note).naming(opened))
}

/// Announces `catalogue.<word>`; the body always lists the `codes` concerned.
async fn announce(tx: &mut Tx<'_>, ctx: &Ctx, word: &str, key: &str, body: serde_json::Value) -> Result<Id> {
    let subject = Ref { noun: "catalogue.entry".to_owned(), key: key.to_owned() };
    outbox::announce(tx, ctx, &Event { kind: format!("catalogue.{word}"), subject, body }).await
}

/// As [`announce`], for what is decided of one entry's field or of many entries; the ledger's entry has the event's id.
async fn decide(tx: &mut Tx<'_>, ctx: &Ctx, word: &str, key: &str, body: serde_json::Value) -> Result<()> {
    let listed = body["codes"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
    let others = listed.filter(|code| *code != key).chain(body["field"].as_str()).filter(|name| !name.is_empty());
    let decision = Decision::new(format!("catalogue.{word}"), key).naming(others);
    let decision = decision.on(body["basis"].as_str().map(str::to_owned));
    let id = announce(tx, ctx, word, key, body).await?;
    decisions::decide(tx, ctx, id, &decision).await
}

/// The refusal of an unknown code.
fn not_found(code: &str) -> Error {
    Error::not_found("catalogue-entry-unknown").with("code", code)
}

/// Refuses a department that does not exist.
async fn require_department(platform: &Platform, code: &str) -> Result<()> {
    let known = department_names(platform).await?;
    if known.contains_key(code) {
        return Ok(());
    }
    Err(Error::invalid("provider", "catalogue-provider-unknown").with("given", code))
}

/// Whether an entry of this state may still be edited.
fn is_open_to_edit(state: State) -> bool {
    !matches!(state, State::Review | State::Retired)
}
