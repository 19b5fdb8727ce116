//! Departments and posts: making, renaming, merging, splitting at a date. What was is kept with its dates.

use yiwang_access::Scope;
use yiwang_host::Platform;
use yiwang_kernel::{CivilDate, Ctx, Error, Id, Ref, Result, Text};
use yiwang_store::outbox::{self, Event};
use yiwang_store::{Db, Tx};

use crate::model::{Department, NamePeriod, NewDepartment, Post, Reorganisation, Succession, check_code};
use crate::ops::{DEPARTMENTS, REORGANISE};
use crate::store;

/// Successions followed at most from one department to the one of today.
const STEPS_MAX: usize = 50;
const SPLIT_INTO_MAX: usize = 20;

/// A department with its past and its posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepartmentRecord {
    /// As it stands today.
    pub department: Department,
    /// Its names, newest first.
    pub names: Vec<NamePeriod>,
    /// Where it came from and went to.
    pub successions: Vec<Succession>,
    /// Its posts.
    pub posts: Vec<Post>,
}

/// Departments as they stand on a day, in their order; closed ones too when asked.
pub async fn departments(platform: &Platform, ctx: &Ctx, day: CivilDate, closed: bool) -> Result<Vec<Department>> {
    platform.access.check(ctx, DEPARTMENTS, &Scope::CITY)?;
    store::departments::list(&platform.db, day, closed).await
}

/// One department with its past and its posts.
pub async fn department(platform: &Platform, ctx: &Ctx, code: &str) -> Result<DepartmentRecord> {
    platform.access.check(ctx, DEPARTMENTS, &Scope::CITY)?;
    let db = &platform.db;
    let found = store::departments::find(db, code, ctx.now().date()).await?;
    let department = found.ok_or_else(|| not_found(code))?;
    Ok(DepartmentRecord {
        department,
        names: store::departments::names(db, code).await?,
        successions: store::departments::successions(db, code).await?,
        posts: store::departments::posts(db, code).await?,
    })
}

/// The department that answers on this day for what this one held: itself, or its main successors in turn.
pub async fn department_of(db: &Db, code: &str, day: CivilDate) -> Result<String> {
    let mut code = code.to_owned();
    for _ in 0..STEPS_MAX {
        match store::departments::main_successor(db, &code, day).await? {
            Some(successor) => code = successor,
            None => break,
        }
    }
    Ok(code)
}

/// Makes a department.
pub async fn create_department(platform: &Platform, ctx: &Ctx, new: &NewDepartment) -> Result<Department> {
    platform.access.check(ctx, REORGANISE, &Scope::CITY)?;
    check_code(&new.code)?;
    let name = new.name.clone().checked("name", 120)?;
    let opened = new.opened.unwrap_or_else(|| ctx.now().date());
    let (code, parent) = (new.code.clone(), new.parent.clone());
    let department = &Department { code, name, parent, place: new.place, opened, closed: None };
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                if store::departments::is_known(tx, &department.code).await? {
                    return Err(Error::conflict("accounts-department-exists").with("code", &department.code));
                }
                if let Some(parent) = &department.parent {
                    require_open(tx, parent, opened, "parent").await?;
                }
                store::departments::insert(tx, department, "").await?;
                changed(tx, ctx, "accounts.department_made", &department.code, "").await
            })
        })
        .await?;
    Ok(department.clone())
}

/// Gives a department another name from a date on.
pub async fn rename(platform: &Platform, ctx: &Ctx, code: &str, name: &Text, change: &Reorganisation) -> Result<()> {
    platform.access.check(ctx, REORGANISE, &Scope::CITY)?;
    let name = &name.clone().checked("name", 120)?;
    let change = &change.clone().checked(ctx.now().date())?;
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let department = require_open(tx, code, change.since, "code").await?;
                store::departments::set_name(tx, &department.code, name, change).await?;
                changed(tx, ctx, "accounts.department_renamed", code, &format!("since {}", change.since)).await
            })
        })
        .await
}

