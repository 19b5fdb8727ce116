//! 装载: a file becomes a version of a resource, or a report of why not. The raw file is sealed first; the rows go to
//! the gate; version, entry, report and event become visible in one transaction.

use std::sync::Arc;

use yiwang_catalogue::ops as catalogue;
use yiwang_catalogue::ops::{LoadedField, LoadedTable};
use yiwang_files::Blob;
use yiwang_gate::{COLUMNS_MAX, LoadSpec, Mode, Staged, SubjectField, TableInfo};
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Grade, Id, Instant, Result, Text};
use yiwang_tables::{Column, Limits, Plan, Type};

use super::pouring::{Pour, Poured, pour, refusal};
use super::running::{Place, Running};
use super::{LOAD, announce, check, grant_own, indexing, staging, unknown};
use crate::model::{FieldReport, LoadLine, LoadReport, LoadRequest, Source, State, Thresholds, file_name};
use crate::pour::Settled;
use crate::read::{self, Declared, Table};
use crate::{fields, store};

/// What all tables of one file have in common.
struct Job<'j> {
    platform: &'j Platform,
    ctx: &'j Ctx,
    request: &'j LoadRequest,
    department: String,
    file_name: String,
    blob: Blob,
    progress: &'j (dyn Fn(u64) + Send + Sync),
    place: Place,
}

/// A table's way in, once its columns are known.
struct Way {
    plan: Arc<Plan>,
    settled: Vec<Settled>,
    key: Vec<String>,
    /// The resource's table so far.
    before: Option<TableInfo>,
    /// Whether its columns are not those of the resource.
    other_columns: bool,
    titles: Vec<String>,
    /// What the file itself says of its columns.
    declared: Vec<Declared>,
}

