//! Throw-away databases for tests: a fresh SQLite file and a fresh PostgreSQL database, dropped at the end. The server
//! comes from YIWANG_TEST_POSTGRES, by default postgres://postgres@127.0.0.1:5432/postgres.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use crate::{Db, postgres};

/// A database that goes away with this value.
pub struct TestDb {
    /// `sqlite` or `postgres`, for messages of failing tests.
    pub name: &'static str,
    /// Its address, for opening it a second time.
    pub url: String,
    /// The open store.
    pub db: Db,
    place: Place,
}

enum Place {
    Directory(PathBuf),
    Database(String),
}

impl TestDb {
    /// The directory of the SQLite file; none for PostgreSQL.
    pub fn directory(&self) -> Option<&Path> {
        match &self.place {
            Place::Directory(directory) => Some(directory),
            Place::Database(_) => None,
        }
    }
}

impl Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        match &self.place {
            Place::Directory(directory) => drop(std::fs::remove_dir_all(directory)),
            Place::Database(name) => {
                let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                // A thread of its own: the test's runtime may be the one that is shutting down.
                let dropping = std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    runtime.map(|runtime| runtime.block_on(postgres::administer(&server(), &sql)))
                });
                drop(dropping.join());
            }
        }
    }
}

/// One empty database of each kind. Panics when one cannot be made: tests never run on half of them in silence.
pub async fn databases() -> Vec<TestDb> {
    vec![sqlite().await, postgres().await]
}

/// An empty SQLite database.
pub async fn sqlite() -> TestDb {
    let directory = std::env::temp_dir().join(fresh_name());
    std::fs::create_dir(&directory).expect("a directory for the test's database");
    let url = format!("sqlite:{}", directory.join("store.db").display());
    let db = Db::open(&url).await.expect("a fresh SQLite database");
    TestDb { name: "sqlite", url, db, place: Place::Directory(directory) }
}

/// An empty PostgreSQL database.
pub async fn postgres() -> TestDb {
    let name = fresh_name();
    let made = postgres::administer(&server(), &format!("CREATE DATABASE {name}")).await;
    made.expect("a PostgreSQL server for tests, see YIWANG_TEST_POSTGRES");
    let server = server();
    let (before, _) = server.rsplit_once('/').expect("an address ends with the database");
    let url = format!("{before}/{name}");
    let db = Db::open(&url).await.expect("a fresh PostgreSQL database");
    TestDb { name: "postgres", url, db, place: Place::Database(name) }
}

fn server() -> String {
    let given = std::env::var("YIWANG_TEST_POSTGRES");
    given.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
}

fn fresh_name() -> String {
    let mut random = [0u8; 8];
    yiwang_seal::random(&mut random);
    format!("yiwang_test_{:016x}", u64::from_le_bytes(random))
}
