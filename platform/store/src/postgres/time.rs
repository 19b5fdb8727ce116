//! PostgreSQL's binary timestamps: microseconds since 2000-01-01, kept here as `YYYY-MM-DD HH:MM:SS.ffffff` in UTC.

use crate::Value;

const EPOCH_2000_US: i64 = 946_684_800_000_000;

/// The text of a binary timestamp.
pub(crate) fn decode(since_2000_us: i64) -> Option<String> {
    let stamp = jiff::Timestamp::from_microsecond(since_2000_us.checked_add(EPOCH_2000_US)?).ok()?;
    Some(stamp.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string())
}

/// The binary timestamp of an instant (microseconds since 1970) or of a text with or without offset.
pub(crate) fn encode(value: &Value) -> Option<i64> {
    let since_1970_us = match value {
        Value::Int(micros) => *micros,
        Value::Text(text) => text_us(text)?,
        Value::Null | Value::Bool(_) | Value::Float(_) | Value::Bytes(_) => return None,
    };
    since_1970_us.checked_sub(EPOCH_2000_US)
}

fn text_us(text: &str) -> Option<i64> {
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Some(stamp.as_microsecond());
    }
    let naive: jiff::civil::DateTime = text.parse().ok()?;
    Some(jiff::tz::Offset::UTC.to_timestamp(naive).ok()?.as_microsecond())
}
