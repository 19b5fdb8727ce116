//! The way an error leaves a handler: it rides in the response until the middleware writes it for the caller.

use axum::response::{IntoResponse, Response};
use yiwang_kernel::Error;

/// What a handler returns.
pub type Answer = Result<Response, Failure>;

/// An error on its way out; `?` makes one of a `kernel::Error`.
#[derive(Debug, Clone)]
pub struct Failure(pub Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure(error)
    }
}

/// The status and the error itself as an extension; the middleware writes problem+json or a page from it.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = http::StatusCode::from_u16(self.0.status()).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