/// Loads a file: a report per table in it. The same load id again answers with the same reports and loads nothing.
/// `progress` is told the bytes of text read. Dropping the future gives the load up.
pub async fn load(
    platform: &Platform,
    ctx: &Ctx,
    request: LoadRequest,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<Vec<LoadReport>> {
    load_among(platform, ctx, request, &Running::default(), progress).await
}

/// As [`load`], entered in a list of loads under way, so that a person can give it up.
pub async fn load_among(
    platform: &Platform,
    ctx: &Ctx,
    request: LoadRequest,
    running: &Running,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<Vec<LoadReport>> {
    let request = &request;
    let department = department(platform, ctx, request).await?;
    check(platform, ctx, LOAD, &department)?;
    if request.mode == Mode::Upsert && request.key.is_empty() && request.resource.is_none() {
        return Err(Error::invalid("key", "load-key-needed"));
    }
    let load = request.load.unwrap_or_else(|| Id::new(ctx));
    let earlier = finished(platform, load).await?;
    if !earlier.is_empty() {
        return Ok(earlier);
    }
    let place = running.enter(load)?;
    let file_name = file_name(&request.file_name)?;
    let blob = match &request.source {
        Source::Blob(blob) | Source::Arrival(blob) => platform.files.find(*blob).await?,
        Source::Path(path) => staging::stage_path(platform, ctx, path).await?,
    };
    let raw = staging::opener(&platform.files, blob.id);
    let decode = staging::decoder(&platform.gate, blob.id);
    let size_bytes = blob.bytes;
    let tables = tokio::task::spawn_blocking(move || read::tables(&raw, size_bytes, &decode));
    let tables = tables.await.map_err(|source| Error::internal("a file's reader stopped", source))??;
    if tables.len() > 1 && request.resource.is_some() {
        return Err(Error::invalid("resource", "load-several-tables").with("n", tables.len()));
    }
    let job = Job { platform, ctx, request, department, file_name, blob, progress, place };
    let mut reports = Vec::with_capacity(tables.len());
    for (number, table) in tables.into_iter().enumerate() {
        reports.push(job.table(numbered(load, number), table).await?);
    }
    if request.dry_run {
        platform.files.delete(job.blob.id).await?;
    }
    Ok(reports)
}

/// The department that answers for the data: the resource's, the one named, or the actor's own.
async fn department(platform: &Platform, ctx: &Ctx, request: &LoadRequest) -> Result<String> {
    let named = request.department.as_deref().map(str::trim).filter(|code| !code.is_empty());
    if let Some(code) = &request.resource {
        let entry = catalogue::entry(platform, ctx, code).await?;
        let provider = entry.content.provider;
        return match named {
            Some(named) if named != provider => {
                Err(Error::invalid("department", "load-department-other").with("given", provider))
            }
            _ => Ok(provider),
        };
    }
    let named = named.or(ctx.actor.department());
    let code = named.ok_or_else(|| Error::invalid("department", "load-department-needed"))?;
    let known = catalogue::department_names(platform).await?;
    match known.contains_key(code) {
        true => Ok(code.to_owned()),
        false => Err(Error::invalid("department", "load-department-unknown").with("given", code)),
    }
}

/// The reports of a load that ended before; empty when there is none. A load under way is a conflict.
async fn finished(platform: &Platform, load: Id) -> Result<Vec<LoadReport>> {
    let mut reports = Vec::new();
    while let Some(line) = store::find(&platform.db, numbered(load, reports.len())).await? {
        if line.report.state == State::Running {
            return Err(Error::conflict("load-state-changed"));
        }
        reports.push(line.report);
    }
    Ok(reports)
}

/// The id of the n-th table of a load: the load's own for the first.
fn numbered(load: Id, number: usize) -> Id {
    let mut bytes = *load.as_bytes();
    let last = u16::from_be_bytes([bytes[14], bytes[15]]).wrapping_add(u16::try_from(number).unwrap_or(u16::MAX));
    bytes[14..].copy_from_slice(&last.to_be_bytes());
    Id::from_bytes(&bytes).unwrap_or(load)
}

impl Job<'_> {
    async fn table(&self, load: Id, mut table: Table) -> Result<LoadReport> {
        let began = self.ctx.now();
        let sniffing = tokio::task::spawn_blocking(move || {
            let limits = Limits { columns_max: COLUMNS_MAX, ..Limits::default() };
            let plan = table.plan(limits);
            (plan, table)
        });
        let (plan, table) = sniffing.await.map_err(|source| Error::internal("a file's reader stopped", source))?;
        let way = self.way(plan.map_err(refusal)?, table.declared.clone()).await?;
        let mut report = self.blank(load, &table, &way);
        if self.request.dry_run {
            let poured = self.pour(load, table, &way, None).await?;
            tell(&mut report, &poured, &way);
            report.seconds = self.seconds_since(began);
            report.state = State::Tried;
            return Ok(report);
        }
        if report.resource.is_empty() {
            report.resource = catalogue::new_code(self.platform, &self.department).await?;
            report.address = format!("/catalogue/{}", report.resource);
        }
        self.begin(load, &report).await?;
        let code = report.resource.clone();
        let poured = match self.pour(load, table, &way, Some(&code)).await {
            Ok(poured) if poured.tally.rows_taken + poured.tally.rows_refused == 0 => {
                Err(Error::invalid("file", "load-no-rows"))
            }
            other => other,
        };
        match poured {
            Ok(poured) => self.settle(load, report, poured, &way, began).await,
            Err(error) => {
                report.state = State::Cancelled;
                report.verdict = Some(if error.code() == "load-cancelled" { "cancelled" } else { "failed" }.to_owned());
                report.seconds = self.seconds_since(began);
                self.write(load, &report, None).await?;
                Err(error)
            }
        }
    }

    /// How the file's columns meet those of the resource.
    async fn way(&self, mut plan: Plan, declared: Vec<Declared>) -> Result<Way> {
        let request = self.request;
        let mut before = None;
        let mut titles: Vec<String> = Vec::new();
        let by_file = |place: usize| declared.get(place).map_or(Settled::Free, |declared| declared.settled);
        let mut settled: Vec<Settled> = (0..plan.headers.len()).map(by_file).collect();
        let mut other_columns = false;
        if let Some(code) = &request.resource {
            let entry = catalogue::entry(self.platform, self.ctx, code).await?;
            fields::rename(&mut plan, &entry.content.fields);
            before = self.platform.gate.table(code).await?;
        }
        if let Some(table) = &before {
            let replaces = request.mode == Mode::Replace;
            settled = fields::settled(&plan.names, table, replaces, &settled);
            other_columns = fields::differ(&plan.names, table);
        }
        for (header, name) in plan.headers.iter().zip(&plan.names) {
            titles.push(if header.trim().is_empty() { name.clone() } else { header.trim().to_owned() });
        }
        let mut key = fields::key(&request.key, &plan)?;
        if let Some(table) = before.as_ref().filter(|_| key.is_empty()) {
            key.clone_from(&table.key);
        }
        if request.mode == Mode::Upsert && key.is_empty() {
            return Err(Error::invalid("key", "load-key-needed"));
        }
        if let Some(lost) = key.iter().find(|name| !plan.names.contains(name)) {
            let columns = plan.headers.join(", ");
            return Err(Error::invalid("key", "load-key-column").with("given", lost).with("columns", columns));
        }
        Ok(Way { plan: Arc::new(plan), settled, key, before, other_columns, titles, declared })
    }

    async fn pour(&self, load: Id, table: Table, way: &Way, code: Option<&str>) -> Result<Poured> {
        let spec = |types: &[Type], kinds: &[Option<String>]| LoadSpec {
            resource: code.unwrap_or_default().to_owned(),
            load,
            mode: if way.before.is_none() { Mode::Replace } else { self.request.mode },
            schema: Arc::new(yiwang_tables::schema(&way.plan.names, types)),
            key: way.key.clone(),
            sortable: fields::sortable(&way.plan.names, types, kinds, &way.key, way.before.as_ref()),
            subject: subject(way, kinds),
            reason: format!("{} {}", self.request.mode.word(), self.file_name),
        };
        let places = way.key.iter().filter_map(|name| way.plan.names.iter().position(|known| known == name));
        let what = Pour {
            plan: Arc::clone(&way.plan),
            settled: way.settled.clone(),
            key: places.collect(),
            spec: code.is_some().then_some(&spec),
            given_up: self.place.given_up(),
            progress: self.progress,
        };
        pour(self.platform, self.ctx, table.open, what).await
    }

    fn blank(&self, load: Id, table: &Table, way: &Way) -> LoadReport {
        let Job { request, blob, file_name, .. } = self;
        let title = title(file_name, table.name.as_deref());
        let resource = request.resource.clone().unwrap_or_default();
        LoadReport {
            load: load.to_string(),
            source: table.name.as_ref().map_or_else(|| file_name.clone(), |name| format!("{file_name}#{name}")),
            address: if resource.is_empty() { String::new() } else { format!("/catalogue/{resource}") },
            resource,
            title,
            department: self.department.clone(),
            mode: request.mode,
            state: State::Running,
            version: None,
            rows_in: 0,
            rows_loaded: 0,
            rows_refused: 0,
            rows_replaced: 0,
            rows_duplicate: 0,
            refusals: Vec::new(),
            fields: Vec::new(),
            key: way.key.clone(),
            encoding: way.plan.dialect.encoding.name().to_owned(),
            format: table.format.to_owned(),
            size_bytes: blob.bytes,
            sha256: blob.sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
            grade: request.grade.unwrap_or(Grade::UNGRADED).value(),
            grade_proposed: request.grade.is_none(),
            verdict: None,
            seconds: 0.0,
        }
    }

    async fn begin(&self, load: Id, report: &LoadReport) -> Result<()> {
        let (ctx, raw) = (self.ctx, Some(self.blob.id));
        let line = LoadLine { id: load, started: ctx.now(), actor: ctx.actor.to_string(), raw, report: report.clone() };
        if !store::begin(&self.platform.db, &line, Some(staging::raw_until(ctx))).await? {
            return Err(Error::conflict("load-state-changed"));
        }
        let granted = self
            .platform
            .db
            .tx(|tx| Box::pin(async move { grant_own(tx, ctx, &report.resource, &report.department).await }));
        granted.await
    }

    /// Decides what becomes of the rows, and makes it so.
    async fn settle(
        &self,
        load: Id,
        mut report: LoadReport,
        poured: Poured,
        way: &Way,
        began: Instant,
    ) -> Result<LoadReport> {
        let staged = poured.staged.clone().ok_or_else(|| Error::broken("a load without staged rows"))?;
        tell(&mut report, &poured, way);
        report.seconds = self.seconds_since(began);
        report.rows_loaded = staged.rows;
        report.rows_replaced = staged.replaced;
        report.rows_duplicate = staged.duplicates;
        let verdict = self.thresholds()?.verdict(report.rows_in, report.rows_refused);
        let wider = way.before.as_ref().is_some_and(|table| fields::wider(&way.plan.names, &poured.types, table));
        report.state = match verdict {
            State::Loaded if way.other_columns || wider || self.arrived() => State::Held,
            other => other,
        };
        report.verdict = match (report.state, verdict) {
            (State::Held, State::Loaded) if way.other_columns || wider => Some("fields".to_owned()),
            (State::Held, State::Loaded) => Some("arrival".to_owned()),
            (State::Held | State::Refused, _) => Some("rows".to_owned()),
            _ => None,
        };
        match report.state {
            State::Loaded => publish(self.platform, self.ctx, load, &[State::Running], report, &staged).await,
            _ => {
                report.rows_loaded = if report.state == State::Refused { 0 } else { report.rows_loaded };
                let given_up = (report.state == State::Refused).then_some(&staged);
                self.write(load, &report, given_up).await?;
                Ok(report)
            }
        }
    }

    /// Writes the report of a load that is no version; rows that nobody may accept are given up with it.
    async fn write(&self, load: Id, report: &LoadReport, given_up: Option<&Staged>) -> Result<()> {
        let (ctx, gate) = (self.ctx, &self.platform.gate);
        let written = self.platform.db.tx(|tx| {
            Box::pin(async move {
                if let Some(staged) = given_up {
                    gate.discard(tx, ctx, staged).await?;
                }
                store::settle(tx, load, &[State::Running], report).await?;
                announce(tx, ctx, report.state.word(), load, report).await
            })
        });
        written.await
    }

    /// Whether nobody sent it: it waits for a person.
    fn arrived(&self) -> bool {
        matches!(self.request.source, Source::Arrival(_))
    }

    #[expect(clippy::cast_precision_loss, reason = "a duration shown to people")]
    fn seconds_since(&self, began: Instant) -> f64 {
        (self.ctx.now().micros() - began.micros()).max(0) as f64 / 1e6
    }

    fn thresholds(&self) -> Result<Thresholds> {
        let number =
            |name: &str| -> Result<u64> { Ok(u64::try_from(self.platform.settings.number(name)?).unwrap_or(0)) };
        Ok(Thresholds {
            held_permille: number("collect.held_permille")?,
            refused_permille: number("collect.refused_permille")?,
        })
    }
}

/// Publishes staged rows: version, entry, report and event in one transaction; the search index follows.
pub(super) async fn publish(
    platform: &Platform,
    ctx: &Ctx,
    load: Id,
    from: &[State],
    report: LoadReport,
    staged: &Staged,
) -> Result<LoadReport> {
    let report = &report;
    let published = platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let mut report = report.clone();
                let version = platform.gate.publish(tx, ctx, staged).await?;
                report.state = State::Loaded;
                report.version = Some(version.number);
                catalogue::draft_from_load(tx, ctx, &loaded(&report, version.number, version.rows)).await?;
                store::settle(tx, load, from, &report).await?;
                announce(tx, ctx, "loaded", load, &report).await?;
                indexing::order(tx, ctx, &report.resource, &version).await?;
                Ok(report)
            })
        })
        .await?;
    catalogue::index(platform, std::slice::from_ref(&published.resource)).await?;
    Ok(published)
}

