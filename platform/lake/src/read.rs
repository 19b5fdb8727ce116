//! Rows and counts of one resource, without SQL: the scan, the policy, the reader's conditions, the page. Totals are
//! exact; where they must be counted they are counted once per version, policy and conditions.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_select::filter::filter_record_batch;
use futures::stream;
use futures::{StreamExt as _, TryStreamExt as _};
use yiwang_gate::{Answered, At, CountQuery, Filter, Page, Permit, Policy, RowsQuery, Sort, Subject};
use yiwang_kernel::{Error, Result};

use crate::catalog::loads;
use crate::catalog::view::{self, DataFile, View};
use crate::chosen::{self, Chosen};
use crate::filter::Conditions;
use crate::lake::Lake;
use crate::load;
use crate::masking::{self, Masking};
use crate::order;
use crate::prune::Pruner;
use crate::scan::{Batches, Scan, Slice, arrow_error, to_usize};
use crate::serve::serve;
use crate::sort;

/// Answers of this many rows at most carry whom they are about.
const SUBJECT_ROWS_MAX: u64 = 1_000;

/// A reader's question about one view, fitted to it.
pub(crate) struct Reading {
    pub(crate) lake: Lake,
    pub(crate) view: Arc<View>,
    pub(crate) masking: Arc<Masking>,
    pub(crate) conditions: Conditions,
    pub(crate) pruner: Option<Pruner>,
    /// Nothing hides rows: places in the table are places in the answer.
    pub(crate) direct: bool,
    /// Places in the order of the stored column are places in the answer.
    pub(crate) ranks: bool,
    /// Nothing but the conditions hides rows.
    pub(crate) choosable: bool,
    pub(crate) remembered_as: String,
}

/// Rows of one resource.
pub(crate) async fn rows(lake: &Lake, permit: &Permit, query: &RowsQuery) -> Result<Answered> {
    let policy = policy_of(permit, &query.resource)?;
    let view = view_at(lake, &query.resource, query.at).await?;
    let (offset, wanted) = page(&query.page)?;
    let with_subject = wanted.is_some_and(|rows| rows <= SUBJECT_ROWS_MAX);
    let reading =
        Reading::new(lake, view, policy, &query.fields, &query.filters, query.sort.as_ref(), with_subject).await?;
    let reading = Arc::new(reading);
    let asked = match query.fields.len() {
        0 => reading.masking.schema.fields().len() - usize::from(reading.has_subject()),
        listed => listed,
    };
    let chosen = match wanted {
        Some(_) => chosen::find(&reading, policy, &query.filters, query.sort.as_ref()).await?,
        None => None,
    };
    let total = match (wanted, &chosen) {
        (_, Some(chosen)) => Some(chosen.total()),
        (Some(_), None) => Some(total(&reading, policy, &query.filters).await?),
        (None, None) => reading.direct.then_some(reading.view.rows),
    };
    let versions = vec![(query.resource.clone(), reading.view.version)];
    let shown = project(&reading, asked)?;
    let Some(wanted) = wanted else {
        let batches = Arc::clone(&reading);
        let sorted = query.sort.clone();
        let work = async move {
            match sorted {
                Some(sort) => sort::sorted(&batches, &sort, 0, None).await,
                None => batches.stream(Slice::ALL).await,
            }
        };
        let rows = serve(lake, work, query.sort.is_some().then_some(lake.inside.query_wall));
        let rows = rows.map(move |batch| batch?.project(&places(asked)).map_err(arrow_error)).boxed();
        return Ok(Answered { schema: shown, versions, total, next: None, rows, subjects: Vec::new() });
    };
    let (batches, subjects) = page_rows(&reading, query.sort.as_ref(), chosen.as_deref(), offset, wanted).await?;
    let next = total.filter(|total| offset + wanted < *total).map(|_| format!("o{}", offset + wanted));
    let cut = batches.iter().map(|batch| batch.project(&places(asked)).map_err(arrow_error));
    let batches: Vec<Result<RecordBatch>> = cut.collect();
    Ok(Answered { schema: shown, versions, total, next, rows: stream::iter(batches).boxed(), subjects })
}

/// How many rows match.
pub(crate) async fn count(lake: &Lake, permit: &Permit, query: &CountQuery) -> Result<Answered> {
    let policy = policy_of(permit, &query.resource)?;
    let view = view_at(lake, &query.resource, query.at).await?;
    let reading = Reading::counting(lake, view, policy, &query.filters).await?;
    let total = total(&reading, policy, &query.filters).await?;
    let versions = vec![(query.resource.clone(), reading.view.version)];
    let schema = Arc::new(arrow_schema::Schema::empty());
    Ok(Answered {
        schema,
        versions,
        total: Some(total),
        next: None,
        rows: stream::empty().boxed(),
        subjects: Vec::new(),
    })
}

