//! Words and bigrams of a folded text, as tokens with positions. Queries and documents are cut by the same functions.

use std::sync::LazyLock;

use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy_jieba::jieba_rs::Jieba;

use crate::fold::is_ideograph;

static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Words in search mode: long words and the shorter ones inside them; Latin words whole.
pub(crate) fn words(folded: &str) -> Vec<String> {
    let cut = JIEBA.cut_for_search(folded, true);
    cut.iter().map(|token| token.word.trim()).filter(|word| has_text(word)).map(str::to_owned).collect()
}

/// Characters that stand alone and pairs of neighbours, with their positions: `停车场` gives 停 停车 车 车场 场.
/// A run that is not Chinese counts as one position and gives nothing.
pub(crate) fn grams(folded: &str) -> Vec<(usize, String)> {
    let chars: Vec<char> = folded.chars().collect();
    let mut grams = Vec::new();
    for (position, char) in chars.iter().enumerate() {
        if !is_ideograph(*char) {
            continue;
        }
        grams.push((position, char.to_string()));
        if let Some(next) = chars.get(position + 1).filter(|next| is_ideograph(**next)) {
            grams.push((position, format!("{char}{next}")));
        }
    }
    grams
}

/// The neighbours' pairs alone, for a phrase.
pub(crate) fn pairs(folded: &str) -> Vec<(usize, String)> {
    grams(folded).into_iter().filter(|(_, gram)| gram.chars().count() == 2).collect()
}

/// Words of several texts as one field's value; texts stand far apart, so that no phrase spans two.
pub(crate) fn word_tokens(texts: &[String]) -> PreTokenizedString {
    tokens(texts, |text| words(text).into_iter().enumerate().collect())
}

/// Bigrams of several texts as one field's value.
pub(crate) fn gram_tokens(texts: &[String]) -> PreTokenizedString {
    tokens(texts, grams)
}

fn tokens(texts: &[String], cut: fn(&str) -> Vec<(usize, String)>) -> PreTokenizedString {
    let mut tokens = Vec::new();
    let mut base = 0;
    for text in texts {
        let mut last = base;
        for (position, word) in cut(text) {
            last = base + position;
            tokens.push(Token { offset_from: 0, offset_to: 0, position: last, text: word, position_length: 1 });
        }
        base = last + 8;
    }
    PreTokenizedString { text: String::new(), tokens }
}

fn has_text(word: &str) -> bool {
    word.chars().any(char::is_alphanumeric)
}
