//! 体验路线: what a newcomer can see here, step by step, each with the address to press. Says only what exists.

use serde_json::json;
use yiwang_host::{Answer, Call};
use yiwang_web::{Head, View};

/// The steps: message id after `portal-tour-`, where it leads, and in which role of the demo where not as a stranger.
const STEPS: [(&str, &str, &str); 8] = [
    ("search", "/search?q=tingche", ""),
    ("catalogue", "/catalogue", ""),
    ("steward", "/collect/load", "steward"),
    ("loads", "/collect/loads", "steward"),
    ("negative", "/negative-list", ""),
    ("head", "/ledger", ""),
    ("completeness", "/ledger/completeness", "auditor"),
    ("api", "/api", ""),
];

#[derive(askama::Template)]
#[template(path = "portal/tour.html")]
struct TourBody<'a> {
    view: &'a View,
    steps: Vec<Step>,
}

struct Step {
    title: String,
    words: String,
    path: &'static str,
    role: String,
}

/// `/tour`.
pub(crate) async fn tour(call: Call) -> Answer {
    let view = &call.view;
    let demo = call.platform.demo;
    let step = |(id, path, role): &(&str, &'static str, &str)| Step {
        title: view.t(&format!("portal-tour-{id}-title")),
        words: view.t(&format!("portal-tour-{id}")),
        path,
        role: if demo && !role.is_empty() { view.with("portal-tour-role", "role", *role) } else { String::new() },
    };
    let steps: Vec<Step> = STEPS.iter().map(step).collect();
    let told: Vec<_> = steps.iter().map(|step| json!({ "title": step.title, "address": step.path })).collect();
    let twin = json!({ "steps": told });
    call.respond(Head::new(view.t("portal-tour-title")), &TourBody { view, steps }, &twin)
}
