//! Who hears what became of a load: whoever loaded; for a load of the operator or the platform the department's
//! stewards. Says nothing of what a person did to a load by hand.

use yiwang_accounts::ops::holders;
use yiwang_kernel::{Ctx, Id, Result, Role};
use yiwang_messages::{Class, Message, Words};
use yiwang_store::Tx;

use crate::model::LoadReport;

const LOAD: Class = Class::new("collect.load");

/// Tells of a load, in the transaction that settles it.
pub(super) async fn tell(tx: &mut Tx<'_>, ctx: &Ctx, word: &str, load: Id, report: &LoadReport) -> Result<()> {
    let text = match word {
        "loaded" => "collect-message-loaded",
        "held" => "collect-message-held",
        "refused" => "collect-message-refused",
        "cancelled" => "collect-message-cancelled",
        _ => return Ok(()),
    };
    let to = match ctx.actor.account() {
        Some(account) => vec![account.id],
        None => holders(tx, Role::Steward, Some(&report.department)).await?,
    };
    let message = Message {
        class: LOAD,
        event: format!("collect.load/{load}/{word}"),
        department: Some(report.department.clone()),
        title: Words::new(text)
            .plain("resource", &report.resource)
            .number("rows", report.rows_loaded)
            .number("refused", report.rows_refused),
        // The title of a load may be a file's name, so it stays inside.
        body: Some(Words::new("collect-message-source").plain("source", &report.source)),
        path: format!("/collect/loads/{load}"),
    };
    yiwang_messages::send(tx, ctx, &to, &message).await.map(drop)
}
