//! `upgrade --check`: what this program would do to the directory and its store, in words. Changes nothing.

use anyhow::Result;
use serde_json::json;
use yiwang_collect::ops::Running;
use yiwang_kernel::Error;
use yiwang_store::{Db, Migration, Standing};

use crate::capabilities::{capabilities, migrations};
use crate::city::Mark;
use crate::cli::Shared;
use crate::formats::FORMATS;
use crate::output::{self, Told};

/// Compares and says; ends with a conflict where a newer or another program was here.
pub(crate) async fn check(shared: &Shared) -> Result<()> {
    let mark = Mark::read(&shared.data)?;
    let mark = mark.ok_or_else(|| Error::not_found("city-none").with("path", shared.data.display()))?;
    let known = migrations(&capabilities(&Running::default()));
    let standing = match Db::look(&shared.store_url()).await? {
        Some(db) => {
            let standing = db.standing(&known).await;
            db.close().await;
            standing?
        }
        None => return Err(Error::unavailable("store-down").into()),
    };
    let refused = standing.require_known().err();
    let step = |step: &Migration| {
        let kind = if step.contracts() { "contract" } else { "expand" };
        json!({ "capability": step.capability, "number": step.number, "kind": kind })
    };
    let formats: Vec<_> = FORMATS
        .iter()
        .map(|format| json!({ "name": format.name, "writes": format.writes, "reads_from": format.reads_from }))
        .collect();
    let document = json!({
        "program": env!("CARGO_PKG_VERSION"), "made_by": mark.written_by, "directory": mark.format, "formats": formats,
        "applied": standing.applied, "pending": standing.pending.iter().map(step).collect::<Vec<_>>(),
        "newer": steps(&standing.newer), "changed": steps(&standing.changed), "possible": refused.is_none(),
    });
    output::result(shared, &document, || lines(shared, &standing));
    refused.map_or(Ok(()), |refused| Err(Told(as_conflict(refused)).into()))
}

/// Whatever stands in the way, the exit code is that of a conflict.
fn as_conflict(refused: Error) -> Error {
    match refused {
        Error::Refused(detail) => Error::Conflict(detail),
        other => other,
    }
}

fn steps(applied: &[yiwang_store::Applied]) -> Vec<serde_json::Value> {
    applied.iter().map(|step| json!({ "capability": step.capability, "number": step.number })).collect()
}

fn lines(shared: &Shared, standing: &Standing) -> String {
    let zh = output::say(shared, "zh", "en") == "zh";
    let mut text = String::new();
    for step in &standing.newer {
        let (capability, number) = (&step.capability, step.number);
        text.push_str(&if zh {
            format!("不能用：{capability} 的第 {number} 步由更新的程序执行过，请用那个版本\n")
        } else {
            format!("Not possible: step {number} of {capability} was made by a newer program; use that one\n")
        });
    }
    for step in &standing.changed {
        let (capability, number) = (&step.capability, step.number);
        text.push_str(&if zh {
            format!("不能用：{capability} 的第 {number} 步与本程序的不同\n")
        } else {
            format!("Not possible: step {number} of {capability} is another one than this program's\n")
        });
    }
    if !text.is_empty() {
        return text;
    }
    if standing.pending.is_empty() {
        let nothing = ("没有要做的：库和格式都是本程序的", "Nothing to do: tables and formats are this program's");
        return output::say(shared, nothing.0, nothing.1).to_owned();
    }
    let start = ("下次启动时会执行（可先备份）：\n", "The next start will do this (take a backup first):\n");
    text.push_str(output::say(shared, start.0, start.1));
    for step in &standing.pending {
        let (zh, en) = if step.contracts() {
            ("拿掉旧程序还在用的东西，旧程序不能再用", "takes away what older programs use; they stop working")
        } else {
            ("只增加，旧程序照常可用", "adds only; older programs go on working")
        };
        text.push_str(&format!("  {} {}  {}\n", step.capability, step.number, output::say(shared, zh, en)));
    }
    text
}
