//! A place at which a store is about to be made: seen to hold nothing, kept from others who would make one there, and
//! cleared of what was made where nothing came of it. Knows no table's meaning.

use std::path::{Path, PathBuf};

use sqlx::{Connection as _, PgConnection};
use yiwang_kernel::{Error, Result};

use crate::fault::Fault;
use crate::{portable, postgres};

/// A place without a store, this process's until dropped.
pub struct Vacant(Place);

enum Place {
    /// Whoever makes a file holds the directory it lies in.
    File(PathBuf),
    /// The lock ends with the connection.
    Server(Box<PgConnection>),
}

impl Vacant {
    /// Claims this address; refuses one that holds something, or at which another process makes a store.
    pub async fn claim(url: &str) -> Result<Vacant> {
        let taken = || Error::conflict("store-not-empty");
        if let Some(path) = url.strip_prefix("sqlite:").map(Path::new) {
            return if path.exists() { Err(taken()) } else { Ok(Vacant(Place::File(path.to_owned()))) };
        }
        let claimed = claim_server(url).await.map_err(|fault| fault.error)?;
        claimed.map(|server| Vacant(Place::Server(Box::new(server)))).ok_or_else(taken)
    }

    /// Takes away whatever has been made there since it was claimed.
    pub async fn clear(self) -> Result<()> {
        match self.0 {
            Place::File(path) => clear_files(&path),
            Place::Server(server) => clear_server(*server).await.map_err(|fault| fault.error),
        }
    }
}

/// The connection that holds the lock; none where the database is somebody's already.
async fn claim_server(url: &str) -> Result<Option<PgConnection>, Fault> {
    let mut server = portable::connect(url).await?;
    let locked = postgres::query(&mut server, "SELECT pg_try_advisory_lock(72020) AS mine", &[]).await?;
    let mine = locked.first().map(|row| row.bool("mine")).transpose()?.unwrap_or(false);
    let vacant = mine && portable::tables_of_postgres(&mut server).await?.is_empty();
    Ok(vacant.then_some(server))
}

async fn clear_server(mut server: PgConnection) -> Result<(), Fault> {
    let mut tx = server.begin().await?;
    let tables = portable::tables_of_postgres(&mut tx).await?;
    let names: Vec<String> = tables.iter().map(portable::Table::quoted).collect();
    if !names.is_empty() {
        postgres::execute(&mut tx, &format!("DROP TABLE {} CASCADE", names.join(", ")), &[]).await?;
    }
    tx.commit().await?;
    // The connection ends a moment after it is closed; whoever tries again finds the lock free at once.
    postgres::query(&mut server, "SELECT pg_advisory_unlock(72020) AS given_up", &[]).await?;
    server.close().await?;
    Ok(())
}

fn clear_files(path: &Path) -> Result<()> {
    for ending in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(ending);
        match std::fs::remove_file(PathBuf::from(file)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::internal("removing a store that was not to be", error));
            }
            _ => {}
        }
    }
    Ok(())
}
