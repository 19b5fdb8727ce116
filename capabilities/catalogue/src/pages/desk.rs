//! The reviewer's desk: what waits, what is claimed twice, what lapsed; the decision on one entry; retiring; history.

use serde_json::json;
use yiwang_host::{Answer, Call};
use yiwang_kernel::{Cursor, PageRequest, Result};
use yiwang_web::{Cell, Choice, Column, Field, Fields, Form, Markup, Paging, Table};

use super::{Section, again, department, entry_head, entry_json, head, pairs, respond};
use crate::model::{Difference, Entry, State, differences};
use crate::ops;
use crate::store::{Change, Claim};

/// `/catalogue/review`.
pub(crate) async fn desk(call: Call) -> Answer {
    let after = call.query.filled("after").map(Cursor::decode).transpose()?;
    let waiting = ops::to_review(&call.platform, &call.ctx, &PageRequest { rows: None, after }).await?;
    let names = ops::department_names(&call.platform).await?;
    let conflicts = ops::conflicts(&call.platform, &call.ctx, None).await?;
    let lapsed = ops::lapsed(&call.platform, &call.ctx).await?;
    let view = &call.view;
    let mut table = Table::new(view.t("catalogue-waiting"))
        .column(Column::new("title", view.t("catalogue-field-title")))
        .column(Column::new("provider", view.t("catalogue-field-provider")))
        .column(Column::new("submitted", view.t("catalogue-updated")))
        .total(waiting.total)
        .paging(Paging::Keyset { next: waiting.next.as_ref().map(Cursor::encode) })
        .empty(view.t("catalogue-waiting-empty"));
    for entry in &waiting.rows {
        table = table.row(vec![
            Cell::link(format!("/catalogue/{}/review", entry.code), view.text(&entry.latest().title)),
            Cell::text(department(&names, view.lang, &entry.content.provider)),
            Cell::text(view.minute(yiwang_kernel::Instant::from_micros(entry.updated))),
        ]);
    }
    let sections = [
        Section::plain(table.render(view)?),
        Section::plain(claims(&call, &conflicts)?),
        Section::plain(super::negative::table(&call, view.t("catalogue-lapsed"), &lapsed, &names)?),
    ];
    let json = json!({
        "waiting": waiting.rows.iter().map(entry_json).collect::<Vec<_>>(), "total": waiting.total,
        "next": waiting.next.as_ref().map(Cursor::encode),
        "conflicts": conflicts.iter().map(claim_json).collect::<Vec<_>>(),
        "lapsed": lapsed.iter().map(super::negative::item_json).collect::<Vec<_>>(),
    });
    respond(&call, head(view, view.t("catalogue-review")), "", &sections, &json)
}

/// `/catalogue/{code}/review`: what would be published, what changes by it, and the decision.
pub(crate) async fn review(call: Call) -> Answer {
    let entry = ops::entry(&call.platform, &call.ctx, call.path("code")?).await?;
    let view = &call.view;
    let changes = pending_changes(&entry)?;
    let conflicts = ops::conflicts(&call.platform, &call.ctx, Some(&entry.code)).await?;
    let mut sections = vec![Section::new(view.t("catalogue-changes"), changed(&call, &changes)?)];
    if !conflicts.is_empty() {
        sections.push(Section::plain(claims(&call, &conflicts)?));
    }
    sections.push(Section::new(view.t("catalogue-decision"), decision_form(&call, &entry).render(view)?));
    let head =
        entry_head(view, &entry, &view.t("catalogue-do-review")).crumb("/catalogue/review", view.t("catalogue-review"));
    let mut json = entry_json(&entry);
    json["pending"] = json!(entry.pending.as_ref().map(|pending| &pending.title));
    json["changes"] = changes.iter().map(difference_json).collect();
    respond(&call, head, view.text(&entry.latest().title), &sections, &json)
}

/// Posts the decision.
pub(crate) async fn decide(call: Call, given: Fields) -> Answer {
    let code = call.path("code")?.to_owned();
    let reason = given.get("reason").unwrap_or_default();
    let decided = match given.required("decision")? {
        "approve" => ops::approve(&call.platform, &call.ctx, &code).await,
        _ => ops::send_back(&call.platform, &call.ctx, &code, reason).await,
    };
    match decided {
        Ok(entry) => call.done("/catalogue/review", &entry_json(&entry)),
        Err(error) => {
            let entry = ops::entry(&call.platform, &call.ctx, &code).await?;
            let form = decision_form(&call, &entry).filled(&given);
            again(&call, entry_head(&call.view, &entry, &call.view.t("catalogue-do-review")), form, error)
        }
    }
}

/// `/catalogue/{code}/retire`: retires, or brings a retired entry back.
pub(crate) async fn retire(call: Call) -> Answer {
    let entry = ops::entry(&call.platform, &call.ctx, call.path("code")?).await?;
    let sections = [Section::plain(retire_form(&call, &entry).render(&call.view)?)];
    let head = entry_head(&call.view, &entry, &call.view.t("catalogue-do-retire"));
    respond(&call, head, &call.view.t("catalogue-retire-lead"), &sections, &entry_json(&entry))
}

