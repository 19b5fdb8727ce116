//! 归集: brings data into the city's store. A file becomes a version of a resource with a report of every choice made;
//! nothing becomes public by being loaded, and every load can be taken back. Entry file for others: [`ops`].
//! It knows no page of the portal and judges no content beyond types and keys.

mod cells;
mod fields;
mod fit;
mod model;
pub mod ops;
mod pages;
mod pour;
mod read;
mod store;

use std::sync::Arc;

use axum::extract::Request;
use yiwang_host::{Call, Capability, JobKind, MenuItem, Platform, Step, Uploads, get, post};
use yiwang_jobs::{Job, Schedule};
use yiwang_kernel::{Ctx, Lang, Text};

pub use model::{FieldReport, LoadFilter, LoadLine, LoadReport, LoadRequest, Refusal, Source, State, Thresholds};

/// Seconds a call of the loading API may take until its report.
const LOAD_S: u64 = 3 * 3600;
/// Seconds an upload by browser may take to arrive and to be read.
const UPLOAD_S: u64 = 3600;
/// Seconds between two looks at what arrived in `in/`; a file is taken when two looks find it the same.
const ARRIVALS_EVERY_S: u32 = 10;

/// What loading adds to the product.
pub fn capability() -> Capability {
    capability_among(&ops::Running::default())
}

/// The same, its loads entered in this list, so that whoever holds the list can give them up.
pub fn capability_among(running: &ops::Running) -> Capability {
    let (receiving, arrivals) = (running.clone(), ops::Arrivals::default());
    let receive = move |platform: Arc<Platform>, ctx: Ctx, _: Job| {
        let (running, arrivals) = (receiving.clone(), arrivals.clone());
        async move { ops::receive(&platform, &ctx, &running, &arrivals).await.map(drop) }
    };
    let capability = Capability::new("collect", Text::new("归集", "Collect"))
        .menu(MenuItem::new("/collect/loads", Text::new("归集", "Collect"), 40).needs(ops::LOAD))
        .setting(
            "collect.held_permille",
            Text::new("拒收达到千分之几时待确认", "Refused rows per thousand from which a load is held"),
            "10",
        )
        .setting(
            "collect.refused_permille",
            Text::new("拒收超过千分之几时整个拒收", "Refused rows per thousand above which a load is refused"),
            "200",
        )
        .setting(
            "collect.versions_max",
            Text::new("每个资源最多保留的版本数", "Versions kept of a resource at most"),
            "20",
        )
        .setting("collect.version_days", Text::new("旧版本保留天数", "Days earlier versions are kept"), "730")
        .migration(1, include_str!("../migrations/0001_collect.sql"))
        .step(Step::new("collect.loaded", "/collect/load", 40, |platform, _| async move {
            ops::any_loaded(&platform).await
        }))
        .job(
            JobKind::new("collect.forget", |platform, ctx, _| async move {
                ops::forget_raw(&platform, &ctx).await.map(drop)
            })
            .every(Schedule::Daily { hour: 3, minute: 10 }),
        )
        .job(
            JobKind::new("collect.end_terms", |platform, ctx, _| async move {
                ops::end_terms(&platform, &ctx).await.map(drop)
            })
            .every(Schedule::Daily { hour: 0, minute: 20 }),
        )
        .job(
            JobKind::new("collect.forget_versions", |platform, ctx, _| async move {
                ops::forget_versions(&platform, &ctx).await.map(drop)
            })
            .every(Schedule::Daily { hour: 3, minute: 30 }),
        )
        .event("collect.term_ended", Text::new("保存期满，数据已清除", "rows are gone at the end of their term"))
        .job(JobKind::new(ops::INDEX_JOB, |platform, _, job| async move { ops::build_indexes(&platform, &job).await }))
        .job(JobKind::new("collect.arrivals", receive).every(Schedule::Every { seconds: ARRIVALS_EVERY_S }))
        .event("collect.loaded", Text::new("装载成为一个版本", "a load became a version"))
        .event("collect.held", Text::new("装载待确认", "a load waits for a decision"))
        .event("collect.refused", Text::new("装载被拒收", "a load was refused"))
        .event("collect.cancelled", Text::new("装载取消或中断", "a load was given up or cut off"))
        .event("collect.discarded", Text::new("待确认的装载被放弃", "a held load was discarded"))
        .event("collect.undone", Text::new("装载被回退", "a load was taken back"))
        .texts(&[(Lang::Zh, include_str!("../locales/zh.ftl")), (Lang::En, include_str!("../locales/en.ftl"))])
        .docs(include_str!("../../../docs/collect.md"));
    let capability = ops::PERMISSIONS.into_iter().fold(capability, Capability::permission);
    decisions(uploads(capability, running), running)
}

