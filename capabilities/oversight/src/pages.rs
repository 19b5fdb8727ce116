//! Pages and JSON twins of the ledger. Thin: rules are in `ops`.

mod witnesses;

use serde_json::{Value, json};
use yiwang_host::{Answer, Call};
use yiwang_kernel::{Cursor, Id, PageRequest, Result};
use yiwang_ledger::{Common, EntryPage, Filter, Logged, Report};
use yiwang_seal::hex;
use yiwang_web::{Cell, Column, Field, Form, Head, Markup, Paging, Table, View};

pub(crate) use witnesses::{consistency, list as witnesses, register, remove, witnessed};

use crate::ops::{self, Entered};
use crate::store::Witnessed;

#[derive(askama::Template)]
#[template(path = "oversight/head.html")]
struct HeadBody<'a> {
    view: &'a View,
    entries: String,
    note: &'a str,
    key: String,
    witnessed: Vec<String>,
}

#[derive(askama::Template)]
#[template(path = "oversight/reads.html")]
struct ReadsBody<'a> {
    view: &'a View,
    waiting: String,
    form: Markup,
    table: Markup,
}

#[derive(askama::Template)]
#[template(path = "oversight/decision.html")]
struct DecisionBody<'a> {
    view: &'a View,
    number: String,
    head: String,
}

#[derive(askama::Template)]
#[template(path = "oversight/completeness.html")]
struct CompletenessBody<'a> {
    view: &'a View,
    form: Markup,
    report: Option<&'a Report>,
    difference: String,
}

/// `/ledger`: the signed head and the key to check it with.
pub(crate) async fn head(call: Call) -> Answer {
    let ledger = &call.platform.ledger;
    let (note, status) = (ledger.head(), ledger.status());
    let key = hex(&ledger.public_key().to_bytes());
    let heads = ops::witnessed(&call.platform).await?;
    let told: Vec<Value> = heads.iter().map(witnesses::document).collect();
    let twin = json!({
        "entries": status.entries, "head": note, "public_key": key, "verifier": ledger.verifier(), "witnessed": told,
    });
    let view = &call.view;
    let line = |head: &Witnessed| format!("{} · {} · {}", head.witness, view.n(head.size), view.minute(head.signed));
    let witnessed = heads.iter().map(line).collect();
    let body = HeadBody { view, entries: view.n(status.entries), note: &note, key, witnessed };
    call.respond(Head::new(call.view.t("oversight-head-title")), &body, &twin)
}

/// `/ledger/reads`: what was read, newest first.
pub(crate) async fn reads(call: Call) -> Answer {
    let query = &call.query;
    let given = |name: &str| query.filled(name).map(str::to_owned);
    let filter = Filter {
        who: given("who"),
        resource: given("resource"),
        kind: query.filled("kind").map(ops::kind).transpose()?,
        ..Filter::default()
    };
    let after = query.filled("after").map(Cursor::decode).transpose()?;
    let log = query.filled("log");
    let page = ops::reads(&call.platform, &call.ctx, log, filter, &PageRequest { rows: None, after }).await?;
    let earlier = call.platform.ledger.earlier().await?;
    let backlog = call.platform.relay.backlog().await?.count;
    let waiting = match backlog {
        0 => String::new(),
        count => call.view.with("oversight-waiting", "n", call.view.n(count)),
    };
    let (form, table) = (filters(&call, &earlier)?, table(&call.view, &page)?);
    let body = ReadsBody { view: &call.view, waiting, form, table };
    let next = page.next.as_ref().map(Cursor::encode);
    let rows: Vec<Value> = page.rows.iter().map(document).collect();
    let head = Head::new(call.view.t("oversight-reads-title")).crumb("/ledger", call.view.t("oversight-head-title"));
    let twin = json!({
        "rows": rows, "next": next, "searched": page.searched, "earlier": earlier, "waiting": backlog,
    });
    call.respond(head, &body, &twin)
}

/// `/ledger/decisions/{id}`: the receipt of a decision.
pub(crate) async fn decision(call: Call) -> Answer {
    let view = &call.view;
    let id: Id = call.path("id")?.parse()?;
    let entered = ops::decision(&call.platform, id).await?;
    let (number, head) = match &entered {
        Some(entered) => (view.n(entered.proof.index), entered.proof.head.clone()),
        None => (String::new(), String::new()),
    };
    let twin = match &entered {
        None => json!({ "id": id, "state": "waiting" }),
        Some(Entered { log, proof }) => json!({
            "id": id, "state": "entered", "index": proof.index, "log": log, "head": proof.head,
            "header": hex(&proof.header), "path": proof.path.iter().map(|node| hex(node)).collect::<Vec<_>>(),
        }),
    };
    let titled = Head::new(view.t("oversight-decision-title")).crumb("/ledger", view.t("oversight-head-title"));
    call.respond(titled, &DecisionBody { view, number, head }, &twin)
}

