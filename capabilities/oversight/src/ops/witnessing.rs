//! Witnesses keep signed heads of the ledger elsewhere and hand their signature back. A ledger that does not reach a
//! head that was witnessed has lost entries: the city is not served until somebody accepts that on record.

use yiwang_access::Scope;
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Id, Result};
use yiwang_ledger::{Hash, Head, Witness};
use yiwang_store::decisions::{self, Decision};

use crate::WITNESSES;
use crate::store::{self, Witnessed};

/// Witnesses of one ledger at most.
const WITNESSES_MAX: usize = 50;
/// Seconds by which a witness's clock may be ahead.
const CLOCKS_APART_S: i64 = 300;
/// Characters of a reason.
const REASON_CHARS_MAX: usize = 500;

/// A head that the ledger does not contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The log, by its id.
    pub log: String,
    /// Entries under the head.
    pub size: u64,
    /// Entries of that log that are here.
    pub here: u64,
    /// Who signed the head.
    pub witness: String,
}

/// The head and what proves that it goes on from an earlier one.
pub(crate) struct Consistent {
    /// The last head, as a signed note.
    pub(crate) head: String,
    /// The proof (RFC 9162, 2.1.4); empty from nothing and from the same size.
    pub(crate) path: Vec<Hash>,
}

/// The last head, with the proof that its log begins with the first `old` entries. For everybody. Who saw more than
/// there is gets the head alone, which says so.
pub(crate) async fn consistency(platform: &Platform, old: u64) -> Result<Consistent> {
    if old == 0 || old > platform.ledger.status().entries {
        return Ok(Consistent { head: platform.ledger.head(), path: Vec::new() });
    }
    let (head, path) = platform.ledger.consistency(old).await?;
    Ok(Consistent { head, path })
}

/// Keeps a head that a registered witness signed. Refused where this ledger is not the one that was witnessed.
pub(crate) async fn take(platform: &Platform, ctx: &Ctx, note: &str) -> Result<Witnessed> {
    let head = Head::open(note, &platform.ledger.public_key()).ok_or_else(|| Error::invalid("note", "ledger-head"))?;
    let known = store::witnesses(&platform.db).await?;
    let signed = known.iter().find_map(|witness| Some((witness.name(), witness.signed(note)?)));
    let (witness, signed) = signed.ok_or_else(|| Error::invalid("note", "oversight-witness-unknown"))?;
    if signed > ctx.now().plus_s(CLOCKS_APART_S) {
        return Err(Error::invalid("note", "oversight-witness-early"));
    }
    let (log, witness) = (platform.ledger.log(), witness.to_owned());
    let witnessed = Witnessed { log, witness, size: head.size, root: head.root, signed, note: note.to_owned() };
    let kept = &witnessed;
    let here = platform.ledger.status().entries;
    let is_other = head.size <= here && platform.ledger.root_at(head.size).await? != head.root;
    // Kept all the same: it is the evidence.
    platform.db.tx(|tx| Box::pin(store::keep_head(tx, kept))).await?;
    if is_other || head.size > here {
        tracing::error!(witness = kept.witness, size = head.size, here, "a witness kept a head of another ledger");
        return Err(Error::conflict("oversight-witness-differs").with("count", head.size).with("here", here));
    }
    Ok(witnessed)
}

/// The last heads that were witnessed, largest first.
pub(crate) async fn witnessed(platform: &Platform) -> Result<Vec<Witnessed>> {
    store::heads(&platform.db).await
}

/// The registered witnesses.
pub(crate) async fn witnesses(platform: &Platform, ctx: &Ctx) -> Result<Vec<Witness>> {
    platform.access.check(ctx, WITNESSES.name, &Scope::CITY)?;
    store::witnesses(&platform.db).await
}

/// Registers the verifier key of a witness.
pub(crate) async fn register(platform: &Platform, ctx: &Ctx, verifier: &str) -> Result<Witness> {
    platform.access.check(ctx, WITNESSES.name, &Scope::CITY)?;
    let witness = Witness::parse(verifier)?;
    if store::witnesses(&platform.db).await?.len() >= WITNESSES_MAX {
        return Err(Error::refused("oversight-witnesses-many").with("limit", WITNESSES_MAX));
    }
    let added = &witness;
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                store::add_witness(tx, ctx, added).await?;
                let verifier = added.verifier();
                let decision = Decision::new("oversight.witness_registered", added.name()).naming([verifier.as_str()]);
                decisions::decide(tx, ctx, Id::new(ctx), &decision).await
            })
        })
        .await?;
    Ok(witness)
}

