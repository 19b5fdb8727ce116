//! What the codes share: why one is wrong, dates of birth, digits, and the check of ISO 7064 MOD 11-2.

use std::fmt;

/// Why a text is not the code it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Too short or too long.
    Length,
    /// A character the code does not know at that position.
    Character,
    /// The region part names no region.
    Region,
    /// The date part is no day of the calendar.
    Date,
    /// The check digit does not fit the rest.
    CheckDigit,
}

impl Fault {
    /// The word in reports and message codes.
    pub fn word(self) -> &'static str {
        match self {
            Fault::Length => "length",
            Fault::Character => "character",
            Fault::Region => "region",
            Fault::Date => "date",
            Fault::CheckDigit => "check_digit",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

impl std::error::Error for Fault {}

/// A day of birth, as an identifier carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BirthDate {
    /// Year, four digits.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

impl BirthDate {
    /// The day, if the calendar has it and it lies between 1800 and 2199.
    pub fn new(year: u16, month: u8, day: u8) -> Option<BirthDate> {
        let valid = (1800..2200).contains(&year) && (1..=12).contains(&month);
        (valid && day >= 1 && day <= month_days(year, month)).then_some(BirthDate { year, month, day })
    }
}

/// `YYYY-MM-DD`.
impl fmt::Display for BirthDate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// How many days the month has.
pub(crate) fn month_days(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The number these ASCII digits write; none if one is no digit. At most nine digits.
#[inline]
pub(crate) fn number(digits: &[u8]) -> Option<u32> {
    let all = !digits.is_empty() && digits.len() <= 9 && digits.iter().all(u8::is_ascii_digit);
    all.then(|| digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
}

/// The date these eight digits (`YYYYMMDD`) write.
pub(crate) fn date(digits: &[u8]) -> Option<BirthDate> {
    let written = number(digits).filter(|_| digits.len() == 8)?;
    BirthDate::new((written / 10_000) as u16, (written / 100 % 100) as u8, (written % 100) as u8)
}

/// The check character of ISO 7064 MOD 11-2 for seventeen digits (GB 11643-1999, clause 4.2).
pub(crate) fn mod_11_2(digits: &[u8]) -> u8 {
    let sum = digits.iter().fold(0u32, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    match (12 - sum) % 11 {
        10 => b'X',
        value => b'0' + value as u8,
    }
}
