//! The words every other crate speaks: errors, ids, time, who acts, in which language, how lists are paged.
//! Knows no database, no page, no sector; does no IO. Time and randomness are handed in through [`Ctx`].

mod actor;
mod ctx;
mod error;
mod id;
mod lang;
mod list;
mod time;

pub use actor::{Account, Actor, Face, Role};
pub use ctx::{Clock, Ctx, FixedClock, Random, SeededRandom, SystemClock, SystemRandom};
pub use error::{Detail, Error, Result};
pub use id::{Handle, Id, Ref};
pub use lang::{Lang, Text};
pub use list::{Cursor, ListPage, PageRequest, ROWS_PER_PAGE, ROWS_PER_PAGE_MAX};
pub use time::{CivilDate, CivilTime, Instant};

#[cfg(test)]
mod tests;

/// How sensitive a resource or field is: 1 (may be public) to 4 (most sensitive).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Grade(u8);

impl Grade {
    /// What counts until a person has graded the resource (decisions: "until a person sets it, it counts as 3").
    pub const UNGRADED: Grade = Grade(3);

    /// A grade from 1 to 4; anything else is refused naming the field `grade`.
    pub fn new(value: i64) -> Result<Grade> {
        match u8::try_from(value) {
            Ok(grade @ 1..=4) => Ok(Grade(grade)),
            _ => Err(Error::invalid("grade", "grade-range").with("given", value)),
        }
    }

    /// The number, 1 to 4.
    pub fn value(self) -> u8 {
        self.0
    }
}
