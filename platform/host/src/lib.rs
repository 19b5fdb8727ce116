//! Puts capabilities together: each gives one `Capability` value, host makes the routers of both faces from them.
//! A route declares path, faces, permission, audit and docs, and lacks none, or it does not compile. Knows no
//! capability by name and no lake; decides no permission itself (`access` does).
//!
//! ```text
//! pub fn capability() -> Capability {
//!     Capability::new("catalogue", Text::new("目录", "Catalogue"))
//!         .route(get("/catalogue", pages::list).open().audit_none("public list").doc("数据目录", "list resources"))
//!         .route(post("/catalogue/{code}/withdraw", pages::withdraw)
//!             .needs("catalogue.withdraw").decides("catalogue.withdraw").doc("应急下架", "take a resource down"))
//!         .permission(access::Permission::usual("catalogue.withdraw", &[Role::Steward]))
//!         .menu(MenuItem::new("/catalogue", Text::new("目录", "Catalogue"), 20))
//!         .texts(&[(Lang::Zh, include_str!("../locales/zh.ftl")), (Lang::En, include_str!("../locales/en.ftl"))])
//! }
//!
//! pub async fn list(call: Call) -> Answer {            // further extractors before the last: axum's; last: Fields
//!     let words = call.query.get("q").unwrap_or_default();
//!     ...
//!     call.respond(Head::new("..."), &body, &json!({ "rows": rows }))
//! }
//! ```

mod call;
mod capability;
mod checklist;
mod clock;
mod cookies;
mod enter;
mod forgery;
mod guard;
mod jobs;
mod openapi;
mod own;
mod platform;
mod problem;
mod relay;
mod route;
mod router;
mod settings;
mod store;
mod uploads;

pub use yiwang_web::{Answer, Failure};

pub use axum::serve::ListenerExt;
pub use call::{Call, Wants, download, sent};
pub use capability::{Capability, EventKind, MenuItem, Setting, Step, Waiting};
pub use checklist::StepShown;
pub use clock::ClockStanding;
pub use jobs::{JobKind, runner};
pub use own::PERMISSIONS;
pub use platform::Platform;
pub use relay::Relay;
pub use route::{Audit, Faces, Handler, Method, Needs, Parameter, Route, TIMEOUT_S, delete, get, post, put};
pub use router::{router, serve};
pub use settings::{SETTING_CHARS_MAX, Settings};
pub use store::MIGRATIONS;
pub use uploads::{PARTS_MAX, Part, Uploads};

#[cfg(test)]
mod tests;