fn uploads(capability: Capability, running: &ops::Running) -> Capability {
    let (by_form, by_api) = (running.clone(), running.clone());
    let bytes_max = usize::try_from(ops::UPLOAD_BYTES_MAX).unwrap_or(usize::MAX);
    let upload = move |call: Call, uploads: Uploads| pages::upload(call, uploads, by_form.clone());
    let load = move |call: Call, request: Request| pages::api_load(call, by_api.clone(), request);
    capability
        .route(
            get("/collect/load", pages::upload_form)
                .needs(ops::LOAD)
                .audit_none("shows a form")
                .doc("装载数据的表单", "form to load data"),
        )
        .route(
            post("/collect/load", upload)
                .needs(ops::LOAD)
                .decides("collect.load")
                .doc("装载一个文件", "load a file")
                .body_max(bytes_max)
                .timeout(UPLOAD_S),
        )
        .route(
            post("/api/collect/loads", load)
                .needs(ops::LOAD)
                .decides("collect.load")
                .doc("装载一个文件，答复报告", "load a file and answer its report")
                .takes("load", "装载编号，重发不会重复装载", "id of the load; sent again it loads nothing twice")
                .takes("file_name", "文件名", "name of the file")
                .takes("department", "部门代码", "code of the department")
                .takes("resource", "目录代码", "code of the resource")
                .takes("mode", "append、replace 或 upsert", "append, replace or upsert")
                .takes("key", "主键列，逗号分隔", "columns of the key, commas between")
                .takes("grade", "分级 1 到 4", "grade, 1 to 4")
                .takes("dry_run", "1：只试装", "1: try only")
                .body_max(bytes_max)
                .timeout(LOAD_S),
        )
        .route(
            get("/collect/loads", pages::list)
                .needs(ops::LOAD)
                .audit_none("lists reports, no rows")
                .doc("装载记录", "loads")
                .takes("state", "状态", "state")
                .takes("department", "部门代码", "code of the department")
                .takes("resource", "目录代码", "code of the resource"),
        )
}

fn decisions(capability: Capability, running: &ops::Running) -> Capability {
    let under_way = running.clone();
    let cancel = move |call: Call| pages::cancel(call, under_way.clone());
    capability
        .route(
            get("/collect/loads/{load}", pages::show)
                .needs(ops::LOAD)
                .audit_none("rows shown pass the gate, which enters them")
                .doc("装载报告", "report of a load"),
        )
        .route(
            get("/collect/loads/{load}/refused", pages::refused)
                .needs(ops::LOAD)
                .audit_none("rows pass the gate, which enters them")
                .doc("下载拒收的行", "download the refused rows"),
        )
        .route(
            post("/collect/loads/{load}/accept", pages::accept)
                .needs(ops::DECIDE)
                .decides("collect.accept")
                .doc("确认入库", "accept a held load"),
        )
        .route(
            post("/collect/loads/{load}/discard", pages::discard)
                .needs(ops::DECIDE)
                .decides("collect.discard")
                .doc("放弃待确认的装载", "discard a held load"),
        )
        .route(
            post("/collect/loads/{load}/undo", pages::undo)
                .needs(ops::DECIDE)
                .decides("collect.undo")
                .doc("回退一次装载", "take a load back")
                .takes("reason", "原因", "reason"),
        )
        .route(
            post("/collect/terms/{code}/end", pages::end_term)
                .needs(ops::DECIDE)
                .decides("collect.end_term")
                .doc("保存期满，清除数据", "remove rows whose term is over"),
        )
        .route(
            post("/collect/loads/{load}/cancel", cancel)
                .needs(ops::LOAD)
                .audit("collect.cancel")
                .doc("取消进行中的装载", "give up a load under way"),
        )
}

#[cfg(test)]
mod tests;
