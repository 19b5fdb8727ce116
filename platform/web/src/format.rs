//! Numbers, dates and times as a reader of each language writes them. Parses nothing.

use yiwang_kernel::{CivilDate, Instant, Lang};

/// Digits with a comma every three places: `2,004,118`, `-1,322.5`.
pub fn grouped(number: &str) -> String {
    let (sign, rest) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
    let mut out = String::with_capacity(number.len() + number.len() / 3);
    out.push_str(sign);
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(fraction);
    out
}

/// 2026年11月21日（星期六） or `Saturday, 21 November 2026`.
pub fn date(lang: Lang, day: CivilDate) -> String {
    let (year, month, day_of_month) = day.parts();
    let weekday = weekday(day);
    match lang {
        Lang::Zh => {
            let name = ["一", "二", "三", "四", "五", "六", "日"][weekday];
            format!("{year}年{month}月{day_of_month}日（星期{name}）")
        }
        Lang::En => {
            let month = MONTHS[usize::try_from(month - 1).unwrap_or(0)];
            format!("{}, {day_of_month} {month} {year}", WEEKDAYS[weekday])
        }
    }
}

/// The date as in [`date`] and the time of day in China: 2026年11月21日（星期六）14:20.
pub fn minute(lang: Lang, instant: Instant) -> String {
    let clock = instant.minute();
    let time = clock.rsplit(' ').next().unwrap_or_default();
    match lang {
        Lang::Zh => format!("{}{time}", date(lang, instant.date())),
        Lang::En => format!("{} {time}", date(lang, instant.date())),
    }
}

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Monday is 0. 1970-01-01 was a Thursday.
fn weekday(day: CivilDate) -> usize {
    const DAY_MICROS: i64 = 86_400_000_000;
    let eight_hours_micros = 8 * 3_600_000_000;
    let days = (day.start().micros() + eight_hours_micros).div_euclid(DAY_MICROS);
    usize::try_from((days + 3).rem_euclid(7)).unwrap_or(0)
}
