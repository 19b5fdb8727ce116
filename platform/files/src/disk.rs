//! An object store on a local directory that keeps what it acknowledged: writes under a temporary name, syncs, links,
//! syncs the directory. Reading, but for ranges, and listing are the `object_store` crate's own.

pub(crate) mod hold;
mod upload;

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use yiwang_kernel::Error as KernelError;

use crate::medium::{Direct, Medium};
use crate::refusal::from_io;
use hold::{Hold, Holds};
use upload::{Draft, Upload};

/// Objects as files below one directory.
#[derive(Debug, Clone)]
pub struct Disk {
    place: Place,
    files: Arc<LocalFileSystem>,
}

/// Where and through what the files are written.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) root: PathBuf,
    pub(crate) medium: Arc<dyn Medium>,
    /// Directories whose names are durable: being there is not enough, another writer may have made one just now.
    durable: Arc<Mutex<HashSet<PathBuf>>>,
    pub(crate) holds: Arc<Holds>,
}

impl Disk {
    /// Opens the directory, creating it when missing, and removes drafts that a crash left behind.
    pub fn open(root: &FilePath) -> Result<Disk, KernelError> {
        Disk::on(root, Arc::new(Direct))
    }

    /// The same over another medium.
    pub fn on(root: &FilePath, medium: Arc<dyn Medium>) -> Result<Disk, KernelError> {
        let io = |error| crate::refusal(from_io(&Path::default(), error));
        std::fs::create_dir_all(root).map_err(io)?;
        let root = root.canonicalize().map_err(io)?;
        sweep(&root).map_err(io)?;
        let files = Arc::new(LocalFileSystem::new_with_prefix(&root).map_err(crate::refusal)?);
        let place = Place { root, medium, durable: Arc::default(), holds: Arc::default() };
        Ok(Disk { place, files })
    }

    /// Keeps every file from being deleted as long as the hold lives; what is deleted meanwhile goes when it ends.
    pub fn hold(&self) -> Hold {
        Hold::of(Some(self.place.clone()))
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&Place) -> Result<T> + Send + 'static) -> Result<T> {
        let place = self.place.clone();
        tokio::task::spawn_blocking(move || work(&place)).await?
    }
}

impl fmt::Display for Disk {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Disk({})", self.place.root.display())
    }
}

#[async_trait]
impl ObjectStore for Disk {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let create = match options.mode {
            PutMode::Overwrite => false,
            PutMode::Create => true,
            PutMode::Update(_) => return Err(not_supported("put with PutMode::Update")),
        };
        let location = location.clone();
        self.blocking(move |place| {
            let mut draft = Draft::new(place, &location)?;
            for bytes in &payload {
                draft.append(bytes)?;
            }
            draft.publish(create)
        })
        .await?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let location = location.clone();
        let draft = self.blocking(move |place| Draft::new(place, &location)).await?;
        Ok(Box::new(Upload::new(draft)))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.files.get_opts(location, options).await
    }

    /// One turn on a blocking thread for all of them.
    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let (location, ranges) = (location.clone(), ranges.to_vec());
        let read = move |place: &Place| {
            let file = File::open(place.file(&location)).map_err(|error| from_io(&location, error))?;
            let read = |range: Range<u64>| {
                let mut bytes = vec![0; usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX)];
                file.read_exact_at(&mut bytes, range.start).map_err(|error| from_io(&location, error))?;
                Ok(Bytes::from(bytes))
            };
            ranges.into_iter().map(read).collect()
        };
        self.blocking(read).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let disk = self.clone();
        let delete = move |location: Result<Path>| {
            let disk = disk.clone();
            async move {
                let location = location?;
                disk.blocking(move |place| place.delete(&location).map(|()| location)).await
            }
        };
        locations.then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let mode = match options.mode {
            CopyMode::Overwrite => PutMode::Overwrite,
            CopyMode::Create => PutMode::Create,
        };
        let read = self.files.get_opts(from, GetOptions::default()).await?.bytes().await?;
        self.put_opts(to, read.into(), mode.into()).await?;
        Ok(())
    }
}

impl Place {
    /// The file of an object. `object_store::path::Path` has no `..` and no empty segment.
    pub(crate) fn file(&self, location: &Path) -> PathBuf {
        let mut file = self.root.clone();
        file.extend(location.parts().map(|part| part.as_ref().to_owned()));
        file
    }

    /// Makes the directory of this file, durably.
    pub(crate) fn make_parents(&self, file: &FilePath) -> std::io::Result<()> {
        let Some(parent) = file.parent().filter(|parent| *parent != self.root) else { return Ok(()) };
        if self.durable().contains(parent) {
            return Ok(());
        }
        self.make_parents(parent)?;
        match self.medium.create_directory(parent) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            made => made?,
        }
        self.sync_parent(parent)?;
        self.durable().insert(parent.to_owned());
        Ok(())
    }

    fn durable(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the name of this file durable.
    pub(crate) fn sync_parent(&self, file: &FilePath) -> std::io::Result<()> {
        file.parent().map_or(Ok(()), |parent| self.medium.sync_directory(parent))
    }

    fn delete(&self, location: &Path) -> Result<()> {
        if self.file(location).exists() && self.holds.keeps_back(location) {
            return Ok(());
        }
        self.remove(location).map_err(|error| from_io(location, error))
    }

    fn remove(&self, location: &Path) -> std::io::Result<()> {
        let file = self.file(location);
        self.medium.remove(&file).and_then(|()| self.sync_parent(&file))
    }
}

/// Removes drafts: files whose name ends in `#` and digits, which the listing skips as well.
fn sweep(directory: &FilePath) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sweep(&entry.path())?;
        } else if upload::is_draft(&entry.file_name().to_string_lossy()) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn not_supported(operation: &str) -> Error {
    Error::NotImplemented { operation: operation.to_owned(), implementer: "Disk".to_owned() }
}
