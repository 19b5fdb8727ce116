//! One entry in full: fields, metadata in the words of GB/T 21063, DCAT-AP as Turtle and JSON-LD, and for those who
//! may, who answers for it and what can be done. Its data is shown by the portal.

use std::collections::BTreeMap;

use axum::response::IntoResponse;
use http::header;
use serde_json::json;
use yiwang_access::Scope;
use yiwang_dcat::{Access, Distribution, Frequency, Phrase, Resource};
use yiwang_host::{Answer, Call, Platform};
use yiwang_kernel::{Ctx, Instant, Result, Text};
use yiwang_web::{Cell, Column, Markup, Table, Tone, View};

use super::{Section, department, entry_head, entry_json, links, pairs, respond, theme_title};
use crate::model::{Cycle, Entry, Opened, Opening, Sharing, State, Timeliness, Withheld, theme};
use crate::ops;

/// `/catalogue/{code}/metadata`.
pub(crate) async fn metadata(call: Call) -> Answer {
    let entry = ops::entry(&call.platform, &call.ctx, call.path("code")?).await?;
    let names = ops::department_names(&call.platform).await?;
    let withheld = ops::live_withheld(&call.platform, &call.ctx, &entry.code).await?;
    let view = &call.view;
    let mut sections = sections(&call, &entry, &names, &withheld)?;
    if call.platform.access.check(&call.ctx, ops::VIEW, &Scope::department(&entry.content.provider)).is_ok() {
        sections.push(Section::new(view.t("catalogue-duties"), duties(view, &entry)?));
        sections.push(Section::new(view.t("catalogue-actions"), actions(&call, &entry)?));
    }
    let resource = resource(&entry, &names, &base(&call));
    let mut json = entry_json(&entry);
    json["core_metadata"] = yiwang_dcat::core_metadata(&resource)
        .iter()
        .map(|element| json!({ "name": element.name_zh, "mandatory": element.mandatory, "value": element.value }))
        .collect();
    json["withheld"] = withheld.iter().map(super::negative::item_json).collect();
    let head = entry_head(view, &entry, &view.t("catalogue-metadata"));
    respond(&call, head, view.text(&entry.content.title), &sections, &json)
}

/// `/catalogue/{code}/dcat.ttl`.
pub(crate) async fn turtle(call: Call) -> Answer {
    let resource = published(&call).await?;
    let body = yiwang_dcat::turtle(&resource);
    Ok(([(header::CONTENT_TYPE, "text/turtle; charset=utf-8")], body).into_response())
}

/// `/catalogue/{code}/dcat.jsonld`.
pub(crate) async fn jsonld(call: Call) -> Answer {
    let resource = published(&call).await?;
    let body = yiwang_dcat::jsonld(&resource).to_string();
    Ok(([(header::CONTENT_TYPE, "application/ld+json")], body).into_response())
}

/// The catalogue's part of a resource page: fields, then metadata. The caller has read the entry for this reader.
pub async fn catalogue_tab(platform: &Platform, ctx: &Ctx, view: &View, entry: &Entry) -> Result<Markup> {
    let names = ops::department_names(platform).await?;
    let withheld = ops::live_withheld(platform, ctx, &entry.code).await?;
    let facts = facts(view, entry, &names, ctx.now(), !withheld.is_empty());
    let more = [
        (format!("/catalogue/{}/metadata", entry.code), view.t("catalogue-metadata")),
        (format!("/departments/{}/catalogue", entry.content.provider), view.t("catalogue-same-department")),
    ];
    let parts = [fields(view, entry, &withheld)?, pairs(&facts)?, links(&more)?];
    Ok(Markup::trusted(parts.iter().map(Markup::as_str).collect()))
}

fn sections(call: &Call, entry: &Entry, names: &BTreeMap<String, Text>, withheld: &[Withheld]) -> Result<Vec<Section>> {
    let view = &call.view;
    let facts = facts(view, entry, names, call.ctx.now(), withheld.iter().any(|item| item.field.is_empty()));
    let core = yiwang_dcat::core_metadata(&resource(entry, names, &base(call)));
    let core: Vec<(String, String)> = core
        .into_iter()
        .map(|element| {
            let name = if view.lang == yiwang_kernel::Lang::Zh { element.name_zh } else { element.name_en };
            (name.to_owned(), element.value)
        })
        .collect();
    let files = [
        (format!("/catalogue/{}/dcat.ttl", entry.code), "DCAT-AP (Turtle)".to_owned()),
        (format!("/catalogue/{}/dcat.jsonld", entry.code), "DCAT-AP (JSON-LD)".to_owned()),
    ];
    Ok(vec![
        Section::new(view.t("catalogue-about"), pairs(&facts)?),
        Section::new(view.t("catalogue-fields"), fields(view, entry, withheld)?),
        Section::new(view.t("catalogue-core-metadata"), pairs(&core)?),
        Section::plain(links(&files)?),
    ])
}

