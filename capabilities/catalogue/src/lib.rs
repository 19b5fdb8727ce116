//! The catalogue: what every department holds, field by field; how it is classed, shared, withheld and opened; and the
//! review that stands between a draft and the public. Knows entries, never rows: data is behind the gate.
//!
//! Begin with `ops` (every rule), `model` (what an entry is), `pages` (what people see).

mod model;
pub mod ops;
mod pages;
mod routes;
mod store;

use yiwang_host::{Capability, Faces, JobKind, MenuItem, Step};
use yiwang_jobs::Schedule;
use yiwang_kernel::{Lang, Text};

pub use model::{
    Attached, Attachment, Code, Content, Cycle, Difference, Duties, Entry, FIELDS_MAX, Fault, Field, Format, Imported,
    Integrated, Library, Opened, Opening, STEPS, Sharing, State, THEMES, Theme, Timeliness, Withheld, differences,
    draft_name, read_table, theme, write_table,
};
pub use pages::entry::catalogue_tab;
pub use store::{Batch, BatchState, Change, Claim, Counts};

#[cfg(test)]
mod tests;

/// Seconds between two looks at the outbox for what the index lacks.
const INDEX_EVERY_S: u32 = 60;

/// What the catalogue adds to the product.
pub fn capability() -> Capability {
    let capability = Capability::new("catalogue", Text::new("目录", "Catalogue"))
        .migration(1, store::MIGRATION)
        .menu(MenuItem::new("/catalogue", Text::new("数据", "Data"), 20).on(Faces::Public))
        .menu(MenuItem::new("/catalogue", Text::new("目录", "Catalogue"), 20).on(Faces::Inside))
        .setting_unless(
            ops::TARGETS[0],
            Text::new("挂接率目标：数据进入中心（百分之几）", "Target: data in the centre (percent)"),
            "80",
            ops::not_a_percentage,
        )
        .setting_unless(
            ops::TARGETS[1],
            Text::new("挂接率目标：整合（百分之几）", "Target: integration (percent)"),
            "90",
            ops::not_a_percentage,
        )
        .texts(&[(Lang::Zh, include_str!("../locales/zh.ftl")), (Lang::En, include_str!("../locales/en.ftl"))])
        .docs(include_str!("../../../docs/catalogue.md"))
        .step(Step::new("catalogue.graded", "/catalogue", 50, |platform, _| async move {
            ops::progress(&platform, 0).await
        }))
        .step(Step::new("catalogue.published", "/catalogue", 60, |platform, _| async move {
            ops::progress(&platform, 1).await
        }))
        .step(Step::new("catalogue.opened", "/catalogue", 70, |platform, _| async move {
            ops::progress(&platform, 2).await
        }))
        .job(
            JobKind::new("catalogue.index", |platform, ctx, _| async move {
                ops::catch_up(&platform, &ctx).await.map(drop)
            })
            .every(Schedule::Every { seconds: INDEX_EVERY_S }),
        )
        .job(
            JobKind::new("catalogue.ended", |platform, ctx, _| async move {
                ops::note_ended(&platform, &ctx).await.map(drop)
            })
            .every(Schedule::Daily { hour: 0, minute: 10 }),
        );
    let capability = capability.job(
        JobKind::new(
            "catalogue.late",
            |platform, ctx, _| async move { ops::remind_late(&platform, &ctx).await.map(drop) },
        )
        .every(Schedule::Daily { hour: 7, minute: 30 }),
    );
    let capability = ops::PERMISSIONS.into_iter().fold(capability, Capability::permission);
    events(routes::add(capability))
}

fn events(capability: Capability) -> Capability {
    let events: [(&'static str, &str, &str); 19] = [
        ("catalogue.create", "新建条目", "an entry was made"),
        ("catalogue.edit", "条目有了新的文本", "an entry was reworded"),
        ("catalogue.submit", "提交审核", "an entry was sent to review"),
        ("catalogue.publish", "条目已发布", "entries were published"),
        ("catalogue.return", "条目被退回", "an entry was sent back"),
        ("catalogue.retire", "条目停用", "an entry was retired"),
        ("catalogue.revive", "条目恢复", "a retired entry is published again"),
        ("catalogue.load", "条目有了新版本的数据", "an entry has a new version of data"),
        ("catalogue.ask_to_open", "申请开放", "somebody asked to open an entry"),
        ("catalogue.open", "数据已开放", "an entry's data was opened"),
        ("catalogue.take_down", "应急下架", "an entry was taken down"),
        ("catalogue.restore", "结束下架", "a take-down ended"),
        ("catalogue.withdraw_opening", "撤回开放", "an entry was closed for good"),
        ("catalogue.withhold", "列入负面清单", "an item was put on the negative list"),
        ("catalogue.release", "移出负面清单", "an item was taken off the negative list"),
        ("catalogue.basis_ended", "不予共享的依据到期", "the basis of an item ended; it is shareable again"),
        ("catalogue.expire", "保存期满", "the rows of an entry are gone at the end of their term"),
        ("catalogue.import", "批量导入", "a table of entries was applied"),
        ("catalogue.undo", "撤销导入", "an imported table was taken back"),
    ];
    events.into_iter().fold(capability, |capability, (name, zh, en)| capability.event(name, Text::new(zh, en)))
}
