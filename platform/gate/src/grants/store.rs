//! SQL of `gate_grants`: one row a grant, its rule, fields and masks as JSON that is never queried.

use std::collections::BTreeMap;
use std::str::FromStr;

use yiwang_kernel::{Error, Id, Instant, Result, Role};
use yiwang_store::{Db, Migration, Row, Tx, Value};

use crate::{Fields, Filter, Grant, Grantee, Mask, RESOURCE_ANY, RowRule};

const GRANTS_MAX: usize = 10_000;
const COLUMNS: &str = "id, resource, grantee, purpose, row_rule, fields, masks, starts, ends, suspended";

/// The gate's tables.
pub const MIGRATIONS: &[Migration] = &[Migration {
    capability: "gate",
    number: 1,
    sql: "CREATE TABLE gate_grants (
    id BLOB NOT NULL PRIMARY KEY,
    resource TEXT NOT NULL,
    grantee TEXT NOT NULL,
    purpose TEXT NOT NULL,
    row_rule TEXT,
    fields TEXT,
    masks TEXT NOT NULL,
    starts INTEGER NOT NULL,
    ends INTEGER,
    suspended INTEGER NOT NULL
) STRICT;
CREATE INDEX gate_grants_resource ON gate_grants (resource, purpose);
",
}];

/// Which grants are wanted: those that fit everything stated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindGrants {
    /// Of this resource, those for every resource included.
    pub resource: Option<String>,
    /// For this purpose.
    pub purpose: Option<String>,
    /// To this grantee.
    pub grantee: Option<Grantee>,
}