/// Posts it.
pub(crate) async fn set_retired(call: Call, given: Fields) -> Answer {
    let code = call.path("code")?.to_owned();
    let entry = ops::entry(&call.platform, &call.ctx, &code).await?;
    let done = if entry.state == State::Retired {
        ops::revive(&call.platform, &call.ctx, &code).await
    } else {
        ops::retire(&call.platform, &call.ctx, &code, given.get("reason").unwrap_or_default()).await
    };
    match done {
        Ok(entry) => call.done(&format!("/catalogue/{code}/metadata"), &entry_json(&entry)),
        Err(error) => {
            let form = retire_form(&call, &entry).filled(&given);
            again(&call, entry_head(&call.view, &entry, &call.view.t("catalogue-do-retire")), form, error)
        }
    }
}

/// `/catalogue/{code}/history`: every change with what it changed.
pub(crate) async fn history(call: Call) -> Answer {
    let (entry, changes) = ops::history(&call.platform, &call.ctx, call.path("code")?).await?;
    let view = &call.view;
    let mut sections = Vec::new();
    let mut json = Vec::new();
    for (place, change) in changes.iter().enumerate() {
        let former = changes.get(place + 1).map(|former| &former.snapshot);
        let found = differences(former, &change.snapshot);
        let title = format!(
            "{} · {}",
            view.minute(change.at),
            view.t(&format!("catalogue-act-{}", change.act.replace('_', "-")))
        );
        let who = pairs(&[
            (view.t("catalogue-who"), change.actor.clone()),
            (view.t("catalogue-reason"), change.note.clone()),
        ])?;
        let shown = changed(&call, &found)?;
        sections.push(Section::new(title, Markup::trusted(format!("{who}{shown}"))));
        json.push(change_json(change, &found));
    }
    let head = entry_head(view, &entry, &view.t("catalogue-do-history"));
    respond(&call, head, "", &sections, &json!({ "code": entry.code, "changes": json }))
}

fn pending_changes(entry: &Entry) -> Result<Vec<Difference>> {
    let json = |content: &crate::model::Content| {
        serde_json::to_value(content).map_err(|error| yiwang_kernel::Error::internal("compare wordings", error))
    };
    let before = if entry.published { Some(json(&entry.content)?) } else { None };
    Ok(differences(before.as_ref(), &json(entry.latest())?))
}

fn changed(call: &Call, changes: &[Difference]) -> Result<Markup> {
    let view = &call.view;
    let mut table = Table::new(view.t("catalogue-changes"))
        .column(Column::new("path", view.t("catalogue-where")))
        .column(Column::new("before", view.t("catalogue-before")))
        .column(Column::new("after", view.t("catalogue-after")))
        .empty(view.t("catalogue-no-changes"));
    for change in changes {
        let cells = [&change.path, &change.before, &change.after];
        table = table.row(cells.into_iter().map(Cell::text).collect());
    }
    table.render(view)
}

fn claims(call: &Call, claims: &[Claim]) -> Result<Markup> {
    let view = &call.view;
    let mut table = Table::new(view.t("catalogue-conflicts"))
        .column(Column::new("datum", view.t("catalogue-field-datum")))
        .column(Column::new("entry", view.t("catalogue-field-title")))
        .column(Column::new("field", view.t("catalogue-field-name")))
        .column(Column::new("claimed", view.t("catalogue-claimed")))
        .total(claims.len() as u64)
        .empty(view.t("catalogue-conflicts-empty"));
    for claim in claims {
        table = table.row(vec![
            Cell::text(&claim.datum),
            Cell::link(format!("/catalogue/{}", claim.code), &claim.title),
            Cell::text(&claim.field),
            Cell::text(view.minute(claim.claimed)),
        ]);
    }
    table.render(view)
}

fn decision_form(call: &Call, entry: &Entry) -> Form {
    let view = &call.view;
    let choices: Vec<Choice> = ["approve", "return"]
        .iter()
        .map(|word| ((*word).to_owned(), view.t(&format!("catalogue-decide-{word}"))))
        .collect();
    Form::post(format!("/catalogue/{}/review", entry.code), view.t("catalogue-decide"))
        .field(Field::radio("decision", view.t("catalogue-decision"), choices).required())
        .field(Field::area("reason", view.t("catalogue-reason")).hint(view.t("catalogue-return-hint")))
}

fn retire_form(call: &Call, entry: &Entry) -> Form {
    let view = &call.view;
    let action = format!("/catalogue/{}/retire", entry.code);
    if entry.state == State::Retired {
        return Form::post(action, view.t("catalogue-revive"));
    }
    Form::post(action, view.t("catalogue-do-retire"))
        .danger()
        .field(Field::area("reason", view.t("catalogue-reason")).required())
}

fn change_json(change: &Change, found: &[Difference]) -> serde_json::Value {
    json!({
        "revision": change.revision, "at": change.at, "actor": change.actor, "act": change.act, "note": change.note,
        "changes": found.iter().map(difference_json).collect::<Vec<_>>(),
    })
}

fn difference_json(difference: &Difference) -> serde_json::Value {
    json!({ "path": difference.path, "before": difference.before, "after": difference.after })
}

fn claim_json(claim: &Claim) -> serde_json::Value {
    json!({
        "datum": claim.datum, "code": claim.code, "field": claim.field, "title": claim.title,
        "provider": claim.provider, "claimed": claim.claimed,
    })
}
