//! Whether the promised update cycle is kept. Counts whole days since the last load.

use yiwang_kernel::Instant;

use super::words::Cycle;

const DAY_MICROS: i64 = 86_400_000_000;

/// How an entry's data keeps its promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeliness {
    /// Nothing was loaded yet.
    NoData,
    /// No rhythm was promised.
    Unpromised,
    /// In time.
    Kept,
    /// Late by so many days.
    Late {
        /// Days since it was due, at least 1.
        days: i64,
    },
}

impl Timeliness {
    /// The word in addresses and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Timeliness::NoData => "no_data",
            Timeliness::Unpromised => "unpromised",
            Timeliness::Kept => "kept",
            Timeliness::Late { .. } => "late",
        }
    }
}

impl Cycle {
    /// Days within which new data must come, the usual delay included; none without a promise.
    pub fn days(self) -> Option<i64> {
        match self {
            Cycle::Realtime => Some(1),
            Cycle::Daily => Some(2),
            Cycle::Weekly => Some(8),
            Cycle::Monthly => Some(35),
            Cycle::Quarterly => Some(100),
            Cycle::HalfYearly => Some(195),
            Cycle::Yearly => Some(380),
            Cycle::Irregular => None,
        }
    }
}

/// Compares the last load with the promise.
pub(super) fn timeliness(cycle: Cycle, loaded: Option<Instant>, now: Instant) -> Timeliness {
    let Some(loaded) = loaded else { return Timeliness::NoData };
    let Some(days) = cycle.days() else { return Timeliness::Unpromised };
    let past = (now.micros() - loaded.micros()).div_euclid(DAY_MICROS);
    if past <= days { Timeliness::Kept } else { Timeliness::Late { days: past - days } }
}
