//! Plain copies of what the public grant shows, for programs that open Delta tables. Writing one is a bulk read under
//! that grant, entered in the ledger though open data is not; it is found by others only while the grant still holds,
//! and taken away when it does not. Knows no file and no format.

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use yiwang_kernel::{Actor, Ctx, Id, Result};
use yiwang_ledger::ReadKind;

use crate::journal::Read;
use crate::stream::Closing;
use crate::{Gate, Permit, Policy, Query, Receipt, RowStream, RowsQuery, Why, policies, stream};

/// The platform's name in the ledger when it writes copies.
const ACTOR: &str = "copies";

/// What a copy is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySpec {
    /// The resource's code.
    pub resource: String,
    /// Columns, by name, of which the copy tells no least and no greatest value.
    pub quiet: Vec<String>,
}

/// A copy as it stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PlainCopy {
    /// The resource's code.
    pub resource: String,
    /// The version it holds.
    pub version: u64,
    /// Its rows.
    pub rows: u64,
    /// Bytes of its file.
    pub size_bytes: u64,
}

/// Rows on their way into a copy.
pub struct CopyRows {
    /// The version they are of.
    pub version: u64,
    /// Their columns.
    pub schema: SchemaRef,
    /// The rows.
    pub rows: RowStream,
}

/// A copy's rows, durable, found by nobody yet.
#[derive(Debug, Clone)]
pub struct StagedCopy {
    /// Names its file.
    pub id: Id,
    /// What it is of.
    pub copy: CopySpec,
    /// The policies it was read under, in words that change when they do.
    pub basis: String,
    /// The version it holds.
    pub version: u64,
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows.
    pub rows: u64,
    /// Empty cells of each column.
    pub nulls: Vec<u64>,
    /// Bytes of its file.
    pub size_bytes: u64,
}

/// Where an engine keeps plain copies.
#[async_trait]
pub trait Copies: Send + Sync {
    /// Whether the copy holds the newest version, as read under this basis.
    async fn is_current(&self, copy: &CopySpec, basis: &str) -> Result<bool>;

    /// Writes rows beside the copy.
    async fn stage(&self, ctx: &Ctx, copy: &CopySpec, basis: &str, rows: CopyRows) -> Result<StagedCopy>;

    /// Makes them the copy, all at once.
    async fn publish(&self, ctx: &Ctx, staged: &StagedCopy) -> Result<()>;

    /// Gives them up.
    async fn discard(&self, staged: &StagedCopy) -> Result<()>;

    /// Takes the copy away unless it was read under this basis; where there is none, away.
    async fn keep(&self, resource: &str, basis: Option<&str>) -> Result<()>;

    /// Every copy there is.
    async fn list(&self) -> Result<Vec<PlainCopy>>;
}

impl Gate {
    /// Brings the plain copy of an open resource to its newest version; nothing where it is. Refused like any read.
    pub async fn copy_out(&self, ctx: &Ctx, copy: &CopySpec) -> Result<Option<Receipt>> {
        let Some(copies) = self.engine.copies() else { return Ok(None) };
        let (ctx, why) = (ctx.acting_as(Actor::System(ACTOR)), Why::public());
        let policy = policies::find(&self.db, &ctx, &why, &copy.resource).await?;
        let basis = basis(&policy);
        if copies.is_current(copy, &basis).await? {
            return Ok(None);
        }
        let policies = vec![policy];
        let read = Read::new(&ctx, &why, &policies, ReadKind::Bulk);
        let query = Query::Rows(RowsQuery::all(&copy.resource));
        let answered = self.engine.read(Permit::new(read.id, policies.clone()), &query).await?;
        let version = answered.versions.first().map_or(0, |(_, version)| *version);
        let schema = answered.schema.clone();
        let (receipt, rows, _) = self.entered(&ctx, &why, read, policies.clone(), answered).await?;
        let staged = copies.stage(&ctx, copy, &basis, CopyRows { version, schema, rows }).await?;
        // From here to the end no other call of this gate touches copies: what ended meanwhile is seen, and what ends
        // from now on finds the copy and takes it away.
        let _alone = self.copying.lock().await;
        match policies::find(&self.db, &ctx, &why, &copy.resource).await {
            Ok(still) if policies.first() == Some(&still) => copies.publish(&ctx, &staged).await?,
            Ok(_) => copies.discard(&staged).await?,
            Err(refused) => {
                copies.discard(&staged).await?;
                return Err(refused);
            }
        }
        Ok(Some(receipt))
    }

    /// Takes the plain copy of a resource away unless the public grant still shows just what it holds. When whether it
    /// does cannot be told, it goes: it can be made again.
    pub async fn review_copy(&self, ctx: &Ctx, resource: &str) -> Result<()> {
        let Some(copies) = self.engine.copies() else { return Ok(()) };
        let _alone = self.copying.lock().await;
        let ctx = ctx.acting_as(Actor::System(ACTOR));
        let still = policies::find(&self.db, &ctx, &Why::public(), resource).await;
        copies.keep(resource, still.ok().as_ref().map(basis).as_deref()).await
    }

    /// Takes the plain copy of a resource away.
    pub async fn remove_copy(&self, resource: &str) -> Result<()> {
        let Some(copies) = self.engine.copies() else { return Ok(()) };
        let _alone = self.copying.lock().await;
        copies.keep(resource, None).await
    }

    /// Every plain copy there is.
    pub async fn copies(&self) -> Result<Vec<PlainCopy>> {
        match self.engine.copies() {
            Some(copies) => copies.list().await,
            None => Ok(Vec::new()),
        }
    }

    /// Enters a read in the ledger and hands on its rows, watched and counted to their end.
    pub(crate) async fn entered(
        &self,
        ctx: &Ctx,
        why: &Why,
        mut read: Read,
        policies: Vec<Policy>,
        answered: crate::Answered,
    ) -> Result<(Receipt, RowStream, Option<Closing>)> {
        read.versions = answered.versions;
        read.subjects = answered.subjects;
        let head = stream::head(answered.rows).await?;
        read.rows_known = head.ended.then_some(head.rows);
        let receipt = self.journal.open(ctx, &read).await?;
        let (ended, rows) = (head.ended, head.into_stream());
        if ended {
            return Ok((receipt, rows, None));
        }
        let rows = stream::watched(self.db.clone(), ctx.clone(), why.clone(), policies, rows);
        let closing = Closing::new(self.journal.clone(), ctx.clone(), read, receipt.clone());
        let rows = stream::closing(&closing, rows);
        Ok((receipt, rows, Some(closing)))
    }
}

/// What the copy rests on: every live grant, to the last mask.
fn basis(policy: &Policy) -> String {
    format!("{policy:?}")
}
