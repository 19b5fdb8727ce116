//! 开放数据: what everybody sees without an account. Home, search, a page per open resource with rows, versions,
//! downloads and calls, and the form to report a fault. Every row comes through the gate under the public grant; uses
//! are counted without following anybody. It writes no entry and opens nothing: that is the catalogue's.

mod api;
mod charts;
mod copies;
mod download;
mod faults;
mod maps;
mod model;
mod ops;
mod pages;
mod place;
mod resource;
mod statements;
mod store;
mod uses;

use yiwang_host::{Call, Capability, Faces, JobKind, MenuItem, get, post};
use yiwang_jobs::Schedule;
use yiwang_kernel::{Lang, Text};

pub use download::cells;
use pages::Shared;
use statements::Statement;

/// Seconds a download may take until its first byte; a workbook is written whole before.
const DOWNLOAD_S: u64 = 3600;
/// Seconds between two looks at what is open and what lies in `out/`.
const COPIES_EVERY_S: u32 = 20;

/// What open data adds to the product.
pub fn capability() -> Capability {
    let shared = Shared::default();
    let capability = Capability::new("portal", Text::new("开放数据", "Open data"))
        .menu(MenuItem::new("/", Text::new("首页", "Home"), 0).on(Faces::Public))
        .menu(MenuItem::new("/portal/faults", Text::new("数据错误报告", "Reported faults"), 60).needs(ops::ANSWER))
        .migration(1, include_str!("../migrations/0001_portal.sql"))
        .setting_unless(
            copies::SETTING,
            Text::new("已开放的数据在 out/ 下有公开副本：on 或 off", "Plain copies of open data under out/: on or off"),
            copies::ON,
            copies::not_a_switch,
        )
        .job(
            JobKind::new("portal.copies", |platform, ctx, _| async move { copies::keep(&platform, &ctx).await })
                .every(Schedule::Every { seconds: COPIES_EVERY_S }),
        )
        .texts(&[(Lang::Zh, include_str!("../locales/zh.ftl")), (Lang::En, include_str!("../locales/en.ftl"))])
        .docs(include_str!("../../../docs/portal.md"));
    let capability = ops::PERMISSIONS.into_iter().fold(capability, Capability::permission);
    faulty(calls(mapped(resources(site(capability), &shared), &shared), &shared))
}

fn site(capability: Capability) -> Capability {
    let statement = |which: Statement| move |call: Call| pages::statement(call, which);
    capability
        .route(get("/", pages::home).open().audit_none("public page").doc("首页", "home"))
        .route(
            get("/search", pages::search)
                .open()
                .audit_none("public page, metadata alone")
                .doc("搜索数据、部门、代码", "search data, departments, codes")
                .takes("q", "词、拼音或代码", "words, pinyin or a code")
                .takes("department", "部门代码", "code of a department")
                .takes("theme", "主题", "theme")
                .takes("page", "页", "page"),
        )
        .route(
            get("/accessibility", statement(Statement::Accessibility))
                .open()
                .audit_none("public page")
                .doc("无障碍声明", "accessibility statement"),
        )
        .route(
            get("/privacy", statement(Statement::Privacy)).open().audit_none("public page").doc("隐私政策", "privacy"),
        )
        .route(get("/help", statement(Statement::Help)).open().audit_none("public page").doc("帮助", "help"))
        .route(get("/tour", pages::tour).open().audit_none("public page").doc("体验路线", "a walk through what exists"))
        .route(get("/robots.txt", pages::robots).open().audit_none("public file").doc("爬虫规则", "rules for crawlers"))
        .route(get("/sitemap.xml", pages::sitemap).open().audit_none("public file").doc("站点地图", "site map"))
}

fn resources(capability: Capability, shared: &Shared) -> Capability {
    let of = || shared.clone();
    let (viewing, reading, taking) = (of(), of(), of());
    let overview = move |call: Call| pages::overview(call, viewing.clone());
    let data = move |call: Call| pages::data(call, reading.clone());
    let download = move |call: Call| pages::download(call, taking.clone());
    const OPEN: &str = "open data under the public grant, counted without persons";
    capability
        .route(get("/catalogue/{code}", overview).open().audit_none(OPEN).doc("资源概览", "a resource"))
        .route(
            get("/catalogue/{code}/data", data)
                .open()
                .audit_none(OPEN)
                .doc("资源的数据", "rows of a resource")
                .takes("sort", "排序字段", "field to sort by")
                .takes("page", "页", "page")
                .takes("version", "版本", "version")
                .takes("format", "csv、csv-excel、xlsx：导出", "csv, csv-excel, xlsx: export")
                .timeout(DOWNLOAD_S),
        )
        .route(get("/catalogue/{code}/versions", pages::versions).open().audit_none(OPEN).doc("资源的版本", "versions"))
        .route(
            get("/catalogue/{code}/downloads", pages::downloads).open().audit_none(OPEN).doc("资源的下载", "downloads"),
        )
        .route(get("/catalogue/{code}/api", pages::api_box).open().audit_none(OPEN).doc("资源的接口", "calls to copy"))
        .route(
            get("/catalogue/{code}/download/{format}", download)
                .open()
                .audit_none(OPEN)
                .doc("整份下载", "whole download")
                .takes("header", "names 或 titles", "names or titles")
                .takes("fields", "字段，逗号分隔", "fields, commas between")
                .takes("version", "版本", "version")
                .timeout(DOWNLOAD_S),
        )
}

