//! Migrations: forward only, each once, in the order given; a migration whose text changed after it was applied is
//! refused. Processes that start together take turns.

use yiwang_kernel::{Error, Result};

use crate::db::Store;
use crate::fault::Fault;
use crate::tx::Open;
use crate::{Db, Tx, translate};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (
    capability TEXT NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (capability, number)
) STRICT";

/// The first line that asks for the text as it stands, without translation of types.
const RAW: &str = "-- raw";

/// One step of a capability's tables. Statements end with `;` at the end of a line; `--` starts a comment line.
/// A text whose first line is `-- raw` is run as it stands, for tables whose layout another standard fixes.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The capability that owns the tables.
    pub capability: &'static str,
    /// Counts from 1 within the capability.
    pub number: u32,
    /// The statements.
    pub sql: &'static str,
}

impl Db {
    /// Applies what is not applied yet, one transaction each.
    pub async fn migrate(&self, migrations: &[Migration]) -> Result<()> {
        for migration in migrations {
            self.migrate_one(migration).await.map_err(|fault| fault.error)?;
        }
        Ok(())
    }

    async fn migrate_one(&self, migration: &Migration) -> Result<(), Fault> {
        let mut tx = Tx::new(self.begin().await?);
        let outcome = apply(&mut tx, migration, self.translates()).await;
        let Tx { open, .. } = tx;
        match outcome {
            Ok(()) => self.commit(open).await,
            Err(error) => {
                self.rollback(open).await;
                Err(error.into())
            }
        }
    }

    fn translates(&self) -> bool {
        matches!(&*self.store, Store::Postgres { .. })
    }
}

async fn apply(tx: &mut Tx<'_>, migration: &Migration, translates: bool) -> Result<()> {
    let Migration { capability, number, sql } = *migration;
    if matches!(tx.open, Open::Postgres(_)) {
        tx.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED", &[]).await?;
        tx.execute("SELECT pg_advisory_xact_lock(72015)", &[]).await?;
    }
    let written = |statement: &str| {
        if translates { translate::ddl_for_postgres(statement) } else { statement.to_owned() }
    };
    tx.execute(&written(TABLE), &[]).await?;
    let hash = yiwang_seal::sha256(sql.as_bytes());
    let key = [capability.into(), number.into()];
    let known = tx.query_one("SELECT hash FROM migrations WHERE capability = $1 AND number = $2", &key).await?;
    if let Some(known) = known {
        if known.bytes("hash")? == hash {
            return Ok(());
        }
        return Err(Error::refused("migration-changed").with("capability", capability).with("number", number));
    }
    let raw = sql.trim_start().starts_with(RAW);
    for statement in statements(sql) {
        let statement = if raw { statement } else { written(&statement) };
        tx.execute(&statement, &[]).await?;
    }
    let row = [capability.into(), number.into(), hash.into()];
    tx.execute("INSERT INTO migrations (capability, number, hash) VALUES ($1, $2, $3)", &row).await?;
    Ok(())
}

fn statements(sql: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut statement = String::new();
    for line in sql.lines().filter(|line| !line.trim_start().starts_with("--")) {
        statement.push_str(line);
        statement.push('\n');
        if line.trim_end().ends_with(';') {
            statements.push(std::mem::take(&mut statement));
        }
    }
    statements.push(statement);
    statements.retain(|statement| !statement.trim().is_empty());
    statements
}
