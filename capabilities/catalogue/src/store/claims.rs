//! `catalogue_claims`: which field says it is the one source of which datum. The first claim stands; further ones are
//! kept and listed as conflicts until a person decides.

use yiwang_kernel::{Instant, Result};
use yiwang_store::{Db, Row, Tx};

use crate::model::{Content, Entry};

const CONFLICTS_MAX: usize = 1_000;

/// One claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The datum.
    pub datum: String,
    /// The entry that claims it.
    pub code: String,
    /// Its field.
    pub field: String,
    /// The entry's title.
    pub title: String,
    /// The department, by code.
    pub provider: String,
    /// When it was claimed.
    pub claimed: Instant,
}

/// Brings the claims of an entry up to what it says now; a claim that stays keeps its time.
pub(crate) async fn put_claims(tx: &mut Tx<'_>, before: Option<&Content>, entry: &Entry) -> Result<()> {
    let claims = |content: &Content| -> Vec<(String, String)> {
        let claiming = content.fields.iter().filter(|field| field.source);
        claiming.map(|field| (field.name.clone(), field.datum().to_owned())).collect()
    };
    let old = before.map(claims).unwrap_or_default();
    let new = claims(&entry.content);
    let sql = "DELETE FROM catalogue_claims WHERE code = $1 AND field = $2";
    for (field, _) in old.iter().filter(|claim| !new.contains(claim)) {
        tx.execute(sql, &[(&entry.code).into(), field.into()]).await?;
    }
    let sql = "INSERT INTO catalogue_claims (code, field, datum, title, provider, claimed)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (code, field) DO UPDATE SET datum = excluded.datum,
        title = excluded.title, provider = excluded.provider, claimed = excluded.claimed";
    for (field, datum) in new.iter().filter(|claim| !old.contains(claim)) {
        let content = &entry.content;
        let row = [
            (&entry.code).into(),
            field.into(),
            datum.into(),
            (&content.title.zh).into(),
            (&content.provider).into(),
            entry.updated.into(),
        ];
        tx.execute(sql, &row).await?;
    }
    Ok(())
}

/// Claims on data that more than one field claims, each datum's first claim first.
pub(crate) async fn conflicts(db: &Db, code: Option<&str>) -> Result<Vec<Claim>> {
    let narrowed =
        if code.is_some() { "AND datum IN (SELECT datum FROM catalogue_claims WHERE code = $2)" } else { "" };
    let sql = format!(
        "SELECT datum, code, field, title, provider, claimed FROM catalogue_claims
        WHERE datum IN (SELECT datum FROM catalogue_claims GROUP BY datum HAVING count(*) > 1) {narrowed}
        ORDER BY datum, claimed, code, field LIMIT $1"
    );
    let mut values = vec![CONFLICTS_MAX.into()];
    values.extend(code.map(Into::into));
    db.query(&sql, &values).await?.iter().map(claim_of).collect()
}

fn claim_of(row: &Row) -> Result<Claim> {
    Ok(Claim {
        datum: row.text("datum")?,
        code: row.text("code")?,
        field: row.text("field")?,
        title: row.text("title")?,
        provider: row.text("provider")?,
        claimed: row.instant("claimed")?,
    })
}
