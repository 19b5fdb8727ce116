//! What a verb says: results, progress, failures with their exit code, logs. To the terminal, or to the process that
//! asked for the verb; a verb need not know which.

mod progress;
mod sink;

use tracing_subscriber::EnvFilter;
use yiwang_kernel::{Error, Lang};

pub(crate) use progress::{Later, bar, shown};
pub(crate) use sink::{Caller, Given, Heard, Said, Sink, opened};

use crate::cli::Shared;

/// Exit code: done.
pub(crate) const DONE: u8 = 0;
/// Exit code: the command line itself is wrong.
pub(crate) const WRONG_USE: u8 = 2;
const REFUSED: u8 = 3;
const CONFLICT: u8 = 4;
/// Exit code: cannot be served now.
pub(crate) const UNAVAILABLE: u8 = 5;

/// A failure whose result was printed already: only its exit code is left to say.
#[derive(Debug)]
pub(crate) struct Told(pub(crate) Error);

impl std::fmt::Display for Told {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

impl std::error::Error for Told {}

/// The command line asks for something that cannot be: exit code 2.
#[derive(Debug)]
pub(crate) struct WrongUse(pub(crate) &'static str);

impl std::fmt::Display for WrongUse {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.0)
    }
}

impl std::error::Error for WrongUse {}

/// Sends logs to standard error: warnings, or what `YIWANG_LOG` asks for.
pub(crate) fn logs(shared: &Shared) {
    let filter = EnvFilter::try_from_env("YIWANG_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second subscriber in one process (tests) is refused; the first stays.
    drop(if shared.json { builder.json().try_init() } else { builder.compact().try_init() });
}

/// Says the failure in the reader's language and gives its exit code.
pub(crate) fn failed(shared: &Shared, error: &anyhow::Error) -> u8 {
    let told = error.downcast_ref::<Told>();
    let known = told.map(|Told(known)| known).or_else(|| error.downcast_ref::<Error>());
    let is_wrong_use = error.downcast_ref::<WrongUse>().is_some();
    let code = known.map_or(if is_wrong_use { WRONG_USE } else { UNAVAILABLE }, exit_code);
    if shared.json && told.is_some() {
        return code;
    }
    if shared.json {
        let field = match known {
            Some(Error::Invalid { field, .. }) => Some(field.as_str()),
            _ => None,
        };
        let unknown = if is_wrong_use { "wrong-use" } else { "internal" };
        let document = serde_json::json!({
            "error": { "code": known.map_or(unknown, Error::code), "field": field, "text": words(shared, error) }
        });
        print(shared, &format!("{document}\n"));
    } else {
        shared.sink.err(&format!("yiwang: {}\n", words(shared, error)));
    }
    code
}

/// Writes this text to standard output as it is.
pub(crate) fn print(shared: &Shared, text: &str) {
    shared.sink.out(text);
}

/// Prints a JSON document or, for people, the lines.
pub(crate) fn result(shared: &Shared, document: &serde_json::Value, lines: impl FnOnce() -> String) {
    if shared.json {
        print(shared, &format!("{document:#}\n"));
    } else {
        print(shared, &format!("{}\n", lines().trim_end()));
    }
}

/// One of two texts by the language asked for.
pub(crate) fn say<'a>(shared: &Shared, zh: &'a str, en: &'a str) -> &'a str {
    match shared.language() {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

/// Prints one line now: the JSON document or the words.
pub(crate) fn line(shared: &Shared, document: &serde_json::Value, words: &str) {
    let text = if shared.json { format!("{document}\n") } else { format!("{words}\n") };
    print(shared, &text);
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
