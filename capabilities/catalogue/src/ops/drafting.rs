//! Writing entries: a new draft, another wording. Nothing here is seen by the public.

use yiwang_access::Scope;
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Result};
use yiwang_store::Tx;

use super::{Act, EDIT, Noted, act, indexing, is_open_to_edit, require_department, write};
use crate::model::{Code, Content, Entry, drafted_classification};
use crate::store;

/// Codes tried at most until a free one is found.
const CODES_TRIED_MAX: u32 = 1_000;

/// Makes a draft; without a code the next free one of the department is taken.
pub async fn create(platform: &Platform, ctx: &Ctx, code: Option<&str>, content: &Content) -> Result<Entry> {
    content.check()?;
    platform.access.check(ctx, EDIT, &Scope::department(&content.provider))?;
    require_department(platform, &content.provider).await?;
    let given: Option<Code> = code.map(str::parse).transpose()?;
    let given = given.as_ref();
    let entry = platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                let code = match given {
                    Some(code) => taken_over(tx, code).await?,
                    None => free_code(tx, &content.provider).await?,
                };
                let mut entry = Entry::draft(code, content.clone(), &ctx.actor.to_string(), ctx.now());
                write(tx, ctx, None, &mut entry, &Noted { word: "create", note: "", batch: None }).await?;
                Ok(entry)
            })
        })
        .await?;
    indexing::follow(platform, &entry).await?;
    Ok(entry)
}

/// Takes another wording; `revision` is the one the editor saw. A published entry keeps its wording until approval.
pub async fn edit(platform: &Platform, ctx: &Ctx, code: &str, revision: i64, content: &Content) -> Result<Entry> {
    platform.access.check(ctx, EDIT, &Scope::department(&content.provider))?;
    require_department(platform, &content.provider).await?;
    let actor = ctx.actor.to_string();
    act(platform, ctx, &Act { code, permission: EDIT, word: "edit", note: "" }, &|entry| {
        if entry.revision != revision {
            return Err(Error::conflict("catalogue-changed-meanwhile"));
        }
        if !is_open_to_edit(entry.state) {
            return Err(entry.wrong_state());
        }
        entry.reword(content.clone(), &actor)
    })
    .await
}

/// A free code for a resource of this department, given out once; for loads that draft their entry when they finish.
pub async fn new_code(platform: &Platform, department: &str) -> Result<String> {
    let code = platform.db.tx(|tx| Box::pin(async move { free_code(tx, department).await })).await?;
    Ok(code.to_string())
}

pub(super) async fn free_code(tx: &mut Tx<'_>, department: &str) -> Result<Code> {
    let classification = drafted_classification(department);
    for _ in 0..CODES_TRIED_MAX {
        let code = Code::of(&classification, store::next_sequence(tx, &classification).await?)?;
        if !store::exists_in(tx, &code.to_string()).await? {
            return Ok(code);
        }
    }
    Err(Error::conflict("catalogue-code-taken").with("given", classification))
}

async fn taken_over(tx: &mut Tx<'_>, code: &Code) -> Result<Code> {
    if store::exists_in(tx, &code.to_string()).await? {
        return Err(Error::invalid("code", "catalogue-code-taken").with("given", code));
    }
    store::raise_sequence(tx, code).await?;
    Ok(code.clone())
}
