//! 来件: files another system drops into `in/<department code>/`. One that has stopped growing is kept sealed and becomes
//! a load that waits for the steward; one that cannot be taken stays, with a note beside it. Half a file is never read,
//! and nothing outside the folder is, wherever a link may lead.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::fs;
use tokio::sync::Mutex;
use yiwang_catalogue::ops as catalogue;
use yiwang_files::Blob;
use yiwang_gate::Mode;
use yiwang_host::Platform;
use yiwang_kernel::{Ctx, Error, Id, Lang, Result};

use super::running::Running;
use super::{load_among, staging};
use crate::model::{LoadReport, LoadRequest, Source, State};
use crate::store;

/// The folder under the data directory.
const FOLDER: &str = "in";
/// What is added to a file's name for the note beside it.
const NOTE: &str = ".note.txt";
/// Endings of files that are still being written, and of notes.
const UNFINISHED: [&str; 6] = [".part", ".partial", ".tmp", ".crdownload", ".filepart", NOTE];
/// Files of one department looked at in one round; more wait for the next.
const FILES_MAX: usize = 1_000;
/// Files taken in one round.
const TAKEN_MAX: usize = 20;

/// What the round before saw of each file. Cheap to clone; clones are one memory.
#[derive(Debug, Clone, Default)]
pub struct Arrivals(Arc<Mutex<BTreeMap<PathBuf, Seen>>>);

/// What tells one state of a file from the next.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    bytes: u64,
    changed: SystemTime,
    inode: u64,
}

/// One round: takes the files that have not changed since the round before; how many it took. A round that meets
/// another one still at work does nothing.
pub async fn receive(platform: &Platform, ctx: &Ctx, running: &Running, arrivals: &Arrivals) -> Result<usize> {
    let Ok(mut before) = arrivals.0.try_lock() else { return Ok(0) };
    let departments = catalogue::department_names(platform).await?;
    let (mut now, mut taken) = (BTreeMap::new(), 0);
    for department in departments.keys().filter(|code| is_folder_name(code)) {
        let folder = platform.data_dir.join(FOLDER).join(department);
        for (path, seen) in files(&folder).await? {
            let settled = before.get(&path) == Some(&seen);
            if !settled || seen.bytes == 0 || taken >= TAKEN_MAX {
                now.insert(path, seen);
                continue;
            }
            taken += 1;
            if let Err(error) = take(platform, ctx, running, department, &path, &seen).await {
                tracing::warn!(path = %path.display(), %error, "an arrival was not taken and is tried again");
                now.insert(path, seen);
            }
        }
    }
    *before = now;
    Ok(taken)
}

/// The finished files of a folder that have no note which is newer than they are.
async fn files(folder: &Path) -> Result<Vec<(PathBuf, Seen)>> {
    let mut entries = match fs::read_dir(folder).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unread)?,
    };
    let mut found = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(unread)? {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let lower = name.to_lowercase();
        if name.starts_with('.') || UNFINISHED.iter().any(|ending| lower.ends_with(ending)) {
            continue;
        }
        let path = entry.path();
        let Some(seen) = look(&path).await? else { continue };
        let note = look(&beside(&path)).await?;
        if note.is_none_or(|note| note.changed < seen.changed) {
            found.push((path, seen));
        }
        if found.len() >= FILES_MAX {
            break;
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

/// The state of a file; none for what is no file of its own, as a link.
async fn look(path: &Path) -> Result<Option<Seen>> {
    match fs::symlink_metadata(path).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unread(error)),
        Ok(known) if !known.is_file() => Ok(None),
        Ok(known) => {
            let changed = known.modified().map_err(unread)?;
            Ok(Some(Seen { bytes: known.len(), changed, inode: known.ino() }))
        }
    }
}

