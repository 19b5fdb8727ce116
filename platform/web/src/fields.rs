//! Named values of a query, a form or a JSON object, read one way. Checks only what a reader of fields needs:
//! presence, length, numbers; meaning is for the operation.

use axum::extract::{FromRequest, Request};
use http::header;
use yiwang_kernel::{Error, Lang, Result, Text};

use crate::Failure;

/// Most fields in one form or query.
pub const FIELDS_MAX: usize = 2_000;
/// Largest body of a plain form or JSON call.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Named values, in the order given; a name may stand several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// From `application/x-www-form-urlencoded` text, a query among it.
    pub fn of_query(query: &str) -> Result<Fields> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let mut fields = Vec::new();
        for pair in pairs {
            if fields.len() >= FIELDS_MAX {
                return Err(Error::too_large("fields-many").with("limit", FIELDS_MAX));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            fields.push((decode(name)?, decode(value)?));
        }
        Ok(Fields(fields))
    }

    /// From a JSON object: strings, numbers and booleans as text, arrays as the name repeated, null as absent.
    pub fn of_json(json: &serde_json::Value) -> Result<Fields> {
        let object = json.as_object().ok_or_else(|| Error::malformed("body-format"))?;
        let mut fields = Vec::new();
        for (name, value) in object {
            let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            for value in values {
                if fields.len() >= FIELDS_MAX {
                    return Err(Error::too_large("fields-many").with("limit", FIELDS_MAX));
                }
                match value {
                    serde_json::Value::Null => {}
                    serde_json::Value::String(text) => fields.push((name.clone(), text.clone())),
                    other => fields.push((name.clone(), other.to_string())),
                }
            }
        }
        Ok(Fields(fields))
    }

    /// The first value of this name, as given.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of this name.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every pair, in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The trimmed value; refused when absent or empty.
    pub fn required(&self, name: &str) -> Result<&str> {
        self.filled(name).ok_or_else(|| Error::invalid(name, "field-missing"))
    }

    /// The trimmed value, none when absent or empty.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// The whole number; none when absent or empty, refused when it is something else.
    pub fn number(&self, name: &str) -> Result<Option<i64>> {
        let read = |text: &str| text.parse().map_err(|_| Error::invalid(name, "field-number"));
        self.filled(name).map(read).transpose()
    }

    /// Whether the box is ticked: `1`, `on`, `true`, `yes`.
    pub fn ticked(&self, name: &str) -> bool {
        matches!(self.get(name), Some("1" | "on" | "true" | "yes"))
    }

    /// The text in both languages: fields `<name>_zh` and `<name>_en`.
    pub fn text(&self, name: &str) -> Text {
        let part = |lang: Lang| self.filled(&format!("{name}_{}", lang.code())).unwrap_or_default().to_owned();
        Text::new(part(Lang::Zh), part(Lang::En))
    }
}

/// The body of a form or JSON call, `application/x-www-form-urlencoded` or `application/json`; of uploads, nothing.
impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Fields, Failure> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let body =
            axum::body::to_bytes(request.into_body(), BODY_BYTES_MAX).await.map_err(|error| body_error(&error))?;
        match kind.as_str() {
            "application/x-www-form-urlencoded" => {
                let text = std::str::from_utf8(&body).map_err(|_| Error::malformed("body-format"))?;
                Ok(Fields::of_query(text)?)
            }
            "application/json" => {
                let json = serde_json::from_slice(&body).map_err(|_| Error::malformed("body-format"))?;
                Ok(Fields::of_json(&json)?)
            }
            _ if body.is_empty() => Ok(Fields::default()),
            _ => Err(Failure(Error::malformed("body-kind"))),
        }
    }
}

/// Why a body could not be read: larger than its limit, or broken off.
pub fn body_error(error: &(dyn std::error::Error + 'static)) -> Error {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if inner.is::<http_body_util::LengthLimitError>() {
            return Error::too_large("body-large");
        }
        cause = inner.source();
    }
    Error::malformed("body-format")
}

/// Undoes percent-encoding and `+`; what is not UTF-8 is refused.
fn decode(text: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |digit: u8| char::from(digit).to_digit(16).unwrap_or(0);
                bytes.push(u8::try_from(digit(*high) * 16 + digit(*low)).unwrap_or(0));
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).map_err(|_| Error::malformed("body-format"))
}
