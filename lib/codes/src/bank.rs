//! Bank card numbers (GB/T 17552, ISO/IEC 7812): 13 to 19 digits, the last by Luhn's rule.

use crate::Fault;

/// Whether this is a bank card's number as card schemes write them: 13 to 19 digits, first 3 to 6 or 9, right check
/// digit.
pub fn is_valid(text: &str) -> bool {
    check(text.as_bytes()).is_ok()
}

/// Whether the last digit of these digits is right by Luhn's rule.
pub fn luhn(digits: &str) -> bool {
    digits.len() > 1
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && luhn_sum(digits.as_bytes()).is_multiple_of(10)
}

pub(crate) fn check(bytes: &[u8]) -> Result<(), Fault> {
    if !(13..=19).contains(&bytes.len()) {
        return Err(Fault::Length);
    }
    if !bytes.iter().all(u8::is_ascii_digit) || !matches!(bytes[0], b'3'..=b'6' | b'9') {
        return Err(Fault::Character);
    }
    if luhn_sum(bytes).is_multiple_of(10) { Ok(()) } else { Err(Fault::CheckDigit) }
}

fn luhn_sum(digits: &[u8]) -> u32 {
    let weighted = digits.iter().rev().enumerate().map(|(place, digit)| {
        let value = u32::from(digit - b'0');
        match (place % 2, value) {
            (0, value) => value,
            (_, value) if value > 4 => value * 2 - 9,
            (_, value) => value * 2,
        }
    });
    weighted.sum()
}
