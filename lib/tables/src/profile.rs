//! What a column holds, in figures a reader may see. Distinct and top values are approximate. A personal column has
//! counts and patterns, never a value.

use crate::facts::{Extremes, Facts};
use crate::shape::Type;

const TOP_MAX: usize = 20;

/// A value and how often it stands in the column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopValue {
    /// The value as written, or the pattern.
    pub value: String,
    /// How often at least.
    pub count: u64,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Rows.
    pub rows: u64,
    /// Rows where nothing stands.
    pub nulls: u64,
    /// Rows where spaces or a word for "none" (NA, NULL ...) stands, null as well; 0 in text columns, which keep them.
    pub blanks: u64,
    /// Distinct values as written: exact for a few hundred, else to about 2 %.
    pub distinct_about: u64,
    /// The least value, in its type's order; none in personal columns.
    pub least: Option<String>,
    /// The greatest value.
    pub greatest: Option<String>,
    /// Bytes of the shortest value as written.
    pub bytes_min: u64,
    /// Bytes of the longest value as written.
    pub bytes_max: u64,
    /// The most frequent values, most first; none in personal columns.
    pub top: Vec<TopValue>,
    /// Whether the counts of `top` may be too low.
    pub top_about: bool,
    /// Of personal columns: how values look (9 a digit, A or a a letter), from a sample.
    pub patterns: Vec<TopValue>,
}

impl Profile {
    pub(crate) fn of(facts: &Facts, given: Type, personal: bool) -> Profile {
        let (top, top_about) = if personal { (Vec::new(), false) } else { facts.frequent.best(TOP_MAX) };
        let extremes = if personal { None } else { extremes(facts, given) };
        let (least, greatest) = extremes.unzip();
        let patterns = if personal { facts.patterns.best(TOP_MAX).0 } else { Vec::new() };
        let values =
            |list: Vec<(String, u64)>| list.into_iter().map(|(value, count)| TopValue { value, count }).collect();
        let blanks = if given == Type::Text { 0 } else { facts.blanks };
        Profile {
            rows: facts.rows,
            nulls: facts.nulls,
            blanks,
            distinct_about: facts.distinct(),
            least,
            greatest,
            bytes_min: facts.bytes_min.unwrap_or(0),
            bytes_max: facts.bytes_max,
            top: values(top),
            top_about,
            patterns: values(patterns),
        }
    }
}

/// Least and greatest as texts, of the sort the column's type has.
fn extremes(facts: &Facts, given: Type) -> Option<(String, String)> {
    let numbers = |found: &Extremes| match found {
        Extremes::Numbers { scale, least, greatest } => Some((number(*least, *scale), number(*greatest, *scale))),
        _ => None,
    };
    facts.extremes.iter().find_map(|found| match (given, found) {
        (Type::Integer | Type::Decimal { .. }, found) => numbers(found),
        (Type::Float, Extremes::Floats(least, greatest)) => Some((least.to_string(), greatest.to_string())),
        (Type::Date, Extremes::Days(least, greatest)) => Some((day(*least), day(*greatest))),
        (Type::Timestamp, Extremes::Times(least, greatest)) => Some((time(*least), time(*greatest))),
        (Type::Instant, Extremes::Times(least, greatest)) => Some((time(*least) + "Z", time(*greatest) + "Z")),
        (Type::Text, Extremes::Texts(least, greatest)) => Some((least.clone(), greatest.clone())),
        _ => None,
    })
}

/// Without zeros at the end: the scale is the column's, not the value's.
fn number(mantissa: i128, scale: u32) -> String {
    let sign = if mantissa < 0 { "-" } else { "" };
    let power = 10u128.pow(scale);
    let (whole, rest) = (mantissa.unsigned_abs() / power, mantissa.unsigned_abs() % power);
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let fraction = format!("{rest:0width$}", width = scale as usize);
    format!("{sign}{whole}.{}", fraction.trim_end_matches('0'))
}

/// The day so many days after 1970-01-01, by eras of 400 years that begin in March.
fn day(days: i32) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i32::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

fn time(micros: i64) -> String {
    const DAY: i64 = 86_400_000_000;
    let of_day = micros.rem_euclid(DAY);
    let (seconds, rest) = (of_day / 1_000_000, of_day % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = if rest == 0 { String::new() } else { format!(".{rest:06}") };
    format!("{}T{hour:02}:{minute:02}:{second:02}{fraction}", day(micros.div_euclid(DAY) as i32))
}
