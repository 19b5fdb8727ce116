//! Opening data to the public: the one place that makes and sets aside the public grant. Refused while anything in it
//! is personal and uncovered, ungraded, or withheld; taken down by one person in one operation.

use std::collections::BTreeMap;

use yiwang_access::Scope;
use yiwang_gate::grants::{self, FindGrants};
use yiwang_gate::{Fields, Grant, Grantee, Mask, PURPOSE_PUBLIC};
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Id, Result};
use yiwang_store::Tx;

use super::{Act, EDIT, Noted, OPEN, TAKE_DOWN, act, indexing, require, write};
use crate::model::{Content, Entry, Field, Opened, Opening, Withheld, required_reason};
use crate::store;

/// The highest grade that may be opened without a stated reason.
const GRADE_OPEN_MAX: u8 = 2;

/// What is to be opened.
#[derive(Debug, Clone, Default)]
pub struct OpenRequest {
    /// The fields; empty for all.
    pub fields: Vec<String>,
    /// Covers for fields, besides those the entry states.
    pub masks: BTreeMap<String, Mask>,
    /// Why; needed for grades above 2.
    pub reason: String,
}

/// 申请开放: a department asks the bureau to open fields of its entry.
pub async fn ask_to_open(platform: &Platform, ctx: &Ctx, code: &str, request: &OpenRequest) -> Result<Entry> {
    let doing = Act { code, permission: EDIT, word: "ask_to_open", note: &request.reason };
    act(platform, ctx, &doing, &|entry| {
        if !entry.published || !matches!(entry.opened, Opened::Closed | Opened::Withdrawn) {
            return Err(entry.wrong_state());
        }
        let chosen = chosen(&entry.content, &request.fields)?;
        entry.opened_fields = chosen.iter().map(|field| field.name.clone()).collect();
        entry.opened = Opened::Asked;
        entry.opening_reason.clone_from(&request.reason);
        Ok(())
    })
    .await
}

/// 开放: makes the public grant. Refused naming the field or the rule that stands against it.
pub async fn open(platform: &Platform, ctx: &Ctx, code: &str, request: &OpenRequest) -> Result<Entry> {
    let entry = platform.db.tx(|tx| Box::pin(async move { open_in(tx, platform, ctx, code, request).await })).await?;
    indexing::follow(platform, &entry).await?;
    Ok(entry)
}

/// 应急下架: one operation sets the public grant aside and marks the entry; the index forgets it before this returns.
pub async fn take_down(platform: &Platform, ctx: &Ctx, code: &str, reason: &str) -> Result<Entry> {
    let reason = required_reason(reason)?;
    set_aside(platform, ctx, &Aside { code, permission: TAKE_DOWN, word: "take_down", reason: &reason }).await
}

/// 恢复开放: ends a take-down; the public grant holds again as it was.
pub async fn restore(platform: &Platform, ctx: &Ctx, code: &str, reason: &str) -> Result<Entry> {
    let reason = required_reason(reason)?;
    set_aside(platform, ctx, &Aside { code, permission: OPEN, word: "restore", reason: &reason }).await
}

/// 撤回开放: closes for good; the public grant ends.
pub async fn withdraw_opening(platform: &Platform, ctx: &Ctx, code: &str, reason: &str) -> Result<Entry> {
    let reason = required_reason(reason)?;
    set_aside(platform, ctx, &Aside { code, permission: OPEN, word: "withdraw_opening", reason: &reason }).await
}

struct Aside<'a> {
    code: &'a str,
    permission: &'a str,
    word: &'static str,
    reason: &'a str,
}

async fn set_aside(platform: &Platform, ctx: &Ctx, aside: &Aside<'_>) -> Result<Entry> {
    let entry = platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let before = require(tx, aside.code).await?;
                platform.access.check(ctx, aside.permission, &Scope::department(&before.content.provider))?;
                let mut entry = before.clone();
                match (aside.word, entry.opened) {
                    ("take_down", Opened::TakenDown) => return Ok(entry),
                    ("take_down", _) => {
                        grants::suspend_resource(tx, aside.code, &Grantee::Public, true).await?;
                        entry.opened = Opened::TakenDown;
                    }
                    ("restore", Opened::TakenDown) => {
                        grants::suspend_resource(tx, aside.code, &Grantee::Public, false).await?;
                        let holds = public_grants(tx, aside.code).await?.iter().any(|grant| grant.is_live(ctx.now()));
                        entry.opened = if holds { Opened::Open } else { Opened::Closed };
                    }
                    ("withdraw_opening", Opened::Open | Opened::TakenDown | Opened::Asked) => {
                        end_public_grants(tx, ctx, aside.code).await?;
                        entry.opened = Opened::Withdrawn;
                    }
                    _ => return Err(Error::refused("catalogue-opened-state").with("state", entry.opened.word())),
                }
                aside.reason.clone_into(&mut entry.opening_reason);
                let noted = Noted { word: aside.word, note: aside.reason, batch: None };
                write(tx, ctx, Some(&before), &mut entry, &noted).await?;
                Ok(entry)
            })
        })
        .await?;
    indexing::follow(platform, &entry).await?;
    Ok(entry)
}

