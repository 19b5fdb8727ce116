//! `doctor`: how the city is, in lines a person can act on.

use anyhow::Result;
use serde_json::json;
use yiwang_kernel::{Actor, Instant};

use crate::assemble::City;
use crate::backup::Last;
use crate::cli::Shared;
use crate::output;

const HOUR_US: i64 = 3_600_000_000;
/// A backup older than this is told of as old.
const BACKUP_HOURS_MAX: i64 = 24;

/// Says how the city is.
pub(crate) async fn doctor(shared: &Shared, city: &City) -> Result<()> {
    let mark = &city.directory.mark;
    let ledger = city.platform.ledger.status();
    let waiting = city.platform.relay.backlog().await?;
    let space = rustix::fs::statvfs(&city.directory.path)?;
    let free_bytes = space.f_bavail * space.f_frsize;
    let copies = city.platform.gate.copies().await?;
    let copied_bytes: u64 = copies.iter().map(|copy| copy.size_bytes).sum();
    let last = Last::read(&city.directory.path)?;
    let ctx = city.platform.ctx(Actor::System("doctor"));
    let (now, clock_sure) = (ctx.now(), city.platform.clock_standing(&ctx).await?.is_sure());
    let hours = last.as_ref().map(|last| (now.micros() - last.made_at).max(0) / HOUR_US);
    let restored = mark.restored.as_ref().map(|restored| {
        json!({
            "at": Instant::from_micros(restored.at), "backup_made": Instant::from_micros(restored.made_at),
            "follows": restored.log, "entries": restored.entries,
        })
    });
    let document = json!({
        "name": mark.name, "region": mark.region, "demo": mark.demo, "sealed": mark.sealed,
        "data": city.directory.path, "store": city.platform.db.location(), "keys": shared.keys_path(),
        "ledger_entries": ledger.entries, "ledger_waiting": waiting.count, "ledger_waiting_since": waiting.oldest,
        "free_bytes": free_bytes, "restored": restored, "clock_sure": clock_sure,
        "plain_copies": { "resources": copies.len(), "bytes": copied_bytes },
        "backup": last.as_ref().map(|last| json!({
            "made": Instant::from_micros(last.made_at), "age_hours": hours, "place": last.place,
            "entries": last.entries, "files": last.files, "bytes": last.bytes,
        })),
    });
    output::result(shared, &document, || {
        let sealed = if mark.sealed {
            output::say(shared, "文件已密封", "files are sealed")
        } else {
            output::say(shared, "文件未密封（建城时选定）", "files are NOT sealed (chosen when the city was made)")
        };
        let clock = match clock_sure {
            true => "",
            false => output::say(
                shared,
                "\nclock   与上次运行的时间相差太大：到期数据暂不清除，请核对时间，并在“设置”页确认",
                "\nclock   far from when the city last ran: nothing is removed by date; see Settings",
            ),
        };
        format!(
            "{} · {} · {sealed}\nstore   {}\nledger  {} entries{}\nout/    {} {}, {} MiB\nfree    {} MiB\nbackup  {}\
             {clock}",
            mark.name.get(shared.language()),
            mark.region,
            city.platform.db.location(),
            ledger.entries,
            waiting_line(shared, waiting.count),
            copies.len(),
            output::say(shared, "个公开副本（明文）", "plain copies of open data"),
            copied_bytes >> 20,
            free_bytes >> 20,
            backup_line(shared, last.as_ref(), hours.unwrap_or(0)),
        )
    });
    Ok(())
}

fn waiting_line(shared: &Shared, count: u64) -> String {
    match (count, output::say(shared, "zh", "en")) {
        (0, _) => String::new(),
        (count, "zh") => format!("，另有 {count} 项决定正在入账"),
        (count, _) => format!(", {count} decisions being entered"),
    }
}

fn backup_line(shared: &Shared, last: Option<&Last>, hours: i64) -> String {
    let zh = output::say(shared, "zh", "en") == "zh";
    let Some(last) = last else {
        let none = ("从未备份：yiwang backup 目录", "never taken: yiwang backup DIR");
        return output::say(shared, none.0, none.1).to_owned();
    };
    let place = last.place.display();
    let old = match (hours > BACKUP_HOURS_MAX, zh) {
        (false, _) => "",
        (true, true) => "，已过一天，请再备份",
        (true, false) => ", over a day: take another",
    };
    if zh { format!("{hours} 小时前，{place}{old}") } else { format!("{hours} hours ago, {place}{old}") }
}
