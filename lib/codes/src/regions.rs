//! Region codes (GB/T 2260, six digits; streets nine, villages twelve) and the regions of Guangdong to street level.
//! The lists are dated data files beside this crate's source; names outside Guangdong are not here.

use std::sync::OnceLock;

use crate::check::number;

/// Where the regions of Guangdong were taken from.
pub const SOURCE: &str = "National Bureau of Statistics, statistical division codes";
/// The day the list describes.
pub const EDITION: &str = "2023-06-30";

/// 4499xx is in no use and kept for samples.
const SAMPLE_CITY: u32 = 4499;

static GUANGDONG: &str = include_str!("../data/guangdong.csv");
static CODES: &str = include_str!("../data/gb2260-codes.txt");

/// How deep a region lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 省.
    Province,
    /// 地级市.
    City,
    /// 县, 县级市, 市辖区.
    County,
    /// 街道, 镇, 乡 and functional zones beside them.
    Street,
}

impl Level {
    /// The word in the data file and in lists.
    pub fn word(self) -> &'static str {
        match self {
            Level::Province => "province",
            Level::City => "city",
            Level::County => "county",
            Level::Street => "street",
        }
    }
}

/// A region of Guangdong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Six digits, streets nine.
    pub code: &'static str,
    /// Its own name, without those above it.
    pub name: &'static str,
    /// How deep it lies.
    pub level: Level,
    /// A functional or statistical area (development zone, port, farm), not a street, town or township.
    pub zone: bool,
}

impl Region {
    /// The code of the region above: a street's county, or its city where the city has no counties; none above the
    /// province.
    pub fn parent(&self) -> Option<&'static Region> {
        match self.level {
            Level::Province => None,
            Level::City => find("440000"),
            Level::County => find(&format!("{}00", &self.code[..4])),
            Level::Street => find(&self.code[..6]),
        }
    }
}

/// All regions of Guangdong, by code.
pub fn all() -> &'static [Region] {
    static ALL: OnceLock<Vec<Region>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut regions: Vec<Region> = GUANGDONG.lines().filter_map(region).collect();
        regions.sort_by_key(|region| region.code);
        regions
    })
}

/// The region with this code.
pub fn find(code: &str) -> Option<&'static Region> {
    let all = all();
    all.binary_search_by(|region| region.code.cmp(code)).ok().map(|position| &all[position])
}

/// The regions directly below this one, by code; streets directly below a city without counties.
pub fn children(code: &str) -> Vec<&'static Region> {
    let Some(region) = find(code) else { return Vec::new() };
    let prefix = match region.level {
        Level::Province => &region.code[..2],
        Level::City => &region.code[..4],
        Level::County => region.code,
        Level::Street => return Vec::new(),
    };
    let first = all().partition_point(|other| other.code < prefix);
    let below = all()[first..].iter().take_while(|other| other.code.starts_with(prefix));
    below.filter(|other| other.parent().is_some_and(|parent| parent.code == region.code)).collect()
}

/// The name with those above it, such as 广东省广州市荔湾区沙面街道.
pub fn full_name(code: &str) -> Option<String> {
    let region = find(code)?;
    let above = region.parent().and_then(|parent| full_name(parent.code));
    Some(above.unwrap_or_default() + region.name)
}

/// Whether the six digits were a region at any time from 1980 to 2024, or lie in 4499xx, which is kept for samples.
pub fn is_known(code: &str) -> bool {
    check(code.as_bytes())
}

/// Whether the text has the shape of a region code: a known region in six digits, a street in nine, a village in
/// twelve.
pub fn has_shape(code: &str) -> bool {
    let bytes = code.as_bytes();
    matches!(bytes.len(), 6 | 9 | 12) && bytes.iter().all(u8::is_ascii_digit) && check(&bytes[..6])
}

/// Whether the first two digits are a province, autonomous region, municipality or special region.
#[inline]
pub(crate) fn is_province(digits: &[u8]) -> bool {
    matches!(
        (digits[0], digits[1]),
        (b'1' | b'4', b'1'..=b'5')
            | (b'2', b'1'..=b'3')
            | (b'3', b'1'..=b'7')
            | (b'4', b'6')
            | (b'5', b'0'..=b'4')
            | (b'6', b'1'..=b'5')
            | (b'7', b'1')
            | (b'8', b'1'..=b'3')
    )
}

/// A bit for each of a city's hundred ends, by the city's four digits: every cell of a table asks.
#[inline]
pub(crate) fn check(digits: &[u8]) -> bool {
    static KNOWN: OnceLock<Vec<u128>> = OnceLock::new();
    if digits.len() != 6 || !is_province(digits) {
        return false;
    }
    let (Some(city), Some(end)) = (number(&digits[..4]), number(&digits[4..])) else { return false };
    city == SAMPLE_CITY || KNOWN.get_or_init(known)[city as usize] & (1 << end) != 0
}

fn known() -> Vec<u128> {
    let mut known = vec![0; 10_000];
    for line in CODES.lines().filter(|line| !line.starts_with('#')) {
        let Some((city, ends)) = line.split_once(' ') else { continue };
        let Some(city) = number(city.as_bytes()).filter(|city| *city < 10_000) else { continue };
        for end in ends.as_bytes().chunks_exact(2).filter_map(number) {
            known[city as usize] |= 1 << end;
        }
    }
    known
}

fn region(line: &'static str) -> Option<Region> {
    let mut cells = line.split(',');
    let (code, name, level) = (cells.next()?, cells.next()?, cells.next()?);
    let level = [Level::Province, Level::City, Level::County, Level::Street].into_iter().find(|l| l.word() == level)?;
    Some(Region { code, name, level, zone: cells.next() == Some("zone") })
}
