//! Migrations: forward only, each once, in the order given; a migration whose text changed after it was applied is
//! refused. Processes that start together take turns.

use yiwang_kernel::{Error, Result};

use crate::db::Store;
use crate::fault::Fault;
use crate::tx::Open;
use crate::{Db, Row, Tx, translate};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (
    capability TEXT NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (capability, number)
) STRICT";

/// The line among the first comments that says a step takes something away older programs still use.
const CONTRACT: &str = "-- contract";

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

/// A step as a store says it was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The capability that owns the tables.
    pub capability: String,
    /// Counts from 1 within the capability.
    pub number: u32,
    /// SHA-256 of its text.
    pub hash: Vec<u8>,
}

/// How a store stands to the steps a program knows.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Steps applied, as this program knows them.
    pub applied: usize,
    /// Steps of this program still to come, in order.
    pub pending: Vec<Migration>,
    /// Steps applied with another text than this program's.
    pub changed: Vec<Applied>,
    /// Steps this program does not know: a newer one was here.
    pub newer: Vec<Applied>,
}

impl Migration {
    /// Whether it takes something away that the release before still uses. A release has steps of one kind only.
    pub fn contracts(&self) -> bool {
        let comments = self.sql.lines().map(str::trim).take_while(|line| line.starts_with("--"));
        comments.into_iter().any(|line| line == CONTRACT)
    }

    /// Its statements, as the database wants them.
    pub(crate) fn statements(&self, translates: bool) -> Vec<String> {
        let statements = statements(self.sql);
        if !translates || self.sql.trim_start().starts_with(RAW) {
            return statements;
        }
        statements.iter().map(|statement| translate::ddl_for_postgres(statement)).collect()
    }

    /// Whether the store means this step.
    pub(crate) fn is(&self, applied: &Applied) -> bool {
        self.capability == applied.capability && self.number == applied.number
    }

    fn hash(&self) -> [u8; 32] {
        yiwang_seal::sha256(self.sql.as_bytes())
    }
}

impl Standing {
    /// How what was applied stands to what is known.
    pub(crate) fn of(applied: Vec<Applied>, known: &[Migration]) -> Standing {
        let mut standing = Standing { pending: known.to_vec(), ..Standing::default() };
        for step in applied {
            let place = standing.pending.iter().position(|known| known.is(&step));
            match place.map(|place| standing.pending.remove(place)) {
                Some(known) if known.hash() == *step.hash => standing.applied += 1,
                Some(_) => standing.changed.push(step),
                None => standing.newer.push(step),
            }
        }
        standing
    }

    /// Refuses a store that a newer or a different program has been at.
    pub fn require_known(&self) -> Result<()> {
        if let Some(step) = self.newer.first() {
            let error = Error::conflict("store-newer").with("capability", &step.capability);
            return Err(error.with("number", step.number));
        }
        match self.changed.first() {
            Some(step) => Err(Error::refused("migration-changed")
                .with("capability", &step.capability)
                .with("number", step.number)),
            None => Ok(()),
        }
    }
}

/// The table of migrations, as the database wants it.
pub(crate) fn table(translates: bool) -> String {
    if translates { translate::ddl_for_postgres(TABLE) } else { TABLE.to_owned() }
}

impl Db {
    /// How this store stands to the steps a program knows; changes nothing.
    pub async fn standing(&self, known: &[Migration]) -> Result<Standing> {
        let there = match &*self.store {
            Store::Sqlite(_) => "SELECT 1 AS one FROM sqlite_master WHERE name = 'migrations'",
            Store::Postgres { .. } => "SELECT 1 AS one WHERE to_regclass('migrations') IS NOT NULL",
        };
        if self.query(there, &[]).await?.is_empty() {
            return Ok(Standing::of(Vec::new(), known));
        }
        let rows = self.query(APPLIED, &[]).await?;
        let applied = rows.iter().map(Applied::of).collect::<Result<Vec<_>>>()?;
        Ok(Standing::of(applied, known))
    }

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
    let Migration { capability, number, .. } = *migration;
    if matches!(tx.open, Open::Postgres(_)) {
        tx.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED", &[]).await?;
        tx.execute("SELECT pg_advisory_xact_lock(72015)", &[]).await?;
    }
    tx.execute(&table(translates), &[]).await?;
    let hash = migration.hash();
    let key = [capability.into(), number.into()];
    let known = tx.query_one("SELECT hash FROM migrations WHERE capability = $1 AND number = $2", &key).await?;
    if let Some(known) = known {
        if known.bytes("hash")? == hash {
            return Ok(());
        }
        return Err(Error::refused("migration-changed").with("capability", capability).with("number", number));
    }
    for statement in migration.statements(translates) {
        tx.execute(&statement, &[]).await?;
    }
    let row = [capability.into(), number.into(), hash.into()];
    tx.execute("INSERT INTO migrations (capability, number, hash) VALUES ($1, $2, $3)", &row).await?;
    Ok(())
}

/// Every step applied.
pub(crate) const APPLIED: &str = "SELECT capability, number, hash FROM migrations ORDER BY capability, number";

impl Applied {
    pub(crate) fn of(row: &Row) -> Result<Applied> {
        let number = u32::try_from(row.int("number")?).map_err(|_| Error::broken("a migration without a number"))?;
        Ok(Applied { capability: row.text("capability")?, number, hash: row.bytes("hash")? })
    }
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
