//! An object store whose objects are sealed: plain above, ciphertext below, a key per scope (the first segments of the
//! path), position and path bound to every chunk. Ranges decrypt only the chunks they touch.

mod headers;
mod layout;
mod upload;

use std::fmt;
use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result,
};
use yiwang_kernel::Error as KernelError;
use yiwang_seal::FileKey;

use crate::refusal::carried;
use crate::{Disk, Hold, KeyVault};
use headers::{Header, Headers};
use upload::{Sealer, Upload};

/// Chunks fetched and opened at once: 1 MiB.
const CHUNKS_AT_ONCE: u64 = 16;
/// Segments of a path that name its scope, at most; the file's name is never part of it.
const SCOPE_SEGMENTS: usize = 3;

/// Objects sealed at rest. Cheap to clone.
#[derive(Clone)]
pub struct SealedStore {
    inner: Arc<dyn ObjectStore>,
    sealing: Option<Sealing>,
    disk: Option<Disk>,
}

/// How objects are sealed: the keys, and the name of the tree, which stands before every path.
#[derive(Clone)]
struct Sealing {
    vault: KeyVault,
    tree: &'static str,
    headers: Arc<Headers>,
}

impl SealedStore {
    /// Seals what goes into `inner`. `tree` names it within the product (`lake`, `files`): keys and chunks are bound to
    /// `tree/path`.
    pub fn new(inner: Arc<dyn ObjectStore>, vault: KeyVault, tree: &'static str) -> SealedStore {
        SealedStore { inner, sealing: Some(Sealing { vault, tree, headers: Arc::default() }), disk: None }
    }

    /// Leaves objects as they are: for storage that encrypts by itself, chosen at set-up.
    pub fn plain(inner: Arc<dyn ObjectStore>) -> SealedStore {
        SealedStore { inner, sealing: None, disk: None }
    }

    /// The tree `tree` of a data directory on the local disk; plain without a vault.
    pub fn on_disk(data: &FilePath, tree: &'static str, vault: Option<KeyVault>) -> Result<SealedStore, KernelError> {
        let disk = Disk::open(&data.join(tree))?;
        let objects = Arc::new(disk.clone());
        let store = match vault {
            Some(vault) => SealedStore::new(objects, vault, tree),
            None => SealedStore::plain(objects),
        };
        Ok(SealedStore { disk: Some(disk), ..store })
    }

    /// Keeps every object from being deleted as long as the hold lives; what is deleted meanwhile goes when it ends.
    /// Only on the local disk; elsewhere it holds nothing.
    pub fn hold(&self) -> Hold {
        self.disk.as_ref().map_or_else(|| Hold::of(None), Disk::hold)
    }

    /// Whether objects are sealed.
    pub fn is_sealed(&self) -> bool {
        self.sealing.is_some()
    }

    async fn sealer(&self, sealing: &Sealing, location: &Path) -> Result<Sealer> {
        let mut salt = [0u8; layout::SALT_BYTES];
        yiwang_seal::random(&mut salt);
        Ok(Sealer::new(sealing.file_key(location, &salt).await?, &salt))
    }

    async fn get_sealed(&self, sealing: &Sealing, location: &Path, mut options: GetOptions) -> Result<GetResult> {
        let asked = options.range.replace(GetRange::Bounded(0..layout::HEADER_BYTES));
        let head = self.inner.get_opts(location, options).await?;
        let mut meta = head.meta.clone();
        let attributes = head.attributes.clone();
        let header = Header::read(&head.bytes().await?, meta.size).ok_or_else(|| altered(location))?;
        meta.size = header.plain;
        let range = match asked {
            Some(asked) => bounds(&asked, meta.size)?,
            None => 0..meta.size,
        };
        let reading = Reading {
            inner: Arc::clone(&self.inner),
            location: location.clone(),
            key: sealing.file_key(location, &header.salt).await?,
            plain: meta.size,
            next: layout::touched(&range, meta.size),
            range: range.clone(),
        };
        let stream = futures::stream::try_unfold(reading, Reading::step).boxed();
        Ok(GetResult { payload: GetResultPayload::Stream(stream), meta, range, attributes })
    }

    async fn header(&self, location: &Path) -> Result<Header> {
        let options = GetOptions { range: Some(GetRange::Bounded(0..layout::HEADER_BYTES)), ..GetOptions::default() };
        let head = self.inner.get_opts(location, options).await?;
        let size = head.meta.size;
        Header::read(&head.bytes().await?, size).ok_or_else(|| altered(location))
    }

