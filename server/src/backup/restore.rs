//! A city out of a backup: everything is checked before anything is written; the store, the files and the old ledger
//! come back as they were; a new log is opened whose first entry names the old one, so that nothing is ever appended to
//! a log that was cut. The mark is written last: without it there is no city.

use std::path::{Path, PathBuf};

use anyhow::Result;
use yiwang_collect::ops::Running;
use yiwang_kernel::{Actor, Ctx, Error};
use yiwang_ledger::{Common, Entry, Follows, Kept, Ledger, Logged, Undone, decided_after, opens};
use yiwang_seal::MasterKey;
use yiwang_store::Db;
use yiwang_store::decisions::{self, REQUESTS_MAX};

use super::check::check;
use super::copying::{Tell, copy, make_folders, sync_tree};
use super::manifest::{self, LEDGER, Manifest, STORE, altered};
use crate::assemble::{City, open_ledger};
use crate::capabilities::{capabilities, migrations};
use crate::city::{Directory, Mark, Restoration, read_keys, sources};
use crate::cli::Shared;

/// What is known to be lost, and why the city goes on without it.
pub(crate) struct Gap {
    /// The last head somebody kept, as a signed note.
    pub(crate) head: Option<String>,
    /// Why it is accepted that entries up to that head are lost.
    pub(crate) accepted: Option<String>,
    /// The directory of the old ledger, where it is still at hand: says by itself what is lost.
    pub(crate) old: Option<PathBuf>,
}

/// A city made of a backup.
pub(crate) struct Restored {
    /// The city, open.
    pub(crate) city: City,
    /// What the backup said it is.
    pub(crate) manifest: Manifest,
    /// What the new log's first entry says of the old one.
    pub(crate) follows: Follows,
    /// Resources whose erased rows were taken out of the files again.
    pub(crate) erased: Vec<String>,
    /// What was decided and erased after the backup, as the old ledger has it; none where that is not at hand.
    pub(crate) undone: Option<Vec<Logged>>,
}

/// Makes the city of the command line out of a backup. Its directory and its store must be empty.
pub(crate) async fn restore(shared: &Shared, from: &Path, gap: &Gap, tell: Tell) -> Result<Restored> {
    let keys = shared.keys_path();
    let master = read_keys(&keys)?;
    require_vacant(shared, from).await?;
    let source = from.to_owned();
    let (checked, copy_tell) = (tell.clone(), tell);
    let checking = tokio::task::spawn_blocking(move || check(&source, &Kept::default(), &checked)).await;
    let checked = checking.map_err(|error| Error::internal("checking a backup", error))??;
    if let Some(broken) = checked.broken().and_then(|report| report.difference.as_ref()) {
        let place = format!("{} #{} ({})", broken.segment, broken.entry, broken.fault.word());
        return Err(Error::refused("ledger-broken").with("where", place).into());
    }
    let manifest = checked.manifest;
    let missing = || Error::unavailable("restore-keys-missing").with("path", keys.display());
    let master = master.ok_or_else(missing)?;
    opens(&from.join(LEDGER), &master)?;
    let undone = match gap.old.clone() {
        Some(old) => Some(undone(old, &master, &manifest).await?),
        None => None,
    };
    let head = gap.head.as_deref().or(undone.as_ref().map(|undone| undone.head.as_str()));
    let follows = yiwang_ledger::follow(&from.join(LEDGER), head)?;
    let reason = accepted(&follows, gap)?;
    let directory = Directory::prepare(shared, Mark { restored: None, ..manifest.city.clone() }, master)?;
    let (source, data, files) = (from.to_owned(), directory.path.clone(), manifest.clone());
    let lake = directory.lake_base().to_owned();
    let copying = tokio::task::spawn_blocking(move || copy_parts(&source, (&data, &lake), &files, &copy_tell)).await;
    copying.map_err(|error| Error::internal("copying a backup", error))??;
    let known = migrations(&capabilities(&Running::default()));
    Db::restore(&shared.store_url(), &from.join(STORE), &known).await?;
    let db = Db::open(&shared.store_url()).await?;
    db.migrate(&known).await?;
    new_log(&directory, &manifest, follows, reason, &db).await?;
    db.close().await;
    let city = finish(shared, directory, &manifest, &follows).await?;
    let erased = erase_again(&city).await?;
    Ok(Restored { city, manifest, follows, erased, undone: undone.map(|undone| undone.entries) })
}

/// What the old ledger holds beyond the backup of it.
async fn undone(old: PathBuf, master: &MasterKey, manifest: &Manifest) -> Result<Undone> {
    let (master, head, clock) = (master.clone(), manifest.ledger.head.clone(), sources().0);
    let looked = tokio::task::spawn_blocking(move || decided_after(&old, &master, clock, &head)).await;
    Ok(looked.map_err(|error| Error::internal("reading the old ledger", error))??)
}