async fn open_in(tx: &mut Tx<'_>, platform: &Platform, ctx: &Ctx, code: &str, request: &OpenRequest) -> Result<Entry> {
    let before = require(tx, code).await?;
    platform.access.check(ctx, OPEN, &Scope::department(&before.content.provider))?;
    let withheld = store::negative_of_in(tx, code).await?;
    let fields = check_opening(ctx, &before, request, &withheld)?;
    end_public_grants(tx, ctx, code).await?;
    let mut entry = before.clone();
    // The covers agreed on for the opening are from now on the entry's own: a later load or wording is held to them.
    for (name, mask) in &request.masks {
        for content in std::iter::once(&mut entry.content).chain(&mut entry.pending) {
            if let Some(field) = content.fields.iter_mut().find(|field| field.name == *name) {
                field.mask = Some(*mask);
            }
        }
    }
    entry.opened = Opened::Open;
    entry.opened_fields = fields.iter().map(|field| field.name.clone()).collect();
    entry.opening_reason.clone_from(&request.reason);
    let listed = Fields::Listed(entry.opened_fields.clone());
    let whole = Grant::whole(Id::new(ctx), code, Grantee::Public, PURPOSE_PUBLIC, ctx.now());
    grants::put(tx, &Grant { fields: listed, masks: masks(&entry), ..whole }).await?;
    write(tx, ctx, Some(&before), &mut entry, &Noted { word: "open", note: &request.reason, batch: None }).await?;
    Ok(entry)
}

/// Everything that can stand against opening, the field or rule named.
fn check_opening(ctx: &Ctx, entry: &Entry, request: &OpenRequest, withheld: &[Withheld]) -> Result<Vec<Field>> {
    if !entry.published {
        return Err(Error::refused("catalogue-open-unpublished"));
    }
    if matches!(entry.opened, Opened::Open | Opened::TakenDown) {
        return Err(Error::refused("catalogue-opened-state").with("state", entry.opened.word()));
    }
    if entry.attached.is_none() {
        return Err(Error::refused("catalogue-open-no-data"));
    }
    if entry.content.opening == Opening::Refused {
        return Err(Error::refused("catalogue-open-class"));
    }
    let Some(grade) = entry.content.grade else { return Err(Error::refused("catalogue-open-ungraded")) };
    if grade > GRADE_OPEN_MAX && request.reason.trim().is_empty() {
        return Err(Error::invalid("reason", "catalogue-open-grade").with("grade", grade));
    }
    let fields = chosen(&entry.content, &request.fields)?;
    for field in &fields {
        let covered = request.masks.contains_key(&field.name);
        if is_personal(field) && field.mask.is_none() && !covered {
            return Err(Error::invalid(&field.name, "catalogue-open-personal").with("field", &field.title.zh));
        }
        let stands = |item: &&Withheld| item.holds_at(ctx.now()) && (item.field.is_empty() || item.field == field.name);
        if let Some(item) = withheld.iter().find(stands) {
            return Err(Error::invalid(&field.name, "catalogue-open-withheld").with("basis", &item.basis));
        }
    }
    Ok(fields)
}

/// Whether a field's values are about one person: said by somebody, or recognised.
fn is_personal(field: &Field) -> bool {
    let kind = field.kind.as_deref().and_then(yiwang_codes::Kind::from_word);
    field.personal || kind.is_some_and(yiwang_codes::Kind::is_personal)
}

fn chosen(content: &Content, names: &[String]) -> Result<Vec<Field>> {
    if names.is_empty() {
        return Ok(content.fields.clone());
    }
    let find = |name: &String| {
        let unknown = || Error::invalid(name, "field-unknown").with("field", name);
        content.field(name).cloned().ok_or_else(unknown)
    };
    names.iter().map(find).collect()
}

async fn end_public_grants(tx: &mut Tx<'_>, ctx: &Ctx, code: &str) -> Result<()> {
    for grant in public_grants(tx, code).await? {
        grants::revoke(tx, grant.id, ctx.now()).await?;
    }
    Ok(())
}

async fn public_grants(tx: &mut Tx<'_>, code: &str) -> Result<Vec<Grant>> {
    let wanted = FindGrants { resource: Some(code.to_owned()), purpose: None, grantee: Some(Grantee::Public) };
    grants::find_in(tx, &wanted).await
}

/// How the opened fields are covered.
fn masks(entry: &Entry) -> BTreeMap<String, Mask> {
    let opened = entry.opened_fields.iter().filter_map(|name| entry.content.field(name));
    opened.filter_map(|field| Some((field.name.clone(), field.mask?))).collect()
}

/// Keeps an open entry honest when its wording changes: refused where an opened field would show personal values, and
/// the public grant takes over changed covers.
pub(super) async fn follow_wording(tx: &mut Tx<'_>, ctx: &Ctx, before: &Entry, entry: &Entry) -> Result<()> {
    if let Some(field) = shown_personal(entry) {
        return Err(Error::invalid(&field.name, "catalogue-open-personal").with("field", &field.title.zh));
    }
    let masks = masks(entry);
    if masks == self::masks(before) {
        return Ok(());
    }
    for grant in public_grants(tx, &entry.code).await?.into_iter().filter(|grant| grant.is_live(ctx.now())) {
        grants::put(tx, &Grant { masks: masks.clone(), ..grant }).await?;
    }
    Ok(())
}

/// An opened field that is personal and not covered.
pub(super) fn shown_personal(entry: &Entry) -> Option<&Field> {
    let opened = entry.opened_fields.iter().filter_map(|name| entry.content.field(name));
    let mut shown = opened.filter(|field| is_personal(field) && field.mask.is_none());
    shown.next()
}