    /// Every range with one request below and one opening of each chunk, however many ranges lie in it.
    async fn open_ranges(
        &self,
        sealing: &Sealing,
        location: &Path,
        header: &Header,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>> {
        let bounds = ranges.iter().map(|range| bounds(&GetRange::Bounded(range.clone()), header.plain));
        let ranges: Vec<Range<u64>> = bounds.collect::<Result<_>>()?;
        let spans = layout::spans(&ranges, header.plain);
        let places: Vec<Range<u64>> = spans.iter().map(|span| layout::place(span, header.plain)).collect();
        let key = sealing.file_key(location, &header.salt).await?;
        let sealed = self.inner.get_ranges(location, &places).await?;
        let open = |(span, sealed)| open(&key, location, header.plain, span, sealed);
        let opened: Vec<Bytes> = spans.iter().zip(sealed).map(open).collect::<Result<_>>()?;
        let part = |range: &Range<u64>| {
            let touched = layout::touched(range, header.plain);
            let place = spans.partition_point(|span| span.end <= touched.start);
            let (span, bytes) = spans.get(place).zip(opened.get(place)).ok_or_else(|| altered(location))?;
            Ok(bytes.slice(layout::within(range, span.start, bytes.len())))
        };
        ranges.iter().map(part).collect()
    }

    fn shown(&self, mut meta: ObjectMeta) -> ObjectMeta {
        if self.sealing.is_some() {
            meta.size = layout::plain_bytes(meta.size).unwrap_or(0);
        }
        meta
    }
}

impl Sealing {
    async fn file_key(&self, location: &Path, salt: &[u8; layout::SALT_BYTES]) -> Result<FileKey> {
        let path = format!("{}/{location}", self.tree);
        let key = self.vault.key(&scope(&path)).await.map_err(carried)?;
        Ok(key.file(&path, salt))
    }
}

/// The scope of a path: its directories, at most three.
fn scope(path: &str) -> String {
    let directories = path.rsplit_once('/').map_or("", |(directories, _)| directories);
    directories.split('/').take(SCOPE_SEGMENTS).collect::<Vec<_>>().join("/")
}

/// A read in progress.
struct Reading {
    inner: Arc<dyn ObjectStore>,
    location: Path,
    key: FileKey,
    plain: u64,
    next: Range<u64>,
    range: Range<u64>,
}

impl Reading {
    async fn step(mut self) -> Result<Option<(Bytes, Reading)>> {
        if self.next.is_empty() {
            return Ok(None);
        }
        let chunks = self.next.start..self.next.end.min(self.next.start + CHUNKS_AT_ONCE);
        self.next.start = chunks.end;
        let place = layout::place(&chunks, self.plain);
        let sealed = self.inner.get_range(&self.location, place).await?;
        let bytes = open(&self.key, &self.location, self.plain, &chunks, sealed)?;
        let wanted = layout::within(&self.range, chunks.start, bytes.len());
        Ok(Some((bytes.slice(wanted), self)))
    }
}

/// The plain bytes of these chunks, opened where they were read to.
fn open(key: &FileKey, location: &Path, plain: u64, chunks: &Range<u64>, sealed: Bytes) -> Result<Bytes> {
    let mut bytes = BytesMut::from(sealed);
    let opened = key.open_chunks(chunks.start, layout::chunks_of(plain) - 1, &mut bytes);
    let length = opened.map_err(|_| altered(location))?;
    if length as u64 != layout::plain_in(chunks, plain) {
        return Err(altered(location));
    }
    bytes.truncate(length);
    Ok(bytes.freeze())
}

fn bounds(asked: &GetRange, plain: u64) -> Result<Range<u64>> {
    asked.as_range(plain).map_err(|error| Error::Generic { store: "sealed", source: Box::new(error) })
}

/// The object is not what was written. Says where, never what.
fn altered(location: &Path) -> Error {
    tracing::error!(%location, "a sealed file does not open: altered, moved, or sealed under another key");
    carried(KernelError::unavailable("file-altered"))
}

impl fmt::Display for SealedStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}({})", if self.is_sealed() { "SealedStore" } else { "PlainStore" }, self.inner)
    }
}

impl fmt::Debug for SealedStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[async_trait]
impl ObjectStore for SealedStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let Some(sealing) = &self.sealing else { return self.inner.put_opts(location, payload, options).await };
        sealing.headers.forget(location);
        let mut sealer = self.sealer(sealing, location).await?;
        for bytes in &payload {
            sealer.write(bytes);
        }
        self.inner.put_opts(location, sealer.finish().into(), options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let inner = self.inner.put_multipart_opts(location, options).await?;
        let Some(sealing) = &self.sealing else { return Ok(inner) };
        sealing.headers.forget(location);
        Ok(Box::new(Upload::new(inner, self.sealer(sealing, location).await?)))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        match &self.sealing {
            Some(sealing) if !options.head => self.get_sealed(sealing, location, options).await,
            _ => {
                let mut result = self.inner.get_opts(location, options).await?;
                result.meta = self.shown(result.meta);
                Ok(result)
            }
        }
    }

    /// What is remembered of an object may be out of date where another process wrote it anew: then once more.
    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let Some(sealing) = &self.sealing else { return self.inner.get_ranges(location, ranges).await };
        if let Some(header) = sealing.headers.get(location) {
            match self.open_ranges(sealing, location, &header, ranges).await {
                Err(error) if !matches!(error, Error::NotFound { .. }) => sealing.headers.forget(location),
                done => return done,
            }
        }
        let header = self.header(location).await?;
        let read = self.open_ranges(sealing, location, &header, ranges).await?;
        sealing.headers.put(location, header);
        Ok(read)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let store = self.clone();
        self.inner.list(prefix).map_ok(move |meta| store.shown(meta)).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut listed = self.inner.list_with_delimiter(prefix).await?;
        listed.objects = listed.objects.into_iter().map(|meta| self.shown(meta)).collect();
        Ok(listed)
    }

    /// The path is bound to the content, so a copy is opened and sealed anew.
    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let mode = match options.mode {
            CopyMode::Overwrite => PutMode::Overwrite,
            CopyMode::Create => PutMode::Create,
        };
        let content = self.get(from).await?.bytes().await?;
        self.put_opts(to, content.into(), mode.into()).await?;
        Ok(())
    }
}
