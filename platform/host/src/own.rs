//! Host's own pages: health, the list of addresses, OpenAPI, licences of bundled libraries. Knows no capability.

use std::sync::Arc;

use axum::Extension;
use http::{StatusCode, header};
use serde_json::json;
use yiwang_kernel::Text;
use yiwang_web::{Answer, Cell, Column, Head, Library, Markup, Table, View};

use crate::{Call, Capability, Method, Needs, Route, get, openapi, store};

/// The routes of this router, as declared.
pub(crate) struct Declared {
    pub(crate) routes: Vec<Route>,
}

/// What host adds by itself.
pub(crate) fn capability() -> Capability {
    Capability::new("host", Text::new("平台", "Platform"))
        .setting("host.site_name_zh", Text::new("网站名称（中文）", "Name of the site in Chinese"), "一网")
        .setting("host.site_name_en", Text::new("网站名称（英文）", "Name of the site in English"), "Yiwang")
        .setting("host.footer_zh", Text::new("页脚（中文）", "Footer in Chinese"), "")
        .setting("host.footer_en", Text::new("页脚（英文）", "Footer in English"), "")
        .setting("host.phone", Text::new("人工服务电话", "The number to call"), "12345")
        .route(get("/healthz", health).open().audit_none("says only that it runs").doc("运行状态", "whether it runs"))
        .route(
            get("/api", api)
                .open()
                .audit_none("public documents")
                .doc("接口文档", "lists every address of this installation"),
        )
        .route(
            get("/openapi.json", description)
                .open()
                .audit_none("public documents")
                .doc("OpenAPI 3.1 说明", "describes every address in OpenAPI 3.1"),
        )
        .route(
            get("/licences", licences)
                .open()
                .audit_none("public documents")
                .doc("开源许可", "lists bundled open-source libraries"),
        )
}

#[derive(askama::Template)]
#[template(path = "api.html")]
struct ApiBody<'a> {
    view: &'a View,
    example: String,
    table: Markup,
}

#[derive(askama::Template)]
#[template(path = "licences.html")]
struct LicencesBody<'a> {
    view: &'a View,
    libraries: &'a [Library],
}

async fn health(call: Call) -> Answer {
    store::answers(&call.platform.db).await?;
    call.json(StatusCode::OK, &json!({ "status": "ok" }))
}

async fn api(call: Call, Extension(declared): Extension<Arc<Declared>>) -> Answer {
    let view = &call.view;
    let mut table = Table::new(view.t("api-routes"))
        .column(Column::new("method", view.t("api-method")))
        .column(Column::new("path", view.t("api-path")))
        .column(Column::new("does", view.t("api-does")))
        .column(Column::new("permission", view.t("api-permission")))
        .total(declared.routes.len() as u64);
    for route in &declared.routes {
        let needs = match route.needs {
            Needs::Open => view.t("api-open"),
            Needs::SignedIn => view.t("api-signed-in"),
            Needs::Permission(name) => name.to_owned(),
        };
        let cells = [route.method.word(), route.path, view.text(&route.doc), needs.as_str()];
        table = table.row(cells.into_iter().map(Cell::text).collect());
    }
    let body = ApiBody { view, example: example(&call, &declared.routes), table: table.render(view)? };
    let json = openapi::describe(&declared.routes, &call.platform.site.name, call.ctx.lang);
    call.respond(Head::new(view.t("api-title")), &body, &json)
}

/// The address of the first list that everybody may read, on the host the caller asked.
fn example(call: &Call, routes: &[Route]) -> String {
    let reads = |route: &&Route| route.method == Method::Get && route.needs == Needs::Open;
    let own = capability();
    let foreign = |route: &&Route| own.routes.iter().all(|known| known.path != route.path);
    let mut lists = routes.iter().filter(reads).filter(foreign).filter(|route| !route.path.contains('{'));
    let host = call.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match (lists.next(), host) {
        (Some(route), Some(host)) => format!("http://{host}{}", route.path),
        _ => String::new(),
    }
}

async fn description(call: Call, Extension(declared): Extension<Arc<Declared>>) -> Answer {
    let json = openapi::describe(&declared.routes, &call.platform.site.name, call.ctx.lang);
    call.json(StatusCode::OK, &json)
}

async fn licences(call: Call) -> Answer {
    let libraries = yiwang_web::libraries();
    let body = LicencesBody { view: &call.view, libraries };
    let of =
        |library: &Library| json!({ "name": library.name, "version": library.version, "licence": library.licence });
    let json = json!({ "libraries": libraries.iter().map(of).collect::<Vec<_>>() });
    call.respond(Head::new(call.view.t("licences-title")), &body, &json)
}
