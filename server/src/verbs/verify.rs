//! `verify`: checks the ledger, or a backup, from its files alone; opens no store, needs no key. Where a process owns
//! the directory, that process checks them, so that a batch just being written is no difference.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use yiwang_kernel::Error;
use yiwang_ledger::{Checked, Difference, Kept, Witness, parse_key, tamper_copy, verify_all};
use yiwang_seal::hex;

use crate::assemble::City;
use crate::backup::{Tell, check};
use crate::cli::{Shared, Verify};
use crate::output::{self, Later, Told};

/// Checks the ledger with every earlier log; or a backup; or a copy in which one byte was flipped on purpose.
pub(crate) fn verify(shared: &Shared, options: &Verify) -> Result<()> {
    let kept = kept(options)?;
    if let Some(backup) = &options.backup {
        let progress = Later::new(shared, "verify");
        let told = progress.clone();
        let tell: Tell = Arc::new(move |done, whole| told.at(done, whole));
        let checked = check(backup, &kept, &tell);
        progress.end();
        let checked = checked?;
        let manifest = &checked.manifest;
        let about = json!({
            "made": manifest.made, "written_by": manifest.written_by, "store": manifest.store,
            "files": manifest.files.len(), "bytes": manifest.bytes(), "missing": manifest.missing,
        });
        return report(shared, &checked.logs, &[("backup", about)]);
    }
    let ledger = shared.data.join("ledger");
    match &options.tamper_copy {
        Some(copy) => verify_tampered(shared, &ledger, copy),
        None => report(shared, &verify_all(&ledger, &kept)?, &[]),
    }
}

/// The same while the ledger is written to.
pub(crate) async fn verify_live(shared: &Shared, city: &City, options: &Verify) -> Result<()> {
    if let Some(copy) = options.tamper_copy.clone() {
        let (shared, ledger) = (shared.clone(), city.directory.path.join("ledger"));
        let done = tokio::task::spawn_blocking(move || verify_tampered(&shared, &ledger, &copy)).await;
        return done.context("checking a copy of the ledger")?;
    }
    let mut kept = kept(options)?;
    kept.heads.extend(yiwang_oversight::ops::kept_heads(&city.platform).await?);
    report(shared, &city.platform.ledger.verify_all(kept).await?, &[])
}

/// What was kept elsewhere; files stand for their texts already.
fn kept(options: &Verify) -> Result<Kept> {
    let mut kept = Kept { keys: Vec::new(), heads: options.head.clone() };
    for key in &options.key {
        kept.keys.push(parse_key(key)?);
    }
    for key in &options.witness {
        let witness = Witness::parse(key)?;
        if !kept.heads.iter().any(|head| witness.signed(head).is_some()) {
            return Err(Error::invalid("witness", "ledger-witness-none").with("name", witness.name()).into());
        }
    }
    Ok(kept)
}

/// A copy made to be tampered with has no earlier logs beside it.
fn verify_tampered(shared: &Shared, ledger: &Path, copy: &Path) -> Result<()> {
    let tampered = tamper_copy(ledger, copy)?;
    let flipped = json!({ "segment": tampered.segment, "offset": tampered.offset });
    report(shared, &verify_all(copy, &Kept::default())?, &[("flipped", flipped)])
}

fn report(shared: &Shared, logs: &[Checked], about: &[(&str, Value)]) -> Result<()> {
    let Some((newest, earlier)) = logs.split_first() else { return Err(Error::refused("ledger-empty").into()) };
    let difference = logs.iter().find_map(|log| log.report.difference.as_ref());
    let mut document = log_document(newest);
    document["whole"] = json!(difference.is_none());
    document["difference"] = json!(difference.map(difference_document));
    document["earlier"] = earlier.iter().map(log_document).collect();
    for (name, value) in about {
        document[*name] = value.clone();
    }
    output::result(shared, &document, || lines(shared, logs, about));
    match difference {
        Some(difference) => {
            let place = format!("{} #{} ({})", difference.segment, difference.entry, difference.fault.word());
            Err(Told(Error::refused("ledger-broken").with("where", place)).into())
        }
        None => Ok(()),
    }
}

