//! A scan with its policy as a DataFusion table and as the leaf of its plans. The plan sees only what the policy left:
//! it gets statistics only where the reader sees the whole table, and may push down nothing but bounds on plain
//! columns, which only spare reading.

use std::fmt;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Statistics;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result as EngineResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, Operator, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use yiwang_gate::{Op, Policy};
use yiwang_kernel::Error;

use crate::catalog::view::View;
use crate::lake::Lake;
use crate::masking::Masking;
use crate::prune::{Bound, Pruner};
use crate::scan::{self, Batches, ROWS_PER_BATCH, Scan, Slice};
use crate::statistics;
use crate::types;

/// Makes the batches of a partition.
pub(crate) type MakeBatches = Arc<dyn Fn(usize) -> Batches + Send + Sync>;

/// One resource as one reader may see it.
pub(crate) struct GrantedTable {
    lake: Lake,
    view: Arc<View>,
    policy: Policy,
    schema: SchemaRef,
}

impl GrantedTable {
    /// Every field the policy names.
    pub(crate) async fn new(lake: &Lake, view: Arc<View>, policy: &Policy) -> yiwang_kernel::Result<GrantedTable> {
        let masking = Masking::compile(lake, &view, policy, &[], false).await?;
        let schema = types::with_views(&masking.schema);
        Ok(GrantedTable { lake: lake.clone(), view, policy: policy.clone(), schema })
    }

    fn bound(&self, filter: &Expr) -> Option<Bound> {
        let Expr::BinaryExpr(binary) = filter else { return None };
        let (column, value, flipped) = match (binary.left.as_ref(), binary.right.as_ref()) {
            (Expr::Column(column), Expr::Literal(value, _)) => (column, value, false),
            (Expr::Literal(value, _), Expr::Column(column)) => (column, value, true),
            _ => return None,
        };
        let op = match (binary.op, flipped) {
            (Operator::Eq, _) => Op::Eq,
            (Operator::Lt, false) | (Operator::Gt, true) => Op::Lt,
            (Operator::LtEq, false) | (Operator::GtEq, true) => Op::Le,
            (Operator::Gt, false) | (Operator::Lt, true) => Op::Gt,
            (Operator::GtEq, false) | (Operator::LtEq, true) => Op::Ge,
            _ => return None,
        };
        let known = self.view.columns.iter().find(|known| known.name == column.name)?;
        if !self.policy.shows_plainly(&known.name) || value.is_null() {
            return None;
        }
        Some(Bound { column_id: known.id, op, value: value.to_array().ok()? })
    }
}

impl fmt::Debug for GrantedTable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "GrantedTable({})", self.view.table.resource)
    }
}

#[async_trait]
impl TableProvider for GrantedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> EngineResult<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match self.bound(filter) {
            Some(_) => TableProviderFilterPushDown::Inexact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        let every: Vec<usize> = (0..self.schema.fields().len()).collect();
        let wanted = projection.unwrap_or(&every);
        let pruner = Pruner::of(filters.iter().filter_map(|filter| self.bound(filter)).collect());
        let known = statistics::of(&self.lake, &self.view, &self.policy, &self.named(wanted)).await.map_err(outward)?;
        let known = if pruner.is_some() { known.map(Statistics::to_inexact) } else { known };
        let partitions = state.config().target_partitions().max(1);
        let schema = Arc::new(self.schema.project(wanted)?);
        let make = if wanted.is_empty() {
            self.rows_alone(partitions).await
        } else {
            self.columns(wanted, pruner, partitions).await
        };
        Ok(Arc::new(SourceExec::new(schema, partitions, make.map_err(outward)?).with_statistics(known)))
    }
}

impl GrantedTable {
    fn named(&self, wanted: &[usize]) -> Vec<String> {
        wanted.iter().map(|place| self.schema.field(*place).name().clone()).collect()
    }

