//! What the gate and the ledger cost a read: the same rows of an open resource for the public (gate alone), for the
//! operator (gate, an entry before the first row and one after the last), and a read that is refused (gate alone,
//! before anything is read).

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use yiwang_gate::{Page, Query, RowsQuery, Why};
use yiwang_kernel::Actor;

use super::{milliseconds, operator, read, times};
use crate::assemble::{City, OPERATION};
use crate::cli::Shared;
use crate::output;

/// Reads of so many rows at a time, the kinds in turns.
pub(super) async fn reads(shared: &Shared, resource: &str, rows: u64, repeat: usize) -> Result<()> {
    let city = City::open(shared).await?;
    let table = city.platform.gate.table(resource).await?.context("the resource has no table")?;
    let (public, operator) = (city.platform.ctx(Actor::Stranger), operator(&city));
    let (open, entered) = (Why::public(), Why::purpose(OPERATION));
    let query = |turn: u64| {
        let offset = (turn * rows) % table.rows.saturating_sub(rows).max(1);
        Query::Rows(RowsQuery {
            resource: resource.to_owned(),
            page: if rows == 0 { Page::All } else { Page::Offset { offset, rows } },
            ..RowsQuery::default()
        })
    };
    let unknown = Query::Rows(RowsQuery {
        resource: resource.to_owned(),
        fields: vec!["no such field".to_owned()],
        ..RowsQuery::default()
    });
    let (mut gated, mut logged, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..repeat.max(1) as u64 {
        let query = query(turn);
        gated.extend(times(1, async || read(&city, &public, &open, &query).await).await?);
        logged.extend(times(1, async || read(&city, &operator, &entered, &query).await).await?);
        let refusal = async || {
            let answer = read(&city, &operator, &entered, &unknown).await;
            anyhow::ensure!(answer.is_err(), "an unknown field is refused");
            Ok(())
        };
        refused.extend(times(1, refusal).await?);
    }
    let [gated, logged, refused] = [gated, logged, refused].map(median);
    let document = json!({
        "resource": resource, "rows": if rows == 0 { table.rows } else { rows }, "repeat": repeat,
        "gate_ms": gated, "gate_and_ledger_ms": logged, "refused_ms": refused,
        "ledger_share": (logged - gated) / gated, "gate_share": refused / gated,
    });
    output::result(shared, &document, || document.to_string());
    city.close().await;
    Ok(())
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    milliseconds(times[times.len() / 2])
}
