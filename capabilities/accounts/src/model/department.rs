//! Departments as they stand on a day: dated names, successors after a reorganisation, posts.

use yiwang_kernel::{CivilDate, Error, Id, Result, Text};

/// A department as it stands on the day it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    /// Its code, for life.
    pub code: String,
    /// Its name on that day.
    pub name: Text,
    /// The department above.
    pub parent: Option<String>,
    /// Its place in lists.
    pub place: i64,
    /// Its first day.
    pub opened: CivilDate,
    /// The first day it is no more.
    pub closed: Option<CivilDate>,
}

/// A name and the day it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePeriod {
    /// Its first day.
    pub since: CivilDate,
    /// The name.
    pub name: Text,
    /// The document it rests on.
    pub basis: String,
}

/// One step from a department to one that follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succession {
    /// The earlier department.
    pub department: String,
    /// The later one.
    pub successor: String,
    /// The first day.
    pub since: CivilDate,
    /// `merge` or `split`.
    pub kind: String,
    /// Whether it takes people and holdings.
    pub main: bool,
    /// The document it rests on.
    pub basis: String,
}

/// A post of a department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Its id.
    pub id: Id,
    /// Its title.
    pub title: Text,
    /// The first day it is no more.
    pub closed: Option<CivilDate>,
}

/// A department to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDepartment {
    /// Its code, for life: letters, digits, `-`.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// The department above.
    pub parent: Option<String>,
    /// Its place in lists.
    pub place: i64,
    /// Its first day; today when none.
    pub opened: Option<CivilDate>,
}

/// A change of departments at a date (机构调整).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reorganisation {
    /// The first day of the new state.
    pub since: CivilDate,
    /// The document it rests on.
    pub basis: String,
}

impl Department {
    /// Whether it exists on this day.
    pub fn is_open(&self, day: CivilDate) -> bool {
        self.opened <= day && self.closed.is_none_or(|closed| day < closed)
    }
}

impl Reorganisation {
    /// Refuses one without a document, or one further back than a change can be made good.
    pub fn checked(self, today: CivilDate) -> Result<Reorganisation> {
        if self.basis.trim().is_empty() || self.basis.chars().count() > 200 {
            return Err(Error::invalid("basis", "accounts-basis"));
        }
        if self.since < today.plus_days(-366) || self.since > today.plus_days(3 * 366) {
            return Err(Error::invalid("since", "accounts-since-range"));
        }
        Ok(self)
    }
}

/// Refuses a code that is not 2 to 32 ASCII letters, digits or `-`.
pub(crate) fn check_code(code: &str) -> Result<()> {
    let fits = (2..=32).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits { Ok(()) } else { Err(Error::invalid("code", "accounts-code-format")) }
}
