//! 保存期限: which entries' rows are past the last day they are kept, and noting that they are gone. Removing them is for
//! whoever loads: the catalogue knows no row.

use yiwang_host::Platform;
use yiwang_kernel::{CivilDate, Ctx, Result};
use yiwang_store::Tx;

use super::{Noted, require, write};
use crate::model::{Attached, Entry};
use crate::store::{self, Narrowing};

/// Entries read at once.
const ENTRIES_PER_READ: usize = 500;

/// The codes of entries with data whose last day was before this one, in order.
pub async fn past_retention(platform: &Platform, day: CivilDate) -> Result<Vec<String>> {
    let narrowing = Narrowing { attached: true, ..Narrowing::default() };
    let mut past = Vec::new();
    let mut after = String::new();
    loop {
        let entries = store::entries(&platform.db, &narrowing, &after, ENTRIES_PER_READ).await?;
        let Some(last) = entries.last() else { return Ok(past) };
        after.clone_from(&last.code);
        let is_past = |entry: &&Entry| {
            let until = entry.content.retained_until().ok().flatten();
            until.is_some_and(|until| until < day)
        };
        past.extend(entries.iter().filter(is_past).map(|entry| entry.code.clone()));
    }
}

/// Notes that an entry's rows are gone at the end of their term, in the transaction that takes them away. The entry
/// stays; afterwards, outside the transaction, [`super::index`] brings the search index up to date.
pub async fn expire(tx: &mut Tx<'_>, ctx: &Ctx, code: &str, version: u64) -> Result<Entry> {
    let before = require(tx, code).await?;
    let mut entry = before.clone();
    entry.attached = Some(Attached { version, rows: 0, at: ctx.now().micros() });
    let noted = Noted { word: "expire", note: &before.content.retain_until, batch: None };
    write(tx, ctx, Some(&before), &mut entry, &noted).await?;
    Ok(entry)
}
