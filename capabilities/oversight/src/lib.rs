//! Oversight: the ledger as auditors and anybody else can look at it: signed heads, who witnessed them, what was read
//! by whom and why, whether the log is whole. Changes no entry; its own reads are entries too.

pub mod ops;
mod pages;
mod store;

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

/// Register the bodies that keep heads of the ledger.
pub(crate) const WITNESSES: Permission =
    Permission::roles("oversight.witnesses", &[(Role::SecurityAdmin, Reach::City)]).duty(Duty::Security);

/// Seconds between two epochs of the ledger.
const EPOCH_S: u32 = 600;

/// What oversight adds to the product.
pub fn capability() -> Capability {
    let capability = Capability::new("oversight", Text::new("监督", "Oversight"))
        .migration(1, include_str!("../migrations/0001_witnesses.sql"));
    witnessing(capability)
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
                .audit_none("the gate enters the look before anything is shown")
                .doc("查阅记录：谁、为何、看了什么", "what was read, by whom and why, newest first")
                .inside()
                .takes("resource", "资源代码", "code of a resource")
                .takes("who", "查阅者，如 stranger、operator、account:…", "who, as entries write it")
                .takes("kind", "open、close、decision、system、epoch", "kind of entry")
                .takes("log", "此前账本的编号（恢复之前的）", "an earlier log by its id, from before a restore")
                .takes("after", "翻页位置", "where the next page begins"),
        )
        .route(
            get("/ledger/decisions/{id}", pages::decision)
                .signed_in()
                .audit_none("says where an entry stands, not what it says")
                .doc("一项决定的回执：入账情况与证明", "receipt of a decision: where its entry stands, with proof")
                .inside(),
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
        .permission(WITNESSES)
        .menu(MenuItem::new("/ledger", Text::new("账本", "Ledger"), 90))
        .texts(&[(Lang::Zh, include_str!("../locales/zh.ftl")), (Lang::En, include_str!("../locales/en.ftl"))])
        .docs(include_str!("../../../docs/oversight.md"))
}

/// What witnesses ask and hand in, and who they are.
fn witnessing(capability: Capability) -> Capability {
    capability
        .route(
            get("/ledger/consistency", pages::consistency)
                .open()
                .audit_none("heads and hashes are public")
                .doc("账本头及其与此前账本头一致的证明", "the head, with proof that it goes on from an earlier one")
                .both()
                .takes("old", "此前的条数，0 为从头", "entries of the earlier head, 0 from nothing"),
        )
        .route(
            post("/ledger/witnessed", pages::witnessed)
                .open()
                .audit_none("a head that is public, signed by a registered witness")
                .doc("见证方交回已会签的账本头", "a witness hands in a head it signed")
                .both()
                .takes("note", "会签后的账本头", "the head with the witness's signature"),
        )
        .route(
            get("/ledger/witnesses", pages::witnesses)
                .needs(WITNESSES.name)
                .audit_none("public keys and public heads")
                .doc("见证方", "witnesses")
                .inside(),
        )
        .route(
            post("/ledger/witnesses", pages::register)
                .needs(WITNESSES.name)
                .decides("oversight.witness_registered")
                .doc("登记见证方", "register a witness")
                .inside()
                .takes("verifier", "见证方的核验密钥", "the witness's verifier key"),
        )
        .route(
            post("/ledger/witnesses/remove", pages::remove)
                .needs(WITNESSES.name)
                .decides("oversight.witness_removed")
                .doc("注销见证方", "take a witness off")
                .inside()
                .takes("name", "见证方名称", "the witness's name"),
        )
}