    /// What the reader sees of these columns. Where that is what is stored, nothing is done to it on its way.
    async fn columns(
        &self,
        wanted: &[usize],
        pruner: Option<Pruner>,
        partitions: usize,
    ) -> yiwang_kernel::Result<MakeBatches> {
        let masking = Masking::compile(&self.lake, &self.view, &self.policy, &self.named(wanted), false).await?;
        let columns = masking.passes().unwrap_or(&masking.raw);
        let scan = Scan::new(&self.lake, Arc::clone(&self.view), columns, pruner).await?;
        let view = Arc::clone(&self.view);
        if masking.passes().is_some() {
            let scan = Arc::new(scan.with_views());
            return Ok(Arc::new(move |partition| Arc::clone(&scan).stream(share(&view, partition, partitions))));
        }
        let (scan, masking) = (Arc::new(scan), Arc::new(masking));
        let schema = types::with_views(&masking.schema);
        Ok(Arc::new(move |partition| {
            let (masking, schema) = (Arc::clone(&masking), Arc::clone(&schema));
            let seen = move |raw: RecordBatch| types::retyped(&masking.apply(&raw)?, &schema);
            Arc::clone(&scan).stream(share(&view, partition, partitions)).map(move |raw| seen(raw?)).boxed()
        }))
    }

    /// Rows without columns: how many there are, read from nowhere where nothing hides any.
    async fn rows_alone(&self, partitions: usize) -> yiwang_kernel::Result<MakeBatches> {
        if self.policy.shows_every_row() && self.view.tombstones.is_empty() {
            let view = Arc::clone(&self.view);
            return Ok(Arc::new(move |partition| {
                let Slice { skip, take } = share(&view, partition, partitions);
                let rows = scan::to_usize(take.min(view.rows.saturating_sub(skip)));
                let batches =
                    (0..rows).step_by(ROWS_PER_BATCH).map(move |at| without_columns(ROWS_PER_BATCH.min(rows - at)));
                stream::iter(batches).boxed()
            }));
        }
        let narrowest =
            (0..self.schema.fields().len()).min_by_key(|place| width(self.schema.field(*place).data_type()));
        let place = narrowest.ok_or_else(|| Error::broken("a table without columns"))?;
        let one = self.columns(&[place], None, partitions).await?;
        Ok(Arc::new(move |partition| one(partition).map(|batch| without_columns(batch?.num_rows())).boxed()))
    }
}

/// The part of a table that a partition reads.
fn share(view: &View, partition: usize, partitions: usize) -> Slice {
    let share = view.rows.div_ceil(partitions as u64).max(1);
    Slice { skip: share * partition as u64, take: if partition + 1 == partitions { u64::MAX } else { share } }
}

fn without_columns(rows: usize) -> yiwang_kernel::Result<RecordBatch> {
    types::batch_of(&Arc::new(Schema::empty()), Vec::new(), rows)
}

/// How much a value of a type takes to read, roughly.
fn width(data_type: &DataType) -> usize {
    data_type.primitive_width().unwrap_or(usize::from(*data_type != DataType::Boolean) * 64)
}

/// The leaf of a plan: batches from partitions.
pub(crate) struct SourceExec {
    schema: SchemaRef,
    make: MakeBatches,
    properties: Arc<PlanProperties>,
    statistics: Option<Arc<Statistics>>,
}

impl SourceExec {
    /// Batches of this schema in so many partitions.
    pub(crate) fn new(schema: SchemaRef, partitions: usize, make: MakeBatches) -> SourceExec {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        SourceExec { schema, make, properties: Arc::new(properties), statistics: None }
    }

    /// With what is known of all of them beforehand.
    pub(crate) fn with_statistics(self, statistics: Option<Statistics>) -> SourceExec {
        SourceExec { statistics: statistics.map(Arc::new), ..self }
    }
}

impl fmt::Debug for SourceExec {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SourceExec")
    }
}

impl DisplayAs for SourceExec {
    fn fmt_as(&self, _format: DisplayFormatType, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SourceExec")
    }
}

impl ExecutionPlan for SourceExec {
    fn name(&self) -> &'static str {
        "SourceExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> EngineResult<TreeNodeRecursion>,
    ) -> EngineResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn statistics_from_inputs(
        &self,
        _inputs: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> EngineResult<Arc<Statistics>> {
        match (&self.statistics, args.partition()) {
            (Some(statistics), None) => Ok(Arc::clone(statistics)),
            _ => Ok(Arc::new(Statistics::new_unknown(&self.schema))),
        }
    }

    fn execute(&self, partition: usize, _task: Arc<TaskContext>) -> EngineResult<SendableRecordBatchStream> {
        let batches = (self.make)(partition).map_err(outward);
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches)))
    }
}

/// An error of ours on its way through the engine.
pub(crate) fn outward(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// An error of ours that came through the engine, if it is one.
pub(crate) fn inward(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<Error> {
    error.downcast_ref::<Error>().cloned()
}