fn log_document(log: &Checked) -> Value {
    let report = &log.report;
    let follows = report.follows.map(|follows| {
        let lost = follows.witnessed.map_or(0, |(size, _)| size.saturating_sub(follows.size));
        json!({ "log": hex(&follows.log), "entries": follows.size, "lost": lost })
    });
    json!({
        "whole": report.is_whole(), "log": report.log, "verifier": report.verifier, "key_kept": log.key_kept,
        "entries": report.entries, "heads": report.heads, "segments": report.segments, "bytes": report.bytes,
        "head": report.head, "follows": follows, "difference": report.difference.as_ref().map(difference_document),
    })
}

fn difference_document(difference: &Difference) -> Value {
    json!({
        "segment": difference.segment, "entry": difference.entry, "offset": difference.offset,
        "fault": difference.fault.word(),
    })
}

fn lines(shared: &Shared, logs: &[Checked], about: &[(&str, Value)]) -> String {
    let zh = output::say(shared, "zh", "en") == "zh";
    let mut text = String::new();
    for (name, value) in about {
        let words = match (*name, zh) {
            ("flipped", true) => "副本中翻转了一个字节：",
            ("flipped", false) => "flipped one byte in the copy:",
            (_, true) => "备份的签名、每个文件都与清单一致：",
            (_, false) => "signature and every file of the backup are as its manifest says:",
        };
        text.push_str(&format!("{words} {value}\n"));
    }
    for (place, log) in logs.iter().enumerate() {
        let report = &log.report;
        let (entries, heads, segments) = (report.entries, report.heads, report.segments);
        let verdict = match (&report.difference, zh) {
            (None, true) => "账本完整".to_owned(),
            (None, false) => "the ledger is whole".to_owned(),
            (Some(found), true) => format!("账本不完整：{}", fault(shared, found)),
            (Some(found), false) => format!("the ledger is not whole: {}", fault(shared, found)),
        };
        text.push_str(&if zh {
            let which = if place == 0 { "" } else { "（此前的账本）" };
            format!("{verdict}{which} · {entries} 条记录，{heads} 个账本头，{segments} 个文件\n")
        } else {
            let which = if place == 0 { "" } else { " (an earlier log)" };
            format!("{verdict}{which} · {entries} entries, {heads} heads, {segments} segments\n")
        });
        let kept = match (log.key_kept, zh) {
            (true, true) => "用另存的密钥核验",
            (true, false) => "checked with a key kept elsewhere",
            (false, true) => "用它自称的密钥核验；要识破整本伪造，请用 --key 给出另存的密钥",
            (false, false) => "checked with the key it states itself; --key with one kept elsewhere finds a forgery",
        };
        text.push_str(&format!("  {}\n  {kept}\n", report.verifier));
        if let Some(follows) = &report.follows {
            let lost = follows.witnessed.map_or(0, |(size, _)| size.saturating_sub(follows.size));
            let (log, size) = (hex(&follows.log), follows.size);
            text.push_str(&if zh {
                format!("  接在 {log} 之后（{size} 条），已知丢失 {lost} 条\n")
            } else {
                format!("  follows {log} ({size} entries), known lost: {lost}\n")
            });
        }
    }
    text.push_str(&logs.first().map(|log| log.report.head.clone()).unwrap_or_default());
    text
}

/// What is wrong, in the reader's words.
fn fault(shared: &Shared, difference: &Difference) -> String {
    let id = format!("ledger-fault-{}", difference.fault.word());
    let texts = crate::capabilities::texts();
    let words = texts.map_or_else(|| id.clone(), |texts| texts.text(shared.language(), &id));
    format!("{} #{} {words}", difference.segment, difference.entry)
}
