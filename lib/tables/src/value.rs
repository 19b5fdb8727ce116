//! What one cell could be: number, date, time, truth, or text; read exactly or not at all.
//! Leading zeros, leading plus signs and whole numbers of sixteen digits and more are text.

/// Whole numbers up to so many digits are numbers; longer ones name something.
const INTEGER_DIGITS_MAX: usize = 15;
/// Digits a decimal holds.
pub(crate) const DECIMAL_DIGITS_MAX: u32 = 38;
/// Digits a double keeps apart.
pub(crate) const FLOAT_DIGITS_MAX: u32 = 17;

/// An exact decimal: mantissa / 10^scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) mantissa: i128,
    pub(crate) scale: u32,
    /// Digits before the point, at least one.
    pub(crate) integer_digits: u32,
    /// Digits from the first that is not zero.
    pub(crate) significant: u32,
}

/// What a cell could be at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Class {
    /// Empty in quotes, spaces, or a word that stands for "none" (NA, NULL ...).
    Blank,
    Bool(bool),
    Integer(i64),
    Decimal(Number),
    /// Not exactly a decimal of 38 digits; the significant digits it is written with.
    Float(f64, u32),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01 without zone.
    Timestamp(i64),
    /// Microseconds since 1970-01-01 UTC.
    Instant(i64),
    Text,
}

impl Class {
    /// Reads a cell; spaces around it do not count.
    pub(crate) fn of(cell: &[u8]) -> Class {
        let cell = cell.trim_ascii();
        let Some(first) = cell.first() else { return Class::Blank };
        match first {
            b'0'..=b'9' | b'-' | b'.' => match number(cell) {
                Some(class) => class,
                None if is_blank(cell) => Class::Blank,
                None => time(cell).unwrap_or(Class::Text),
            },
            b'N' | b'n' | b'#' | b'\\' if is_blank(cell) => Class::Blank,
            b't' | b'T' | b'f' | b'F' => truth(cell).map_or(Class::Text, Class::Bool),
            _ => Class::Text,
        }
    }
}

/// Whether the cell says nothing: spaces alone, or a word that stands for "none" in exports. Such cells do not make a
/// column of numbers a column of texts.
#[inline]
pub(crate) fn is_blank(cell: &[u8]) -> bool {
    const MARKS: [&[u8]; 10] = [b"NA", b"N/A", b"NULL", b"null", b"NaN", b"nan", b"\\N", b"-", b"--", b"#N/A"];
    match cell.first() {
        None => true,
        Some(b'N' | b'n' | b'\\' | b'-' | b'#') => cell.len() <= 4 && MARKS.contains(&cell),
        Some(first) => first.is_ascii_whitespace() && cell.trim_ascii().is_empty(),
    }
}

fn truth(cell: &[u8]) -> Option<bool> {
    match cell {
        b"true" | b"True" | b"TRUE" => Some(true),
        b"false" | b"False" | b"FALSE" => Some(false),
        _ => None,
    }
}

