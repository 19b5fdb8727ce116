//! Whole files that people or jobs hand in: uploads, refused rows, exports. Each has an id, a hash and a time until
//! which it is kept. The bytes are durable before the row that names them. Who may open one is not decided here.

use std::ops::Range;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore as _, ObjectStoreExt as _};
use yiwang_kernel::{Ctx, Error, Id, Instant, Result};
use yiwang_seal::Sha256;
use yiwang_store::Db;

use crate::{Hold, SealedStore, refusal, store};

/// Expired blobs removed at once.
const EXPIRED_AT_ONCE: usize = 500;
/// Bytes without a row for so long belong to no upload under way.
const ORPHAN_S: i64 = 24 * 3600;

/// A stored file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Its id.
    pub id: Id,
    /// What it was handed in for: `uploads`, `refused`, `exports` ...
    pub purpose: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// How many bytes.
    pub bytes: u64,
    /// When it was stored.
    pub created_at: Instant,
    /// Until when it is kept; none: until somebody deletes it.
    pub keep_until: Option<Instant>,
}

/// The files of the product. Cheap to clone.
#[derive(Clone)]
pub struct Files {
    db: Db,
    objects: SealedStore,
}

impl Files {
    /// Rows in `db`, bytes in `objects`.
    pub fn new(db: Db, objects: SealedStore) -> Files {
        Files { db, objects }
    }

    /// Stores what the stream gives, at most `limit_bytes`. `purpose` is one lower-case word.
    pub async fn put(
        &self,
        ctx: &Ctx,
        purpose: &str,
        stream: BoxStream<'_, Result<Bytes>>,
        limit_bytes: u64,
    ) -> Result<Blob> {
        let id = Id::new(ctx);
        let location = location(purpose, id);
        let mut upload = self.objects.put_multipart(&location).await.map_err(refusal)?;
        let written = write(upload.as_mut(), stream, limit_bytes).await;
        let (sha256, bytes) = match written {
            Ok(written) => written,
            Err(error) => {
                // The caller learns why; an abandoned draft is swept at the next start.
                drop(upload.abort().await);
                return Err(error);
            }
        };
        upload.complete().await.map_err(refusal)?;
        let blob = Blob { id, purpose: purpose.to_owned(), sha256, bytes, created_at: ctx.now(), keep_until: None };
        store::add_blob(&self.db, &blob).await?;
        Ok(blob)
    }

    /// The blob of this id.
    pub async fn find(&self, id: Id) -> Result<Blob> {
        store::blob(&self.db, id).await?.ok_or_else(|| Error::not_found("file-unknown"))
    }

    /// Its bytes from the beginning.
    pub async fn open(&self, id: Id) -> Result<BoxStream<'static, Result<Bytes>>> {
        let blob = self.find(id).await?;
        let read = self.objects.get(&location(&blob.purpose, id)).await.map_err(refusal)?;
        Ok(read.into_stream().map_err(refusal).boxed())
    }

    /// All its bytes, when they are at most `limit_bytes`.
    pub async fn read(&self, id: Id, limit_bytes: u64) -> Result<Bytes> {
        let blob = self.find(id).await?;
        if blob.bytes > limit_bytes {
            return Err(Error::too_large("file-too-large").with("limit", limit_bytes));
        }
        let read = self.objects.get(&location(&blob.purpose, id)).await.map_err(refusal)?;
        read.bytes().await.map_err(refusal)
    }

    /// Some of its bytes, for readers that jump.
    pub async fn read_range(&self, blob: &Blob, range: Range<u64>) -> Result<Bytes> {
        self.objects.get_range(&location(&blob.purpose, blob.id), range).await.map_err(refusal)
    }

    /// Keeps it until this instant; none: until somebody deletes it.
    pub async fn keep_until(&self, id: Id, until: Option<Instant>) -> Result<()> {
        match store::keep_blob_until(&self.db, id, until).await? {
            true => Ok(()),
            false => Err(Error::not_found("file-unknown")),
        }
    }

    /// Deletes it, bytes first; deleting twice is no error.
    pub async fn delete(&self, id: Id) -> Result<()> {
        let Some(blob) = store::blob(&self.db, id).await? else { return Ok(()) };
        match self.objects.delete(&location(&blob.purpose, id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(refusal(error)),
        }
        store::remove_blob(&self.db, id).await
    }

    /// Deletes blobs whose time is over, so many at once at most; how many there were.
    pub async fn delete_expired(&self, ctx: &Ctx) -> Result<usize> {
        let expired = store::blobs_over(&self.db, ctx.now(), EXPIRED_AT_ONCE).await?;
        for blob in &expired {
            self.delete(blob.id).await?;
        }
        Ok(expired.len())
    }

    /// Keeps every file from being deleted as long as the hold lives.
    pub fn hold(&self) -> Hold {
        self.objects.hold()
    }

    /// Deletes bytes that no row names, a day old or more: what a crash between bytes and row left; how many.
    pub async fn delete_orphans(&self, ctx: &Ctx) -> Result<usize> {
        let before = ctx.now().plus_s(-ORPHAN_S).micros();
        let mut listed = self.objects.list(None);
        let mut count = 0;
        while let Some(object) = listed.try_next().await.map_err(refusal)? {
            let Some(Ok(id)) = object.location.filename().map(str::parse) else { continue };
            if object.last_modified.timestamp_micros() < before && store::blob(&self.db, id).await?.is_none() {
                self.objects.delete(&object.location).await.map_err(refusal)?;
                count += 1;
            }
        }
        Ok(count)
    }
}

/// Every file that a row of this store names, by its place in the tree `files`.
pub async fn named_files(db: &Db) -> Result<Vec<String>> {
    let named = store::blob_names(db).await?;
    Ok(named.into_iter().map(|(purpose, id)| location(&purpose, id).to_string()).collect())
}

fn location(purpose: &str, id: Id) -> Path {
    Path::from_iter([purpose.to_owned(), id.to_string()])
}

async fn write(
    upload: &mut dyn MultipartUpload,
    mut stream: BoxStream<'_, Result<Bytes>>,
    limit_bytes: u64,
) -> Result<([u8; 32], u64)> {
    let mut hash = Sha256::new();
    let mut count = 0u64;
    while let Some(bytes) = stream.try_next().await? {
        count += bytes.len() as u64;
        if count > limit_bytes {
            return Err(Error::too_large("file-too-large").with("limit", limit_bytes));
        }
        hash.update(&bytes);
        upload.put_part(bytes.into()).await.map_err(refusal)?;
    }
    Ok((hash.finish(), count))
}
