//! Ledger requests: what the ledger shall say of a decision, written in the transaction that makes it and taken away
//! once the entry stands. Whoever relays them recognises a repetition by the id. Knows no ledger.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use yiwang_kernel::{Actor, Ctx, Error, Id, Instant, Result};

use crate::{Db, Row, Tx};

/// Requests read at most at once.
pub const REQUESTS_MAX: usize = 256;
/// Words of a reason that the ledger takes; a longer one is cut there and stands whole in the history.
const REASON_CHARS_MAX: usize = 2_000;
/// Names of what was decided about; more are told by their number.
const FIELDS_MAX: usize = 200;

/// What the ledger shall say of a decision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// `capability.what_was_decided`, for example `catalogue.open`.
    pub act: String,
    /// What it was decided about: a resource's code, an account, a setting.
    pub about: String,
    /// Why, in the words of who decided; empty where nobody was asked.
    pub reason: String,
    /// The legal basis, where there is one.
    pub basis: Option<String>,
    /// Fields, roles or codes it names.
    pub fields: Vec<String>,
}

/// A ledger request as it waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its place.
    pub sequence: i64,
    /// The entry's id: of the event or of the line of history written with it.
    pub id: Id,
    /// When it was decided.
    pub at: Instant,
    /// Who decided, as `kernel::Actor` writes itself.
    pub who: String,
    /// The department of who decided.
    pub department: Option<String>,
    /// The decision.
    pub decision: Decision,
}

/// How many requests wait, and since when the oldest does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Requests that wait.
    pub count: u64,
    /// When the oldest was made.
    pub oldest: Option<Instant>,
}

/// Whether decisions are taken, and who waits for one; shared by all clones of a store.
#[derive(Default)]
pub(crate) struct Door {
    pub(crate) shut: AtomicBool,
    pub(crate) entered: Notify,
}

impl Decision {
    /// A decision of this kind about this.
    pub fn new(act: impl Into<String>, about: impl Into<String>) -> Decision {
        Decision { act: act.into(), about: about.into(), ..Decision::default() }
    }

    /// With its reason.
    #[must_use]
    pub fn because(self, reason: &str) -> Decision {
        Decision { reason: reason.chars().take(REASON_CHARS_MAX).collect(), ..self }
    }

    /// With what it names.
    #[must_use]
    pub fn naming<'n>(self, names: impl IntoIterator<Item = &'n str>) -> Decision {
        let mut fields: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let more = fields.len().saturating_sub(FIELDS_MAX);
        fields.truncate(FIELDS_MAX);
        if more > 0 {
            fields.push(format!("+{more}"));
        }
        Decision { fields, ..self }
    }

    /// On this legal basis.
    #[must_use]
    pub fn on(self, basis: Option<String>) -> Decision {
        Decision { basis, ..self }
    }
}

impl Db {
    /// Takes no decision from now on, or takes them again: whoever relays says how far behind the ledger is.
    pub fn shut_decisions(&self, shut: bool) {
        self.decisions.shut.store(shut, Ordering::Relaxed);
    }

    /// Whether no decision is taken now.
    pub fn are_decisions_shut(&self) -> bool {
        self.decisions.shut.load(Ordering::Relaxed)
    }

    /// Waits until a decision was committed since this was last waited for.
    pub async fn decision_made(&self) {
        self.decisions.entered.notified().await;
    }
}

/// Asks for the ledger entry of a decision, in the transaction that makes it. `id` is that of the event announced with
/// it or of its line of history. Refused while the ledger is too far behind.
pub async fn decide(tx: &mut Tx<'_>, ctx: &Ctx, id: Id, decision: &Decision) -> Result<()> {
    if tx.decisions_shut {
        return Err(Error::unavailable("ledger-behind"));
    }
    let mut decision = decision.clone();
    if let Actor::Operator { reason } = &ctx.actor
        && decision.reason.is_empty()
    {
        decision = decision.because(reason);
    }
    let Decision { act, about, reason, basis, fields } = &decision;
    let (who, department) = (ctx.actor.to_string(), ctx.actor.department());
    let body = &json!({
        "who": who, "department": department, "act": act, "about": about, "reason": reason, "basis": basis,
        "fields": fields,
    });
    let sql = "INSERT INTO store_decisions (id, at, body) VALUES ($1, $2, $3)";
    tx.execute(sql, &[id.into(), ctx.now().into(), body.into()]).await?;
    tx.decided = true;
    ctx.note_decision();
    Ok(())
}

/// The requests that wait after this place, oldest first, at most `limit`.
pub async fn waiting(db: &Db, after: i64, limit: usize) -> Result<Vec<Waiting>> {
    let sql = "SELECT sequence, id, at, body FROM store_decisions WHERE sequence > $1 ORDER BY sequence LIMIT $2";
    let rows = db.query(sql, &[after.into(), limit.min(REQUESTS_MAX).into()]).await?;
    rows.iter().map(request).collect()
}

/// Whether the entry of this id still waits.
pub async fn is_waiting(db: &Db, id: Id) -> Result<bool> {
    let row = db.query_one("SELECT 1 AS one FROM store_decisions WHERE id = $1", &[id.into()]).await?;
    Ok(row.is_some())
}

/// Takes away the requests whose entries stand. One by one: a request of a smaller number may become visible later.
pub async fn acknowledge(db: &Db, sequences: &[i64]) -> Result<()> {
    db.tx(|tx| {
        Box::pin(async move {
            for sequence in sequences {
                tx.execute("DELETE FROM store_decisions WHERE sequence = $1", &[(*sequence).into()]).await?;
            }
            Ok(())
        })
    })
    .await
}

/// How many wait, and since when.
pub async fn backlog(db: &Db) -> Result<Backlog> {
    let row = db.query_one("SELECT count(*) AS n, min(at) AS oldest FROM store_decisions", &[]).await?;
    let row = row.ok_or_else(|| Error::broken("a count without a row"))?;
    Ok(Backlog { count: u64::try_from(row.int("n")?).unwrap_or(0), oldest: row.opt_instant("oldest")? })
}

fn request(row: &Row) -> Result<Waiting> {
    let Value::Object(body) = row.json("body")? else { return Err(Error::broken("a ledger request without its body")) };
    let optional = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let text = |name: &str| optional(name).unwrap_or_default();
    let decision = Decision {
        act: text("act"),
        about: text("about"),
        reason: text("reason"),
        basis: optional("basis"),
        fields: names(&body),
    };
    let (who, department) = (text("who"), optional("department"));
    Ok(Waiting { sequence: row.int("sequence")?, id: row.id("id")?, at: row.instant("at")?, who, department, decision })
}

fn names(body: &Map<String, Value>) -> Vec<String> {
    let listed = body.get("fields").and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