fn facts(
    view: &View,
    entry: &Entry,
    names: &BTreeMap<String, Text>,
    now: Instant,
    withheld: bool,
) -> Vec<(String, String)> {
    let content = &entry.content;
    let sharing = if withheld { "catalogue-sharing-withheld".to_owned() } else { content.sharing.text_id() };
    let grade = match content.grade {
        Some(grade) => view.with("catalogue-grade-n", "grade", grade.to_string()),
        None => view.t("catalogue-ungraded"),
    };
    let kept = match entry.timeliness(now) {
        Timeliness::Late { days } => view.with("catalogue-late-days", "days", view.n(days)),
        other => view.t(&format!("catalogue-timeliness-{}", other.word().replace('_', "-"))),
    };
    let line = |id: &str, value: String| (view.t(id), value);
    let mut lines = vec![
        line("catalogue-field-code", entry.formal_code()),
        line("catalogue-field-summary", view.text(&content.summary).to_owned()),
        line("catalogue-field-provider", department(names, view.lang, &content.provider)),
        line("catalogue-field-theme", theme_title(&content.theme, view.lang)),
        line("catalogue-field-library", view.t(&content.library.text_id())),
        line("catalogue-field-format", view.t(&content.format.text_id())),
        line("catalogue-field-sharing", view.t(&sharing)),
        line("catalogue-field-opening", view.t(&content.opening.text_id())),
        line("catalogue-opened", view.t(&entry.opened.text_id())),
        line("catalogue-facet-attached", view.t(&format!("catalogue-attachment-{}", entry.attachment(now).word()))),
        line("catalogue-field-grade", grade),
        line("catalogue-field-cycle", format!("{} · {kept}", view.t(&content.cycle.text_id()))),
        line("catalogue-state", view.t(&entry.state.text_id())),
        line("catalogue-updated", view.minute(Instant::from_micros(entry.updated))),
    ];
    if !content.retain_until.is_empty() {
        lines.push(line("catalogue-field-retain-until", content.retain_until.clone()));
    }
    lines
}

