//! A copy of a whole city: taken while it runs ([`take`]), checked from its files alone ([`check`]), made a city again
//! ([`restore`]). docs/operate/backup.md says what is in it. Holds no master key, ever.

mod check;
mod copying;
mod manifest;
mod restore;
mod take;

pub(crate) use check::check;
pub(crate) use copying::Tell;
pub(crate) use manifest::{FORMAT as BACKUP_FORMAT, READS_FROM as BACKUP_READS_FROM};
pub(crate) use restore::{Gap, restore};
pub(crate) use take::{Last, Taken, take};
