//! What people do with loads. Every rule and permission check stands here; the command line, the upload page and the
//! API call the same operations.

mod arrivals;
mod decide;
mod indexing;
mod load;
mod pouring;
mod reading;
mod retaining;
mod running;
mod staging;
mod telling;

use yiwang_access::{Permission, Reach, Scope};
use yiwang_gate::grants::{self, FindGrants};
use yiwang_gate::{Grant, Grantee, Why};
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Id, Ref, Result, Role};
use yiwang_store::Tx;
use yiwang_store::decisions::{self, Decision};
use yiwang_store::outbox::{self, Event};

pub use arrivals::{Arrivals, receive};
pub use decide::{accept_held, discard_held, undo};
pub(crate) use indexing::{INDEX_JOB, build_indexes};
pub use load::{load, load_among};
pub use reading::{PREVIEW_ROWS, Preview, any_loaded, departments, find, latest, list, preview, refused_rows, report};
pub use retaining::{end_term, end_terms, forget_versions, term};
pub use running::Running;
pub use staging::{UPLOAD_BYTES_MAX, forget_raw, settle_cut_off, stage, stage_of_machine};

use crate::model::LoadReport;

/// The permission to load data and to see loads.
pub const LOAD: &str = "collect.load";
/// The permission to accept, discard or undo loads.
pub const DECIDE: &str = "collect.decide";
/// Why a department reads what it loaded itself.
pub const PURPOSE_OWN: &str = "steward";

/// Both permissions.
pub const PERMISSIONS: [Permission; 2] = [
    Permission::roles(
        LOAD,
        &[(Role::Steward, Reach::OwnDepartment), (Role::Lead, Reach::OwnDepartment), (Role::Bureau, Reach::City)],
    ),
    Permission::roles(
        DECIDE,
        &[(Role::Steward, Reach::OwnDepartment), (Role::Lead, Reach::OwnDepartment), (Role::Bureau, Reach::City)],
    ),
];

/// Refuses whoever may not do this for the department. The operator at the machine and the platform itself may.
fn check(platform: &Platform, ctx: &Ctx, permission: &str, department: &str) -> Result<()> {
    platform.access.check(ctx, permission, &Scope::department(department))
}

/// How the department that answers for a resource reads it.
fn why_own() -> Why {
    Why::purpose(PURPOSE_OWN)
}

/// Gives the department that answers for a resource the grant to read it, once: to see what it loaded, the rows that
/// were refused, and those that wait.
async fn grant_own(tx: &mut Tx<'_>, ctx: &Ctx, resource: &str, department: &str) -> Result<()> {
    let grantee = Grantee::Department(department.to_owned());
    let wanted = FindGrants {
        resource: Some(resource.to_owned()),
        purpose: Some(PURPOSE_OWN.to_owned()),
        grantee: Some(grantee.clone()),
    };
    if grants::find_in(tx, &wanted).await?.iter().any(|grant| grant.is_live(ctx.now())) {
        return Ok(());
    }
    grants::put(tx, &Grant::whole(Id::new(ctx), resource, grantee, PURPOSE_OWN, ctx.now())).await
}

/// Announces `collect.<word>` for a load, asks for its entry in the ledger, and tells whom it concerns.
async fn announce(tx: &mut Tx<'_>, ctx: &Ctx, word: &str, load: Id, report: &LoadReport) -> Result<()> {
    let body = serde_json::json!({
        "resource": report.resource,
        "department": report.department,
        "version": report.version,
        "rows": report.rows_loaded,
    });
    let subject = Ref { noun: "collect.load".to_owned(), key: load.to_string() };
    let kind = format!("collect.{word}");
    let version = report.version.map(|version| format!("@{version}")).unwrap_or_default();
    let about = format!("{}{version}", report.resource);
    let reason = report.verdict.as_deref().unwrap_or_default();
    let decision = Decision::new(&kind, about).because(reason).naming([subject.key.as_str()]);
    let id = outbox::announce(tx, ctx, &Event { kind, subject, body }).await?;
    decisions::decide(tx, ctx, id, &decision).await?;
    telling::tell(tx, ctx, word, load, report).await
}

/// The refusal of an unknown load.
fn unknown() -> Error {
    Error::not_found("load-unknown")
}
