//! SELECT over resources by their codes, in DataFusion, one session a query: bounded memory and time, no information
//! schema, nothing but tables the permit covers. What the engine says when it fails never reaches a reader as it is.

use std::sync::Arc;

use arrow_array::RecordBatch;
use datafusion::common::{SchemaError, TableReference};
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SessionStateBuilder, TaskContext};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use futures::{StreamExt as _, TryStreamExt as _};
use yiwang_gate::{Answered, At, Grantee, Permit, Policy, SqlQuery};
use yiwang_kernel::{Error, Result};

use crate::lake::Lake;
use crate::read;
use crate::scan::{self, Batches};
use crate::serve::serve;
use crate::source::{self, GrantedTable};
use crate::types;

const PARTITIONS: usize = 2;
const RESOURCES_MAX: usize = 20;
const SPILL_BYTES_MAX: u64 = 4 << 30;

/// The resources a statement names; refuses anything but one SELECT.
pub(crate) fn resources(text: &str) -> Result<Vec<String>> {
    let statement = parse(text)?;
    let state = SessionStateBuilder::new().with_default_features().build();
    let references = state.resolve_table_references(&statement).map_err(engine_error)?;
    let mut resources = Vec::new();
    for reference in references {
        let TableReference::Bare { table } = reference else {
            return Err(Error::invalid("sql", "sql-table-name"));
        };
        if !resources.contains(&table.to_string()) {
            resources.push(table.to_string());
        }
    }
    if resources.len() > RESOURCES_MAX {
        return Err(Error::invalid("sql", "sql-tables-many").with("limit", RESOURCES_MAX));
    }
    Ok(resources)
}

/// Runs a SELECT.
pub(crate) async fn select(lake: &Lake, permit: &Permit, query: &SqlQuery) -> Result<Answered> {
    let statement = parse(&query.text)?;
    let open = permit.policies().iter().all(is_open);
    let context = context(lake, open)?;
    let mut versions = Vec::new();
    for policy in permit.policies() {
        let view = read::view_at(lake, &policy.resource, At::Latest).await?;
        versions.push((policy.resource.clone(), view.version));
        let table = GrantedTable::new(lake, view, policy).await?;
        let name = TableReference::bare(policy.resource.as_str());
        context.register_table(name, Arc::new(table)).map_err(engine_error)?;
    }
    let (rows_max, text) = (query.rows_max, query.text.clone());
    let planned = lake.interactive(async move {
        let planned = context.state().statement_to_plan(statement).await;
        let plan = planned.map_err(|error| planning_error(error, &text))?;
        let frame = context.execute_logical_plan(plan).await.map_err(engine_error)?;
        match rows_max {
            Some(rows) => frame.limit(0, Some(scan::to_usize(rows))).map_err(engine_error),
            None => Ok(frame),
        }
    });
    let frame = planned.await?;
    let schema = types::without_views(&Arc::new(frame.schema().as_arrow().clone()));
    let given = Arc::clone(&schema);
    let work = async move {
        let batches = frame.execute_stream().await.map_err(engine_error)?;
        let plain = move |batch: RecordBatch| types::retyped(&batch, &given);
        let batches: Batches = batches.map_err(engine_error).map(move |batch| plain(batch?)).boxed();
        Ok(batches)
    };
    let rows = serve(lake, work, Some(lake.inside.query_wall));
    Ok(Answered { schema, versions, total: None, next: None, rows, subjects: Vec::new() })
}

/// What running a plan needs: memory, and a place to spill only where what is read may lie about in clear.
pub(crate) fn task_context(lake: &Lake, open: bool) -> Result<Arc<TaskContext>> {
    Ok(context(lake, open)?.task_ctx())
}