fn mapped(capability: Capability, shared: &Shared) -> Capability {
    let (telling, drawing) = (shared.clone(), shared.clone());
    let tiles = move |call: Call| pages::tiles(call, telling.clone());
    let tile = move |call: Call| pages::tile(call, drawing.clone());
    const OPEN: &str = "open data under the public grant";
    capability
        .route(
            get("/catalogue/{code}/tiles", tiles)
                .open()
                .audit_none(OPEN)
                .doc("地图瓦片的说明（TileJSON）", "describes the map tiles (TileJSON)"),
        )
        .route(
            get("/catalogue/{code}/tiles/{z}/{x}/{y}", tile)
                .open()
                .audit_none(OPEN)
                .doc("矢量瓦片（MVT），z 为 0 至 16，y 可带 .mvt", "a vector tile (MVT), z 0 to 16, y may end in .mvt")
                .takes("version", "版本", "version"),
        )
}

fn calls(capability: Capability, shared: &Shared) -> Capability {
    let shared = shared.clone();
    let rows = move |call: Call| api::rows(call, shared.clone());
    const OPEN: &str = "open data under the public grant, counted without persons";
    capability
        .route(
            get("/api/resources", api::resources)
                .open()
                .audit_none(OPEN)
                .doc("已开放的资源", "open resources")
                .takes("q", "词、拼音或代码", "words, pinyin or a code")
                .takes("department", "部门代码", "code of a department")
                .takes("theme", "主题", "theme")
                .takes("rows", "每页行数", "rows per page")
                .takes("page", "页", "page"),
        )
        .route(
            get("/api/resources/{code}", api::resource)
                .open()
                .audit_none(OPEN)
                .doc("资源的说明与字段", "a resource's fields"),
        )
        .route(
            get("/api/resources/{code}/rows", rows)
                .open()
                .audit_none(OPEN)
                .doc("资源的行", "rows of a resource")
                .takes("fields", "字段，逗号分隔", "fields, commas between")
                .takes("sort", "排序字段，- 为降序", "field to sort by, - turns the order")
                .takes("rows", "每次行数", "rows per call")
                .takes("page", "页", "page")
                .takes("after", "上一次的 next", "the last answer's next")
                .takes("version", "版本", "version"),
        )
}

fn faulty(capability: Capability) -> Capability {
    const REPORT: &str = "a report by a stranger; nothing is recorded of the sender";
    capability
        .route(
            get("/fault", pages::fault_form)
                .open()
                .audit_none("public page")
                .doc("报告数据错误的表单", "form to report a fault")
                .takes("resource", "目录代码", "code of the resource"),
        )
        .route(
            post("/fault", pages::report)
                .open()
                .audit_none(REPORT)
                .doc("报告数据错误", "report a fault in data")
                .takes("resource", "目录代码", "code of the resource")
                .takes("place", "哪一行、哪一列", "which row, which field")
                .takes("words", "哪里不对", "what is wrong"),
        )
        .route(
            post("/fault/state", pages::look_up)
                .open()
                .audit_none(REPORT)
                .doc("凭查询号看答复", "look the answer up by its number")
                .takes("handle", "查询号", "number"),
        )
        .route(
            get("/portal/faults", pages::faults)
                .needs(ops::ANSWER)
                .audit_none("lists reports, no city data")
                .doc("数据错误报告", "reported faults"),
        )
        .route(
            get("/portal/faults/{fault}", pages::fault_show)
                .needs(ops::ANSWER)
                .audit_none("shows a report, no city data")
                .doc("一份报告", "a reported fault"),
        )
        .route(
            post("/portal/faults/{fault}", pages::answer)
                .needs(ops::ANSWER)
                .decides("portal.answer")
                .doc("答复报告", "answer a reported fault")
                .takes("answer", "答复", "answer"),
        )
}

#[cfg(test)]
mod tests;