/// Merges departments into one that stays; from the date on it answers for them, their people work for it.
pub async fn merge(
    platform: &Platform,
    ctx: &Ctx,
    departments: &[String],
    into: &str,
    change: &Reorganisation,
) -> Result<()> {
    platform.access.check(ctx, REORGANISE, &Scope::CITY)?;
    let change = &change.clone().checked(ctx.now().date())?;
    if departments.is_empty() || departments.len() > SPLIT_INTO_MAX || departments.iter().any(|code| code == into) {
        return Err(Error::invalid("departments", "accounts-merge-departments"));
    }
    let step = |code: &str| succession(code, into, "merge", true, change);
    let steps: &Vec<Succession> = &departments.iter().map(|code| step(code)).collect();
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                require_open(tx, into, change.since, "into").await?;
                for step in steps {
                    require_open(tx, &step.department, change.since, "departments").await?;
                    store::departments::close(tx, &step.department, change.since).await?;
                    store::departments::insert_succession(tx, step).await?;
                    let detail = format!("into {into} since {}", change.since);
                    changed(tx, ctx, "accounts.department_merged", &step.department, &detail).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Splits a department: the new ones begin at the date. Unless it `stays`, it ends then and the first takes people
/// and holdings.
pub async fn split(
    platform: &Platform,
    ctx: &Ctx,
    code: &str,
    into: &[NewDepartment],
    stays: bool,
    change: &Reorganisation,
) -> Result<()> {
    platform.access.check(ctx, REORGANISE, &Scope::CITY)?;
    let change = &change.clone().checked(ctx.now().date())?;
    if into.is_empty() || into.len() > SPLIT_INTO_MAX {
        return Err(Error::invalid("into", "accounts-split-into"));
    }
    for new in into {
        check_code(&new.code)?;
        new.name.clone().checked("name", 120)?;
    }
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let before = require_open(tx, code, change.since, "code").await?;
                for (place, new) in into.iter().enumerate() {
                    if store::departments::is_known(tx, &new.code).await? {
                        return Err(Error::conflict("accounts-department-exists").with("code", &new.code));
                    }
                    let made = Department {
                        code: new.code.clone(),
                        name: new.name.clone(),
                        parent: before.parent.clone(),
                        place: new.place,
                        opened: change.since,
                        closed: None,
                    };
                    store::departments::insert(tx, &made, &change.basis).await?;
                    let main = !stays && place == 0;
                    let step = succession(code, &new.code, "split", main, change);
                    store::departments::insert_succession(tx, &step).await?;
                }
                if !stays {
                    store::departments::close(tx, code, change.since).await?;
                }
                changed(tx, ctx, "accounts.department_split", code, &format!("since {}", change.since)).await
            })
        })
        .await
}

/// Makes a post of a department.
pub async fn create_post(platform: &Platform, ctx: &Ctx, department: &str, title: &Text) -> Result<Post> {
    platform.access.check(ctx, REORGANISE, &Scope::CITY)?;
    let post = &Post { id: Id::new(ctx), title: title.clone().checked("title", 60)?, closed: None };
    let today = ctx.now().date();
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                require_open(tx, department, today, "department").await?;
                store::departments::insert_post(tx, department, post).await?;
                changed(tx, ctx, "accounts.post_made", department, &post.id.to_string()).await
            })
        })
        .await?;
    Ok(post.clone())
}

/// Closes a post; who holds it keeps account and roles.
pub async fn close_post(platform: &Platform, ctx: &Ctx, department: &str, post: Id) -> Result<()> {
    platform.access.check(ctx, REORGANISE, &Scope::CITY)?;
    let today = ctx.now().date();
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                if !store::departments::close_post(tx, department, post, today).await? {
                    return Err(Error::not_found("accounts-post"));
                }
                changed(tx, ctx, "accounts.post_closed", department, &post.to_string()).await
            })
        })
        .await
}

/// The department if it exists on this day; refused naming the field otherwise.
pub(crate) async fn require_open(tx: &mut Tx<'_>, code: &str, day: CivilDate, field: &str) -> Result<Department> {
    let found = store::departments::find_in(tx, code, day).await?.filter(|found| found.is_open(day));
    found.ok_or_else(|| Error::invalid(field, "accounts-department-unknown").with("code", code))
}

fn not_found(code: &str) -> Error {
    Error::not_found("accounts-department").with("code", code)
}

fn succession(code: &str, successor: &str, kind: &str, main: bool, change: &Reorganisation) -> Succession {
    let (department, successor) = (code.to_owned(), successor.to_owned());
    let (kind, basis) = (kind.to_owned(), change.basis.clone());
    Succession { department, successor, since: change.since, kind, main, basis }
}

/// The act and the event of a change to departments.
async fn changed(tx: &mut Tx<'_>, ctx: &Ctx, kind: &str, code: &str, detail: &str) -> Result<()> {
    store::acts::note(tx, ctx, kind, None, Some(code), detail).await?;
    let subject = Ref { noun: "accounts.department".to_owned(), key: code.to_owned() };
    let body = serde_json::json!({ "department": code });
    outbox::announce(tx, ctx, &Event { kind: kind.to_owned(), subject, body }).await?;
    Ok(())
}
