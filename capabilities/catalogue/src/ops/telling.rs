//! Whom the catalogue tells of what: the bureau of what waits for it and of take-downs, submitters and stewards of what
//! became of their entries, stewards and bureau of what is late. Whoever acts is not told of the own act.

use std::collections::BTreeMap;

use yiwang_accounts::ops::holders;
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Id, Result, Role, Text};
use yiwang_messages::{Class, Message, Words};
use yiwang_store::Tx;

use super::department_names;
use crate::model::{Entry, Timeliness};
use crate::store::{self, Narrowing};

const REVIEWED: Class = Class::new("catalogue.review");
const TAKEN_DOWN: Class = Class::urgent("catalogue.take_down");
const LATE: Class = Class::new("catalogue.late");
/// Entries looked at together.
const LATE_AT_ONCE: usize = 500;

/// Tells of a change of one entry, in its transaction; of most changes nobody is told.
pub(super) async fn tell(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    before: Option<&Entry>,
    entry: &Entry,
    (word, note): (&str, &str),
) -> Result<()> {
    let provider = entry.content.provider.as_str();
    let (class, text, to) = match word {
        "submit" => (REVIEWED, "catalogue-message-submitted", holders(tx, Role::Bureau, None).await?),
        "publish" | "return" => {
            let text = if word == "publish" { "catalogue-message-published" } else { "catalogue-message-returned" };
            let mut to = holders(tx, Role::Steward, Some(provider)).await?;
            to.extend(before.and_then(submitter));
            (REVIEWED, text, to)
        }
        "take_down" => {
            let mut to = holders(tx, Role::Steward, Some(provider)).await?;
            to.extend(holders(tx, Role::Bureau, None).await?);
            (TAKEN_DOWN, "catalogue-message-taken-down", to)
        }
        _ => return Ok(()),
    };
    let acting = ctx.actor.account().map(|account| account.id);
    let to: Vec<Id> = to.into_iter().filter(|id| Some(*id) != acting).collect();
    let message = Message {
        class,
        event: format!("catalogue.entry/{}/{}/{word}", entry.code, entry.revision),
        department: Some(provider.to_owned()),
        title: Words::new(text).titled("title", &entry.latest().title).plain("code", &entry.code),
        body: (!note.is_empty()).then(|| Words::new("catalogue-message-reason").plain("reason", note)),
        path: format!("/catalogue/{}/metadata", entry.code),
    };
    yiwang_messages::send(tx, ctx, &to, &message).await.map(drop)
}

/// 催报: tells stewards and bureau which departments' entries are late, once for each day one more became so; how many
/// departments.
pub async fn remind_late(platform: &Platform, ctx: &Ctx) -> Result<usize> {
    let late = late(platform, ctx).await?;
    let names = department_names(platform).await?;
    let (late, names) = (&late, &names);
    for (provider, found) in late {
        let sent = platform.db.tx(|tx| {
            Box::pin(async move {
                let mut to = holders(tx, Role::Steward, Some(provider)).await?;
                to.extend(holders(tx, Role::Bureau, None).await?);
                let name = names.get(provider).cloned().unwrap_or_else(|| Text::new(provider.clone(), ""));
                let message = Message {
                    class: LATE,
                    event: format!("catalogue.late/{provider}/{}", ctx.now().date().plus_days(-found.newest_days)),
                    department: Some(provider.clone()),
                    title: Words::new("catalogue-message-late")
                        .titled("department", &name)
                        .number("n", found.entries)
                        .number("days", found.oldest_days.unsigned_abs()),
                    body: None,
                    path: format!("/departments/{provider}/catalogue"),
                };
                yiwang_messages::send(tx, ctx, &to, &message).await
            })
        });
        sent.await?;
    }
    Ok(late.len())
}

/// What of a department is late.
struct Found {
    entries: u64,
    oldest_days: i64,
    newest_days: i64,
}

async fn late(platform: &Platform, ctx: &Ctx) -> Result<BTreeMap<String, Found>> {
    let narrowing = Narrowing { attached: true, ..Narrowing::default() };
    let (mut late, mut after): (BTreeMap<String, Found>, _) = (BTreeMap::new(), String::new());
    loop {
        let entries = store::entries(&platform.db, &narrowing, &after, LATE_AT_ONCE).await?;
        let Some(last) = entries.last() else { return Ok(late) };
        last.code.clone_into(&mut after);
        for entry in entries.iter().filter(|entry| entry.published) {
            let Timeliness::Late { days } = entry.timeliness(ctx.now()) else { continue };
            let none = Found { entries: 0, oldest_days: days, newest_days: days };
            let found = late.entry(entry.content.provider.clone()).or_insert(none);
            found.entries += 1;
            found.oldest_days = found.oldest_days.max(days);
            found.newest_days = found.newest_days.min(days);
        }
    }
}

/// The account that sent an entry to review, if it was one.
fn submitter(entry: &Entry) -> Option<Id> {
    entry.submitted_by.strip_prefix("account:")?.parse().ok()
}
