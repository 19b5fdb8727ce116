//! How the product looks and speaks: the page around a body, texts in two languages, numbers and dates, tables,
//! forms, charts, exports. Knows no route, no database, no permission; `host` hands it what a page must show.
//!
//! # A page, from another crate
//! askama resolves templates in the crate that uses them, so a capability renders its *body* and `host::Call` puts
//! the layout around it. In `templates/catalogue/list.html`, escaping is askama's (all `{{ }}` is escaped):
//! ```text
//! <h1>{{ view.t("catalogue-title") }}</h1>
//! <p>{{ view.with("catalogue-count", "n", view.n(total)) }}</p>
//! {{ table }}                 a Markup (of Table, Form, Chart) stands as it is; nobody writes `|safe`
//! ```
//! In `pages.rs`:
//! ```text
//! #[derive(askama::Template)]
//! #[template(path = "catalogue/list.html")]
//! struct ListBody<'a> { view: &'a View, total: u64, table: Markup }
//!
//! pub async fn list(call: Call) -> Answer {
//!     let page = ops::list(&call.platform, &call.ctx).await?;
//!     let table = columns().rows(rows_of(&page)).total(page.total).render(&call.view);
//!     let body = ListBody { view: &call.view, total: page.total, table };
//!     call.respond(Head::new(call.view.t("catalogue-title")), &body, &json!({ "total": page.total }))
//! }
//! ```

mod assets;
mod chart;
mod export;
mod failure;
mod fields;
mod form;
mod format;
mod sheet;
mod shell;
mod table;
mod texts;
mod view;

pub use assets::{Asset, Library, MapFiles, asset, assets, libraries, map_files};
pub use chart::{Chart, POINTS_MAX};
pub use export::{Datum, Export, Format, Rows, csv, csv_for_excel, rows_of};
pub use failure::{Answer, Failure};
pub use fields::{BODY_BYTES_MAX, FIELDS_MAX, Fields, body_error};
pub use form::{Choice, Field, Form};
pub use format::{date, grouped, minute};
pub use sheet::{ListRow, TakeRow, Unread, Workbook, list};
pub use shell::{Head, Markup, escape, page};
pub use table::{Cell, Column, Paging, Table, Tone};
pub use texts::{Arg, Texts};
pub use view::{MenuEntry, Served, Site, View, encode};

#[cfg(test)]
mod tests;

/// Texts of the layout, tables, forms and of errors raised below the capabilities.
pub const TEXTS: &[(yiwang_kernel::Lang, &str)] = &[
    (yiwang_kernel::Lang::Zh, include_str!("../locales/zh.ftl")),
    (yiwang_kernel::Lang::En, include_str!("../locales/en.ftl")),
];

/// What htmx does with a boosted link or search form: fetches the page and swaps its main part.
const BOOST: &str = "select:#main target:#main swap:outerHTML";