impl Reading {
    async fn new(
        lake: &Lake,
        view: Arc<View>,
        policy: &Policy,
        fields: &[String],
        filters: &[Filter],
        sort: Option<&Sort>,
        with_subject: bool,
    ) -> Result<Reading> {
        let mut names: Vec<String> = match fields.is_empty() {
            true => view.columns.iter().map(|column| &column.name).filter(|name| policy.has(name)).cloned().collect(),
            false => fields.to_vec(),
        };
        let needed = filters.iter().map(|filter| &filter.field).chain(sort.map(|sort| &sort.field));
        for field in needed {
            if !names.contains(field) {
                names.push(field.clone());
            }
        }
        if let Some(sort) = sort.filter(|sort| !view.table.sortable.contains(&sort.field)) {
            return Err(Error::invalid("sort", "lake-not-sortable").with("field", &sort.field));
        }
        let masking = Masking::compile(lake, &view, policy, &names, with_subject).await?;
        let conditions = Conditions::compile(filters, &masking.schema)?;
        let every_row = policy.shows_every_row() && view.tombstones.is_empty();
        let direct = conditions.is_empty() && every_row;
        let published = view.staged.is_none() && view.only_inlined.is_none();
        let countable = u32::try_from(view.rows + view.files.iter().map(|file| file.rows).sum::<u64>()).is_ok();
        let plain = sort.is_some_and(|sort| policy.shows_plainly(&sort.field));
        Ok(Reading {
            lake: lake.clone(),
            ranks: direct && plain && published,
            choosable: every_row && published && countable && !conditions.is_empty(),
            pruner: Pruner::for_filters(&view, policy, filters),
            masking: Arc::new(masking),
            conditions,
            direct,
            remembered_as: remembered_as(&view, policy, filters),
            view,
        })
    }

    /// Only what the conditions need.
    async fn counting(lake: &Lake, view: Arc<View>, policy: &Policy, filters: &[Filter]) -> Result<Reading> {
        let mut fields: Vec<String> = filters.iter().map(|filter| filter.field.clone()).collect();
        fields.dedup();
        let any = view.columns.iter().map(|column| &column.name).find(|name| policy.has(name));
        if fields.is_empty() {
            fields.extend(any.cloned());
        }
        Reading::new(lake, view, policy, &fields, filters, None, false).await
    }

    /// Only what the conditions and the order need.
    pub(crate) async fn choosing(
        lake: &Lake,
        view: Arc<View>,
        policy: &Policy,
        filters: &[Filter],
        sort: Option<&Sort>,
    ) -> Result<Reading> {
        let mut fields: Vec<String> = filters.iter().map(|filter| filter.field.clone()).collect();
        fields.sort_unstable();
        fields.dedup();
        Reading::new(lake, view, policy, &fields, filters, sort, false).await
    }

    /// Whether whom rows are about comes with them.
    fn has_subject(&self) -> bool {
        self.masking.schema.index_of(masking::SUBJECT_COLUMN).is_ok()
    }

    /// Live rows that lie in files.
    pub(crate) fn rows_in_files(&self) -> u64 {
        self.view.files.iter().map(DataFile::live_rows).sum()
    }

    /// Live rows that lie in the database.
    pub(crate) fn inlined_rows(&self) -> u64 {
        self.view.rows.saturating_sub(self.rows_in_files())
    }

    /// What the reader sees of a slice of the table, its conditions applied.
    pub(crate) async fn stream(&self, slice: Slice) -> Result<Batches> {
        let scan = Scan::new(&self.lake, Arc::clone(&self.view), &self.masking.raw, self.pruner.clone()).await?;
        let (masking, conditions) = (Arc::clone(&self.masking), self.conditions.clone());
        Ok(Arc::new(scan).stream(slice).map(move |raw| seen(&masking, &conditions, &raw?)).boxed())
    }
}

/// How many rows the reader may see and asked for, exactly; read from no more columns than that takes.
async fn total(reading: &Reading, policy: &Policy, filters: &[Filter]) -> Result<u64> {
    if reading.direct {
        return Ok(reading.view.rows);
    }
    let lake = &reading.lake;
    if let Some(total) = lake.inside.counts.get(&reading.remembered_as) {
        return Ok(total);
    }
    let counted = Reading::counting(lake, Arc::clone(&reading.view), policy, filters).await?;
    let counting = async move {
        let mut batches = counted.stream(Slice::ALL).await?;
        let mut total = 0;
        while let Some(batch) = batches.try_next().await? {
            total += batch.num_rows() as u64;
        }
        Ok(total)
    };
    let total = lake.interactive(counting).await?;
    if reading.view.staged.is_none() {
        lake.inside.counts.put(reading.remembered_as.clone(), total);
    }
    Ok(total)
}

