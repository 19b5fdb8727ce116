//! A scan with its policy as a DataFusion table and as the leaf of its plans. The plan sees only what the policy left:
//! it gets no statistics, and may push down nothing but bounds on plain columns, which only spare reading.

use std::fmt;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result as EngineResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, Operator, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::{StreamExt as _, TryStreamExt as _};
use yiwang_gate::{Op, Policy};
use yiwang_kernel::Error;

use crate::catalog::view::View;
use crate::filter::Conditions;
use crate::lake::Lake;
use crate::masking::Masking;
use crate::prune::{Bound, Pruner};
use crate::read;
use crate::scan::{Batches, Scan, Slice};

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
        Ok(GrantedTable { lake: lake.clone(), view, policy: policy.clone(), schema: masking.schema })
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
        // A scan of no column still counts rows: one column is read and left out again.
        let read: Vec<usize> = if wanted.is_empty() { vec![0] } else { wanted.clone() };
        let names: Vec<String> = read.iter().map(|place| self.schema.field(*place).name().clone()).collect();
        let masking = Masking::compile(&self.lake, &self.view, &self.policy, &names, false).await.map_err(outward)?;
        let pruner = Pruner::of(filters.iter().filter_map(|filter| self.bound(filter)).collect());
        let scan = Scan::new(&self.lake, Arc::clone(&self.view), &masking.raw, pruner).await.map_err(outward)?;
        let (scan, masking) = (Arc::new(scan), Arc::new(masking));
        let partitions = state.config().target_partitions().max(1);
        let share = self.view.rows.div_ceil(partitions as u64).max(1);
        let no_columns = wanted.is_empty();
        let schema = if no_columns { Arc::new(arrow_schema::Schema::empty()) } else { Arc::clone(&masking.schema) };
        let make: MakeBatches = Arc::new(move |partition| {
            let masking = Arc::clone(&masking);
            let take = if partition + 1 == partitions { u64::MAX } else { share };
            let slice = Slice { skip: share * partition as u64, take };
            let none = Conditions::default();
            let seen = move |raw: yiwang_kernel::Result<arrow_array::RecordBatch>| {
                let batch = read::seen(&masking, &none, &raw?)?;
                if no_columns { batch.project(&[]).map_err(crate::scan::arrow_error) } else { Ok(batch) }
            };
            Arc::clone(&scan).stream(slice).map(seen).boxed()
        });
        Ok(Arc::new(SourceExec::new(schema, partitions, make)))
    }
}

/// The leaf of a plan: batches from partitions.
pub(crate) struct SourceExec {
    schema: SchemaRef,
    make: MakeBatches,
    properties: Arc<PlanProperties>,
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
        SourceExec { schema, make, properties: Arc::new(properties) }
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