/// What the catalogue is told of a version.
pub(super) fn loaded(report: &LoadReport, version: u64, rows: u64) -> LoadedTable {
    let field = |field: &FieldReport| LoadedField {
        name: field.name.clone(),
        title: Text::new(field.title.clone(), ""),
        r#type: field.r#type.clone(),
        length: None,
        nullable: field.nulls > 0,
        kind: field.kind.clone(),
        personal: field.personal,
        sortable: field.sortable,
        key: report.key.contains(&field.name),
    };
    LoadedTable {
        resource: report.resource.clone(),
        title: Text::new(report.title.clone(), ""),
        department: report.department.clone(),
        fields: report.fields.iter().map(field).collect(),
        version,
        rows,
        grade: if report.grade_proposed { None } else { Grade::new(report.grade.into()).ok() },
    }
}

/// What the reading found, into the report.
fn tell(report: &mut LoadReport, poured: &Poured, way: &Way) {
    let columns = &poured.whole.columns;
    report.encoding = poured.whole.encoding.name().to_owned();
    report.rows_loaded = poured.tally.rows_taken;
    report.rows_refused = poured.tally.rows_refused;
    report.rows_in = report.rows_loaded + report.rows_refused;
    report.refusals = poured.tally.refusals();
    let kinds: Vec<Option<String>> =
        columns.iter().map(|column| column.kind.map(|kind| kind.word().to_owned())).collect();
    let sortable = fields::sortable(&way.plan.names, &poured.types, &kinds, &way.key, way.before.as_ref());
    let described = columns.iter().zip(&poured.types).zip(&way.titles);
    report.fields = described.map(|((column, given), title)| field_report(column, *given, title, &sortable)).collect();
    for (field, declared) in report.fields.iter_mut().zip(&way.declared) {
        if declared.settled.says(&field.r#type) && field.kind.is_none() {
            field.why.clone_from(&declared.why);
        }
    }
    if report.grade_proposed {
        report.grade = if report.fields.iter().any(|field| field.personal) { 3 } else { 2 };
    }
}

