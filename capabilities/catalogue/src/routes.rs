//! The addresses of the catalogue: who may call them, what is noted, what they do.

use yiwang_host::{Capability, get, post};

use crate::ops::{EDIT, IMPORT, OPEN, REVIEW, TAKE_DOWN, VIEW, WITHHOLD};
use crate::pages::{desk, editing, entry, importing, integration, list, negative, opening};

const PUBLIC: &str = "what is published, for everybody";
const READS: &str = "reads metadata; changes are in each entry's history";
const WRITES: &str = "each change is in the entry's own history, with its author";

/// Adds them.
pub(crate) fn add(capability: Capability) -> Capability {
    inside(outside(capability))
}

fn outside(capability: Capability) -> Capability {
    capability
        .route(
            get("/catalogue", list::list)
                .open()
                .audit_none(PUBLIC)
                .doc("数据目录：搜索与筛选", "the catalogue: search and narrow")
                .takes("q", "词语、拼音、首字母或代码", "words, pinyin, initials or a code")
                .takes("department", "提供部门代码", "provider's code")
                .takes("theme", "主题代码", "theme")
                .takes("sort", "relevance、updated、code", "relevance, updated, code")
                .takes("page", "页码", "page number"),
        )
        .route(
            get("/catalogue/{code}/metadata", entry::metadata)
                .open()
                .audit_none(PUBLIC)
                .doc("目录条目的元数据", "an entry's metadata"),
        )
        .route(
            get("/catalogue/{code}/dcat.ttl", entry::turtle)
                .open()
                .audit_none(PUBLIC)
                .doc("DCAT-AP，Turtle 格式", "DCAT-AP as Turtle"),
        )
        .route(
            get("/catalogue/{code}/dcat.jsonld", entry::jsonld)
                .open()
                .audit_none(PUBLIC)
                .doc("DCAT-AP，JSON-LD 格式", "DCAT-AP as JSON-LD"),
        )
        .route(
            get("/departments/{code}/catalogue", list::of_department)
                .open()
                .audit_none(PUBLIC)
                .doc("一个部门的目录", "one department's entries"),
        )
        .route(get("/themes", list::themes).open().audit_none(PUBLIC).doc("主题", "themes"))
        .route(
            get("/negative-list", negative::list)
                .open()
                .audit_none(PUBLIC)
                .doc("共享负面清单", "the negative list")
                .takes("on", "某一天，如 2026-11-21", "a day, as 2026-11-21"),
        )
}

fn inside(capability: Capability) -> Capability {
    let capability = writing(capability)
        .route(
            get("/catalogue/integration", integration::page)
                .needs(VIEW)
                .audit_none(READS)
                .doc("挂接率", "which departments' entries have data, against the targets"),
        )
        .route(
            get("/catalogue/review", desk::desk).needs(REVIEW).audit_none(READS).doc("目录审核", "entries to review"),
        )
        .route(
            get("/catalogue/{code}/review", desk::review)
                .needs(REVIEW)
                .audit_none(READS)
                .doc("审核一个条目", "review an entry"),
        )
        .route(
            post("/catalogue/{code}/review", desk::decide)
                .needs(REVIEW)
                .decides("catalogue.review")
                .doc("通过或退回", "approve or send back"),
        )
        .route(
            get("/catalogue/{code}/retire", desk::retire)
                .needs(REVIEW)
                .audit_none(READS)
                .doc("停用", "retire an entry"),
        )
        .route(
            post("/catalogue/{code}/retire", desk::set_retired)
                .needs(REVIEW)
                .decides("catalogue.retire")
                .doc("停用或恢复", "retire or bring back"),
        )
        .route(
            get("/catalogue/{code}/history", desk::history)
                .needs(VIEW)
                .audit_none(READS)
                .doc("变更历史", "an entry's history"),
        );
    tables(public_access(capability))
}

fn writing(capability: Capability) -> Capability {
    capability
        .route(get("/catalogue/new", editing::new).needs(EDIT).audit_none(READS).doc("编目", "a new entry"))
        .route(post("/catalogue/new", editing::create).needs(EDIT).audit_none(WRITES).doc("新建条目", "make an entry"))
        .route(
            get("/catalogue/{code}/edit", editing::edit).needs(EDIT).audit_none(READS).doc("编辑条目", "edit an entry"),
        )
        .route(
            post("/catalogue/{code}/edit", editing::save)
                .needs(EDIT)
                .audit_none(WRITES)
                .doc("保存条目", "save an entry"),
        )
        .route(
            post("/catalogue/{code}/submit", editing::submit)
                .needs(EDIT)
                .audit_none(WRITES)
                .doc("提交审核", "send to review"),
        )
}

fn public_access(capability: Capability) -> Capability {
    capability
        .route(
            get("/catalogue/{code}/open", opening::open)
                .needs(EDIT)
                .audit_none(READS)
                .doc("开放", "open to the public"),
        )
        .route(
            post("/catalogue/{code}/open", opening::set_open)
                .needs(EDIT)
                .decides("catalogue.open")
                .doc("开放或申请开放", "open, or ask for it"),
        )
        .route(
            get("/catalogue/{code}/take-down", opening::take_down)
                .needs(TAKE_DOWN)
                .audit_none(READS)
                .doc("应急下架", "emergency take-down"),
        )
        .route(
            post("/catalogue/{code}/take-down", opening::set_down)
                .needs(TAKE_DOWN)
                .decides("catalogue.take_down")
                .doc("立即下架", "take down at once"),
        )
        .route(
            post("/catalogue/{code}/restore", opening::restore)
                .needs(OPEN)
                .decides("catalogue.restore")
                .doc("结束下架", "end a take-down"),
        )
        .route(
            post("/catalogue/{code}/withdraw", opening::withdraw)
                .needs(OPEN)
                .decides("catalogue.withdraw")
                .doc("撤回开放", "close for good"),
        )
        .route(
            get("/catalogue/{code}/withhold", negative::withhold)
                .needs(WITHHOLD)
                .audit_none(READS)
                .doc("列入负面清单", "put on the negative list"),
        )
        .route(
            post("/catalogue/{code}/withhold", negative::list_item)
                .needs(WITHHOLD)
                .decides("catalogue.withhold")
                .doc("列入负面清单", "put on the negative list"),
        )
        .route(
            post("/negative-list/{id}/release", negative::release)
                .needs(WITHHOLD)
                .decides("catalogue.release")
                .doc("移出负面清单", "take off the negative list"),
        )
}

fn tables(capability: Capability) -> Capability {
    capability
        .route(get("/catalogue/import", importing::form).needs(IMPORT).audit_none(READS).doc("批量导入", "bulk import"))
        .route(
            post("/catalogue/import", importing::check)
                .needs(IMPORT)
                .audit_none("a dry run changes nothing")
                .doc("试导入", "dry run of an import")
                .body_max(crate::model::TABLE_BYTES_MAX + 1024 * 1024)
                .timeout(120),
        )
        .route(
            post("/catalogue/import/{id}/apply", importing::apply)
                .needs(IMPORT)
                .decides("catalogue.import")
                .doc("导入", "apply an import")
                .timeout(120),
        )
        .route(
            post("/catalogue/import/{id}/undo", importing::undo)
                .needs(IMPORT)
                .decides("catalogue.undo")
                .doc("撤销导入", "undo an import")
                .timeout(120),
        )
        .route(
            get("/catalogue/export", importing::export)
                .needs(IMPORT)
                .audit_none(READS)
                .doc("导出目录表", "the catalogue as a table")
                .timeout(120),
        )
}
