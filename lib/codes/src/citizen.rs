//! Citizen numbers (公民身份号码, GB 11643-1999): 18 characters with a check digit, and the older 15-digit form.
//! Says nothing of whether a number was ever given out.

use crate::check::{date, mod_11_2, month_days, number};
use crate::{BirthDate, Fault, regions};

/// What a citizen number says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citizen {
    /// The six-digit region of first registration.
    pub region: String,
    /// Day of birth.
    pub birth: BirthDate,
    /// Odd sequence numbers are men's.
    pub male: bool,
    /// In the 15-digit form of before 1999, which has no check digit.
    pub old_form: bool,
}

/// Reads a number in either form; a lower-case `x` is taken as `X`.
pub fn parse(text: &str) -> Result<Citizen, Fault> {
    let bytes = text.as_bytes();
    let (birth, sequence_end, old_form) = match bytes.len() {
        18 => (check(bytes)?, 17, false),
        15 => (check_old(bytes)?, 15, true),
        _ => return Err(Fault::Length),
    };
    let male = bytes[sequence_end - 1] % 2 == 1;
    Ok(Citizen { region: text[..6].to_owned(), birth, male, old_form })
}

/// Whether this is a right number of 18 characters.
pub fn is_valid(text: &str) -> bool {
    text.len() == 18 && check(text.as_bytes()).is_ok()
}

/// The check character of seventeen digits; none if one is no digit.
pub fn check_digit(first: &str) -> Option<char> {
    let bytes = first.as_bytes();
    (bytes.len() == 17 && bytes.iter().all(u8::is_ascii_digit)).then(|| char::from(mod_11_2(bytes)))
}

/// The 18-character form of a number in the 15-digit form (the century is 19).
pub fn lengthen(old: &str) -> Result<String, Fault> {
    if old.len() != 15 {
        return Err(Fault::Length);
    }
    check_old(old.as_bytes())?;
    let first = format!("{}19{}", &old[..6], &old[6..]);
    let last = char::from(mod_11_2(first.as_bytes()));
    Ok(first + last.encode_utf8(&mut [0; 4]))
}

/// A number with a right check digit that nobody bears: the regions 449901 to 449906 are not in use.
/// Distinct for every index below 24,975,000; born from 1945 to 2013.
pub fn synthetic(index: u64) -> String {
    let day = index % 25_000 * 7_919 % 25_000;
    let sequence = index / 25_000 % 999 + 1;
    let birth = day_after_1945(day as u32);
    let (year, month, day) = (birth.year, birth.month, birth.day);
    let first = format!("44990{}{year:04}{month:02}{day:02}{sequence:03}", 1 + index % 6);
    let last = char::from(mod_11_2(first.as_bytes()));
    first + last.encode_utf8(&mut [0; 4])
}

/// Checks all of an 18-character number.
pub(crate) fn check(bytes: &[u8]) -> Result<BirthDate, Fault> {
    let (first, last) = check_parts(bytes)?;
    if !regions::is_province(first) {
        return Err(Fault::Region);
    }
    let birth = date(&first[6..14]).ok_or(Fault::Date)?;
    if mod_11_2(first) != last { Err(Fault::CheckDigit) } else { Ok(birth) }
}

/// Seventeen digits and a digit or X (given in upper case).
pub(crate) fn check_parts(bytes: &[u8]) -> Result<(&[u8], u8), Fault> {
    let (last, first) = bytes.split_last().filter(|(_, first)| first.len() == 17).ok_or(Fault::Length)?;
    let last = last.to_ascii_uppercase();
    let valid = first.iter().all(u8::is_ascii_digit) && (last.is_ascii_digit() || last == b'X');
    if valid { Ok((first, last)) } else { Err(Fault::Character) }
}

/// Checks all of a 15-digit number.
pub(crate) fn check_old(bytes: &[u8]) -> Result<BirthDate, Fault> {
    if !bytes.iter().all(u8::is_ascii_digit) {
        return Err(Fault::Character);
    }
    if !regions::is_province(bytes) {
        return Err(Fault::Region);
    }
    let written = number(&bytes[6..12]).ok_or(Fault::Date)?;
    let (year, month, day) = (written / 10_000, written / 100 % 100, written % 100);
    BirthDate::new(1900 + year as u16, month as u8, day as u8).ok_or(Fault::Date)
}

fn day_after_1945(mut days: u32) -> BirthDate {
    let mut birth = BirthDate { year: 1945, month: 1, day: 1 };
    loop {
        let length = u32::from(month_days(birth.year, birth.month));
        if days < length {
            return BirthDate { day: days as u8 + 1, ..birth };
        }
        days -= length;
        birth.month = birth.month % 12 + 1;
        birth.year += u16::from(birth.month == 1);
    }
}
