//! What a grant says: to whom, for what, which rows and cells of a resource, from when to when.
//! A class or negative list bounds which grants may exist; that is the catalogue's business, not this file's.

use std::collections::BTreeMap;

use yiwang_kernel::{Actor, Id, Instant, Role};

use crate::{Filter, Why};

/// The code that stands for every resource; only the operator's and the platform's own grants may carry it.
pub const RESOURCE_ANY: &str = "*";

/// Rows and cells of one resource for one grantee and purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The grant.
    pub id: Id,
    /// The resource's code, or [`RESOURCE_ANY`].
    pub resource: String,
    /// To whom.
    pub grantee: Grantee,
    /// For what.
    pub purpose: String,
    /// Which rows; every row without a rule.
    pub rows: Option<RowRule>,
    /// Which fields.
    pub fields: Fields,
    /// How fields are covered instead of shown; a covered field need not be listed.
    pub masks: BTreeMap<String, Mask>,
    /// First instant it holds.
    pub from: Instant,
    /// First instant it no longer holds.
    pub until: Option<Instant>,
    /// Set aside for now.
    pub suspended: bool,
}

/// To whom a grant is given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Grantee {
    /// Everybody, signed in or not.
    Public,
    /// One account.
    Account(Id),
    /// Every account of a department, by its code.
    Department(String),
    /// Every account with a role.
    Role(Role),
    /// The operator at the machine.
    Operator,
    /// The platform itself for a named purpose.
    System(String),
}

/// Which fields a grant lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fields {
    /// All, those added later included.
    All,
    /// These.
    Listed(Vec<String>),
}

/// The rows a grant holds on: all conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct RowRule {
    /// The conditions.
    pub all: Vec<Filter>,
}

/// What stands in a cell instead of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mask {
    /// Nothing.
    Null,
    /// The first and last characters, `*` between; a text with no more characters than these is all `*`.
    Keep {
        /// Characters kept at the start.
        first: usize,
        /// Characters kept at the end.
        last: usize,
    },
    /// A keyed hash, the same for the same value within one grant and of no use in another.
    Hash,
    /// The column is not there.
    Drop,
}

/// What one grant does with one field on rows it holds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// The value.
    Shown,
    /// Covered.
    Masked(Mask),
    /// The grant says nothing about it.
    Absent,
}

impl Grant {
    /// A grant of every row and field that begins now and has no end.
    pub fn whole(id: Id, resource: impl Into<String>, grantee: Grantee, purpose: &str, from: Instant) -> Grant {
        Grant {
            id,
            resource: resource.into(),
            grantee,
            purpose: purpose.to_owned(),
            rows: None,
            fields: Fields::All,
            masks: BTreeMap::new(),
            from,
            until: None,
            suspended: false,
        }
    }

    /// Whether it holds at this instant.
    pub fn is_live(&self, now: Instant) -> bool {
        !self.suspended && self.from <= now && self.until.is_none_or(|until| now < until)
    }

    /// Whether it may serve this actor for this reason. The public grant serves every actor.
    pub fn serves(&self, actor: &Actor, why: &Why) -> bool {
        self.purpose == why.purpose && self.grantee.includes(actor)
    }

    /// What it does with a field on rows it holds on.
    pub fn cell(&self, field: &str) -> Cell {
        match (self.masks.get(field), &self.fields) {
            (Some(Mask::Drop), _) => Cell::Absent,
            (Some(mask), _) => Cell::Masked(*mask),
            (None, Fields::All) => Cell::Shown,
            (None, Fields::Listed(fields)) if fields.iter().any(|listed| listed == field) => Cell::Shown,
            (None, Fields::Listed(_)) => Cell::Absent,
        }
    }
}

impl Grantee {
    /// Whether the actor is among the grantees.
    pub fn includes(&self, actor: &Actor) -> bool {
        match (self, actor) {
            (Grantee::Public, _) => true,
            (Grantee::Account(id), Actor::Account(account)) => *id == account.id,
            (Grantee::Department(code), Actor::Account(_)) => actor.department() == Some(code),
            (Grantee::Role(role), Actor::Account(_)) => actor.is(*role),
            (Grantee::Operator, Actor::Operator { .. }) => true,
            (Grantee::System(purpose), Actor::System(acting)) => purpose == acting,
            _ => false,
        }
    }
}
