//! The doors. Each finds the grants, enters the read in the ledger and only then lets the engine yield; a failing
//! ledger fails the read. Whether an actor may call an operation at all was decided before, by roles.

use std::sync::Arc;

use arrow_array::RecordBatch;
use tokio::sync::Mutex;
use yiwang_kernel::{Actor, Ctx, Error, Id, Ref, Result};
use yiwang_ledger::{Ledger, ReadKind};
use yiwang_store::{Db, Tx};

use crate::engine::{Answered, Cleaned, DeleteKeys, Engine, Erasure, Keep, Loader, Queue, Subject};
use crate::journal::{Journal, Read, kind_of};
use crate::policies;
use crate::stream::{self, Closing};
use crate::{
    Answer, BlobAnswer, ByteStream, Decoded, LOOKUP_KEYS_MAX, LoadSpec, Lookup, Permit, Policy, Query, Receipt,
    Refused, RowStream, Sending, Staged, TableFile, TableInfo, Version, Why,
};

/// The one way by which city data leaves. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    pub(crate) db: Db,
    pub(crate) journal: Journal,
    pub(crate) engine: Arc<dyn Engine>,
    /// Held while plain copies appear or go.
    pub(crate) copying: Arc<Mutex<()>>,
}

/// A load in progress; dropping it gives it up.
pub struct Load {
    inner: Box<dyn Loader>,
}

/// What the platform itself may read whole, under its own name, for its own work. A closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SystemPurpose {
    /// Counts and patterns of columns.
    Profile,
    /// Candidate links between records.
    Linkage,
    /// Map tiles.
    Tiles,
    /// Search and sort indexes.
    Index,
    /// Facts for meters across capabilities.
    Facts,
    /// Quality and consistency checks.
    Check,
    /// Copies for backups and moves.
    Export,
}

impl SystemPurpose {
    /// The word in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            SystemPurpose::Profile => "profile",
            SystemPurpose::Linkage => "linkage",
            SystemPurpose::Tiles => "tiles",
            SystemPurpose::Index => "index",
            SystemPurpose::Facts => "facts",
            SystemPurpose::Check => "check",
            SystemPurpose::Export => "export",
        }
    }
}

impl Gate {
    /// A gate over this store, ledger and engine.
    pub fn new(db: Db, ledger: Ledger, engine: Arc<dyn Engine>) -> Gate {
        Gate { db, journal: Journal::new(ledger), engine, copying: Arc::default() }
    }

    /// Rows, a count, SQL or changes for this reader and reason. Refusals name the missing grant or field.
    pub async fn read(&self, ctx: &Ctx, why: &Why, query: &Query) -> Result<Answer> {
        why.check()?;
        query.check()?;
        let policies = self.policies(ctx, why, &self.resources(query)?).await?;
        if let Query::Rows(rows) = query {
            policies::require_fields(&policies, &rows.resource, &rows.fields)?;
        }
        policies::require_settled(&policies, query)?;
        let mut read = Read::new(ctx, why, &policies, kind_of(query));
        read.fields = asked_fields(query);
        let answered = self.engine.read(Permit::new(read.id, policies.clone()), query).await?;
        self.answer(ctx, why, read, policies, answered).await
    }

    /// Rows by key for this reader and reason; one answer for all keys, in the order of the table.
    pub async fn lookup(&self, ctx: &Ctx, why: &Why, lookup: &Lookup) -> Result<Answer> {
        why.check()?;
        if lookup.keys.is_empty() || lookup.keys.len() > LOOKUP_KEYS_MAX {
            return Err(Error::invalid("keys", "gate-lookup-keys").with("limit", LOOKUP_KEYS_MAX));
        }
        let policies = self.policies(ctx, why, std::slice::from_ref(&lookup.resource)).await?;
        policies::require_fields(&policies, &lookup.resource, &lookup.fields)?;
        let mut read = Read::new(ctx, why, &policies, ReadKind::File);
        read.fields.clone_from(&lookup.fields);
        let answered = self.engine.lookup(Permit::new(read.id, policies.clone()), lookup).await?;
        self.answer(ctx, why, read, policies, answered).await
    }