/// Takes one file: sealed first, then loaded, then removed from the folder.
async fn take(
    platform: &Platform,
    ctx: &Ctx,
    running: &Running,
    department: &str,
    path: &Path,
    seen: &Seen,
) -> Result<()> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(blob) = staged(platform, ctx, path, seen).await? else { return Ok(()) };
    let load = load_id(&blob, seen)?;
    if store::find(&platform.db, load).await?.is_some_and(|line| line.report.state != State::Running) {
        // Taken before a stop that came between the report and the removal.
        platform.files.delete(blob.id).await?;
        return fs::remove_file(path).await.map_err(unread);
    }
    let (resource, mode) = meant(platform, ctx, department, &name).await?;
    let request = LoadRequest {
        load: Some(load),
        source: Source::Arrival(blob.id),
        file_name: name,
        department: Some(department.to_owned()),
        resource,
        mode,
        key: Vec::new(),
        grade: None,
        dry_run: false,
    };
    match Box::pin(load_among(platform, ctx, request, running, &|_| ())).await {
        Ok(reports) if reports.iter().any(|report| report.state == State::Refused) => {
            note(platform, path, &refused(platform, &reports)).await
        }
        Ok(_) => fs::remove_file(path).await.map_err(unread),
        Err(error) if is_passing(&error) => Err(error),
        Err(error) => {
            let said = [Lang::Zh, Lang::En].map(|lang| platform.texts.error(lang, &error));
            note(platform, path, &said.join("\n")).await
        }
    }
}

/// The file, sealed; none where it changed meanwhile, or is another than was looked at.
async fn staged(platform: &Platform, ctx: &Ctx, path: &Path, seen: &Seen) -> Result<Option<Blob>> {
    let file = fs::File::open(path).await.map_err(unread)?;
    if file.metadata().await.map_err(unread)?.ino() != seen.inode {
        return Ok(None);
    }
    let blob = staging::stage_file(platform, ctx, file).await?;
    if look(path).await?.as_ref() == Some(seen) {
        return Ok(Some(blob));
    }
    platform.files.delete(blob.id).await?;
    Ok(None)
}

/// The resource and the mode that a file's name tells: `306001-000001.replace.csv`. Without a code of an entry it is a
/// new one; without a mode it is added to what is there.
async fn meant(platform: &Platform, ctx: &Ctx, department: &str, name: &str) -> Result<(Option<String>, Mode)> {
    let code = name.split(['.', '_', ' ']).next().unwrap_or_default();
    let resource = match catalogue::entry(platform, ctx, code).await {
        Ok(entry) if entry.content.provider == department => Some(entry.code),
        Ok(_) => return Err(Error::invalid("department", "load-department-other").with("given", department)),
        Err(Error::NotFound(_) | Error::Invalid { .. }) => None,
        Err(error) => return Err(error),
    };
    let told = name.split('.').find_map(|word| Mode::parse(word).ok());
    Ok((resource.clone(), told.filter(|_| resource.is_some()).unwrap_or(Mode::Append)))
}

/// The same file in the same state is the same load, whoever takes it and how often.
fn load_id(blob: &Blob, seen: &Seen) -> Result<Id> {
    let since = seen.changed.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mark = since.as_nanos().to_be_bytes();
    let mixed: Vec<u8> = blob.sha256.iter().zip(mark.iter().chain(&mark)).map(|(one, other)| one ^ other).collect();
    Id::from_bytes(&mixed[..16])
}

async fn note(platform: &Platform, path: &Path, words: &str) -> Result<()> {
    let ask = [Lang::Zh, Lang::En].map(|lang| platform.texts.text(lang, "collect-arrival-note"));
    fs::write(beside(path), format!("{words}\n\n{}\n", ask.join("\n"))).await.map_err(unread)
}

fn refused(platform: &Platform, reports: &[LoadReport]) -> String {
    let lines = reports.iter().filter(|report| report.state == State::Refused).map(|report| {
        let words = [Lang::Zh, Lang::En].map(|lang| platform.texts.text(lang, "collect-arrival-refused"));
        format!("{}\n{}\n/collect/loads/{}", report.source, words.join("\n"), report.load)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(NOTE);
    name.into()
}

/// Whether a later round may succeed without anybody doing anything.
fn is_passing(error: &Error) -> bool {
    matches!(
        error,
        Error::Timeout | Error::Unavailable(_) | Error::Internal(_) | Error::TooMany { .. } | Error::Conflict(_)
    )
}

fn is_folder_name(code: &str) -> bool {
    !code.is_empty() && code.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
}

fn unread(error: std::io::Error) -> Error {
    Error::internal("reading the folder of arrivals", error)
}