fn context(lake: &Lake, open: bool) -> Result<SessionContext> {
    let mode = if open || !lake.inside.sealed {
        DiskManagerMode::Directories(vec![lake.inside.spill.clone()])
    } else {
        DiskManagerMode::Disabled
    };
    let disk = DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(SPILL_BYTES_MAX);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_limit(lake.inside.query_memory_bytes, 1.0)
        .with_disk_manager_builder(disk)
        .build_arc()
        .map_err(engine_error)?;
    let mut config = SessionConfig::new().with_target_partitions(PARTITIONS).with_information_schema(false);
    let optimizer = &mut config.options_mut().optimizer;
    optimizer.enable_dynamic_filter_pushdown = false;
    optimizer.enable_topk_dynamic_filter_pushdown = false;
    optimizer.enable_join_dynamic_filter_pushdown = false;
    optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    let state =
        SessionStateBuilder::new().with_config(config).with_runtime_env(runtime).with_default_features().build();
    Ok(SessionContext::new_with_state(state))
}

fn is_open(policy: &Policy) -> bool {
    !policy.whole && policy.grants.iter().all(|grant| grant.grantee == Grantee::Public)
}

fn parse(text: &str) -> Result<Statement> {
    let mut statements = DFParser::parse_sql(text).map_err(engine_error)?;
    match (statements.pop_front(), statements.is_empty()) {
        (Some(Statement::Statement(statement)), true) if matches!(*statement, SqlStatement::Query(_)) => {
            Ok(Statement::Statement(statement))
        }
        _ => Err(Error::invalid("sql", "sql-select-only")),
    }
}

/// The closed list of what a reader is told: a code and, where it is the reader's own text, a place or name in it.
pub(crate) fn engine_error(error: DataFusionError) -> Error {
    match error.find_root() {
        DataFusionError::External(carried) => {
            source::inward(carried.as_ref()).unwrap_or_else(|| Error::broken("the engine failed outside itself"))
        }
        DataFusionError::SQL(parsed, _) => {
            let (line, column) = position(&parsed.to_string());
            Error::invalid("sql", "sql-syntax").with("line", line).with("column", column)
        }
        DataFusionError::SchemaError(..) | DataFusionError::Plan(_) | DataFusionError::Configuration(_) => {
            Error::invalid("sql", "sql-plan")
        }
        DataFusionError::NotImplemented(_) => Error::invalid("sql", "sql-unsupported"),
        DataFusionError::ResourcesExhausted(_) => Error::too_large("sql-memory"),
        DataFusionError::Execution(_) | DataFusionError::ArrowError(..) => Error::invalid("sql", "sql-evaluate"),
        _ => Error::broken("the engine failed"),
    }
}

/// As [`engine_error`]; a name that is not there, or not granted, is told as the reader wrote it, and only if they did.
fn planning_error(error: DataFusionError, text: &str) -> Error {
    let unknown = match error.find_root() {
        DataFusionError::SchemaError(told, _) => match told.as_ref() {
            SchemaError::FieldNotFound { field, .. } | SchemaError::AmbiguousReference { field } => {
                written(text, &field.name)
            }
            SchemaError::DuplicateQualifiedField { name, .. } | SchemaError::DuplicateUnqualifiedField { name } => {
                written(text, name)
            }
        },
        _ => return engine_error(error),
    };
    match unknown {
        Some(name) => Error::invalid("sql", "sql-name-unknown").with("name", name),
        None => Error::invalid("sql", "sql-plan"),
    }
}

/// The name as it stands in the text: a word of it, whatever its case, or in double quotes.
fn written<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
    let quoted = format!("\"{name}\"");
    let mut words = text.split(|letter| !is_letter(letter));
    let word = words.find(|word| word.to_lowercase() == name.to_lowercase() && !word.is_empty());
    word.or_else(|| text.find(&quoted).map(|at| &text[at + 1..at + quoted.len() - 1]))
}

/// `... at Line: 3, Column: 14` as numbers; zeros where there is none.
fn position(message: &str) -> (u64, u64) {
    let number_after = |mark: &str| {
        let rest = message.rsplit_once(mark).map_or("", |(_, rest)| rest).trim_start();
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0)
    };
    (number_after("Line:"), number_after("Column:"))
}
