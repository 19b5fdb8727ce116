//! `load`: files into tables, through the same operation as an upload.

use anyhow::Result;
use serde_json::json;
use yiwang_collect::ops::{load_among, stage_of_machine};
use yiwang_collect::{LoadReport, LoadRequest, Source, State};
use yiwang_gate::Mode;
use yiwang_kernel::{Actor, Ctx, Error, Grade, Id};

use crate::assemble::{BUREAU, City};
use crate::cli::{Load, LoadMode, Shared};
use crate::output::{self, Given, Told};

/// Loads each file; a file that is refused leaves nothing behind and makes the exit code 3.
pub(crate) async fn load(shared: &Shared, city: &City, options: &Load) -> Result<()> {
    let ctx = city.platform.ctx(Actor::Operator { reason: "yiwang load".to_owned() });
    let mut reports = Vec::new();
    for number in 0..options.paths.len() {
        reports.extend(load_one(city, &ctx, shared, options, number).await?);
    }
    output::result(shared, &json!({ "loads": reports }), || {
        reports.iter().map(|report| line(shared, report)).collect()
    });
    let refused = reports.iter().filter(|report| report.state == State::Refused).count();
    if refused > 0 { Err(Told(Error::refused("load-refused").with("count", refused)).into()) } else { Ok(()) }
}

async fn load_one(city: &City, ctx: &Ctx, shared: &Shared, options: &Load, number: usize) -> Result<Vec<LoadReport>> {
    let path = &options.paths[number];
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (bytes, given) = shared.sink.file(number, path).await?;
    let source = match given {
        Given::Path(path) => Source::Path(path),
        Given::Stream(bytes) => Source::Blob(stage_of_machine(&city.platform, ctx, bytes).await?.id),
    };
    let request = LoadRequest {
        load: Some(Id::new(ctx)),
        source,
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
    let bar = output::bar(shared, &name, bytes);
    let reports = load_unless_given_up(city, ctx, shared, request, &|bytes| bar.at(bytes)).await;
    bar.end();
    reports
}

/// Given up once, the load settles itself as cancelled; insisted on, it is left for the next start to settle.
async fn load_unless_given_up(
    city: &City,
    ctx: &Ctx,
    shared: &Shared,
    request: LoadRequest,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<Vec<LoadReport>> {
    let load = request.load;
    let mut loading = Box::pin(load_among(&city.platform, ctx, request, &city.running, progress));
    tokio::select! {
        reports = &mut loading => return Ok(reports?),
        () = shared.sink.given_up() => {}
    }
    if !load.is_some_and(|load| city.running.give_up(load)) {
        return Err(Error::refused("load-cancelled").into());
    }
    tokio::select! {
        reports = loading => Ok(reports?),
        () = shared.sink.insisted() => Err(Error::refused("load-cancelled").into()),
    }
}

/// Who answers for the data: as asked; for a new resource without a word, the data bureau.
fn department(options: &Load) -> Option<String> {
    let bureau = || options.resource.is_none().then(|| BUREAU.to_owned());
    options.department.clone().or_else(bureau)
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
