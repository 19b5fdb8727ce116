//! Drafts a field's name from its title: what is ASCII stays, Chinese becomes pinyin, the rest falls away.

use pinyin::ToPinyin;

const CHARS_MAX: usize = 63;

/// A name that is a name and not among those taken.
pub fn draft_name(title: &str, taken: &dyn Fn(&str) -> bool) -> String {
    let mut name = String::new();
    for char in title.chars() {
        if let Some(sound) = char.to_pinyin() {
            name.push_str(&sound.plain().replace('ü', "v"));
        } else if char.is_ascii_alphanumeric() {
            name.push(char.to_ascii_lowercase());
        } else if !name.ends_with('_') && !name.is_empty() {
            name.push('_');
        }
    }
    let trimmed = name.trim_matches('_');
    let mut base = if trimmed.starts_with(|first: char| first.is_ascii_lowercase()) {
        trimmed.to_owned()
    } else {
        format!("f{}{trimmed}", if trimmed.is_empty() { "" } else { "_" })
    };
    base.truncate(CHARS_MAX);
    if !taken(&base) {
        return base;
    }
    base.truncate(CHARS_MAX - 6);
    (2..100_000u32).map(|number| format!("{base}_{number}")).find(|name| !taken(name)).unwrap_or(base)
}
