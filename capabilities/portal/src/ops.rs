//! What visitors do: find a resource, look at its rows, take it along, report a fault; and how a department answers.
//! Every read is one of the public grant through the gate, whoever asks.

use std::collections::BTreeMap;

use yiwang_access::{Permission, Reach, Scope};
use yiwang_accounts::ops::holders;
use yiwang_catalogue::ops as catalogue;
use yiwang_catalogue::{Entry, Opened};
use yiwang_gate::{Answer, CountQuery, Query, RowsQuery, Why};
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Handle, Id, ListPage, PageRequest, Result, Role, Text};
use yiwang_messages::{Class, Message, Words};
use yiwang_store::decisions::{self, Decision};

use crate::faults::{ANSWER_CHARS_MAX, Fault, FaultForm, FaultState, bounded};
use crate::resource::{Resource, fields, live_grants, number_of};
use crate::store;

/// The permission to answer reported faults.
pub(crate) const ANSWER: &str = "portal.answer";

/// What stewards are told of a reported fault.
const FAULT: Class = Class::new("portal.fault");

/// The capability's permissions.
pub(crate) const PERMISSIONS: [Permission; 1] = [Permission::roles(
    ANSWER,
    &[(Role::Steward, Reach::OwnDepartment), (Role::Lead, Reach::OwnDepartment), (Role::Bureau, Reach::City)],
)];

/// A resource as readers of open data meet it; refused like its entry.
pub(crate) async fn resource(platform: &Platform, ctx: &Ctx, code: &str) -> Result<Resource> {
    let entry = catalogue::entry(platform, ctx, code).await?;
    if entry.opened == Opened::TakenDown {
        return Err(Error::gone("catalogue-taken-down").with("code", code));
    }
    let table = match entry.attached {
        Some(_) => platform.gate.table(&entry.code).await?,
        None => None,
    };
    let live = live_grants(&platform.db, ctx, &entry.code).await?;
    let (fields, grants) = (fields(&live, &entry, table.as_ref()), number_of(&live));
    let names = catalogue::department_names(platform).await?;
    let withheld = catalogue::live_withheld(platform, ctx, &entry.code).await?;
    let whole = withheld.into_iter().find(|item| item.field.is_empty());
    let department = department(&names, &entry);
    Ok(Resource { department, table, fields, grants, withheld: whole.map(|item| item.basis), entry })
}

/// Rows of an open resource under the public grant.
pub(crate) async fn rows(platform: &Platform, ctx: &Ctx, resource: &Resource, query: RowsQuery) -> Result<Answer> {
    resource.require_open()?;
    platform.gate.read(ctx, &Why::public(), &Query::Rows(query)).await
}

/// How many rows a question has in all, exactly; counted where the answer did not say.
pub(crate) async fn total(platform: &Platform, ctx: &Ctx, told: Option<u64>, query: &RowsQuery) -> Result<u64> {
    if let Some(total) = told {
        return Ok(total);
    }
    let count = CountQuery { resource: query.resource.clone(), at: query.at, filters: query.filters.clone() };
    let counted = platform.gate.read(ctx, &Why::public(), &Query::Count(count)).await?;
    for batch in counted.collect().await? {
        let cells = crate::download::Cells::new(&batch)?;
        if let Some(n) = cells.text(0, 0)?.and_then(|n| n.parse().ok()) {
            return Ok(n);
        }
    }
    Err(Error::broken("a count without a row"))
}

/// The departments that have something open, with how many and how many rows, by code.
pub(crate) async fn providers(platform: &Platform, ctx: &Ctx) -> Result<BTreeMap<String, (Text, u64)>> {
    let found = catalogue::find(platform, ctx, &open_only()).await?;
    let names = catalogue::department_names(platform).await?;
    let counted = found.facets.into_iter().filter(|facet| facet.dimension == "department");
    Ok(counted
        .map(|facet| {
            let name = names.get(&facet.value).cloned().unwrap_or_else(|| Text::new(facet.value.clone(), ""));
            (facet.value, (name, facet.count))
        })
        .collect())
}