/// Writes a grant, or changes the one with its id.
pub async fn put(tx: &mut Tx<'_>, grant: &Grant) -> Result<()> {
    if grant.resource == RESOURCE_ANY && !matches!(grant.grantee, Grantee::Operator | Grantee::System(_)) {
        return Err(Error::invalid("resource", "gate-grant-any"));
    }
    if let Some(rule) = &grant.rows {
        rule.all.iter().try_for_each(Filter::check)?;
    }
    let sql =
        "INSERT INTO gate_grants (id, resource, grantee, purpose, row_rule, fields, masks, starts, ends, suspended)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (id) DO UPDATE SET resource = excluded.resource, grantee = excluded.grantee,
        purpose = excluded.purpose, row_rule = excluded.row_rule, fields = excluded.fields, masks = excluded.masks,
        starts = excluded.starts, ends = excluded.ends, suspended = excluded.suspended";
    let fields = match &grant.fields {
        Fields::All => None,
        Fields::Listed(fields) => Some(json(fields)?),
    };
    let rows = grant.rows.as_ref().map(|rule| json(&rule.all)).transpose()?;
    let values = [
        grant.id.into(),
        Value::from(&grant.resource),
        grantee_text(&grant.grantee).into(),
        Value::from(&grant.purpose),
        rows.into(),
        fields.into(),
        json(&grant.masks)?.into(),
        grant.from.into(),
        grant.until.into(),
        grant.suspended.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Sets a grant aside, or back; refuses an unknown one.
pub async fn suspend(tx: &mut Tx<'_>, id: Id, suspended: bool) -> Result<()> {
    let sql = "UPDATE gate_grants SET suspended = $2 WHERE id = $1";
    match tx.execute(sql, &[id.into(), suspended.into()]).await? {
        0 => Err(Error::not_found("gate-grant-unknown")),
        _ => Ok(()),
    }
}

/// Sets every grant of a resource to this grantee aside, or back; how many. This is how a resource is taken down.
pub async fn suspend_resource(tx: &mut Tx<'_>, resource: &str, grantee: &Grantee, suspended: bool) -> Result<u64> {
    let sql = "UPDATE gate_grants SET suspended = $3 WHERE resource = $1 AND grantee = $2";
    tx.execute(sql, &[resource.into(), grantee_text(grantee).into(), suspended.into()]).await
}

/// Ends a grant at this instant; it stays on record.
pub async fn revoke(tx: &mut Tx<'_>, id: Id, now: Instant) -> Result<()> {
    let sql = "UPDATE gate_grants SET ends = $2 WHERE id = $1 AND (ends IS NULL OR ends > $2)";
    tx.execute(sql, &[id.into(), now.into()]).await?;
    Ok(())
}

/// The grant with this id.
pub async fn get(db: &Db, id: Id) -> Result<Option<Grant>> {
    let sql = format!("SELECT {COLUMNS} FROM gate_grants WHERE id = $1");
    db.query_one(&sql, &[id.into()]).await?.map(|row| grant_of(&row)).transpose()
}

/// The grants that fit, oldest first.
pub async fn find(db: &Db, wanted: &FindGrants) -> Result<Vec<Grant>> {
    let (sql, values) = statement(wanted);
    db.query(&sql, &values).await?.iter().map(grant_of).collect()
}

/// The same inside a transaction.
pub async fn find_in(tx: &mut Tx<'_>, wanted: &FindGrants) -> Result<Vec<Grant>> {
    let (sql, values) = statement(wanted);
    tx.query(&sql, &values).await?.iter().map(grant_of).collect()
}

fn statement(wanted: &FindGrants) -> (String, Vec<Value>) {
    let mut conditions = Vec::new();
    let mut values = Vec::new();
    if let Some(resource) = &wanted.resource {
        values.push(Value::from(resource));
        conditions.push(format!("(resource = ${} OR resource = '{RESOURCE_ANY}')", values.len()));
    }
    if let Some(purpose) = &wanted.purpose {
        values.push(Value::from(purpose));
        conditions.push(format!("purpose = ${}", values.len()));
    }
    if let Some(grantee) = &wanted.grantee {
        values.push(grantee_text(grantee).into());
        conditions.push(format!("grantee = ${}", values.len()));
    }
    let filter = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    (format!("SELECT {COLUMNS} FROM gate_grants{filter} ORDER BY id LIMIT {GRANTS_MAX}"), values)
}

fn grant_of(row: &Row) -> Result<Grant> {
    let rows: Option<Vec<Filter>> = row.opt_text("row_rule")?.map(|text| parse(&text)).transpose()?;
    let fields: Option<Vec<String>> = row.opt_text("fields")?.map(|text| parse(&text)).transpose()?;
    let masks: BTreeMap<String, Mask> = parse(&row.text("masks")?)?;
    Ok(Grant {
        id: row.id("id")?,
        resource: row.text("resource")?,
        grantee: grantee_of(&row.text("grantee")?)?,
        purpose: row.text("purpose")?,
        rows: rows.map(|all| RowRule { all }),
        fields: fields.map_or(Fields::All, Fields::Listed),
        masks,
        from: row.instant("starts")?,
        until: row.opt_instant("ends")?,
        suspended: row.bool("suspended")?,
    })
}

fn grantee_text(grantee: &Grantee) -> String {
    match grantee {
        Grantee::Public => "public".to_owned(),
        Grantee::Account(id) => format!("account:{id}"),
        Grantee::Department(code) => format!("department:{code}"),
        Grantee::Role(role) => format!("role:{}", role.word()),
        Grantee::Operator => "operator".to_owned(),
        Grantee::System(purpose) => format!("system:{purpose}"),
    }
}

fn grantee_of(text: &str) -> Result<Grantee> {
    let grantee = match text.split_once(':') {
        None if text == "public" => Grantee::Public,
        None if text == "operator" => Grantee::Operator,
        Some(("account", id)) => Grantee::Account(id.parse()?),
        Some(("department", code)) => Grantee::Department(code.to_owned()),
        Some(("role", word)) => Grantee::Role(Role::from_str(word)?),
        Some(("system", purpose)) => Grantee::System(purpose.to_owned()),
        _ => return Err(Error::broken("a stored grantee cannot be read")),
    };
    Ok(grantee)
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal("writing a grant", error))
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::internal("reading a grant", error))
}