fn fields(view: &View, entry: &Entry, withheld: &[Withheld]) -> Result<Markup> {
    let mut table = Table::new(view.t("catalogue-fields"))
        .column(Column::new("title", view.t("catalogue-field-title")))
        .column(Column::new("name", view.t("catalogue-field-name")))
        .column(Column::new("type", view.t("catalogue-field-type")))
        .column(Column::new("marks", view.t("catalogue-field-marks")))
        .total(entry.content.fields.len() as u64)
        .empty(view.t("catalogue-no-fields"));
    for field in &entry.content.fields {
        let mut marks = Vec::new();
        let said = [
            (field.key, "catalogue-mark-key"),
            (field.personal, "catalogue-mark-personal"),
            (field.mask.is_some(), "catalogue-mark-masked"),
            (field.source, "catalogue-mark-source"),
            (withheld.iter().any(|item| item.field == field.name), "catalogue-mark-withheld"),
        ];
        marks.extend(said.iter().filter(|(on, _)| *on).map(|(_, id)| view.t(id)));
        let tone = if field.shows_personal() { Tone::Warning } else { Tone::Plain };
        let marks = marks.join(" · ");
        table = table.row(vec![
            Cell::text(view.text(&field.title)),
            Cell::text(&field.name),
            Cell::text(&field.r#type),
            if marks.is_empty() { Cell::Missing } else { Cell::State(marks, tone) },
        ]);
    }
    table.render(view)
}

fn duties(view: &View, entry: &Entry) -> Result<Markup> {
    let steps = entry.latest().duties.steps();
    let named = steps.map(|(step, name)| (view.t(&format!("catalogue-duty-{step}")), name.to_owned()));
    pairs(&named)
}

/// What this person may do with the entry now.
fn actions(call: &Call, entry: &Entry) -> Result<Markup> {
    let view = &call.view;
    let scope = Scope::department(&entry.content.provider);
    let may = |permission: &str| call.platform.access.check(&call.ctx, permission, &scope).is_ok();
    let may_open = may(ops::OPEN) || may(ops::EDIT);
    let down = entry.opened == Opened::TakenDown;
    let offered = [
        (may(ops::EDIT) && !matches!(entry.state, State::Review | State::Retired), "edit", "edit"),
        (may(ops::REVIEW) && entry.state == State::Review, "review", "review"),
        (may(ops::WITHHOLD), "withhold", "withhold"),
        (may_open && entry.published && !down, "open", "open"),
        (may(ops::TAKE_DOWN) && !down, "take-down", "take-down"),
        (may(ops::TAKE_DOWN) && may(ops::OPEN) && down, "take-down", "restore"),
        (may(ops::REVIEW) && (entry.published || entry.state == State::Retired), "retire", "retire"),
        (may(ops::VIEW), "history", "history"),
    ];
    let shown: Vec<(String, String)> = offered
        .iter()
        .filter(|(on, _, _)| *on)
        .map(|(_, act, words)| (format!("/catalogue/{}/{act}", entry.code), view.t(&format!("catalogue-do-{words}"))))
        .collect();
    links(&shown)
}

async fn published(call: &Call) -> Result<Resource> {
    let entry = ops::entry(&call.platform, &call.ctx, call.path("code")?).await?;
    let names = ops::department_names(&call.platform).await?;
    Ok(resource(&entry, &names, &base(call)))
}

/// The address this call came to, for the addresses inside metadata.
fn base(call: &Call) -> String {
    let host = call.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let forwarded = call.headers.get("x-forwarded-proto").and_then(|scheme| scheme.to_str().ok());
    let scheme = if forwarded == Some("https") { "https" } else { "http" };
    format!("{scheme}://{host}")
}

/// The entry as others may know it.
fn resource(entry: &Entry, names: &BTreeMap<String, Text>, base: &str) -> Resource {
    let content = &entry.content;
    let uri = format!("{base}/catalogue/{}", entry.code);
    let formal = entry.formal_code();
    let classification = formal.split('/').next().unwrap_or_default().to_owned();
    let date = |micros: i64| Instant::from_micros(micros).date().to_string();
    let access = match (entry.opened, content.sharing, content.opening) {
        (Opened::Open, _, _) => Access::Public,
        (_, _, Opening::Refused) => Access::NonPublic,
        (_, Sharing::Unconditional | Sharing::Conditional, _) => Access::Restricted,
    };
    let keywords = content.keywords.split_whitespace().map(|word| Phrase::new("zh", word)).collect();
    let terms = [&content.sharing_terms, &content.opening_terms];
    let conditions = terms.iter().filter(|terms| !terms.is_empty()).map(|terms| Phrase::new("zh", *terms)).collect();
    Resource {
        identifier: formal.clone(),
        record: format!("{formal}#{}", entry.revision),
        title: phrases(&content.title),
        description: phrases(&content.summary),
        keywords,
        publisher_uri: format!("{base}/departments/{}/catalogue", content.provider),
        publisher: names.get(&content.provider).map(phrases).unwrap_or_default(),
        contact: Some(content.contact.clone()).filter(|contact| !contact.is_empty()),
        theme_uri: format!("{base}/catalogue?theme={}", content.theme),
        theme: theme(&content.theme).map(|theme| phrases(&Text::new(theme.zh, theme.en))).unwrap_or_default(),
        classification,
        spatial_uri: Some(format!("{base}/places/{}", content.region)).filter(|_| !content.region.is_empty()),
        issued: entry.published_at.map(date),
        modified: Some(date(entry.updated)),
        frequency: Some(frequency(content.cycle)),
        access,
        conditions,
        distributions: distributions(entry, &uri),
        uri,
    }
}

fn distributions(entry: &Entry, uri: &str) -> Vec<Distribution> {
    if entry.opened != Opened::Open {
        return Vec::new();
    }
    vec![Distribution {
        access_url: uri.to_owned(),
        download_url: None,
        title: phrases(&entry.content.title),
        media_type: "text/csv".to_owned(),
        file_type: "CSV".to_owned(),
    }]
}

fn frequency(cycle: Cycle) -> Frequency {
    match cycle {
        Cycle::Realtime => Frequency::Continuous,
        Cycle::Daily => Frequency::Daily,
        Cycle::Weekly => Frequency::Weekly,
        Cycle::Monthly => Frequency::Monthly,
        Cycle::Quarterly => Frequency::Quarterly,
        Cycle::HalfYearly => Frequency::HalfYearly,
        Cycle::Yearly => Frequency::Yearly,
        Cycle::Irregular => Frequency::Irregular,
    }
}

fn phrases(text: &Text) -> Vec<Phrase> {
    let both = [("zh", &text.zh), ("en", &text.en)];
    both.iter().filter(|(_, text)| !text.is_empty()).map(|(lang, text)| Phrase::new(*lang, *text)).collect()
}
