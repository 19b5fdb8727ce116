//! `restore`: a city out of a backup, in a directory and a store that hold nothing yet.

use std::sync::Arc;

use anyhow::Result;
use serde_json::json;
use yiwang_seal::hex;

use crate::backup::{Gap, restore as restore_city};
use crate::cli::{Restore, Shared};
use crate::output::{self, Later};

/// Checks the backup, makes the city, says what the new ledger says of the old one.
pub(crate) async fn restore(shared: &Shared, options: &Restore) -> Result<()> {
    let head = options.head.as_deref().map(super::file_or_text).transpose()?;
    let gap = Gap { head, accepted: options.accept_gap.clone() };
    let progress = Later::new(shared, "restore");
    let told = progress.clone();
    let tell = Arc::new(move |done, whole| told.at(done, whole));
    let restored = Box::pin(restore_city(shared, &options.from, &gap, tell)).await;
    progress.end();
    let restored = restored?;
    let (manifest, follows) = (&restored.manifest, &restored.follows);
    let lost = follows.witnessed.map_or(0, |(size, _)| size - follows.size);
    let location = restored.city.platform.db.location();
    restored.city.platform.db.close().await;
    let document = json!({
        "data": shared.data, "store": location, "made": manifest.made, "files": manifest.files.len(),
        "bytes": manifest.bytes(), "follows": { "log": hex(&follows.log), "entries": follows.size, "lost": lost },
        "erased": restored.erased, "missing": manifest.missing,
    });
    let (data, made, log) = (shared.data.display(), &manifest.made, hex(&follows.log));
    output::result(shared, &document, || match output::say(shared, "zh", "en") {
        "zh" => format!(
            "已从 {made} 的备份恢复到 {data}\n新账本接在 {log} 之后（{} 条）；已知丢失 {lost} 条\n\
             接着：yiwang verify，然后 yiwang serve",
            follows.size
        ),
        _ => format!(
            "Restored the backup of {made} to {data}\nThe new ledger follows {log} ({} entries); known lost: {lost}\n\
             Next: yiwang verify, then yiwang serve",
            follows.size
        ),
    });
    Ok(())
}
