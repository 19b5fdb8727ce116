//! Texts, numbers and dates in both languages.

use yiwang_kernel::{CivilDate, Error, Instant, Lang};

use crate::{TEXTS, Texts, date, grouped, minute};

#[test]
fn texts_complete() {
    let texts = Texts::load(TEXTS).expect("texts load");
    assert_eq!(texts.missing(), Vec::<String>::new());
}

#[test]
fn a_missing_language_is_reported_and_falls_back() {
    let texts =
        Texts::load(&[(Lang::Zh, "only-zh = 仅中文\n"), (Lang::En, "only-en = English\n")]).expect("texts load");
    assert_eq!(texts.missing(), ["en:only-zh", "zh:only-en"]);
    assert_eq!(texts.text(Lang::En, "only-zh"), "仅中文");
    assert_eq!(texts.text(Lang::Zh, "only-en"), "English");
    assert_eq!(texts.text(Lang::Zh, "nowhere"), "nowhere");
}

#[test]
fn an_id_given_twice_or_a_broken_source_is_refused() {
    assert!(Texts::load(&[(Lang::Zh, "a = 1\na = 2\n")]).is_err());
    assert!(Texts::load(&[(Lang::Zh, "a = { $\n")]).is_err());
}

#[test]
fn arguments_are_set_in_and_numbers_choose_the_plural() {
    let source = "rows = { $n ->\n    [one] one row\n   *[other] { $n } rows\n}\n";
    let texts = Texts::load(&[(Lang::En, source)]).expect("texts load");
    assert_eq!(texts.text_with(Lang::En, "rows", &[("n", 1.into())]), "one row");
    assert_eq!(texts.text_with(Lang::En, "rows", &[("n", 2_004_118.into())]), "2,004,118 rows");
}

#[test]
fn errors_speak_both_languages() {
    let texts = Texts::load(TEXTS).expect("texts load");
    let waits = Error::TooMany { retry_after_s: 30 };
    assert_eq!(texts.error(Lang::Zh, &waits), "操作太频繁，请 30 秒后再试。");
    assert_eq!(texts.error(Lang::En, &waits), "Too often. Please try again in 30 seconds.");
    let long = Error::invalid("title", "text-too-long").with("limit", 80);
    assert_eq!(texts.error(Lang::Zh, &long), "不能超过 80 个字。");
}

#[test]
fn an_error_without_text_gets_that_of_its_kind() {
    let texts = Texts::load(TEXTS).expect("texts load");
    assert_eq!(texts.error(Lang::Zh, &Error::not_found("nobody-wrote-this")), "没有找到。");
    assert_eq!(texts.error(Lang::En, &Error::gone("nobody-wrote-this")), "This was taken down.");
}

#[test]
fn digits_are_grouped() {
    for (given, expected) in
        [("0", "0"), ("999", "999"), ("1322", "1,322"), ("-1322.5", "-1,322.5"), ("2004118", "2,004,118")]
    {
        assert_eq!(grouped(given), expected);
    }
}

#[test]
fn dates_name_their_weekday() {
    let day = CivilDate::new(2026, 11, 21).expect("a day");
    assert_eq!(date(Lang::Zh, day), "2026年11月21日（星期六）");
    assert_eq!(date(Lang::En, day), "Saturday, 21 November 2026");
    let before_epoch = CivilDate::new(1949, 10, 1).expect("a day");
    assert_eq!(date(Lang::Zh, before_epoch), "1949年10月1日（星期六）");
}

#[test]
fn times_are_of_china() {
    let instant = Instant::from_micros(1_795_240_800_000_000);
    assert_eq!(instant.to_string(), "2026-11-21T06:00:00Z");
    assert_eq!(minute(Lang::Zh, instant), "2026年11月21日（星期六）14:00");
    assert_eq!(minute(Lang::En, instant), "Saturday, 21 November 2026 14:00");
}
