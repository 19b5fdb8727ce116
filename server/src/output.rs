//! What the command line prints: results, progress, failures with their exit code, logs.

use std::process::ExitCode;

use tracing_subscriber::EnvFilter;
use yiwang_kernel::{Error, Lang};

use crate::cli::Shared;

/// Exit code: the command line itself is wrong.
pub(crate) const WRONG_USE: u8 = 2;
const REFUSED: u8 = 3;
const CONFLICT: u8 = 4;
const UNAVAILABLE: u8 = 5;

/// A failure whose result was printed already: only its exit code is left to say.
#[derive(Debug)]
pub(crate) struct Told(pub(crate) Error);

impl std::fmt::Display for Told {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

impl std::error::Error for Told {}

/// Sends logs to standard error: warnings, or what `YIWANG_LOG` asks for.
pub(crate) fn logs(shared: &Shared) {
    let filter = EnvFilter::try_from_env("YIWANG_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second subscriber in one process (tests) is refused; the first stays.
    drop(if shared.json { builder.json().try_init() } else { builder.compact().try_init() });
}

/// Prints the failure in the reader's language and gives its exit code.
pub(crate) fn failed(shared: &Shared, error: &anyhow::Error) -> ExitCode {
    let told = error.downcast_ref::<Told>();
    let known = told.map(|Told(known)| known).or_else(|| error.downcast_ref::<Error>());
    let code = known.map_or(UNAVAILABLE, exit_code);
    if shared.json && told.is_some() {
        return ExitCode::from(code);
    }
    if shared.json {
        let field = match known {
            Some(Error::Invalid { field, .. }) => Some(field.as_str()),
            _ => None,
        };
        let document = serde_json::json!({
            "error": { "code": known.map_or("internal", Error::code), "field": field, "text": words(shared, error) }
        });
        println!("{document}");
    } else {
        eprintln!("yiwang: {}", words(shared, error));
    }
    ExitCode::from(code)
}

/// Prints a JSON document or, for people, the lines.
pub(crate) fn result(shared: &Shared, document: &serde_json::Value, lines: impl FnOnce() -> String) {
    if shared.json {
        println!("{document:#}");
    } else {
        println!("{}", lines().trim_end());
    }
}

/// One of two texts by the language asked for.
pub(crate) fn say<'a>(shared: &Shared, zh: &'a str, en: &'a str) -> &'a str {
    match shared.language() {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

fn exit_code(error: &Error) -> u8 {
    match error {
        Error::Conflict(_) => CONFLICT,
        Error::Unavailable(_) | Error::Timeout | Error::TooMany { .. } | Error::Internal(_) => UNAVAILABLE,
        Error::Unauthenticated
        | Error::Forbidden(_)
        | Error::NotFound(_)
        | Error::Gone(_)
        | Error::Malformed(_)
        | Error::Invalid { .. }
        | Error::TooLarge(_)
        | Error::Refused(_) => REFUSED,
    }
}

fn words(shared: &Shared, error: &anyhow::Error) -> String {
    let told = error.downcast_ref::<Told>().map(|Told(known)| known);
    let Some(known) = told.or_else(|| error.downcast_ref::<Error>()) else { return format!("{error:#}") };
    let texts = crate::capabilities::texts();
    let text = texts.map(|texts| texts.error(shared.language(), known));
    let text = text.unwrap_or_else(|| known.to_string());
    match known {
        Error::Internal(_) => format!("{text} ({error:#})"),
        Error::Invalid { field, .. } => format!("{field}: {text}"),
        _ => text,
    }
}

/// Prints one line now: the JSON document or the words.
pub(crate) fn line(shared: &Shared, document: &serde_json::Value, words: &str) {
    if shared.json {
        println!("{document}");
    } else {
        println!("{words}");
    }
}
