//! A file in the making: written under a name that nobody lists, published whole and durable, removed when abandoned.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use object_store::path::Path;
use object_store::{Error, MultipartUpload, PutPayload, PutResult, Result, UploadPart};

use super::Place;
use crate::refusal::from_io;

/// A file under its temporary name.
#[derive(Debug)]
pub(crate) struct Draft {
    place: Place,
    location: Path,
    file: File,
    draft: PathBuf,
    target: PathBuf,
    bytes: u64,
    published: bool,
}

/// An upload in parts.
#[derive(Debug)]
pub(crate) struct Upload {
    draft: Option<Arc<Draft>>,
    bytes: u64,
}

/// Whether a file name is that of a draft.
pub(crate) fn is_draft(name: &str) -> bool {
    name.rsplit_once('#').is_some_and(|(_, end)| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Draft {
    pub(crate) fn new(place: &Place, location: &Path) -> Result<Draft> {
        let target = place.file(location);
        let mut random = [0u8; 8];
        yiwang_seal::random(&mut random);
        let mut draft = target.clone().into_os_string();
        draft.push(format!("#{}", u64::from_le_bytes(random)));
        let draft = PathBuf::from(draft);
        let made = place.make_parents(&target).and_then(|()| place.medium.create(&draft));
        let file = made.map_err(|error| from_io(location, error))?;
        let (place, location) = (place.clone(), location.clone());
        Ok(Draft { place, location, file, draft, target, bytes: 0, published: false })
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_at(self.bytes, bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let written = self.place.medium.write_at(&self.draft, &self.file, offset, bytes);
        written.map_err(|error| from_io(&self.location, error))
    }

    /// Makes the file durable under its own name; with `create`, only when the name is free.
    pub(crate) fn publish(mut self, create: bool) -> Result<()> {
        self.place.holds.wanted(&self.location);
        let medium = &self.place.medium;
        let published = medium.sync(&self.draft, &self.file).and_then(|()| {
            if create {
                medium.link(&self.draft, &self.target)?;
            } else {
                medium.rename(&self.draft, &self.target)?;
            }
            self.place.sync_parent(&self.target)
        });
        published.map_err(|error| from_io(&self.location, error))?;
        self.published = !create;
        Ok(())
    }
}

/// Removes the temporary name; after a crash the next opening does.
impl Drop for Draft {
    fn drop(&mut self) {
        if !self.published {
            drop(self.place.medium.remove(&self.draft));
        }
    }
}

impl Upload {
    pub(crate) fn new(draft: Draft) -> Upload {
        Upload { draft: Some(Arc::new(draft)), bytes: 0 }
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let offset = self.bytes;
        self.bytes += data.content_length() as u64;
        let draft = self.draft.clone();
        Box::pin(async move {
            let draft = draft.ok_or_else(ended)?;
            let write = move || {
                let mut offset = offset;
                for bytes in &data {
                    draft.write_at(offset, bytes)?;
                    offset += bytes.len() as u64;
                }
                Ok(())
            };
            tokio::task::spawn_blocking(write).await?
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let draft = self.draft.take().ok_or_else(ended)?;
        let draft = Arc::try_unwrap(draft).map_err(|_| Error::Generic {
            store: "disk",
            source: "an upload was completed before its parts were written".into(),
        })?;
        tokio::task::spawn_blocking(move || draft.publish(false)).await??;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn abort(&mut self) -> Result<()> {
        self.draft = None;
        Ok(())
    }
}

fn ended() -> Error {
    Error::Generic { store: "disk", source: "the upload has ended".into() }
}