/// A whole number as most cells write it: the fast way for columns known to hold them.
#[inline]
pub(crate) fn integer(cell: &[u8]) -> Option<i64> {
    let (negative, digits) = match cell {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > INTEGER_DIGITS_MAX || (digits[0] == b'0' && digits.len() > 1) {
        return None;
    }
    let mut value = 0i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

/// A decimal without exponent as most cells write it, scaled to so many places.
#[inline]
pub(crate) fn decimal(cell: &[u8]) -> Option<Number> {
    let (negative, rest) = match cell {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut mantissa = 0u64;
    let mut point = None;
    if rest.len() > 18 {
        return None;
    }
    for (place, byte) in rest.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            mantissa = mantissa * 10 + u64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(place);
        } else {
            return None;
        }
    }
    let whole = point.unwrap_or(rest.len());
    let scale = point.map_or(0, |point| rest.len() - point - 1);
    let lone_zero = rest.first() == Some(&b'0') && whole > 1;
    if whole == 0 || lone_zero || (scale == 0 && (point.is_some() || whole > INTEGER_DIGITS_MAX)) {
        return None;
    }
    let mantissa = if negative { -i128::from(mantissa) } else { i128::from(mantissa) };
    let significant = (rest.len() - usize::from(point.is_some())) as u32;
    Some(Number { mantissa, scale: scale as u32, integer_digits: whole as u32, significant })
}

/// Any number: `-12`, `0.50`, `.5`, `1.5e-7`. None if it is no number; text if it is one that must stay text.
fn number(cell: &[u8]) -> Option<Class> {
    if let Some(value) = integer(cell) {
        return Some(Class::Integer(value));
    }
    let unsigned = cell.strip_prefix(b"-").unwrap_or(cell);
    let whole_end = unsigned.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(unsigned.len());
    let (whole, rest) = unsigned.split_at(whole_end);
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => {
            let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
            (&rest[..end], &rest[end..])
        }
        rest => (&rest[..0], rest),
    };
    let has_point = unsigned.get(whole_end) == Some(&b'.');
    let exponent = exponent(rest)?;
    if (whole.is_empty() && fraction.is_empty()) || (has_point && fraction.is_empty()) {
        return None;
    }
    let leading_zero = whole.len() > 1 && whole[0] == b'0';
    if leading_zero || (!has_point && rest.is_empty()) {
        return Some(Class::Text);
    }
    let digits: Vec<u8> = whole.iter().chain(fraction).copied().skip_while(|digit| *digit == b'0').collect();
    let scale = fraction.len() as i32 - exponent;
    let significant = digits.len() as u32;
    let integer_digits = (digits.len() as i32 - scale).max(1) as u32;
    let exact = significant <= DECIMAL_DIGITS_MAX && integer_digits + scale.max(0) as u32 <= DECIMAL_DIGITS_MAX;
    if !exact {
        let value = std::str::from_utf8(cell).ok().and_then(|text| text.parse::<f64>().ok());
        return Some(match value.filter(|value| value.is_finite()) {
            Some(value) if significant <= FLOAT_DIGITS_MAX => Class::Float(value, significant),
            _ => Class::Text,
        });
    }
    let mut mantissa = digits.iter().fold(0i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    mantissa *= 10i128.pow((-scale).max(0) as u32);
    let mantissa = if cell[0] == b'-' { -mantissa } else { mantissa };
    Some(Class::Decimal(Number { mantissa, scale: scale.max(0) as u32, integer_digits, significant }))
}

/// The number after `e`, 0 where nothing follows; none where something else does.
fn exponent(rest: &[u8]) -> Option<i32> {
    match rest {
        [] => Some(0),
        [b'e' | b'E', b'+', digits @ ..] => small(digits, 3).map(|value| value as i32),
        [b'e' | b'E', b'-', digits @ ..] => small(digits, 3).map(|value| -(value as i32)),
        [b'e' | b'E', digits @ ..] => small(digits, 3).map(|value| value as i32),
        _ => None,
    }
}

/// One to `most` digits.
fn small(digits: &[u8], most: usize) -> Option<u32> {
    let right = (1..=most).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    right.then(|| digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
}

/// A day, or a day with a time of day: `2026-11-21`, `2026/1/5 8:30`, `1898年6月11日`, `2026-11-21T08:30:00.25+08:00`.
#[inline]
pub(crate) fn time(cell: &[u8]) -> Option<Class> {
    let (days, rest) = day(cell)?;
    let rest = match rest {
        [] => return Some(Class::Date(days)),
        [b' ' | b'T', rest @ ..] => rest,
        _ => return None,
    };
    let (micros, rest) = time_of_day(rest)?;
    let local = i64::from(days) * 86_400_000_000 + micros;
    match rest {
        [] => Some(Class::Timestamp(local)),
        [b'Z'] => Some(Class::Instant(local)),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] | [sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
            let minutes = i64::from(small(&[*h1, *h2], 2)? * 60 + small(&[*m1, *m2], 2)?);
            let offset = minutes * 60_000_000;
            Some(Class::Instant(if *sign == b'+' { local - offset } else { local + offset }))
        }
        _ => None,
    }
}

/// Days since 1970-01-01 and what follows the day.
#[inline]
fn day(cell: &[u8]) -> Option<(i32, &[u8])> {
    let year = small(cell.get(..4)?, 4)?;
    let (mark, rest) = match &cell[4..] {
        [mark @ (b'-' | b'/' | b'.'), rest @ ..] => (*mark, rest),
        rest => (0, rest.strip_prefix("年".as_bytes())?),
    };
    let (month, rest) = one_or_two(rest)?;
    let rest = if mark == 0 { rest.strip_prefix("月".as_bytes())? } else { rest.strip_prefix(&[mark])? };
    let (day, rest) = one_or_two(rest)?;
    let rest = if mark == 0 { rest.strip_prefix("日".as_bytes())? } else { rest };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let valid = year >= 1 && (1..=12).contains(&month) && (1..=length).contains(&day);
    valid.then(|| (days_since_1970(year as i32, month as i32, day as i32), rest))
}

fn one_or_two(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    Some((small(&text[..digits], 2)?, &text[digits..]))
}

/// The proleptic Gregorian calendar, counted in eras of 400 years that begin in March.
fn days_since_1970(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Microseconds since midnight and what follows.
fn time_of_day(text: &[u8]) -> Option<(i64, &[u8])> {
    let (hour, rest) = one_or_two(text)?;
    let rest = rest.strip_prefix(b":")?;
    let (minute, rest) = (small(rest.get(..2)?, 2)?, &rest[2..]);
    let (second, rest) = match rest {
        [b':', a, b, rest @ ..] => (small(&[*a, *b], 2)?, rest),
        rest => (0, rest),
    };
    let (micros, rest) = match rest {
        [b'.', rest @ ..] => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let value = small(&rest[..digits], 6)?;
            (value * 10u32.pow(6 - digits as u32), &rest[digits..])
        }
        rest => (0, rest),
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    Some((seconds * 1_000_000 + i64::from(micros), rest))
}
