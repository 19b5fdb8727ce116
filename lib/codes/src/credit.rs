//! Unified social credit codes (统一社会信用代码, GB 32100-2015) and organisation codes (GB/T 11714-1997).
//! Says nothing of whether a code was ever given out.

use crate::Fault;

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// What a credit code says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credit {
    /// Registering department, first character (1 编办, 5 民政, 9 市场监管 ...).
    pub department: char,
    /// Kind of body within that department, second character.
    pub category: char,
    /// Six-digit region of the registering office.
    pub region: String,
    /// The nine characters of the organisation code, its own check character included.
    pub organisation: String,
}

/// Reads a credit code of 18 upper-case characters.
pub fn parse(text: &str) -> Result<Credit, Fault> {
    let bytes = text.as_bytes();
    check(bytes)?;
    let organisation = text[8..17].to_owned();
    let (department, category) = (char::from(bytes[0]), char::from(bytes[1]));
    Ok(Credit { department, category, region: text[2..8].to_owned(), organisation })
}

/// Whether this is a right credit code.
pub fn is_valid(text: &str) -> bool {
    check(text.as_bytes()).is_ok()
}

/// The check character of the first seventeen characters; none if one is not of the alphabet.
pub fn check_digit(first: &str) -> Option<char> {
    let bytes = first.as_bytes();
    if bytes.len() != 17 { None } else { check_character(bytes).map(char::from) }
}

/// Whether this is a right organisation code: eight characters, a hyphen or none, the check character.
pub fn is_organisation(text: &str) -> bool {
    organisation_check(text.as_bytes()).is_ok()
}

/// The check character of an organisation code's first eight characters.
pub fn organisation_check_digit(first: &str) -> Option<char> {
    let bytes = first.as_bytes();
    if bytes.len() != 8 { None } else { organisation_character(bytes).map(char::from) }
}

/// A firm's code with right check characters that nobody bears: the regions 449901 to 449906 are not in use.
/// Distinct for every index below 31⁵ (28,629,151).
pub fn synthetic(index: u64) -> String {
    let mut rest = index;
    let mut body = [b'0'; 5];
    for place in body.iter_mut().rev() {
        *place = ALPHABET[(rest % 31) as usize];
        rest /= 31;
    }
    let mut code = format!("9144990{}MAY", 1 + index % 6).into_bytes();
    code.extend(body);
    code.push(organisation_character(&code[8..16]).unwrap_or(b'0'));
    code.push(check_character(&code).unwrap_or(b'0'));
    code.into_iter().map(char::from).collect()
}

pub(crate) fn check(bytes: &[u8]) -> Result<(), Fault> {
    let (last, first) = bytes.split_last().filter(|(_, first)| first.len() == 17).ok_or(Fault::Length)?;
    if !first[2..8].iter().all(u8::is_ascii_digit) {
        return Err(Fault::Character);
    }
    let expected = check_character(first).ok_or(Fault::Character)?;
    if expected == *last { Ok(()) } else { Err(Fault::CheckDigit) }
}

#[inline]
pub(crate) fn organisation_check(bytes: &[u8]) -> Result<(), Fault> {
    let (first, last) = match bytes {
        [first @ .., b'-', last] if first.len() == 8 => (first, *last),
        [first @ .., last] if first.len() == 8 => (first, *last),
        _ => return Err(Fault::Length),
    };
    let expected = organisation_character(first).ok_or(Fault::Character)?;
    if expected == last { Ok(()) } else { Err(Fault::CheckDigit) }
}

fn check_character(first: &[u8]) -> Option<u8> {
    let mut sum = 0;
    for (byte, weight) in first.iter().zip(WEIGHTS) {
        sum += value(*byte)? * weight;
    }
    Some(ALPHABET[((31 - sum % 31) % 31) as usize])
}

fn value(byte: u8) -> Option<u32> {
    ALPHABET.iter().position(|known| *known == byte).map(|position| position as u32)
}

#[inline]
fn organisation_character(first: &[u8]) -> Option<u8> {
    let mut sum = 0;
    for (byte, weight) in first.iter().zip(ORGANISATION_WEIGHTS) {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            _ => return None,
        };
        sum += u32::from(value) * weight;
    }
    Some(match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => b'0' + digit as u8,
    })
}
