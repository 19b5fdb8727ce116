//! Oversight: the ledger as auditors and anybody else can look at it: signed heads, what was read by whom and why,
//! whether the log is whole. Decides nothing and changes nothing; its own reads are entries too.

mod ops;
mod pages;

#[cfg(test)]
mod tests;

use yiwang_access::{Duty, Permission, Reach};
use yiwang_host::{Capability, JobKind, MenuItem, get, post};
use yiwang_jobs::Schedule;
use yiwang_kernel::{Lang, Role, Text};

/// Read the entries of the ledger.
pub(crate) const READS: Permission =
    Permission::roles("oversight.reads", &[(Role::AuditAdmin, Reach::City)]).duty(Duty::Audit);
/// Check that the ledger is whole.
pub(crate) const VERIFY: Permission = Permission::roles(
    "oversight.verify",
    &[(Role::AuditAdmin, Reach::City), (Role::Bureau, Reach::City), (Role::Chief, Reach::City)],
);

/// Seconds between two epochs of the ledger.
const EPOCH_S: u32 = 600;

/// What oversight adds to the product.
pub fn capability() -> Capability {
    Capability::new("oversight", Text::new("监督", "Oversight"))
        .route(
            get("/ledger", pages::head)
                .open()
                .audit_none("a signed head is public")
                .doc("账本头：签名的树根，任何人可保存", "the ledger's signed head, for anybody to keep")
                .both(),
        )
        .route(
            get("/ledger/reads", pages::reads)
                .needs(READS.name)
                .audit("oversight.reads")
                .doc("查阅记录：谁、为何、看了什么", "what was read, by whom and why, newest first")
                .inside()
                .takes("resource", "资源代码", "code of a resource")
                .takes("who", "查阅者，如 stranger、operator、account:…", "who, as entries write it")
                .takes("kind", "open、close、decision、system、epoch", "kind of entry")
                .takes("log", "此前账本的编号（恢复之前的）", "an earlier log by its id, from before a restore")
                .takes("after", "翻页位置", "where the next page begins"),
        )
        .route(
            get("/ledger/completeness", pages::completeness)
                .needs(VERIFY.name)
                .audit_none("shows a form")
                .doc("完整性：核验账本", "ask for a check of the whole ledger")
                .inside(),
        )
        .route(
            post("/ledger/completeness", pages::verify)
                .needs(VERIFY.name)
                .audit("oversight.verify")
                .doc("立即核验账本", "check the whole ledger now")
                .inside()
                .timeout(600),
        )
        .job(
            JobKind::new("oversight.epoch", |platform, _, _| ops::epoch(platform))
                .every(Schedule::Every { seconds: EPOCH_S }),
        )
        .permission(READS)
        .permission(VERIFY)
        .menu(MenuItem::new("/ledger", Text::new("账本", "Ledger"), 90))
        .texts(&[(Lang::Zh, include_str!("../locales/zh.ftl")), (Lang::En, include_str!("../locales/en.ftl"))])
        .docs(include_str!("../../../docs/oversight.md"))
}
