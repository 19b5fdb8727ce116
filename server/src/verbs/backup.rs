//! `backup`: a copy of the whole city, taken while it runs.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};
use yiwang_kernel::{Actor, Error};

use crate::assemble::City;
use crate::backup::{Taken, take};
use crate::cli::{Backup, Shared};
use crate::output::{self, Later, Told};

/// Takes the backup, whoever uses the city meanwhile.
pub(crate) async fn backup(shared: &Shared, city: &City, options: &Backup) -> Result<()> {
    let ctx = city.platform.ctx(Actor::Operator { reason: "yiwang backup".to_owned() });
    let progress = Later::new(shared, "backup");
    let told = progress.clone();
    let taken = take(city, &ctx, &options.to, Arc::new(move |done, whole| told.at(done, whole))).await;
    progress.end();
    let taken = taken?;
    output::result(shared, &document(options, &taken), || lines(shared, options, &taken));
    match taken.manifest.missing.len() {
        0 => Ok(()),
        count => Err(Told(Error::unavailable("backup-incomplete").with("count", count)).into()),
    }
}

fn document(options: &Backup, taken: &Taken) -> Value {
    let manifest = &taken.manifest;
    json!({
        "backup": options.to, "made": manifest.made, "files": manifest.files.len(), "bytes": manifest.bytes(),
        "store": manifest.store, "log": manifest.ledger.log, "entries": manifest.ledger.entries,
        "head": manifest.ledger.head, "master_keys": manifest.master_keys, "missing": manifest.missing,
    })
}

fn lines(shared: &Shared, options: &Backup, taken: &Taken) -> String {
    let manifest = &taken.manifest;
    let (place, files, mib) = (options.to.display(), manifest.files.len(), manifest.bytes() >> 20);
    let (entries, keys) = (manifest.ledger.entries, shared.keys_path());
    let mut text = match output::say(shared, "zh", "en") {
        "zh" => format!(
            "已备份到 {place}：{files} 个文件，{mib} MiB，账本 {entries} 条\n\
             备份里没有主密钥。请把 {} 另存在别处；没有它，备份不能恢复。\n账本头请交给另一个单位保存：\n{}",
            keys.display(),
            manifest.ledger.head
        ),
        _ => format!(
            "Backed up to {place}: {files} files, {mib} MiB, {entries} ledger entries\n\
             The master key is not in it. Keep {} elsewhere; without it nothing can be restored.\n\
             Give the ledger's head to another body to keep:\n{}",
            keys.display(),
            manifest.ledger.head
        ),
    };
    for path in &manifest.missing {
        let words = output::say(shared, "缺少，库里有记录而文件不在：", "missing, named by the store and not there:");
        text.push_str(&format!("{words} {path}\n"));
    }
    text
}
