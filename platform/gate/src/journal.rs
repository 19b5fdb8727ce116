//! What the ledger is told of a read: one entry before its first byte leaves, one when a stream ends. A failing ledger
//! fails the read. Values never stand here but as subjects, of which the ledger keeps labels.

use yiwang_kernel::{Ctx, Id, Ref, Result};
use yiwang_ledger::{Common, Entry, Identifier, Ledger, Outcome, Part, ReadKind, SUBJECTS_MAX};

use crate::engine::Subject;
use crate::{Policy, Query, Receipt, Why};

/// Fields named in an entry; more are the whole resource.
const FIELDS_MAX: usize = 200;

/// Tells the ledger.
#[derive(Clone)]
pub(crate) struct Journal {
    ledger: Ledger,
}

/// One read, as the ledger will know it.
#[derive(Clone)]
pub(crate) struct Read {
    pub(crate) id: Id,
    why: Why,
    grants: Vec<Id>,
    resources: Vec<String>,
    pub(crate) kind: ReadKind,
    pub(crate) versions: Vec<(String, u64)>,
    pub(crate) fields: Vec<String>,
    pub(crate) subjects: Vec<Subject>,
    /// Rows given, where the whole answer was held back; none while a stream goes on.
    pub(crate) rows_known: Option<u64>,
    /// Rows a stream may give at most.
    pub(crate) rows_max: u64,
}

impl Read {
    /// A read under these policies.
    pub(crate) fn new(ctx: &Ctx, why: &Why, policies: &[Policy], kind: ReadKind) -> Read {
        Read {
            id: Id::new(ctx),
            why: why.clone(),
            grants: policies.iter().flat_map(|policy| policy.grants.iter().map(|grant| grant.id)).collect(),
            resources: policies.iter().map(|policy| policy.resource.clone()).collect(),
            kind,
            versions: Vec::new(),
            fields: Vec::new(),
            subjects: Vec::new(),
            rows_known: None,
            rows_max: u64::from(u32::MAX),
        }
    }

    fn common(&self, ctx: &Ctx) -> Common {
        let version = |(resource, version): &(String, u64)| format!("{resource}@{version}");
        Common {
            read: Some(self.kind),
            case: self.why.case.clone(),
            basis: self.why.basis.clone(),
            grants: self.grants.iter().map(Id::to_string).collect(),
            resource: Some(self.resources.join(", ")).filter(|resources| !resources.is_empty()),
            version: Some(self.versions.iter().map(version).collect::<Vec<_>>().join(", ")),
            fields: self.fields.iter().take(FIELDS_MAX).cloned().collect(),
            ..Common::of(&ctx.actor, &self.why.purpose)
        }
    }
}

/// What a query is, in the ledger's words.
pub(crate) fn kind_of(query: &Query) -> ReadKind {
    match query {
        Query::Rows(rows) if rows.page == crate::Page::All => ReadKind::Bulk,
        Query::Rows(_) => ReadKind::Hits,
        Query::Count(_) => ReadKind::Statistics,
        Query::Sql(_) | Query::Changes(_) => ReadKind::Bulk,
    }
}

impl Journal {
    /// On this ledger.
    pub(crate) fn new(ledger: Ledger) -> Journal {
        Journal { ledger }
    }

    /// Enters a read, durably, before anything of it leaves.
    pub(crate) async fn open(&self, ctx: &Ctx, read: &Read) -> Result<Receipt> {
        let entry = with_subjects(Entry::open(read.common(ctx)), &read.subjects, &read.fields);
        let entry = if read.rows_known.is_some() { entry } else { entry.streaming(read.rows_max) };
        let receipt = self.ledger.append(entry).await?;
        Ok(Receipt { index: receipt.index, batch: receipt.batch, read: read.id })
    }

    /// Enters that a blob is about to be given.
    pub(crate) async fn open_blob(&self, ctx: &Ctx, read: &Read, blob: Id) -> Result<Receipt> {
        let common = Common { act: Some(format!("blob:{blob}")), ..read.common(ctx) };
        let receipt = self.ledger.append(Entry::open(common).streaming(read.rows_max)).await?;
        Ok(Receipt { index: receipt.index, batch: receipt.batch, read: read.id })
    }

    /// Enters how a stream ended.
    pub(crate) async fn close(&self, ctx: &Ctx, read: &Read, open: &Receipt, outcome: Outcome) -> Result<()> {
        self.ledger.append(Entry::close(open.index, read.common(ctx), outcome)).await?;
        Ok(())
    }

    /// Enters that something of the store is about to be shown.
    pub(crate) async fn note(&self, ctx: &Ctx, why: &Why, what: &Ref, subjects: &[Subject]) -> Result<Receipt> {
        let mut read = Read::new(ctx, why, &[], ReadKind::File);
        read.resources = vec![format!("{}:{}", what.noun, what.key)];
        read.rows_known = Some(subjects.len() as u64);
        read.subjects = subjects.to_vec();
        self.open(ctx, &read).await
    }
}

fn with_subjects(mut entry: Entry, subjects: &[Subject], fields: &[String]) -> Entry {
    let mut distinct: Vec<&Subject> = subjects.iter().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() > SUBJECTS_MAX {
        return entry.listing(distinct.into_iter().map(identifier).collect());
    }
    for (row, subject) in distinct.into_iter().enumerate() {
        let fields = fields.iter().take(FIELDS_MAX).cloned().collect();
        entry = entry.about(identifier(subject), Part { row: (row + 1).to_string(), fields });
    }
    entry
}

fn identifier(subject: &Subject) -> Identifier {
    Identifier::new(&subject.kind, &subject.value)
}
