//! Which characters of a title a query met, so that a page can show them. Never produces markup.

use crate::fold::{fold_char, is_ideograph};
use crate::{fold, sound, words};

/// A stretch of a title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The title's own characters.
    pub text: String,
    /// Whether the query met them.
    pub hit: bool,
}

/// The title in pieces, those hit by the query marked.
pub fn marked(title: &str, query: &str) -> Vec<Piece> {
    let chars: Vec<char> = title.chars().collect();
    let folded: Vec<String> = chars.iter().map(|char| folded_char(*char)).collect();
    let mut hit = vec![false; chars.len()];
    for part in fold(query).split_whitespace() {
        mark_text(&folded, part, &mut hit);
        for word in words::words(part) {
            mark_text(&folded, &word, &mut hit);
        }
        mark_sound(&folded, part, &mut hit);
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for (char, hit) in chars.into_iter().zip(hit) {
        match pieces.last_mut() {
            Some(piece) if piece.hit == hit => piece.text.push(char),
            _ => pieces.push(Piece { text: char.to_string(), hit }),
        }
    }
    pieces
}

/// Marks every place where the folded title reads `word`.
fn mark_text(folded: &[String], word: &str, hit: &mut [bool]) {
    if word.chars().count() == 1 && !word.chars().all(is_ideograph) {
        return;
    }
    for start in 0..folded.len() {
        let mut rest = word;
        let mut end = start;
        while let Some(next) = folded.get(end).filter(|next| !next.is_empty()) {
            let Some(after) = rest.strip_prefix(next.as_str()) else { break };
            rest = after;
            end += 1;
            if rest.is_empty() {
                hit[start..end].fill(true);
                break;
            }
        }
    }
}

/// Marks the places whose sound, whole or by initials, begins with `letters`.
fn mark_sound(folded: &[String], letters: &str, hit: &mut [bool]) {
    let letters = letters.replace('\'', "");
    if letters.len() < 2 || !letters.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return;
    }
    let readings: Vec<Vec<String>> =
        folded.iter().map(|text| text.chars().next().map(sound::readings).unwrap_or_default()).collect();
    for start in 0..readings.len() {
        let whole = heard(&readings[start..], &letters, false);
        if let Some(chars) = whole.or_else(|| heard(&readings[start..], &letters, true)) {
            hit[start..start + chars].fill(true);
        }
    }
}

/// How many characters are heard until `letters` is used up; nothing where it does not fit.
fn heard(readings: &[Vec<String>], letters: &str, initials: bool) -> Option<usize> {
    if letters.is_empty() {
        return Some(0);
    }
    let here = readings.first()?;
    here.iter().find_map(|reading| {
        let sound = if initials { reading.get(..1)? } else { reading.as_str() };
        if let Some(rest) = letters.strip_prefix(sound) {
            return heard(&readings[1..], rest, initials).map(|chars| chars + 1);
        }
        sound.starts_with(letters).then_some(1)
    })
}

fn folded_char(char: char) -> String {
    let mut folded = String::new();
    fold_char(char, &mut folded);
    folded
}
