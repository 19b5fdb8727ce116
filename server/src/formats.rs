//! The formats in which this program keeps things: which version it writes and from which on it reads. One place, so
//! that an upgrade can be judged before it is made. A change of a format changes its line here.

use crate::backup::{BACKUP_FORMAT, BACKUP_READS_FROM};
use crate::city;

/// One stored form.
pub(crate) struct Format {
    /// What is kept in it.
    pub(crate) name: &'static str,
    /// The version this program writes.
    pub(crate) writes: u32,
    /// The oldest version it reads.
    pub(crate) reads_from: u32,
}

/// Every stored form but the store's tables, whose steps are listed by their capabilities.
pub(crate) const FORMATS: [Format; 5] = [
    Format { name: "directory", writes: city::FORMAT, reads_from: 1 },
    Format { name: "sealed-file", writes: 1, reads_from: 1 },
    Format { name: "ledger", writes: 1, reads_from: 1 },
    Format { name: "lake", writes: 1, reads_from: 1 },
    Format { name: "backup", writes: BACKUP_FORMAT, reads_from: BACKUP_READS_FROM },
];