/// Refuses a directory or a store that holds something, and a backup inside the directory.
async fn require_vacant(shared: &Shared, from: &Path) -> Result<()> {
    if !from.is_dir() {
        return Err(Error::refused("backup-none").with("path", from.display()).into());
    }
    Directory::require_empty(&shared.data)?;
    let url = shared.store_url();
    if !Db::is_vacant(&url).await? {
        return Err(Error::conflict("store-not-empty").into());
    }
    Ok(())
}

/// Entries known to be lost go on record with the reason somebody gave; without one nothing is restored.
fn accepted(follows: &Follows, gap: &Gap) -> Result<Option<String>> {
    let Some((size, _)) = follows.witnessed else { return Ok(None) };
    let reason = gap.accepted.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    match reason {
        Some(reason) => Ok(Some(reason.to_owned())),
        None => Err(Error::refused("restore-gap").with("count", size - follows.size).into()),
    }
}

/// Everything but store and mark, each file compared once more with what the manifest says.
fn copy_parts(from: &Path, (data, lake): (&Path, &Path), manifest: &Manifest, tell: &Tell) -> Result<()> {
    let log = &manifest.ledger.log;
    for part in ["segments", "lists", "epochs", "keys"] {
        let file = data.join(LEDGER).join("earlier").join(log).join(part).join("file");
        make_folders(data, &file)?;
    }
    let (whole, mut done) = (manifest.bytes(), 0);
    for file in &manifest.files {
        let Some(place) = manifest::place(&file.path, log) else { continue };
        let base = if file.path.starts_with("lake/") { lake } else { data };
        let (source, target) = (from.join(&file.path), base.join(place));
        make_folders(base, &target)?;
        let opened = std::fs::File::open(&source).map_err(|_| altered(&file.path))?;
        let (_, sha256) = copy(opened, &source, &target, |count| {
            done += count;
            tell(done, whole);
        })?;
        if sha256 != file.sha256 {
            return Err(altered(&file.path).into());
        }
    }
    if lake != data {
        sync_tree(&lake.join("lake"))?;
    }
    sync_tree(data)
}

/// Opens a log beside the old ones; its first entry says which it follows, how far, and what is lost.
async fn new_log(
    directory: &Directory,
    manifest: &Manifest,
    follows: Follows,
    reason: Option<String>,
    db: &Db,
) -> Result<()> {
    let lost = follows.witnessed.map_or(0, |(size, _)| size - follows.size);
    let (made, log) = (&manifest.made, &manifest.ledger.log);
    let why = format!("restored from the backup of {made}: log {log}, {} entries; known lost: {lost}", follows.size);
    let act = Some("ledger.restored".to_owned());
    let actor = Actor::Operator { reason: why };
    let common = Common { act, basis: reason, ..Common::of(&actor, "restore") };
    let ledger = open_ledger(directory).await?;
    ledger.append(Entry::system(common).following(follows)).await?;
    forget_entered(db, &ledger, log).await?;
    // The writer ends with its last handle; the city opens the log again.
    let closed = tokio::task::spawn_blocking(move || drop(ledger)).await;
    closed.map_err(|error| Error::internal("closing the new log", error))?;
    Ok(())
}

/// A decision that came with the store as still to be entered, and stands in the old log, is not entered again.
async fn forget_entered(db: &Db, ledger: &Ledger, log: &str) -> Result<()> {
    let mut after = 0;
    loop {
        let requests = decisions::waiting(db, after, REQUESTS_MAX).await?;
        let Some(last) = requests.last() else { return Ok(()) };
        after = last.sequence;
        let old = ledger.earlier_log(log).await?;
        let entered = requests.iter().filter(|request| old.decision(request.id).is_some());
        let entered: Vec<i64> = entered.map(|request| request.sequence).collect();
        decisions::acknowledge(db, &entered).await?;
    }
}

/// Writes the mark, with which the directory is a city again, and opens it.
async fn finish(shared: &Shared, mut directory: Directory, manifest: &Manifest, follows: &Follows) -> Result<City> {
    let ctx = Ctx::new(Actor::System("restore"), sources().0, sources().1);
    let restored = Restoration {
        at: ctx.now().micros(),
        made_at: manifest.made_at,
        log: manifest.ledger.log.clone(),
        entries: follows.size,
    };
    let lake = directory.mark.lake.clone();
    directory.mark = Mark { restored: Some(restored), lake, ..manifest.city.clone() };
    directory.write_mark()?;
    City::over(directory, shared).await
}

/// What was erased stays erased: the tombstones that came with the store hide the rows at once, and here the newest
/// versions are written anew without them.
async fn erase_again(city: &City) -> Result<Vec<String>> {
    let platform = &city.platform;
    let ctx = platform.ctx(Actor::System("restore"));
    let resources = yiwang_lake::erased_resources(&platform.db).await?;
    for resource in &resources {
        platform.gate.compact(&ctx, resource).await?;
    }
    Ok(resources)
}
