//! From draft to published and on to retired. Nobody approves what they wrote or submitted.

use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Result};

use super::{Act, EDIT, REVIEW, act};
use crate::model::{Entry, required_reason};

/// 提交: sends a draft, a returned or a changed entry to review. Refused naming the step nobody answers for.
pub async fn submit(platform: &Platform, ctx: &Ctx, code: &str) -> Result<Entry> {
    let actor = ctx.actor.to_string();
    act(platform, ctx, &Act { code, permission: EDIT, word: "submit", note: "" }, &|entry| entry.submit(&actor)).await
}

/// 通过: publishes; the reviewer neither wrote nor submitted it.
pub async fn approve(platform: &Platform, ctx: &Ctx, code: &str) -> Result<Entry> {
    let (actor, now) = (ctx.actor.to_string(), ctx.now());
    let doing = Act { code, permission: REVIEW, word: "publish", note: "" };
    act(platform, ctx, &doing, &|entry| entry.approve(&actor, now)).await
}

/// 退回: back to be mended, with a reason.
pub async fn send_back(platform: &Platform, ctx: &Ctx, code: &str, reason: &str) -> Result<Entry> {
    let reason = required_reason(reason)?;
    let actor = ctx.actor.to_string();
    let doing = Act { code, permission: REVIEW, word: "return", note: &reason };
    act(platform, ctx, &doing, &|entry| entry.send_back(&actor, &reason)).await
}

/// 停用: no longer offered, found by nobody outside; the past stays and [`revive`] brings it back.
pub async fn retire(platform: &Platform, ctx: &Ctx, code: &str, reason: &str) -> Result<Entry> {
    let reason = required_reason(reason)?;
    let doing = Act { code, permission: REVIEW, word: "retire", note: &reason };
    act(platform, ctx, &doing, &|entry| entry.retire()).await
}

/// 恢复: a retired entry is published again as it was.
pub async fn revive(platform: &Platform, ctx: &Ctx, code: &str) -> Result<Entry> {
    let doing = Act { code, permission: REVIEW, word: "revive", note: "" };
    act(platform, ctx, &doing, &|entry| entry.revive()).await
}
