//! The negative list (共享负面清单): what is not shared, on which legal basis, from when to when.

use yiwang_kernel::{CivilDate, Error, Id, Instant, Result};

const BASIS_CHARS_MAX: usize = 500;

/// One item of the list: a whole entry or one field of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// The item.
    pub id: Id,
    /// The entry.
    pub code: String,
    /// The field's name; empty for the whole entry.
    pub field: String,
    /// What it is called: the entry's Chinese title, and the field's.
    pub title: String,
    /// The department that withholds it, by code.
    pub provider: String,
    /// Law, regulation or decision, with its article.
    pub basis: String,
    /// First day it holds.
    pub starts: CivilDate,
    /// Last day it holds; none while the basis has no end.
    pub ends: Option<CivilDate>,
    /// When it was entered.
    pub listed: Instant,
    /// By whom.
    pub listed_by: String,
    /// When it was taken off.
    pub removed: Option<Instant>,
}

impl Withheld {
    /// Refuses an item without basis or with an end before its start.
    pub fn check(&self) -> Result<()> {
        if self.basis.trim().is_empty() {
            return Err(Error::invalid("basis", "catalogue-basis-missing"));
        }
        if self.basis.chars().count() > BASIS_CHARS_MAX {
            return Err(Error::invalid("basis", "text-too-long").with("limit", BASIS_CHARS_MAX));
        }
        if self.ends.is_some_and(|ends| ends < self.starts) {
            return Err(Error::invalid("until", "catalogue-dates-backwards"));
        }
        Ok(())
    }

    /// Whether the list of that day, as it was then, holds the item.
    pub fn holds_on(&self, day: CivilDate) -> bool {
        let known = self.listed.date() <= day && self.removed.is_none_or(|removed| day < removed.date());
        known && self.starts <= day && self.ends.is_none_or(|ends| day <= ends)
    }

    /// Whether it holds at this moment; unlike the list of a day, a removal counts at once.
    pub fn holds_at(&self, now: Instant) -> bool {
        let today = now.date();
        self.removed.is_none() && self.starts <= today && self.ends.is_none_or(|ends| today <= ends)
    }

    /// Whether its basis has ended and nobody has looked at it since.
    pub fn has_lapsed(&self, today: CivilDate) -> bool {
        self.removed.is_none() && self.ends.is_some_and(|ends| ends < today)
    }
}
