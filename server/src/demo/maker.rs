//! Makes the cells of the demo's tables: each column has a maker, each cell is a function of (seed, table, row).
//! Writes text as a department's system would export it; knows nothing of the lake.

use std::fmt::Write;

use anyhow::{Context, Result, bail};
use yiwang_codes::{citizen, credit};
use yiwang_kernel::CivilDate;

use super::dice::Dice;
use super::words::{DISTRICTS, GIVEN, PLACES, ROADS, SURNAMES, TRADES};

/// How many persons and firms the city has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Census {
    /// Persons.
    pub(crate) persons: u64,
    /// Firms.
    pub(crate) firms: u64,
}

/// One column's maker.
#[derive(Debug, Clone)]
pub(crate) struct Maker {
    kind: Kind,
    dice: Dice,
}

#[derive(Debug, Clone)]
enum Kind {
    Serial { prefix: String, digits: usize },
    Ref { prefix: String, digits: usize, count: u64 },
    Int { first: i64, last: i64 },
    Decimal { first: i64, last: i64, scale: usize },
    Pick(Vec<String>),
    Place(String),
    Code(usize),
    Date { from: CivilDate, days: u64 },
    Time { from: CivilDate, days: u64 },
    Hour { from: CivilDate, days: u64 },
    Month { year: i16 },
    Citizen,
    Credit,
    Name,
    Sex,
    Born,
    Phone,
    Firm,
    Department,
    District,
    Address,
    Lon,
    Lat,
    Bool,
}

/// What a table's makers need to know.
pub(crate) struct Setting<'a> {
    /// The seed of the city.
    pub(crate) seed: u64,
    /// The table's code word.
    pub(crate) slug: &'a str,
    /// The first day of the table's time.
    pub(crate) from: CivilDate,
    /// Days of the table's time.
    pub(crate) days: u64,
    /// Rows stand one per person or firm.
    pub(crate) one_per_party: bool,
    /// Persons and firms.
    pub(crate) census: Census,
    /// Names of the departments.
    pub(crate) departments: &'a [String],
}

impl Maker {
    /// The maker written as `words` (`int 3 1440`) for the column `name`.
    pub(crate) fn new(words: &str, name: &str, setting: &Setting<'_>) -> Result<Maker> {
        let parts: Vec<&str> = words.split_whitespace().collect();
        let (word, rest) = parts.split_first().context("a column without a maker")?;
        let number = |at: usize| -> Result<i64> {
            let text = rest.get(at).with_context(|| format!("`{words}` lacks a number"))?;
            text.parse().with_context(|| format!("`{text}` in `{words}` is no number"))
        };
        let text = || rest.first().map(|text| (*text).to_owned()).unwrap_or_default();
        let digits = |at: usize| number(at).map(|digits| usize::try_from(digits).unwrap_or(0));
        let kind = match *word {
            "serial" => Kind::Serial { prefix: text(), digits: digits(1)? },
            "ref" => Kind::Ref { prefix: text(), digits: digits(1)?, count: number(2)?.unsigned_abs() },
            "int" => Kind::Int { first: number(0)?, last: number(1)? },
            "decimal" => Kind::Decimal { first: number(0)?, last: number(1)?, scale: digits(2)? },
            "pick" => Kind::Pick(rest.iter().map(|choice| (*choice).to_owned()).collect()),
            "place" => Kind::Place(text()),
            "code" => Kind::Code(digits(0)?),
            "date" => years(number(0)?, number(1)?)?,
            "day" => Kind::Date { from: setting.from, days: setting.days },
            "time" => Kind::Time { from: setting.from, days: setting.days },
            "hour" => Kind::Hour { from: setting.from, days: setting.days },
            "month" => Kind::Month { year: setting.from.parts().0 },
            "citizen" => Kind::Citizen,
            "credit" => Kind::Credit,
            "name" => Kind::Name,
            "sex" => Kind::Sex,
            "born" => Kind::Born,
            "phone" => Kind::Phone,
            "firm" => Kind::Firm,
            "department" => Kind::Department,
            "district" => Kind::District,
            "address" => Kind::Address,
            "lon" => Kind::Lon,
            "lat" => Kind::Lat,
            "bool" => Kind::Bool,
            _ => bail!("no maker is called `{word}`"),
        };
        Ok(Maker { kind, dice: Dice::new(setting.seed, &format!("{}/{name}", setting.slug)) })
    }

