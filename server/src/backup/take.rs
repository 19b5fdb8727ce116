//! Taking a backup of an open city, while it is read and written: files are held, decisions are entered, the ledger's
//! head is taken, the store is copied as of one moment, then every file that copy names, and last the signed manifest.
//! A backup cut off before that has none and is refused by whoever would restore it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use yiwang_kernel::{Ctx, Error, Instant};
use yiwang_ledger::{Common, Entry, Extent};
use yiwang_store::Db;

use super::copying::{Copied, Job, Tell, copy_all, hash};
use super::manifest::{self, FilePart, LEDGER, LedgerPart, MARK, Manifest, STORE};
use crate::assemble::City;
use crate::capabilities::migrations;
use crate::city::{refusal, replace_durable, write_durable};

/// The file of a data directory that says which backup was the last.
const LAST: &str = "backup.toml";

/// A backup that was taken.
pub(crate) struct Taken {
    /// What it says it is.
    pub(crate) manifest: Manifest,
}

/// The last backup of a city.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Last {
    /// Microseconds since 1970 UTC when it was begun.
    pub(crate) made_at: i64,
    /// Where it was written to.
    pub(crate) place: PathBuf,
    /// Entries of the ledger in it.
    pub(crate) entries: u64,
    /// Its files.
    pub(crate) files: usize,
    /// Their bytes.
    pub(crate) bytes: u64,
}

/// Writes a backup of this city into `to`, which must be empty or not there. The city may be served meanwhile.
pub(crate) async fn take(city: &City, ctx: &Ctx, to: &Path, tell: Tell) -> Result<Taken> {
    let platform = &city.platform;
    prepare(&city.directory.path, to)?;
    let begun = Common { act: Some("backup.begun".to_owned()), ..Common::of(&ctx.actor, "backup") };
    platform.ledger.append(Entry::system(begun)).await?;
    let made_at = ctx.now();
    // Nothing the store names as of its copy may go before it is copied.
    let held = (city.lake.hold(), platform.files.hold());
    // What was decided so far is under the head, so that a city made of the copy enters nothing of it again.
    platform.relay.drain().await?;
    let extent = platform.ledger.extent().await?;
    let store = to.join(STORE);
    platform.db.snapshot_to(&store, &migrations(&city.capabilities)).await?;
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&store, private).map_err(|error| refusal(&store, &error))?;
    let jobs = jobs(city, &extent, &store).await?;
    let (whole, home) = (to.to_owned(), extent.head.clone());
    let copied = tokio::task::spawn_blocking(move || copy_parts(jobs, &home, &whole, &tell)).await;
    let copied = copied.map_err(|error| Error::internal("copying the files of a backup", error))??;
    drop(held);
    let manifest = manifest_of(city, made_at, extent, copied)?;
    manifest.write(to, |kind, text| platform.ledger.sign(kind, text))?;
    let place = to.canonicalize().unwrap_or_else(|_| to.to_owned());
    let last = Last {
        made_at: manifest.made_at,
        place,
        entries: manifest.ledger.entries,
        files: manifest.files.len(),
        bytes: manifest.bytes(),
    };
    let text = toml::to_string(&last).context("noting the backup")?;
    replace_durable(&city.directory.path.join(LAST), text.as_bytes())?;
    Ok(Taken { manifest })
}

impl Last {
    /// The last backup of the city in this directory, if it had one.
    pub(crate) fn read(data: &Path) -> Result<Option<Last>> {
        match std::fs::read_to_string(data.join(LAST)) {
            Ok(text) => toml::from_str(&text).map(Some).with_context(|| format!("reading {LAST}")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(refusal(&data.join(LAST), &error).into()),
        }
    }
}

/// An empty directory outside the city's own.
fn prepare(data: &Path, to: &Path) -> Result<()> {
    super::copying::make_folders(to, &to.join(STORE))?;
    let mut there = std::fs::read_dir(to).map_err(|error| refusal(to, &error))?;
    if there.next().is_some() {
        return Err(Error::conflict("backup-not-empty").with("path", to.display()).into());
    }
    let (data, target) = (data.canonicalize(), to.canonicalize());
    let inside = matches!((data, target), (Ok(data), Ok(target)) if target.starts_with(&data));
    if inside {
        // Made by us just now, and empty.
        drop(std::fs::remove_dir(to));
        return Err(Error::refused("backup-inside").with("path", to.display()).into());
    }
    Ok(())
}

async fn jobs(city: &City, extent: &Extent, store: &Path) -> Result<Vec<Job>> {
    let data = &city.directory.path;
    let job = |path: String| Job { source: data.join(&path), path, bytes: None, passing: false };
    let mut jobs = vec![job(MARK.to_owned())];
    if city.directory.mark.demo {
        let own = [crate::demo::READY, crate::demo::ACCOUNTS];
        jobs.extend(own.map(|path| Job { passing: true, ..job(path.to_owned()) }));
    }
    for piece in &extent.pieces {
        let path = format!("{LEDGER}/{}", piece.path);
        jobs.push(Job { bytes: piece.bytes, passing: piece.passing, ..job(path) });
    }
    let copy = Db::open_snapshot(store).await?;
    let mut lake: Vec<String> = yiwang_lake::named_files(&copy).await?.into_iter().collect();
    lake.sort();
    let files = yiwang_files::named_files(&copy).await?;
    copy.close().await;
    let base = city.directory.lake_base();
    jobs.extend(
        lake.into_iter().map(|path| format!("lake/{path}")).map(|path| Job { source: base.join(&path), ..job(path) }),
    );
    jobs.extend(files.into_iter().map(|path| job(format!("files/{path}"))));
    Ok(jobs)
}

fn copy_parts(jobs: Vec<Job>, head: &str, to: &Path, tell: &Tell) -> Result<Copied> {
    for part in ["segments", "lists", "epochs", "keys"] {
        super::copying::make_folders(to, &to.join(LEDGER).join(part).join("file"))?;
    }
    if !head.is_empty() {
        write_durable(&to.join(LEDGER).join("checkpoint"), head.as_bytes(), 0o600)?;
    }
    let mut copied = copy_all(jobs, to, tell)?;
    let own = if head.is_empty() { vec![STORE] } else { vec![STORE, "ledger/checkpoint"] };
    for path in own {
        let (bytes, sha256) = hash(&to.join(path), |_| ())?;
        copied.files.push(FilePart { path: path.to_owned(), bytes, sha256 });
    }
    Ok(copied)
}

fn manifest_of(city: &City, made_at: Instant, extent: Extent, copied: Copied) -> Result<Manifest> {
    let mut files = copied.files;
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let verifier = yiwang_ledger::verifier(&city.directory.path.join(LEDGER))?;
    Ok(Manifest {
        format: manifest::FORMAT,
        readable_from: 1,
        written_by: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: made_at.micros(),
        made: made_at.to_string(),
        city: city.directory.mark.clone(),
        store: city.platform.db.kind().to_owned(),
        ledger: LedgerPart { log: extent.log, verifier, entries: extent.entries, head: extent.head },
        master_keys: city.directory.master.ids(),
        files,
        missing: copied.missing,
    })
}
