//! Host's own pages: health, the list of addresses, OpenAPI, licences of bundled libraries, settings. Knows no
//! capability.

mod settings;

use std::sync::Arc;

use axum::Extension;
use http::{StatusCode, header};
use serde_json::json;
use yiwang_access::{Duty, Permission, Reach};
use yiwang_jobs::Schedule;
use yiwang_kernel::{Ctx, Result, Role, Text};
use yiwang_web::{Answer, Cell, Column, Head, Library, Markup, Table, View};

use crate::{
    Call, Capability, Faces, JobKind, MenuItem, Method, Needs, Platform, Route, Step, clock, get, openapi, store,
};

/// The routes of this router, as declared.
pub(crate) struct Declared {
    pub(crate) routes: Vec<Route>,
}

/// See and change settings.
pub(crate) const SETTINGS: &str = "host.settings";
/// See what is still to be done before the first resource is out.
pub(crate) const CHECKLIST: &str = "host.checklist";

/// The permissions host itself asks for.
pub const PERMISSIONS: [Permission; 2] = [
    Permission::roles(SETTINGS, &[(Role::SystemAdmin, Reach::City)]).duty(Duty::System),
    Permission::roles(
        CHECKLIST,
        &[
            (Role::SystemAdmin, Reach::City),
            (Role::SecurityAdmin, Reach::City),
            (Role::AuditAdmin, Reach::City),
            (Role::Bureau, Reach::City),
            (Role::Chief, Reach::City),
        ],
    ),
];

/// Seconds between two rounds of tidying up.
const TIDY_EVERY_S: u32 = 3_600;
/// Seconds between two notes that the city runs.
const CLOCK_EVERY_S: u32 = 60;
/// Seconds a job that ended stays on record.
const JOB_KEPT_S: i64 = 7 * 24 * 3_600;
/// Removals of one round; what is left waits for the next.
const REMOVALS_MAX: usize = 50;

/// What host adds by itself.
pub(crate) fn capability() -> Capability {
    let capability = site(Capability::new("host", Text::new("平台", "Platform")))
        .menu(MenuItem::new("/settings", Text::new("设置", "Settings"), 98).on(Faces::Inside).needs(SETTINGS))
        .step(Step::new("host.keys", "/settings/host.keys_copy", 10, |platform, _| async move {
            Ok(!platform.settings.get("host.keys_copy")?.is_empty())
        }))
        .job(
            JobKind::new("host.tidy", |platform, ctx, _| async move { tidy(&platform, &ctx).await })
                .every(Schedule::Every { seconds: TIDY_EVERY_S }),
        )
        .job(
            JobKind::new("host.clock", |platform, ctx, _| async move { clock::note(&platform, &ctx).await })
                .every(Schedule::Every { seconds: CLOCK_EVERY_S }),
        )
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
        );
    PERMISSIONS.into_iter().fold(settings::add(capability), Capability::permission)
}

/// What the city says about itself.
fn site(capability: Capability) -> Capability {
    let plain = [
        ("host.site_name_zh", "网站名称（中文）", "Name of the site in Chinese", "一网"),
        ("host.site_name_en", "网站名称（英文）", "Name of the site in English", "Yiwang"),
        ("host.organiser", "主办单位", "Who runs the site", ""),
        ("host.contact", "联系方式", "How to reach them", ""),
        ("host.icp", "ICP 备案号", "Record number of the site (ICP)", ""),
        ("host.police", "公安备案号", "Record number with the police", ""),
        ("host.footer_zh", "页脚（中文）", "Footer in Chinese", ""),
        ("host.footer_en", "页脚（英文）", "Footer in English", ""),
        ("host.phone", "人工服务电话", "The number to call", "12345"),
        (
            "host.keys_copy",
            "密钥文件另存在哪里（只写地点，不写密钥）",
            "Where the copy of the key file is kept (the place, never the key)",
            "",
        ),
    ];
    let capability = plain.into_iter().fold(capability, |capability, (name, zh, en, default)| {
        capability.setting_unless(name, Text::new(zh, en), default, not_one_line)
    });
    let title = Text::new("公开网址，如 https://data.example.gov.cn", "Public address: https://data.example.gov.cn");
    capability.setting_unless("host.address", title, "", not_an_address)
}

fn not_one_line(value: &str) -> Option<&'static str> {
    value.chars().any(char::is_control).then_some("setting-line")
}

/// An address is scheme and host, without path: links are made by adding a path.
fn not_an_address(value: &str) -> Option<&'static str> {
    let value = value.trim_end_matches('/');
    let host = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    let fits = host.is_some_and(|host| (1..=253).contains(&host.len()) && host.bytes().all(letter));
    (!value.is_empty() && !fits).then_some("setting-address")
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
    texts: Vec<(&'static str, Vec<&'static Library>)>,
}

/// Takes away what only grows: jobs that ended long ago, files whose time is over, bytes that no row names.
pub(crate) async fn tidy(platform: &Platform, ctx: &Ctx) -> Result<()> {
    platform.require_sure_clock(ctx).await?;
    for _ in 0..REMOVALS_MAX {
        if yiwang_jobs::prune(&platform.db, ctx.now().plus_s(-JOB_KEPT_S)).await? == 0 {
            break;
        }
    }
    for _ in 0..REMOVALS_MAX {
        if platform.files.delete_expired(ctx).await? == 0 {
            break;
        }
    }
    platform.files.delete_orphans(ctx).await.map(drop)
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
    let json = openapi::describe(&declared.routes, &call.platform.site().name, call.ctx.lang);
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
    let json = openapi::describe(&declared.routes, &call.platform.site().name, call.ctx.lang);
    call.json(StatusCode::OK, &json)
}

async fn licences(call: Call) -> Answer {
    let libraries = yiwang_web::libraries();
    let mut texts: Vec<(&'static str, Vec<&'static Library>)> = Vec::new();
    for library in libraries {
        match texts.iter_mut().find(|(text, _)| *text == library.text) {
            Some((_, same)) => same.push(library),
            None => texts.push((library.text, vec![library])),
        }
    }
    let body = LicencesBody { view: &call.view, texts };
    let of =
        |library: &Library| json!({ "name": library.name, "version": library.version, "licence": library.licence });
    let json = json!({ "libraries": libraries.iter().map(of).collect::<Vec<_>>() });
    call.respond(Head::new(call.view.t("licences-title")), &body, &json)
}
