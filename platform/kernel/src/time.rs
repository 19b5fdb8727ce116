//! Three kinds of time, never mixed: an instant (UTC), a civil date, a civil time without zone.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// A point in time: microseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(i64);

impl Instant {
    /// From microseconds since 1970-01-01 UTC, as stored.
    pub fn from_micros(micros: i64) -> Instant {
        Instant(micros)
    }

    /// Microseconds since 1970-01-01 UTC.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// So many seconds later (or earlier).
    #[must_use]
    pub fn plus_s(self, seconds: i64) -> Instant {
        Instant(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// The civil date at this instant in China (the product's one civil zone, `Asia/Shanghai`, UTC+8).
    pub fn date(self) -> CivilDate {
        CivilDate(self.local().date())
    }

    /// `2026-11-21 14:20` in China.
    pub fn minute(self) -> String {
        self.local().strftime("%Y-%m-%d %H:%M").to_string()
    }

    fn local(self) -> jiff::civil::DateTime {
        let stamp = jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        jiff::tz::Offset::constant(8).to_datetime(stamp)
    }
}

/// RFC 3339 in UTC, to the microsecond where needed.
impl fmt::Display for Instant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH).fmt(out)
    }
}

impl serde::Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

/// A day of the civil calendar, without zone; written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate(jiff::civil::Date);

impl CivilDate {
    /// The date of these numbers, if there is such a day.
    pub fn new(year: i16, month: i8, day: i8) -> Option<CivilDate> {
        jiff::civil::Date::new(year, month, day).ok().map(CivilDate)
    }

    /// So many days later (or earlier); stays at the calendar's ends.
    #[must_use]
    pub fn plus_days(self, days: i64) -> CivilDate {
        CivilDate(self.0.saturating_add(jiff::Span::new().days(days.clamp(-3_000_000, 3_000_000))))
    }

    /// The first instant of this day in China.
    pub fn start(self) -> Instant {
        let midnight = self.0.at(0, 0, 0, 0);
        let stamp = jiff::tz::Offset::constant(8).to_timestamp(midnight);
        Instant(stamp.map_or(0, |stamp| stamp.as_microsecond()))
    }

    /// Year, month, day.
    pub fn parts(self) -> (i16, i8, i8) {
        (self.0.year(), self.0.month(), self.0.day())
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for CivilDate {
    type Err = Error;

    fn from_str(text: &str) -> Result<CivilDate> {
        text.parse().map(CivilDate).map_err(|_| Error::invalid("date", "date-format").with("given", text))
    }
}

impl serde::Serialize for CivilDate {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

/// A date and time of day without zone, as most sources write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilTime(jiff::civil::DateTime);

impl fmt::Display for CivilTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for CivilTime {
    type Err = Error;

    fn from_str(text: &str) -> Result<CivilTime> {
        text.parse().map(CivilTime).map_err(|_| Error::invalid("time", "time-format").with("given", text))
    }
}