fn field_report(column: &Column, given: Type, title: &str, sortable: &[String]) -> FieldReport {
    FieldReport {
        name: column.name.clone(),
        title: title.to_owned(),
        r#type: given.word(),
        why: fields::why(column, given).to_owned(),
        kind: column.kind.map(|kind| kind.word().to_owned()),
        personal: column.personal,
        sortable: sortable.contains(&column.name),
        nulls: column.profile.nulls + column.profile.blanks,
        distinct: column.profile.distinct_about,
    }
}

/// Whom a row is about: the first column of identifiers of persons, else of firms; the one the table has already.
fn subject(way: &Way, kinds: &[Option<String>]) -> Option<SubjectField> {
    let known = way.plan.names.iter().zip(kinds);
    let of = |word: &str| {
        let mut fitting = known.clone().filter(|(_, kind)| kind.as_deref() == Some(word));
        fitting.next().map(|(name, _)| SubjectField { field: name.clone(), kind: word.to_owned() })
    };
    ["citizen", "permit", "credit"].into_iter().find_map(of)
}

/// A title drafted from the file's name and the table's name in it.
fn title(file_name: &str, table: Option<&str>) -> String {
    let mut stem = file_name;
    for ending in [".gz", ".zst", ".csv", ".tsv", ".txt", ".xlsx", ".json", ".jsonl", ".geojson", ".parquet", ".zip"] {
        stem = stem.strip_suffix(ending).unwrap_or(stem);
    }
    let stem = if stem.is_empty() { file_name } else { stem };
    match table {
        Some(table) if table != stem => format!("{stem} {table}"),
        _ => stem.to_owned(),
    }
}

/// The report of a load by its id, for whoever waits for it.
pub(super) async fn require(platform: &Platform, load: Id) -> Result<LoadLine> {
    store::find(&platform.db, load).await?.ok_or_else(unknown)
}
