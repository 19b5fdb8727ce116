//! Residence permits with 18-character numbers: 港澳台居民居住证 (regions 810000, 820000, 830000, State Council order
//! 2018/81) and the foreigners' permanent residence card of 2023 (first digit 9). Older card forms are not read.

use crate::check::{date, mod_11_2};
use crate::citizen::check_parts;
use crate::{BirthDate, Fault, regions};

/// Where the bearer is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// 香港, region 810000.
    HongKong,
    /// 澳门, region 820000.
    Macao,
    /// 台湾, region 830000.
    Taiwan,
    /// A foreign country: the card of 2023 begins with 9.
    Abroad,
}

/// What a permit's number says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// Where the bearer is from.
    pub origin: Origin,
    /// Day of birth.
    pub birth: BirthDate,
}

/// Reads a permit's number.
pub fn parse(text: &str) -> Result<Permit, Fault> {
    check(text.as_bytes())
}

pub(crate) fn check(bytes: &[u8]) -> Result<Permit, Fault> {
    let (first, last) = check_parts(bytes)?;
    let origin = match &first[..6] {
        b"810000" => Origin::HongKong,
        b"820000" => Origin::Macao,
        b"830000" => Origin::Taiwan,
        [b'9', rest @ ..] if regions::is_province(rest) => Origin::Abroad,
        _ => return Err(Fault::Region),
    };
    let birth = date(&first[6..14]).ok_or(Fault::Date)?;
    if mod_11_2(first) != last { Err(Fault::CheckDigit) } else { Ok(Permit { origin, birth }) }
}