    /// The platform's own reading of whole tables, for a named purpose; entered in the ledger like any other.
    pub async fn derive(&self, ctx: &Ctx, purpose: SystemPurpose, query: &Query) -> Result<Answer> {
        query.check()?;
        let acting = ctx.acting_as(Actor::System(purpose.word()));
        let why = Why::purpose(purpose.word());
        let resources = self.resources(query)?;
        let policies: Vec<Policy> =
            resources.into_iter().map(|resource| Policy { resource, grants: Vec::new(), whole: true }).collect();
        let mut read = Read::new(&acting, &why, &policies, kind_of(query));
        read.fields = asked_fields(query);
        let answered = self.engine.read(Permit::new(read.id, policies.clone()), query).await?;
        self.answer(&acting, &why, read, policies, answered).await
    }

    /// A blob kept for a resource (upload, refused rows, attachment, export): needs a grant of the whole resource.
    pub async fn open_blob(&self, ctx: &Ctx, why: &Why, resource: &str, blob: Id) -> Result<BlobAnswer> {
        why.check()?;
        let policies = self.policies(ctx, why, &[resource.to_owned()]).await?;
        policies::require_whole(&policies)?;
        let read = Read::new(ctx, why, &policies, ReadKind::Bulk);
        let (id, is_open) = (read.id, policies::is_open(&policies));
        let receipt = if is_open { None } else { Some(self.journal.open_blob(ctx, &read, blob).await?) };
        let sending = receipt.clone().map_or_else(Sending::nothing, |receipt| {
            Closing::new(self.journal.clone(), ctx.clone(), read, receipt).sending_blob()
        });
        let (bytes, size_bytes) = self.engine.blob(Permit::new(id, policies), blob).await?;
        Ok(BlobAnswer { bytes: sending.over(bytes), size_bytes, receipt })
    }

    /// Enters that something of the store with subjects is about to be shown; the caller hands it over only after.
    pub async fn note(&self, ctx: &Ctx, why: &Why, what: &Ref, subjects: &[Subject]) -> Result<Receipt> {
        why.check()?;
        self.journal.note(ctx, why, what, subjects).await
    }

    /// What is known of a resource's table: columns, versions, sizes; no values.
    pub async fn table(&self, resource: &str) -> Result<Option<TableInfo>> {
        self.engine.table(resource).await
    }

    /// The rows of an upload in the engine's format, for the load that takes them in.
    pub async fn decode(&self, blob: Id) -> Result<Decoded> {
        self.engine.decode(blob).await
    }

    /// Rows of an answer as a file in the engine's format.
    pub fn encode(&self, file: &TableFile, rows: RowStream) -> Result<ByteStream> {
        self.engine.encode(file, rows)
    }

    /// Begins a load. What it wrote is seen by nobody before [`Gate::publish`].
    pub async fn load(&self, ctx: &Ctx, spec: LoadSpec) -> Result<Load> {
        spec.check()?;
        Ok(Load { inner: self.engine.load(ctx, spec).await? })
    }

    /// Prepares the removal of rows by key; published like a load.
    pub async fn delete_keys(&self, ctx: &Ctx, delete: &DeleteKeys) -> Result<Staged> {
        self.engine.delete_keys(ctx, delete).await
    }

    /// A finished load that waits to be published or discarded.
    pub async fn staged(&self, load: Id) -> Result<Option<Staged>> {
        self.engine.staged(load).await
    }

    /// Makes a staged load the newest version, inside the caller's transaction; the same load twice is one version.
    pub async fn publish(&self, tx: &mut Tx<'_>, ctx: &Ctx, staged: &Staged) -> Result<Version> {
        self.engine.publish(tx, ctx, staged).await
    }

    /// Gives a staged load up.
    pub async fn discard(&self, tx: &mut Tx<'_>, ctx: &Ctx, staged: &Staged) -> Result<()> {
        self.engine.discard(tx, ctx, staged).await
    }

    /// A new version with the rows of an older one.
    pub async fn undo(&self, tx: &mut Tx<'_>, ctx: &Ctx, resource: &str, to_version: u64) -> Result<Version> {
        self.engine.undo(tx, ctx, resource, to_version).await
    }

