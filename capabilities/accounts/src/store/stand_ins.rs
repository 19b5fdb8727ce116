//! Who acts for whom on which days.

use yiwang_kernel::{CivilDate, Id, Instant, Result, Role};
use yiwang_store::{Db, Row, Tx};

use crate::model::StandIn;

const STAND_INS_MAX: usize = 100;

/// Roles lent to an account today, and the last day of the earliest loan to end.
pub(crate) struct Lent {
    pub(crate) roles: Vec<Role>,
    pub(crate) last_day: Option<CivilDate>,
}

pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    id: Id,
    person: Id,
    stand_in: Id,
    days: (CivilDate, CivilDate),
) -> Result<()> {
    tx.execute(
        "INSERT INTO accounts_stand_ins (id, person, stand_in, first_day, last_day, ended)
         VALUES ($1, $2, $3, $4, $5, NULL)",
        &[id.into(), person.into(), stand_in.into(), days.0.into(), days.1.into()],
    )
    .await?;
    Ok(())
}

/// Whether the account already has a stand-in on one of these days.
pub(crate) async fn overlaps(tx: &mut Tx<'_>, person: Id, days: (CivilDate, CivilDate)) -> Result<bool> {
    let sql = "SELECT 1 AS one FROM accounts_stand_ins
        WHERE person = $1 AND ended IS NULL AND first_day <= $3 AND last_day >= $2 LIMIT 1";
    Ok(tx.query_one(sql, &[person.into(), days.0.into(), days.1.into()]).await?.is_some())
}

/// Ends a loan of this account; whose stand-in it was.
pub(crate) async fn end(tx: &mut Tx<'_>, id: Id, person: Id, now: Instant) -> Result<Option<Id>> {
    let sql = "UPDATE accounts_stand_ins SET ended = $3 WHERE id = $1 AND person = $2 AND ended IS NULL
        RETURNING stand_in";
    let row = tx.query_one(sql, &[id.into(), person.into(), now.into()]).await?;
    row.map(|row| row.id("stand_in")).transpose()
}

/// Ends every loan to and from an account; the stand-ins whose sessions must end.
pub(crate) async fn end_all(tx: &mut Tx<'_>, person: Id, now: Instant) -> Result<Vec<Id>> {
    let sql = "UPDATE accounts_stand_ins SET ended = $2 WHERE (person = $1 OR stand_in = $1) AND ended IS NULL
        RETURNING stand_in";
    tx.query(sql, &[person.into(), now.into()]).await?.iter().map(|row| row.id("stand_in")).collect()
}

/// What is lent to an account on a day, by people who have not left; administrators' roles are never lent.
pub(crate) async fn lent(db: &Db, stand_in: Id, day: CivilDate) -> Result<Lent> {
    let rows = db
        .query(
            "SELECT r.role, s.last_day FROM accounts_stand_ins s
             JOIN accounts_people p ON p.id = s.person AND p.state <> 'left'
             JOIN accounts_people t ON t.id = s.stand_in AND t.department = p.department
             JOIN accounts_roles r ON r.person = p.id
             WHERE s.stand_in = $1 AND s.ended IS NULL AND s.first_day <= $2 AND s.last_day >= $2
             ORDER BY r.role, s.last_day LIMIT $3",
            &[stand_in.into(), day.into(), STAND_INS_MAX.into()],
        )
        .await?;
    let mut lent = Lent { roles: Vec::new(), last_day: None };
    for row in &rows {
        let role: Role = row.text("role")?.parse()?;
        if role.is_administrator() || lent.roles.contains(&role) {
            continue;
        }
        lent.roles.push(role);
        let last_day = row.date("last_day")?;
        lent.last_day = Some(lent.last_day.map_or(last_day, |earlier| earlier.min(last_day)));
    }
    Ok(lent)
}

/// Loans to and from an account, newest first.
pub(crate) async fn list(db: &Db, person: Id) -> Result<Vec<StandIn>> {
    let rows = db
        .query(
            "SELECT s.id, p.name AS person, t.name AS stand_in, s.first_day, s.last_day, s.ended
             FROM accounts_stand_ins s JOIN accounts_people p ON p.id = s.person
             JOIN accounts_people t ON t.id = s.stand_in
             WHERE s.person = $1 OR s.stand_in = $1 ORDER BY s.first_day DESC, s.id DESC LIMIT $2",
            &[person.into(), STAND_INS_MAX.into()],
        )
        .await?;
    let stand_in = |row: &Row| {
        Ok(StandIn {
            id: row.id("id")?,
            person: row.text("person")?,
            stand_in: row.text("stand_in")?,
            first_day: row.date("first_day")?,
            last_day: row.date("last_day")?,
            ended: row.opt_instant("ended")?,
        })
    };
    rows.iter().map(stand_in).collect()
}
