//! 挂接率: how much of what a department has published in the catalogue has rows in the city's store. Counts only.

use serde::Serialize;

/// Published entries of one department, or of the city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Integrated {
    /// Entries.
    pub entries: u64,
    /// Those with rows.
    pub attached: u64,
}

impl Integrated {
    /// The share with rows in tenths of a percent, rounded down so that a target is never reached by rounding.
    pub fn permille(self) -> u64 {
        (self.attached * 1_000).checked_div(self.entries).unwrap_or(0)
    }

    /// Whether the share is at least so many percent.
    pub fn reaches(self, percent: u64) -> bool {
        self.entries > 0 && self.attached * 100 >= percent * self.entries
    }
}

impl std::ops::Add for Integrated {
    type Output = Integrated;

    fn add(self, other: Integrated) -> Integrated {
        Integrated { entries: self.entries + other.entries, attached: self.attached + other.attached }
    }
}
