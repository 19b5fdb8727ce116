//! `admin`: what can be mended, or accepted, from the machine alone.

use anyhow::Result;
use serde_json::json;
use yiwang_accounts::ops::reset_password;
use yiwang_kernel::{Actor, Error};
use yiwang_oversight::ops::accept_gaps;

use crate::assemble::City;
use crate::cli::{Admin, Shared};
use crate::output;

/// Mends an account, or accepts that the ledger lost entries.
pub(crate) async fn admin(shared: &Shared, city: &City, verb: &Admin) -> Result<()> {
    match verb {
        Admin::Reset { name, reason } => reset(shared, city, name, reason).await,
        Admin::AcceptGap { reason } => accept_gap(shared, city, reason).await,
    }
}

async fn accept_gap(shared: &Shared, city: &City, reason: &str) -> Result<()> {
    let ctx = city.platform.ctx(Actor::Operator { reason: reason.to_owned() });
    let gaps = accept_gaps(&city.platform, &ctx, reason).await?;
    let told = gaps.iter().map(|gap| json!({ "log": gap.log, "size": gap.size, "here": gap.here, "by": gap.witness }));
    let document = json!({ "accepted": told.collect::<Vec<_>>() });
    output::result(shared, &document, || match (gaps.is_empty(), output::say(shared, "zh", "en")) {
        (true, "zh") => "没有缺口：账本包含全部已见证的账本头。".to_owned(),
        (true, _) => "No gap: the ledger contains every head that was witnessed.".to_owned(),
        (false, "zh") => format!("已留痕认可 {} 处缺口，可以 yiwang serve。", gaps.len()),
        (false, _) => format!("Accepted on record: {} gap(s). The city can be served.", gaps.len()),
    });
    Ok(())
}

async fn reset(shared: &Shared, city: &City, name: &str, reason: &str) -> Result<()> {
    if reason.trim().is_empty() {
        return Err(Error::invalid("reason", "reason-missing").into());
    }
    let ctx = city.platform.ctx(Actor::Operator { reason: reason.to_owned() });
    let link = reset_password(&city.platform, &ctx, name).await?;
    let path = super::activation(&link);
    let document = json!({ "name": name, "path": path });
    output::result(shared, &document, || {
        let words = output::say(shared, "新的开通链接（一次有效）：", "New activation link (valid once):");
        format!("{words} {}{path}", city.platform.site().address)
    });
    Ok(())
}
