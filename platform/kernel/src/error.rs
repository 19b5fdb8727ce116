//! The closed list of ways an operation can fail. Carries a message code and arguments, never prose for users:
//! the text is looked up in the reader's language by `web`. Causes are kept for the one log line at the edge.

use std::fmt;
use std::sync::Arc;

/// The result of an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation did not happen. Each variant has one HTTP status (see [`Error::status`]).
#[derive(Debug, Clone)]
pub enum Error {
    /// Nobody is signed in and the operation needs somebody (401).
    Unauthenticated,
    /// Known, but not allowed (403).
    Forbidden(Detail),
    /// No such thing, or not for this reader (404).
    NotFound(Detail),
    /// It was here and was taken away on purpose (410).
    Gone(Detail),
    /// The request cannot be read at all (400).
    Malformed(Detail),
    /// A field is wrong (422).
    Invalid {
        /// The field to mend, by its form or JSON name.
        field: String,
        /// What is wrong with it.
        detail: Detail,
    },
    /// Larger than the stated limit (413).
    TooLarge(Detail),
    /// Too often; try again after so many seconds (429).
    TooMany {
        /// Seconds to wait.
        retry_after_s: u64,
    },
    /// Somebody else changed it, or it exists already (409).
    Conflict(Detail),
    /// Understood, and a rule says no (409); the code names the rule.
    Refused(Detail),
    /// Took longer than it may (504).
    Timeout,
    /// Cannot be served now (503).
    Unavailable(Detail),
    /// Our fault (500). The cause is logged once at the edge and never shown.
    Internal(Cause),
}

/// A message code with its arguments; the code is a Fluent message id `error-<code>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// Fluent message id without its `error-` prefix.
    pub code: &'static str,
    /// Arguments of the message; never personal data.
    pub args: Vec<(&'static str, String)>,
}

/// What lies under an internal error.
#[derive(Debug, Clone)]
pub struct Cause {
    what: String,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Detail {
    /// A message without arguments.
    pub fn new(code: &'static str) -> Detail {
        Detail { code, args: Vec::new() }
    }
}

impl Error {
    /// 403 with a message code.
    pub fn forbidden(code: &'static str) -> Error {
        Error::Forbidden(Detail::new(code))
    }
    /// 404 with a message code.
    pub fn not_found(code: &'static str) -> Error {
        Error::NotFound(Detail::new(code))
    }
    /// 410 with a message code.
    pub fn gone(code: &'static str) -> Error {
        Error::Gone(Detail::new(code))
    }
    /// 400 with a message code.
    pub fn malformed(code: &'static str) -> Error {
        Error::Malformed(Detail::new(code))
    }
    /// 422 naming the field.
    pub fn invalid(field: impl Into<String>, code: &'static str) -> Error {
        Error::Invalid { field: field.into(), detail: Detail::new(code) }
    }
    /// 413 with a message code.
    pub fn too_large(code: &'static str) -> Error {
        Error::TooLarge(Detail::new(code))
    }
    /// 409: exists already or changed meanwhile.
    pub fn conflict(code: &'static str) -> Error {
        Error::Conflict(Detail::new(code))
    }
    /// 409: a rule says no; the code names the rule.
    pub fn refused(code: &'static str) -> Error {
        Error::Refused(Detail::new(code))
    }
    /// 503 with a message code.
    pub fn unavailable(code: &'static str) -> Error {
        Error::Unavailable(Detail::new(code))
    }
    /// 500: says what was being done, keeps the cause.
    pub fn internal(what: impl Into<String>, source: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::Internal(Cause { what: what.into(), source: Some(Arc::new(source)) })
    }
    /// 500 without a cause: an invariant of ours does not hold.
    pub fn broken(what: impl Into<String>) -> Error {
        Error::Internal(Cause { what: what.into(), source: None })
    }

    /// Adds a message argument; kinds without a message ignore it.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Error {
        if let Some(detail) = self.detail_mut() {
            detail.args.push((name, value.to_string()));
        }
        self
    }

    /// The message code, or the kind's own where it has none.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Unauthenticated => "unauthenticated",
            Error::TooMany { .. } => "too-many",
            Error::Timeout => "timeout",
            Error::Internal(_) => "internal",
            other => other.detail().map_or("internal", |detail| detail.code),
        }
    }

    /// The message code and arguments, where the kind has them.
    pub fn detail(&self) -> Option<&Detail> {
        match self {
            Error::Forbidden(detail)
            | Error::NotFound(detail)
            | Error::Gone(detail)
            | Error::Malformed(detail)
            | Error::Invalid { detail, .. }
            | Error::TooLarge(detail)
            | Error::Conflict(detail)
            | Error::Refused(detail)
            | Error::Unavailable(detail) => Some(detail),
            Error::Unauthenticated | Error::TooMany { .. } | Error::Timeout | Error::Internal(_) => None,
        }
    }

    /// The HTTP status of this kind.
    pub fn status(&self) -> u16 {
        match self {
            Error::Malformed(_) => 400,
            Error::Unauthenticated => 401,
            Error::Forbidden(_) => 403,
            Error::NotFound(_) => 404,
            Error::Conflict(_) | Error::Refused(_) => 409,
            Error::Gone(_) => 410,
            Error::TooLarge(_) => 413,
            Error::Invalid { .. } => 422,
            Error::TooMany { .. } => 429,
            Error::Internal(_) => 500,
            Error::Unavailable(_) => 503,
            Error::Timeout => 504,
        }
    }

    fn detail_mut(&mut self) -> Option<&mut Detail> {
        match self {
            Error::Forbidden(detail)
            | Error::NotFound(detail)
            | Error::Gone(detail)
            | Error::Malformed(detail)
            | Error::Invalid { detail, .. }
            | Error::TooLarge(detail)
            | Error::Conflict(detail)
            | Error::Refused(detail)
            | Error::Unavailable(detail) => Some(detail),
            Error::Unauthenticated | Error::TooMany { .. } | Error::Timeout | Error::Internal(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Internal(cause) => out.write_str(&cause.what),
            Error::Invalid { field, detail } => write!(out, "invalid {field}: {}", detail.code),
            other => out.write_str(other.code()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Internal(Cause { source: Some(source), .. }) => Some(source.as_ref()),
            _ => None,
        }
    }
}
