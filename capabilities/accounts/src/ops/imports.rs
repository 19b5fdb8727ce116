//! Many accounts at once from a list: first checked row by row and staged, then made in one go.

use std::collections::HashSet;

use yiwang_access::Scope;
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Id, Result};

use crate::model::{ImportRow, NewPerson, Person, read_rows};
use crate::ops::departments::departments;
use crate::ops::people::{drafted, insert};
use crate::ops::sign_in::new_link;
use crate::ops::{Invited, MANAGE};
use crate::store;
use crate::store::links::ACTIVATE;

/// A staged list is kept for a day.
const STAGED_S: i64 = 24 * 3600;
/// Accounts made in one transaction.
const CHUNK: usize = 50;

/// A checked list; nothing is made yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Names the staged list; none when no row can be made.
    pub id: Option<Id>,
    /// Its rows.
    pub rows: Vec<CheckedRow>,
}

/// One row of a checked list.
#[derive(Debug, Clone)]
pub struct CheckedRow {
    /// The row as read.
    pub row: ImportRow,
    /// Why it will not be made.
    pub problem: Option<Error>,
}

impl PartialEq for CheckedRow {
    fn eq(&self, other: &CheckedRow) -> bool {
        let code = |row: &CheckedRow| row.problem.as_ref().map(Error::code);
        self.row == other.row && code(self) == code(other)
    }
}

/// Reads a CSV or XLSX list, says of each row whether it can be made and why not, and stages those that can.
pub async fn check_import(platform: &Platform, ctx: &Ctx, file: &[u8]) -> Result<Checked> {
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    let rows = read_rows(file)?;
    let open = departments(platform, ctx, ctx.now().date(), false).await?;
    let open: HashSet<&str> = open.iter().map(|department| department.code.as_str()).collect();
    let names: Vec<&str> = rows.iter().map(|row| row.person.name.as_str()).collect();
    let mut taken: HashSet<String> = store::people::taken(&platform.db, &names).await?.into_iter().collect();
    let mut checked = Vec::new();
    for row in rows {
        let problem = problem(ctx, &row.person, &open, &taken);
        taken.insert(row.person.name.clone());
        checked.push(CheckedRow { row, problem });
    }
    let good: Vec<&NewPerson> = checked.iter().filter(|row| row.problem.is_none()).map(|row| &row.row.person).collect();
    if good.is_empty() {
        return Ok(Checked { id: None, rows: checked });
    }
    let staged = &serde_json::to_string(&good).map_err(|error| Error::internal("stage a list of people", error))?;
    let (id, maker, now) = (Id::new(ctx), &ctx.actor.to_string(), ctx.now());
    let before = now.plus_s(-STAGED_S);
    platform.db.tx(|tx| Box::pin(store::links::insert_import(tx, id, maker, now, before, staged))).await?;
    Ok(Checked { id: Some(id), rows: checked })
}

/// Makes the accounts of a staged list, once; each with the link its owner opens it by.
pub async fn apply_import(platform: &Platform, ctx: &Ctx, id: Id) -> Result<Vec<Invited>> {
    platform.access.check(ctx, MANAGE, &Scope::CITY)?;
    let maker = &ctx.actor.to_string();
    let staged = platform.db.tx(|tx| Box::pin(store::links::take_import(tx, id, maker))).await?;
    let staged = staged.ok_or_else(|| Error::gone("accounts-import-gone"))?;
    let people: Vec<NewPerson> =
        serde_json::from_str(&staged).map_err(|error| Error::internal("read a staged list of people", error))?;
    let mut invited = Vec::new();
    for chunk in people.chunks(CHUNK) {
        let drafts = chunk.iter().map(|new| drafted(ctx, new)).collect::<Result<Vec<Person>>>()?;
        let links: Vec<_> = drafts.iter().map(|_| new_link(ctx)).collect();
        let pairs = &drafts.iter().zip(&links).collect::<Vec<_>>();
        platform
            .db
            .tx(|tx| {
                Box::pin(async move {
                    for (person, (hash, link)) in pairs {
                        insert(tx, ctx, person, None).await?;
                        store::links::insert(tx, hash, person.id, ACTIVATE, link.ends).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        invited.extend(drafts.into_iter().zip(links).map(|(person, (_, link))| Invited { person, link }));
    }
    Ok(invited)
}

fn problem(ctx: &Ctx, new: &NewPerson, open: &HashSet<&str>, taken: &HashSet<String>) -> Option<Error> {
    if let Err(error) = drafted(ctx, new) {
        return Some(error);
    }
    if taken.contains(&new.name) {
        return Some(Error::conflict("accounts-name-taken"));
    }
    match &new.department {
        Some(code) if !open.contains(code.as_str()) => {
            Some(Error::invalid("department", "accounts-department-unknown").with("code", code))
        }
        _ => None,
    }
}