/// Takes a witness off the list; the heads it signed count on.
pub(crate) async fn remove(platform: &Platform, ctx: &Ctx, name: &str) -> Result<()> {
    platform.access.check(ctx, WITNESSES.name, &Scope::CITY)?;
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                if !store::remove_witness(tx, name).await? {
                    return Err(Error::not_found("oversight-witness"));
                }
                decisions::decide(tx, ctx, Id::new(ctx), &Decision::new("oversight.witness_removed", name)).await
            })
        })
        .await
}

/// Witnessed heads that the ledger does not contain and nobody accepted as lost, one a log, the largest.
pub async fn gaps(platform: &Platform) -> Result<Vec<Gap>> {
    let accepted = store::gaps(&platform.db).await?;
    let mut found: Vec<Gap> = Vec::new();
    for head in store::heads(&platform.db).await? {
        let is_accepted = accepted.iter().any(|(log, size)| *log == head.log && *size >= head.size);
        if is_accepted || found.iter().any(|gap| gap.log == head.log) {
            continue;
        }
        if let Some(here) = missing(platform, &head).await? {
            found.push(Gap { log: head.log, size: head.size, here, witness: head.witness });
        }
    }
    Ok(found)
}

/// The heads that were witnessed and not accepted as lost, as signed notes: what a check has to find.
pub async fn kept_heads(platform: &Platform) -> Result<Vec<String>> {
    let accepted = store::gaps(&platform.db).await?;
    let mut heads = store::heads(&platform.db).await?;
    heads.retain(|head| !accepted.iter().any(|(log, size)| *log == head.log && *size >= head.size));
    Ok(heads.into_iter().map(|head| head.note).collect())
}

/// Refuses a city whose ledger does not reach a head that was witnessed, until that is accepted on record.
pub async fn require_witnessed(platform: &Platform) -> Result<()> {
    match gaps(platform).await?.into_iter().next() {
        None => Ok(()),
        Some(gap) => Err(Error::conflict("oversight-gap")
            .with("witness", gap.witness)
            .with("size", gap.size)
            .with("here", gap.here)),
    }
}

/// Accepts on record, with a reason, that the ledger does not reach the heads that were witnessed; which.
pub async fn accept_gaps(platform: &Platform, ctx: &Ctx, reason: &str) -> Result<Vec<Gap>> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::invalid("reason", "reason-missing"));
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(Error::invalid("reason", "text-too-long").with("limit", REASON_CHARS_MAX));
    }
    let found = gaps(platform).await?;
    let accepted = &found;
    platform
        .db
        .tx(|tx| {
            Box::pin(async move {
                for gap in accepted {
                    let id = Id::new(ctx);
                    store::accept_gap(tx, ctx, id, (&gap.log, gap.size), reason).await?;
                    let lost = [format!("{} entries witnessed", gap.size), format!("{} here", gap.here)];
                    let decision = Decision::new("oversight.gap_accepted", &gap.log).because(reason);
                    let decision = decision.naming(lost.iter().map(String::as_str));
                    decisions::decide(tx, ctx, id, &decision).await?;
                }
                Ok(())
            })
        })
        .await?;
    Ok(found)
}

/// How many entries of its log are here, where the head is not contained in it.
async fn missing(platform: &Platform, head: &Witnessed) -> Result<Option<u64>> {
    let ledger = &platform.ledger;
    let here = ledger.status().entries;
    if head.log == ledger.log() {
        let contains = head.size <= here && ledger.root_at(head.size).await? == head.root;
        return Ok((!contains).then_some(here));
    }
    let first = if here == 0 { None } else { ledger.entry(0).await?.header.follows };
    if let Some(before) = first.filter(|before| yiwang_seal::hex(&before.log) == head.log) {
        let on_record = before.witnessed.map_or(before.size, |(size, _)| size.max(before.size));
        return Ok((head.size > on_record).then_some(before.size));
    }
    // What an older log lost was settled when the one after it began; a log that nobody here knows is lost whole.
    let is_known = ledger.earlier().await?.contains(&head.log);
    Ok((!is_known).then_some(0))
}
