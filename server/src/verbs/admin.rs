//! `admin`: what can be mended from the machine alone.

use anyhow::Result;
use serde_json::json;
use yiwang_accounts::ops::reset_password;
use yiwang_kernel::{Actor, Error};

use crate::assemble::City;
use crate::cli::{Admin, Shared};
use crate::output;

/// Mends an account.
pub(crate) async fn admin(shared: &Shared, city: &City, verb: &Admin) -> Result<()> {
    let Admin::Reset { name, reason } = verb;
    if reason.trim().is_empty() {
        return Err(Error::invalid("reason", "reason-missing").into());
    }
    let ctx = city.platform.ctx(Actor::Operator { reason: reason.clone() });
    let link = reset_password(&city.platform, &ctx, name).await?;
    let path = super::activation(&link);
    let document = json!({ "name": name, "path": path });
    output::result(shared, &document, || {
        let words = output::say(shared, "新的开通链接（一次有效）：", "New activation link (valid once):");
        format!("{words} {}{path}", city.platform.site().address)
    });
    Ok(())
}