    /// Hides a resource's table with all versions; [`Gate::recover_table`] brings it back.
    pub async fn drop_table(&self, tx: &mut Tx<'_>, ctx: &Ctx, resource: &str) -> Result<()> {
        self.engine.drop_table(tx, ctx, resource).await
    }

    /// Brings a hidden table back.
    pub async fn recover_table(&self, tx: &mut Tx<'_>, ctx: &Ctx, resource: &str) -> Result<()> {
        self.engine.recover_table(tx, ctx, resource).await
    }

    /// From now on no read of any version shows the rows of this subject.
    pub async fn erase(&self, tx: &mut Tx<'_>, ctx: &Ctx, erasure: &Erasure) -> Result<()> {
        self.engine.erase(tx, ctx, erasure).await
    }

    /// Rewrites a table's files where they are too many; whether it did.
    pub async fn compact(&self, ctx: &Ctx, resource: &str) -> Result<bool> {
        self.engine.compact(ctx, resource).await
    }

    /// Throws a resource's derived indexes away and builds them anew.
    pub async fn rebuild_derived(&self, resource: &str) -> Result<()> {
        self.engine.rebuild_derived(resource).await
    }

    /// Forgets versions that are not kept any more, with the files that only they used.
    pub async fn clean(&self, ctx: &Ctx, resource: &str, keep: &Keep) -> Result<Cleaned> {
        self.engine.clean(ctx, resource, keep).await
    }

    /// Deletes files that nothing names any more; how many.
    pub async fn sweep(&self, ctx: &Ctx) -> Result<u64> {
        self.engine.sweep(ctx).await
    }

    /// Builds a resource's derived indexes that are not there yet.
    pub async fn build_derived(&self, resource: &str) -> Result<()> {
        self.engine.build_derived(resource).await
    }

    /// Who works and who waits in the engine now, class by class.
    pub fn queues(&self) -> Vec<Queue> {
        self.engine.queues()
    }

    fn resources(&self, query: &Query) -> Result<Vec<String>> {
        match query {
            Query::Rows(rows) => Ok(vec![rows.resource.clone()]),
            Query::Count(count) => Ok(vec![count.resource.clone()]),
            Query::Changes(changes) => Ok(vec![changes.resource.clone()]),
            Query::Sql(sql) => self.engine.resources(&sql.text),
        }
    }

    async fn policies(&self, ctx: &Ctx, why: &Why, resources: &[String]) -> Result<Vec<Policy>> {
        let mut found = Vec::with_capacity(resources.len());
        for resource in resources {
            found.push(policies::find(&self.db, ctx, why, resource).await?);
        }
        Ok(found)
    }

    async fn answer(
        &self,
        ctx: &Ctx,
        why: &Why,
        read: Read,
        policies: Vec<Policy>,
        mut answered: Answered,
    ) -> Result<Answer> {
        let version = answered.versions.first().map_or(0, |(_, version)| *version);
        let (schema, versions) = (answered.schema.clone(), answered.versions.clone());
        let (total, next) = (answered.total, answered.next.take());
        let (receipt, rows, closing) = if policies::is_open(&policies) {
            (None, stream::watched(self.db.clone(), ctx.clone(), why.clone(), policies, answered.rows), None)
        } else {
            let (receipt, rows, closing) = self.entered(ctx, why, read, policies, answered).await?;
            (Some(receipt), rows, closing)
        };
        Ok(Answer { schema, version, versions, total, next, rows, receipt, closing })
    }
}

impl Load {
    /// Rows in the schema of the load.
    pub async fn write(&mut self, batch: RecordBatch) -> Result<()> {
        self.inner.write(batch).await
    }

    /// A row that is not loaded, kept with its reason.
    pub async fn refuse(&mut self, refused: Refused) -> Result<()> {
        self.inner.refuse(refused).await
    }

    /// Makes everything durable, visible to nobody yet.
    pub async fn finish(self) -> Result<Staged> {
        self.inner.finish().await
    }
}

fn asked_fields(query: &Query) -> Vec<String> {
    match query {
        Query::Rows(rows) => rows.fields.clone(),
        Query::Count(_) | Query::Sql(_) | Query::Changes(_) => Vec::new(),
    }
}
