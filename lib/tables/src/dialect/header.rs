//! Whether the first record names the columns.

use crate::HeaderReason;
use crate::value::{Class, is_blank};

const NAME_CHARS_MAX: usize = 100;

/// Decides from the first records, and says why.
pub(super) fn decide(records: &[Vec<String>]) -> (bool, HeaderReason) {
    let Some((first, rest)) = records.split_first() else { return (false, HeaderReason::Empty) };
    let texts = first.iter().filter(|cell| !cell.trim().is_empty() && !is_value(cell)).count();
    let values: Vec<&String> = first.iter().filter(|cell| is_value(cell)).collect();
    let years = values.iter().all(|cell| is_year(cell));
    let only_years_beside_texts = years && texts > 0;
    if texts == 0 || (!values.is_empty() && !only_years_beside_texts) {
        return (false, HeaderReason::ValueInFirst);
    }
    if (0..first.len()).any(|column| typed_below(rest, column) && !is_value(&first[column])) {
        return (true, HeaderReason::TypedBelow);
    }
    let mut named: Vec<&str> = first.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
    let count = named.len();
    named.sort_unstable();
    named.dedup();
    let again = |(column, cell): (usize, &String)| {
        !cell.is_empty() && rest.iter().any(|record| record.get(column) == Some(cell))
    };
    let long = first.iter().any(|cell| cell.chars().count() > NAME_CHARS_MAX);
    if long || named.len() < count || first.iter().enumerate().any(again) {
        return (false, HeaderReason::Repeated);
    }
    if first.len() == 1 && alike(&first[0], rest) {
        return (false, HeaderReason::OneColumnAlike);
    }
    (true, HeaderReason::Unrepeated)
}

/// A number, date or identifier.
fn is_value(cell: &str) -> bool {
    let class = Class::of(cell.as_bytes());
    let identifier = !yiwang_codes::kinds(cell.trim().as_bytes()).is_empty();
    let digits = !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
    identifier || digits || !matches!(class, Class::Text | Class::Blank | Class::Bool(_))
}

fn is_year(cell: &str) -> bool {
    cell.len() == 4 && cell.parse::<u16>().is_ok_and(|year| (1900..=2100).contains(&year))
}

/// Below stand numbers, dates or codes of digits, nine in ten.
fn typed_below(rest: &[Vec<String>], column: usize) -> bool {
    let cells: Vec<&String> =
        rest.iter().filter_map(|record| record.get(column)).filter(|cell| !is_blank(cell.as_bytes())).collect();
    let values = cells.iter().filter(|cell| is_value(cell)).count();
    !cells.is_empty() && values * 10 >= cells.len() * 9
}

/// A lone column has a header only where the first text differs from the others: ASCII above other scripts, or a text
/// that says what a name says (name, code, 名称, 编号 ...).
fn alike(first: &str, rest: &[Vec<String>]) -> bool {
    const WORDS: [&str; 12] =
        ["name", "code", "id", "title", "text", "value", "名称", "名", "编号", "代码", "内容", "标题"];
    let lower = first.trim().to_lowercase();
    if WORDS.iter().any(|word| lower == *word || lower.ends_with(&format!("_{word}"))) {
        return false;
    }
    if WORDS[6..].iter().any(|word| lower.ends_with(word)) && lower.chars().count() <= 8 {
        return false;
    }
    let ascii_below = rest.iter().flatten().filter(|cell| cell.is_ascii()).count();
    let stands_out = first.is_ascii() && ascii_below * 10 < rest.len();
    !rest.is_empty() && !stands_out
}