/// One page, held in memory, with whom it is about.
async fn page_rows(
    reading: &Arc<Reading>,
    sort: Option<&Sort>,
    chosen: Option<&Chosen>,
    offset: u64,
    wanted: u64,
) -> Result<(Vec<RecordBatch>, Vec<Subject>)> {
    let kind = reading.view.table.subject.as_ref().map(|subject| subject.kind.clone()).unwrap_or_default();
    // What reads only the page's own rows is done where the request is served; what reads the table is engine's work.
    let batches = match (sort, chosen) {
        (_, Some(chosen)) => chosen.page(reading, offset, wanted).await?,
        (None, None) if reading.direct => {
            reading.stream(Slice { skip: offset, take: wanted }).await?.try_collect::<Vec<_>>().await?
        }
        (Some(sort), None) => match order::page(reading, sort, offset, wanted).await? {
            Some(batches) => batches,
            None => scanned(reading, Some(sort.clone()), offset, wanted).await?,
        },
        (None, None) => scanned(reading, None, offset, wanted).await?,
    };
    let (mut kept, mut subjects) = (Vec::new(), Vec::new());
    for batch in &batches {
        let (batch, of) = masking::split_subject(batch)?;
        kept.push(batch);
        subjects.extend(of.into_iter().map(|value| Subject { kind: kind.clone(), value }));
    }
    Ok((kept, subjects))
}

/// A page found by reading the table through.
async fn scanned(reading: &Arc<Reading>, sort: Option<Sort>, offset: u64, wanted: u64) -> Result<Vec<RecordBatch>> {
    let there = Arc::clone(reading);
    let work = async move {
        let (mut batches, mut skip) = match sort {
            Some(sort) => (sort::sorted(&there, &sort, offset, Some(wanted)).await?, 0),
            None => (there.stream(Slice::ALL).await?, offset),
        };
        let (mut kept, mut left) = (Vec::new(), wanted);
        while left > 0 {
            let Some(batch) = batches.try_next().await? else { break };
            let skipped = to_usize(skip).min(batch.num_rows());
            skip -= skipped as u64;
            let taken = to_usize(left).min(batch.num_rows() - skipped);
            left -= taken as u64;
            kept.push(batch.slice(skipped, taken));
        }
        Ok(kept)
    };
    reading.lake.interactive(work).await
}

/// The policy applied, then the reader's conditions on what it left.
pub(crate) fn seen(masking: &Masking, conditions: &Conditions, raw: &RecordBatch) -> Result<RecordBatch> {
    let masked = masking.apply(raw)?;
    if conditions.is_empty() {
        return Ok(masked);
    }
    filter_record_batch(&masked, &conditions.holds(&masked)?).map_err(arrow_error)
}

/// The policy a permit holds for a resource.
pub(crate) fn policy_of<'a>(permit: &'a Permit, resource: &str) -> Result<&'a Policy> {
    permit.policy(resource).ok_or_else(|| Error::forbidden("gate-grant-missing").with("resource", resource))
}

/// The view a reader means.
pub(crate) async fn view_at(lake: &Lake, resource: &str, at: At) -> Result<Arc<View>> {
    let db = &lake.inside.db;
    if let At::Staged(load) | At::Refused(load) = at {
        let waiting = loads::get(db, load).await?.filter(|waiting| waiting.plan.resource == resource);
        let plan = waiting.ok_or_else(|| Error::not_found("lake-load-unknown"))?.plan;
        let view = match at {
            At::Refused(_) => view::refused_view(&plan, load::refused_columns()),
            _ => view::staged_view(db, load, &plan).await?,
        };
        return Ok(Arc::new(view));
    }
    let table = view::readable(db, resource).await?;
    let version = view::version_at(db, &table, at).await?;
    Ok(Arc::new(view::view(db, table, &version).await?))
}

fn page(page: &Page) -> Result<(u64, Option<u64>)> {
    match page {
        Page::All => Ok((0, None)),
        Page::Offset { offset, rows } => Ok((*offset, Some(*rows))),
        Page::After { cursor, rows } => {
            let offset = cursor.strip_prefix('o').and_then(|digits| digits.parse().ok());
            let offset = offset.ok_or_else(|| Error::invalid("after", "cursor-format"))?;
            Ok((offset, Some(*rows)))
        }
    }
}

fn places(asked: usize) -> Vec<usize> {
    (0..asked).collect()
}

fn project(reading: &Reading, asked: usize) -> Result<arrow_schema::SchemaRef> {
    let schema = reading.masking.schema.project(&places(asked)).map_err(arrow_error)?;
    Ok(Arc::new(schema))
}

fn remembered_as(view: &View, policy: &Policy, filters: &[Filter]) -> String {
    let parts = (&view.table.resource, view.version, view.snapshot, view.tombstones.len(), policy, filters);
    yiwang_seal::hex(&yiwang_seal::sha256(format!("{parts:?}").as_bytes()))
}
