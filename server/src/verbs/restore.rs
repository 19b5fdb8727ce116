//! `restore`: a city out of a backup, in a directory and a store that hold nothing yet.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};
use yiwang_kernel::Instant;
use yiwang_ledger::Logged;
use yiwang_seal::hex;

use crate::backup::{Gap, restore as restore_city};
use crate::cli::{Restore, Shared};
use crate::output::{self, Later};

/// Checks the backup, makes the city, says what the new ledger says of the old one.
pub(crate) async fn restore(shared: &Shared, options: &Restore) -> Result<()> {
    let head = options.head.as_deref().map(super::file_or_text).transpose()?;
    let gap = Gap { head, accepted: options.accept_gap.clone(), old: options.old_ledger.clone() };
    let progress = Later::new(shared, "restore");
    let told = progress.clone();
    let tell = Arc::new(move |done, whole| told.at(done, whole));
    let restored = Box::pin(restore_city(shared, &options.from, &gap, tell)).await;
    progress.end();
    let restored = restored?;
    let (manifest, follows) = (&restored.manifest, &restored.follows);
    let lost = follows.witnessed.map_or(0, |(size, _)| size - follows.size);
    let location = restored.city.platform.db.location();
    restored.city.close().await;
    let document = json!({
        "data": shared.data, "store": location, "made": manifest.made, "files": manifest.files.len(),
        "bytes": manifest.bytes(), "follows": { "log": hex(&follows.log), "entries": follows.size, "lost": lost },
        "erased": restored.erased, "missing": manifest.missing,
        "undone": restored.undone.as_ref().map(|undone| undone.iter().map(document_of).collect::<Vec<_>>()),
    });
    let again = restored.undone.as_deref().map_or_else(String::new, |undone| listed(shared, undone));
    let (data, made, log) = (shared.data.display(), &manifest.made, hex(&follows.log));
    output::result(shared, &document, || match output::say(shared, "zh", "en") {
        "zh" => format!(
            "已从 {made} 的备份恢复到 {data}\n新账本接在 {log} 之后（{} 条）；已知丢失 {lost} 条\n\
             {again}接着：yiwang verify，然后 yiwang serve",
            follows.size
        ),
        _ => format!(
            "Restored the backup of {made} to {data}\nThe new ledger follows {log} ({} entries); known lost: {lost}\n\
             {again}Next: yiwang verify, then yiwang serve",
            follows.size
        ),
    });
    Ok(())
}

/// A decision or erasure that the restore took back.
fn document_of(entry: &Logged) -> Value {
    json!({ "index": entry.header.index, "time": Instant::from_micros(entry.header.time), "common": entry.common })
}

/// What has to be looked at again, one line each.
fn listed(shared: &Shared, undone: &[Logged]) -> String {
    let mut text = match (undone.len(), output::say(shared, "zh", "en")) {
        (0, "zh") => "备份之后没有作出决定。\n".to_owned(),
        (0, _) => "Nothing was decided after the backup.\n".to_owned(),
        (count, "zh") => format!("备份之后作出的 {count} 项决定和删除不在其中，需要重新办理：\n"),
        (count, _) => format!("{count} decisions and erasures made after the backup are not in it. Do them again:\n"),
    };
    for entry in undone {
        let common = entry.common.clone().unwrap_or_default();
        let parts = [common.act.unwrap_or_default(), common.resource.unwrap_or_default(), common.why];
        let words = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ");
        text.push_str(&format!("  #{} {}  {words}\n", entry.header.index, Instant::from_micros(entry.header.time)));
    }
    text
}