    /// Writes the cell of this row.
    pub(crate) fn write(&self, out: &mut String, row: u64, setting: &Setting<'_>) -> std::fmt::Result {
        let Maker { kind, dice } = self;
        match kind {
            Kind::Serial { prefix, digits } => write!(out, "{prefix}{:0digits$}", row + 1),
            Kind::Ref { prefix, digits, count } => write!(out, "{prefix}{:0digits$}", dice.below(row, *count) + 1),
            Kind::Int { first, last } => write!(out, "{}", dice.between(row, *first, *last)),
            Kind::Decimal { first, last, scale } => write_decimal(out, *dice, row, (*first, *last, *scale)),
            Kind::Pick(choices) => out.write_str(&choices[dice.below(row, choices.len() as u64) as usize]),
            Kind::Place(suffix) => write!(out, "{}{suffix}", numbered(*dice, row, &PLACES)),
            Kind::Code(digits) => write!(out, "{:0digits$}", dice.below(row, 10u64.pow(*digits as u32))),
            Kind::Date { from, days } => write!(out, "{}", from.plus_days(dice.below(row, *days) as i64)),
            Kind::Time { from, days } => {
                let (day, second) = (dice.below(row, *days), dice.below(row ^ 1 << 40, 86_400));
                let date = from.plus_days(day as i64);
                write!(out, "{date} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
            }
            Kind::Hour { from, days } => {
                let hour = row % (days * 24);
                write!(out, "{} {:02}:00:00", from.plus_days((hour / 24) as i64), hour % 24)
            }
            Kind::Month { year } => write!(out, "{year}-{:02}", dice.below(row, 12) + 1),
            Kind::Department => {
                out.write_str(&setting.departments[dice.below(row, setting.departments.len() as u64) as usize])
            }
            Kind::District => out.write_str(district(setting, row).0),
            Kind::Address => {
                let road = dice.pick(row, &ROADS);
                write!(out, "示例市{}{road}{}号", district(setting, row).0, dice.below(row ^ 1 << 41, 890) + 1)
            }
            Kind::Lon => write_degrees(out, district(setting, row).1, *dice, row),
            Kind::Lat => write_degrees(out, district(setting, row).2, *dice, row),
            Kind::Bool => out.write_str(if dice.below(row, 3) > 0 { "是" } else { "否" }),
            Kind::Citizen | Kind::Credit | Kind::Name | Kind::Sex | Kind::Born | Kind::Phone | Kind::Firm => {
                write_party(out, kind, row, setting)
            }
        }
    }
}

/// The name of the firm with this index.
pub(crate) fn firm_name(index: u64) -> String {
    let dice = Dice::new(0, "firm-name");
    let (place, trade) = (numbered(dice, index, &PLACES), dice.pick(index ^ 1 << 42, &TRADES));
    let kind = dice.pick(index ^ 1 << 43, &["有限公司", "有限公司", "有限公司", "股份有限公司", "经营部"]);
    format!("示例市{place}{trade}{kind}")
}

/// The name of the person with this index.
pub(crate) fn person_name(index: u64) -> String {
    let dice = Dice::new(0, "person-name");
    let first = dice.pick(index ^ 1 << 42, &GIVEN);
    let second = if dice.below(index, 10) < 7 { dice.pick(index ^ 1 << 43, &GIVEN) } else { "" };
    format!("{}{first}{second}", dice.pick(index, &SURNAMES))
}

fn write_party(out: &mut String, kind: &Kind, row: u64, setting: &Setting<'_>) -> std::fmt::Result {
    let party = |count: u64| if setting.one_per_party { row } else { parties(setting).below(row, count) };
    let (person, firm) = (party(setting.census.persons), party(setting.census.firms));
    match kind {
        Kind::Citizen => out.write_str(&citizen::synthetic(person)),
        Kind::Credit => out.write_str(&credit::synthetic(firm)),
        Kind::Name => out.write_str(&person_name(person)),
        Kind::Firm => out.write_str(&firm_name(firm)),
        Kind::Phone => write!(out, "1{}0000{:04}", 30 + person % 10, person % 10_000),
        Kind::Sex => {
            let number = citizen::synthetic(person);
            out.write_str(if number.as_bytes()[16] % 2 == 1 { "男" } else { "女" })
        }
        _ => {
            let number = citizen::synthetic(person);
            write!(out, "{}-{}-{}", &number[6..10], &number[10..12], &number[12..14])
        }
    }
}

fn parties(setting: &Setting<'_>) -> Dice {
    Dice::new(setting.seed, setting.slug)
}

fn district(setting: &Setting<'_>, row: u64) -> (&'static str, f64, f64) {
    Dice::new(setting.seed, "district").pick(row ^ setting.slug.len() as u64, &DISTRICTS)
}

fn write_degrees(out: &mut String, centre: f64, dice: Dice, row: u64) -> std::fmt::Result {
    let offset = dice.between(row, -38_000, 38_000) as f64 / 1_000_000.0;
    write!(out, "{:.6}", centre + offset)
}

fn write_decimal(out: &mut String, dice: Dice, row: u64, (first, last, scale): (i64, i64, usize)) -> std::fmt::Result {
    let unit = 10i64.pow(scale as u32);
    let value = dice.between(row, first * unit, last * unit);
    let sign = if value < 0 { "-" } else { "" };
    let value = value.abs();
    write!(out, "{sign}{}.{:0scale$}", value / unit, value % unit)
}

fn numbered(dice: Dice, row: u64, names: &[&str]) -> String {
    let name = dice.pick(row, names);
    match dice.below(row ^ 1 << 44, 40) {
        0 => name.to_owned(),
        number => format!("{name}{}", chinese(number)),
    }
}

/// Chinese ordinals below forty: 第十二.
fn chinese(number: u64) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let (tens, ones) = ((number / 10) as usize % 10, (number % 10) as usize);
    let tens = match tens {
        0 => String::new(),
        1 => "十".to_owned(),
        tens => format!("{}十", DIGITS[tens]),
    };
    format!("第{tens}{}", DIGITS[ones])
}

fn years(first: i64, last: i64) -> Result<Kind> {
    let date = |year: i64| CivilDate::new(i16::try_from(year).ok()?, 1, 1);
    let from = date(first).context("a year the calendar does not have")?;
    Ok(Kind::Date { from, days: u64::try_from((last - first + 1) * 365).unwrap_or(365) })
}
