//! `verify`: checks the ledger from its files alone; opens no store, needs no key.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use yiwang_kernel::Error;
use yiwang_ledger::{Report, public_key, tamper_copy, verify as verify_log};

use crate::cli::{Shared, Verify};
use crate::output::{self, Told};

/// Checks the ledger, or a copy of it in which one byte was flipped on purpose.
pub(crate) fn verify(shared: &Shared, options: &Verify) -> Result<()> {
    let ledger = shared.data.join("ledger");
    let Some(copy) = &options.tamper_copy else { return report(shared, &ledger, None) };
    let tampered = tamper_copy(&ledger, copy)?;
    let flipped = json!({ "segment": tampered.segment, "offset": tampered.offset });
    report(shared, copy, Some(flipped))
}

fn report(shared: &Shared, ledger: &Path, flipped: Option<Value>) -> Result<()> {
    let report = verify_log(ledger, &public_key(ledger)?, &[])?;
    let difference = report.difference.as_ref().map(|difference| {
        json!({
            "segment": difference.segment, "entry": difference.entry, "offset": difference.offset,
            "fault": difference.fault.word(),
        })
    });
    let document = json!({
        "whole": report.is_whole(), "log": report.log, "entries": report.entries, "heads": report.heads,
        "segments": report.segments, "bytes": report.bytes, "head": report.head,
        "flipped": flipped, "difference": difference,
    });
    output::result(shared, &document, || lines(shared, &report, &document));
    match &report.difference {
        Some(difference) => {
            let place = format!("{} #{} ({})", difference.segment, difference.entry, difference.fault.word());
            Err(Told(Error::refused("ledger-broken").with("where", place)).into())
        }
        None => Ok(()),
    }
}

fn lines(shared: &Shared, report: &Report, document: &Value) -> String {
    let mut text = String::new();
    if !document["flipped"].is_null() {
        text.push_str(&format!(
            "{} {}\n",
            output::say(shared, "副本中翻转了一个字节：", "flipped one byte in the copy:"),
            document["flipped"]
        ));
    }
    let verdict = match (report.is_whole(), output::say(shared, "zh", "en")) {
        (true, "zh") => "账本完整",
        (true, _) => "the ledger is whole",
        (false, "zh") => "账本不完整",
        (false, _) => "the ledger is not whole",
    };
    let (entries, heads, segments) = (report.entries, report.heads, report.segments);
    let counts = match output::say(shared, "zh", "en") {
        "zh" => format!("{entries} 条记录，{heads} 个账本头，{segments} 个文件"),
        _ => format!("{entries} entries, {heads} heads, {segments} segments"),
    };
    text.push_str(&format!("{verdict} · {counts}\n{}", report.head));
    text
}
