//! 搜索: words, pinyin, initials or codes; narrowed by department and theme. What a reader may not see is not counted.

use std::collections::BTreeMap;

use serde_json::json;
use yiwang_catalogue::ops as catalogue;
use yiwang_host::{Answer, Call};
use yiwang_kernel::Text;
use yiwang_web::{Head, View};

use crate::ops;

const ROWS: usize = 20;
/// Choices shown per dimension.
const CHOICES_MAX: usize = 12;

#[derive(askama::Template)]
#[template(path = "portal/search.html")]
struct SearchBody<'a> {
    view: &'a View,
    found: String,
    narrowed: bool,
    facets: Vec<(String, Vec<Choice>)>,
    hits: Vec<Hit>,
    next: String,
}

struct Choice {
    to: String,
    words: String,
    n: String,
    current: bool,
}

struct Hit {
    to: String,
    title: String,
    words: String,
    about: String,
}

/// 搜索.
pub(crate) async fn search(call: Call) -> Answer {
    let view = &call.view;
    let words = call.query.filled("q").unwrap_or_default().to_owned();
    let page = call.query.number("page")?.and_then(|page| usize::try_from(page).ok()).unwrap_or(1).clamp(1, 10_000);
    let mut chosen = Vec::new();
    for dimension in ["department", "theme"] {
        if let Some(value) = call.query.filled(dimension) {
            chosen.push((dimension, vec![value.to_owned()]));
        }
    }
    let find =
        catalogue::Find { text: words.clone(), facets: chosen.clone(), page, rows: ROWS, ..catalogue::Find::default() };
    let found = catalogue::find(&call.platform, &call.ctx, &find).await?;
    let names = catalogue::department_names(&call.platform).await?;
    let facets = facets(view, &found, &chosen, &names);
    let mut hits = Vec::new();
    let mut told = Vec::new();
    for hit in &found.rows {
        let entry = &hit.entry;
        let provider = ops::department(&names, entry);
        let rows = entry.attached.map(|attached| format!("{} {}", view.t("portal-rows"), view.n(attached.rows)));
        let mut about = vec![view.text(&provider).to_owned(), entry.formal_code()];
        about.extend(rows);
        hits.push(Hit {
            to: format!("/catalogue/{}", entry.code),
            title: view.text(&entry.content.title).to_owned(),
            words: view.text(&entry.content.summary).to_owned(),
            about: about.join(" · "),
        });
        told.push(json!({
            "code": entry.code,
            "title": entry.content.title,
            "provider": entry.content.provider,
            "theme": entry.content.theme,
            "rows": entry.attached.map(|attached| attached.rows),
        }));
    }
    let more = page * ROWS < usize::try_from(found.total).unwrap_or(usize::MAX);
    let total = view.n(found.total);
    let heading = match (found.total, words.is_empty()) {
        (0, _) => view.with("portal-search-none", "words", &words),
        (_, true) => view.with("portal-search-all", "total", total),
        (_, false) => {
            view.with_args("portal-search-found", &[("words", words.clone().into()), ("total", total.into())])
        }
    };
    let body = SearchBody {
        view,
        found: heading,
        narrowed: !chosen.is_empty(),
        facets,
        hits,
        next: if more { view.address_setting(&[("page", &(page + 1).to_string())]) } else { String::new() },
    };
    let json = json!({ "words": words, "total": found.total, "page": page, "rows": told });
    call.respond(Head::new(view.t("portal-search-title")).searched(words), &body, &json)
}

/// The choices that narrow the search; choosing one again lifts it.
fn facets(
    view: &View,
    found: &catalogue::Found,
    chosen: &[(&str, Vec<String>)],
    names: &BTreeMap<String, Text>,
) -> Vec<(String, Vec<Choice>)> {
    let title = |dimension: &str, value: &str| match dimension {
        "theme" => yiwang_catalogue::theme(value).map(|theme| theme.title(view.lang).to_owned()),
        _ => names.get(value).map(|name| view.text(name).to_owned()),
    };
    let choice = |dimension: &'static str, value: &str, count: u64| {
        let current = chosen.iter().any(|(name, values)| *name == dimension && values.iter().any(|one| one == value));
        Choice {
            to: view.address_setting(&[(dimension, if current { "" } else { value }), ("page", "")]),
            words: title(dimension, value).unwrap_or_else(|| value.to_owned()),
            n: view.n(count),
            current,
        }
    };
    let mut facets = Vec::new();
    for (dimension, id) in [("department", "portal-search-department"), ("theme", "portal-search-theme")] {
        let counted = found.facets.iter().filter(|facet| facet.dimension == dimension).take(CHOICES_MAX);
        let choices: Vec<Choice> = counted.map(|facet| choice(dimension, &facet.value, facet.count)).collect();
        if !choices.is_empty() {
            facets.push((view.t(id), choices));
        }
    }
    facets
}
