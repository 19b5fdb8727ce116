//! `resources` and `query`: the catalogue and a SELECT, as the operator with a stated reason, through the gate.

use anyhow::Result;
use futures::{TryStreamExt, stream};
use serde_json::{Map, Value, json};
use yiwang_gate::{Query, SqlQuery, Why};
use yiwang_kernel::{Actor, Error};
use yiwang_portal::cells;
use yiwang_web::{Datum, csv};

use crate::assemble::{City, OPERATION};
use crate::cli::{Query as Options, Shared};
use crate::output;

/// Rows a query prints at most.
const ROWS_MAX: u64 = 1_000_000;

/// Lists what is attached.
pub(crate) async fn resources(shared: &Shared, city: &City) -> Result<()> {
    let ctx = city.platform.ctx(Actor::Operator { reason: "yiwang resources".to_owned() });
    let found = yiwang_catalogue::ops::attached(&city.platform, &ctx).await?;
    let rows: Vec<Value> = found
        .iter()
        .map(|entry| {
            let attached = entry.attached.as_ref();
            json!({
                "code": entry.code, "title": entry.content.title, "department": entry.content.provider,
                "state": entry.state.word(), "opening": entry.opened.word(),
                "version": attached.map(|attached| attached.version), "rows": attached.map(|attached| attached.rows),
            })
        })
        .collect();
    output::result(shared, &json!({ "resources": rows }), || {
        let line = |row: &Value| format!("{}\t{}\t{}\n", text(&row["code"]), row["rows"], text(&row["title"]["zh"]));
        rows.iter().map(line).collect()
    });
    Ok(())
}

/// Runs one SELECT and prints it.
pub(crate) async fn query(shared: &Shared, city: &City, options: &Options) -> Result<()> {
    if options.reason.trim().is_empty() {
        return Err(Error::invalid("reason", "reason-missing").into());
    }
    let ctx = city.platform.ctx(Actor::Operator { reason: options.reason.clone() });
    let why = Why { purpose: OPERATION.to_owned(), case: None, basis: Some(options.reason.clone()) };
    let sql = Query::Sql(SqlQuery { text: options.sql.clone(), rows_max: Some(ROWS_MAX) });
    let answer = city.platform.gate.read(&ctx, &why, &sql).await?;
    let names: Vec<String> = answer.schema.fields().iter().map(|field| field.name().clone()).collect();
    let versions: Vec<Value> =
        answer.versions.iter().map(|(code, version)| json!({ "resource": code, "version": version })).collect();
    let (sending, receipt, is_json) = (answer.sending(), answer.receipt.clone(), shared.json);
    let mut batches = answer.rows;
    let made = async move {
        let mut rows: Vec<Vec<Datum>> = Vec::new();
        while let Some(batch) = batches.try_next().await? {
            rows.extend(cells(&batch)?);
        }
        if is_json {
            let rows: Vec<Value> = rows.iter().map(|row| object(&names, row)).collect();
            let document = json!({ "columns": names, "rows": rows, "versions": versions, "receipt": receipt });
            return Ok(format!("{document:#}\n").into());
        }
        let mut out = Vec::new();
        csv(&names.iter().cloned().map(Datum::Text).collect::<Vec<_>>(), &mut out);
        rows.iter().for_each(|row| csv(row, &mut out));
        Ok(String::from_utf8_lossy(&out).into_owned().into())
    };
    let mut pieces = sending.over(Box::pin(stream::once(made)));
    while let Some(piece) = pieces.try_next().await? {
        output::print(shared, &String::from_utf8_lossy(&piece));
    }
    Ok(())
}

fn object(names: &[String], row: &[Datum]) -> Value {
    let value = |datum: &Datum| match datum {
        Datum::Null => Value::Null,
        Datum::Bool(value) => json!(value),
        Datum::Int(value) => json!(value),
        Datum::Float(value) => json!(value),
        Datum::Text(value) => json!(value),
    };
    Value::Object(names.iter().cloned().zip(row.iter().map(value)).collect::<Map<_, _>>())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
