//! Regions as lists show them: found by part of a name or by the beginning of a code. Pure.

use yiwang_codes::regions::{self, Region};
use yiwang_kernel::{Error, Result};

/// Characters a search may have.
pub(crate) const WORDS_CHARS_MAX: usize = 100;

/// Regions whose name (with those above it) contains the words, or whose code begins with them; all for no words.
pub(crate) fn search(words: &str) -> Result<Vec<&'static Region>> {
    let words = words.trim();
    if words.chars().count() > WORDS_CHARS_MAX {
        return Err(Error::invalid("q", "text-too-long").with("limit", WORDS_CHARS_MAX));
    }
    let is_code = !words.is_empty() && words.bytes().all(|byte| byte.is_ascii_digit());
    let fits = |region: &&Region| match (words.is_empty(), is_code) {
        (true, _) => true,
        (false, true) => region.code.starts_with(words),
        (false, false) => regions::full_name(region.code).is_some_and(|name| name.contains(words)),
    };
    Ok(regions::all().iter().filter(fits).collect())
}

/// The region with this code.
pub(crate) fn find(code: &str) -> Result<&'static Region> {
    regions::find(code).ok_or_else(|| Error::not_found("region-unknown").with("code", code))
}

/// The regions above this one, the province first.
pub(crate) fn above(region: &Region) -> Vec<&'static Region> {
    let mut above = Vec::new();
    let mut next = region.parent();
    while let Some(region) = next {
        above.push(region);
        next = region.parent();
    }
    above.reverse();
    above
}
