//! 公开副本: keeps `out/` in line with what is open. What is open has a plain copy of its newest version; what is no
//! longer open has none. The gate writes and takes away; which resources are meant is decided here.

use std::collections::BTreeSet;

use yiwang_catalogue::{Entry, Opened, ops as catalogue};
use yiwang_gate::CopySpec;
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Result};

/// The setting that says whether there are copies.
pub(crate) const SETTING: &str = "portal.copies";
pub(crate) const ON: &str = "on";
const OFF: &str = "off";

/// Refuses any word but the two.
pub(crate) fn not_a_switch(value: &str) -> Option<&'static str> {
    (![ON, OFF].contains(&value.trim())).then_some("portal-copies-switch")
}

/// Writes the copies that are missing or old, takes away those that have no business here. One resource that fails
/// does not hold up the others; the first failure is told at the end, so that the job is tried again.
pub(crate) async fn keep(platform: &Platform, ctx: &Ctx) -> Result<()> {
    let is_on = platform.settings.get(SETTING)?.trim() == ON;
    let mut entries = if is_on { catalogue::attached(platform, ctx).await? } else { Vec::new() };
    entries.retain(|entry| entry.opened == Opened::Open);
    let mut failed = None;
    let mut wanted = BTreeSet::new();
    for entry in &entries {
        match platform.gate.copy_out(ctx, &spec(entry)).await {
            Ok(_) => {
                wanted.insert(entry.code.clone());
            }
            // Nothing of it may be read now: a copy that is still there goes below.
            Err(Error::Forbidden(_) | Error::Gone(_) | Error::NotFound(_)) => {}
            Err(error) => {
                wanted.insert(entry.code.clone());
                tracing::warn!(resource = %entry.code, %error, "a plain copy was not written");
                failed.get_or_insert(error);
            }
        }
    }
    for copy in platform.gate.copies().await? {
        if !wanted.contains(&copy.resource) {
            platform.gate.remove_copy(&copy.resource).await?;
        }
    }
    failed.map_or(Ok(()), Err)
}

/// What a copy of this entry is of. Columns that are or may be about somebody tell no least and greatest value.
fn spec(entry: &Entry) -> CopySpec {
    let fields = entry.content.fields.iter();
    let quiet = fields.filter(|field| field.personal || field.kind.is_some() || field.mask.is_some());
    CopySpec { resource: entry.code.clone(), quiet: quiet.map(|field| field.name.clone()).collect() }
}
