//! `doctor`: how the city is, in lines a person can act on.

use anyhow::Result;
use serde_json::json;

use crate::assemble::City;
use crate::cli::Shared;
use crate::output;

/// Opens the city and says what was found.
pub(crate) async fn doctor(shared: &Shared) -> Result<()> {
    let city = City::open(shared).await?;
    let mark = &city.directory.mark;
    let ledger = city.platform.ledger.status();
    let space = rustix::fs::statvfs(&city.directory.path)?;
    let free_bytes = space.f_bavail * space.f_frsize;
    let document = json!({
        "name": mark.name, "region": mark.region, "demo": mark.demo, "sealed": mark.sealed,
        "data": city.directory.path, "store": city.platform.db.location(), "keys": shared.keys_path(),
        "ledger_entries": ledger.entries, "free_bytes": free_bytes,
    });
    city.platform.db.close().await;
    output::result(shared, &document, || {
        let sealed = if mark.sealed {
            output::say(shared, "文件已密封", "files are sealed")
        } else {
            output::say(shared, "文件未密封（建城时选定）", "files are NOT sealed (chosen when the city was made)")
        };
        format!(
            "{} · {} · {sealed}\nstore   {}\nledger  {} entries\nfree    {} MiB",
            mark.name.get(shared.language()),
            mark.region,
            city.platform.db.location(),
            ledger.entries,
            free_bytes >> 20,
        )
    });
    Ok(())
}