/// `/ledger/completeness`: the form that asks for a check.
pub(crate) async fn completeness(call: Call) -> Answer {
    shown(&call, None)
}

/// The check itself.
pub(crate) async fn verify(call: Call) -> Answer {
    let report = ops::verify(&call.platform, &call.ctx).await?;
    shown(&call, Some(&report))
}

fn shown(call: &Call, report: Option<&Report>) -> Answer {
    let view = &call.view;
    let form = Form::post("/ledger/completeness", view.t("oversight-verify-button")).render(view)?;
    let difference = report.and_then(|report| report.difference.as_ref());
    let words = difference.map_or_else(String::new, |difference| {
        let fault = view.t(&format!("ledger-fault-{}", difference.fault.word()));
        format!("{} #{}: {fault}", difference.segment, difference.entry)
    });
    let twin = report.map_or_else(
        || json!({}),
        |report| {
            let difference = report.difference.as_ref().map(|difference| {
                json!({ "segment": difference.segment, "entry": difference.entry, "fault": difference.fault.word() })
            });
            json!({
                "whole": report.is_whole(), "entries": report.entries, "heads": report.heads,
                "segments": report.segments, "head": report.head, "difference": difference,
            })
        },
    );
    let head = Head::new(view.t("oversight-completeness-title")).crumb("/ledger", view.t("oversight-head-title"));
    call.respond(head, &CompletenessBody { view, form, report, difference: words }, &twin)
}

fn filters(call: &Call, earlier: &[String]) -> Result<Markup> {
    let view = &call.view;
    let mut kinds = vec![(String::new(), view.t("oversight-any"))];
    kinds.extend(ops::KINDS.iter().map(|kind| (kind.word().to_owned(), kind_text(view, kind.word()))));
    let mut form = Form::get("/ledger/reads", view.t("oversight-filter-button"))
        .field(Field::text("resource", view.t("oversight-resource")))
        .field(Field::text("who", view.t("oversight-who")))
        .field(Field::select("kind", view.t("oversight-kind"), kinds));
    if !earlier.is_empty() {
        let mut logs = vec![(String::new(), view.t("oversight-log-newest"))];
        logs.extend(earlier.iter().map(|log| (log.clone(), log.clone())));
        form = form.field(Field::select("log", view.t("oversight-log"), logs));
    }
    form.filled(&call.query).render(view)
}

fn table(view: &View, page: &EntryPage) -> Result<Markup> {
    let mut table = Table::new(view.t("oversight-reads-title"))
        .column(Column::new("index", view.t("oversight-index")).number())
        .column(Column::new("time", view.t("oversight-time")))
        .column(Column::new("kind", view.t("oversight-kind")))
        .column(Column::new("who", view.t("oversight-who")))
        .column(Column::new("purpose", view.t("oversight-purpose")))
        .column(Column::new("resource", view.t("oversight-resource")))
        .column(Column::new("why", view.t("oversight-why")))
        .paging(Paging::Keyset { next: page.next.as_ref().map(Cursor::encode) })
        .empty(view.t("oversight-empty"));
    for entry in &page.rows {
        let text = |text: Option<&str>| match text {
            Some(text) if !text.is_empty() => Cell::Text(text.to_owned()),
            _ => Cell::Missing,
        };
        let common = entry.common.as_ref();
        table = table.row(vec![
            Cell::Number(view.n(entry.header.index)),
            Cell::Text(view.minute(time(entry))),
            Cell::Text(kind_text(view, entry.header.kind.word())),
            text(common.map(|common| common.who.as_str())),
            text(common.map(|common| common.act.as_deref().unwrap_or(&common.purpose))),
            text(common.and_then(|common| common.resource.as_deref())),
            text(common.map(why).as_deref()),
        ]);
    }
    table.render(view)
}

/// The reason, the basis, and what a decision names.
fn why(common: &Common) -> String {
    let named = if common.decided.is_some() { common.fields.join(", ") } else { String::new() };
    let parts = [common.why.as_str(), common.basis.as_deref().unwrap_or_default(), named.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn document(entry: &Logged) -> Value {
    let event = entry.header.event.and_then(|event| Id::from_bytes(&event).ok());
    json!({
        "event": event,
        "index": entry.header.index, "time": time(entry), "kind": entry.header.kind.word(),
        "batch": entry.batch, "common": entry.common,
    })
}

fn kind_text(view: &View, word: &str) -> String {
    view.t(&format!("oversight-kind-{word}"))
}

fn time(entry: &Logged) -> yiwang_kernel::Instant {
    yiwang_kernel::Instant::from_micros(entry.header.time)
}
