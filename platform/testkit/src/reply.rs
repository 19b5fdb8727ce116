//! An answer of the router, read whole. Judges nothing.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;

/// An answer, read whole.
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub bytes: Vec<u8>,
    /// Its body as text.
    pub text: String,
}

impl Reply {
    /// Reads an answer to its end.
    pub async fn of(answer: Response<Body>) -> Reply {
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes().to_vec();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply { status: parts.status, headers: parts.headers, bytes, text }
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text))
    }

    /// A header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The cookie it sets, as `name=value`.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let mut lines = self.headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
        let found = lines.rfind(|line| line.starts_with(&format!("{name}=")));
        found.and_then(|line| line.split(';').next()).map(str::to_owned)
    }

    /// The token of its first form.
    pub fn form_token(&self) -> String {
        self.value_of("csrf")
    }

    /// The value of a hidden field.
    pub fn value_of(&self, name: &str) -> String {
        let after = self.text.split(&format!("name=\"{name}\" value=\"")).nth(1);
        after.and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
    }
}
