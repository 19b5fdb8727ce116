//! `load`: files into tables, through the same operation as an upload.

use std::path::Path;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use yiwang_collect::{LoadReport, LoadRequest, Source, State};
use yiwang_gate::Mode;
use yiwang_kernel::{Actor, Ctx, Error, Grade};

use crate::assemble::{BUREAU, City};
use crate::cli::{Load, LoadMode, Shared};
use crate::output::{self, Told};

/// Loads each file; a file that is refused leaves nothing behind and makes the exit code 3.
pub(crate) async fn load(shared: &Shared, options: &Load) -> Result<()> {
    let city = City::open(shared).await?;
    let ctx = city.platform.ctx(Actor::Operator { reason: "yiwang load".to_owned() });
    let mut reports = Vec::new();
    for path in &options.paths {
        reports.extend(load_one(&city, &ctx, shared, options, path).await?);
    }
    city.platform.db.close().await;
    output::result(shared, &json!({ "loads": reports }), || {
        reports.iter().map(|report| line(shared, report)).collect()
    });
    let refused = reports.iter().filter(|report| report.state == State::Refused).count();
    if refused > 0 { Err(Told(Error::refused("load-refused").with("count", refused)).into()) } else { Ok(()) }
}

async fn load_one(city: &City, ctx: &Ctx, shared: &Shared, options: &Load, path: &Path) -> Result<Vec<LoadReport>> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let size = std::fs::metadata(path).map_err(|error| {
        Error::invalid("path", "file-unreadable").with("path", path.display()).with("reason", error)
    })?;
    let request = LoadRequest {
        load: None,
        source: Source::Path(path.to_owned()),
        file_name: name.clone(),
        department: department(options),
        resource: options.resource.clone(),
        mode: match options.mode {
            LoadMode::Append => Mode::Append,
            LoadMode::Replace => Mode::Replace,
            LoadMode::Upsert => Mode::Upsert,
        },
        key: options.key.clone(),
        grade: options.grade.map(Grade::new).transpose()?,
        dry_run: options.dry_run,
    };
    let bar = bar(shared, size.len(), name);
    let shown = bar.clone();
    let progress = move |bytes: u64| shown.set_position(bytes);
    let reports = yiwang_collect::ops::load(&city.platform, ctx, request, &progress).await;
    bar.finish_and_clear();
    Ok(reports?)
}

/// Who answers for the data: as asked; for a new resource without a word, the data bureau.
fn department(options: &Load) -> Option<String> {
    let bureau = || options.resource.is_none().then(|| BUREAU.to_owned());
    options.department.clone().or_else(bureau)
}

/// A bar on standard error; silent where nobody looks.
fn bar(shared: &Shared, bytes: u64, name: String) -> ProgressBar {
    let bar = if shared.json { ProgressBar::hidden() } else { ProgressBar::new(bytes) };
    let style = ProgressStyle::with_template("{msg:30!} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())).with_message(name)
}

fn line(shared: &Shared, report: &LoadReport) -> String {
    let state = match (report.state, output::say(shared, "zh", "en")) {
        (State::Loaded, "zh") => "已入库",
        (State::Held, "zh") => "待确认",
        (State::Refused, "zh") => "已拒收",
        (State::Tried, "zh") => "试装",
        (state, _) => state.word(),
    };
    format!(
        "{state} {} -> {} v{} · {} rows in, {} loaded, {} refused · {} · {:.2} s\n",
        report.source,
        report.resource,
        report.version.map_or_else(|| "-".to_owned(), |version| version.to_string()),
        report.rows_in,
        report.rows_loaded,
        report.rows_refused,
        report.encoding,
        report.seconds,
    )
}
