//! For tests of crates above that need a gate but no rows: an engine that knows no table. What rows do is tested where
//! the lake is.

use async_trait::async_trait;
use yiwang_kernel::{Ctx, Error, Id, Result};
use yiwang_store::Tx;

use crate::{
    Answered, ByteStream, Cleaned, Copies, Decoded, DeleteKeys, Engine, Erasure, Keep, LoadSpec, Loader, Lookup,
    Permit, Query, RowStream, Staged, TableFile, TableInfo, Version,
};

/// An engine that knows no table.
pub struct NoLake;

fn none<T>() -> Result<T> {
    Err(Error::not_found("page-unknown"))
}

#[async_trait]
impl Engine for NoLake {
    async fn table(&self, _: &str) -> Result<Option<TableInfo>> {
        Ok(None)
    }
    fn resources(&self, _: &str) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
    async fn read(&self, _: Permit, _: &Query) -> Result<Answered> {
        none()
    }
    async fn lookup(&self, _: Permit, _: &Lookup) -> Result<Answered> {
        none()
    }
    async fn blob(&self, _: Permit, _: Id) -> Result<(ByteStream, u64)> {
        none()
    }
    async fn decode(&self, _: Id) -> Result<Decoded> {
        none()
    }
    fn copies(&self) -> Option<&dyn Copies> {
        None
    }
    fn encode(&self, _: &TableFile, _: RowStream) -> Result<ByteStream> {
        none()
    }
    async fn load(&self, _: &Ctx, _: LoadSpec) -> Result<Box<dyn Loader>> {
        none()
    }
    async fn delete_keys(&self, _: &Ctx, _: &DeleteKeys) -> Result<Staged> {
        none()
    }
    async fn staged(&self, _: Id) -> Result<Option<Staged>> {
        Ok(None)
    }
    async fn publish(&self, _: &mut Tx<'_>, _: &Ctx, _: &Staged) -> Result<Version> {
        none()
    }
    async fn discard(&self, _: &mut Tx<'_>, _: &Ctx, _: &Staged) -> Result<()> {
        none()
    }
    async fn undo(&self, _: &mut Tx<'_>, _: &Ctx, _: &str, _: u64) -> Result<Version> {
        none()
    }
    async fn drop_table(&self, _: &mut Tx<'_>, _: &Ctx, _: &str) -> Result<()> {
        none()
    }
    async fn recover_table(&self, _: &mut Tx<'_>, _: &Ctx, _: &str) -> Result<()> {
        none()
    }
    async fn erase(&self, _: &mut Tx<'_>, _: &Ctx, _: &Erasure) -> Result<()> {
        none()
    }
    async fn compact(&self, _: &Ctx, _: &str) -> Result<bool> {
        Ok(false)
    }
    async fn rebuild_derived(&self, _: &str) -> Result<()> {
        Ok(())
    }
    async fn clean(&self, _: &Ctx, _: &str, _: &Keep) -> Result<Cleaned> {
        Ok(Cleaned::default())
    }
    async fn sweep(&self, _: &Ctx) -> Result<u64> {
        Ok(0)
    }
}
