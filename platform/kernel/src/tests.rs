//! What callers rely on: cursors survive their trip through an address, ids sort by time, dates are civil.

use std::sync::Arc;

use crate::{Actor, CivilDate, Ctx, Cursor, Error, FixedClock, Id, Instant, Lang, SeededRandom, Text};

fn ctx_at(micros: i64) -> Ctx {
    let clock = Arc::new(FixedClock::at(Instant::from_micros(micros)));
    Ctx::new(Actor::Stranger, clock, Arc::new(SeededRandom::new(7)))
}

#[test]
fn a_cursor_survives_its_trip_through_an_address() {
    let cursor = Cursor(vec!["停车场".into(), String::new(), "a.b/c?".into()]);
    assert_eq!(Cursor::decode(&cursor.encode()).expect("own encoding"), cursor);
}

#[test]
fn a_mangled_cursor_names_its_field() {
    for text in ["zz", "abc", "ff", &"61".repeat(3000)] {
        let error = Cursor::decode(text).expect_err("not a cursor");
        assert!(matches!(error, Error::Invalid { ref field, .. } if field == "after"), "{text}: {error}");
    }
}

#[test]
fn ids_sort_by_the_time_they_were_made() {
    let early = Id::new(&ctx_at(1_700_000_000_000_000));
    let late = Id::new(&ctx_at(1_700_000_001_000_000));
    assert!(early < late);
    assert_eq!(early.to_string().parse::<Id>().expect("own text"), early);
}

#[test]
fn an_instant_late_in_the_evening_of_utc_is_the_next_day_in_china() {
    let instant = Instant::from_micros(1_795_305_600_000_000); // 2026-11-22T00:00:00Z
    assert_eq!(instant.to_string(), "2026-11-22T00:00:00Z");
    assert_eq!(instant.plus_s(-3600).date().to_string(), "2026-11-22");
    assert_eq!(instant.plus_s(-9 * 3600).date().to_string(), "2026-11-21");
    assert_eq!(CivilDate::new(2026, 11, 22).expect("a day").start(), instant.plus_s(-8 * 3600));
}

#[test]
fn a_text_without_english_falls_back_to_chinese() {
    let text = Text::new("停车场", "");
    assert_eq!(text.get(Lang::En), "停车场");
    assert!(Text::default().checked("title", 10).is_err());
}

#[test]
fn arguments_reach_the_message_of_kinds_that_have_one() {
    let error = Error::invalid("grade", "grade-range").with("given", 9);
    assert_eq!(error.detail().expect("a detail").args, vec![("given", "9".to_owned())]);
    assert_eq!(error.status(), 422);
}
