//! Files of a form, part by part, never whole in memory. The token field is passed over. Limits are the route's
//! `body_max`; keeps nothing.

use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use yiwang_kernel::{Error, Result};
use yiwang_web::{Failure, body_error};

use crate::forgery::TokenFirst;

/// Parts of one upload at most.
pub const PARTS_MAX: usize = 200;

/// The parts of an upload, in order.
pub struct Uploads {
    parts: Multipart,
    token_first: bool,
    seen: usize,
}

/// One part: a field or a file.
pub struct Part<'u> {
    /// The field's name.
    pub name: String,
    /// The file's name as the sender calls it, without folders; none for a plain field.
    pub file_name: Option<String>,
    field: Field<'u>,
}

impl Uploads {
    /// The next part; the one before must be read or dropped.
    pub async fn next(&mut self) -> Result<Option<Part<'_>>> {
        if std::mem::take(&mut self.token_first) {
            self.parts.next_field().await.map_err(upload_error)?;
        }
        self.seen += 1;
        if self.seen > PARTS_MAX {
            return Err(Error::too_large("fields-many").with("limit", PARTS_MAX));
        }
        let Some(field) = self.parts.next_field().await.map_err(upload_error)? else { return Ok(None) };
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(|given| given.rsplit(['/', '\\']).next().unwrap_or_default().to_owned());
        Ok(Some(Part { name, file_name, field }))
    }
}

impl Part<'_> {
    /// The next piece of its content.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.field.chunk().await.map_err(upload_error)
    }

    /// The content of a plain field, up to `bytes_max`.
    pub async fn text(mut self, bytes_max: usize) -> Result<String> {
        let mut content = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if content.len() + chunk.len() > bytes_max {
                return Err(Error::too_large("body-large"));
            }
            content.extend_from_slice(&chunk);
        }
        String::from_utf8(content).map_err(|_| Error::malformed("body-format"))
    }
}

impl<S: Send + Sync> FromRequest<S> for Uploads {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Uploads, Failure> {
        let token_first = request.extensions().get::<TokenFirst>().is_some();
        let parts = Multipart::from_request(request, state).await;
        let parts = parts.map_err(|_| Error::malformed("body-kind"))?;
        Ok(Uploads { parts, token_first, seen: 0 })
    }
}

fn upload_error(error: MultipartError) -> Error {
    body_error(&error)
}
