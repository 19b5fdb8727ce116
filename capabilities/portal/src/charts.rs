//! What the columns of an open resource hold: the most frequent values of those that repeat, counted through the gate
//! over the open rows, so that a chart never shows what a table would not. Kept in memory per version for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use yiwang_gate::{Gate, Query, SqlQuery, Why};
use yiwang_kernel::{Ctx, Instant, Result};

use crate::download::Cells;
use crate::resource::{Resource, Shown};

/// Values one chart shows.
pub(crate) const VALUES_MAX: usize = 8;
/// Charts one page shows.
const CHARTS_MAX: usize = 3;
/// Columns looked at for them.
const COLUMNS_MAX: usize = 8;
/// Larger tables are not counted for a page.
const ROWS_MAX: u64 = 1_000_000;
/// Resources kept.
const KEPT_MAX: usize = 500;
/// Seconds they are kept.
const KEPT_S: i64 = 600;

/// The most frequent values of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Distribution {
    /// The column.
    pub(crate) field: String,
    /// Values with their rows, most frequent first; none is an empty cell.
    pub(crate) values: Vec<(Option<String>, u64)>,
}

/// When distributions were computed, and they.
type Drawn = (Instant, Arc<Vec<Distribution>>);

/// Distributions counted lately.
#[derive(Debug, Default)]
pub(crate) struct Charts(Mutex<HashMap<Key, Drawn>>);

/// Code, version, and what stands for the live grants.
type Key = (String, u64, u64);

impl Charts {
    /// The distributions of an open resource, at most [`CHARTS_MAX`].
    pub(crate) async fn of(&self, gate: &Gate, ctx: &Ctx, resource: &Resource) -> Result<Arc<Vec<Distribution>>> {
        let Some(table) = resource.table.as_ref().filter(|table| table.rows <= ROWS_MAX && resource.is_open()) else {
            return Ok(Arc::default());
        };
        let columns = columns(resource);
        let key = (resource.entry.code.clone(), table.version, resource.grants);
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((counted, found)) = kept
            && ctx.now() < counted.plus_s(KEPT_S)
        {
            return Ok(found);
        }
        let mut found = Vec::new();
        for column in columns {
            if found.len() == CHARTS_MAX {
                break;
            }
            found.extend(count(gate, ctx, &resource.entry.code, &column, table.rows).await?);
        }
        let found = Arc::new(found);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, (ctx.now(), Arc::clone(&found)));
        Ok(found)
    }
}

fn columns(resource: &Resource) -> Vec<String> {
    let key = resource.table.as_ref().map(|table| table.key.as_slice()).unwrap_or_default();
    let fits = |field: &&crate::resource::FieldView| {
        field.shown == Shown::Open && matches!(field.r#type.as_str(), "text" | "bool") && !key.contains(&field.name)
    };
    resource.fields.iter().filter(fits).map(|field| field.name.clone()).take(COLUMNS_MAX).collect()
}

/// Nothing where the values hardly repeat: a list of names is no chart.
async fn count(gate: &Gate, ctx: &Ctx, code: &str, column: &str, rows: u64) -> Result<Option<Distribution>> {
    let text = format!(
        "select \"{column}\" as v, count(*) as n from \"{code}\" group by \"{column}\" \
         order by n desc, v limit {VALUES_MAX}"
    );
    let query = Query::Sql(SqlQuery { text, rows_max: Some(VALUES_MAX as u64) });
    let mut values = Vec::new();
    for batch in gate.read(ctx, &Why::public(), &query).await?.collect().await? {
        let cells = Cells::new(&batch)?;
        for row in 0..cells.rows() {
            let n = cells.text(1, row)?.and_then(|n| n.parse().ok()).unwrap_or(0);
            values.push((cells.text(0, row)?, n));
        }
    }
    let counted: u64 = values.iter().map(|(_, n)| n).sum();
    let repeats = values.len() > 1 && counted * 2 >= rows && counted >= 2 * values.len() as u64;
    Ok(repeats.then(|| Distribution { field: column.to_owned(), values }))
}
