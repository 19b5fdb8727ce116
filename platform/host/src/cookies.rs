//! The cookies of the product: session, language, large mode, and the visit that forms of strangers are bound to.
//! All HttpOnly and SameSite=Lax, `Secure` when the request came over TLS. None tracks anybody.

use http::{HeaderMap, HeaderValue, header};

/// The session of a signed-in reader.
pub(crate) const SESSION: &str = "yiwang_session";
/// The language chosen.
pub(crate) const LANG: &str = "yiwang_lang";
/// Large mode chosen.
pub(crate) const LARGE: &str = "yiwang_large";
/// What a stranger's forms are bound to; set only by pages that hold a form.
pub(crate) const VISIT: &str = "yiwang_visit";

/// A choice of language or large mode is kept this long.
pub(crate) const CHOICE_S: i64 = 365 * 24 * 3600;

/// The value of this cookie.
pub(crate) fn get<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Adds a cookie to an answer; without age it ends with the browser, with age 0 it is taken away.
pub(crate) fn set(answer: &mut HeaderMap, request: &HeaderMap, name: &str, value: &str, age_s: Option<i64>) {
    let age = age_s.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let secure = if is_secure(request) { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}");
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        answer.append(header::SET_COOKIE, cookie);
    }
}

/// Whether the proxy in front says the reader came over TLS.
fn is_secure(request: &HeaderMap) -> bool {
    request.get("x-forwarded-proto").is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"))
}
