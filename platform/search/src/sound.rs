//! Pinyin: for every place where a title can be entered, its sound whole and by initials, in all readings.
//! Found by prefix, so `tingche` and `tcc` both enter at 停 of 市属停车场. Does no matching itself.

use std::collections::BTreeSet;

use pinyin::ToPinyinMulti;

use crate::fold::is_ideograph;

/// Syllables a sound term covers at most; a longer query is cut to this many letters' worth.
const SYLLABLES_MAX: usize = 8;
/// Readings of one place kept at most (characters with several readings multiply).
const READINGS_MAX: usize = 12;
/// Letters of a query that are compared with whole sounds at most: the shortest sound of [`SYLLABLES_MAX`] syllables.
pub(crate) const LETTERS_MAX: usize = 24;

/// The plain readings of one folded character, without tone; `ü` is written `v`.
pub(crate) fn readings(char: char) -> Vec<String> {
    let Some(multi) = char.to_pinyin_multi() else { return Vec::new() };
    let mut plain = Vec::new();
    for reading in multi {
        let letters = reading.plain().replace('ü', "v");
        if !plain.contains(&letters) {
            plain.push(letters);
        }
    }
    plain
}

/// Sounds whole (`tingchechang`, `chechang`, `chang`) of a folded text.
pub(crate) fn whole(folded: &str) -> BTreeSet<String> {
    sounds(folded, |reading| reading.to_owned())
}

/// Sounds by initials (`tcc`, `cc`, `c`) of a folded text.
pub(crate) fn initials(folded: &str) -> BTreeSet<String> {
    sounds(folded, |reading| reading.chars().take(1).collect())
}

fn sounds(folded: &str, part: fn(&str) -> String) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    for run in folded.split(|char| !is_ideograph(char)) {
        let syllables: Vec<Vec<String>> = run.chars().map(|char| parts(char, part)).collect();
        for start in 0..syllables.len() {
            terms.extend(from_place(&syllables[start..]));
        }
    }
    terms
}

fn parts(char: char, part: fn(&str) -> String) -> Vec<String> {
    let mut parts: Vec<String> = readings(char).iter().map(|reading| part(reading)).collect();
    parts.dedup();
    parts
}

/// The combined readings from one place on, until the syllables, or the readings of a character, end.
fn from_place(syllables: &[Vec<String>]) -> Vec<String> {
    let mut combined = vec![String::new()];
    for readings in syllables.iter().take(SYLLABLES_MAX) {
        if readings.is_empty() {
            break;
        }
        let room = (READINGS_MAX / combined.len()).max(1);
        combined = combined
            .iter()
            .flat_map(|before| readings.iter().take(room).map(move |reading| format!("{before}{reading}")))
            .collect();
    }
    combined.retain(|sound| !sound.is_empty());
    combined
}
