//! The lake as the gate's engine: each call handed to the part that does it. Values only against a permit.

use async_trait::async_trait;
use futures::StreamExt as _;
use yiwang_gate::{
    Answered, At, ByteStream, Cleaned, Copies, Decoded, DeleteKeys, Engine, Erasure, Keep, LoadSpec, Loader, Lookup,
    Permit, Query, Queue, RowStream, Staged, TableFile, TableInfo, Version,
};
use yiwang_kernel::{Ctx, Error, Id, Result};
use yiwang_seal::blind_index;
use yiwang_store::Tx;

use crate::catalog::loads::{self, State};
use crate::catalog::{change, publish, retention, view};
use crate::lake::Lake;
use crate::load::TableLoad;
use crate::{
    changes, clean, compact, derive, foreign, keys, lookup, order, plain, read, replace, rows, scan, sql, types,
};

#[async_trait]
impl Engine for Lake {
    async fn table(&self, resource: &str) -> Result<Option<TableInfo>> {
        let db = &self.inside.db;
        let Some(table) = view::table(db, resource).await? else { return Ok(None) };
        let versions = view::versions(db, resource).await?;
        let Some(newest) = versions.first().cloned() else { return Ok(None) };
        let view = view::view(db, table, &newest).await?;
        Ok(Some(TableInfo {
            resource: resource.to_owned(),
            schema: types::schema(&view.columns)?,
            key: view.table.key.clone(),
            sortable: view.table.sortable.clone(),
            sorts_quickly: order::is_ready(self, &view).await?,
            version: newest.number,
            rows: newest.rows,
            size_bytes: view.files.iter().map(|file| file.size_bytes).sum(),
            versions,
        }))
    }

    fn resources(&self, sql: &str) -> Result<Vec<String>> {
        sql::resources(sql)
    }

    async fn read(&self, permit: Permit, query: &Query) -> Result<Answered> {
        match query {
            Query::Rows(rows) => read::rows(self, &permit, rows).await,
            Query::Count(count) => read::count(self, &permit, count).await,
            Query::Sql(query) => sql::select(self, &permit, query).await,
            Query::Changes(query) => changes::changes(self, &permit, query).await,
        }
    }

    async fn lookup(&self, permit: Permit, lookup: &Lookup) -> Result<Answered> {
        lookup::lookup(self, &permit, lookup).await
    }

    async fn blob(&self, _permit: Permit, blob: Id) -> Result<(ByteStream, u64)> {
        let size = self.inside.files.find(blob).await?.bytes;
        Ok((self.inside.files.open(blob).await?.boxed(), size))
    }

    async fn decode(&self, blob: Id) -> Result<Decoded> {
        foreign::decode(self, blob).await
    }

    fn encode(&self, file: &TableFile, rows: RowStream) -> Result<ByteStream> {
        plain::encode(self, file, rows)
    }

    fn copies(&self) -> Option<&dyn Copies> {
        self.inside.out.is_some().then_some(self as &dyn Copies)
    }

    async fn load(&self, ctx: &Ctx, spec: LoadSpec) -> Result<Box<dyn Loader>> {
        Ok(Box::new(TableLoad::begin(self, ctx, spec).await?))
    }

    async fn delete_keys(&self, ctx: &Ctx, delete: &DeleteKeys) -> Result<Staged> {
        replace::delete_keys(self, ctx, delete).await
    }

    async fn staged(&self, load: Id) -> Result<Option<Staged>> {
        let waiting = loads::get(&self.inside.db, load).await?;
        Ok(waiting.filter(|waiting| waiting.state == State::Staged).map(|waiting| waiting.plan.staged(load)))
    }

    async fn publish(&self, tx: &mut Tx<'_>, ctx: &Ctx, staged: &Staged) -> Result<Version> {
        publish::publish(tx, ctx, staged.load).await
    }

    async fn discard(&self, tx: &mut Tx<'_>, ctx: &Ctx, staged: &Staged) -> Result<()> {
        match loads::get_in(tx, staged.load).await? {
            Some(waiting) if waiting.state == State::Published => Err(Error::conflict("lake-load-published")),
            Some(waiting) => {
                retention::schedule_discarded(tx, ctx, &waiting.plan).await?;
                loads::settle(tx, staged.load, State::Discarded, None).await
            }
            None => Err(Error::not_found("lake-load-unknown")),
        }
    }

    async fn undo(&self, tx: &mut Tx<'_>, ctx: &Ctx, resource: &str, to_version: u64) -> Result<Version> {
        change::undo(tx, ctx, resource, to_version).await
    }

    async fn drop_table(&self, tx: &mut Tx<'_>, ctx: &Ctx, resource: &str) -> Result<()> {
        change::set_dropped(tx, ctx, resource, true).await
    }

    async fn recover_table(&self, tx: &mut Tx<'_>, ctx: &Ctx, resource: &str) -> Result<()> {
        change::set_dropped(tx, ctx, resource, false).await
    }

    async fn erase(&self, tx: &mut Tx<'_>, ctx: &Ctx, erasure: &Erasure) -> Result<()> {
        let key = self.blinding_key().await?;
        let kind = scan::blinding_kind(&erasure.resource, &erasure.field);
        let blind = blind_index(&key, &kind, &erasure.value);
        change::add_tombstone(tx, ctx, &erasure.resource, &erasure.field, &blind, &erasure.basis).await
    }

    async fn compact(&self, ctx: &Ctx, resource: &str) -> Result<bool> {
        compact::compact(self, ctx, resource).await
    }

    async fn rebuild_derived(&self, resource: &str) -> Result<()> {
        let view = read::view_at(self, resource, At::Latest).await?;
        keys::forget(self, &view.table.name).await?;
        order::forget(self, &view.table.name).await?;
        rows::forget(self, &view.table.name).await?;
        derive::build(self, view).await
    }

    async fn build_derived(&self, resource: &str) -> Result<()> {
        derive::build(self, read::view_at(self, resource, At::Latest).await?).await
    }

    fn queues(&self) -> Vec<Queue> {
        self.inside.admission.queues()
    }

    async fn clean(&self, ctx: &Ctx, resource: &str, keep: &Keep) -> Result<Cleaned> {
        clean::clean(self, ctx, resource, keep).await
    }

    async fn sweep(&self, ctx: &Ctx) -> Result<u64> {
        clean::sweep(self, ctx).await
    }
}
