//! Folding before anything else: full-width to half-width, upper to lower case, traditional to simplified.
//! Folds character by character, so that a place in a folded title is a place in the title.

use std::collections::HashMap;
use std::sync::LazyLock;

use opencc_fmmseg::OpenCC;
use unicode_normalization::UnicodeNormalization;

/// Traditional character to simplified, for the ideographs in use. The dictionaries it is drawn from are dropped.
static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let mut converter = OpenCC::new();
    converter.set_parallel(false);
    let ideographs = ('\u{3400}'..='\u{4dbf}').chain('\u{4e00}'..='\u{9fff}').collect::<Vec<char>>();
    let listed = ideographs.iter().flat_map(|ideograph| [*ideograph, '\n']).collect::<String>();
    let simplified = converter.t2s(&listed, false);
    let pairs = ideographs.iter().zip(simplified.split('\n'));
    pairs
        .filter_map(|(ideograph, line)| {
            let mut chars = line.chars();
            let first = chars.next()?;
            (chars.next().is_none() && first != *ideograph).then_some((*ideograph, first))
        })
        .collect()
});

/// The text folded: `停車場ＴＣ` becomes `停车场tc`.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for char in text.chars() {
        fold_char(char, &mut folded);
    }
    folded
}

/// A code folded for comparison: letters and digits only.
pub fn fold_code(code: &str) -> String {
    fold(code).chars().filter(|char| char.is_alphanumeric()).collect()
}

/// Appends what one character folds to (seldom more than one character, never a changed order).
pub(crate) fn fold_char(char: char, folded: &mut String) {
    if char.is_ascii() {
        folded.push(char.to_ascii_lowercase());
        return;
    }
    for compatible in std::iter::once(char).nfkc() {
        for lower in compatible.to_lowercase() {
            folded.push(SIMPLIFIED.get(&lower).copied().unwrap_or(lower));
        }
    }
}

/// Whether the character is a Chinese ideograph.
pub(crate) fn is_ideograph(char: char) -> bool {
    matches!(char, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{323af}' | '〇')
}
