//! The permit: what the engine must hold before it may yield a value. Only this crate can make one, after grants were
//! found; who holds none cannot ask an engine for data, whatever else they can reach.

use yiwang_kernel::Id;

use crate::{Cell, Grant, Mask};

/// The right to read once, under these policies. Taken by value: it cannot be used twice.
#[derive(Debug)]
pub struct Permit {
    read: Id,
    policies: Vec<Policy>,
}

/// What may be seen of one resource: the live grants of one actor for one purpose, cell by cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The resource's code.
    pub resource: String,
    /// The grants used; never empty unless `whole`.
    pub grants: Vec<Grant>,
    /// Everything, for the platform's own named purposes.
    pub whole: bool,
}

impl Permit {
    pub(crate) fn new(read: Id, policies: Vec<Policy>) -> Permit {
        Permit { read, policies }
    }

    /// Names the read, in logs and temporary files.
    pub fn read(&self) -> Id {
        self.read
    }

    /// The policy of a resource, if the permit covers it.
    pub fn policy(&self, resource: &str) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.resource == resource)
    }

    /// Every policy.
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }
}

impl Policy {
    /// Whether every row is visible, so that counts are those of the table.
    pub fn shows_every_row(&self) -> bool {
        self.whole || self.grants.iter().any(|grant| grant.rows.is_none())
    }

    /// Whether the field's cells are values on every row visible: what may prune, sort and count early.
    pub fn shows_plainly(&self, field: &str) -> bool {
        self.whole || self.grants.iter().all(|grant| grant.cell(field) == Cell::Shown)
    }

    /// Whether the field exists for this reader at all.
    pub fn has(&self, field: &str) -> bool {
        self.whole || self.grants.iter().any(|grant| grant.cell(field) != Cell::Absent)
    }

    /// Whether some grant covers the field with text (kept ends or a hash), so that its column is text.
    pub fn turns_to_text(&self, field: &str) -> bool {
        let covered = |grant: &Grant| matches!(grant.cell(field), Cell::Masked(Mask::Keep { .. } | Mask::Hash));
        !self.whole && self.grants.iter().any(covered)
    }
}
