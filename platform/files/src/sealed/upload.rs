//! Sealing a stream of bytes: whole chunks leave as soon as more bytes follow them, since the last one must say so.

use async_trait::async_trait;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};
use yiwang_seal::{CHUNK_BYTES, FileKey};

use super::layout::{MARK, SALT_BYTES};

/// Sealed bytes gathered before they go down as one part (what object stores want of all parts but the last).
const PART_BYTES: usize = 8 * 1024 * 1024;

/// Plain bytes in, sealed bytes out.
#[derive(Debug)]
pub(crate) struct Sealer {
    key: FileKey,
    index: u64,
    pending: Vec<u8>,
    sealed: Vec<u8>,
}

/// An upload in parts, sealed on its way down.
#[derive(Debug)]
pub(crate) struct Upload {
    inner: Box<dyn MultipartUpload>,
    sealer: Option<Sealer>,
}

impl Sealer {
    pub(crate) fn new(key: FileKey, salt: &[u8; SALT_BYTES]) -> Sealer {
        let sealed = [MARK.as_slice(), salt.as_slice()].concat();
        Sealer { key, index: 0, pending: Vec::with_capacity(CHUNK_BYTES), sealed }
    }

    pub(crate) fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.pending.len() == CHUNK_BYTES {
                self.seal_pending(false);
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK_BYTES - self.pending.len()));
            self.pending.extend_from_slice(now);
            bytes = later;
        }
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.seal_pending(true);
        self.sealed
    }

    fn seal_pending(&mut self, last: bool) {
        self.key.seal_chunk(self.index, last, &self.pending, &mut self.sealed);
        self.pending.clear();
        self.index += 1;
    }
}

impl Upload {
    pub(crate) fn new(inner: Box<dyn MultipartUpload>, sealer: Sealer) -> Upload {
        Upload { inner, sealer: Some(sealer) }
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let Some(sealer) = &mut self.sealer else { return Box::pin(async { Err(ended()) }) };
        for bytes in &data {
            sealer.write(bytes);
        }
        if sealer.sealed.len() < PART_BYTES {
            return Box::pin(async { Ok(()) });
        }
        self.inner.put_part(std::mem::take(&mut sealer.sealed).into())
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let sealer = self.sealer.take().ok_or_else(ended)?;
        self.inner.put_part(sealer.finish().into()).await?;
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.sealer = None;
        self.inner.abort().await
    }
}

fn ended() -> object_store::Error {
    object_store::Error::Generic { store: "sealed", source: "the upload has ended".into() }
}
