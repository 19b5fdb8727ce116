//! Resources with erased rows, for whoever restores a copy. Opens no file.

use yiwang_kernel::Result;
use yiwang_store::Db;

/// Resources with rows that no read may show any more.
pub async fn erased_resources(db: &Db) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT t.resource FROM lake_tombstones t JOIN lake_tables l ON l.resource = t.resource
        WHERE l.dropped IS NULL ORDER BY t.resource";
    db.query(sql, &[]).await?.iter().map(|row| row.text("resource")).collect()
}