/// A search for open resources alone.
pub(crate) fn open_only() -> catalogue::Find {
    catalogue::Find {
        facets: vec![("opening", vec![Opened::Open.word().to_owned()])],
        rows: 6,
        page: 1,
        ..Default::default()
    }
}

/// The name of an entry's provider; its code where the city knows none.
pub(crate) fn department(names: &BTreeMap<String, Text>, entry: &Entry) -> Text {
    let code = &entry.content.provider;
    names.get(code).cloned().unwrap_or_else(|| Text::new(code.clone(), ""))
}

/// 报错: keeps a report of a fault; what its sender is given to look it up.
pub(crate) async fn report_fault(platform: &Platform, ctx: &Ctx, form: FaultForm) -> Result<Fault> {
    let form = form.checked()?;
    let entry = catalogue::entry(platform, ctx, &form.resource).await.map_err(|error| match error {
        Error::NotFound(_) => Error::invalid("resource", "fault-resource-unknown"),
        other => other,
    })?;
    let title = &entry.content.title;
    let fault = &Fault {
        id: Id::new(ctx),
        handle: Handle::new(ctx).as_str().to_owned(),
        resource: entry.code.clone(),
        department: entry.content.provider.clone(),
        place: form.place,
        words: form.words,
        reported: ctx.now(),
        state: FaultState::Open,
        answer: String::new(),
        answered: None,
    };
    // The sender's words stay inside: nobody knows what they hold.
    let message = &Message {
        class: FAULT,
        event: format!("portal.fault/{}", fault.id),
        department: Some(fault.department.clone()),
        title: Words::new("portal-message-fault").titled("title", title).plain("resource", &fault.resource),
        body: None,
        path: format!("/portal/faults/{}", fault.id),
    };
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                store::keep_fault(tx, fault).await?;
                let to = holders(tx, Role::Steward, Some(&fault.department)).await?;
                yiwang_messages::send(tx, ctx, &to, message).await
            })
        })
        .await?;
    Ok(fault.clone())
}

/// A report by what its sender was given.
pub(crate) async fn fault_by_handle(platform: &Platform, handle: &str) -> Result<Fault> {
    let handle = Handle::parse(handle.trim()).map_err(|_| Error::invalid("handle", "fault-unknown"))?;
    let found = store::fault_by_handle(&platform.db, handle.as_str()).await?;
    found.ok_or_else(|| Error::not_found("fault-unknown"))
}

/// Reports for whoever answers them, newest first: their department's, or all.
pub(crate) async fn faults(platform: &Platform, ctx: &Ctx, page: &PageRequest) -> Result<ListPage<Fault>> {
    if platform.access.check(ctx, ANSWER, &Scope::CITY).is_ok() {
        return store::faults(&platform.db, None, page).await;
    }
    let own = ctx.actor.department().unwrap_or_default();
    platform.access.check(ctx, ANSWER, &Scope::department(own))?;
    store::faults(&platform.db, Some(own), page).await
}

/// A report for whoever answers it.
pub(crate) async fn fault(platform: &Platform, ctx: &Ctx, id: Id) -> Result<Fault> {
    let found = store::fault(&platform.db, id).await?.ok_or_else(|| Error::not_found("fault-unknown"))?;
    platform.access.check(ctx, ANSWER, &Scope::department(&found.department))?;
    Ok(found)
}

/// 答复: closes a report.
pub(crate) async fn answer_fault(platform: &Platform, ctx: &Ctx, id: Id, answer: &str) -> Result<Fault> {
    let found = fault(platform, ctx, id).await?;
    let answer = bounded("answer", answer, ANSWER_CHARS_MAX)?;
    if answer.is_empty() {
        return Err(Error::invalid("answer", "text-empty"));
    }
    let decision = &Decision::new("portal.answer", &found.resource).naming([found.handle.as_str()]);
    let words = answer.as_str();
    let answered = platform.db.tx(|tx| {
        Box::pin(async move {
            store::answer_fault(tx, id, words, ctx.now()).await?;
            decisions::decide(tx, ctx, Id::new(ctx), decision).await
        })
    });
    answered.await?;
    Ok(Fault { state: FaultState::Answered, answer, answered: Some(ctx.now()), ..found })
}
